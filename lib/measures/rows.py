"""Which rows an evaluation measures: exactly those that training held out, or those of another table.

Training recorded which rows it held out (their count and a fingerprint). Evaluation repeats the split and compares, so
that a metric is never measured on rows the model has seen.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from lib import dataset
from lib.artifacts import HELD_OUT, SHARE_OF_TABLE, WHOLE_TABLE
from lib.dataset import Table
from lib.errors import InputError
from lib.split import HASH_COL, TEST, split
from lib.support import tables


@dataclass(frozen=True)
class Measured:
    """The rows a model is measured on, and their description in the record."""

    frame: DataFrame
    label_col: str
    zone_col: str | None
    record: dict[str, Any]


def rows_to_measure(
    spark: SparkSession,
    experiment: Mapping[str, Any],
    test_data: str | Sequence[str] | None,
    test_fraction: float,
) -> Measured:
    data = experiment["data"]
    trained_from = data["inputs"]
    inputs = tables.places(test_data) or trained_from
    table = _load(spark, inputs, experiment)
    if table.fingerprint == data["fingerprint"]:
        return _held_out_rows(table, experiment)
    if inputs == trained_from:
        raise InputError(_what_changed(table, data))
    return _other_rows(table, experiment, test_fraction)


def _load(spark: SparkSession, inputs: Sequence[str], experiment: Mapping[str, Any]) -> Table:
    """The table with only the columns that the model uses."""
    data, parameters = experiment["data"], experiment["parameters"]
    raw = dataset.read(spark, inputs)
    lacking = [name for name in (*data["features"], data["label_col"]) if name not in raw.columns]
    if lacking:
        raise InputError(f"{', '.join(inputs)} lacks columns that the model needs: {', '.join(lacking)}")
    keep = {*data["features"], data["label_col"], data["zone_col"]}
    return dataset.check(
        raw,
        inputs,
        label_col=data["label_col"],
        zone_col=data["zone_col"],
        exclude_cols=[name for name in raw.columns if name not in keep],
        missing=parameters["missing"],
    )


def _held_out_rows(table: Table, experiment: Mapping[str, Any]) -> Measured:
    recorded = experiment["split"]
    parts = split(table, **{name: recorded[name] for name in ("test_frac", "val_frac", "split_by", "seed")})
    expected, found = recorded["parts"][TEST], parts.parts[TEST]
    if found != expected:
        raise InputError(
            f"the rows held out in training cannot be reproduced: {expected['rows']:,} rows with fingerprint "
            f"{expected['fingerprint']} were recorded, but the same split now gives {found['rows']:,} rows with "
            f"{found['fingerprint']}; was the model trained by another version of this project?"
        )
    return Measured(
        parts.rows(TEST), table.label_col, table.zone_col, _row_record(HELD_OUT, table.inputs, found, verified=True)
    )


def _other_rows(table: Table, experiment: Mapping[str, Any], test_fraction: float) -> Measured:
    if not 0 < test_fraction <= 1:
        raise InputError(f"test_fraction={test_fraction:g}: give a fraction above 0 and up to 1")
    frame, what = table.frame, WHOLE_TABLE
    names = (*table.features, table.label_col)
    if test_fraction < 1:
        what = SHARE_OF_TABLE
        # The upper 53 bits of a hash, as a number from 0 to 1.
        share = F.shiftrightunsigned(dataset.row_hash(names, experiment["split"]["seed"]), 11) / F.lit(2.0**53)
        frame = frame.where(share < test_fraction)
    label = F.col(f"`{table.label_col}`")
    hashed = frame.withColumn(HASH_COL, dataset.row_hash(names))
    found = hashed.agg(
        *dataset.fingerprint_parts(F.col(HASH_COL)), F.sum(label.cast("long")).alias("positives")
    ).first()
    assert found is not None  # an aggregate always has a row
    if not found["rows"] or not 0 < found["positives"] < found["rows"]:
        raise InputError(
            f"test_fraction={test_fraction:g} leaves {found['rows']:,} rows, but not of both classes: raise it"
        )
    counted = {
        "rows": found["rows"],
        "positives": found["positives"],
        "fingerprint": dataset.fingerprint(found["rows"], found["hash_sum"], names),
    }
    return Measured(frame, table.label_col, table.zone_col, _row_record(what, table.inputs, counted, verified=False))


def _row_record(what: str, inputs: Sequence[str], part: Mapping[str, Any], *, verified: bool) -> dict[str, Any]:
    return {
        "rows": what,
        "inputs": list(inputs),
        "count": part["rows"],
        "positives": part["positives"],
        "fingerprint": part["fingerprint"],
        "verified": verified,
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
