"""What a detached run leaves, without having run."""

import json
from typing import Any

from launcher.experiment.plan import Plan, make_plan
from launcher.experiment.submitted import StepFiles
from launcher.parameters.schema import check
from lib import artifacts
from tests.lib import records

OUT = "s3://bucket/experiments"
RUN_ID = "20261125_120000"
GRID = {"GBT": {"maxIter": [3]}}


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
    shares = {"dropped": 3, "share_applicable": 0.9, "share_marked_and_applicable": 0.2}
    record = records.scores(made.run_id, model=made.parameters.model, **shares)
    put(s3, f"{made.score_dir}/{artifacts.SCORES}/_SUCCESS", "")
    put(s3, f"{made.score_dir}/{artifacts.SCORES_RECORD}", json.dumps(record))


def write_results(s3: Any, made: Plan) -> None:
    """The records of a model and its evaluation."""
    put(s3, f"{made.model_dir}/{artifacts.PIPELINE}/metadata/part-00000", "{}")
    put(s3, f"{made.model_dir}/{artifacts.SUMMARY}", json.dumps(records.summary(made.run_id)))
    put(s3, f"{made.eval_dir}/{artifacts.EVAL_METRICS}", json.dumps(records.metrics(made.run_id)))
    put(s3, f"{made.eval_dir}/{artifacts.REPORT}", "# Report")


def put(s3: Any, place: str, text: str) -> None:
    """Write an object."""
    bucket, _, key = place.removeprefix("s3://").partition("/")
    s3.put_object(Bucket=bucket, Key=key, Body=text.encode())
