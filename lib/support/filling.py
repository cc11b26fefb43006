"""Medians of the features of some rows, exact, whatever the order and the partitions of the rows.

A median is a value that the column has: of an even number of values the lower of the two in the middle, as Spark ML's
Imputer has it. So it is still the same after a cast to the column's type, which Imputer does when it fills.

The rows are read once if few; of many, a sample cuts each feature's axis into bins, a pass counts the values of each
bin, and another collects those of the bins that medians lie in.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from lib.errors import InputError
from lib.support import tables
from lib.support.workers import quick_to_reuse

MISSING = ERROR, DROP, MEDIAN = "error", "drop", "median"
"""What happens to rows with a missing value."""

# Values, and counts of values, that the driver holds at once.
MOST_VALUES = 2**21
MOST_COUNTS = 2**18
_FEWEST_BINS, _MOST_BINS = 16, 512
_VALUE = np.dtype([("feature", "i4"), ("cell", "i4"), ("value", "f8"), ("rows", "i8")])

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Placed = tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], Floats]
"""Of a feature's rows that have a value: the bins, the cells and the values."""


def check_rule(missing: str | None) -> str | None:
    """What happens to rows with a missing value, as a parameter says it; None is for its owner to decide.

    Raises:
        InputError: it is none of the rules.
    """
    if missing is not None and missing not in MISSING:
        raise InputError(f"missing={missing!r}: choose error, drop or median")
    return missing


def fill(frame: DataFrame, values: Mapping[str, float] | None) -> DataFrame:
    """Put these values where their columns are null."""
    if not values:
        return frame
    return frame.withColumns(
        {name: F.coalesce(F.col(tables.quoted(name)), F.lit(float(value))) for name, value in values.items()}
    )


def filled(values: Floats, by: npt.ArrayLike) -> Floats:
    """Values with those of `by` where they are NaN."""
    is_missing = np.isnan(values)
    return np.where(is_missing, by, values) if is_missing.any() else values


