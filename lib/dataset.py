"""The table an experiment learns from: read, checked, and reduced to the columns and rows that are used.

Every check names the column, the count and the remedy, and runs before anything is computed on the data.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any

import numpy as np
from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql import types as T

from lib.errors import InputError, some
from lib.reading import frames
from lib.reading.dialect import NUMBER
from lib.reading.frames import Source
from lib.reading.options import NO_OPTIONS, Options
from lib.support import blocks, filling, tables
from lib.support import positive as positive_values
from lib.support.blocks import BLOCK_COL
from lib.support.weights import Weights

_LABELS_SHOWN = 20


@dataclass(frozen=True)
class Table:
    """A checked table: features, label and coordinates as double, the label 0.0 or 1.0, the zone (if any) as string.

    `features` keep the order of the file; `coordinates` are the two columns of `block_cols`, or none; `class_counts`
    are by "0" and "1"; `fingerprint` is a hash of the rows' content that does not depend on their order or partitions;
    `dropped` counts the rows left out for missing values. With `missing: median` the features are null where they have
    no value; `lacking` counts these by feature, and `lacking_rows` the rows with one. `passed_over` names the columns
    that hold a pandas index, and `positive` has the values of the label that are class 1, if they were given, of which
    no row has those in `positive_absent`; `sources` has the files and rows of each input, and `raw` is the table as it
    was read.
    `weights` says which column of `frame` has the rows' weights, if there is one.
    """

    frame: DataFrame
    features: tuple[str, ...]
    label_col: str
    zone_col: str | None
    inputs: tuple[str, ...]
    rows: int
    class_counts: dict[str, int]
    fingerprint: str
    dropped: int
    coordinates: tuple[str, ...] = ()
    passed_over: tuple[str, ...] = ()
    positive: tuple[Any, ...] = ()
    positive_absent: tuple[Any, ...] = ()
    sources: tuple[Source, ...] = ()
    raw: DataFrame | None = None
    missing: str = filling.ERROR
    lacking: Mapping[str, int] = field(default_factory=dict)
    lacking_rows: int = 0
    weights: Weights | None = None


@dataclass(frozen=True)
class Unusable:
    """The `rows` of a table, how many of them lack `some` value, and how many values each column lacks."""

    rows: int
    some: int
    columns: Mapping[str, int]


def load(
    spark: SparkSession,
    inputs: str | Sequence[str],
    *,
    csv: Mapping[str, Any] = MappingProxyType({}),
    label_col: str = "label",
    positive: Any = None,
    zone_col: str | None = "zone",
    zone_from: str | None = None,
    exclude_cols: Sequence[str] = (),
    missing: str | None = None,
    nodata: Sequence[float] = (),
    block_cols: Sequence[str] = (),
    block_size: float | None = None,
    weight_col: str | None = None,
) -> Table:
    """Read one table from one or several files or folders, and check it.

    Calls `read` and `check`, and raises the same errors; `csv` and `zone_from` are those of `lib.reading.options`.
    """
    uris = tables.places(inputs)
    parameters = {"csv": csv, "zone_col": zone_col, "zone_from": zone_from, "exclude_cols": exclude_cols}
    found = frames.read(spark, uris, Options.of(parameters))
    table = check(
        found.frame,
        uris,
        label_col=label_col,
        positive=positive,
        zone_col=zone_col,
        exclude_cols=exclude_cols,
        missing=missing,
        nodata=nodata,
        block_cols=block_cols,
        block_size=block_size,
        weight_col=weight_col,
    )
    return replace(table, sources=found.sources, raw=found.frame)


def check(
    raw: DataFrame,
    uris: Sequence[str],
    *,
    label_col: str,
    zone_col: str | None,
    exclude_cols: Sequence[str],
    missing: str | None,
    block_cols: Sequence[str] = (),
    block_size: float | None = None,
    for_model: bool = False,
    positive: Any = None,
    nodata: Sequence[float] = (),
    weight_col: str | None = None,
) -> Table:
    """Check a table that was read from `uris`, and reduce it to the columns and rows that are used.

    Features are all numeric columns except the label, the zone and `exclude_cols`. `zone_col` is ignored if the table
    does not have it. `missing` says what happens to rows with a null, NaN or infinite value: "error" (as None), "drop",
    or "median", with which such a value of a feature becomes null, for `lib.split` to fill it.
    `block_cols` are two columns of coordinates, which are no features; with `block_size`, square blocks of that size
    are the zones, instead of those of `zone_col` (see `lib.support.blocks`). With `for_model` the features are those
    of a model, so that no remedy is to exclude some. `positive` are the values of the label that are class 1 (see
    `lib.support.positive`); without it the label is 0 or 1. A feature or coordinate with one of the `nodata` values is
    missing. `weight_col` has the weight of each row, a positive number; it is no feature.

    Raises:
        InputError: the table cannot be learnt from; the message says why and what to do.
    """
    missing = filling.check_rule(missing) or filling.ERROR
    tables.check_block_cols(columns(raw), block_cols, block_size)
    zone = _zone_used(raw, zone_col, exclude_cols, can_lack=for_model)
    features = tables.feature_columns(
        columns(raw), label_col, zone, exclude_cols, block_cols=block_cols, weight_col=weight_col
    )
    label = _label_column(raw, label_col, positive)
    zone = None if block_size else zone
    weight = [weight_col] if weight_col else []
    used = [
        *(as_number(name, nodata).alias(name) for name in features),
        as_class(label, positive).alias(label_col),
        *(as_number(name, nodata).alias(name) for name in block_cols),
        *(as_number(name).alias(name) for name in weight),
        *([_as_zone(raw, zone).alias(zone)] if zone else []),
    ]
    frame = raw.select(*used)

    numbers, learnt = (*features, *block_cols, label_col, *weight), (*features, label_col, *weight)
    groups = _by_class(frame, any_unusable((*numbers, *([zone] if zone else [])), zone), learnt, label_col, weight_col)
    are_all = len(groups) <= _LABELS_SHOWN
    if are_all and not any(row["lacks"] for row in groups):
        unusable = Unusable(sum(row["rows"] for row in groups), 0, dict.fromkeys(numbers, 0))
    else:
        unusable = count_unusable(frame, numbers, zone)
    _check_values(unusable, features, label_col, missing, for_model, weight_col)
    is_filled = missing == filling.MEDIAN
    if unusable.some:
        frame = or_null(frame, features) if is_filled else frame.where(~any_unusable(frame.columns, zone))
    if block_size:
        zone, frame = BLOCK_COL, _add_blocks(frame, block_cols, block_size)
    if not are_all or (unusable.some and is_filled):
        groups = _by_class(frame, F.lit(False), learnt, label_col, weight_col)
    found = {row["label"]: row for row in groups if not row["lacks"]}
    if positive is not None and set(found) != {0.0, 1.0}:
        raise _one_class(raw, label_col, positive, for_model)
    _check_classes({label: row["rows"] for label, row in found.items()}, label_col, for_model)
    classes = {"0": found[0.0]["rows"], "1": found[1.0]["rows"]}
    rows = sum(classes.values())
    roles = {c.name: tables.role(c, label_col, zone_col, exclude_cols, block_cols, weight_col) for c in columns(raw)}
    return Table(
        frame,
        features,
        label_col,
        zone,
        tuple(uris),
        rows,
        classes,
        fingerprint(rows, found[0.0]["hash_sum"] + found[1.0]["hash_sum"], (*features, label_col, *weight)),
        0 if is_filled else unusable.some,
        tuple(block_cols),
        tuple(name for name, role in roles.items() if role == "index"),
        tuple(positive_values.values(positive)),
        _absent(raw, label, positive_values.values(positive)),
        missing=missing,
        lacking={name: unusable.columns[name] for name in features if unusable.columns[name]} if is_filled else {},
        lacking_rows=unusable.some if is_filled else 0,
        weights=_checked_weights(weight_col, list(found.values())) if weight_col else None,
    )


def _zone_used(raw: DataFrame, zone_col: str | None, exclude_cols: Sequence[str], can_lack: bool) -> str | None:
    """The zone column, if the table has one; where it `can_lack` zones, even one that was asked for may be absent."""
    if not can_lack:
        return tables.zone_of(columns(raw), zone_col, exclude_cols)
    return zone_col if zone_col in raw.columns and zone_col not in exclude_cols else None


def _by_class(
    frame: DataFrame, lacks: Column, names: Sequence[str], label_col: str, weight_col: str | None
) -> list[Any]:
    """By label and whether the row `lacks` a value: the rows, the sum of their hashes, and the range of their weights.

    There are more than `_LABELS_SHOWN` if some are left out.
    """
    by_label = frame.groupBy(F.col(tables.quoted(label_col)).alias("label"), lacks.alias("lacks")).agg(
        *fingerprint_parts(row_hash(names)), *_range_of(weight_col)
    )
    return by_label.limit(_LABELS_SHOWN + 1).collect()


def read(spark: SparkSession, inputs: str | Sequence[str], options: Options = NO_OPTIONS) -> DataFrame:
    """Read and concatenate tables that have the same columns, in any order (`lib.reading.frames`).

    Raises:
        InputError: no input is given, or one does not exist, cannot be read, is not a table, or has other columns.
    """
    return frames.read(spark, inputs, options).frame


def columns(raw: DataFrame) -> list[tables.Column]:
    """The columns of a table as it was read."""
    return frames.columns_of(raw)


def count_unusable(frame: DataFrame, numbers: Sequence[str], zone_col: str | None = None) -> Unusable:
    """Count each column's null, NaN or infinite values, and the rows with one."""
    names = [*numbers, *([zone_col] if zone_col else [])]
    is_unusable = any_unusable(names, zone_col)
    total = frame.agg(F.count(F.lit(1)).alias("rows"), F.count(F.when(is_unusable, 1)).alias("any")).first()
    assert total is not None  # an aggregate always has a row
    found = dict.fromkeys(names, 0)
    if total["any"]:
        # An aggregate for each of thousands of columns would take Spark minutes to plan.
        places = [F.when(_unusable(name, name == zone_col), F.lit(place)) for place, name in enumerate(names)]
        holes = frame.where(is_unusable).select(F.explode(F.array_compact(F.array(*places))).alias("place"))
        found |= {names[row["place"]]: row["count"] for row in holes.groupBy("place").count().collect()}
    return Unusable(total["rows"], total["any"], found)


