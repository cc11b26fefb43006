"""Which rows an evaluation measures: exactly those that training held out, or those of another table.

Training recorded which rows it held out (their count and a fingerprint). Evaluation repeats the split and compares, so
that a metric is never measured on rows the model has seen.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from lib import dataset
from lib.artifacts import HELD_OUT, SHARE_OF_TABLE, WHOLE_TABLE
from lib.dataset import Table
from lib.errors import InputError, TooManySquares, some
from lib.measures import distances, reference
from lib.reading.options import Options
from lib.split import HASH_COL, TEST, TRAIN, VAL, Split, split
from lib.support import filling, tables
from lib.support.blocks import BLOCK_COL

SEEN = DROP, KEEP = "drop", "keep"
"""What happens to rows of another table that the model has seen, the default first."""
_SEEN_COL = "__seen"
FEATURES_COL = "__features_hash"  # no column of a table can have this name
"""The hash of a row's features as they are given, before any is filled: rows that repeat each other share it."""


@dataclass(frozen=True)
class Measured:
    """The rows a model is measured on, with `HASH_COL` and `FEATURES_COL`, and their description in the record.

    `distances` has, for a table with coordinates, how far these rows lie from the nearest training row.
    """

    frame: DataFrame
    table: Table
    record: dict[str, Any]
    distances: dict[str, float] | None = None


def rows_to_measure(
    spark: SparkSession,
    model_dir: str,
    experiment: Mapping[str, Any],
    test_data: str | Sequence[str] | None,
    test_fraction: float,
    seen: str,
) -> Measured:
    """The held-out rows of the training table, or those of another one.

    Raises:
        InputError: the table changed since the training, lacks columns, or has no rows of both classes to measure.
    """
    if seen not in SEEN:
        raise InputError(f"seen={seen!r}: choose {' or '.join(SEEN)}")
    data = experiment["data"]
    trained_from = data["inputs"]
    inputs = tables.places(test_data) or trained_from
    load = _load if inputs == trained_from else load_other
    table = load(spark, inputs, data, experiment["parameters"])
    if table.fingerprint == data["fingerprint"]:
        return _held_out_rows(table, experiment)
    if inputs == trained_from:
        raise InputError(_what_changed(table, data))
    return _other_rows(table, model_dir, experiment, test_fraction, seen)


def load_other(
    spark: SparkSession, inputs: Sequence[str], data: Mapping[str, Any], parameters: Mapping[str, Any]
) -> Table:
    """Another table than the training table, with only the columns that the model uses.

    `data` has the `features`, `label_col`, `zone_col` and `coordinates` of the training table, `parameters` its
    `missing`, `positive`, `nodata` and `block_size`. The column of the weights, `weights`, may be
    absent unless `parameters` has `metrics_weighted`.

    Raises:
        InputError: it lacks columns, has missing values or rows of one class; the message begins with `test_data`.
    """
    try:
        return _load(spark, inputs, data, parameters)
    except InputError as error:
        raise InputError(f"test_data: {error}") from None


def _load(spark: SparkSession, inputs: Sequence[str], data: Mapping[str, Any], parameters: Mapping[str, Any]) -> Table:
    """The table with only the columns that the model uses."""
    raw = dataset.read(spark, inputs, Options.of_another({**parameters, "zone_col": data["zone_col"]}))
    tables.require_features(dataset.columns(raw), (*data["features"], data["label_col"]), ", ".join(inputs))
    coordinates = data.get("coordinates", [])
    placed = bool(coordinates) and set(coordinates) <= set(raw.columns)  # one column alone places nothing
    blocks = {"block_cols": coordinates, "block_size": parameters.get("block_size")} if placed else {}
    weight_col = data.get("weights", {}).get("column")
    if inputs != data["inputs"] and not parameters.get("metrics_weighted") and weight_col not in raw.columns:
        weight_col = None
    keep = {*data["features"], data["label_col"], data["zone_col"], weight_col, *(coordinates if placed else ())}
    check = partial(
        dataset.check,
        raw,
        inputs,
        label_col=data["label_col"],
        zone_col=data["zone_col"],
        exclude_cols=[name for name in raw.columns if name not in keep],
        missing=parameters["missing"],
        for_model=True,
        positive=parameters.get("positive"),
        nodata=parameters.get("nodata") or (),
        weight_col=weight_col,
    )
    try:
        return check(**blocks)
    except TooManySquares:  # the training table was not so wide; without zones this one can still be measured
        return check(block_cols=coordinates)


