"""One Spark job that fits and scores all candidates of a search.

Its first stage grows the forests, each task some trees of one, and sums their votes; its second stage scores the
forests and fits and scores the GBTs, each in a task, for their trees follow from one another. Votes are summed as
integers, so that it makes no difference how the trees are spread over tasks.

Tasks send scores home twice: in an accumulator, which reaches the driver as each task ends, and as the job's result,
which makes up for an update that was lost. `Inbox` lets each pass once.
"""

import queue
import time
import uuid
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise
from typing import Any

import numpy as np
import numpy.typing as npt
from pyspark import Accumulator, AccumulatorParam, InheritableThread, SparkContext
from pyspark.rdd import RDD

from lib import trees
from lib.candidates import Candidate
from lib.engine import Score
from lib.metrics import ScoreCounts
from lib.shared_fits import BoostedFit, ForestFit
from lib.task_data import TaskData
from lib.workers import quick_to_reuse

# More tasks than slots, so that the slots end about together; a task of fewer trees would be all overhead.
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


def run_search(
    context: SparkContext,
    data: TaskData,
    forests: Sequence[ForestFit],
    boosted: Sequence[BoostedFit],
    seed: int,
    on_score: Callable[[Score], None],
) -> list[Score]:
    """Fit and score all candidates of the fits; `on_score` is called in this thread as scores come in."""
    inbox: queue.Queue[list[Score] | None] = queue.Queue()
    arrivals = context.accumulator([], _Arrivals(inbox))
    job = _job(context, data, forests, boosted, seed, arrivals)
    tag = f"search-{uuid.uuid4().hex[:8]}"
    failure: list[BaseException] = []

    def collect() -> None:
        context.addJobTag(tag)
        try:
            inbox.put(job.collect())
        except BaseException as error:
            failure.append(error)
        finally:
            inbox.put(None)

    thread = InheritableThread(target=collect)
    thread.start()
    scores: dict[int, Score] = {}
    try:
        while (arrived := inbox.get()) is not None:
            for score in arrived:
                if score.candidate.index not in scores:
                    scores[score.candidate.index] = score
                    on_score(score)
    finally:
        context.cancelJobsWithTag(tag)  # none is left, unless the loop was left early
        thread.join()
    if failure:
        raise failure[0]
    return list(scores.values())


