"""How far the features of new rows have moved from those of the training rows, one feature at a time.

Tables are arrays of rows × features (float64) without NaN or infinite values. A feature that keeps its distribution
may still stand in new combinations with others; `lib.measures.applicability` looks at those.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from lib.errors import InputError
from lib.metrics import Array

WASSERSTEIN_MARK = 0.1
# As many rows drawn like the training rows are farther from them than this many times `by_chance` once in forty draws.
_BEYOND_CHANCE = 2
PSI_SOME = 0.1
PSI_STRONG = 0.25
PSI_BINS = 10
# The share that stands for 0 in the index, whose logarithm would be infinite.
PSI_LEAST_SHARE = 1e-4


def drift(
    train: Array, new: Array, features: Sequence[str], importances: Mapping[str, float] | None = None
) -> list[dict[str, Any]]:
    """One record for each feature, the most worrying first. No figure is NaN or infinite.

    - `feature`: its name.
    - `wasserstein`: the 1-Wasserstein distance between both distributions (the area between their cumulative shares)
      in standard deviations of the training rows (n). None if the training rows all have one value and the new ones
      have others: there is no unit to measure in.
    - `by_chance`: the `wasserstein` to expect of as many new rows drawn like the training rows (see `_by_chance`).
    - `ks`: the two-sample Kolmogorov-Smirnov statistic, the largest difference of the cumulative shares.
    - `psi`: the population stability index (see `stability_index`), and `level`, its usual reading: `none` below 0.1,
      `some` below 0.25, else `strong`.
    - `outside`: the share of the new rows below the least or above the greatest training value.
    - `marked`: whether `wasserstein` is at least `WASSERSTEIN_MARK`, or None.

    They are sorted by `wasserstein` × importance, where None counts as infinite, and a feature that `importances` does
    not name as 0; without importances by `wasserstein` alone. Equal ones keep the order of `features`.

    Raises:
        InputError: a table has no rows.
    """
    for rows, name in ((train, "training rows"), (new, "new rows")):
        if not len(rows):
            raise InputError(f"no {name} to compare the features of: give a table with rows")
    records = [_compare(name, train[:, place], new[:, place]) for place, name in enumerate(features)]
    return ranked(records, importances)


def ranked(records: Sequence[dict[str, Any]], importances: Mapping[str, float] | None) -> list[dict[str, Any]]:
    """The records of `drift` in its order."""

    def worry(record: dict[str, Any]) -> float:
        importance = 1.0 if importances is None else importances.get(record["feature"], 0.0)
        distance = float("inf") if record["wasserstein"] is None else record["wasserstein"]
        return distance * importance if importance else 0.0

    return sorted(records, key=worry, reverse=True)


def is_beyond_chance(record: Mapping[str, Any]) -> bool:
    """Whether a feature is marked, and its distance larger than so few rows have by chance."""
    if not record["marked"] or record["wasserstein"] is None:
        return bool(record["marked"])
    return bool(record["wasserstein"] > _BEYOND_CHANCE * (record["by_chance"] or 0.0))


def stability_index(train: Array, new: Array) -> float:
    """The population stability index of one feature, over bins between the training deciles.

    The sum over the bins of (new - train) × ln(new / train), where both are the bin's shares of the rows (Siddiqi,
    Credit Risk Scorecards, 2006). Equal deciles are one limit, a value at a limit belongs to the bin below it, and the
    first and last bins are open. A share below `PSI_LEAST_SHARE` counts as that.
    """
    limits = psi_limits(train)

    def shares(values: Array) -> Array:
        return np.bincount(np.searchsorted(limits, values), minlength=len(limits) + 1) / len(values)

    return index_of_shares(shares(train), shares(new))


def psi_limits(train: Array) -> Array:
    """The limits between the bins of the stability index."""
    return np.unique(np.quantile(train, np.arange(1, PSI_BINS) / PSI_BINS))


def index_of_shares(before: Array, after: Array) -> float:
    """The stability index of the shares of the rows in each bin."""
    before, after = (np.maximum(shares, PSI_LEAST_SHARE) for shares in (before, after))
    return float(np.sum((after - before) * np.log(after / before)))


def as_record(
    name: str, train: Array, n_new: int, *, distance: float, ks: float, psi: float, outside: float
) -> dict[str, Any]:
    """The record of a feature (see `drift`); `distance` is in the feature's own unit."""
    wasserstein = _in_deviations(distance, train)
    return {
        "feature": name,
        "wasserstein": wasserstein,
        "by_chance": _in_deviations(_by_chance(train, n_new), train),
        "ks": ks,
        "psi": psi,
        "level": "none" if psi < PSI_SOME else "some" if psi < PSI_STRONG else "strong",
        "outside": outside,
        "marked": wasserstein is None or wasserstein >= WASSERSTEIN_MARK,
    }


def _compare(name: str, train: Array, new: Array) -> dict[str, Any]:
    low, high = float(train.min()), float(train.max())
    distance, ks = _distances(train, new)
    outside = float(np.mean((new < low) | (new > high)))
    psi = stability_index(train, new)
    return as_record(name, train, len(new), distance=distance, ks=ks, psi=psi, outside=outside)


def _distances(train: Array, new: Array) -> tuple[float, float]:
    """The 1-Wasserstein distance in the feature's own unit, and the Kolmogorov-Smirnov statistic."""
    values = np.sort(np.concatenate([train, new]))
    # Shares of the rows at or below each value; up to the next value they stay.
    both = [np.searchsorted(np.sort(rows), values, side="right") / len(rows) for rows in (train, new)]
    apart = np.abs(both[0] - both[1])
    return float(np.sum(apart[:-1] * np.diff(values))), float(apart.max())


def _by_chance(train: Array, n_new: int) -> float:
    """The distance to expect of rows drawn from the same distribution, in the feature's own unit.

    At each value the difference of the two cumulative shares F is close to normal, with variance F (1 - F) times
    (1 / n + 1 / m) for n and m rows, and the mean of its absolute value is √(2 / π) standard deviations.
    """
    values = np.sort(train)
    share = np.arange(1, len(values)) / len(values)
    spread = float(np.sum(np.sqrt(share * (1 - share)) * np.diff(values)))
    return spread * float(np.sqrt(2 / np.pi * (1 / len(values) + 1 / n_new)))


def _in_deviations(distance: float, train: Array) -> float | None:
    """The distance in standard deviations of the training rows, None if that is no finite number."""
    if not distance:
        return 0.0
    # The deviation of equal values may differ from 0 by rounding.
    deviation = float(np.std(train)) if train.min() < train.max() else 0.0
    with np.errstate(all="ignore"):
        result = float(np.float64(distance) / deviation)
    return result if np.isfinite(result) else None
