"""Where a model can be trusted: the area of applicability of Meyer and Pebesma.

Methods in Ecology and Evolution 12 (2021), https://doi.org/10.1111/2041-210X.13650, computed as their R package CAST
does. A row's dissimilarity index (DI) is its distance to the nearest training row, in units of the mean distance
between training rows. Rows whose index is higher than that of nearly all training rows are outside the area: there the
errors measured on held-out rows say nothing.

Tables are arrays of rows × features (float64) without NaN or infinite values, always with the features in the same
order.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from lib.errors import InputError
from lib.metrics import Array
from lib.trees.nearest import Nearest, make_nearest

# Distances held at once: 100 rows × 5,000 training rows are 4 MB, which stay in the processor's cache.
_CELLS = 500_000


@dataclass(frozen=True, eq=False)
class Applicability:
    """What the training rows say about others.

    Attributes:
        mean: of each feature over the training rows.
        deviation: the standard deviation of each feature (n - 1).
        weights: what each standardised feature is multiplied by; 0 if it is constant in the training rows.
        mean_distance: the mean over the training rows of the mean distance to the other training rows, the unit of DI.
        threshold: the highest DI inside the area.
        scaled: the training rows, standardised and weighted (rows × features).
    """

    mean: Array
    deviation: Array
    weights: Array
    mean_distance: float
    threshold: float
    scaled: Array

    @classmethod
    def fit(
        cls, train: Array, weights: Array | None = None, folds: npt.NDArray[np.int64] | None = None
    ) -> "Applicability":
        """Measure the training rows; the time grows with the square of their number (5,000 take a second).

        `weights` are the features' importances; a negative one counts as 0, None as 1 for all. `folds` is a number for
        each row, such as its zone's: the DI of a training row is then that to the nearest row of another fold, as new
        rows lie in other places. The threshold is the `upper_fence` of these DI.

        Raises:
            InputError: there are fewer than two training rows, all are in one fold, or they do not differ in any
                feature with a weight.
        """
        if len(train) < 2:
            raise InputError("the area of applicability needs at least two training rows")
        if folds is not None and (folds == folds[0]).all():
            raise InputError("all training rows are in one fold: give rows of several folds, or none")
        mean, deviation = train.mean(axis=0), train.std(axis=0, ddof=1)
        # The deviation of equal values may differ from 0 by rounding.
        varies = train.min(axis=0) < train.max(axis=0)
        used = np.where(varies, 1.0 if weights is None else np.maximum(weights, 0.0), 0.0)
        scaled = _scaled(train, mean, deviation, used)
        nearest, mean_distance = _among_themselves(scaled, np.arange(len(train)) if folds is None else folds)
        if not mean_distance:
            raise InputError("the training rows do not differ in any feature that has a weight: nothing is unlike them")
        return cls(mean, deviation, used, mean_distance, upper_fence(nearest / mean_distance), scaled)

    def index(self, new: Array) -> Array:
        """The dissimilarity index of each row: 0 for a copy of a training row, without upper limit."""
        scaled = _scaled(new, self.mean, self.deviation, self.weights)
        return np.sqrt(self._training_rows.squares(scaled)) / self.mean_distance

    def inside(self, new: Array) -> npt.NDArray[np.bool_]:
        """Whether each row is inside the area: its index is at most the threshold."""
        return self.index(new) <= self.threshold

    def as_dict(self) -> dict[str, Any]:
        """All but the training rows as plain values, for JSON."""
        return {
            "mean": self.mean.tolist(),
            "deviation": self.deviation.tolist(),
            "weights": self.weights.tolist(),
            "mean_distance": self.mean_distance,
            "threshold": self.threshold,
        }

    @cached_property
    def _training_rows(self) -> Nearest:
        """Laid out once, for all rows that are compared with them."""
        return make_nearest(np.unique(self.scaled, axis=0))

    @classmethod
    def from_dict(cls, record: Mapping[str, Any], scaled: Array) -> "Applicability":
        """What `as_dict` described, with its training rows (`scaled`)."""
        columns = {name: np.array(record[name], np.float64) for name in ("mean", "deviation", "weights")}
        return cls(**columns, mean_distance=record["mean_distance"], threshold=record["threshold"], scaled=scaled)


def _scaled(rows: Array, mean: Array, deviation: Array, weights: Array) -> Array:
    """The rows standardised and weighted. The same row always gives the same values, so its distance is exactly 0."""
    factor = np.divide(weights, deviation, out=np.zeros_like(weights), where=weights > 0)
    return (rows - mean) * factor


def upper_fence(values: Array) -> float:
    """The highest value but for outliers (Tukey): the upper quartile plus 1.5 times the distance between the quartiles,
    and at most the highest value.
    """
    lower, upper = np.quantile(values, [0.25, 0.75])
    return float(min(upper + 1.5 * (upper - lower), values.max()))


def _among_themselves(rows: Array, folds: npt.NDArray[np.int64]) -> tuple[Array, float]:
    """Distance of each row to the nearest of another fold, and the mean of the rows' mean distances to all others."""
    nearest, total, start = [], 0.0, 0
    for block in _blocks(rows, len(rows)):
        distances = np.zeros((len(block), len(rows)))
        for feature in range(rows.shape[1]):
            distances += np.subtract.outer(block[:, feature], rows[:, feature]) ** 2
        np.sqrt(distances, out=distances)
        total += float(distances.sum())
        same = folds[start : start + len(block), None] == folds
        nearest.append(np.where(same, np.inf, distances).min(axis=1))
        start += len(block)
    return np.concatenate(nearest), total / (len(rows) * (len(rows) - 1))


def _blocks(rows: Array, n_train: int) -> Iterator[Array]:
    """The rows in blocks, so that memory does not grow with their number."""
    step = max(1, _CELLS // n_train)
    for start in range(0, len(rows), step):
        yield rows[start : start + step]
