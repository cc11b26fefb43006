"""What an experiment and its evaluation write, made from scikit-learn predictions instead of Spark's."""

import copy
import functools
import itertools
from typing import Any

import numpy as np
from sklearn import metrics as sk
from sklearn.datasets import make_classification
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier

BANDS = ("B02", "B03", "B04", "B05", "B06", "B07", "B08", "B8A", "B11", "B12", "NDVI", "NDWI", "EVI", "SAVI", "NBR")
FEATURES = tuple(f"{band}_med" for band in BANDS)
ZONES = ("costa", "sierra", "valle", "llanura", "altiplano", "isla")
GRID = {
    "RandomForest": {"numTrees": [20, 40], "maxDepth": [5, 8], "featureSubsetStrategy": ["sqrt", "log2"]},
    "GBT": {"maxDepth": [3, 5], "maxIter": [20, 40], "stepSize": [0.1]},
}
SEED = 42


def table() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Features, labels and zones of 8,008 rows with about 23 % positives."""
    x, y = make_classification(
        8008, 15, n_informative=5, n_redundant=8, weights=[0.785], class_sep=0.45, flip_y=0.06, random_state=7
    )
    zones = np.random.default_rng(SEED).choice(ZONES, 8008, p=[0.34, 0.26, 0.18, 0.12, 0.085, 0.015])
    weak = (zones == "llanura") & (np.random.default_rng(1).random(8008) < 0.5)
    x[weak] = np.random.default_rng(2).permutation(x[weak])  # features say little there
    return x, y, zones


def predictions() -> dict[str, dict[str, np.ndarray]]:
    """Scores of both models on validation and test rows, the labels, the test rows' zones."""
    x, y, zones = table()
    order = np.random.default_rng(SEED).permutation(len(y))
    train, val, test = np.split(order, [5606, 6807])
    models = {
        "RandomForest": RandomForestClassifier(60, max_depth=8, class_weight="balanced", random_state=SEED),
        "GBT": HistGradientBoostingClassifier(max_iter=60, class_weight="balanced", random_state=SEED),
    }
    both: dict[str, dict[str, np.ndarray]] = {
        "labels": {"val": y[val], "test": y[test]},
        "zones": {"test": zones[test]},
    }
    for name, model in models.items():
        model.fit(x[train], y[train])
        both[name] = {part: model.predict_proba(x[rows])[:, 1] for part, rows in (("val", val), ("test", test))}
    both["importances"] = {"values": models["RandomForest"].feature_importances_}
    return both


def spark_pr_area(labels: np.ndarray, scores: np.ndarray) -> float:
    """Spark's areaUnderPR: the trapezoids over the distinct scores, from (0, precision at the highest score)."""
    precision, recall, _ = sk.precision_recall_curve(labels, scores)
    precision, recall = precision[:-1][::-1], recall[:-1][::-1]
    return float(np.trapezoid(np.r_[precision[0], precision], np.r_[0.0, recall]))


def four_metrics(labels: np.ndarray, scores: np.ndarray) -> dict[str, float]:
    predicted = scores > 0.5
    return {
        "areaUnderROC": float(sk.roc_auc_score(labels, scores)),
        "areaUnderPR": spark_pr_area(labels, scores),
        "accuracy": float(sk.accuracy_score(labels, predicted)),
        "f1": float(sk.f1_score(labels, predicted, average="weighted")),
    }


def confusion(labels: np.ndarray, predicted: np.ndarray) -> dict[str, int]:
    counts = sk.confusion_matrix(labels, predicted, labels=[0, 1]).ravel()
    return {name: int(count) for name, count in zip(("TN", "FP", "FN", "TP"), counts, strict=True)}


