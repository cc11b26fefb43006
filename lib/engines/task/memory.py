"""Whether the data fit in the tasks of the task engine: the memory that a task needs and has."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from py4j.protocol import Py4JJavaError
from pyspark.errors import PySparkException
from pyspark.sql import SparkSession

from lib.engines.task.binned_rows import ROWS_PER_PIECE
from lib.engines.task.fold_rows import BYTES_PER_PIECE
from lib.engines.task.kind import TreesFit
from lib.engines.task.kinds import kind_of, tree_fits
from lib.errors import ExperimentError
from lib.search.families import Candidate
from lib.split import TEST, TRAIN, VAL, Split
from lib.support import machine
from lib.trees.binning import bin_type
from lib.trees.compiled import growing

GB = 2**30

# Measured by benchmarks/memory.py and rounded up. A Python worker while it compiles, before it has rows:
WORKER_BYTES = 400 * 2**20
# What a worker reserves and does not use, which counts only where a process's address space is limited:
RESERVED_BYTES = 1.5 * GB
# The JVM outside its heap, and the driver's Python:
JVM_BYTES = 450 * 2**20
DRIVER_BYTES = 350 * 2**20
# Chosen, not measured: left for the system and other programs in local mode.
RESERVE_BYTES = GB

_SIGNS_OF_DEATH = ("MemoryError", "Python worker exited unexpectedly", "ExecutorLostFailure", "memory limits")


@dataclass(frozen=True)
class TaskMemory:
    """Bytes that the largest task of an experiment needs, and bytes that a task has."""

    needed: float
    available: float

    @property
    def fits(self) -> bool:
        """Whether the data fit in a task."""
        return self.needed <= self.available

    def __str__(self) -> str:
        """Both, as part of a sentence."""
        return f"a task needs about {self.needed / GB:.1f} GB of memory and has {self.available / GB:.1f} GB"


def task_memory(split: Split, candidates: Sequence[Candidate]) -> TaskMemory:
    """What the tasks of a search, and of the retraining after it, need and have."""
    return TaskMemory(needed_bytes(split, candidates), available_bytes(split.spark))


def needed_bytes(split: Split, candidates: Sequence[Candidate]) -> float:
    """Memory of the largest task: its rows as bins, the working memory of growing trees, and the largest tree."""
    n_features = len(split.features)
    weight = 8 if split.weights else 0
    rows = {part: facts["rows"] for part, facts in split.parts.items()}
    fitted = rows[TRAIN] + rows[VAL]  # the retraining has the most rows
    scored = max(rows[VAL], rows[TEST])
    values = 0
    if split.table.zone_col:  # or the folds of zones, which take rows of all parts, and read them as values
        fitted, values = fitted + rows[TEST], 2 * min(BYTES_PER_PIECE, 8 * fitted * n_features)
    return (
        WORKER_BYTES
        + values
        + max(_of_fit(fit, n_features, fitted, scored, weight) for fit in tree_fits(candidates, n_features))
    )


def _of_fit(fit: TreesFit, n_features: int, fitted: int, scored: int, weight: int) -> float:
    width = n_features * bin_type(fit.max_bins)().itemsize + 1 + weight  # bins, label and weight
    takes = kind_of(fit).memory(fit)
    order = 8
    near = (width + takes.beside + order) / 3  # rows copied together: a quarter, a sixteenth, ...
    nodes = min(2.0 ** (takes.depth + 1), 2.0 * fitted)
    return (
        fitted * (width + takes.beside + order + near)
        + scored * (width + takes.results)
        + 2 * min(ROWS_PER_PIECE, fitted) * width
        + 3 * nodes * growing.NODE.itemsize  # the array doubles as it grows, and is copied at the end
    )


def available_bytes(spark: SparkSession) -> float:
    """Memory that one task's Python worker may use."""
    context = spark.sparkContext
    if str(context.master).startswith("local"):
        beside = JVM_BYTES + DRIVER_BYTES + RESERVE_BYTES
        share = max(0.0, machine.memory_bytes() - _heap_bytes(spark) - beside) / context.defaultParallelism
        limit = machine.process_bytes()
        return share if limit is None else min(share, max(0.0, limit - RESERVED_BYTES))
    settings = context.getConf()
    cores = int(settings.get("spark.executor.cores") or 1)
    slots = max(1, cores // int(settings.get("spark.task.cpus") or 1))
    for_python = settings.get("spark.executor.pyspark.memory")
    if for_python:
        return _megabytes(spark, for_python) * 2**20 / slots
    overhead = settings.get("spark.executor.memoryOverhead")
    if overhead:
        beside_heap: float = _megabytes(spark, overhead)
    else:
        factor = float(settings.get("spark.executor.memoryOverheadFactor") or 0.1)
        beside_heap = max(384, factor * _megabytes(spark, settings.get("spark.executor.memory") or "1g"))
    return max(0.0, beside_heap * 2**20 - JVM_BYTES) / slots


def _megabytes(spark: SparkSession, size: str) -> int:
    jvm: Any = spark.sparkContext._jvm
    return int(jvm.org.apache.spark.network.util.JavaUtils.byteStringAsMb(size))


def _heap_bytes(spark: SparkSession) -> int:
    jvm: Any = spark.sparkContext._jvm
    return int(jvm.java.lang.Runtime.getRuntime().maxMemory())


@contextmanager
def deaths_explained(memory: TaskMemory) -> Iterator[None]:
    """Turn the failure of a job whose tasks ran out of memory into an ExperimentError with the remedy.

    Raises:
        ExperimentError: the block failed because tasks died; other errors pass unchanged.
    """
    try:
        yield
    except (Py4JJavaError, PySparkException) as error:
        sign = next((sign for sign in _SIGNS_OF_DEATH if sign in str(error)), None)
        if sign is None:
            raise
        raise ExperimentError(
            f"tasks died, most likely out of memory ({sign}): {memory}. Raise spark.executor.memoryOverhead "
            "(on one machine: run fewer tasks at once, with SPARK_MASTER='local[1]' before the command), or use "
            "engine: spark"
        ) from error
