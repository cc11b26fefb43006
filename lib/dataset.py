"""The table an experiment learns from: read, checked, and reduced to the columns and rows that are used.

Every check names the column, the count and the remedy, and runs before anything is computed on the data.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F

from lib.errors import InputError, some
from lib.reading import frames
from lib.reading.frames import Source
from lib.support import blocks, tables
from lib.support.blocks import BLOCK_COL

_LABELS_SHOWN = 20


@dataclass(frozen=True)
class Table:
    """A checked table: features, label and coordinates as double, the label 0.0 or 1.0, the zone (if any) as string.

    `features` keep the order of the file; `coordinates` are the two columns of `block_cols`, or none; `class_counts`
    are by "0" and "1"; `fingerprint` is a hash of the rows' content that does not depend on their order or partitions;
    `dropped` counts the rows left out for missing values, `passed_over` names the columns that hold a pandas index, and
    `sources` has the files and rows of each input.
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
    sources: tuple[Source, ...] = ()


def load(
    spark: SparkSession,
    inputs: str | Sequence[str],
    *,
    label_col: str = "label",
    zone_col: str | None = "zone",
    exclude_cols: Sequence[str] = (),
    missing: str = "error",
    block_cols: Sequence[str] = (),
    block_size: float | None = None,
) -> Table:
    """Read one table from one or several files or folders, and check it.

    Calls `read` and `check`, and raises the same errors.
    """
    uris = tables.places(inputs)
    found = frames.read(spark, uris)
    table = check(
        found.frame,
        uris,
        label_col=label_col,
        zone_col=zone_col,
        exclude_cols=exclude_cols,
        missing=missing,
        block_cols=block_cols,
        block_size=block_size,
    )
    return replace(table, sources=found.sources)


def check(
    raw: DataFrame,
    uris: Sequence[str],
    *,
    label_col: str,
    zone_col: str | None,
    exclude_cols: Sequence[str],
    missing: str,
    block_cols: Sequence[str] = (),
    block_size: float | None = None,
    for_model: bool = False,
) -> Table:
    """Check a table that was read from `uris`, and reduce it to the columns and rows that are used.

    Features are all numeric columns except the label, the zone and `exclude_cols`. `zone_col` is ignored if the table
    does not have it. `missing` says what happens to rows with a null, NaN or infinite value: "error" or "drop".
    `block_cols` are two columns of coordinates, which are no features; with `block_size`, square blocks of that size
    are the zones, instead of those of `zone_col` (see `lib.support.blocks`). With `for_model` the features are those
    of a model, so that no remedy is to exclude some.

    Raises:
        InputError: the table cannot be learnt from; the message says why and what to do.
    """
    if missing not in ("error", "drop"):
        raise InputError(f"missing={missing!r}: choose error or drop")
    tables.check_block_cols(columns(raw), block_cols, block_size)
    zone = zone_col if zone_col in raw.columns and zone_col not in exclude_cols else None
    features = tables.feature_columns(columns(raw), label_col, zone, exclude_cols, block_cols=block_cols)
    _check_label_type(raw, label_col)

    used = [_as_double(name).alias(name) for name in (*features, label_col, *block_cols)]
    zone = None if block_size else zone
    if zone:
        used.append(F.col(_quoted(zone)).cast("string").alias(zone))
    frame = raw.select(*used)

    unusable = count_unusable(frame, (*features, *block_cols, label_col), zone)
    _check_values(unusable, features, label_col, missing, for_model)
    if unusable["any"]:
        frame = frame.where(~any_unusable(frame.columns, zone))
    if block_size:
        zone, frame = BLOCK_COL, _add_blocks(frame, block_cols, block_size)
    names = (*features, label_col)
    # Both in one pass: the rows of each class, and the inputs of the fingerprint.
    by_label = frame.groupBy(F.col(_quoted(label_col)).alias("label")).agg(*fingerprint_parts(row_hash(names)))
    found = {row["label"]: row for row in by_label.limit(_LABELS_SHOWN + 1).collect()}
    _check_classes({label: row["rows"] for label, row in found.items()}, label_col, for_model)
    classes = {"0": found[0.0]["rows"], "1": found[1.0]["rows"]}
    rows = classes["0"] + classes["1"]
    content = fingerprint(rows, found[0.0]["hash_sum"] + found[1.0]["hash_sum"], names)
    roles = {c.name: tables.role(c, label_col, zone_col, exclude_cols, block_cols) for c in columns(raw)}
    return Table(
        frame,
        features,
        label_col,
        zone,
        tuple(uris),
        rows,
        classes,
        content,
        unusable["any"],
        tuple(block_cols),
        tuple(name for name, role in roles.items() if role == "index"),
    )


def read(spark: SparkSession, inputs: str | Sequence[str]) -> DataFrame:
    """Read and concatenate tables that have the same columns, in any order (`lib.reading.frames`).

    Raises:
        InputError: no input is given, or one does not exist, cannot be read, is not a table, or has other columns.
    """
    return frames.read(spark, inputs).frame


def columns(raw: DataFrame) -> list[tables.Column]:
    """The columns of a table as it was read."""
    return frames.columns_of(raw)