def row_hash(names: Sequence[str], seed: int | None = None, instead: Mapping[str, float] | None = None) -> Column:
    """A 64-bit hash of a row's content (`names`, all double), the same on every machine and in every row order.

    xxHash64 over the values in the alphabetical order of their columns, with negative zero treated as zero, and no
    value as NaN: xxHash64 would pass over a null, and not see in which column it is. `instead` gives columns another
    value than the row's.
    """
    none = F.lit(float("nan"))
    other = {name: F.lit(value) for name, value in (instead or {}).items()}
    found = [other.get(name, F.col(tables.quoted(name))) for name in sorted(names)]
    values = [F.coalesce(value + F.lit(0.0), none) for value in found]
    start = [] if seed is None else [F.lit(seed).cast("long")]
    return F.xxhash64(*start, *values)


def fingerprint_parts(hashes: Column) -> tuple[Column, Column]:
    """The aggregates `rows` and `hash_sum` that `fingerprint` is computed from."""
    return F.count(F.lit(1)).alias("rows"), F.sum(hashes.cast("decimal(20,0)")).alias("hash_sum")


def fingerprint(rows: int, hash_sum: Any, names: Sequence[str]) -> str:
    """One short text for the columns, the number of rows and the sum of their hashes."""
    text = "\n".join([*sorted(names), str(rows), str(int(hash_sum or 0) % 2**64)])
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _label_column(raw: DataFrame, label_col: str, positive: Any) -> tables.Column:
    """The label's column, which must be a number or have values that `positive` names."""
    label = next(column for column in columns(raw) if column.name == label_col)
    known = label.is_number or positive is not None
    positive_values.check_label(label, positive, [] if known else _values_of(raw, label_col))
    return label


