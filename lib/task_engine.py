"""The engine that grows Spark ML's trees inside Spark tasks, with compiled code.

Each task holds all binned training rows. That is far faster than Spark ML, whose every level of every tree is a job of
its own, as long as the rows fit (`lib.engine_choice`).
"""

from collections.abc import Callable, Iterable, Sequence

import numpy as np
import pyarrow as pa
from pyspark.ml import PipelineModel
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lib import trees
from lib.binning import Floats
from lib.candidates import Candidate
from lib.engine import Score
from lib.errors import SavedModelError
from lib.model_format import save_pipeline
from lib.models import load_pipeline
from lib.shared_fits import BoostedFit, ForestFit, shared_fits
from lib.spark_engine import SCORE_COL, estimator, vector_assembler, with_score
from lib.split import TEST, TRAIN, VAL, Split
from lib.task_data import TaskData, in_order, task_data
from lib.task_memory import TaskMemory, deaths_explained
from lib.task_search import ForestTask, forest_tasks, run_search

# How far probabilities of the saved model may be from the engine's own.
TOLERANCE = 1e-9


class TaskEngine:
    """Fits within Spark tasks; for data that fit a task's memory, which `memory` tells."""

    name = "task"

    def __init__(self, memory: TaskMemory):
        self.memory = memory

    def score(
        self,
        candidates: Sequence[Candidate],
        split: Split,
        part: str,
        on_score: Callable[[Score], None] = lambda score: None,
    ) -> list[Score]:
        """See `Engine.score`."""
        forests, boosted = shared_fits(candidates, len(split.features))
        max_bins = {fit.max_bins for fit in forests} | {fit.max_bins for fit in boosted}
        with deaths_explained(self.memory), task_data(split, [TRAIN], part, sorted(max_bins)) as data:
            scores = run_search(split.spark.sparkContext, data, forests, boosted, split.seed, on_score)
        by_index = {score.candidate.index: score for score in scores}
        return [by_index[candidate.index] for candidate in candidates]

    def retrain(self, candidate: Candidate, split: Split, path: str) -> PipelineModel:
        """See `Engine.retrain`; also compares the saved model with the engine's trees on the held-out rows.

        Raises:
            SavedModelError: they predict differently.
        """
        forests, boosted = shared_fits([candidate], len(split.features))
        fit = forests[0] if forests else boosted[0]
        with deaths_explained(self.memory), task_data(split, [TRAIN, VAL], TEST, [fit.max_bins]) as data:
            grown = _grow(fit, data, split).persist()
            try:
                expected = _probabilities(fit, grown)
                weights = None
                if isinstance(fit, BoostedFit):
                    weights = [1.0] + [fit.step_size] * (fit.sizes[-1] - 1)
                found = grown.where(F.col("nodes").isNotNull()).select("tree", "nodes")
                save_pipeline(
                    path,
                    vector_assembler(split),
                    estimator(candidate, split),
                    found,
                    weights,
                    fit.sizes[-1],
                    data.thresholds[fit.max_bins],
                )
            finally:
                grown.unpersist()
        model = load_pipeline(split.spark, path)
        check_saved(model, split, expected, path)
        return model


def check_saved(model: PipelineModel, split: Split, expected: Floats, path: str) -> None:
    """Raise SavedModelError unless a model gives the `expected` probabilities on the held-out rows, in order."""
    predicted = with_score(model.transform(in_order(split, TEST))).select(SCORE_COL).toPandas()[SCORE_COL]
    difference = float(np.abs(predicted.to_numpy() - expected).max())
    if not difference <= TOLERANCE:
        raise SavedModelError(path, difference, len(expected))


def _grow(fit: ForestFit | BoostedFit, data: TaskData, split: Split) -> DataFrame:
    """A row a tree (`tree`, `nodes`: the bytes of the pruned tree) and a row a task with its votes or margins."""
    spark = split.spark
    seed = split.seed
    tasks: list[ForestTask] = [ForestTask(0, 0, 0, fit.sizes[-1])]
    if isinstance(fit, ForestFit):
        tasks = forest_tasks([fit], spark.sparkContext.defaultParallelism)

    def run(batches: Iterable[pa.RecordBatch]) -> Iterable[pa.RecordBatch]:
        for batch in batches:
            for number in batch.column(0).to_pylist():
                yield from _grow_task(fit, tasks[number], data, seed)

    schema = "tree int, nodes binary, result binary"
    return spark.range(0, len(tasks), 1, len(tasks)).mapInArrow(run, schema)


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


def _probabilities(fit: ForestFit | BoostedFit, grown: DataFrame) -> Floats:
    """The engine's own probabilities on the rows that came with the training rows."""
    results = grown.where(F.col("result").isNotNull()).select("result").toLocalIterator()
    if isinstance(fit, ForestFit):
        votes = sum(np.frombuffer(row["result"], np.int64) for row in results)
        assert isinstance(votes, np.ndarray)  # there is a task at least
        return trees.vote_shares(votes, fit.sizes[-1])
    return trees.margin_probabilities(np.frombuffer(next(iter(results))["result"], np.float64))
