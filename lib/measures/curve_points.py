"""The points of a curve that are worth keeping for a plot."""

import itertools

import numpy as np
import numpy.typing as npt

from lib.metrics import Array

MOST_POINTS = 1000


def kept(x: Array, y: Array) -> npt.NDArray[np.int64]:
    """Places of at most `MOST_POINTS` points of a curve, with the first and the last; for a plot, not for an area.

    They lie evenly along the drawn line: by rank of the score, nearly all points would lie where rows are many, which
    for a rare class is at recall 1. Each piece between two of them also keeps its point farthest from the straight
    line, which is its corner if it has one.
    """
    if len(x) <= MOST_POINTS:
        return np.arange(len(x))
    along = np.concatenate([[0.0], np.cumsum(np.hypot(np.diff(x), np.diff(y)))])
    even = np.searchsorted(along, np.linspace(0, along[-1], MOST_POINTS // 2))
    ends = np.unique([0, *even, len(x) - 1])
    corners = [_farthest(x, y, start, end) for start, end in itertools.pairwise(ends)]
    return np.unique([*ends, *corners])


def _farthest(x: Array, y: Array, start: int, end: int) -> int:
    """The point from `start` up to `end` that is farthest from the straight line between these two."""
    across, up = x[end] - x[start], y[end] - y[start]
    piece = slice(start, end)
    return int(start + np.argmax(np.abs(across * (y[piece] - y[start]) - up * (x[piece] - x[start]))))