def as_class(label: tables.Column, positive: Any) -> Column:
    """The class of each row as double, null where the label has no value; see `lib.support.positive`."""
    value = F.col(tables.quoted(label.name))
    if positive is None:
        return value.cast("double")
    of_one = positive_values.matching(positive, label)
    if label.is_number:
        number = value.cast("double")
        return F.when(~F.isnan(number) & (F.abs(number) != float("inf")), number.isin(*of_one.numbers).cast("double"))
    text = F.trim(value.cast("string"))
    number = F.when(text.rlike(f"^({NUMBER})$"), text.cast("double"))
    signs = (text.isin(*of_one.texts), number.isin(*of_one.numbers), F.lower(text).isin(*of_one.words))
    found = [F.coalesce(sign, F.lit(False)) for sign in signs]
    is_one = found[0] | found[1] | found[2]
    return F.when(is_one | ~F.lower(text).isin(*positive_values.NO_LABEL), is_one.cast("double"))


def _absent(raw: DataFrame, label: tables.Column, positive: Sequence[Any]) -> tuple[Any, ...]:
    """Those of several values of class 1 that no row has. (Of a single one there are always rows.)"""
    if len(positive) < 2:
        return ()
    found = raw.agg(*(F.max(as_class(label, [value])).alias(str(i)) for i, value in enumerate(positive))).first()
    assert found is not None  # an aggregate always has a row
    return tuple(value for i, value in enumerate(positive) if found[str(i)] != 1)


