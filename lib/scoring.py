"""Use of a saved model: scores of the rows of a table that need no label.

    scored = scoring.score(spark, model, inputs, out)     # the rows, and what is said about them
    scoring_report.write(spark, scored)                   # lib.reporting
    scoring.finish(spark, scored)                         # scores.json, written last: its presence means complete

The model may be one of ours, or a pipeline of a VectorAssembler and a forest or GBT that plain Spark ML saved; then
there is no calibration, no area of applicability and no drift.
"""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from lib import artifacts, dataset, model_files, runs
from lib.errors import InputError, some
from lib.measures import comparison, figures, judge, reference
from lib.measures.decision import Decision
from lib.measures.judge import Judge
from lib.metrics import count_scores
from lib.saved_models import SCORE_COL, TreeScorer, check_scores, in_tasks, load_ensemble, load_pipeline, with_score
from lib.split import HASH_COL
from lib.storage import Storage, join
from lib.support import tables

COMPARED_ROWS = 10_000
_JUDGED = "__judged"


@dataclass(frozen=True)
class Model:
    """A saved model with what is kept beside it; the records are empty beside a pipeline of plain Spark ML."""

    folder: str
    pipeline: str
    scorer: TreeScorer
    judge: Judge
    known: reference.Reference | None
    experiment: Mapping[str, Any]
    summary: Mapping[str, Any]


@dataclass(frozen=True)
class Scored:
    """Scored rows: the folder, the content of `scores.json`, and curves to draw."""

    folder: str
    record: dict[str, Any]
    curves: dict[str, Any]


def score(
    spark: SparkSession,
    model: str,
    inputs: str | Sequence[str],
    out: str,
    *,
    run_id: str = "",
    id_cols: Sequence[str] = (),
    missing: str = "error",
) -> Scored:
    """Score all rows of a table, and write them to `scores/` below `<out>/scores/score_<run_id>`.

    `model` is a model's folder, its `pipeline_best`, or `latest`: the newest complete one below `out`. Beside the
    scores stand the columns `id_cols` and, if the table has them, the model's coordinates, zone and label.
    `missing` says what happens to rows with a null, NaN or infinite feature: "error" or "drop".

    Raises:
        InputError: there is no such model or it is none of trees, the table lacks columns or has missing values, or
            the scores exist already.
        SavedModelError: the scores are not those of Spark ML.
    """
    started = time.monotonic()
    storage = Storage(spark)
    loaded = load_model(spark, model)
    folder = artifacts.score_dir(out, run_id or artifacts.new_run_id())
    if storage.exists(folder):
        raise InputError(f"{folder} already exists: leave run_id empty, or choose another --out")
    storage.check_writable(out)
    rows, dropped = _rows(spark, tables.places(inputs), loaded.scorer.features, missing)
    kept = _kept(rows, loaded, id_cols)
    _compare(spark, loaded, rows)
    timings = {"prepare": time.monotonic() - started}
    started = time.monotonic()
    judged(rows, loaded, kept).write.parquet(join(folder, artifacts.SCORES))
    timings["score"] = time.monotonic() - started
    written = spark.read.parquet(join(folder, artifacts.SCORES))
    record, curves = _describe(written, loaded, rows, kept)
    record |= {"dropped": dropped, "inputs": tables.places(inputs), "id_cols": list(id_cols)}
    record["timings"] = {name: round(seconds, 3) for name, seconds in timings.items()}
    return Scored(folder, {"run_id": artifacts.run_id_of(folder), **record}, curves)


def finish(spark: SparkSession, scored: Scored) -> None:
    """Write `scores.json`."""
    Storage(spark).write_json(join(scored.folder, artifacts.SCORES_RECORD), scored.record)


def load_model(spark: SparkSession, model: str) -> Model:
    """Read a model and what is kept beside it.

    Raises:
        InputError: there is none, its training did not finish, or compiled trees cannot score it.
    """
    storage = Storage(spark)
    place = model_files.locate(storage.folders, model)
    folder, pipeline = place.folder, place.pipeline
    experiment, summary = runs.read_model(storage, folder) if place.is_ours else ({}, {})
    scorer = load_ensemble(spark, pipeline)
    if not place.is_ours:
        return Model(folder, pipeline, scorer, Judge(scorer.ensemble, Decision.none(), None), None, {}, {})
    known = reference.read(storage, folder, scorer.features, experiment["data"]["zone_col"])
    area = comparison.area_of(known, scorer.features, comparison.gains_of(summary)) if known else None
    judging = Judge(scorer.ensemble, Decision.read(storage, folder), area)
    return Model(folder, pipeline, scorer, judging, known, experiment, summary)


def judged(rows: DataFrame, model: Model, kept: Sequence[str]) -> DataFrame:
    """The columns `kept` and those of the model's `Judge`; one that is kept and has such a name gets an underscore."""
    broadcast = rows.sparkSession.sparkContext.broadcast(model.judge)
    types = {judge.CLASS: "int", judge.APPLICABLE: "boolean"}
    schema = ", ".join(f"{name} {types.get(name, 'double')}" for name in model.judge.names)
    as_columns = in_tasks(lambda values: pd.DataFrame(broadcast.value(values)), schema)
    names = [judge.beside(name) for name in kept]
    keep = [F.col(f"`{name}`").alias(new) for name, new in zip(kept, names, strict=True)]
    features = [F.col(f"`{name}`") for name in model.scorer.features]
    whole = rows.select(*keep, as_columns(*features).alias(_JUDGED))
    return whole.select(*(F.col(f"`{name}`") for name in names), f"{_JUDGED}.*")