def medians(rows: DataFrame, features: Sequence[str], cell: Column, groups: Bools, order: str) -> Floats:
    """The median of each feature (a double or null) in each group of rows: groups × features, NaN if it has no value.

    Each row is in the `cell` with a number, and `groups` (groups × cells) says which cells belong to which group. The
    column `order` is in no relation to the values, as a hash is.
    """
    columns = [F.col(tables.quoted(name)) for name in features]
    cells = cell.cast("double").alias("__cell")  # no feature begins with two underscores
    most = max(1, MOST_VALUES // len(columns))
    some_cells, sample = _held(rows.orderBy(order).limit(most + 1).select(*columns, cells))
    if len(sample) <= most:
        of_groups = [sample[group[some_cells]] for group in groups]
        return np.array([[_lower_median(column) for column in values.T] for values in of_groups])
    bins = int(np.clip(MOST_COUNTS // (len(columns) * groups.shape[1]), _FEWEST_BINS, _MOST_BINS))
    return _of_many(rows.select(*columns, cells), [_edges(column, bins) for column in sample.T], groups)


def _held(frame: DataFrame) -> tuple[npt.NDArray[np.int64], Floats]:
    """The last column, which is the cell, and the others (rows × features), of rows that are not many."""

    def of_partition(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            columns = [column.to_numpy(zero_copy_only=False) for column in batch.columns]
            yield _as_batch(np.column_stack(columns).astype(np.float64))

    found = np.concatenate([np.empty(0), *_collected(frame, of_partition, np.dtype(np.float64))])
    found = found.reshape(-1, len(frame.columns))
    return found[:, -1].astype(np.int64), found[:, :-1]


def _lower_median(values: Floats) -> float:
    known = values[~np.isnan(values)]
    middle = (len(known) - 1) // 2
    return float(np.partition(known, middle)[middle]) if len(known) else np.nan


def _edges(values: Floats, bins: int) -> Floats:
    """Where to cut a feature's axis, so that the bins have about as many values each."""
    known = np.sort(values[~np.isnan(values)])
    return np.unique(known[np.linspace(0, len(known) - 1, bins + 1).astype(np.int64)]) if len(known) else known


def _of_many(table: DataFrame, edges: Sequence[Floats], groups: Bools) -> Floats:
    """The medians by the counts of the values between edges, and then by the values in the bins they lie in."""
    up_to = np.cumsum(np.einsum("gc,fcb->gfb", groups.astype(np.int64), _count(table, edges, groups.shape[1])), axis=2)
    ranks = (up_to[:, :, -1] + 1) // 2  # of the median among the group's values, from 1
    bins = (up_to < ranks[:, :, None]).sum(axis=2)  # the first that reaches it
    wanted = np.zeros(up_to.shape[1:], np.bool_)
    for of_group in bins:
        wanted[np.arange(len(edges)), of_group] = True
    found = _values(table, edges, wanted)
    medians = np.full(bins.shape, np.nan)
    for feature, limits in enumerate(edges):
        here = np.sort(found[found["feature"] == feature], order="value")
        places = np.searchsorted(limits, here["value"], side="right")
        for group in np.flatnonzero(ranks[:, feature]):
            place = bins[group, feature]
            of_bin = here[(places == place) & groups[group][here["cell"]]]
            before = up_to[group, feature, place - 1] if place else 0
            reached = np.searchsorted(np.cumsum(of_bin["rows"]), ranks[group, feature] - before)
            medians[group, feature] = of_bin["value"][reached]
    return medians


def _count(table: DataFrame, edges: Sequence[Floats], n_cells: int) -> npt.NDArray[np.int64]:
    """How many values of each feature are in each cell and bin (features × cells × bins)."""
    n_bins = max(map(len, edges)) + 1
    shape = (len(edges), n_cells, n_bins)

    def of_partition(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        counts = np.zeros((len(edges), n_cells * n_bins), np.int64)
        for batch in batches:
            for feature, (places, cells, _) in enumerate(_placed(batch, edges)):
                counts[feature] += np.bincount(cells * n_bins + places, minlength=n_cells * n_bins)
        places = np.flatnonzero(counts)
        yield pa.RecordBatch.from_arrays([pa.array(places), pa.array(counts.ravel()[places])], ["place", "rows"])

    by_partition = table.mapInArrow(quick_to_reuse(of_partition), "place long, rows long")
    summed = by_partition.groupBy("place").agg(F.sum("rows").alias("rows")).toPandas()
    counted = np.zeros(int(np.prod(shape)), np.int64)
    counted[summed["place"].to_numpy(np.int64)] = summed["rows"]
    return counted.reshape(shape)


def _values(table: DataFrame, edges: Sequence[Floats], wanted: Bools) -> npt.NDArray[Any]:
    """The values in the bins that are wanted (features × bins), and how often each is in each cell."""

    def of_partition(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            found = []
            for feature, (places, cells, values) in enumerate(_placed(batch, edges)):
                chosen = wanted[feature, places]
                found.append(_counted(feature, cells[chosen], values[chosen]))
            yield _as_batch(np.concatenate(found))

    return np.concatenate([np.empty(0, _VALUE), *_collected(table, of_partition, _VALUE)])


def _placed(batch: pa.RecordBatch, edges: Sequence[Floats]) -> Iterator[Placed]:
    """The values of each feature, whose bins lie between `edges`."""
    *columns, cells = (column.to_numpy(zero_copy_only=False) for column in batch.columns)
    for values, limits in zip(columns, edges, strict=True):
        known = ~np.isnan(values.astype(np.float64))
        yield np.searchsorted(limits, values[known], side="right"), cells[known].astype(np.int64), values[known]


def _counted(feature: int, cells: npt.NDArray[np.int64], values: Floats) -> npt.NDArray[Any]:
    """The different values in each cell, and how often each is there."""
    each = np.zeros(len(values), _VALUE)
    each["feature"], each["cell"], each["value"] = feature, cells, values
    found, rows = np.unique(each, return_counts=True)
    found["rows"] = rows
    return found


def _as_batch(values: npt.NDArray[Any]) -> pa.RecordBatch:
    return pa.RecordBatch.from_arrays([pa.array([values.tobytes()], pa.binary())], ["held"])


def _collected(table: DataFrame, of_partition: Any, kind: np.dtype[Any]) -> list[npt.NDArray[Any]]:
    """The arrays that a function makes of a table's batches."""
    rows = table.mapInArrow(quick_to_reuse(of_partition), "held binary").collect()
    return [np.frombuffer(row["held"], kind) for row in rows]