def _values_of(raw: DataFrame, label_col: str) -> list[str]:
    """The label's most frequent values, each with its rows, the rarest last."""
    label = F.col(tables.quoted(label_col))
    counted = raw.where(label.isNotNull()).groupBy(label.alias("label")).count()
    found = counted.orderBy(F.desc("count"), "label").limit(_LABELS_SHOWN).collect()
    return [f"{_text(row['label'])} ({row['count']:,} rows)" for row in found]


def _text(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


def _one_class(raw: DataFrame, label_col: str, positive: Any, for_model: bool) -> InputError:
    """With `positive` all rows are of one class."""
    remedy = "a model can score rows without labels: python run_experiment.py score" if for_model else "check positive"
    return InputError(
        f"label column {label_col!r} has only one class with positive: {positive!r}, and both must have rows; its "
        f"values are: {some(_values_of(raw, label_col))}; {remedy}"
    )


def _range_of(weight_col: str | None) -> list[Column]:
    """The aggregates of the weights that `_checked_weights` reads."""
    if weight_col is None:
        return []
    weight = F.col(tables.quoted(weight_col))
    return [
        F.min(weight).alias("least"),
        F.max(weight).alias("most"),
        F.count(F.when(weight <= 0, 1)).alias("not_positive"),
    ]


def _checked_weights(weight_col: str, of_classes: Sequence[Any]) -> Weights:
    """The weights of a table, from `_range_of` its classes; all must be above 0."""
    least = min(found["least"] for found in of_classes)
    wrong, rows = (sum(found[name] for found in of_classes) for name in ("not_positive", "rows"))
    if wrong:
        raise InputError(
            f"weight_col: {wrong:,} of {rows:,} rows have a weight of 0 or below in column {weight_col!r} (the lowest "
            f"is {least:g}), and weights must be positive: give them one, or leave those rows out of the table"
        )
    return Weights(weight_col, least, max(found["most"] for found in of_classes))


def _check_values(
    unusable: Unusable,
    features: Sequence[str],
    label_col: str,
    missing: str,
    for_model: bool,
    weight_col: str | None,
) -> None:
    rows, counts = unusable.rows, unusable.columns
    if not rows:
        raise InputError("the table has no rows: choose another with --input-data")
    if weight_col and counts[weight_col] == rows:
        raise InputError(
            f"weight_col: column {weight_col!r} has no usable value in any of the {rows:,} rows: choose a column of "
            "positive numbers"
        )
    for name in (*features, label_col):
        if counts[name] == rows:
            exclude = ": the model needs it" if for_model else f": exclude it with exclude_cols: [{name}]"
            remedy = "" if name == label_col else exclude
            raise InputError(f"column {name!r} has no usable value in any of the {rows:,} rows{remedy}")
    found = {name: n for name, n in counts.items() if n}
    if missing == filling.MEDIAN:
        _check_only_features_lack(found, features, for_model)
    elif found and missing == filling.ERROR:
        listed = some([f"{name} ({n:,})" for name, n in sorted(found.items(), key=lambda item: -item[1])])
        other = "leave those rows out of the table, or train with missing: drop"
        if not for_model:
            other = "drop those rows with missing: drop, fill features with missing: median, or exclude columns"
            if set(found) == {weight_col}:
                other = "drop those rows with missing: drop, or train without weight_col"
        raise InputError(
            f"{unusable.some:,} of {rows:,} rows have a null, NaN or infinite value, in: {listed}; fix them, {other}"
        )
    elif unusable.some == rows:
        holes = some([name for name in found if name != label_col])
        remedy = f"the model needs {holes}" if for_model else f"exclude columns with exclude_cols: {holes}"
        raise InputError(
            f"every one of the {rows:,} rows has a null, NaN or infinite value, so missing: drop leaves none; {remedy}"
        )


def _check_only_features_lack(found: Mapping[str, int], features: Sequence[str], for_model: bool) -> None:
    """Nothing can stand for a label, a zone or coordinates that are not there."""
    others = [f"{name} ({n:,})" for name, n in found.items() if name not in features]
    if others:
        remedy = "" if for_model else ", or drop all rows with a missing value with missing: drop"
        raise InputError(
            f"rows have no usable value in: {some(others)}; missing: median fills features only: fix them, or leave "
            f"those rows out of the table{remedy}"
        )


def _check_classes(found: dict[float, int], label_col: str, for_model: bool) -> None:
    if set(found) == {0.0, 1.0}:
        return
    listed = some([f"{value:g} ({found[value]:,} rows)" for value in sorted(found)])
    many = f"more than {_LABELS_SHOWN}" if len(found) > _LABELS_SHOWN else len(found)
    what = "only one value" if len(found) == 1 else f"{many} values"
    remedy = "; a model can score rows without labels: python run_experiment.py score" if for_model else ""
    if len(found) > 1 and not for_model:
        by_rows = sorted(found, key=lambda value: -found[value])
        remedy = f", {positive_values.wanted([f'{value:g} (rows)' for value in by_rows])}"
    raise InputError(
        f"label column {label_col!r} has {what}: {listed}; it must contain both classes, 0 and 1, and nothing else"
        f"{remedy}"
    )


def _add_blocks(frame: DataFrame, block_cols: Sequence[str], block_size: float) -> DataFrame:
    """Add `BLOCK_COL`, the name of each row's block of coordinates."""
    squares = [F.floor(F.col(tables.quoted(name)) / block_size).cast("long") for name in block_cols]
    placed = frame.withColumn("__i", squares[0]).withColumn("__j", squares[1])
    found = placed.groupBy("__i", "__j").count().limit(blocks.MOST_SQUARES + 1).collect()
    names = blocks.names({(row["__i"], row["__j"]): row["count"] for row in found}, block_size)
    table = [(i, j, name) for (i, j), name in names.items()]
    named = F.broadcast(frame.sparkSession.createDataFrame(table, f"__i long, __j long, {BLOCK_COL} string"))
    return placed.join(named, ["__i", "__j"]).drop("__i", "__j")


def _as_zone(raw: DataFrame, name: str) -> Column:
    """A zone's name as text, null if it has none: NaN, or a text of blanks."""
    value = F.col(tables.quoted(name))
    text = value.cast("string")
    if isinstance(raw.schema[name].dataType, T.FractionalType):
        return F.when(~F.isnan(value.cast("double")), text)
    return F.when(F.trim(text) != "", text)


def as_number(name: str, nodata: Sequence[float] = ()) -> Column:
    """A column as double, null where it has one of the values that stand for none."""
    value = F.col(tables.quoted(name)).cast("double")
    if not nodata:
        return value
    # What was written with 32 bits is compared with 32 bits: -3.4e38 is not the same number in both.
    is_none = value.isin(*map(float, nodata)) | value.isin(*(float(np.float32(number)) for number in nodata))
    return F.when(~is_none, value)


def or_null(frame: DataFrame, features: Sequence[str], nodata: Sequence[float] = ()) -> DataFrame:
    """Make NaN, infinite values and those that stand for none null in some features; their types stay."""
    usable = {name: ~_is_unusable(as_number(name, nodata)) for name in features}
    return frame.withColumns({name: F.when(usable[name], F.col(tables.quoted(name))) for name in features})


def _unusable(name: str, is_text: bool) -> Column:
    column = F.col(tables.quoted(name))
    return column.isNull() if is_text else _is_unusable(column)


def _is_unusable(number: Column) -> Column:
    return number.isNull() | F.isnan(number) | (F.abs(number) == float("inf"))


def any_unusable(names: Sequence[str], zone_col: str | None = None) -> Column:
    """Whether a row has a null, NaN or infinite value in one of the columns."""
    # One flat expression: thousands of conditions joined one by one overflow the planner's stack.
    sizes = [F.coalesce(F.abs(F.col(tables.quoted(name))), F.lit(float("inf"))) for name in names if name != zone_col]
    largest = F.greatest(*sizes, F.lit(0.0), F.lit(0.0))  # NaN is the greatest of all
    found = largest >= float("inf")
    return found | _unusable(zone_col, True) if zone_col in names and zone_col else found
