"""Spark ML's own estimators as an engine: one fit per candidate or per group that shares one, some in parallel."""

import time
import uuid
from collections.abc import Callable, Generator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed, wait
from contextlib import closing
from typing import Any, TypeVar

from pyspark import inheritable_thread_target
from pyspark.ml import Pipeline, PipelineModel
from pyspark.ml.base import Estimator
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lib.engines.fold_medians import fold_medians
from lib.engines.saved_models import FEATURES_COL, SCORE_COL, load_pipeline, preparation, vector_assembler, with_score
from lib.metrics import ScoreCounts, count_scores
from lib.search.engine import FoldScore, Score
from lib.search.families import Candidate, family_of
from lib.search.families.family import Columns
from lib.search.folds import Fold
from lib.search.shared_fits import sharing_in_spark_ml
from lib.split import CLASSES, HASH_COL, PART_COL, TRAIN, VAL, WEIGHT_COL, Split, ZoneCounts, class_weights
from lib.support import filling

# Each level of a tree is a Spark job, and on small data more partitions only make it slower. The number of partitions
# depends on the data alone, never on the cores, so that the same data give the same model everywhere.
ROWS_PER_PARTITION = 250_000
MAX_PARALLEL_FITS = 8

T = TypeVar("T")
Counted = tuple[Candidate, Mapping[str, ScoreCounts], float]
"""A candidate, the counts of its scores by zone, and the seconds that its fit took."""


class SparkEngine:
    """Fits with Spark ML itself; for data of any size and for all families."""

    name = "spark"

    def score(self, candidates: Sequence[Candidate], split: Split, part: str) -> Generator[Score, None, None]:
        """See `Engine.score`."""
        rows = hash_partitioned(split, TRAIN)
        with closing(_fit_all(candidates, split, rows, split.rows(part), None)) as scores:
            for candidate, counts, seconds in scores:
                yield Score(candidate, counts[""].summary(), seconds)

    def score_folds(
        self,
        candidates: Sequence[Candidate],
        split: Split,
        folds: Sequence[Fold],
        measure: Callable[[ScoreCounts], T],
    ) -> Generator[FoldScore[T], None, None]:
        """See `Engine.score_folds`; one fold after another."""
        counts, fills = split.count_by_zone(), fold_medians(split, folds)
        for number, fold in enumerate(folds):
            train, rows = _training_rows(fold, split, counts, fills[number])
            in_partitions = _in_partitions(split, train, rows)
            # Without the rows that repeat a training row, as zones that overlap have.
            repeated = train.select(HASH_COL).distinct()
            other = fold_part(split, fold.score_zones, fold.score, fills[number])
            other = other.join(repeated, HASH_COL, "left_anti")
            zone_col = split.table.zone_col if fold.by_zone else None
            with closing(_fit_all(candidates, split, in_partitions, other, zone_col)) as scores:
                for candidate, found, seconds in scores:
                    yield FoldScore(number, candidate, {zone: measure(c) for zone, c in found.items()}, seconds)

    def retrain(self, candidate: Candidate, split: Split, path: str) -> PipelineModel:
        """See `Engine.retrain`."""
        rows = hash_partitioned(split, TRAIN, VAL).persist()
        try:
            stages: list[Any] = [*preparation(split.spark, split.features, split.medians), estimator(candidate, split)]
            model = Pipeline(stages=stages).fit(rows)
        finally:
            rows.unpersist()
        model.write().save(path)
        return load_pipeline(split.spark, path)


def _fit_all(
    candidates: Sequence[Candidate], split: Split, train: DataFrame, other: DataFrame, zone_col: str | None
) -> Generator[Counted, None, None]:
    """Fit all candidates on `train` and count their scores on `other`, by zone if there is a column."""
    assembler = vector_assembler(split.features)
    train, other = assembler.transform(train).persist(), assembler.transform(other).persist()
    context = split.spark.sparkContext
    tag = f"fits-{uuid.uuid4().hex[:8]}"
    pool = ThreadPoolExecutor(min(MAX_PARALLEL_FITS, context.defaultParallelism))
    fits: list[Future[list[Counted]]] = []

    def fit_and_count(group: Sequence[Candidate]) -> list[Counted]:
        context.addJobTag(tag)
        return _fit_and_count(group, split, train, other, zone_col)

    try:
        train.count()  # fill the cache once, not in each of the parallel fits
        # The pool's threads must inherit the session's job group and properties.
        fits = [
            pool.submit(inheritable_thread_target(fit_and_count), group)
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


def estimator(candidate: Candidate, split: Split) -> "Estimator[Any]":
    """Spark ML's estimator with a candidate's parameters, the split's seed and class weights."""
    columns = Columns(split.label_col, FEATURES_COL, WEIGHT_COL)
    return family_of(candidate).estimator(candidate.params, columns, split.seed)


def hash_partitioned(split: Split, *parts: str) -> DataFrame:
    """Rows in the order and partitions that every fit uses, independent of the cluster and the input's order.

    Bagging depends on both; with them fixed, the same data, parameters and seed give the same model.
    """
    return _in_partitions(split, split.rows(*parts), sum(split.parts[part]["rows"] for part in parts))


def _in_partitions(split: Split, frame: DataFrame, rows: int) -> DataFrame:
    return frame.repartition(-(-rows // ROWS_PER_PARTITION), HASH_COL).sortWithinPartitions(*split.canonical_order)


def _training_rows(fold: Fold, split: Split, counts: ZoneCounts, medians: Mapping[str, float]) -> tuple[DataFrame, int]:
    """The rows to fit of a fold, weighted by their own classes, and their number."""
    chosen = [counts[zone][part] for zone in fold.train_zones for part in fold.train]
    rows, positives = sum(c.rows for c in chosen), sum(c.positives for c in chosen)
    weights = class_weights(dict(zip(CLASSES, (rows - positives, positives), strict=True)), split.balanced)
    return split.weighted(fold_part(split, fold.train_zones, fold.train, medians), weights), rows


def fold_part(split: Split, zones: Sequence[str], parts: Sequence[str], medians: Mapping[str, float]) -> DataFrame:
    """The rows of a split in these zones and parts, filled with medians."""
    frame = split.frame.where(F.col(PART_COL).isin(*parts)).drop(PART_COL)
    frame = frame.where(F.col(f"`{split.table.zone_col}`").isin(*zones)) if split.table.zone_col else frame
    return filling.fill(frame, medians)


def _fit_and_count(
    group: Sequence[Candidate], split: Split, train: DataFrame, other: DataFrame, zone_col: str | None
) -> list[Counted]:
    """Fit the first candidate of a group, extract the others' models from its model, and count the scores of all."""
    started = time.monotonic()
    family = family_of(group[0])
    fitted: Any = estimator(group[0], split).fit(train)
    found = []
    for candidate in group:
        model = fitted
        if candidate is not group[0]:
            assert family.first_of is not None  # only families with `first_of` have groups of several candidates
            model = family.first_of(fitted, candidate)
        scored = with_score(model.transform(other))
        found.append((candidate, count_scores(scored, split.label_col, SCORE_COL, zone_col, split.measuring)))
    seconds = (time.monotonic() - started) / len(group)
    return [(candidate, counts, seconds) for candidate, counts in found]
