"""What a model's features do: how much a metric depends on them, and how the score changes with them.

On arrays, with any function that scores rows. Rows are taken in the order given; in the canonical order, the same table
gives the same numbers.
"""

from collections.abc import Callable, Mapping, Sequence
from itertools import chain
from types import MappingProxyType
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from lib.metrics import ScoreCounts

Floats = npt.NDArray[np.float64]
Score = Callable[[Floats], Floats]
"""The probability of class 1 of each row of an array (rows × features)."""

AREAS: Mapping[str, Callable[[ScoreCounts], float]] = MappingProxyType(
    {"areaUnderPR": ScoreCounts.area_under_pr, "areaUnderROC": ScoreCounts.area_under_roc}
)
"""The metrics that an importance can be measured by."""

# Rank correlations are rounded in their last digits: those that equal the limit on paper count.
_ROUNDING = 1e-12
# The grid of a partial dependence leaves out this share of the rows at either end.
_TAIL = 0.05


class Importances(NamedTuple):
    """Of each group of features: the mean drop of the metric, and its standard deviation over the repetitions."""

    mean: Floats
    std: Floats


def permutation_importances(
    score: Score,
    values: Floats,
    labels: npt.ArrayLike,
    metric: str,
    groups: Sequence[Sequence[int]],
    seed: int,
    repeats: int = 10,
    weights: Floats | None = None,
) -> Importances:
    """How much the metric (one of `AREAS`) drops when a group's features are permuted, all by the same permutation.

    `values` is rows × features, `labels` 0 or 1, and a group the positions of features. The draws depend on the seed,
    the group's lowest feature and the repetition alone, so a group's figures do not depend on the others. The standard
    deviation is the population's, as in scikit-learn's `permutation_importance`. With `weights` the metric counts
    rows by them.
    """
    area = AREAS[metric]

    def measured(rows: Floats) -> float:
        return area(ScoreCounts.from_arrays(labels, score(rows), weights))

    usual = measured(values)
    drops = np.empty((len(groups), repeats))
    for number, group in enumerate(groups):
        features = list(group)
        for repetition in range(repeats):
            order = _permutation(len(values), seed, min(features), repetition)
            permuted = values.copy()
            permuted[:, features] = values[order][:, features]
            drops[number, repetition] = usual - measured(permuted)
    return Importances(drops.mean(axis=1), drops.std(axis=1))


def correlated_groups(values: Floats, limit: float = 0.9) -> list[list[int]]:
    """Features grouped by correlation: |Spearman's rank correlation| of at least `limit`, directly or through others.

    `values` is rows × features. The groups are in the order of their first features and may have a single one. A
    constant feature is alone.
    """
    ranks = np.column_stack([_ranks(column) for column in values.T])
    ranks -= ranks.mean(axis=0)
    lengths = np.sqrt((ranks**2).sum(axis=0))
    ranks /= np.where(lengths > 0, lengths, 1.0)  # a constant feature's are all 0, and so are its correlations
    linked = np.abs(ranks.T @ ranks) >= limit - _ROUNDING
    groups: list[list[int]] = []
    for feature in range(values.shape[1]):
        joined = [group for group in groups if linked[feature, group].any()]
        groups = [group for group in groups if group not in joined]
        groups.append(sorted([feature, *chain.from_iterable(joined)]))
    return sorted(groups)


def partial_dependence(
    score: Score, values: Floats, feature: int, grid_points: int = 20, max_rows: int | None = None
) -> tuple[Floats, Floats]:
    """A feature's grid, and the mean score of all rows with the feature set to each of its values.

    As in scikit-learn (`method="brute"`, `kind="average"`), the grid is equally spaced between the 5th and the 95th
    percentile, or it is the distinct values if these are fewer than `grid_points`. If the percentiles are equal, as
    with a feature that is nearly always 0, it goes from the lowest to the highest value. `values` (rows × features) are
    finite; only the first `max_rows` are used.
    """
    rows = values[:max_rows].copy()
    grid = _grid(rows[:, feature], grid_points)
    means = np.empty(len(grid))
    for point, value in enumerate(grid):
        rows[:, feature] = value
        means[point] = score(rows).mean()
    return grid, means


def _permutation(rows: int, seed: int, feature: int, repetition: int) -> npt.NDArray[np.int64]:
    # The legacy generator's stream is the same in every version of numpy. It is seeded with words of 32 bits.
    low, high = seed % 2**32, (seed >> 32) % 2**32
    return np.random.RandomState([low, high, feature, repetition]).permutation(rows)


def _ranks(column: Floats) -> Floats:
    """Ranks from 0; equal values share the mean of theirs."""
    _, place, counts = np.unique(column, return_inverse=True, return_counts=True)
    ends = np.cumsum(counts)
    mean: Floats = (ends - counts + ends - 1) / 2
    return mean[place]


def _grid(column: Floats, points: int) -> Floats:
    ordered = np.sort(column)
    distinct = np.unique(ordered)
    if len(distinct) < points:
        return distinct
    low, high = _quantile(ordered, _TAIL), _quantile(ordered, 1 - _TAIL)
    if low == high:
        low, high = ordered[0], ordered[-1]
    return np.linspace(low, high, points)


def _quantile(ordered: Floats, share: float) -> float:
    """SciPy's `mquantiles` (alphap = betap = 0.4), which scikit-learn takes; numpy's `quantile` has no such method."""
    rank = len(ordered) * share + 0.4 + share * 0.2
    below = int(np.clip(np.floor(rank), 1, len(ordered) - 1))
    part = np.clip(rank - below, 0, 1)
    return float((1 - part) * ordered[below - 1] + part * ordered[below])
