"""Gradient-boosted trees in tasks: each GBT in one task, since each of its trees depends on the previous ones."""

import time
from collections.abc import Iterable, Iterator, Sequence
from itertools import product
from typing import Any

import numpy as np
from pyspark import Accumulator, SparkContext
from pyspark.rdd import RDD

from lib.engines.task.binned_rows import TaskData
from lib.engines.task.kind import FoldRows, Grown, Memory
from lib.engines.task.scores import Found, Scores, shared
from lib.search.engine import FoldScore
from lib.search.families.gbt import BoostedFit
from lib.support.workers import quick_to_reuse
from lib.trees import growing
from lib.trees.binning import Floats


class Boosted:
    """See `Kind`."""

    def memory(self, fit: BoostedFit) -> Memory:
        """See `Kind.memory`."""
        return Memory(depth=fit.max_depth, beside=16, results=8)

    def score(
        self,
        context: SparkContext,
        folds: Sequence[FoldRows],
        fits: Sequence[BoostedFit],
        seed: int,
        arrivals: Accumulator[Scores],
    ) -> RDD[FoldScore[Any]]:
        """See `Kind.score`."""

        def boost(tasks: Iterable[tuple[BoostedFit, int]]) -> Iterable[FoldScore[Any]]:
            for fit, fold in tasks:
                scores = list(_boost_and_score(fit, fold, folds[fold]))
                arrivals.add(scores)
                yield from scores

        longest_first = sorted(fits, key=lambda fit: -fit.sizes[-1] * fit.max_depth)
        tasks = list(product(longest_first, range(len(folds))))
        return context.parallelize(tasks, len(tasks)).mapPartitions(quick_to_reuse(boost))

    def tasks(self, fit: BoostedFit, slots: int) -> list[range]:
        """See `Kind.tasks`."""
        return [range(fit.sizes[-1])]

    def grow(self, fit: BoostedFit, numbers: range, data: TaskData, seed: int) -> Iterator[Grown]:
        """See `Kind.grow`; the result is the margins."""
        rows, bins = data.load(fit.max_bins)
        margins = np.zeros(len(bins))
        grown = growing.grow_boosted(rows, len(numbers), fit.max_depth, fit.step_size)
        for tree, (nodes, weight) in enumerate(grown):
            growing.add_margins(nodes, bins, weight, margins)
            yield Grown(tree=tree, nodes=growing.prune(nodes, fit.max_depth).tobytes())
        yield Grown(result=margins.tobytes())

    def probabilities(self, fit: BoostedFit, results: Iterable[bytes]) -> Floats:
        """See `Kind.probabilities`."""
        (margins,) = results
        return growing.margin_probabilities(np.frombuffer(margins, np.float64))

    def tree_weights(self, fit: BoostedFit) -> list[float]:
        """See `Kind.tree_weights`."""
        return [1.0] + [fit.step_size] * (fit.sizes[-1] - 1)


def _boost_and_score(fit: BoostedFit, fold: int, data: FoldRows) -> Iterator[FoldScore[Any]]:
    started = time.monotonic()
    truth = data.truth()
    rows, bins = data.load(fit.max_bins)
    margins = np.zeros(len(bins))
    found: Found = []
    grown = growing.grow_boosted(rows, fit.sizes[-1], fit.max_depth, fit.step_size)
    for size, (nodes, weight) in enumerate(grown, 1):
        growing.add_margins(nodes, bins, weight, margins)
        if candidates := fit.at(size):
            found.append((candidates, truth.measured(growing.margin_probabilities(margins))))
    yield from shared(fold, found, time.monotonic() - started)
