"""Folders that runs left, made up: as many as a test needs, each with what it is about."""

import json
from pathlib import Path
from typing import Any

from lib import artifacts
from tests.lib import records

INTERVALS = {"areaUnderPR": [0.61, 0.8], "areaUnderROC": [0.8, 0.9]}
CURVES = {
    "roc": {"fpr": [0.0, 0.1, 0.4, 1.0], "tpr": [0.0, 0.6, 0.9, 1.0]},
    "pr": {"recall": [0.0, 0.5, 1.0], "precision": [1.0, 0.8, 0.2]},
    "scores": {"edges": [0.0, 0.5, 1.0], "0": [90, 30], "1": [5, 25]},
    "thresholds": [],
}


def run_id(number: int) -> str:
    """The id of the n-th run, a minute after the one before."""
    return f"20260101_{number // 60:02}{number % 60:02}00"


def zones(mean: float, worst: float) -> dict[str, Any]:
    """What is measured of zones left out."""
    of = {
        "mean": dict.fromkeys(artifacts.SEARCH_METRICS, mean),
        "worst": dict.fromkeys(artifacts.SEARCH_METRICS, worst),
    }
    place = dict.fromkeys(artifacts.SEARCH_METRICS, "north")
    return {"folds": 3, "worst_zone": place, "zones": [], "models": {}, **of}


def files_of(
    out: str,
    name: str,
    area: float = 0.7,
    fingerprint: str = "2f",
    winner: str = "GBT",
    best_params: dict[str, str] | None = None,
    parameters: dict[str, Any] | None = None,
    experiment: dict[str, Any] | None = None,
    summary: dict[str, Any] | None = None,
    metrics: dict[str, Any] | None = None,
) -> dict[str, dict[str, Any]]:
    """The records of a complete run, by their paths below the output folder."""
    figures = {**records.NUMBERS, "areaUnderPR": area}
    made = records.experiment(name, **(experiment or {}))
    made["parameters"] = {**made["parameters"], **(parameters or {})}
    made["split"]["parts"]["test"] = {**made["split"]["parts"]["test"], "fingerprint": fingerprint}
    family = {"val_metrics": figures, "test_metrics": figures, "best_params": best_params or {"maxIter": "3"}}
    of_winner = {"name": winner, "val_metrics": figures, "test_metrics_retrained": figures}
    measured_on = {**records.metrics()["measured_on"], "fingerprint": fingerprint}
    evaluated = {"measured_on": measured_on, **figures, "intervals": INTERVALS, "model": winner}
    evaluated["model_dir"] = f"{out}/models/model_{name}"
    model, evaluation = f"models/model_{name}", f"results/eval_{name}"
    return {
        f"{model}/{artifacts.EXPERIMENT}": made,
        f"{model}/{artifacts.SUMMARY}": records.summary(
            name, models={winner: family}, winner=of_winner, **(summary or {})
        ),
        f"{evaluation}/{artifacts.EVAL_METRICS}": records.metrics(name, **{**evaluated, **(metrics or {})}),
        f"{evaluation}/{artifacts.EVAL_CURVES}": CURVES,
    }


def leave(out: Path, name: str, **values: Any) -> Path:
    """A complete run in a folder of this machine; returns its model."""
    for path, content in files_of(str(out), name, **values).items():
        write(out / path, content)
    (out / f"results/eval_{name}/{artifacts.REPORT}").write_text("# Report")
    return out / f"models/model_{name}"


def write(file: Path, content: Any) -> None:
    """A JSON file."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(content))


def mixed(out: Path) -> None:
    """Twenty runs: two groups, and one of each kind that is not ranked."""
    for number in range(6):
        depth = {"maxDepth": str(number + 2), "maxIter": "100"}
        zone = {"leave_one_zone_out": zones(0.6 + number / 100, 0.4)} if number % 2 else {}
        leave(out, run_id(number), area=0.6 + number / 50, best_params=depth, summary=zone, metrics=zone)
    forest = {"numTrees": "400", "featureSubsetStrategy": "sqrt", "maxDepth": "14"}
    leave(out, run_id(6), area=0.9, winner="RandomForest", best_params=forest, parameters={"seed": 7})
    for number in range(7, 11):
        leave(
            out,
            run_id(number),
            area=0.99,
            fingerprint="other",
            parameters={"engine": "spark" if number > 8 else "task"},
        )
    leave(out, run_id(11), fingerprint="alone")
    keep = {**records.metrics()["measured_on"], "rows": artifacts.WHOLE_TABLE, "seen": 30, "seen_rows": "keep"}
    leave(out, run_id(12), metrics={"measured_on": {**keep, "fingerprint": "2f"}})
    (leave(out, run_id(13)) / artifacts.SUMMARY).write_text('{"run_id": ')
    (leave(out, run_id(14)) / artifacts.EXPERIMENT).unlink()
    for number in (15, 16):
        write(out / f"models/model_{run_id(number)}/{artifacts.EXPERIMENT}", records.experiment(run_id(number)))
    write(out / f"failed/{run_id(16)}/kernel.log", {})
    write(out / f"failed/{run_id(17)}/kernel.log", {})
    for path, content in files_of(str(out), run_id(18)).items():
        if "/eval_" not in path:
            write(out / path, content)
    leave(out, run_id(19), experiment={"reused_candidates": 3, "candidates": 4}, area=0.5)
    (out / "models/model_empty").mkdir()
