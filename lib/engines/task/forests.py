"""Random forests in tasks: each task grows some trees of a forest, and the votes are summed.

Votes are summed as integers, so that the result does not depend on how the trees are distributed over tasks.
"""

import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise

import numpy as np
import numpy.typing as npt
from pyspark import Accumulator, SparkContext
from pyspark.rdd import RDD

from lib.engines.task.binned_rows import TaskData
from lib.engines.task.kind import Grown, Memory
from lib.engines.task.scores import Found, metrics_of, shared
from lib.search.engine import Score
from lib.search.families.random_forest import ForestFit
from lib.support.workers import quick_to_reuse
from lib.trees import growing
from lib.trees.binning import Floats

# More tasks than slots, so that the slots finish at about the same time; smaller tasks would be mostly overhead.
TASKS_PER_SLOT = 4
MIN_TREES_PER_TASK = 10


@dataclass(frozen=True)
class ForestTask:
    """Some trees of a forest: from `first` up to `last` (not included), all within one step of its `sizes`."""

    fit: int
    step: int
    first: int
    last: int


@dataclass(frozen=True)
class Partial:
    """Votes of some trees of a forest cut at one depth, and the seconds they took."""

    step: int
    votes: npt.NDArray[np.int64]
    seconds: float


class Forests:
    """See `Kind`."""

    def memory(self, fit: ForestFit) -> Memory:
        """See `Kind.memory`."""
        return Memory(depth=fit.depths[-1], beside=1, results=8 * (max(len(fit.depths), len(fit.sizes)) + 1))

    def score(
        self,
        context: SparkContext,
        data: TaskData,
        fits: Sequence[ForestFit],
        seed: int,
        arrivals: Accumulator[list[Score]],
    ) -> RDD[Score]:
        """See `Kind.score`. A first stage grows the trees, a second one scores the sums of their votes."""
        # The votes of one forest at one depth are collected in one task, and nothing else in it.
        sums = [(number, depth) for number, fit in enumerate(fits) for depth in fit.depths]

        def grow(tasks: Iterable[ForestTask]) -> Iterable[tuple[int, Partial]]:
            for task in tasks:
                for depth, partial in _grow_and_vote(fits[task.fit], task, data, seed):
                    yield sums.index((task.fit, depth)), partial

        def score_sums(partials: Iterable[tuple[int, Partial]]) -> Iterable[Score]:
            for at, group in groupby(partials, key=lambda keyed: keyed[0]):
                number, depth = sums[at]
                scores = list(_score(fits[number], depth, (partial for _, partial in group), data))
                arrivals.add(scores)
                yield from scores

        tasks = forest_tasks(fits, context.defaultParallelism)
        votes = context.parallelize(tasks, len(tasks)).mapPartitions(quick_to_reuse(grow))
        return votes.partitionBy(len(sums), lambda at: at).mapPartitions(quick_to_reuse(score_sums))

    def tasks(self, fit: ForestFit, slots: int) -> list[range]:
        """See `Kind.tasks`."""
        return [range(task.first, task.last) for task in forest_tasks([fit], slots)]

    def grow(self, fit: ForestFit, numbers: range, data: TaskData, seed: int) -> Iterator[Grown]:
        """See `Kind.grow`; the result is the sum of the votes."""
        rows = data.training_rows(fit.max_bins)
        _, bins = data.other.load(fit.max_bins)
        depth = fit.depths[-1]
        votes = np.zeros((1, len(bins)), np.int64)
        grown = growing.grow_forest(rows, numbers, depth, fit.features_per_node, seed)
        for tree, nodes in zip(numbers, grown, strict=True):
            growing.add_votes(nodes, [depth], bins, votes)
            yield Grown(tree=tree, nodes=growing.prune(nodes, depth).tobytes())
        yield Grown(result=votes.tobytes())

    def probabilities(self, fit: ForestFit, results: Iterable[bytes]) -> Floats:
        """See `Kind.probabilities`."""
        votes = np.sum([np.frombuffer(result, np.int64) for result in results], axis=0)
        return growing.vote_shares(votes, fit.sizes[-1])

    def tree_weights(self, fit: ForestFit) -> None:
        """See `Kind.tree_weights`."""
        return None


def forest_tasks(fits: Sequence[ForestFit], slots: int) -> list[ForestTask]:
    """Distribute the trees of forests over tasks."""
    total = sum(fit.sizes[-1] for fit in fits)
    trees_per_task = max(MIN_TREES_PER_TASK, -(-total // (slots * TASKS_PER_SLOT)))
    tasks = []
    for number, fit in enumerate(fits):
        for step, (start, end) in enumerate(pairwise([0, *fit.sizes])):
            borders = [*range(start, end, trees_per_task), end]
            tasks += [ForestTask(number, step, a, b) for a, b in pairwise(borders)]
    return tasks


def _grow_and_vote(fit: ForestFit, task: ForestTask, data: TaskData, seed: int) -> Iterator[tuple[int, Partial]]:
    """The summed votes of a task's trees at each depth of the fit."""
    started = time.monotonic()
    rows = data.training_rows(fit.max_bins)
    _, bins = data.other.load(fit.max_bins)
    votes = np.zeros((len(fit.depths), len(bins)), np.int64)
    numbers = range(task.first, task.last)
    for nodes in growing.grow_forest(rows, numbers, fit.depths[-1], fit.features_per_node, seed):
        growing.add_votes(nodes, fit.depths, bins, votes)
    seconds = (time.monotonic() - started) / len(fit.depths)
    for depth, of_depth in zip(fit.depths, votes, strict=True):
        yield depth, Partial(task.step, of_depth, seconds)


def _score(fit: ForestFit, depth: int, partials: Iterable[Partial], data: TaskData) -> Iterator[Score]:
    """Scores of the candidates of one depth from the votes of all tasks."""
    started = time.monotonic()
    labels, _ = data.other.load(fit.max_bins)
    of_step = np.zeros((len(fit.sizes), len(labels)), np.int64)
    seconds = 0.0
    for partial in partials:
        of_step[partial.step] += partial.votes
        seconds += partial.seconds
    votes = np.zeros(len(labels), np.int64)
    found: Found = []
    for size, more in zip(fit.sizes, of_step, strict=True):
        votes += more
        if candidates := fit.at(depth, size):
            found.append((candidates, metrics_of(labels, growing.vote_shares(votes, size))))
    yield from shared(found, seconds + time.monotonic() - started)
