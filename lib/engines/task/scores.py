"""What the tasks of a search share: scores of a fit's candidates, and how they reach the driver."""

import queue
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from pyspark import AccumulatorParam

from lib.metrics import ScoreCounts
from lib.search.engine import Score
from lib.search.families import Candidate

Found = list[tuple[list[Candidate], dict[str, float]]]
"""Groups of candidates that are the same model, with its metrics."""


def metrics_of(labels: npt.NDArray[np.uint8], scores: npt.NDArray[np.float64]) -> dict[str, float]:
    """The metrics of a model from the labels and scores of rows."""
    return ScoreCounts.from_arrays(labels, scores).summary()


def shared(found: Found, seconds: float) -> Iterator[Score]:
    """A score for each candidate, with an equal share of the total seconds."""
    count = sum(len(candidates) for candidates, _ in found)
    for candidates, metrics in found:
        for candidate in candidates:
            yield Score(candidate, metrics, seconds / count)


class Arrivals(AccumulatorParam[list[Score]]):
    """Accumulates lists of scores; on the driver, each update goes to the inbox at once."""

    def __init__(self, inbox: "queue.Queue[Sequence[Score] | None] | None" = None):
        self._inbox = inbox

    def __reduce__(self) -> tuple[type, tuple[Any, ...]]:
        """Pickle without the inbox: tasks have none."""
        return Arrivals, ()

    def zero(self, value: list[Score]) -> list[Score]:
        """See `AccumulatorParam.zero`."""
        return []

    def addInPlace(self, value1: list[Score], value2: list[Score]) -> list[Score]:
        """See `AccumulatorParam.addInPlace`."""
        if self._inbox is not None:
            self._inbox.put(list(value2))
            return value1
        return value1 + value2
