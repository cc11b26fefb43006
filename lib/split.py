"""Which rows are for training, validation and test.

A row's part follows from a hash of its content and the seed alone, so it is the same in every row order, file layout,
partitioning and Spark version, and identical rows are always in the same part. Within each class the rows with the
lowest hashes are the test part, the next ones the validation part, and the rest the training part. The numbers of rows
are exact, except that a group of identical rows is never divided. `split_by="zone"` assigns whole zones instead, and
leaves out of validation and test the rows that repeat one of another zone.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from pyspark.sql import Column, DataFrame, SparkSession, Window
from pyspark.sql import functions as F

from lib import dataset, filling
from lib.dataset import Table
from lib.errors import InputError, some
from lib.support import tables
from lib.weights import BALANCED, CLASS_WEIGHTS, Weights, scale_of

TRAIN, VAL, TEST = PARTS = ("train", "val", "test")
HASH_COL = "__row_hash"
PART_COL = "__part"
WEIGHT_COL = "__weight"
CLASSES = ("0.0", "1.0")


@dataclass(frozen=True)
class Count:
    """Rows, and those of class 1 among them."""

    rows: int
    positives: int


ZoneCounts = Mapping[str, Mapping[str, Count]]
"""The rows of each zone (the one zone "" without a zone column) in each part of the split."""

# Hashes are counted in 2^12 equal ranges first, so that only the few rows near a boundary are collected on the driver.
_RANGE_BITS = 12


@dataclass(frozen=True)
class Split:
    """A table divided into three parts.

    `parts` has the number of rows, the positives and a fingerprint of each part; `zones` the zones of each part if the
    table was split by zone, else None, and `repeated` the rows then left out of validation and test because they
    repeat a row of another zone; `class_weights` are those of the training part, by "0.0" and "1.0": N / (k · n_c), or
    1 if the classes are not `balanced`. `frame` is null where a feature has no value; `medians` of the training part
    fill it, if the table is to be filled. `weights` has, of a table with weights, their sum in each part (`weight`) and
    the number of rows of equal weight that they are worth (`effective`). With `metrics_weighted` metrics count rows by
    their weights.
    """

    table: Table
    frame: DataFrame
    test_frac: float
    val_frac: float
    split_by: str
    seed: int
    parts: dict[str, dict[str, Any]]
    zones: dict[str, list[str]] | None
    class_weights: dict[str, float]
    repeated: int = 0
    medians: Mapping[str, float] | None = None
    balanced: bool = True
    weights: dict[str, dict[str, float]] | None = None
    metrics_weighted: bool = False

    @property
    def spark(self) -> SparkSession:
        """The session of the table."""
        return self.frame.sparkSession

    @property
    def features(self) -> tuple[str, ...]:
        """The columns to learn from, in the table's order."""
        return self.table.features

    @property
    def label_col(self) -> str:
        """The column with 0.0 or 1.0."""
        return self.table.label_col

    def rows(self, *parts: str) -> DataFrame:
        """The rows of one or more parts: features, label, zone if any, `HASH_COL` and `WEIGHT_COL`, in no order.

        Missing values are filled. Sort by `canonical_order` for the order that every fit uses.
        """
        return filling.fill(self.as_given(*parts), self.medians)

    def as_given(self, *parts: str) -> DataFrame:
        """`rows` before they are filled: as they are given to a saved model, which fills them itself."""
        chosen = self.frame.where(F.col(PART_COL).isin(*parts)).drop(PART_COL)
        return self.weighted(chosen, self.class_weights)

    def weighted(self, frame: DataFrame, class_weights: Mapping[str, float]) -> DataFrame:
        """Add `WEIGHT_COL`, a row's weight in training: that of its class, times its own if the table has weights."""
        is_positive = F.col(f"`{self.label_col}`") == 1.0
        weight = F.when(is_positive, class_weights["1.0"]).otherwise(class_weights["0.0"])
        if self.table.weights:
            weight = weight * self.scaled_weight
        return frame.withColumn(WEIGHT_COL, weight)

    @property
    def scaled_weight(self) -> Column:
        """The weight of a row of its own, as it counts in training (see `lib.weights.scale_of`)."""
        assert self.table.weights is not None  # only tables with weights are asked
        return self.table.weights.of_row / F.lit(self.weight_unit)

    @property
    def weight_unit(self) -> float:
        """What weights are divided by in training."""
        assert self.weights is not None  # only tables with weights are asked
        return scale_of(self.weights[TRAIN]["weight"], self.parts[TRAIN]["rows"])

    @property
    def measuring(self) -> Weights | None:
        """The weights that metrics count rows by; None if they do not."""
        return self.table.weights if self.metrics_weighted else None

    @property
    def canonical_order(self) -> list[str]:
        """Columns to sort by for a reproducible order (only identical rows tie)."""
        weight = [self.table.weights.column] if self.table.weights else []
        return [HASH_COL, *(f"`{name}`" for name in (*self.features, self.label_col, *weight))]

    def count_by_zone(self) -> ZoneCounts:
        """The rows of each zone and part; counted once, in one pass."""
        return self._by_zone

    @cached_property
    def _by_zone(self) -> ZoneCounts:
        zone = F.col(f"`{self.table.zone_col}`") if self.table.zone_col else F.lit("")
        label = F.col(f"`{self.label_col}`").cast("long")
        counted = self.frame.groupBy(zone.alias("zone"), PART_COL).agg(
            F.count(F.lit(1)).alias("rows"), F.sum(label).alias("positives")
        )
        found: dict[str, dict[str, Count]] = {}
        for row in counted.collect():
            parts = found.setdefault(row["zone"], dict.fromkeys(PARTS, Count(0, 0)))
            parts[row[PART_COL]] = Count(row["rows"], row["positives"])
        return found

    def record(self) -> dict[str, Any]:
        """What is written down so that the same split can be made, and proved, again."""
        record = {
            "test_frac": self.test_frac,
            "val_frac": self.val_frac,
            "split_by": self.split_by,
            "seed": self.seed,
            "parts": self.parts,
        }
        if self.zones is not None:
            record |= {"zones": self.zones, "repeated": self.repeated}
        return record if self.weights is None else {**record, "weights": self.weights}


