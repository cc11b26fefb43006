"""One fit grown in tasks and kept: the retraining of a search's winner.

A module of its own, for workers import it: they can do without Spark ML, which takes half a second to import.
"""

from collections.abc import Iterable

import numpy as np
import pyarrow as pa
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from lib import trees
from lib.binning import Floats
from lib.shared_fits import BoostedFit, ForestFit
from lib.task_data import TaskData
from lib.task_search import ForestTask, forest_tasks
from lib.workers import quick_to_reuse


def grow(spark: SparkSession, fit: ForestFit | BoostedFit, data: TaskData, seed: int) -> DataFrame:
    """A row a tree (`tree`, `nodes`: the bytes of the pruned tree) and a row a task with its votes or margins."""
    tasks: list[ForestTask] = [ForestTask(0, 0, 0, fit.sizes[-1])]
    if isinstance(fit, ForestFit):
        tasks = forest_tasks([fit], spark.sparkContext.defaultParallelism)

    def run(batches: Iterable[pa.RecordBatch]) -> Iterable[pa.RecordBatch]:
        for batch in batches:
            for number in batch.column(0).to_pylist():
                yield from _grow_task(fit, tasks[number], data, seed)

    schema = "tree int, nodes binary, result binary"
    return spark.range(0, len(tasks), 1, len(tasks)).mapInArrow(quick_to_reuse(run), schema)


def _grow_task(fit: ForestFit | BoostedFit, task: ForestTask, data: TaskData, seed: int) -> Iterable[pa.RecordBatch]:
    rows = data.training_rows(fit.max_bins)
    _, bins = data.other.load(fit.max_bins)
    if isinstance(fit, ForestFit):
        depth = fit.depths[-1]
        votes = np.zeros((1, len(bins)), np.int64)
        numbers = range(task.first, task.last)
        grown = trees.grow_forest(rows, numbers, depth, fit.features_per_node, seed)
        for tree, nodes in zip(numbers, grown, strict=True):
            trees.add_votes(nodes, [depth], bins, votes)
            yield _row(tree, trees.prune(nodes, depth).tobytes(), None)
        yield _row(None, None, votes.tobytes())
    else:
        margins = np.zeros(len(bins))
        boosted = trees.grow_boosted(rows, fit.sizes[-1], fit.max_depth, fit.step_size)
        for tree, (nodes, weight) in enumerate(boosted):
            trees.add_margins(nodes, bins, weight, margins)
            yield _row(tree, trees.prune(nodes, fit.max_depth).tobytes(), None)
        yield _row(None, None, margins.tobytes())


def _row(tree: int | None, nodes: bytes | None, result: bytes | None) -> pa.RecordBatch:
    return pa.RecordBatch.from_arrays(
        [pa.array([tree], pa.int32()), pa.array([nodes], pa.binary()), pa.array([result], pa.binary())],
        names=["tree", "nodes", "result"],
    )


def probabilities(fit: ForestFit | BoostedFit, grown: DataFrame) -> Floats:
    """The engine's own probabilities on the rows that came with the training rows."""
    results = grown.where(F.col("result").isNotNull()).select("result").toLocalIterator()
    if isinstance(fit, ForestFit):
        votes = sum(np.frombuffer(row["result"], np.int64) for row in results)
        assert isinstance(votes, np.ndarray)  # there is a task at least
        return trees.vote_shares(votes, fit.sizes[-1])
    return trees.margin_probabilities(np.frombuffer(next(iter(results))["result"], np.float64))