def metrics_json(labels: np.ndarray, scores: np.ndarray, zones: np.ndarray, model: str) -> dict[str, Any]:
    predicted = scores > 0.5
    precision, recall, f1, _ = sk.precision_recall_fscore_support(labels, predicted, labels=[0, 1], zero_division=0)
    weighted = sk.precision_recall_fscore_support(labels, predicted, average="weighted", zero_division=0)
    per_zone = []
    for zone in sorted(set(zones)):
        here = zones == zone
        mixed = len(set(labels[here])) == 2
        entry = {"zone": str(zone), "rows": int(here.sum()), "positives": int(labels[here].sum())}
        figures: dict[str, Any] = four_metrics(labels[here], scores[here]) if mixed else {}
        figures.setdefault("accuracy", float((labels[here] == predicted[here]).mean()))
        figures.setdefault("f1", 1.0)
        per_zone.append(entry | {"areaUnderROC": None, "areaUnderPR": None} | figures)
    return {
        "run_id": "20261123_203650",
        "model_dir": "experiments/models/model_20261123_203650",
        "model": model,
        "model_verified": True,
        "measured_on": {
            "rows": "held-out",
            "inputs": ["data/sample.parquet"],
            "count": len(labels),
            "positives": int(labels.sum()),
            "fingerprint": "5f0c" * 16,
            "verified": True,
        },
        **four_metrics(labels, scores),
        "weightedPrecision": float(weighted[0]),
        "weightedRecall": float(weighted[1]),
        "precision": {"0": float(precision[0]), "1": float(precision[1])},
        "recall": {"0": float(recall[0]), "1": float(recall[1])},
        "f1_by_class": {"0": float(f1[0]), "1": float(f1[1])},
        "average_precision": float(sk.average_precision_score(labels, scores)),
        "threshold": 0.5,
        "confusion_matrix": confusion(labels, predicted),
        "zones": per_zone,
    }


def curves_json(labels: np.ndarray, scores: np.ndarray) -> dict[str, Any]:
    fpr, tpr, _ = sk.roc_curve(labels, scores, drop_intermediate=False)
    precision, recall, _ = sk.precision_recall_curve(labels, scores)
    precision, recall = precision[:-1][::-1], recall[:-1][::-1]
    edges = np.linspace(0, 1, 51)
    rows = []
    for step in range(1, 20):
        threshold = round(0.05 * step, 2)
        counts = confusion(labels, scores > threshold)
        p, r, f, _ = sk.precision_recall_fscore_support(labels, scores > threshold, average="binary", zero_division=0)
        marked = counts["TP"] + counts["FP"]
        rows.append(
            {"threshold": threshold, "precision": float(p), "recall": float(r), "f1": float(f)}
            | {"predicted_positive": marked, **counts}
        )
    return {
        "roc": {"fpr": fpr.tolist(), "tpr": tpr.tolist()},
        "pr": {"recall": [0.0, *recall.tolist()], "precision": [float(precision[0]), *precision.tolist()]},
        "scores": {
            "edges": edges.tolist(),
            **{str(c): np.histogram(scores[labels == c], edges)[0].tolist() for c in (0, 1)},
        },
        "thresholds": rows,
    }