def split(
    table: Table,
    *,
    test_frac: float = 0.15,
    val_frac: float = 0.15,
    split_by: str = "rows",
    seed: int = 42,
    classes: str = BALANCED,
    metrics_weighted: bool = False,
) -> Split:
    """Split a table into training, validation and test parts.

    `test_frac` and `val_frac` are fractions of the rows (of each class with `split_by="rows"`; approximated by whole
    zones with `split_by="zone"`). `classes` is one of `lib.weights.CLASS_WEIGHTS`; with `metrics_weighted` metrics
    count rows by the table's weights.

    Raises:
        InputError: fractions that leave a part empty, a class with too few rows, no zones or too few of them, a feature
            without a value to fill with.
    """
    _check_fractions(test_frac, val_frac)
    if classes not in CLASS_WEIGHTS:
        raise InputError(f"class_weights={classes!r}: choose {' or '.join(CLASS_WEIGHTS)}")
    hashed = table.frame.withColumn(HASH_COL, dataset.row_hash((*table.features, table.label_col), seed))
    hashed = hashed.persist()
    zones = None
    if split_by == "rows":
        part = _part_by_hash(hashed, table, test_frac, val_frac)
    elif split_by == "zone":
        zones = _assign_zones(hashed, table, test_frac, val_frac, seed)
        part = _part_by_zone(table.zone_col, zones)
    else:
        raise InputError(f"split_by={split_by!r}: choose rows or zone")
    frame = hashed.withColumn(PART_COL, part)
    if zones is not None:
        frame = _without_repeated(frame)
    parts, train_counts, weights = _describe(frame, table)
    _check_parts(parts, split_by)
    return Split(
        table,
        frame,
        test_frac,
        val_frac,
        split_by,
        seed,
        parts,
        zones,
        class_weights(train_counts, classes == BALANCED),
        table.rows - sum(part["rows"] for part in parts.values()),
        _medians(frame, table) if table.missing == filling.MEDIAN else None,
        classes == BALANCED,
        weights,
        metrics_weighted,
    )


