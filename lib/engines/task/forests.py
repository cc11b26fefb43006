"""Random forests in tasks: each task grows some trees of a forest, and the votes are summed.

Votes are summed as integers, so that the result does not depend on how the trees are distributed over tasks.
"""

import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise, product
from typing import Any

import numpy as np
import numpy.typing as npt
from pyspark import Accumulator, SparkContext
from pyspark.rdd import RDD

from lib.engines.task.binned_rows import TaskData
from lib.engines.task.kind import FoldRows, Grown, Memory
from lib.engines.task.scores import Found, Scores, shared
from lib.search.engine import FoldScore
from lib.search.families.random_forest import ForestFit
from lib.support.workers import quick_to_reuse
from lib.trees import growing
from lib.trees.binning import Floats

# More tasks than slots, so that the slots finish at about the same time; smaller tasks would be mostly overhead.
TASKS_PER_SLOT = 4
MIN_TREES_PER_TASK = 10


@dataclass(frozen=True)
class ForestTask:
    """Some trees of a forest on a fold: from `first` up to `last` (not included), within one step of its `sizes`."""

    fold: int
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
        folds: Sequence[FoldRows],
        fits: Sequence[ForestFit],
        seed: int,
        arrivals: Accumulator[Scores],
    ) -> RDD[FoldScore[Any]]:
        """See `Kind.score`. A first stage grows the trees, a second one scores the sums of their votes."""
        # The votes of one forest at one depth on one fold are collected in one task, and nothing else in it.
        places = product(range(len(folds)), enumerate(fits))
        sums = [(fold, number, depth) for fold, (number, fit) in places for depth in fit.depths]
        place_of = {key: place for place, key in enumerate(sums)}

        def grow(tasks: Iterable[ForestTask]) -> Iterable[tuple[int, Partial]]:
            for task in tasks:
                for depth, partial in _grow_and_vote(fits[task.fit], task, folds[task.fold], seed):
                    yield place_of[task.fold, task.fit, depth], partial

        def score_sums(partials: Iterable[tuple[int, Partial]]) -> Iterable[FoldScore[Any]]:
            for at, group in groupby(partials, key=lambda keyed: keyed[0]):
                fold, number, depth = sums[at]
                votes = (partial for _, partial in group)
                scores = list(_score(fits[number], depth, votes, fold, folds[fold]))
                arrivals.add(scores)
                yield from scores

        tasks = forest_tasks(fits, context.defaultParallelism, len(folds))
        votes = context.parallelize(tasks, len(tasks)).mapPartitions(quick_to_reuse(grow))
        return votes.partitionBy(len(sums), lambda at: at).mapPartitions(quick_to_reuse(score_sums))

    def tasks(self, fit: ForestFit, slots: int) -> list[range]:
        """See `Kind.tasks`."""
        return [range(task.first, task.last) for task in forest_tasks([fit], slots)]

    def grow(self, fit: ForestFit, numbers: range, data: TaskData, seed: int) -> Iterator[Grown]:
        """See `Kind.grow`; the result is the sum of the votes."""
        rows, bins = data.load(fit.max_bins)
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


def forest_tasks(fits: Sequence[ForestFit], slots: int, folds: int = 1) -> list[ForestTask]:
    """Distribute the trees of forests over tasks, fit by fit, so that a fit is complete on all folds early."""
    total = folds * sum(fit.sizes[-1] for fit in fits)
    trees_per_task = max(MIN_TREES_PER_TASK, -(-total // (slots * TASKS_PER_SLOT)))
    tasks = []
    for (number, fit), fold in product(enumerate(fits), range(folds)):
        for step, (start, end) in enumerate(pairwise([0, *fit.sizes])):
            borders = [*range(start, end, trees_per_task), end]
            tasks += [ForestTask(fold, number, step, a, b) for a, b in pairwise(borders)]
    return tasks


def _grow_and_vote(fit: ForestFit, task: ForestTask, data: FoldRows, seed: int) -> Iterator[tuple[int, Partial]]:
    """The summed votes of a task's trees at each depth of the fit."""
    started = time.monotonic()
    rows, bins = data.load(fit.max_bins)
    votes = np.zeros((len(fit.depths), len(bins)), np.int64)
    numbers = range(task.first, task.last)
    for nodes in growing.grow_forest(rows, numbers, fit.depths[-1], fit.features_per_node, seed):
        growing.add_votes(nodes, fit.depths, bins, votes)
    seconds = (time.monotonic() - started) / len(fit.depths)
    for depth, of_depth in zip(fit.depths, votes, strict=True):
        yield depth, Partial(task.step, of_depth, seconds)


def _score(
    fit: ForestFit, depth: int, partials: Iterable[Partial], fold: int, data: FoldRows
) -> Iterator[FoldScore[Any]]:
    """Scores of the candidates of one depth on one fold from the votes of all tasks."""
    started = time.monotonic()
    truth = data.truth()
    of_step = np.zeros((len(fit.sizes), len(truth)), np.int64)
    seconds = 0.0
    for partial in partials:
        of_step[partial.step] += partial.votes
        seconds += partial.seconds
    votes = np.zeros(len(truth), np.int64)
    found: Found = []
    for size, more in zip(fit.sizes, of_step, strict=True):
        votes += more
        if candidates := fit.at(depth, size):
            found.append((candidates, truth.measured(growing.vote_shares(votes, size))))
    yield from shared(fold, found, seconds + time.monotonic() - started)
