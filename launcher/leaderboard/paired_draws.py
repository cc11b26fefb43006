"""A paired bootstrap: the figures of two models on the same draws of the same rows.

A draw takes whole clusters with replacement, as many as there are: zones, or groups of rows that repeat each other, of
which most have a single row. Both models are measured on its rows, so what they find hard alike cancels out in the
difference. The figures are those of `lib.measures.intervals`, and are exact: no scores are put together.

An interval is the difference on the rows themselves, give or take its standard error over the draws by Student's t.
Draws of n clusters vary less than samples do, by (n - 1) / n, and with few of them their spread is itself uncertain;
the percentiles of the draws allow for neither (Hesterberg, The American Statistician 69, 2015).
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from lib.measures.intervals import DRAWS, Z95, areas_of_draws
from lib.metrics import Array, decisions_of_draws

# Draws × rows held at once: 16 MB an array.
_CELLS = 2_000_000
# Draws that agree differ by rounding alone.
_NO_WIDTH = 1e-12
# Above so many degrees of freedom, a series gives Student's t to eight digits.
_MANY = 200


@dataclass(frozen=True)
class Scored:
    """One model's scores of the rows, its own threshold, and the calibrated probabilities if it has a calibration."""

    scores: Array
    threshold: float
    calibrated: Array | None = None


class _Measure:
    """Measures a model on draws of the rows, which are put in the order of its scores once."""

    def __init__(self, labels: Array, model: Scored):
        self._order = np.argsort(-model.scores, kind="stable")
        scores = model.scores[self._order]
        self._is_one = labels[self._order]
        self._starts = np.flatnonzero(np.concatenate([[True], scores[1:] != scores[:-1]]))
        # How many of the distinct scores are above the threshold.
        self._marked = int(np.searchsorted(-scores[self._starts], -model.threshold, side="left"))
        chances = {"brier": model.scores}
        if model.calibrated is not None:
            chances["calibrated.brier"] = model.calibrated
        self._losses = {name: (chance - labels) ** 2 for name, chance in chances.items()}

    def figures(self, weights: Array) -> dict[str, Array]:
        """The figures of each draw, whose `weights` (draws × rows) say how often it has each row.

        A figure is NaN where a draw leaves it undefined. `brier` is of the score taken as a probability, and
        `calibrated.brier` of the calibrated one, where there is one.
        """
        drawn = weights[:, self._order]
        of_ones = drawn * self._is_one
        ones, both = (np.add.reduceat(each, self._starts, axis=1) for each in (of_ones, drawn))
        zeros = both - ones
        found, alarms = np.cumsum(ones, axis=1), np.cumsum(zeros, axis=1)
        roc, pr, average = areas_of_draws(ones, zeros, found, alarms)
        none = np.zeros(len(weights))
        tp, fp = (sums[:, self._marked - 1] if self._marked else none for sums in (found, alarms))
        of_decisions = decisions_of_draws(alarms[:, -1] - fp, fp, found[:, -1] - tp, tp)
        losses = {name: weights @ each / weights.sum(axis=1) for name, each in self._losses.items()}
        return {"areaUnderROC": roc, "areaUnderPR": pr, "average_precision": average, **of_decisions, **losses}


def figures(labels: Array, model: Scored, weights: Array | None = None) -> dict[str, float]:
    """The figures of a model on the rows themselves."""
    of_rows = np.ones(len(labels)) if weights is None else weights
    return {name: float(values[0]) for name, values in _Measure(labels, model).figures(of_rows[None, :]).items()}


def differences(
    labels: Array,
    a: Scored,
    b: Scored,
    clusters: npt.NDArray[np.int64],
    seed: int,
    weights: Array | None = None,
    draws: int = DRAWS,
) -> dict[str, tuple[float, float] | None]:
    """The 95 % interval of the difference B - A of each figure.

    `clusters` has a number for each row. The order of the rows does not matter, as long as the clusters keep their
    numbers. A draw in which a figure is undefined for either model does not count for it. None: the figure is undefined
    on the rows themselves, all draws agree, or there is one cluster.
    """
    found: dict[str, list[Array]] = {}
    of_a, of_b = _Measure(labels, a), _Measure(labels, b)
    for times in _drawn(clusters, seed, draws):
        of_rows = times if weights is None else times * weights
        drawn_a, drawn_b = of_a.figures(of_rows), of_b.figures(of_rows)
        for name in drawn_a.keys() & drawn_b.keys():
            found.setdefault(name, []).append(drawn_b[name] - drawn_a[name])
    whole = np.ones((1, len(labels))) if weights is None else weights[None, :]
    figures_a, figures_b = of_a.figures(whole), of_b.figures(whole)
    count = len(np.unique(clusters))
    return {
        name: _bounds(float(figures_b[name][0] - figures_a[name][0]), np.concatenate(parts), count)
        for name, parts in found.items()
    }


def errors_to_a_bound(clusters: int) -> float:
    """How many standard errors over draws of so many clusters are between a figure and each bound of its interval."""
    return math.sqrt(clusters / (clusters - 1)) * student_95(clusters - 1)


def student_95(degrees: int) -> float:
    """The 97.5 % point of Student's t (Abramowitz and Stegun, 26.7.3, 26.7.4 and 26.7.5)."""
    if degrees > _MANY:
        z, n = Z95, degrees
        return z + (z**3 + z) / (4 * n) + (5 * z**5 + 16 * z**3 + 3 * z) / (96 * n**2)
    low, high = 0.0, 13.0  # the point of one degree of freedom is 12.7
    while high - low > 1e-12:
        middle = (low + high) / 2
        low, high = (middle, high) if _within(middle, degrees) < 0.95 else (low, middle)
    return high


def _within(t: float, degrees: int) -> float:
    """The probability that Student's t is between -t and t."""
    angle = math.atan(t / math.sqrt(degrees))
    is_odd = degrees % 2
    term, terms = (math.cos(angle) if is_odd else 1.0), 0.0
    for power in range(is_odd, degrees - 1, 2):
        terms += term
        term *= (power + 1) / (power + 2) * math.cos(angle) ** 2
    return 2 / math.pi * (angle + math.sin(angle) * terms) if is_odd else math.sin(angle) * terms


def _drawn(clusters: npt.NDArray[np.int64], seed: int, draws: int) -> Iterator[Array]:
    """How often each draw has each row (draws × rows), some draws at a time."""
    place = np.unique(clusters, return_inverse=True)[1]
    count, generator = int(place.max()) + 1, np.random.default_rng(seed)
    step = max(1, _CELLS // len(place))
    for start in range(0, draws, step):
        size = min(step, draws - start)
        chosen = generator.integers(count, size=(size, count))
        flat = (chosen + count * np.arange(size)[:, None]).ravel()
        times = np.bincount(flat, minlength=count * size).reshape(size, count)
        yield times[:, place].astype(np.float64)


def _bounds(difference: float, draws: Array, clusters: int) -> tuple[float, float] | None:
    known = draws[~np.isnan(draws)]
    if math.isnan(difference) or len(known) < 2 or clusters < 2:
        return None
    error = float(np.std(known, ddof=1))
    margin = error * errors_to_a_bound(clusters)
    return (difference - margin, difference + margin) if error > _NO_WIDTH else None
