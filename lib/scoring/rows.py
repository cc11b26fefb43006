"""Scores of the rows of a table, in Spark tasks."""

import time
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql import types as T

from lib import artifacts, dataset
from lib.errors import InputError, some
from lib.measures import figures, judge, reference
from lib.measures.decision import Decision
from lib.metrics import Array, count_scores
from lib.reading.options import Options
from lib.scoring import tally
from lib.scoring.model import Model
from lib.split import HASH_COL
from lib.storage import join
from lib.support import filling, tables
from lib.support.workers import quick_to_reuse


def score_table(
    spark: SparkSession,
    model: Model,
    uris: Sequence[str],
    folder: str,
    id_cols: Sequence[str],
    missing: str,
    options: Options,
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Score all rows of a table and write them to `scores/`; returns what is said about them, and curves to draw.

    Raises:
        InputError: the table lacks columns, has some that are not numbers, has no rows, or has missing values.
        SavedModelError: the scores are not those of Spark ML.
    """
    started = time.monotonic()
    raw, dropped, lacking = _usable(dataset.read(spark, uris, options), ", ".join(uris), model, missing)
    kept = _kept(raw, model, id_cols)
    sample = _sample(raw, model)
    model.check(spark, sample)
    prepared = time.monotonic()
    place = join(folder, artifacts.SCORES)
    judged(raw, model, kept).write.parquet(place)
    timings = {"prepare": round(prepared - started, 3), "score": round(time.monotonic() - prepared, 3)}
    written = spark.read.parquet(place)
    record: dict[str, Any] = {"dropped": dropped, **lacking, "id_cols": list(id_cols), "timings": timings}
    record |= tally.describe(model.judge, _counts(written, model))
    record |= model.beside_training(model.scorer.filled(sample))
    label = model.experiment.get("data", {}).get("label_col")
    if label not in kept:
        return record, {}
    given = model.experiment["parameters"].get("positive")
    measured, curves = _measure(written, label, given, model.judge.decision)
    return {**record, "measured": measured}, curves


def judged(rows: DataFrame, model: Model, kept: Sequence[str]) -> DataFrame:
    """The columns `kept` and those of the model's `Judge`; one that is kept and has such a name gets an underscore."""
    broadcast = rows.sparkSession.sparkContext.broadcast(model.judge)
    names = model.judge.names

    def of_batches(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            beside, values = batch.columns[: len(kept)], batch.columns[len(kept) :]
            found = broadcast.value(np.column_stack([column.to_numpy() for column in values]))
            yield pa.RecordBatch.from_arrays([*beside, *(pa.array(found[name]) for name in names)], schema.names)

    types = {judge.CLASS: T.IntegerType(), judge.APPLICABLE: T.BooleanType()}
    own = [T.StructField(name, types.get(name, T.DoubleType())) for name in names]
    schema = T.StructType([*(T.StructField(judge.beside(name), rows.schema[name].dataType) for name in kept), *own])
    # Features have other names, for one of them may also be kept.
    features = [column.alias(f"__{i}") for i, column in enumerate(model.scorer.columns(rows))]
    # Batches of Arrow come and go as they are. A pandas UDF would also hold back each row's other columns.
    return rows.select(*_columns(kept), *features).mapInArrow(
        lambda batches: iter(quick_to_reuse(of_batches)(batches)), schema
    )


def _usable(frame: DataFrame, place: str, model: Model, missing: str) -> tuple[DataFrame, int, dict[str, Any]]:
    """The table, the number of rows left out for missing values, and what is said of those to fill (nothing, if none
    is to be).

    What is to be filled is null, in columns of the table's own types. Where all features are missing, nothing is.

    Raises:
        InputError: it lacks features or has some that are not numbers, has no rows, or has missing values.
    """
    features, nodata = model.features, model.nodata
    tables.require_numbers(dataset.columns(frame), features, place)
    if missing == filling.MEDIAN:
        return _to_fill(dataset.or_null(frame, features, nodata), place, model)
    frame = frame.withColumns({name: dataset.as_number(name, nodata) for name in features})
    unusable = dataset.count_unusable(frame.select(*_columns(features)), features)
    if not unusable.rows:
        raise tables.without_rows(place)
    if not unusable.some:
        return frame, 0, {}
    if missing == filling.ERROR or unusable.some == unusable.rows:
        found = some([f"{name} ({n:,})" for name, n in unusable.columns.items() if n])
        remedy = "leave those rows out with missing: drop"
        if unusable.some == unusable.rows:
            remedy = "choose another table with --input-data: no row is left"
        raise InputError(
            f"{unusable.some:,} of {unusable.rows:,} rows have a null, NaN or infinite value, in: {found}; fix "
            f"them, or {remedy}"
        )
    return frame.where(~dataset.any_unusable(features)), unusable.some, {}


def _to_fill(frame: DataFrame, place: str, model: Model) -> tuple[DataFrame, int, dict[str, Any]]:
    """See `_read`: of a table whose missing values are null."""
    features = model.features
    numbers = [column.cast("double").alias(name) for name, column in zip(features, _columns(features), strict=True)]
    unusable = dataset.count_unusable(frame.select(*numbers), features)
    rows, some_lack, lacking = unusable.rows, unusable.some, unusable.columns
    if not rows:
        raise tables.without_rows(place)
    unfilled = [f"{name} ({lacking[name]:,})" for name in features if lacking[name] and not model.scorer.fills_in(name)]
    if unfilled:
        raise InputError(
            f"rows have a null, NaN or infinite value in columns that the model does not fill: {some(unfilled)}; fix "
            "them, or leave those rows out with missing: drop"
        )
    empty = 0
    if all(lacking.values()):
        has_some = F.coalesce(*numbers).isNotNull()
        empty = frame.where(~has_some).count()
        frame = frame.where(has_some) if empty else frame
    if empty == rows:
        raise InputError(
            f"none of the {rows:,} rows has a usable value in any feature; choose another table with --input-data"
        )
    values = {name: n - empty for name, n in lacking.items() if n > empty}
    return frame, empty, {"filled": {"rows": some_lack - empty, "values": values}}


def _kept(rows: DataFrame, model: Model, id_cols: Sequence[str]) -> list[str]:
    """The columns to keep: those asked for, and the coordinates, zone and label that the model's table had.

    Raises:
        InputError: the table lacks one of `id_cols`.
    """
    for name in id_cols:
        tables.require(dataset.columns(rows), name, "id_cols")
    data = model.experiment.get("data", {})
    known = [*data.get("coordinates", []), data.get("zone_col"), data.get("label_col")]
    kept = list(dict.fromkeys([*id_cols, *(name for name in known if name in rows.columns)]))
    tables.check_kept(kept, judge.beside)
    return kept


def _counts(written: DataFrame, model: Model) -> tally.Counts:
    """The counts of scored rows, in one pass."""
    broadcast = written.sparkSession.sparkContext.broadcast(model.judge)

    def of_frames(frames: Iterable[pd.DataFrame]) -> Iterator[pd.DataFrame]:
        total = tally.nothing()
        for frame in frames:
            total += tally.count(broadcast.value, {name: frame[name].to_numpy() for name in broadcast.value.names})
        yield pd.DataFrame({"counts": [total.ravel().tolist()]})

    found = written.select(*model.judge.names).mapInPandas(
        lambda frames: iter(quick_to_reuse(of_frames)(frames)), "counts array<bigint>"
    )
    return sum((np.reshape(row["counts"], tally.nothing().shape) for row in found.collect()), tally.nothing())


def _sample(rows: DataFrame, model: Model) -> Array:
    """The features of rows from all over the table (rows × features), not yet filled.

    They are those with the lowest hashes. The first rows of a table are often of one zone, or one class.
    """
    numbers = [F.col(tables.quoted(name)).cast("double").alias(name) for name in model.features]
    hashed = rows.select(*numbers).withColumn(HASH_COL, dataset.row_hash(model.features))
    return reference.sample(hashed, model.features).to_numpy(np.float64)


def _measure(
    written: DataFrame, label: str, positive: Any, decision: Decision
) -> tuple[dict[str, Any] | None, dict[str, Any]]:
    """Figures and curves against the labels of the rows, if they have both classes; rows without one do not count."""
    column = judge.beside(label)
    found = next(each for each in dataset.columns(written) if each.name == column)
    labelled = written.withColumn(column, dataset.as_class(found, positive))
    labelled = labelled.where(F.col(f"`{column}`").isin(0, 1))
    counted = count_scores(labelled, column, judge.SCORE).get("")
    if counted is None or not 0 < counted.n_positives < counted.rows:
        return None, {}
    return figures.describe(counted, decision), figures.describe_curves(counted, decision)


def _columns(names: Sequence[str]) -> list[Any]:
    return [F.col(f"`{name}`") for name in names]
