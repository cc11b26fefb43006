"""Which rows are for training, validation and test.

A row's part follows from a hash of its content and the seed alone, so it is the same in every row order, file layout,
partitioning and Spark version. Rows with the same features repeat each other, whatever their label, and are always in
the same part. Within each class the rows with the lowest hashes are the test part, the next ones the validation part,
and the rest the training part. Where the same features stand in both classes, the rarer class decides, and the other
class is filled up to its share. The numbers of rows are exact, except that a group of repeated rows is never divided.
`split_by="zone"` assigns whole zones instead, and leaves out of validation and test the rows that repeat one of
another zone.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from pyspark.sql import Column, DataFrame, SparkSession, Window
from pyspark.sql import functions as F

from lib import dataset
from lib.dataset import Table
from lib.errors import InputError, some
from lib.support import filling, tables
from lib.support.repeats import repeated
from lib.support.session import persisted
from lib.support.weights import BALANCED, CLASS_WEIGHTS, Weights, scale_of

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
_LOWEST = -(2**63)

_TWIN_COL = "__twin_hash"
_MOST_BROADCAST = 1_000_000  # hashes: 8 MB


@dataclass(frozen=True)
class Split:
    """A table divided into three parts.

    `parts` has the number of rows, the positives and a fingerprint of each part, and how many of its rows are
    different, in all and in each class; `zones` the zones of each part if the table was split by zone, else None, and
    `repeated` the rows then left out of validation and test because they repeat a row of another zone, which
    `repeated_zones` counts by zone; `class_weights` are those of the training part, by "0.0" and "1.0": N / (k · n_c),
    or 1 if the classes are not `balanced`. `frame` is null where a feature has no value; `medians` of the training part
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
    repeated_zones: tuple[dict[str, Any], ...] = ()
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

        Missing values are filled. Rows have the same `HASH_COL` if they have the same features. Sort by
        `canonical_order` for the order that every fit uses.
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
        """The weight of a row of its own, as it counts in training (see `lib.support.weights.scale_of`)."""
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
            left_out = {"repeated": self.repeated, "repeated_zones": list(self.repeated_zones)}
            record |= {"zones": self.zones, **left_out}
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
    zones with `split_by="zone"`). `classes` is one of `lib.support.weights.CLASS_WEIGHTS`; with `metrics_weighted`
    metrics count rows by the table's weights.

    Raises:
        InputError: fractions that leave a part empty, a class with too few rows, no zones or too few of them, a feature
            without a value to fill with.
    """
    _check_fractions(test_frac, val_frac)
    if classes not in CLASS_WEIGHTS:
        raise InputError(f"class_weights={classes!r}: choose {' or '.join(CLASS_WEIGHTS)}")
    hashed, repeats, twins = _hashed(table, seed)
    zones: dict[str, list[str]] | None = None
    left_out: tuple[dict[str, Any], ...] = ()
    if split_by == "rows":
        part = _part_by_hash(hashed, table, test_frac, val_frac, twins)
    elif split_by == "zone":
        zones = _assign_zones(hashed, table, test_frac, val_frac, seed)
        part = _part_by_zone(table.zone_col, zones)
    else:
        raise InputError(f"split_by={split_by!r}: choose rows or zone")
    frame = hashed.withColumn(PART_COL, part).drop(_TWIN_COL)
    if table.zone_col and zones is not None:
        frame, left_out = _without_repeated(frame, table.zone_col)
    parts = _describe(frame, table, repeats)
    _check_parts(parts, split_by)
    train, is_balanced = parts[TRAIN], classes == BALANCED
    return Split(
        table,
        frame,
        test_frac,
        val_frac,
        split_by,
        seed,
        parts,
        zones,
        class_weights(
            dict(zip(CLASSES, (train["rows"] - train["positives"], train["positives"]), strict=True)), is_balanced
        ),
        sum(zone["rows"] for zone in left_out),
        left_out,
        _medians(frame, table) if table.missing == filling.MEDIAN else None,
        is_balanced,
        _describe_weights(frame, table),
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


def rarer_class(table: Table) -> float:
    """The class with fewer rows, that of ones if both have as many."""
    return 1.0 if table.class_counts["1"] <= table.class_counts["0"] else 0.0


def _hashed(table: Table, seed: int) -> tuple[DataFrame, DataFrame | None, bool]:
    """Add `HASH_COL`, the hash of a row's features and label.

    Also tells the hashes of rows with the same features (None if no row repeats another), and whether some features
    stand in both classes. All rows with such features have the hash of those of the rarer class. Then there is
    `_TWIN_COL`, true for them.
    """
    names = (*table.features, table.label_col)
    rarer = rarer_class(table)
    hashed = persisted(table.frame.withColumn(HASH_COL, dataset.row_hash(names, seed)))
    label = F.col(f"`{table.label_col}`")
    # Rows of the rarer class have this hash already.
    own, as_rarer = F.col(HASH_COL), dataset.row_hash(names, seed, {table.label_col: rarer})
    key = F.when(label == rarer, own).otherwise(as_rarer)
    found = repeated(hashed.select(key.alias("key"), own.alias("other"), (label == 1.0).alias("positive"))).persist()
    is_twin = (F.col("positives") > 0) & (F.col("positives") < F.col("rows"))
    total = found.agg(F.count(F.lit(1)).alias("all"), F.count(F.when(is_twin, 1)).alias("twins")).first()
    assert total is not None  # an aggregate always has a row
    if not total["all"]:
        found.unpersist()
        return hashed, None, False
    hashes = _small(
        found.select(F.when(is_twin, F.col("key")).otherwise(F.col("of_any")).alias(HASH_COL)), total["all"]
    )
    if not total["twins"]:
        return hashed, hashes, False
    twins = found.where(is_twin).select(F.col("key").alias(_TWIN_COL), F.lit(True).alias("__is_twin"))
    joined = hashed.withColumn(_TWIN_COL, key).join(_small(twins, total["twins"]), _TWIN_COL, "left")
    marked = F.coalesce("__is_twin", F.lit(False))
    joined = joined.withColumn(HASH_COL, F.when(marked, F.col(_TWIN_COL)).otherwise(own))
    return persisted(joined.withColumn(_TWIN_COL, marked).drop("__is_twin")), hashes, True


def _small(hashes: DataFrame, count: int) -> DataFrame:
    return F.broadcast(hashes) if count <= _MOST_BROADCAST else hashes


def _without_repeated(frame: DataFrame, zone_col: str) -> tuple[DataFrame, tuple[dict[str, Any], ...]]:
    """Leave out of validation and test what repeats a row of an earlier part: zones may overlap.

    Also tells how many `rows` of each `zone` are left out, and the zones `shared_with` that have them in that part.
    """
    order = F.coalesce(*(F.when(F.col(PART_COL) == name, place) for place, name in enumerate(PARTS)))
    placed = frame.withColumn("__order", order)
    placed = persisted(placed.withColumn("__first", F.min("__order").over(Window.partitionBy(HASH_COL))))
    is_first = F.col("__order") == F.col("__first")
    kept, left_out = placed.where(is_first).drop("__order", "__first"), placed.where(~is_first)
    zone = F.col(f"`{zone_col}`")
    counts = {row["zone"]: row["count"] for row in left_out.groupBy(zone.alias("zone")).count().collect()}
    shared: dict[str, list[str]] = {}
    if counts:
        pairs = left_out.select(HASH_COL, zone.alias("zone")).distinct()
        pairs = pairs.join(kept.select(HASH_COL, zone.alias("other")).distinct(), HASH_COL)
        for row in pairs.select("zone", "other").distinct().collect():
            shared.setdefault(row["zone"], []).append(row["other"])
    return kept, tuple(
        {"zone": zone, "rows": counts[zone], "shared_with": sorted(shared[zone])} for zone in sorted(counts)
    )


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


def _part_by_hash(hashed: DataFrame, table: Table, test_frac: float, val_frac: float, twins: bool) -> Column:
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
    if not twins:
        return _part_below(label, _cut_hashes(hashed, label, wanted))
    # All rows of the rarer class are cut by themselves. Those of the other class with the same features follow them,
    # and the rest of that class fills the parts up.
    rarer = rarer_class(table)
    commoner = 1.0 - rarer
    cuts = _cut_hashes(hashed, label, {rarer: wanted[rarer]})
    part_of_rarer = _part_below(F.lit(rarer), cuts)
    others = hashed.where(label == commoner)
    counted = others.groupBy(_TWIN_COL, F.when(F.col(_TWIN_COL), part_of_rarer).alias("part")).count().collect()
    followed = {row["part"]: row["count"] for row in counted}
    alone = followed.pop(None, 0)
    test, val = (followed.get(name, 0) for name in (TEST, VAL))
    to_test = min(max(wanted[commoner][0] - test, 0), alone)
    to_val = min(max(wanted[commoner][1] - test - val, to_test), alone)
    cuts |= _cut_hashes(others.where(~F.col(_TWIN_COL)), label, {commoner: (to_test, to_val)})
    decides = F.when(F.col(_TWIN_COL), F.lit(rarer)).otherwise(label)
    return _part_below(decides, cuts)


def _part_below(label: Column, cuts: Mapping[float, Sequence[int]]) -> Column:
    """The part of a row from its hash, and the cuts for test and validation of its class."""
    part = F.lit(TRAIN)
    for value, (test_below, val_below) in cuts.items():
        # The last `when` added is tested first.
        part = F.when((label == value) & (F.col(HASH_COL) < val_below), VAL).otherwise(part)
        part = F.when((label == value) & (F.col(HASH_COL) < test_below), TEST).otherwise(part)
    return part


def _cut_hashes(
    hashed: DataFrame, label: Column, wanted: Mapping[float, Sequence[int]]
) -> dict[float, tuple[int, ...]]:
    """For each class, the hashes that have about `wanted` rows below them; rows with equal hashes stay together.

    Below the hash for a row or more there is at least one.
    """
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
        for target in filter(None, targets):
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
            if target
            else _LOWEST
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


def _describe(frame: DataFrame, table: Table, repeats: DataFrame | None) -> dict[str, dict[str, Any]]:
    names = (*table.features, table.label_col)
    label = F.col(f"`{table.label_col}`").cast("long")
    by_part = frame.groupBy(PART_COL).agg(*dataset.fingerprint_parts(F.col(HASH_COL)), F.sum(label).alias("positives"))
    more = _more_than_distinct(frame, label, repeats) if repeats is not None else {}
    nothing = {"rows": 0, "positives": 0, "fingerprint": ""}
    parts: dict[str, dict[str, Any]] = {name: dict(nothing) for name in PARTS}
    for row in by_part.collect():
        rows, positives = row["rows"], row["positives"]
        in_all, of_0, of_1 = more.get(row[PART_COL], (0, 0, 0))
        parts[row[PART_COL]] = {
            "rows": rows,
            "positives": positives,
            "fingerprint": dataset.fingerprint(rows, row["hash_sum"], names),
            "distinct": rows - in_all,
            "distinct_by_class": {"0": rows - positives - of_0, "1": positives - of_1},
        }
    return parts


def _more_than_distinct(frame: DataFrame, label: Column, repeats: DataFrame) -> dict[str, tuple[int, int, int]]:
    """How many rows of each part, and of its class 0 and its class 1, are more than one of the same features."""
    same = frame.join(repeats, HASH_COL, "left_semi").groupBy(PART_COL, HASH_COL)
    counted = same.agg(F.count(F.lit(1)).alias("all"), F.sum(label).alias("of_1"))
    counted = counted.withColumn("of_0", F.col("all") - F.col("of_1"))
    names = ("all", "of_0", "of_1")
    above = [F.sum(F.greatest(F.col(name) - 1, F.lit(0))).alias(name) for name in names]
    return {part: (every, of_0, of_1) for part, every, of_0, of_1 in counted.groupBy(PART_COL).agg(*above).collect()}


def _describe_weights(frame: DataFrame, table: Table) -> dict[str, dict[str, float]] | None:
    """What is said of the weights of each part; None without weights."""
    if table.weights is None:
        return None
    found = frame.groupBy(PART_COL).agg(*table.weights.sums()).collect()
    return {row[PART_COL]: {name: row[name] for name in ("weight", "effective")} for row in found}


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