def _held_out_rows(table: Table, experiment: Mapping[str, Any]) -> Measured:
    recorded = experiment["split"]
    if recorded["split_by"] == "zone" and table.zone_col is None:
        data = experiment["data"]
        needed = some(data["coordinates"] if data["zone_col"] == BLOCK_COL else [data["zone_col"]])
        raise InputError(
            f"{', '.join(table.inputs)} has the rows the model was trained on, but not the zones that tell which of "
            f"them were held out: add the column(s) {needed}, or evaluate without --test-data"
        )
    parts = split(table, **{name: recorded[name] for name in ("test_frac", "val_frac", "split_by", "seed")})
    expected, found = recorded["parts"][TEST], parts.parts[TEST]
    if expected != {name: found[name] for name in expected}:  # an earlier version may have recorded less
        raise InputError(
            f"the rows held out in training cannot be reproduced: {expected['rows']:,} rows with fingerprint "
            f"{expected['fingerprint']} were recorded, but the same split now gives {found['rows']:,} rows with "
            f"{found['fingerprint']}; was the model trained by another version of this project?"
        )
    record = _row_record(HELD_OUT, table.inputs, found, verified=True) | _zones_of(parts)
    given = _with_features_hash(parts.as_given(TEST), table)
    record |= _filled(given, table)
    rows = filling.fill(given, parts.medians)
    return Measured(rows, table, record, _distances(rows, table, parts.rows(TRAIN, VAL)))


def _with_features_hash(rows: DataFrame, table: Table) -> DataFrame:
    return rows.withColumn(FEATURES_COL, dataset.row_hash(table.features))


def _distances(rows: DataFrame, table: Table, training: DataFrame | None) -> dict[str, float] | None:
    """How far rows lie from the training rows; None if these are not known, or the table has no coordinates."""
    names = table.coordinates
    return distances.to_training_rows(rows, training, names) if names and training is not None else None


def _zones_of(parts: Split) -> dict[str, Any]:
    """How many zones the held-out rows come from (`zones`), and of how many the model has seen no row (`new_zones`)."""
    if parts.table.zone_col is None:
        return {}
    counts = [by_part for by_part in parts.count_by_zone().values() if by_part[TEST].rows]
    unseen = [by_part for by_part in counts if not by_part[TRAIN].rows + by_part[VAL].rows]
    return {"zones": len(counts), "new_zones": len(unseen)}


def _other_rows(
    table: Table, model_dir: str, experiment: Mapping[str, Any], test_fraction: float, seen: str
) -> Measured:
    if not 0 < test_fraction <= 1:
        raise InputError(f"test_fraction={test_fraction:g}: give a fraction above 0 and up to 1")
    frame, what = table.frame, WHOLE_TABLE
    names = (*table.features, table.label_col)
    if test_fraction < 1:
        what = SHARE_OF_TABLE
        # The upper 53 bits of a hash, as a number from 0 to 1. Not the hash of the split, whose ranges are its parts.
        share = F.shiftrightunsigned(dataset.row_hash(names, ~experiment["split"]["seed"]), 11) / F.lit(2.0**53)
        frame = frame.where(share < test_fraction)
    marked = reference.mark_seen(frame.sparkSession, model_dir, frame, table.features, _SEEN_COL)
    seen_rows = None
    if marked is not None:
        marked = marked.persist()
        seen_rows = marked.where(F.col(_SEEN_COL)).count()
        frame = (marked.where(~F.col(_SEEN_COL)) if seen == DROP else marked).drop(_SEEN_COL)
    hashed = _with_features_hash(frame.withColumn(HASH_COL, dataset.row_hash(names)), table)
    counted = _count(hashed, table)
    if not 0 < counted["positives"] < counted["rows"]:
        raise InputError(_nothing_to_measure(counted["rows"], seen_rows if seen == DROP else 0, test_fraction))
    record = _row_record(what, table.inputs, counted, verified=False) | _filled(hashed, table)
    medians = experiment.get("filling", {}).get("medians")
    places = reference.places(frame.sparkSession, model_dir) if table.coordinates else None
    training = places.toDF(*table.coordinates) if places is not None else None
    record |= {"seen": seen_rows, "seen_rows": seen}
    return Measured(filling.fill(hashed, medians), table, record, _distances(hashed, table, training))


