"""Spark ML's own estimators as an engine: one fit per candidate or per group that shares one, some in parallel."""

import time
import uuid
from collections.abc import Generator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed, wait
from typing import Any

from pyspark import inheritable_thread_target
from pyspark.ml import Pipeline, PipelineModel
from pyspark.ml.base import Estimator
from pyspark.sql import DataFrame

from lib.metrics import count_scores
from lib.scoring import FEATURES_COL, SCORE_COL, load_pipeline, vector_assembler, with_score
from lib.search.engine import Score
from lib.search.families import Candidate, family_of
from lib.search.families.family import Columns
from lib.search.shared_fits import sharing_in_spark_ml
from lib.split import HASH_COL, TRAIN, VAL, WEIGHT_COL, Split

# Each level of a tree is a Spark job, and on small data more partitions only make it slower. The number of partitions
# depends on the data alone, never on the cores, so that the same data give the same model everywhere.
ROWS_PER_PARTITION = 250_000
MAX_PARALLEL_FITS = 8


class SparkEngine:
    """Fits with Spark ML itself; for data of any size and for all families."""

    name = "spark"

    def score(self, candidates: Sequence[Candidate], split: Split, part: str) -> Generator[Score, None, None]:
        """See `Engine.score`."""
        assembler = vector_assembler(split.features)
        train = assembler.transform(hash_partitioned(split, TRAIN)).persist()
        other = assembler.transform(split.rows(part)).persist()
        context = split.spark.sparkContext
        tag = f"fits-{uuid.uuid4().hex[:8]}"
        pool = ThreadPoolExecutor(min(MAX_PARALLEL_FITS, context.defaultParallelism))

        fits: list[Future[list[Score]]] = []

        def fit_and_score(group: Sequence[Candidate]) -> list[Score]:
            context.addJobTag(tag)
            return _fit_and_score(group, split, train, other)

        try:
            train.count()  # fill the cache once, not in each of the parallel fits
            # The pool's threads must inherit the session's job group and properties.
            fits = [
                pool.submit(inheritable_thread_target(fit_and_score), group)
                for group in sharing_in_spark_ml(candidates, len(split.features))
            ]
            for fit in as_completed(fits):
                yield from fit.result()
        finally:
            pool.shutdown(wait=False, cancel_futures=True)
            # Fits are left only if the loop was left early. A fit is many jobs, one after the other.
            while wait(fits, timeout=0.2).not_done:
                context.cancelJobsWithTag(tag)
            train.unpersist()
            other.unpersist()

    def retrain(self, candidate: Candidate, split: Split, path: str) -> PipelineModel:
        """See `Engine.retrain`."""
        rows = hash_partitioned(split, TRAIN, VAL).persist()
        try:
            model = Pipeline(stages=[vector_assembler(split.features), estimator(candidate, split)]).fit(rows)
        finally:
            rows.unpersist()
        model.write().save(path)
        return load_pipeline(split.spark, path)


def estimator(candidate: Candidate, split: Split) -> "Estimator[Any]":
    """Spark ML's estimator with a candidate's parameters, the split's seed and class weights."""
    columns = Columns(split.label_col, FEATURES_COL, WEIGHT_COL)
    return family_of(candidate).estimator(candidate.params, columns, split.seed)


def hash_partitioned(split: Split, *parts: str) -> DataFrame:
    """Rows in the order and partitions that every fit uses, independent of the cluster and the input's order.

    Bagging depends on both; with them fixed, the same data, parameters and seed give the same model.
    """
    rows = sum(split.parts[part]["rows"] for part in parts)
    partitions = -(-rows // ROWS_PER_PARTITION)
    return split.rows(*parts).repartition(partitions, HASH_COL).sortWithinPartitions(*split.canonical_order)


def _fit_and_score(group: Sequence[Candidate], split: Split, train: DataFrame, other: DataFrame) -> list[Score]:
    """Fit the first candidate of a group, extract the others' models from its model, and score them all."""
    started = time.monotonic()
    family = family_of(group[0])
    fitted: Any = estimator(group[0], split).fit(train)
    found = []
    for candidate in group:
        model = fitted
        if candidate is not group[0]:
            assert family.first_of is not None  # only families with `first_of` have groups of several candidates
            model = family.first_of(fitted, candidate)
        counts = count_scores(with_score(model.transform(other)), split.label_col, SCORE_COL)[""]
        found.append((candidate, counts.summary()))
    seconds = (time.monotonic() - started) / len(group)
    return [Score(candidate, metrics, seconds) for candidate, metrics in found]
