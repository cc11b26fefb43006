"""DeLong's paired test of two areas under the ROC curve (DeLong, DeLong and Clarke-Pearson, Biometrics 44, 1988).

The placements come from midranks (Sun and Xu, IEEE Signal Processing Letters 21, 2014): n log n steps, not one for each
pair of rows. Rows that are not independent, because they repeat each other, count as one cluster (Obuchowski,
Biometrics 53, 1997). Where no row repeats another this is DeLong's own variance.
"""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from lib.measures.intervals import Z95
from lib.metrics import Array

Places = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Areas:
    """The areas of A and B, the difference B - A with its standard error, and the p of no difference.

    The error is 0 where both models put the rows of the two classes in the same order, or tell all of them apart.
    Then there is neither an interval nor a p.
    """

    a: float
    b: float
    error: float

    @property
    def difference(self) -> float:
        """How much greater the area of B is."""
        return self.b - self.a

    @property
    def interval(self) -> tuple[float, float] | None:
        """The 95 % interval of the difference, None where the error is 0."""
        margin = Z95 * self.error
        return (self.difference - margin, self.difference + margin) if self.error else None

    @property
    def p(self) -> float | None:
        """The probability, if the areas were equal, of a difference as great as this; None where the error is 0."""
        if not self.error:
            return None
        return math.erfc(abs(self.difference) / self.error / math.sqrt(2))


def compare(labels: Array, a: Array, b: Array, clusters: Places | None = None) -> Areas | None:
    """Compare the scores `a` and `b` of the same rows; None without two rows of each class.

    `labels` are 0 or 1, and rows of equal `clusters` are not independent of each other; by default each is.
    """
    is_one = labels == 1
    which = np.arange(len(labels)) if clusters is None else np.unique(clusters, return_inverse=True)[1]
    if min(_different(which[is_one]), _different(which[~is_one])) < 2:
        return None
    of_a, of_b = (placements(scores[is_one], scores[~is_one]) for scores in (a, b))
    area_a, area_b = (float(of_ones.mean()) for of_ones, _ in (of_a, of_b))
    ones, zeros = of_b[0] - of_a[0], of_b[1] - of_a[1]
    difference = float(ones.mean())
    variance = _variance(ones - difference, zeros - difference, which[is_one], which[~is_one])
    # Rounding leaves a little of a variance that is none.
    error = math.sqrt(variance) if variance > np.finfo(np.float64).eps ** 2 else 0.0
    return Areas(area_a, area_b, error)


def placements(ones: Array, zeros: Array) -> tuple[Array, Array]:
    """For each row of class 1 the share of rows of class 0 that score lower, and for each of class 0 those higher.

    Rows of equal score count half.
    """
    both = midranks(np.concatenate([ones, zeros]))
    of_ones = (both[: len(ones)] - midranks(ones)) / len(zeros)
    of_zeros = 1.0 - (both[len(ones) :] - midranks(zeros)) / len(ones)
    return of_ones, of_zeros


def midranks(values: Array) -> Array:
    """The rank of each value from 1, equal ones sharing the mean of theirs."""
    _, place, count = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(count)
    return np.asarray((last - (count - 1) / 2)[place], np.float64)


def _variance(ones: Array, zeros: Array, of_ones: Places, of_zeros: Places) -> float:
    """The variance of a mean placement, from the deviations of each class's rows and the clusters they are in."""
    size = 1 + int(max(of_ones.max(), of_zeros.max()))
    sums_1 = np.bincount(of_ones, weights=ones, minlength=size)
    sums_0 = np.bincount(of_zeros, weights=zeros, minlength=size)
    parts = (
        _unbiased(_different(of_ones)) * float(sums_1 @ sums_1) / len(ones) ** 2,
        _unbiased(_different(of_zeros)) * float(sums_0 @ sums_0) / len(zeros) ** 2,
        2 * _unbiased(size) * float(sums_1 @ sums_0) / (len(ones) * len(zeros)),
    )
    return sum(parts)


def _unbiased(clusters: int) -> float:
    return clusters / (clusters - 1)


def _different(clusters: Places) -> int:
    return len(np.unique(clusters))
