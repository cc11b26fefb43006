"""Loading saved models, and scoring rows with them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from pyspark.ml import PipelineModel
from pyspark.ml.feature import VectorAssembler
from pyspark.ml.functions import vector_to_array
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from lib.storage import Storage

FEATURES_COL = "features"
SCORE_COL = "__score"

# Spark reads files in pieces of 128 MB. A model is split into this many, but each large enough to be worth a task.
_PIECES = 48
_SMALLEST_PIECE = 64 * 1024


def load_pipeline(spark: SparkSession, path: str) -> PipelineModel:
    """Load a PipelineModel like `PipelineModel.load`, but in less than half the time if it contains a forest.

    Spark groups a forest's nodes in as many partitions as it reads, and in each it repeatedly estimates the size of
    what it holds. With the usual one or two partitions this takes longer than everything else.
    """
    piece = max(_SMALLEST_PIECE, Storage(spark).size(path) // _PIECES)
    settings = {"spark.sql.files.maxPartitionBytes": str(piece), "spark.sql.files.openCostInBytes": "1"}
    before = {name: spark.conf.get(name) for name in settings}
    try:
        for name, value in settings.items():
            spark.conf.set(name, value)
        return PipelineModel.load(path)
    finally:
        for name, usual in before.items():
            spark.conf.set(name, str(usual))


def vector_assembler(features: Sequence[str]) -> VectorAssembler:
    """The first stage of every model: the features as one vector, `FEATURES_COL`."""
    return VectorAssembler(inputCols=list(features), outputCol=FEATURES_COL)


@dataclass(frozen=True)
class Scorer:
    """A saved model, ready to score tables (`with_score`) and, if it has `score`, arrays of rows × features."""

    model: PipelineModel
    score: Callable[[npt.NDArray[np.float64]], npt.NDArray[np.float64]] | None = None

    def with_score(self, frame: DataFrame) -> DataFrame:
        """Add `SCORE_COL`."""
        return with_score(self.model.transform(frame))


def load_scorer(spark: SparkSession, path: str) -> Scorer:
    """Load a saved pipeline."""
    return Scorer(load_pipeline(spark, path))


def with_score(predictions: DataFrame) -> DataFrame:
    """Add `SCORE_COL`, the probability of class 1, to the output of a model's `transform`."""
    return predictions.withColumn(SCORE_COL, vector_to_array(F.col("probability"))[1])
