"""Drift (`lib.measures.drift`) over all rows of a table, however many, in one pass.

The values of the training rows cut a feature's axis into cells: each value, and each gap between two of them. New rows
are counted by cell. This gives the largest difference of the cumulative shares, the stability index and the share
outside exactly. The area between the cumulative shares is exact, too, but where they cross within a gap: there the
gap's rows are taken as evenly spread around their mean. Steps within wide gaps keep what that may cost below 1 %.

All sums are of whole numbers, so that they do not depend on the order of the rows.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lib.measures import drift
from lib.metrics import Array
from lib.support.workers import quick_to_reuse

_STEPS = 512
# How far beyond the training values there are cells, in their ranges. Values farther away count as if they were there.
_BEYOND = (16.0, 2.0**20, 2.0**40, 2.0**60)
# The place of a row in its gap is counted in so many steps.
_PLACES = 2**31
_COLUMNS = {"feature": "int", "cell": "int", "rows": "long", "places": "long"}

Counts = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Counted:
    """New rows by the cells of one feature: `rows`, and `places`, the sum of their places in the gap.

    Cell 2 i + 1 is the knot i, cell 2 i the gap below it.
    """

    knots: Array
    rows: Counts
    places: Counts


def drift_of_all(
    frame: DataFrame, train: Array, features: Sequence[str], importances: Mapping[str, float]
) -> list[dict[str, Any]]:
    """The records of `lib.measures.drift.drift`, over all rows of a frame."""
    counted = count(frame, [knots(train[:, place]) for place in range(len(features))], features)
    records = [compare(name, train[:, place], counted[place]) for place, name in enumerate(features)]
    return drift.ranked(records, importances)


def knots(train: Array) -> Array:
    """Where the axis is cut: the training values, the limits of the stability index, steps, and a little beyond."""
    low, high = float(train.min()), float(train.max())
    half = (high / 2 - low / 2) or abs(low) or 1.0  # the range itself may be infinite
    largest = np.finfo(np.float64).max
    with np.errstate(over="ignore"):
        beyond = [place for by in _BEYOND for place in (low - 2 * by * half, high + 2 * by * half)]
        steps = low + 2 * half * (np.arange(1, _STEPS) / _STEPS)
    places = np.concatenate([train, drift.psi_limits(train), steps, np.clip(beyond, -largest, largest)])
    return np.unique(places[np.isfinite(places)])


def count(frame: DataFrame, cut: Sequence[Array], features: Sequence[str]) -> list[Counted]:
    """Count the rows of a frame by the cells of each feature."""
    broadcast = frame.sparkSession.sparkContext.broadcast(list(cut))

    def of_partition(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        counted = [_none_yet(places) for places in broadcast.value]
        for batch in batches:
            for place, values in enumerate(batch.columns):
                add(counted[place], values.to_numpy(zero_copy_only=False))
        for place, of_feature in enumerate(counted):
            cells = np.flatnonzero(of_feature.rows)
            number = np.full(len(cells), place, np.int32)
            found = [number, cells.astype(np.int32), of_feature.rows[cells], of_feature.places[cells]]
            yield pa.RecordBatch.from_arrays([pa.array(column) for column in found], list(_COLUMNS))

    columns = frame.select(*(F.col(f"`{name}`").cast("double").alias(f"f{i}") for i, name in enumerate(features)))
    schema = ", ".join(f"{name} {kind}" for name, kind in _COLUMNS.items())
    by_partition = columns.mapInArrow(quick_to_reuse(of_partition), schema)  # type: ignore[arg-type]
    summed = by_partition.groupBy("feature", "cell").agg(F.sum("rows").alias("rows"), F.sum("places").alias("places"))
    counted = [_none_yet(places) for places in cut]
    for place, of_feature in summed.toPandas().groupby("feature"):
        cells = of_feature["cell"].to_numpy()
        counted[int(str(place))].rows[cells] = of_feature["rows"]
        counted[int(str(place))].places[cells] = of_feature["places"]
    broadcast.destroy()
    return counted


def add(counted: Counted, values: Array) -> None:
    """Count some values, too."""
    places = counted.knots
    values = np.clip(values, places[0], places[-1])
    above = np.searchsorted(places, values)
    in_gap = places[above] != values
    cells = 2 * above + ~in_gap
    counted.rows[:] += np.bincount(cells, minlength=len(counted.rows))
    below, above, values = places[above[in_gap] - 1], places[above[in_gap]], values[in_gap]
    # Halves, because the width of a gap may be infinite. A row in a gap is never counted at its end.
    share = (values / 2 - below / 2) / (above / 2 - below / 2)
    steps = np.clip(np.rint(share * _PLACES), 1, _PLACES - 1)
    counted.places[:] += np.bincount(cells[in_gap], steps, minlength=len(counted.rows)).astype(np.int64)


def compare(name: str, train: Array, counted: Counted) -> dict[str, Any]:
    """The record of a feature (see `lib.measures.drift.drift`)."""
    places, ordered = counted.knots, np.sort(train)
    n_new = int(counted.rows.sum())
    below_train, up_to_train = (np.searchsorted(ordered, places, side) / len(train) for side in ("left", "right"))
    cumulative = np.cumsum(counted.rows) / n_new
    below_new, up_to_new = cumulative[0::2], cumulative[1::2]  # below each knot, and up to it
    ks = max(np.abs(below_train - below_new).max(), np.abs(up_to_train - up_to_new).max())
    low, high = np.searchsorted(places, [ordered[0], ordered[-1]])
    limits = np.searchsorted(places, drift.psi_limits(train))
    shares = [np.diff(np.concatenate([[0.0], each[limits], [1.0]])) for each in (up_to_train, up_to_new)]
    with np.errstate(over="ignore", invalid="ignore"):
        areas = _areas(up_to_train[:-1], up_to_new[:-1], below_new[1:], counted) * np.diff(places)
    return drift.as_record(
        name,
        train,
        n_new,
        distance=float(np.nansum(areas)),
        ks=float(ks),
        psi=drift.index_of_shares(*shares),
        outside=float(below_new[low] + 1 - up_to_new[high]),
    )


def _areas(share: Array, start: Array, end: Array, counted: Counted) -> Array:
    """The area between the cumulative shares in each gap, as a part of the gap's width.

    In a gap that of the training rows stays at `share`, and that of the new rows rises from `start` to `end`.
    """
    rows, places = counted.rows[2::2], counted.places[2::2]
    mean = np.divide(places / _PLACES, rows, out=np.full(len(rows), 0.5), where=rows > 0)
    areas = np.abs(start - share + (end - start) * (1 - mean))
    crossing = (start < share) & (share < end)
    share, start, end, mean = (each[crossing] for each in (share, start, end, mean))
    spread = np.where(rows[crossing] > 1, np.minimum(mean, 1 - mean), 0.0)
    at = mean - spread + 2 * spread * (share - start) / (end - start)
    left = (share - start) * (mean - spread + at) / 2
    right = (end - share) * (1 - (mean + spread + at) / 2)
    areas[crossing] = left + right
    return areas


def _none_yet(places: Array) -> Counted:
    return Counted(places, *(np.zeros(2 * len(places), np.int64) for _ in range(2)))
