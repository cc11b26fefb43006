"""What a detached run leaves, without having run."""

import json
from typing import Any

from launcher.experiment.plan import Plan, make_plan
from launcher.experiment.submitted import StepFiles
from launcher.parameters.schema import check
from lib import artifacts

OUT = "s3://bucket/experiments"
RUN_ID = "20261125_120000"
GRID = {"GBT": {"maxIter": [3]}}
_NUMBERS = {"areaUnderPR": 0.71, "areaUnderROC": 0.87, "accuracy": 0.9, "f1": 0.89}
_CONFUSION = {"TN": 1, "FP": 1, "FN": 1, "TP": 1}


def plan(cluster_id: str = "j-1A2B3C", **values: Any) -> Plan:
    """A run that is to be a step."""
    given = {"input_data": ["s3://bucket/data/x.parquet"], "out": OUT, "run_id": RUN_ID, "grid": GRID}
    return make_plan(check({**given, "cluster": {"id": cluster_id}, **values}), argv=["python", "run_experiment.py"])


def submitted(cluster_id: str, **values: Any) -> tuple[Plan, StepFiles]:
    """The same, with its files where a submission leaves them."""
    made = plan(cluster_id, **values)
    step_files = StepFiles.of(OUT, RUN_ID)
    step_files.submit(made)
    return made, step_files


def write_scores(s3: Any, made: Plan) -> None:
    """The record of scores, and the sign that they are whole."""
    record = {"run_id": made.run_id, "model": made.parameters.model, "rows": 1200, "dropped": 3, "threshold": 0.41}
    shares = {"share_marked": 0.25, "share_applicable": 0.9, "share_marked_and_applicable": 0.2}
    put(s3, f"{made.score_dir}/{artifacts.SCORES}/_SUCCESS", "")
    put(s3, f"{made.score_dir}/{artifacts.SCORES_RECORD}", json.dumps({**record, **shares, "histogram": {}}))


def write_results(s3: Any, made: Plan) -> None:
    """The records of a model and its evaluation."""
    family = {"val_metrics": _NUMBERS, "test_metrics": _NUMBERS, "best_params": {"maxIter": "3"}}
    summary = {
        "run_id": made.run_id,
        "metric_used": "areaUnderPR",
        "train_samples": 700,
        "val_samples": 150,
        "test_samples": 150,
        "n_features": 15,
        "class_weights": {"0.0": 0.6, "1.0": 2.2},
        "models": {"GBT": family},
        "winner": {"name": "GBT", "val_metrics": _NUMBERS, "test_metrics_retrained": _NUMBERS},
        "confusion_matrix": _CONFUSION,
        "feature_importances": [],
    }
    measured = {"run_id": made.run_id, "model": "GBT", "measured_on": {"count": 150}, "confusion_matrix": _CONFUSION}
    put(s3, f"{made.model_dir}/{artifacts.PIPELINE}/metadata/part-00000", "{}")
    put(s3, f"{made.model_dir}/{artifacts.SUMMARY}", json.dumps(summary))
    put(s3, f"{made.eval_dir}/{artifacts.EVAL_METRICS}", json.dumps({**measured, **_NUMBERS}))
    put(s3, f"{made.eval_dir}/{artifacts.REPORT}", "# Report")


def put(s3: Any, place: str, text: str) -> None:
    """Write an object."""
    bucket, _, key = place.removeprefix("s3://").partition("/")
    s3.put_object(Bucket=bucket, Key=key, Body=text.encode())