def search_jsonl(best: dict[str, dict[str, float]]) -> list[dict[str, Any]]:
    """A record a candidate; in each family the one before the last is the best, and sqrt ties with log2."""
    records: list[dict[str, Any]] = []
    for model, axes in GRID.items():
        listed = [dict(zip(axes, values, strict=True)) for values in itertools.product(*axes.values())]
        for i, params in enumerate(listed):
            behind = 0.004 * (len(listed) // 2 - 1 - i // 2)
            figures = {name: value - behind for name, value in best[model].items()}
            records.append(
                {"index": len(records), "model": model, "params": params, "val_metrics": figures}
                | {"seconds": 1.5 + 0.1 * i, "scored_at": "2026-11-23T20:37:10Z"}
            )
    return records


def experiment_json() -> dict[str, Any]:
    parts = {"train": (5606, 1283), "val": (1201, 275), "test": (1201, 275)}
    return {
        "run_id": "20261123_203650",
        "parameters": {
            "input_data": "data/sample.parquet",
            "label_col": "label",
            "zone_col": "zone",
            "exclude_cols": [],
            "missing": "error",
            "test_frac": 0.15,
            "val_frac": 0.15,
            "split_by": "rows",
            "seed": 42,
            "metric": "areaUnderPR",
            "grid": GRID,
            "candidates": [],
            "search": "grid",
            "max_candidates": None,
            "engine": "auto",
            "out": "experiments",
            "run_id": "",
            "evaluate": True,
            "test_data": None,
            "language": "en",
        },
        "command": "python run_experiment.py --params params/sample.yaml",
        "data": {
            "inputs": ["data/sample.parquet"],
            "rows": 8008,
            "dropped": 0,
            "features": list(FEATURES),
            "label_col": "label",
            "zone_col": "zone",
            "class_counts": {"0": 6175, "1": 1833},
            "fingerprint": "a91e" * 16,
        },
        "split": {
            "test_frac": 0.15,
            "val_frac": 0.15,
            "split_by": "rows",
            "seed": 42,
            "parts": {
                name: {"rows": rows, "positives": positives, "fingerprint": "5f0c" * 16}
                for name, (rows, positives) in parts.items()
            },
        },
        "engine": {"name": "task", "reason": "the split fits one task"},
        "versions": {
            "python": "3.11.9",
            "spark": "3.5.6",
            "java": "17.0.13",
            "numpy": "2.4.6",
            "numba": "0.68.1",
            "lib": "0a1b2c3d4e5f",
        },
        "commit": {"sha": "3f2a9c1d5e7b8a6f4c2d1e0f9a8b7c6d5e4f3a2b", "dirty": False},
        "timings": {"load": 2.1, "split": 1.4, "search": 71.8, "retrain": 4.2, "test": 0.9, "save": 2.5},
        "started_at": "2026-11-23T20:36:50Z",
        "finished_at": "2026-11-23T20:38:14Z",
        "candidates": 12,
    }


def make_facts() -> dict[str, Any]:
    """The content of every file, by name: metrics, curves, importances, summary, experiment, search."""
    return copy.deepcopy(_facts())


@functools.cache
def _facts() -> dict[str, Any]:
    made = predictions()
    labels, zones = made["labels"], made["zones"]["test"]
    val = {name: four_metrics(labels["val"], made[name]["val"]) for name in GRID}
    test = {name: four_metrics(labels["test"], made[name]["test"]) for name in GRID}
    records = search_jsonl(val)
    winner = max(GRID, key=lambda name: val[name]["areaUnderPR"])
    metrics = metrics_json(labels["test"], made[winner]["test"], zones, winner)
    importances = sorted(
        (
            {"feature": feature, "importance": float(value)}
            for feature, value in zip(FEATURES, made["importances"]["values"], strict=True)
        ),
        key=lambda entry: -float(str(entry["importance"])),
    )
    experiment = experiment_json()
    experiment["split"]["parts"]["test"]["positives"] = int(labels["test"].sum())
    experiment["split"]["parts"]["val"]["positives"] = int(labels["val"].sum())
    best = {}
    for name in GRID:
        family = [record for record in records if record["model"] == name]
        best[name] = max(family, key=lambda record: record["val_metrics"]["areaUnderPR"])["params"]
    summary = {
        "run_id": "20261123_203650",
        "metric_used": "areaUnderPR",
        "train_samples": 5606,
        "val_samples": 1201,
        "test_samples": 1201,
        "n_features": 15,
        "class_weights": {"0.0": 0.6484, "1.0": 2.1847},
        "models": {
            name: {
                "val_metrics": val[name],
                "test_metrics": test[name],
                "best_params": {key: str(value) for key, value in best[name].items()},
            }
            for name in GRID
        },
        "winner": {"name": winner, "val_metrics": val[winner], "test_metrics_retrained": test[winner]},
        "confusion_matrix": metrics["confusion_matrix"],
        "feature_importances": importances,
    }
    return {
        "metrics": metrics,
        "curves": curves_json(labels["test"], made[winner]["test"]),
        "importances": importances,
        "summary": summary,
        "experiment": experiment,
        "search": records,
    }
