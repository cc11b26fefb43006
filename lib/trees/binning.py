"""Binning: Spark ML's thresholds, and the rows binned by them.

Source: Spark 3.5, `RandomForest.findSplits`, with its sampling: above max(maxBins², 10,000) rows the thresholds are
computed from a sample. It is drawn as Spark draws it from a table in one partition, with Spark's generator, so that
such a table gives the same thresholds; from several partitions Spark draws a different sample of the same size.
"""

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from lib.trees.compiled import applying

Floats = npt.NDArray[np.float64]
Bins = npt.NDArray[np.unsignedinteger]

_MIN_SAMPLE = 10_000
_MASK = 2**64 - 1


def effective_bins(max_bins: int, rows: int) -> int:
    """Spark ML never makes more bins than there are training rows."""
    return min(max_bins, rows)


def sample_fraction(max_bins: int, rows: int) -> float:
    """The fraction of the training rows that thresholds are computed from."""
    bins = effective_bins(max_bins, rows)
    square = (bins * bins + 2**31) % 2**32 - 2**31  # Spark multiplies 32-bit integers
    wanted = max(square, _MIN_SAMPLE)
    return wanted / rows if wanted < rows else 1.0


def sample_rows(max_bins: int, rows: int, seed: int) -> npt.NDArray[np.int64]:
    """The training rows that thresholds are computed from, as ascending positions in the canonical order."""
    fraction = sample_fraction(max_bins, rows)
    if fraction >= 1:
        return np.arange(rows, dtype=np.int64)
    # What RDD.sample does with the seed: one for the job, then one for the first partition.
    of_job = _as_int32(_XorShift(seed).next_bits(32))
    random = _XorShift(_first_java_long(of_job))
    if fraction > 0.4:
        return np.array([row for row in range(rows) if random.next_double() <= fraction], np.int64)
    log_miss = math.log1p(-fraction)
    chosen: list[int] = []
    row = -1
    while True:
        row += 1 + int(math.log(max(random.next_double(), 5e-11)) / log_miss)
        if row >= rows:
            return np.array(chosen, np.int64)
        chosen.append(row)


def find_thresholds(values: Floats, weights: Floats, max_bins: int, rows: int, total_weight: float) -> list[Floats]:
    """The thresholds of each feature, ascending; none for a constant feature.

    `values` (sampled rows × features) and `weights` belong to the rows given by `sample_rows`, in that order; `rows`
    and `total_weight` are for all training rows.
    """
    n_splits = effective_bins(max_bins, rows) - 1
    expected = sample_fraction(max_bins, rows) * total_weight
    return [_thresholds(values[:, f], weights, n_splits, expected) for f in range(values.shape[1])]


def _thresholds(column: Floats, weights: Floats, n_splits: int, expected: float) -> Floats:
    """Thresholds of one feature; `expected` is the weight that the sample should have."""
    nonzero = column != 0.0
    distinct, place = np.unique(column[nonzero], return_inverse=True)
    if len(distinct) == 0:
        return np.empty(0)
    counts = np.bincount(place, weights=weights[nonzero])
    # Spark estimates the weight of zeros as the expected weight minus that of the other values. This is exact for a
    # whole table; for a random-size sample the estimate is off by a few zeros.
    zeros = expected - np.cumsum(counts)[-1]
    if zeros > 2.0**-52 * 100 * nonzero.sum():
        at = int(np.searchsorted(distinct, 0.0))
        distinct, counts = np.insert(distinct, at, 0.0), np.insert(counts, at, zeros)
    if len(distinct) - 1 <= n_splits:
        return (distinct[:-1] + distinct[1:]) / 2.0
    found: Floats = applying.quantile_thresholds(distinct, counts, expected / (n_splits + 1))
    return found


def bin_type(max_bins: int) -> type[np.uint8] | type[np.uint16]:
    """The smallest integers that hold a bin."""
    return np.uint8 if max_bins <= 256 else np.uint16


def bin_columns(columns: Sequence[Floats], thresholds: Sequence[Floats], max_bins: int) -> Bins:
    """Bins (rows × features) of the columns of a table: value <= threshold goes to the lower bin."""
    bins: Bins = np.empty((len(columns[0]), len(columns)), bin_type(max_bins))
    for feature, (values, limits) in enumerate(zip(columns, thresholds, strict=True)):
        applying.bin_column(np.ascontiguousarray(values, dtype=np.float64), limits, bins, feature)
    return bins


class _XorShift:
    """Spark's generator: `org.apache.spark.util.random.XORShiftRandom`."""

    def __init__(self, seed: int):
        content = (seed & _MASK).to_bytes(8, "big")
        low = _murmur3(content, 0x3C074A61)  # scala.util.hashing.MurmurHash3.arraySeed
        self._state = _murmur3(content, low) << 32 | low

    def next_bits(self, bits: int) -> int:
        state = self._state
        state ^= state << 21 & _MASK
        state ^= state >> 35
        state ^= state << 4 & _MASK
        self._state = state
        return state & ((1 << bits) - 1)

    def next_double(self) -> float:
        return ((self.next_bits(26) << 27) + self.next_bits(27)) * 2.0**-53


def _first_java_long(seed: int) -> int:
    """The first `nextLong` of a `java.util.Random`."""
    state = (seed ^ 0x5DEECE66D) & (2**48 - 1)
    halves = []
    for _ in range(2):
        state = (state * 0x5DEECE66D + 0xB) & (2**48 - 1)
        halves.append(_as_int32(state >> 16))
    return (halves[0] << 32) + halves[1]


def _as_int32(value: int) -> int:
    return (value + 2**31) % 2**32 - 2**31


def _murmur3(content: bytes, seed: int) -> int:
    """MurmurHash3 (32 bits) of whole words."""
    mask = 2**32 - 1

    def rotated(value: int, by: int) -> int:
        return (value << by | value >> 32 - by) & mask

    state = seed
    for at in range(0, len(content), 4):
        word = int.from_bytes(content[at : at + 4], "little") * 0xCC9E2D51 & mask
        state ^= rotated(word, 15) * 0x1B873593 & mask
        state = (rotated(state, 13) * 5 + 0xE6546B64) & mask
    state ^= len(content)
    state = (state ^ state >> 16) * 0x85EBCA6B & mask
    state = (state ^ state >> 13) * 0xC2B2AE35 & mask
    return state ^ state >> 16
