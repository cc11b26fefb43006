"""The arithmetic behind the figures: growth, extrapolation, agreement."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import sqrt

import numpy as np


def exponent(rows: Sequence[float], seconds: Sequence[float]) -> float:
    """The b of seconds = a · rows^b, by least squares on logarithms; 1 is linear growth."""
    return float(np.polyfit(np.log(rows), np.log(seconds), 1)[0])


@dataclass(frozen=True)
class Line:
    """seconds = start + each · size, where size is numTrees or maxIter."""

    start: float
    each: float

    def at(self, size: float) -> float:
        """Seconds at a size."""
        return self.start + self.each * size


def line(seconds_by_size: Mapping[int, float]) -> Line:
    """The line through measured seconds; through the origin if only one size was measured.

    A start below 0 is noise: then the line goes through the origin and the largest size.
    """
    if len(seconds_by_size) > 1:
        each, start = np.polyfit(list(seconds_by_size), list(seconds_by_size.values()), 1)
        if start >= 0 and each >= 0:
            return Line(float(start), float(each))
    largest = max(seconds_by_size)
    return Line(0.0, seconds_by_size[largest] / largest)


@dataclass(frozen=True)
class Agreement:
    """Differences of a metric between two engines, seed by seed: how many, their mean, its standard error."""

    count: int
    mean: float
    standard_error: float

    # Differences that come only from the order of sums.
    NEGLIGIBLE = 1e-9

    @property
    def within(self) -> bool:
        """Whether the mean is no more than two standard errors from 0."""
        return abs(self.mean) <= max(2 * self.standard_error, self.NEGLIGIBLE)


def agreement(differences: Sequence[float]) -> Agreement:
    """Mean and standard error of two or more differences."""
    values = np.asarray(differences, float)
    return Agreement(len(values), float(values.mean()), float(values.std(ddof=1)) / sqrt(len(values)))
