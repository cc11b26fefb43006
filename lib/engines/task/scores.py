"""What the tasks of a search share: scores of a fit's candidates, and how they reach the driver."""

import queue
from collections.abc import Iterator, Mapping
from typing import Any

from pyspark import AccumulatorParam

from lib.search.engine import FoldScore
from lib.search.families import Candidate

Scores = list[FoldScore[Any]]
Found = list[tuple[list[Candidate], Mapping[str, Any]]]
"""Groups of candidates that are the same model, with what was measured of it."""


def shared(fold: int, found: Found, seconds: float) -> Iterator[FoldScore[Any]]:
    """A score for each candidate, with an equal share of the total seconds."""
    count = sum(len(candidates) for candidates, _ in found)
    for candidates, measured in found:
        for candidate in candidates:
            yield FoldScore(fold, candidate, measured, seconds / count)


class Arrivals(AccumulatorParam[Scores]):
    """Accumulates lists of scores; on the driver, each update goes to the inbox at once."""

    def __init__(self, inbox: "queue.Queue[Scores | None] | None" = None):
        self._inbox = inbox

    def __reduce__(self) -> tuple[type, tuple[Any, ...]]:
        """Pickle without the inbox: tasks have none."""
        return Arrivals, ()

    def zero(self, value: Scores) -> Scores:
        """See `AccumulatorParam.zero`."""
        return []

    def addInPlace(self, value1: Scores, value2: Scores) -> Scores:
        """See `AccumulatorParam.addInPlace`."""
        if self._inbox is not None:
            self._inbox.put(list(value2))
            return value1
        return value1 + value2
