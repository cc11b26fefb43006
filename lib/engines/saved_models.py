"""Loading saved models, and scoring rows with them: by Spark ML, or by compiled trees."""

import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from py4j.protocol import Py4JJavaError
from pyspark.errors import PySparkException
from pyspark.ml import PipelineModel, Transformer
from pyspark.ml.feature import Imputer, VectorAssembler
from pyspark.ml.functions import vector_to_array
from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql.pandas.functions import pandas_udf

from lib import dataset
from lib.errors import InputError, NotCompilable, SavedModelError, cut, some
from lib.records import model_files
from lib.storage import Storage, java_cause, join
from lib.support import filling, tables
from lib.support.session import settings
from lib.support.workers import quick_to_reuse
from lib.trees.content import Content, content_of
from lib.trees.scoring import Ensemble, Tree, make_ensemble

FEATURES_COL = "features"
SCORE_COL = "__score"

# Largest allowed difference between the probabilities of a saved model and those of its compiled trees. Sums are in
# other orders: 4e-15 was the most among forests of 600 trees of depth 18 and GBTs of 200 iterations.
TOLERANCE = 1e-12
# The same where a model was just trained: one that took hours is not thrown away for the last digits of its sums.
TRAINED_TOLERANCE = 1e-9

# Spark reads files in pieces of 128 MB. A model is split into this many, but each large enough to be worth a task.
_PIECES = 48
_SMALLEST_PIECE = 64 * 1024

# In Spark's errors while it reads a model that are not about the model's files. A damaged file has countless others.
_OF_THE_CLUSTER = (
    *("AccessDenied", "AccessControl", "Permission denied", "UnknownHost", "ConnectException", "Timeout"),
    *("OutOfMemoryError", "ExecutorLost", "executor lost", "cancelled", "SparkContext was shut down", "No space left"),
)


