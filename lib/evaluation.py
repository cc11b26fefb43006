"""Evaluation of a saved model: on exactly the rows its training held out, or on all rows of another table.

`lib.measures.rows` proves which rows they are. What is measured there stands in metrics.json, what is drawn in
curves.json.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from lib import artifacts, runs
from lib.engines.saved_models import SCORE_COL, Scorer, check_trained, load_scorer
from lib.errors import InputError
from lib.measures import comparison, gate, intervals, lean, reference, scored_rows
from lib.measures.decision import Decision
from lib.measures.drift_cells import drift_of_all
from lib.measures.figures import describe, describe_curves, describe_zone
from lib.measures.rows import DROP, FEATURES_COL, Measured, rows_to_measure
from lib.metrics import ScoreCounts, count_scores
from lib.records import model_files
from lib.records.evaluation import CURVES, METRICS
from lib.storage import Storage, join
from lib.support.weights import Weights

_BEFORE_METRICS = (artifacts.EVAL_SCORES, artifacts.EVAL_CURVES, artifacts.EVAL_IMPORTANCES)
"""What an evaluation that did not finish may have left."""


@dataclass(frozen=True)
class Evaluation:
    """A finished evaluation: its folder, the content of `metrics.json`, and the curves of `curves.json`.

    `test_frac` is the fraction that training held out.
    """

    folder: str
    metrics: dict[str, Any]
    curves: dict[str, Any]
    test_frac: float


def evaluate(
    spark: SparkSession,
    model_dir: str,
    out: str = "",
    *,
    folder: str = "",
    run_id: str = "",
    test_data: str | Sequence[str] | None = None,
    test_fraction: float = 1.0,
    seen: str = DROP,
    fail_below: Mapping[str, float] | None = None,
    fail_on_drift: bool = False,
) -> Evaluation:
    """Measure the model in `model_dir` and write metrics.json, curves.json, feature_importance.json and scores.parquet.

    The model may be named by its `pipeline_best`, too. The files go to results/ below `out`, or to a `folder` that is
    named for them alone.

    Without `test_data`, or when it is the table the model was trained from, the rows are exactly those its training
    held out. Of another table, all rows are used, or a `test_fraction` of them, chosen by their content; rows that
    stood in training or validation are left out, or kept with `seen="keep"`. The evaluation's id is `run_id`; by
    default it is the model's id, or the current time if that evaluation exists already. `fail_below` and
    `fail_on_drift` are recorded with their outcome as `gate`; whoever runs the evaluation acts on it.

    Raises:
        InputError: there is no complete model, or another than was trained; the evaluation exists already; the table
            is no longer the one the model was trained on, or lacks columns that the model needs; `fail_below` names
            no figure of an evaluation.
    """
    gate.check_names(fail_below or ())
    storage = Storage(spark)
    model_dir, pipeline = model_files.parts_of(storage.exists, model_dir)
    experiment, summary = runs.read_model(storage, model_dir)
    if folder:
        folder = runs.own_folder(storage, folder, "evaluation", artifacts.EVAL_METRICS, _BEFORE_METRICS)
        run_id = run_id or artifacts.new_run_id()
    else:
        folder = _free_folder(storage, model_dir, out, run_id)
        run_id = artifacts.run_id_of(folder)
    storage.check_writable(out or folder)
    measured = rows_to_measure(spark, model_dir, experiment, test_data, test_fraction, seen)
    scorer = load_scorer(spark, pipeline)
    verified = check_trained(scorer, summary, pipeline)
    chosen = Decision.read(storage, model_dir)
    weights = measured.table.weights if experiment["parameters"].get("metrics_weighted") else None
    by_zone, distinct, worth, written = _score(measured, scorer, chosen, folder, weights)
    counts = ScoreCounts.sum(by_zone.values())
    metrics = {
        "run_id": run_id,
        "model_dir": model_dir,
        "model": summary["winner"]["name"],
        "model_verified": verified,
        "measured_on": measured.record,
        "scored_rows": written,
        **({"weights": _describe_weights(weights, counts, worth)} if weights else {}),
        **describe(counts, chosen),
        **intervals.describe(by_zone, chosen.threshold, experiment["split"]["seed"], distinct),
    }
    if measured.table.zone_col:
        metrics["zones"] = [describe_zone(zone, by_zone[zone], chosen.threshold) for zone in sorted(by_zone)]
    if zones := summary.get("leave_one_zone_out"):
        metrics["leave_one_zone_out"] = zones
    if measured.distances:
        metrics["nearest_training_row"] = measured.distances
    sampled, effects = _look_at_sample(storage, model_dir, experiment, summary, measured, scorer, weights)
    metrics |= sampled
    if fail_below or fail_on_drift:
        metrics["gate"] = gate.check(metrics, fail_below or {}, fail_on_drift)
    curves = {**describe_curves(counts, chosen), **effects}
    curves = storage.write_record(join(folder, artifacts.EVAL_CURVES), CURVES, curves)
    storage.write_json(join(folder, artifacts.EVAL_IMPORTANCES), summary["feature_importances"])
    metrics = storage.write_record(join(folder, artifacts.EVAL_METRICS), METRICS, metrics)
    return Evaluation(folder, metrics, curves, experiment["split"]["test_frac"])


def _score(
    measured: Measured, scorer: Scorer, chosen: Decision, folder: str, weights: Weights | None
) -> tuple[dict[str, ScoreCounts], dict[str, int] | None, float | None, dict[str, Any]]:
    """Score the rows in one pass, write them as scores.parquet, and count the scores of each zone.

    Where rows repeat others, also count the different ones, for `intervals.describe`. Then come how many rows of
    equal weight they are worth, if metrics are weighted, and what scores.parquet has.
    """
    table, record = measured.table, measured.record
    weight = [table.weights.column] if table.weights else []
    kept = [*table.coordinates, *([table.zone_col] if table.zone_col else []), table.label_col, *weight]
    columns = [F.col(f"`{name}`") for name in (*kept, SCORE_COL, FEATURES_COL)]
    repeat = record["distinct"] < record["count"]
    scored = scorer.with_score(measured.frame).select(*columns).persist()
    by_zone = count_scores(scored, table.label_col, SCORE_COL, table.zone_col, weights)
    distinct = _count_distinct(scored, record, chosen.threshold) if repeat else None
    worth = scored.agg(*weights.sums()).first() if weights else None
    written = _write_scores(scored, measured, kept, chosen, folder)
    scored.unpersist()
    return by_zone, distinct, worth["effective"] if worth else None, written


def _write_scores(
    scored: DataFrame, measured: Measured, kept: Sequence[str], chosen: Decision, folder: str
) -> dict[str, Any]:
    """Write scores.parquet, and say what it has."""
    table, rows = measured.table, measured.record["count"]
    part = scored_rows.sampled(scored, rows)
    place = join(folder, artifacts.EVAL_SCORES)
    scored_rows.scored_rows(part, kept, chosen).write.mode("overwrite").parquet(place)
    weight = table.weights.column if table.weights else None
    columns = scored_rows.roles(kept, chosen, label=table.label_col, zone=table.zone_col, weight=weight)
    return {"rows": rows, "kept": rows if part is scored else part.count(), "columns": columns}


def _count_distinct(scored: DataFrame, record: Mapping[str, Any], threshold: float) -> dict[str, int]:
    """The different rows, in all, of each class and of each predicted class."""
    marked = F.col(SCORE_COL) > threshold
    of_1 = F.countDistinct(F.when(marked, F.col(FEATURES_COL))).alias("of_1")
    predicted = scored.agg(F.countDistinct(F.when(~marked, F.col(FEATURES_COL))).alias("of_0"), of_1).first()
    assert predicted is not None  # an aggregate always has a row
    distinct = {"rows": record["distinct"], **record["distinct_by_class"]}
    return distinct | {f"predicted.{name}": predicted[f"of_{name}"] for name in ("0", "1")}


def _describe_weights(weights: Weights, counts: ScoreCounts, effective: float | None) -> dict[str, Any]:
    """What metrics.json says of the weights that its figures count rows by."""
    return {
        "column": weights.column,
        "weight": counts.weight,
        "effective": effective,
        "base_rate": counts.n_positives / counts.weight,
    }


def _look_at_sample(
    storage: Storage,
    model_dir: str,
    experiment: Mapping[str, Any],
    summary: Mapping[str, Any],
    measured: Measured,
    scorer: Scorer,
    weights: Weights | None,
) -> tuple[dict[str, Any], dict[str, Any]]:
    """What needs the rows themselves, from a sample of them: figures, and curves to draw."""
    features, seed = experiment["data"]["features"], experiment["split"]["seed"]
    label = measured.table.label_col
    rows = reference.sample(measured.frame, [*features, label, *([weights.column] if weights else [])])
    own = rows[weights.column].to_numpy(float) if weights else None
    values, labels = rows[features].to_numpy(float), rows[label].to_numpy(float)
    gains = comparison.gains_of(summary)
    figures: dict[str, Any] = {}
    curves: dict[str, Any] = {}
    if scorer.score is not None:
        figures, curves = lean.describe(
            scorer.score, values, labels, features, gains, summary["metric_used"], seed, own
        )
    known = reference.read(storage, model_dir, features, experiment["data"]["zone_col"])
    if known is not None:
        figures["applicability"] = comparison.applicability(known, values, features, gains)
        if not measured.record["verified"]:
            count, all_rows = measured.record["count"], None
            if count > len(values):
                all_rows = count, drift_of_all(measured.frame, known.values, features, gains)
            figures |= comparison.with_training(known, values, features, gains, seed, all_rows)
    return figures, curves


def _free_folder(storage: Storage, model_dir: str, out: str, run_id: str) -> str:
    if not run_id:
        run_id = artifacts.run_id_of(model_dir)
        if not run_id or storage.exists(artifacts.eval_dir(out, run_id)):
            run_id = artifacts.new_run_id()
    folder = artifacts.eval_dir(out, run_id)
    if storage.exists(folder):
        raise InputError(f"{folder} already exists: remove it, or choose another --out")
    return folder