def forest_tasks(forests: Sequence[ForestFit], slots: int) -> list[ForestTask]:
    """Spread the trees of forests over tasks."""
    total = sum(fit.sizes[-1] for fit in forests)
    trees_per_task = max(MIN_TREES_PER_TASK, -(-total // (slots * TASKS_PER_SLOT)))
    tasks = []
    for number, fit in enumerate(forests):
        for step, (start, end) in enumerate(pairwise([0, *fit.sizes])):
            borders = [*range(start, end, trees_per_task), end]
            tasks += [ForestTask(number, step, a, b) for a, b in pairwise(borders)]
    return tasks


def _job(
    context: SparkContext,
    data: TaskData,
    forests: Sequence[ForestFit],
    boosted: Sequence[BoostedFit],
    seed: int,
    arrivals: Accumulator[list[Score]],
) -> RDD[Score]:
    # The votes of one forest at one depth come together in one task, and nothing else with them.
    sums = [(number, depth) for number, fit in enumerate(forests) for depth in fit.depths]

    def grow(tasks: Iterable[ForestTask]) -> Iterable[tuple[int, Partial]]:
        for task in tasks:
            for depth, partial in _grow_and_vote(forests[task.fit], task, data, seed):
                yield sums.index((task.fit, depth)), partial

    def score_sums(partials: Iterable[tuple[int, Partial]]) -> Iterable[Score]:
        for at, group in groupby(partials, key=lambda keyed: keyed[0]):
            number, depth = sums[at]
            scores = list(_score_forest(forests[number], depth, (partial for _, partial in group), data))
            arrivals.add(scores)
            yield from scores

    def boost(fits: Iterable[BoostedFit]) -> Iterable[Score]:
        for fit in fits:
            scores = list(_boost_and_score(fit, data))
            arrivals.add(scores)
            yield from scores

    stages: list[RDD[Score]] = []
    if forests:
        tasks = forest_tasks(forests, context.defaultParallelism)
        votes = context.parallelize(tasks, len(tasks)).mapPartitions(quick_to_reuse(grow))
        stages.append(votes.partitionBy(len(sums), lambda at: at).mapPartitions(quick_to_reuse(score_sums)))
    if boosted:
        longest_first = sorted(boosted, key=lambda fit: -fit.sizes[-1] * fit.max_depth)
        stages.append(context.parallelize(longest_first, len(boosted)).mapPartitions(quick_to_reuse(boost)))
    return context.union(stages)


def _grow_and_vote(fit: ForestFit, task: ForestTask, data: TaskData, seed: int) -> Iterator[tuple[int, Partial]]:
    """The summed votes of a task's trees at each depth of the fit."""
    started = time.monotonic()
    rows = data.training_rows(fit.max_bins)
    _, bins = data.other.load(fit.max_bins)
    votes = np.zeros((len(fit.depths), len(bins)), np.int64)
    numbers = range(task.first, task.last)
    for nodes in trees.grow_forest(rows, numbers, fit.depths[-1], fit.features_per_node, seed):
        trees.add_votes(nodes, fit.depths, bins, votes)
    seconds = (time.monotonic() - started) / len(fit.depths)
    for depth, of_depth in zip(fit.depths, votes, strict=True):
        yield depth, Partial(task.step, of_depth, seconds)


def _score_forest(fit: ForestFit, depth: int, partials: Iterable[Partial], data: TaskData) -> Iterator[Score]:
    """Scores of the candidates of one depth from the votes of all tasks."""
    started = time.monotonic()
    labels, _ = data.other.load(fit.max_bins)
    of_step = np.zeros((len(fit.sizes), len(labels)), np.int64)
    seconds = 0.0
    for partial in partials:
        of_step[partial.step] += partial.votes
        seconds += partial.seconds
    votes = np.zeros(len(labels), np.int64)
    found = []
    for size, more in zip(fit.sizes, of_step, strict=True):
        votes += more
        if candidates := fit.at(depth, size):
            found.append((candidates, _metrics(labels, trees.vote_shares(votes, size))))
    yield from _shared(found, seconds + time.monotonic() - started)


def _boost_and_score(fit: BoostedFit, data: TaskData) -> Iterator[Score]:
    started = time.monotonic()
    rows = data.training_rows(fit.max_bins)
    labels, bins = data.other.load(fit.max_bins)
    margins = np.zeros(len(bins))
    found = []
    grown = trees.grow_boosted(rows, fit.sizes[-1], fit.max_depth, fit.step_size)
    for size, (nodes, weight) in enumerate(grown, 1):
        trees.add_margins(nodes, bins, weight, margins)
        if candidates := fit.at(size):
            found.append((candidates, _metrics(labels, trees.margin_probabilities(margins))))
    yield from _shared(found, time.monotonic() - started)


def _shared(found: Sequence[tuple[list[Candidate], dict[str, float]]], seconds: float) -> Iterator[Score]:
    count = sum(len(candidates) for candidates, _ in found)
    for candidates, metrics in found:
        for candidate in candidates:
            yield Score(candidate, metrics, seconds / count)


def _metrics(labels: npt.NDArray[np.uint8], scores: npt.NDArray[np.float64]) -> dict[str, float]:
    return ScoreCounts.from_arrays(labels, scores).summary()


class _Arrivals(AccumulatorParam[list[Score]]):
    """Lists of scores; on the driver what arrives goes to the inbox at once."""

    def __init__(self, inbox: Any = None):
        self._inbox = inbox

    def __reduce__(self) -> tuple[type, tuple]:
        return _Arrivals, ()  # tasks have no inbox

    def zero(self, value: list[Score]) -> list[Score]:
        return []

    def addInPlace(self, value1: list[Score], value2: list[Score]) -> list[Score]:
        if self._inbox is not None:
            self._inbox.put(list(value2))
            return value1
        return value1 + value2
