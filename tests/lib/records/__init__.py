"""What the small files of a complete run say, made up; tests change what they are about."""

from typing import Any

from lib import artifacts

RUN_ID = "20260131_235959"
NUMBERS = {"areaUnderPR": 0.71, "areaUnderROC": 0.87, "accuracy": 0.9, "f1": 0.89}
CONFUSION = {"TN": 100, "FP": 20, "FN": 10, "TP": 20}
_PART = {"rows": 150, "positives": 30, "fingerprint": "0f"}
_OF_CLASSES = {"0": 0.9, "1": 0.7}


def experiment(run_id: str = RUN_ID, **changed: Any) -> dict[str, Any]:
    """experiment.json of a complete model."""
    return {
        "run_id": run_id,
        "parameters": {"input_data": ["/data/t.parquet"], "missing": None},
        "command": None,
        "commit": None,
        "data": {
            "inputs": ["/data/t.parquet"],
            "rows": 1000,
            "features": ["f0", "f1"],
            "label_col": "label",
            "zone_col": None,
            "coordinates": [],
            "class_counts": {"0": 800, "1": 200},
            "fingerprint": "1f",
        },
        "split": {
            "test_frac": 0.15,
            "val_frac": 0.15,
            "split_by": "rows",
            "seed": 42,
            "parts": {"train": {**_PART, "rows": 700}, "val": _PART, "test": _PART},
        },
        "engine": {"name": "task", "reason": "the data fit"},
        "candidates": 4,
        "versions": {"python": "3.11.7", "lib": "0123456789ab"},
        "timings": {"load": 1.0, "search": 2.5},
        "started_at": "2026-01-31T23:59:59+00:00",
        "finished_at": "2026-02-01T00:01:00+00:00",
        **changed,
    }


def summary(run_id: str = RUN_ID, **changed: Any) -> dict[str, Any]:
    """metrics/summary.json."""
    family = {"val_metrics": NUMBERS, "test_metrics": NUMBERS, "best_params": {"maxIter": "3"}}
    return {
        "run_id": run_id,
        "metric_used": "areaUnderPR",
        "train_samples": 700,
        "val_samples": 150,
        "test_samples": 150,
        "n_features": 2,
        "class_weights": {"0.0": 0.6, "1.0": 2.2},
        "models": {"GBT": family},
        "winner": {"name": "GBT", "val_metrics": NUMBERS, "test_metrics_retrained": NUMBERS},
        "confusion_matrix": CONFUSION,
        "feature_importances": [{"feature": "f0", "importance": 0.6}, {"feature": "f1", "importance": 0.4}],
        **changed,
    }


def metrics(run_id: str = RUN_ID, **changed: Any) -> dict[str, Any]:
    """metrics.json."""
    return {
        "run_id": run_id,
        "model_dir": f"out/models/model_{run_id}",
        "model": "GBT",
        "measured_on": {
            "rows": artifacts.HELD_OUT,
            "inputs": ["/data/t.parquet"],
            "count": 150,
            "positives": 30,
            "fingerprint": "2f",
            "verified": True,
        },
        **NUMBERS,
        "average_precision": 0.7,
        "weightedPrecision": 0.9,
        "weightedRecall": 0.9,
        "precision": _OF_CLASSES,
        "recall": _OF_CLASSES,
        "f1_by_class": _OF_CLASSES,
        "threshold": 0.5,
        "confusion_matrix": CONFUSION,
        **changed,
    }


def scores(run_id: str = RUN_ID, **changed: Any) -> dict[str, Any]:
    """scores.json of a table."""
    return {
        "run_id": run_id,
        "inputs": ["/data/new.parquet"],
        "model": "out/models/model_20260101_000000",
        "rows": 1200,
        "columns": ["score", "class"],
        "threshold": 0.41,
        "threshold_rule": "f1",
        "share_marked": 0.25,
        "histogram": {"edges": [0.0, 0.5, 1.0], "rows": [900, 300]},
        "seconds": 12.5,
        **changed,
    }
