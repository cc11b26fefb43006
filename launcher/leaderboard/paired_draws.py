"""A paired bootstrap: the figures of two models on the same draws of the same rows.

A draw takes whole clusters with replacement, as many as there are: zones, or groups of rows that repeat each other, of
which most have a single row. Both models are measured on its rows, so what they find hard alike cancels out in the
difference. The figures are those of `lib.measures.intervals`, and are exact: no scores are put together.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from lib.measures.intervals import DRAWS, areas_of_draws, decisions_of_draws
from lib.metrics import Array

# Draws × rows held at once: 16 MB an array.
_CELLS = 2_000_000
# Draws that agree differ by rounding alone.
_NO_WIDTH = 1e-12


@dataclass(frozen=True)
class Scored:
    """One model's scores of the rows, ready for weights: `threshold` is the model's own."""

    scores: Array
    threshold: float


def figures_of(labels: Array, model: Scored, weights: Array) -> dict[str, Array]:
    """The figures of a model for each draw, whose `weights` (draws × rows) say how often it has each row.

    A figure is NaN where a draw leaves it undefined. Brier is of the score taken as a probability.
    """
    order = np.argsort(-model.scores, kind="stable")
    scores, is_one = model.scores[order], labels[order]
    starts = np.flatnonzero(np.concatenate([[True], scores[1:] != scores[:-1]]))
    drawn = weights[:, order]
    ones = np.add.reduceat(drawn * is_one, starts, axis=1)
    zeros = np.add.reduceat(drawn * (1 - is_one), starts, axis=1)
    found, alarms = np.cumsum(ones, axis=1), np.cumsum(zeros, axis=1)
    roc, pr, average = areas_of_draws(ones, zeros, found, alarms)
    marked = int(np.searchsorted(-scores[starts], -model.threshold, side="left"))  # scores above the threshold
    tp, fp = (sums[:, marked - 1] if marked else np.zeros(len(weights)) for sums in (found, alarms))
    of_decisions = decisions_of_draws(alarms[:, -1] - fp, fp, found[:, -1] - tp, tp)
    losses = weights @ (model.scores - labels) ** 2 / weights.sum(axis=1)
    areas = {"areaUnderROC": roc, "areaUnderPR": pr, "average_precision": average}
    return {**areas, **of_decisions, "brier": losses}


def figures(labels: Array, model: Scored, weights: Array | None = None) -> dict[str, float]:
    """The figures of a model on the rows themselves."""
    of_rows = np.ones(len(labels)) if weights is None else weights
    return {name: float(values[0]) for name, values in figures_of(labels, model, of_rows[None, :]).items()}


def differences(
    labels: Array,
    a: Scored,
    b: Scored,
    clusters: npt.NDArray[np.int64],
    seed: int,
    weights: Array | None = None,
    draws: int = DRAWS,
) -> dict[str, tuple[float, float] | None]:
    """The 95 % interval of the difference B - A of each figure: the 2.5 % and 97.5 % points over the draws.

    `clusters` has a number for each row. The order of the rows does not matter, as long as the clusters keep their
    numbers. A draw in which a figure is undefined for either model does not count for it. None: no draw counts, or all
    draws agree.
    """
    found: dict[str, list[Array]] = {}
    for times in _drawn(clusters, seed, draws):
        of_rows = times if weights is None else times * weights
        of_a, of_b = (figures_of(labels, model, of_rows) for model in (a, b))
        for name, values in of_b.items():
            found.setdefault(name, []).append(values - of_a[name])
    return {name: _bounds(np.concatenate(parts)) for name, parts in found.items()}


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


def _bounds(values: Array) -> tuple[float, float] | None:
    known = values[~np.isnan(values)]
    if not len(known):
        return None
    low, high = (float(bound) for bound in np.percentile(known, [2.5, 97.5]))
    return (low, high) if high - low > _NO_WIDTH else None