def _filled(rows: DataFrame, table: Table) -> dict[str, Any]:
    """How many of these rows, and values of each feature, are filled; nothing where none is to be."""
    if table.missing != filling.MEDIAN:
        return {}
    lacking = dataset.count_unusable(rows, table.features)
    values = {name: lacking.columns[name] for name in table.features if lacking.columns[name]}
    return {"filled": {"rows": lacking.some, "values": values}}


def _count(hashed: DataFrame, table: Table) -> dict[str, Any]:
    names = (*table.features, table.label_col)
    label = F.col(f"`{table.label_col}`")
    # Rows repeat each other if they have the same features, as in the split.
    different = hashed.groupBy(FEATURES_COL).agg(
        *dataset.fingerprint_parts(F.col(HASH_COL)), F.sum(label.cast("long")).alias("positives")
    )
    rows, positives = F.col("rows"), F.col("positives")
    found = different.agg(
        *(F.coalesce(F.sum(name), F.lit(0)).alias(name) for name in ("rows", "hash_sum", "positives")),
        F.count(F.lit(1)).alias("distinct"),
        F.count_if(positives < rows).alias("distinct_0"),
        F.count_if(positives > 0).alias("distinct_1"),
    ).first()
    assert found is not None  # an aggregate always has a row
    return {
        "rows": found["rows"],
        "positives": found["positives"],
        "fingerprint": dataset.fingerprint(found["rows"], found["hash_sum"], names),
        "distinct": found["distinct"],
        "distinct_by_class": {name: found[f"distinct_{name}"] for name in ("0", "1")},
    }


def _nothing_to_measure(rows: int, dropped: int | None, test_fraction: float) -> str:
    if dropped:
        return (
            f"{dropped:,} rows of the test data stood in training or validation and are left out; the {rows:,} other "
            "rows are not of both classes: give another table, or measure all rows with seen: keep"
        )
    return f"test_fraction={test_fraction:g} leaves {rows:,} rows, but not of both classes: raise it"


def _row_record(what: str, inputs: Sequence[str], part: Mapping[str, Any], *, verified: bool) -> dict[str, Any]:
    return {
        "rows": what,
        "inputs": list(inputs),
        "count": part["rows"],
        "positives": part["positives"],
        "fingerprint": part["fingerprint"],
        "verified": verified,
        "distinct": part["distinct"],
        "distinct_by_class": part["distinct_by_class"],
    }


def _what_changed(table: Table, data: Mapping[str, Any]) -> str:
    """The message for a table that changed since the model was trained on it."""
    if table.rows != data["rows"]:
        change = f"it had {data['rows']:,} rows and now has {table.rows:,}"
    elif table.class_counts != data["class_counts"]:
        before, now = data["class_counts"]["1"], table.class_counts["1"]
        change = f"it had {before:,} positive rows and now has {now:,}"
    else:
        change = "it has as many rows as before, but values changed"
    return (
        f"{', '.join(table.inputs)} is no longer the table the model was trained on ({change}), so the held-out "
        "rows cannot be identified; restore the table, or save the changed one under another name and pass it as "
        "--test-data to evaluate on all its rows"
    )
