"""One fit grown in tasks and kept: the retraining of a search's winner.

A separate module because workers import it, and they do not need Spark ML, which takes half a second to import.
"""

from collections.abc import Iterable

import pyarrow as pa
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from lib.engines.task.binned_rows import TaskData
from lib.engines.task.kind import Grown, TreesFit
from lib.engines.task.kinds import kind_of
from lib.support.workers import quick_to_reuse
from lib.trees.binning import Floats


def grow(spark: SparkSession, fit: TreesFit, data: TaskData, seed: int) -> DataFrame:
    """One row per tree (`tree`, `nodes`: the bytes of the pruned tree) and one row per task with its `result`."""
    kind = kind_of(fit)
    tasks = kind.tasks(fit, spark.sparkContext.defaultParallelism)

    def run(batches: Iterable[pa.RecordBatch]) -> Iterable[pa.RecordBatch]:
        for batch in batches:
            for number in batch.column(0).to_pylist():
                yield from map(_row, kind.grow(fit, tasks[number], data, seed))

    schema = "tree int, nodes binary, result binary"
    return spark.range(0, len(tasks), 1, len(tasks)).mapInArrow(quick_to_reuse(run), schema)


def probabilities(fit: TreesFit, grown: DataFrame) -> Floats:
    """The engine's own probabilities on the rows to score."""
    results = grown.where(F.col("result").isNotNull()).select("result").toLocalIterator()
    return kind_of(fit).probabilities(fit, (row["result"] for row in results))


def _row(grown: Grown) -> pa.RecordBatch:
    return pa.RecordBatch.from_arrays(
        [
            pa.array([grown.tree], pa.int32()),
            pa.array([grown.nodes], pa.binary()),
            pa.array([grown.result], pa.binary()),
        ],
        names=["tree", "nodes", "result"],
    )