def count_unusable(frame: DataFrame, numbers: Sequence[str], zone_col: str | None = None) -> dict[str, int]:
    """Count each column's null, NaN or infinite values, all rows ("rows") and the rows with such a value ("any")."""
    names = [*numbers, *([zone_col] if zone_col else [])]
    counts = [
        F.count(F.when(_unusable(name, name == zone_col), 1)).alias(f"column {i}") for i, name in enumerate(names)
    ]
    found = frame.agg(
        F.count(F.lit(1)).alias("rows"),
        F.count(F.when(any_unusable(names, zone_col), 1)).alias("any"),
        *counts,
    ).first()
    assert found is not None  # an aggregate always has a row
    by_column = {name: found[f"column {i}"] for i, name in enumerate(names)}
    return {**by_column, "rows": found["rows"], "any": found["any"]}


def row_hash(names: Sequence[str], seed: int | None = None) -> Column:
    """A 64-bit hash of a row's content (`names`, all double), the same on every machine and in every row order.

    xxHash64 over the values in the alphabetical order of their columns, with negative zero treated as zero.
    """
    values = [F.col(_quoted(name)) + F.lit(0.0) for name in sorted(names)]
    start = [] if seed is None else [F.lit(seed).cast("long")]
    return F.xxhash64(*start, *values)


def fingerprint_parts(hashes: Column) -> tuple[Column, Column]:
    """The aggregates `rows` and `hash_sum` that `fingerprint` is computed from."""
    return F.count(F.lit(1)).alias("rows"), F.sum(hashes.cast("decimal(20,0)")).alias("hash_sum")


def fingerprint(rows: int, hash_sum: Any, names: Sequence[str]) -> str:
    """One short text for the columns, the number of rows and the sum of their hashes."""
    text = "\n".join([*sorted(names), str(rows), str(int(hash_sum or 0) % 2**64)])
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _check_label_type(raw: DataFrame, label_col: str) -> None:
    label = next(column for column in columns(raw) if column.name == label_col)
    if not label.is_number:
        values = [str(row[0]) for row in raw.select(F.col(_quoted(label_col))).distinct().limit(5).collect()]
        raise tables.label_refused(label, values)


def _check_values(
    counts: dict[str, int], features: Sequence[str], label_col: str, missing: str, for_model: bool
) -> None:
    rows = counts["rows"]
    if not rows:
        raise InputError("the table has no rows: choose another with --input-data")
    for name in (*features, label_col):
        if counts[name] == rows:
            exclude = ": the model needs it" if for_model else f": exclude it with exclude_cols: [{name}]"
            remedy = "" if name == label_col else exclude
            raise InputError(f"column {name!r} has no usable value in any of the {rows:,} rows{remedy}")
    found = {name: n for name, n in counts.items() if n and name not in ("rows", "any")}
    if found and missing == "error":
        listed = some([f"{name} ({n:,})" for name, n in sorted(found.items(), key=lambda item: -item[1])])
        other = "leave those rows out of the table, or train with missing: drop"
        if not for_model:
            other = "drop those rows with missing: drop, or exclude columns with exclude_cols"
        raise InputError(
            f"{counts['any']:,} of {rows:,} rows have a null, NaN or infinite value, in: {listed}; fix them, {other}"
        )
    if counts["any"] == rows:
        holes = some([name for name in found if name != label_col])
        remedy = f"the model needs {holes}" if for_model else f"exclude columns with exclude_cols: {holes}"
        raise InputError(
            f"every one of the {rows:,} rows has a null, NaN or infinite value, so missing: drop leaves none; {remedy}"
        )


def _check_classes(found: dict[float, int], label_col: str, for_model: bool) -> None:
    if set(found) == {0.0, 1.0}:
        return
    listed = some([f"{value:g} ({found[value]:,} rows)" for value in sorted(found)])
    many = f"more than {_LABELS_SHOWN}" if len(found) > _LABELS_SHOWN else len(found)
    what = "only one value" if len(found) == 1 else f"{many} values"
    remedy = "; a model can score rows without labels: run_experiment.py score" if for_model else ""
    raise InputError(
        f"label column {label_col!r} has {what}: {listed}; it must contain both classes, 0 and 1, and nothing else"
        f"{remedy}"
    )


def _add_blocks(frame: DataFrame, block_cols: Sequence[str], block_size: float) -> DataFrame:
    """Add `BLOCK_COL`, the name of each row's block of coordinates."""
    squares = [F.floor(F.col(_quoted(name)) / block_size).cast("long") for name in block_cols]
    placed = frame.withColumn("__i", squares[0]).withColumn("__j", squares[1])
    found = placed.groupBy("__i", "__j").count().limit(blocks.MOST_SQUARES + 1).collect()
    names = blocks.names({(row["__i"], row["__j"]): row["count"] for row in found}, block_size)
    table = [(i, j, name) for (i, j), name in names.items()]
    named = F.broadcast(frame.sparkSession.createDataFrame(table, f"__i long, __j long, {BLOCK_COL} string"))
    return placed.join(named, ["__i", "__j"]).drop("__i", "__j")


def _as_double(name: str) -> Column:
    return F.col(_quoted(name)).cast("double")


def _unusable(name: str, is_text: bool) -> Column:
    column = F.col(_quoted(name))
    if is_text:
        return column.isNull()
    return column.isNull() | F.isnan(column) | (F.abs(column) == float("inf"))


def any_unusable(names: Sequence[str], zone_col: str | None = None) -> Column:
    """Whether a row has a null, NaN or infinite value in one of the columns."""
    conditions = [_unusable(name, name == zone_col) for name in names]
    result = conditions[0]
    for condition in conditions[1:]:
        result = result | condition
    return result


def _quoted(name: str) -> str:
    return f"`{name}`"
