"""Spark ML's own estimators as an engine: one fit a candidate, a few of them in parallel."""

import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from typing import Any

from pyspark import inheritable_thread_target
from pyspark.ml import Pipeline, PipelineModel
from pyspark.ml.base import Estimator
from pyspark.ml.classification import GBTClassifier, RandomForestClassifier
from pyspark.ml.feature import VectorAssembler
from pyspark.ml.functions import vector_to_array
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lib.candidates import RANDOM_FOREST, Candidate
from lib.engine import Score
from lib.metrics import count_scores
from lib.split import HASH_COL, TRAIN, VAL, WEIGHT_COL, Split

# One partition holds so many rows: a level of a tree is a Spark job, and on small data more partitions only make it
# slower. It depends on the data alone, never on the cores, so that the same data give the same model everywhere.
ROWS_PER_PARTITION = 250_000
MAX_PARALLEL_FITS = 8
SCORE_COL = "__score"


class SparkEngine:
    """Fits with Spark ML itself; for data of any size."""

    name = "spark"

    def score(
        self,
        candidates: Sequence[Candidate],
        split: Split,
        part: str,
        on_score: Callable[[Score], None] = lambda score: None,
    ) -> list[Score]:
        """See `Engine.score`."""
        assembler = vector_assembler(split)
        train = assembler.transform(ordered(split, TRAIN)).persist()
        other = assembler.transform(split.rows(part)).persist()
        train.count()  # fill the cache once, not from each of the parallel fits

        def fit_and_score(candidate: Candidate) -> Score:
            started = time.monotonic()
            model = estimator(candidate, split).fit(train)
            metrics = count_scores(with_score(model.transform(other)), split.label_col, SCORE_COL)[""].summary()
            return Score(candidate, metrics, time.monotonic() - started)

        parallel = min(MAX_PARALLEL_FITS, split.spark.sparkContext.defaultParallelism)
        scores = {}
        try:
            with ThreadPoolExecutor(parallel) as pool:
                # Threads of their own must carry the session's job group and properties along.
                fits = [pool.submit(inheritable_thread_target(fit_and_score), candidate) for candidate in candidates]
                try:
                    for fit in as_completed(fits):
                        score = fit.result()
                        scores[score.candidate.index] = score
                        on_score(score)
                except BaseException:
                    pool.shutdown(cancel_futures=True)
                    raise
        finally:
            train.unpersist()
            other.unpersist()
        return [scores[candidate.index] for candidate in candidates]

    def retrain(self, candidate: Candidate, split: Split, path: str) -> PipelineModel:
        """See `Engine.retrain`."""
        rows = ordered(split, TRAIN, VAL).persist()
        try:
            model = Pipeline(stages=[vector_assembler(split), estimator(candidate, split)]).fit(rows)
        finally:
            rows.unpersist()
        model.write().save(path)
        return PipelineModel.load(path)


def estimator(candidate: Candidate, split: Split) -> Estimator:
    """Spark ML's estimator with a candidate's parameters, the split's seed and class weights."""
    common: dict[str, Any] = {
        "labelCol": split.label_col,
        "featuresCol": "features",
        "weightCol": WEIGHT_COL,
        "seed": split.seed,
    }
    if candidate.model == RANDOM_FOREST:
        params = dict(candidate.params)
        if "featureSubsetStrategy" in params:
            params["featureSubsetStrategy"] = str(params["featureSubsetStrategy"])
        return RandomForestClassifier(**common, **params)
    return GBTClassifier(**common, **candidate.params)


def ordered(split: Split, *parts: str) -> DataFrame:
    """Rows in the one order and the partitions that every fit sees, whatever the cluster and the input's order.

    Bagging depends on both; with them fixed, the same data, parameters and seed give the same model.
    """
    rows = sum(split.parts[part]["rows"] for part in parts)
    partitions = -(-rows // ROWS_PER_PARTITION)
    return split.rows(*parts).repartition(partitions, HASH_COL).sortWithinPartitions(*split.canonical_order)


def with_score(predictions: DataFrame) -> DataFrame:
    """Add `SCORE_COL`, the probability of class 1."""
    return predictions.withColumn(SCORE_COL, vector_to_array(F.col("probability"))[1])


def vector_assembler(split: Split) -> VectorAssembler:
    """The first stage of every model: the split's features as one vector."""
    return VectorAssembler(inputCols=list(split.features), outputCol="features")