def _rows(spark: SparkSession, uris: Sequence[str], features: Sequence[str], missing: str) -> tuple[DataFrame, int]:
    """The table with its features as double, and the number of rows left out for missing values."""
    if missing not in ("error", "drop"):
        raise InputError(f"missing={missing!r}: choose error or drop")
    raw = dataset.read(spark, uris)
    tables.require_numbers(dataset.columns(raw), features, ", ".join(uris))
    frame = raw
    for name in features:
        frame = frame.withColumn(name, F.col(f"`{name}`").cast("double"))
    unusable = dataset.count_unusable(frame.select(*(f"`{name}`" for name in features)), features)
    if not unusable["rows"]:
        raise tables.without_rows(", ".join(uris))
    if not unusable["any"]:
        return frame, 0
    if missing == "error" or unusable["any"] == unusable["rows"]:
        found = some([f"{name} ({n:,})" for name, n in unusable.items() if n and name not in ("rows", "any")])
        remedy = "leave those rows out with missing: drop"
        if unusable["any"] == unusable["rows"]:
            remedy = "choose another table with --input-data: no row is left"
        raise InputError(
            f"{unusable['any']:,} of {unusable['rows']:,} rows have a null, NaN or infinite value, in: {found}; fix "
            f"them, or {remedy}"
        )
    return frame.where(~dataset.any_unusable(features)), unusable["any"]


def _kept(rows: DataFrame, model: Model, id_cols: Sequence[str]) -> list[str]:
    """The columns to keep: those asked for, and the coordinates, zone and label that the model's table had."""
    for name in id_cols:
        tables.require(dataset.columns(rows), name, "id_cols")
    data = model.experiment.get("data", {})
    known = [*data.get("coordinates", []), data.get("zone_col"), data.get("label_col")]
    kept = list(dict.fromkeys([*id_cols, *(name for name in known if name in rows.columns)]))
    tables.check_kept(kept, judge.beside)
    return kept


def _compare(spark: SparkSession, model: Model, rows: DataFrame) -> None:
    """Score some rows by Spark ML, too.

    Raises:
        SavedModelError: it gives other probabilities.
    """
    features = [F.col(f"`{name}`") for name in model.scorer.features]
    some_rows = spark.createDataFrame(
        rows.select(*features).limit(COMPARED_ROWS).collect(), rows.select(*features).schema
    )
    theirs = with_score(load_pipeline(spark, model.pipeline).transform(some_rows))
    found = theirs.select(*features, SCORE_COL).toPandas()
    ours = model.scorer.ensemble.score(found[list(model.scorer.features)].to_numpy(np.float64))
    check_scores(model.pipeline, ours, found[SCORE_COL].to_numpy())


def _describe(
    written: DataFrame, model: Model, rows: DataFrame, kept: Sequence[str]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """What is said about scored rows, and the curves to draw."""
    record = {
        "model": model.folder,
        "threshold": model.judge.decision.threshold,
        "threshold_rule": model.judge.decision.rule,
        "columns": list(model.judge.names),
        "importances": model.summary.get("feature_importances", []),
        **_count(written, model.judge.names),
    }
    curves: dict[str, Any] = {}
    label = model.experiment.get("data", {}).get("label_col")
    if label in kept:
        measured, curves = _measure(written, label, model.judge.decision)
        record |= {"measured": measured}
    if model.known is not None:
        hashed = rows.withColumn(HASH_COL, dataset.row_hash(model.scorer.features))
        values = reference.sample(hashed, model.scorer.features).to_numpy(np.float64)
        seed = model.experiment["split"]["seed"]
        area, gains = model.judge.area, comparison.gains_of(model.summary)
        record["applicability"] = comparison.index_of(area, values) if area else None
        record |= comparison.with_training(model.known, values, model.scorer.features, gains, seed)
    return record, curves


def _count(written: DataFrame, names: Sequence[str]) -> dict[str, Any]:
    """Rows, the share of them marked and applicable, and a histogram of the scores; in one pass."""
    place = F.least(F.floor(F.col(judge.SCORE) * figures.SCORE_BINS), F.lit(figures.SCORE_BINS - 1)).alias("bin")
    applicable = F.col(judge.APPLICABLE) if judge.APPLICABLE in names else F.lit(True)
    counted = written.groupBy(place).agg(
        F.count(F.lit(1)).alias("rows"),
        F.sum(F.col(judge.CLASS).cast("long")).alias("marked"),
        F.sum(applicable.cast("long")).alias("applicable"),
        F.sum((applicable & (F.col(judge.CLASS) == 1)).cast("long")).alias("both"),
    )
    found = counted.toPandas().set_index("bin").reindex(range(figures.SCORE_BINS), fill_value=0)
    rows = int(found["rows"].sum())
    shares = {"share_marked": float(found["marked"].sum()) / rows}
    if judge.APPLICABLE in names:
        shares |= {"share_applicable": float(found["applicable"].sum()) / rows}
        shares |= {"share_marked_and_applicable": float(found["both"].sum()) / rows}
    edges = np.linspace(0.0, 1.0, figures.SCORE_BINS + 1).tolist()
    return {"rows": rows, **shares, "histogram": {"edges": edges, "rows": found["rows"].astype(int).tolist()}}


def _measure(written: DataFrame, label: str, decision: Decision) -> tuple[dict[str, Any] | None, dict[str, Any]]:
    """Figures against the labels of the rows, if they have any; rows without a label do not count."""
    column = judge.beside(label)
    labelled = written.where(F.col(f"`{column}`").isin(0, 1)).withColumn(column, F.col(f"`{column}`").cast("double"))
    counted = count_scores(labelled, column, judge.SCORE)
    if "" not in counted or not 0 < counted[""].n_positives < counted[""].rows:
        return None, {}
    counts = counted[""]
    return figures.describe(counts, decision), figures.describe_curves(counts, decision)
