"""What the leaderboard keeps of a run's files: a few figures of each, as plain JSON, or why the file cannot be read.

A file of an earlier version lacks some keys; what it lacks is None here.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from lib import artifacts
from lib.errors import InputError
from lib.records.door import Kind
from lib.records.evaluation import CURVES, METRICS
from lib.records.model import EXPERIMENT, SUMMARY

DAMAGE = "damage"
"""The only key in the excerpt of a file that cannot be read: the sentence that says why."""

Excerpt = dict[str, Any]

_POINTS = 30  # of a curve as small as the page has it
# What differs between any two runs, or says where and not what: no parameter by which runs are told apart.
_NO_DIFFERENCE = {"out", "run_id", "resume", "input_data", "test_data", "grid", "candidates", "card"}


def of_file(name: str, text: str, place: str) -> Excerpt:
    """The excerpt of the file `name` (a key of `MODEL_FILES` or `EVALUATION_FILES`) that stands at `place`."""
    kind, take = {**MODEL_FILES, **EVALUATION_FILES}[name]
    try:
        return take(kind.parse(text, place))
    except InputError as error:
        return {DAMAGE: str(error)}


def _of_experiment(record: Mapping[str, Any]) -> Excerpt:
    data, split, parameters = record["data"], record["split"], record["parameters"]
    test = split["parts"]["test"]
    return {
        "run_id": record["run_id"],
        "started_at": record["started_at"],
        "inputs": data["inputs"],
        "split": _split(split),
        "test": {"fingerprint": test["fingerprint"], "rows": test["rows"], "weight": _weight(record)},
        "parameters": {name: value for name, value in parameters.items() if name not in _NO_DIFFERENCE},
        "reused": record.get("reused_candidates", 0),
        "seconds": sum(record["timings"].values()),
        "usd": _usd(record.get("cost") or {}),
        "commit": record.get("commit"),
    }


def _of_summary(record: Mapping[str, Any]) -> Excerpt:
    winner = record["winner"]
    best = record["models"].get(winner["name"], {"best_params": {}})
    return {
        "run_id": record["run_id"],
        "metric_used": record["metric_used"],
        "winner": winner["name"],
        "best_params": best["best_params"],
        "metrics": winner["test_metrics_retrained"],
        "zones": _zones(record),
    }


def _of_metrics(record: Mapping[str, Any]) -> Excerpt:
    measured = record["measured_on"]
    return {
        "run_id": record["run_id"],
        "model_dir": record["model_dir"],
        "model": record["model"],
        "inputs": measured["inputs"],
        "test": {
            "fingerprint": measured["fingerprint"],
            "rows": measured["count"],
            "weight": (record.get("weights") or {}).get("column"),
        },
        "which": measured["rows"],
        "seen": measured.get("seen"),
        "seen_rows": measured.get("seen_rows"),
        "metrics": {name: record[name] for name in artifacts.OVERALL_METRICS if name in record},
        "intervals": {
            name: bounds
            for name, bounds in (record.get("intervals") or {}).items()
            if name in artifacts.OVERALL_METRICS
        },
        "zones": _zones(record),
        "gate_failed": bool((record.get("gate") or {}).get("failed")),
    }


def _of_curves(record: Mapping[str, Any]) -> Excerpt:
    roc = record["roc"]
    points = list(zip(roc["fpr"], roc["tpr"], strict=False))
    return {"roc": [[round(x, 4), round(y, 4)] for x, y in _thinned(points)]}


def _thinned(points: Sequence[tuple[float, float]]) -> Sequence[tuple[float, float]]:
    """Some of the points of a curve, the first and the last among them."""
    if len(points) <= _POINTS:
        return points
    return [points[round(place * (len(points) - 1) / (_POINTS - 1))] for place in range(_POINTS)]


def _zones(record: Mapping[str, Any]) -> Excerpt | None:
    """Mean and worst of the zones left out."""
    found = record.get("leave_one_zone_out")
    return {name: found[name] for name in ("mean", "worst", "worst_zone")} if found else None


def _split(split: Mapping[str, Any]) -> str:
    """How the table was split, in a few words."""
    return f"{split['split_by']} {split['test_frac']:g}/{split['val_frac']:g} seed {split['seed']}"


def _weight(record: Mapping[str, Any]) -> str | None:
    """The column that metrics are weighted by, if they are."""
    is_weighted = record["parameters"].get("metrics_weighted", False)
    return (record["data"].get("weights") or {}).get("column") if is_weighted else None


def _usd(cost: Mapping[str, Any]) -> float | None:
    return (cost.get("actual") or {}).get("usd")


MODEL_FILES: Mapping[str, tuple[Kind, Callable[[Mapping[str, Any]], Excerpt]]] = {
    artifacts.EXPERIMENT: (EXPERIMENT, _of_experiment),
    artifacts.SUMMARY: (SUMMARY, _of_summary),
}
EVALUATION_FILES: Mapping[str, tuple[Kind, Callable[[Mapping[str, Any]], Excerpt]]] = {
    artifacts.EVAL_METRICS: (METRICS, _of_metrics),
    artifacts.EVAL_CURVES: (CURVES, _of_curves),
}
