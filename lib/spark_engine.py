"""Spark ML's own estimators as an engine: a fit for each candidate or few that share one, some in parallel."""

import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from typing import Any

from pyspark import SparkContext, inheritable_thread_target
from pyspark.ml import Pipeline, PipelineModel
from pyspark.ml.base import Estimator
from pyspark.ml.classification import GBTClassificationModel, GBTClassifier, RandomForestClassifier
from pyspark.ml.feature import VectorAssembler
from pyspark.ml.functions import vector_to_array
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lib.candidates import RANDOM_FOREST, Candidate
from lib.engine import Score
from lib.metrics import count_scores
from lib.models import load_pipeline
from lib.shared_fits import shared_fits, with_defaults
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

        def fit_and_score(group: Sequence[Candidate]) -> list[Score]:
            started = time.monotonic()
            longest = max(group, key=_rounds)
            model: Any = estimator(longest, split).fit(train)
            found = []
            for candidate in group:
                part_of_model = model if candidate is longest else first_rounds(model, _rounds(candidate))
                scored = with_score(part_of_model.transform(other))
                found.append((candidate, count_scores(scored, split.label_col, SCORE_COL)[""].summary()))
            seconds = (time.monotonic() - started) / len(group)
            return [Score(candidate, metrics, seconds) for candidate, metrics in found]

        parallel = min(MAX_PARALLEL_FITS, split.spark.sparkContext.defaultParallelism)
        scores = {}
        try:
            with ThreadPoolExecutor(parallel) as pool:
                # Threads of their own must carry the session's job group and properties along.
                fits = [
                    pool.submit(inheritable_thread_target(fit_and_score), group)
                    for group in sharing_a_fit(candidates, len(split.features))
                ]
                try:
                    for fit in as_completed(fits):
                        for score in fit.result():
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
        return load_pipeline(split.spark, path)


def sharing_a_fit(candidates: Sequence[Candidate], n_features: int) -> list[list[Candidate]]:
    """Candidates that come out of one fit of Spark ML to the last digit: GBTs that differ in maxIter alone.

    Spark ML draws the rows and features of a forest's trees by their number, so a smaller forest is not the
    beginning of a larger one.
    """
    forests, boosted = shared_fits(candidates, n_features)
    single = [[candidate] for fit in forests for candidate in fit.candidates]
    return sorted([*single, *(list(fit.candidates) for fit in boosted)], key=lambda group: group[0].index)


def first_rounds(model: GBTClassificationModel, rounds: int) -> GBTClassificationModel:
    """The GBT of the first boosting rounds of a longer one: what a fit with that maxIter gives."""
    gateway: Any = SparkContext._gateway
    jvm = gateway.jvm
    java: Any = model._java_obj
    trees = gateway.new_array(jvm.org.apache.spark.ml.regression.DecisionTreeRegressionModel, rounds)
    weights = gateway.new_array(jvm.double, rounds)
    all_trees, all_weights = java.trees(), java.treeWeights()
    for i in range(rounds):
        trees[i], weights[i] = all_trees[i], all_weights[i]
    kind = jvm.org.apache.spark.ml.classification.GBTClassificationModel
    shorter = kind(java.uid(), trees, weights, java.numFeatures())
    return GBTClassificationModel(java.copyValues(shorter, jvm.org.apache.spark.ml.param.ParamMap.empty()))


def _rounds(candidate: Candidate) -> int:
    return with_defaults(candidate).get("maxIter", 0)


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
