"""Scores as probabilities: isotonic calibration, and how far scores are from the shares they promise.

Everything follows from `lib.metrics.ScoreCounts`. A set of probabilities is one value per distinct score, in the order
of `counts.scores`; without one, the scores themselves are taken as probabilities.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from lib.errors import InputError
from lib.metrics import Array, ScoreCounts

BINS = 10
# A probability of 0 or 1 that is wrong would cost infinitely much; scikit-learn keeps the same distance from both.
_LEAST = float(np.finfo(np.float64).eps)


@dataclass(frozen=True, eq=False)
class Isotonic:
    """A calibration that never falls: straight lines between knots, constant below the first and above the last.

    `scores` are the knots' scores, ascending and distinct, and `probabilities` their calibrated values in [0, 1].
    The same function as scikit-learn's `IsotonicRegression(y_min=0, y_max=1, out_of_bounds="clip")`.
    """

    scores: Array
    probabilities: Array

    @classmethod
    def fit(cls, counts: ScoreCounts) -> "Isotonic":
        """Fit to the rows by pooling adjacent violators (Ayer et al., Annals of Mathematical Statistics 26, 1955).

        Raises:
            InputError: there are no rows.
        """
        if not counts.rows:
            raise InputError("no rows to calibrate the scores on: give a table with rows of both classes")
        rows = counts.positives + counts.negatives
        ascending = np.flatnonzero(rows)[::-1]
        scores = counts.scores[ascending]
        starts, shares = _pooled(counts.positives[ascending], rows[ascending])
        ends = np.append(starts[1:], len(scores)) - 1
        # A block is flat between its first and its last score. If both are the same, it is one knot.
        wide = ends > starts
        at = np.concatenate([starts, ends[wide]])
        order = np.argsort(at)
        return cls(scores[at][order], np.concatenate([shares, shares[wide]])[order])

    def __call__(self, scores: npt.ArrayLike) -> Array:
        """The calibrated probabilities of scores of any shape."""
        # Rounding in the interpolation must not lead out of [0, 1].
        values = np.interp(np.asarray(scores, dtype=np.float64), self.scores, self.probabilities)
        return np.clip(values, 0.0, 1.0)

    def apply(self, counts: ScoreCounts) -> Array:
        """The calibrated probability of each distinct score, in their order."""
        return self(counts.scores)

    def as_dict(self) -> dict[str, list[float]]:
        """The knots as plain lists, for JSON."""
        return {"scores": self.scores.tolist(), "probabilities": self.probabilities.tolist()}

    @classmethod
    def from_dict(cls, record: Mapping[str, Any]) -> "Isotonic":
        """The calibration that `as_dict` described."""
        return cls(np.array(record["scores"], np.float64), np.array(record["probabilities"], np.float64))


def brier(counts: ScoreCounts, probabilities: Array | None = None) -> float:
    """Brier score: mean squared difference between probability and class, from 0 (perfect) to 1; NaN without rows."""
    chance = counts.scores if probabilities is None else probabilities
    return _mean(counts, (1 - chance) ** 2, chance**2)


def log_loss(counts: ScoreCounts, probabilities: Array | None = None) -> float:
    """Mean negative natural logarithm of the probability given to the true class; NaN without rows.

    Probabilities below 2.2e-16 (the spacing of doubles at 1) count as that, as in scikit-learn.
    """
    chance = counts.scores if probabilities is None else probabilities
    return _mean(counts, -np.log(np.clip(chance, _LEAST, 1)), -np.log(np.clip(1 - chance, _LEAST, 1)))


def reliability(counts: ScoreCounts, probabilities: Array | None = None, bins: int = BINS) -> list[dict[str, float]]:
    """Promised and true shares of class 1 in bins of equal width, without the empty ones.

    Each record holds the bin's limits `from` (excluded, except 0) and `to` (included), its `rows`, the `mean`
    probability of these rows and the `share` of them that is of class 1. The bins are those of scikit-learn's
    `calibration_curve(strategy="uniform")`. Where rows are weighted, so are `mean` and `share`, and `weight` is the
    weight of the bin's rows.
    """
    chance = counts.scores if probabilities is None else probabilities
    edges = np.linspace(0.0, 1.0, bins + 1)
    place = np.searchsorted(edges[1:-1], chance)
    weight = counts.positives + counts.negatives
    counted = counts.by_rows.positives + counts.by_rows.negatives

    def total(values: Array) -> Array:
        return np.bincount(place, weights=values, minlength=bins).astype(np.float64)

    sums = (total(values) for values in (counted, weight, weight * chance, counts.positives))
    return [
        {
            "from": float(low),
            "to": float(high),
            "rows": int(n),
            "mean": float(mass / heavy),
            "share": float(ones / heavy),
            **({"weight": float(heavy)} if counts.is_weighted else {}),
        }
        for low, high, n, heavy, mass, ones in zip(edges[:-1], edges[1:], *sums, strict=True)
        if n
    ]


def _mean(counts: ScoreCounts, of_positive: Array, of_negative: Array) -> float:
    """Mean over the rows of a loss that is given for each distinct score and class; NaN without rows."""
    if not counts.rows:
        return float("nan")
    return float((counts.positives @ of_positive + counts.negatives @ of_negative) / counts.weight)


def _pooled(positives: Array, rows: Array) -> tuple[npt.NDArray[np.int64], Array]:
    """First place and share of class 1 of each block, for counts by ascending score."""
    starts: list[int] = []
    ones: list[float] = []
    sizes: list[float] = []
    for place, (one, size) in enumerate(zip(positives.tolist(), rows.tolist(), strict=True)):
        start = place
        # The shares are compared by products of whole numbers, so equal shares are seen as equal.
        while starts and ones[-1] * size >= one * sizes[-1]:
            start = starts.pop()
            one += ones.pop()
            size += sizes.pop()
        starts.append(start)
        ones.append(one)
        sizes.append(size)
    return np.array(starts, np.int64), np.array(ones) / np.array(sizes)
