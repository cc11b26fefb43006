"""Evaluation of a saved model: on exactly the rows its training held out, or on all rows of another table.

Training recorded which rows it held out (their count and a fingerprint). Evaluation repeats the split and compares, so
that a metric is never measured on rows the model has seen.
"""

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from lib import artifacts, dataset
from lib.artifacts import HELD_OUT, SHARE_OF_TABLE, WHOLE_TABLE
from lib.dataset import Table
from lib.errors import InputError
from lib.metrics import THRESHOLD, ScoreCounts, count_scores, merge
from lib.scoring import SCORE_COL, load_pipeline, with_score
from lib.split import HASH_COL, TEST, split
from lib.storage import Storage, join
from lib.support import tables

CURVE_POINTS = 1000
SCORE_BINS = 50
THRESHOLDS = tuple(round(0.05 * i, 2) for i in range(1, 20))


@dataclass(frozen=True)
class Evaluation:
    """A finished evaluation: its folder, the content of `metrics.json`, and the curves of `curves.json`."""

    folder: str
    metrics: dict[str, Any]
    curves: dict[str, Any]


def evaluate(
    spark: SparkSession,
    model_dir: str,
    out: str,
    *,
    run_id: str = "",
    test_data: str | Sequence[str] | None = None,
    test_fraction: float = 1.0,
) -> Evaluation:
    """Measure the model in `model_dir` and write metrics.json, curves.json and feature_importance.json.

    Without `test_data`, or when it is the table the model was trained from, the rows are exactly those its training
    held out. Of another table, all rows are used, or a `test_fraction` of them, chosen by their content. The
    evaluation's id is `run_id`; by default it is the model's id, or the current time if that evaluation exists already.

    Raises:
        InputError: there is no complete model, the evaluation exists already, the table is no longer the one the model
            was trained on, or it lacks columns that the model needs.
    """
    storage = Storage(spark)
    experiment, summary = _read_model_records(storage, model_dir)
    if not run_id:
        run_id = artifacts.run_id_of(model_dir)
        if not run_id or storage.exists(artifacts.eval_dir(out, run_id)):
            run_id = artifacts.new_run_id()
    folder = artifacts.eval_dir(out, run_id)
    if storage.exists(folder):
        raise InputError(f"{folder} already exists: remove it, or choose another --out")
    storage.check_writable(out)
    measured = _rows_to_measure(spark, experiment, test_data, test_fraction)

    model = load_pipeline(spark, join(model_dir, artifacts.PIPELINE))
    by_zone = count_scores(
        with_score(model.transform(measured.frame)), measured.label_col, SCORE_COL, measured.zone_col
    )
    counts = merge(by_zone)
    metrics = {
        "run_id": run_id,
        "model_dir": model_dir,
        "model": summary["winner"]["name"],
        "measured_on": measured.record,
        **describe(counts),
    }
    if measured.zone_col:
        metrics["zones"] = [describe_zone(zone, by_zone[zone]) for zone in sorted(by_zone)]
    curves = describe_curves(counts)
    for name, content in (
        (artifacts.EVAL_CURVES, curves),
        (artifacts.EVAL_IMPORTANCES, summary["feature_importances"]),
        (artifacts.EVAL_METRICS, metrics),
    ):
        storage.write_json(join(folder, name), content)
    return Evaluation(folder, metrics, curves)


def describe(counts: ScoreCounts) -> dict[str, Any]:
    """All metrics of one set of rows."""
    confusion = counts.confusion()
    return {
        **counts.overall(),
        "precision": confusion.precision,
        "recall": confusion.recall,
        "f1_by_class": confusion.f1,
        "threshold": THRESHOLD,
        "confusion_matrix": confusion.as_dict(),
    }


def describe_zone(zone: str, counts: ScoreCounts) -> dict[str, Any]:
    """The metrics of one zone; the areas are None if the zone has rows of only one class."""
    both = bool(counts.n_positives and counts.n_negatives)
    summary = counts.summary()
    return {
        "zone": zone,
        "rows": counts.rows,
        "positives": int(counts.n_positives),
        **{name: value if both or not name.startswith("area") else None for name, value in summary.items()},
    }


def describe_curves(counts: ScoreCounts) -> dict[str, Any]:
    """ROC and PR curves (at most `CURVE_POINTS` points each), scores by class, and a table of thresholds."""
    fpr, tpr = _thinned(*counts.roc_curve())
    recall, precision = _thinned(*counts.pr_curve())
    edges = np.linspace(0.0, 1.0, SCORE_BINS + 1)
    return {
        "roc": {"fpr": fpr, "tpr": tpr},
        "pr": {"recall": recall, "precision": precision},
        "scores": {
            "edges": edges.tolist(),
            "0": np.histogram(counts.scores, edges, weights=counts.negatives)[0].astype(int).tolist(),
            "1": np.histogram(counts.scores, edges, weights=counts.positives)[0].astype(int).tolist(),
        },
        "thresholds": [_describe_threshold(counts, threshold) for threshold in THRESHOLDS],
    }


def _describe_threshold(counts: ScoreCounts, threshold: float) -> dict[str, Any]:
    confusion = counts.confusion(threshold)
    return {
        "threshold": threshold,
        "precision": confusion.precision["1"],
        "recall": confusion.recall["1"],
        "f1": confusion.f1["1"],
        "predicted_positive": confusion.tp + confusion.fp,
        **confusion.as_dict(),
    }


def _thinned(x: np.ndarray, y: np.ndarray) -> tuple[list[float], list[float]]:
    """At most `CURVE_POINTS` points of a curve, the first and the last among them; for a plot, not for an area.

    They lie evenly along the drawn line: by rank of the score, nearly all points would lie where rows are many, which
    for a rare class is at recall 1. Each piece between two of them also keeps its point farthest from the straight
    line, which is its corner if it has one.
    """
    if len(x) > CURVE_POINTS:
        along = np.concatenate([[0.0], np.cumsum(np.hypot(np.diff(x), np.diff(y)))])
        even = np.searchsorted(along, np.linspace(0, along[-1], CURVE_POINTS // 2))
        ends = np.unique([0, *even, len(x) - 1])
        corners = [_farthest(x, y, start, end) for start, end in itertools.pairwise(ends)]
        kept = np.unique([*ends, *corners])
        x, y = x[kept], y[kept]
    return x.tolist(), y.tolist()


def _farthest(x: np.ndarray, y: np.ndarray, start: int, end: int) -> int:
    """The point from `start` up to `end` that is farthest from the straight line between these two."""
    across, up = x[end] - x[start], y[end] - y[start]
    piece = slice(start, end)
    return int(start + np.argmax(np.abs(across * (y[piece] - y[start]) - up * (x[piece] - x[start]))))


def _read_model_records(storage: Storage, model_dir: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """The contents of experiment.json and summary.json."""
    if not storage.exists(join(model_dir, artifacts.SUMMARY)):
        why = "its training did not finish" if storage.exists(model_dir) else "it does not exist"
        raise InputError(f"no complete model at {model_dir}: {why} ({artifacts.SUMMARY} is missing)")
    experiment = storage.read_json(join(model_dir, artifacts.EXPERIMENT))
    return experiment, storage.read_json(join(model_dir, artifacts.SUMMARY))