def _medians(frame: DataFrame, table: Table) -> dict[str, float]:
    """The medians of the training part: of all features, because rows to be scored may lack others."""
    training = frame.where(F.col(PART_COL) == TRAIN)
    (found,) = filling.medians(training, table.features, F.lit(0), np.array([[True]]), HASH_COL)
    without = [name for name, value in zip(table.features, found, strict=True) if np.isnan(value)]
    if without:
        raise InputError(
            f"no training row has a usable value in: {some(without)}, so that missing: median has nothing to fill it "
            f"with; exclude columns with exclude_cols: {tables.as_list(without)}"
        )
    return dict(zip(table.features, found.tolist(), strict=True))


def _without_repeated(frame: DataFrame) -> DataFrame:
    """Leave out of validation and test what repeats a row of an earlier part: zones may overlap."""
    order = F.coalesce(*(F.when(F.col(PART_COL) == name, place) for place, name in enumerate(PARTS)))
    first = frame.withColumn("__order", order)
    first = first.withColumn("__first", F.min("__order").over(Window.partitionBy(HASH_COL)))
    return first.where(F.col("__order") == F.col("__first")).drop("__order", "__first").persist()


def class_weights(counts: Mapping[str, int], balanced: bool) -> dict[str, float]:
    """Class weights N / (k · n_c) from the rows of each class, not from their own weights; 1 unless `balanced`."""
    if not balanced:
        return dict.fromkeys(counts, 1.0)
    rows = sum(counts.values())
    return {label: rows / (2 * count) for label, count in counts.items()}


def _check_fractions(test_frac: float, val_frac: float) -> None:
    for name, value in (("test_frac", test_frac), ("val_frac", val_frac)):
        if not 0 < value < 1:
            raise InputError(f"{name}={value:g} leaves a part empty: give a fraction between 0 and 1, such as 0.15")
    if test_frac + val_frac >= 1:
        raise InputError(
            f"test_frac={test_frac:g} and val_frac={val_frac:g} leave no rows for training: their sum must be below 1"
        )


def _part_by_hash(hashed: DataFrame, table: Table, test_frac: float, val_frac: float) -> Column:
    label = F.col(f"`{table.label_col}`")
    wanted = {}
    for name, rows in table.class_counts.items():
        n_test, n_val = round(rows * test_frac), round(rows * val_frac)
        if min(n_test, n_val, rows - n_test - n_val) < 1:
            raise InputError(
                f"class {name} has only {rows:,} rows: too few for training, validation "
                f"({val_frac:g}) and test ({test_frac:g}); add rows of that class or raise the fractions"
            )
        wanted[float(name)] = (n_test, n_test + n_val)
    cuts = _cut_hashes(hashed, label, wanted)
    part = F.lit(TRAIN)
    for value, (test_below, val_below) in cuts.items():
        # The last `when` added is tested first.
        part = F.when((label == value) & (F.col(HASH_COL) < val_below), VAL).otherwise(part)
        part = F.when((label == value) & (F.col(HASH_COL) < test_below), TEST).otherwise(part)
    return part


def _cut_hashes(
    hashed: DataFrame, label: Column, wanted: Mapping[float, Sequence[int]]
) -> dict[float, tuple[int, ...]]:
    """For each class, the hashes that have about `wanted` rows below them; rows with equal hashes stay together."""
    ranged = hashed.select(
        label.alias("label"),
        F.col(HASH_COL).alias("hash"),
        F.shiftright(HASH_COL, 64 - _RANGE_BITS).alias("range"),
    )
    in_range = {
        (row["label"], row["range"]): row["count"] for row in ranged.groupBy("label", "range").count().collect()
    }
    starts: dict[tuple[float, int], tuple[int, int]] = {}  # class and wanted count -> its range, rows below the range
    for value, targets in wanted.items():
        ranges = sorted(r for v, r in in_range if v == value)
        for target in targets:
            before = 0
            for r in ranges:
                if before + in_range[value, r] >= target:
                    starts[value, target] = (r, before)
                    break
                before += in_range[value, r]
    near = F.lit(False)
    for (value, _), (r, _) in starts.items():
        near = near | ((F.col("label") == value) & (F.col("range") == r))
    groups: dict[tuple[float, int], list[tuple[int, int]]] = {}
    for row in ranged.where(near).groupBy("label", "range", "hash").count().collect():
        groups.setdefault((row["label"], row["range"]), []).append((row["hash"], row["count"]))
    return {
        value: tuple(
            _nearest_cut(sorted(groups[value, starts[value, target][0]]), starts[value, target][1], target)
            for target in targets
        )
        for value, targets in wanted.items()
    }


