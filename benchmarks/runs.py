"""Sessions, tables and timed runs that the benchmarks share."""

import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from pyspark.ml.evaluation import BinaryClassificationEvaluator
from pyspark.sql import DataFrame, SparkSession

from data import make_sample
from launcher.local_spark import build_session, stop_session
from launcher.support.project import PROJECT, cache_folder
from lib import dataset
from lib.engines.saved_models import vector_assembler
from lib.engines.spark import estimator
from lib.engines.task.engine import TaskEngine
from lib.engines.task.memory import task_memory
from lib.search.families import Candidate
from lib.split import HASH_COL, TRAIN, VAL, WEIGHT_COL, Split, split
from lib.support.private_folders import private_folder

SAMPLE = PROJECT / "data" / "sample.parquet"
CORES = 2


@contextmanager
def session(settings: Mapping[str, str] | None = None, cores: int = CORES) -> Iterator[SparkSession]:
    """Spark on two cores or one, with the JVM's default compilers: anything else would be unfair to Spark ML."""
    spark = build_session(master=f"local[{cores}]", settings=settings)
    try:
        yield spark
    finally:
        stop_session(spark)


def split_of(spark: SparkSession, path: Path, seed: int = 42) -> Split:
    """A table that is read, checked and split as in an experiment."""
    return split(dataset.load(spark, str(path)), seed=seed)


def grown_sample(rows: int) -> Path:
    """A table of `rows` rows from the sample's own generator, with one seed after another; kept between runs."""
    # In the shared temporary folder another user could have put another table under this name.
    folder = private_folder([cache_folder() / "benchmarks"], "benchmarks-")
    path = folder / f"sample_{rows}.parquet"
    if not path.exists():
        hidden = path.with_suffix(".part")
        writer, left, seed = None, rows, make_sample.SEED
        while left > 0:
            made = make_sample.make(seed).head(left)
            table = pa.Table.from_pandas(made, preserve_index=False).replace_schema_metadata(None)
            writer = writer or pq.ParquetWriter(hidden, table.schema)
            writer.write_table(table)
            left, seed = left - len(made), seed + 1
        assert writer is not None  # rows is above 0
        writer.close()
        hidden.rename(path)
    return path


def seconds(function: Callable[[], Any]) -> float:
    """How long a call takes."""
    started = time.perf_counter()
    function()
    return time.perf_counter() - started


def task_seconds(parts: Split, candidates: Sequence[Candidate]) -> float:
    """Seconds of the task engine's complete search: sorting and binning rows, fitting and scoring candidates."""
    engine = TaskEngine(task_memory(parts, candidates))
    return seconds(lambda: list(engine.score(candidates, parts, VAL)))


class SparkRows(NamedTuple):
    """Training and validation rows in Spark ML's format, already in memory."""

    train: DataFrame
    val: DataFrame


@contextmanager
def spark_rows(parts: Split, partitions: int) -> Iterator[SparkRows]:
    """Rows for Spark ML, prepared and cached outside its time, in partitions that suit it."""
    assembler = vector_assembler(parts.features)
    columns = ["features", parts.label_col, WEIGHT_COL]
    frames = [
        assembler.transform(parts.rows(part).repartition(partitions, HASH_COL)).select(columns).persist()
        for part in (TRAIN, VAL)
    ]
    try:
        for frame in frames:
            frame.count()
        yield SparkRows(*frames)
    finally:
        for frame in frames:
            frame.unpersist()


def spark_seconds(parts: Split, rows: SparkRows, candidate: Candidate) -> float:
    """One fit of Spark ML's own estimator and its areaUnderPR on the validation rows, as TrainValidationSplit does."""
    evaluator = BinaryClassificationEvaluator(labelCol=parts.label_col, metricName="areaUnderPR")
    found = seconds(lambda: evaluator.evaluate(estimator(candidate, parts).fit(rows.train).transform(rows.val)))
    print(f"  Spark ML, {candidate}: {found:.1f} s", file=sys.stderr, flush=True)
    return found


def training_arrays(parts: Split) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Features, labels and weights of the training rows, for scikit-learn."""
    rows = parts.rows(TRAIN).toPandas()
    return rows[list(parts.features)].to_numpy(), rows[parts.label_col].to_numpy(), rows[WEIGHT_COL].to_numpy()