@dataclass(frozen=True)
class TreeScorer:
    """A saved model that scores rows without Spark ML: its input columns, in order, and its trees.

    `fills` are what its Imputer puts in place of null and NaN, NaN for a column that it does not fill; None if it has
    no Imputer. `content` is what it is known by.
    """

    features: tuple[str, ...]
    ensemble: Ensemble
    content: Content
    fills: tuple[float, ...] | None = None

    def score(self, values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """Scores arrays (rows × features)."""
        return self.ensemble.score(self.filled(values))

    def filled(self, values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """Arrays with what stands for missing values."""
        return values if self.fills is None else filling.filled(values, self.fills)

    def fills_in(self, feature: str) -> bool:
        """Whether a missing value of a feature is filled."""
        return self.fills is not None and not np.isnan(self.fills[self.features.index(feature)])

    def columns(self, frame: DataFrame) -> list[Column]:
        """The features as double. What is filled is of the column's type first, as the Imputer does it."""
        values = [F.col(tables.quoted(name)) for name in self.features]
        numbers = [value.cast("double") for value in values]
        if self.fills is None:
            return numbers
        found = []
        for name, number, fill in zip(self.features, numbers, self.fills, strict=True):
            as_imputed = F.lit(fill).cast(frame.schema[name].dataType).cast("double")
            is_missing = number.isNull() | F.isnan(number)
            found.append(number if np.isnan(fill) else F.when(is_missing, as_imputed).otherwise(number))
        return found

    def with_score(self, frame: DataFrame) -> DataFrame:
        """Add `SCORE_COL`; see `with_ensemble_score`."""
        return with_ensemble_score(frame, self)


@dataclass(frozen=True)
class PipelineScorer:
    """A saved model of any other kind, which Spark ML scores; it scores no arrays."""

    model: PipelineModel
    score: None = None

    def with_score(self, frame: DataFrame) -> DataFrame:
        """Add `SCORE_COL`."""
        return with_score(self.model.transform(frame))


Score = Callable[[npt.NDArray[np.float64]], npt.NDArray[np.float64]]
Scorer = TreeScorer | PipelineScorer


def load_scorer(spark: SparkSession, path: str) -> Scorer:
    """Load a saved pipeline to score with it: by compiled trees, or by Spark ML if it is none of trees.

    Raises:
        InputError: there is no such model at `path`, or its files do not fit together.
    """
    try:
        return load_ensemble(spark, path)
    except NotCompilable:
        with _damage_told(path):
            return PipelineScorer(load_pipeline(spark, path))


def check_trained(scorer: Scorer, summary: Mapping[str, Any], path: str) -> bool | None:
    """Whether the model at `path` is the one that was trained; None if its summary.json does not say what that was.

    Raises:
        InputError: it is another.
    """
    recorded = summary.get("pipeline")
    if recorded is None:
        return None
    difference: str | None = "it is no forest or GBT that can be read"
    if isinstance(scorer, TreeScorer):
        difference = scorer.content.difference(recorded)
    if difference:
        raise InputError(
            f"the model at {path} is not the one that was trained: {difference}; restore it from a copy, or train again"
        )
    return True


def load_pipeline(spark: SparkSession, path: str) -> PipelineModel:
    """Load a PipelineModel like `PipelineModel.load`, but in less than half the time if it contains a forest.

    Spark groups a forest's nodes in as many partitions as it reads, and in each it repeatedly estimates the size of
    what it holds. With the usual one or two partitions this takes longer than everything else.
    """
    piece = max(_SMALLEST_PIECE, Storage(spark).size(path) // _PIECES)
    with settings(spark, {"spark.sql.files.maxPartitionBytes": str(piece), "spark.sql.files.openCostInBytes": "1"}):
        return PipelineModel.load(path)


def load_ensemble(spark: SparkSession, path: str) -> TreeScorer:
    """Read a saved PipelineModel, an assembler and a binary forest or GBT, into the driver's memory.

    An Imputer may stand before them.

    Raises:
        InputError: there is no such model at `path`, or its files do not fit together.
    """
    found = model_files.outline(Storage(spark).folders, path)
    with _damage_told(path):
        nodes = _read_nodes(spark, join(found.folder, "data"))
        weights = None if found.kind == "forest" else _read_weights(spark, join(found.folder, "treesMetadata"))
        fills = _read_fills(spark, found) if found.imputer else None
    if (nodes["categories"] >= 0).any():
        raise model_files.refused(path, "it has features with categories, and splits by them")
    try:
        columns = {str(name): nodes[name].to_numpy() for name in nodes}
        trees = _trees(columns, found.kind, found.count)
        ensemble = make_ensemble(found.kind, trees, len(found.features), weights)
        content = content_of(found.kind, found.features, columns, found.count, weights, fills)
        return TreeScorer(found.features, ensemble, content, fills)
    except ValueError as error:
        raise model_files.damaged(path, str(error)) from error


def vector_assembler(features: Sequence[str]) -> VectorAssembler:
    """The stage before every model: the features as one vector, `FEATURES_COL`."""
    return VectorAssembler(inputCols=list(features), outputCol=FEATURES_COL)


def preparation(spark: SparkSession, features: Sequence[str], medians: Mapping[str, float] | None) -> list[Transformer]:
    """The stages of a saved pipeline before its model: the assembler, and what fills missing values with medians.

    The columns with filled values have names that no feature has, in any case.
    """
    if medians is None:
        return [vector_assembler(features)]
    suffix, taken = "_filled", {name.lower() for name in features}
    while any(f"{name}{suffix}".lower() in taken for name in features):
        suffix = f"_{suffix}"
    outputs = [f"{name}{suffix}" for name in features]
    imputer = Imputer(strategy="median", relativeError=0.0, inputCols=list(features), outputCols=outputs)
    # Of a single row, each value is the median.
    row = spark.range(1).select(*(F.lit(float(medians[name])).alias(name) for name in features))
    return [imputer.fit(row), vector_assembler(outputs)]


def with_score(predictions: DataFrame) -> DataFrame:
    """Add `SCORE_COL`, the probability of class 1, to the output of a model's `transform`."""
    return predictions.withColumn(SCORE_COL, vector_to_array(F.col("probability"))[1])


def in_tasks(function: Callable[[npt.NDArray[np.float64]], pd.Series | pd.DataFrame], schema: str) -> Any:
    """A function of columns of numbers that Spark's tasks apply.

    `function` gets some rows as an array (rows × columns) and gives a Series, or a DataFrame if `schema` (Spark's DDL)
    names several columns.
    """

    def of_batches(batches: Iterable[tuple[pd.Series, ...]]) -> Iterable[Any]:
        for columns in batches:
            # Spark passes a single column as it is.
            yield function(np.column_stack(columns if isinstance(columns, tuple) else (columns,)))

    def run(batches: Iterator[tuple[pd.Series, ...]]) -> Iterator[pd.Series]:
        return iter(quick_to_reuse(of_batches)(batches))

    return pandas_udf(run, schema)  # type: ignore[call-overload]


def check_scores(
    path: str, ours: npt.NDArray[np.float64], spark_mls: npt.NDArray[np.float64], just_trained: bool = False
) -> None:
    """Compare probabilities with those that the model saved at `path` gives in Spark ML.

    `just_trained` says that `ours` are of the trees it was built from, on held-out rows; otherwise they are of rows to
    score.

    Raises:
        SavedModelError: they differ by more than `TOLERANCE`, or `TRAINED_TOLERANCE`.
    """
    difference = float(np.abs(spark_mls - ours).max())
    if not difference <= (TRAINED_TOLERANCE if just_trained else TOLERANCE):
        raise SavedModelError(path, difference, len(ours), just_trained)


def with_ensemble_score(frame: DataFrame, scorer: TreeScorer) -> DataFrame:
    """Add `SCORE_COL`, the probability of class 1, to a table that has the model's features; it needs nothing else.

    Nulls and NaN are filled if the model fills them. If not, the score is null, and Spark ML's `transform` would fail.
    Spark computes the scores when it needs them, and again if the table is used again.

    Raises:
        InputError: the table lacks features, or has some that are not numbers.
    """
    wrong = [column.name for column in tables.require_features(dataset.columns(frame), scorer.features)]
    if wrong:
        raise InputError(f"columns that the model needs are not numbers: {some(wrong)}; convert them")
    ensemble = frame.sparkSession.sparkContext.broadcast(scorer.ensemble)

    def score(values: npt.NDArray[np.float64]) -> pd.Series:
        scores = ensemble.value.score(values)
        scores[np.isnan(values).any(axis=1)] = np.nan  # null in Spark
        return pd.Series(scores)

    return frame.withColumn(SCORE_COL, in_tasks(score, "double")(*scorer.columns(frame)))


@contextmanager
def _damage_told(path: str) -> Iterator[None]:
    """Turn Spark's error about files that are not those of a model into one sentence."""
    try:
        yield
    except PySparkException as error:
        raise model_files.damaged(path, str(error).split("\n")[0].rstrip(".")) from error
    except Py4JJavaError as error:
        if any(sign in str(error) for sign in _OF_THE_CLUSTER):
            raise
        raise model_files.damaged(
            path, f"a file of it was cut short or changed ({cut(java_cause(error), 500)})"
        ) from error


def _read_nodes(spark: SparkSession, folder: str) -> pd.DataFrame:
    """The nodes of all trees, by tree and number."""
    node, split = "nodeData", "nodeData.split"
    nodes = spark.read.parquet(folder).select(
        F.col("treeID").alias("tree"),
        F.col(f"{node}.id").alias("id"),
        F.col(f"{node}.leftChild").alias("left"),
        F.col(f"{node}.rightChild").alias("right"),
        F.col(f"{node}.prediction").alias("prediction"),
        F.get(F.col(f"{node}.impurityStats"), F.lit(0)).alias("class_0"),
        F.get(F.col(f"{node}.impurityStats"), F.lit(1)).alias("class_1"),
        F.col(f"{node}.impurity").alias("impurity"),
        F.col(f"{node}.gain").alias("gain"),
        F.col(f"{split}.featureIndex").alias("feature"),
        F.get(F.col(f"{split}.leftCategoriesOrThreshold"), F.lit(0)).alias("threshold"),
        F.col(f"{split}.numCategories").alias("categories"),
    )
    arrow = {"spark.sql.execution.arrow.pyspark.enabled": "true"}  # a forest may have a million nodes
    with settings(spark, arrow), warnings.catch_warnings():
        # Of an error that is raised as well.
        warnings.filterwarnings("ignore", "toPandas attempted Arrow optimization")
        return nodes.toPandas().sort_values(["tree", "id"])


def _read_fills(spark: SparkSession, found: model_files.Outline) -> tuple[float, ...]:
    """What the Imputer puts in each feature, NaN where it fills none."""
    row = spark.read.parquet(join(str(found.imputer), "data")).first()
    if row is None:
        raise ValueError("its Imputer is empty")
    return tuple(float(row[name]) if name in found.filled else np.nan for name in found.features)


def _read_weights(spark: SparkSession, folder: str) -> list[float]:
    """The weights of a GBT's trees."""
    rows = spark.read.parquet(folder).select("treeID", "weights").collect()
    return [row["weights"] for row in sorted(rows, key=lambda row: row["treeID"])]


def _trees(columns: Mapping[str, npt.NDArray[Any]], kind: str, count: int) -> list[Tree]:
    """The single trees, from the columns of all nodes; a forest's leaf counts by its share of class 1."""
    values = columns["prediction"]
    if kind == "forest":
        with np.errstate(invalid="ignore"):  # a leaf without weight is found when the trees are laid out
            values = columns["class_1"] / (columns["class_0"] + columns["class_1"])
    numbers, starts = np.unique(columns["tree"], return_index=True)
    ids = np.arange(len(values)) - np.repeat(starts, np.diff([*starts, len(values)]))
    if not np.array_equal(numbers, np.arange(count)) or not np.array_equal(columns["id"], ids):
        raise ValueError(f"its nodes are not those of {count} whole trees")
    fields = (columns["feature"], columns["threshold"], columns["left"], columns["right"], values)
    return [Tree(*of_tree) for of_tree in zip(*(np.split(field, starts[1:]) for field in fields), strict=True)]