def _nearest_cut(groups: Sequence[tuple[int, int]], before: int, target: int) -> int:
    """The hash below which the number of rows, with `before` rows in lower ranges, is closest to `target`."""
    for value, count in groups:
        if before + count >= target:
            over, under = before + count - target, target - before
            return value + 1 if over <= under or before == 0 else value
        before += count
    raise AssertionError("the target is in the range")


def _part_by_zone(zone_col: str | None, zones: Mapping[str, Sequence[str]]) -> Column:
    zone = F.col(f"`{zone_col}`")
    return F.when(zone.isin(*zones[TEST]), TEST).when(zone.isin(*zones[VAL]), VAL).otherwise(TRAIN)


def _assign_zones(
    hashed: DataFrame, table: Table, test_frac: float, val_frac: float, seed: int
) -> dict[str, list[str]]:
    """Assign whole zones to the parts in a random order given by the seed, close to the wanted fractions."""
    if table.zone_col is None:
        raise InputError(
            "split_by: zone needs zones, and zone_col names no column of the table: set zone_col, or block_cols and "
            "block_size"
        )
    counted = hashed.groupBy(F.col(f"`{table.zone_col}`").alias("zone")).count().collect()
    counts = {row["zone"]: row["count"] for row in counted}
    if len(counts) < 3:
        raise InputError(
            f"split_by: zone needs at least 3 zones, one for each part; {table.zone_col!r} has {len(counts)}: "
            f"{', '.join(sorted(counts))}; split by rows instead"
        )
    left = sorted(counts, key=lambda zone: hashlib.sha256(f"{seed}/{zone}".encode()).digest())
    test = _take_zones(left, counts, table.rows * test_frac, leave=2)
    left = [zone for zone in left if zone not in test]
    val = _take_zones(left, counts, table.rows * val_frac, leave=1)
    return {TRAIN: sorted(set(left) - set(val)), VAL: sorted(val), TEST: sorted(test)}


def _take_zones(zones: Sequence[str], counts: Mapping[str, int], wanted: float, leave: int) -> list[str]:
    """Take zones in order, each only if it brings the rows closer to `wanted`; at least one, and `leave` remain."""
    taken: list[str] = []
    rows = 0
    for zone in zones:
        if len(taken) < len(zones) - leave and abs(rows + counts[zone] - wanted) < abs(rows - wanted):
            taken.append(zone)
            rows += counts[zone]
    return taken or [min(zones, key=lambda zone: counts[zone])]


def _describe(
    frame: DataFrame, table: Table
) -> tuple[dict[str, dict[str, Any]], dict[str, int], dict[str, dict[str, float]] | None]:
    """The record of each part, the training rows of each class, and what is said of the weights of each part."""
    names = (*table.features, table.label_col)
    label = F.col(f"`{table.label_col}`")
    found = frame.groupBy(PART_COL).agg(
        *dataset.fingerprint_parts(F.col(HASH_COL)),
        F.sum(label.cast("long")).alias("positives"),
        *(table.weights.sums() if table.weights else ()),
    )
    parts: dict[str, dict[str, Any]] = {name: {"rows": 0, "positives": 0, "fingerprint": ""} for name in PARTS}
    weights = {}
    for row in found.collect():
        if table.weights:
            weights[row[PART_COL]] = {name: row[name] for name in ("weight", "effective")}
        parts[row[PART_COL]] = {
            "rows": row["rows"],
            "positives": row["positives"],
            "fingerprint": dataset.fingerprint(row["rows"], row["hash_sum"], names),
        }
    train = parts[TRAIN]
    counts = dict(zip(CLASSES, (train["rows"] - train["positives"], train["positives"]), strict=True))
    return parts, counts, weights or None


def _check_parts(parts: Mapping[str, Mapping[str, Any]], split_by: str) -> None:
    for name, part in parts.items():
        if not 0 < part["positives"] < part["rows"]:
            remedy = (
                "try another seed or split by rows" if split_by == "zone" else "the table has too many identical rows"
            )
            raise InputError(
                f"the {name} part has {part['rows']:,} rows, {part['positives']:,} of them positive: it needs rows of "
                f"both classes; {remedy}"
            )
