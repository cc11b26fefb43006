"""docs/schedulers.md: its commands run as they stand there, and again attach."""

import ast
import json
import re
import subprocess
import sys
from datetime import datetime

import boto3
import jinja2
import pytest

from launcher.emr.steps import list_steps
from tests.conftest import ROOT
from tests.launcher.requests import request

PAGE = (ROOT / "docs" / "schedulers.md").read_text()


def block(kind: str, holds: str) -> str:
    """The block of code of this kind that holds a text."""
    (found,) = [each for each in re.findall(rf"^```{kind}\n(.*?)^```", PAGE, re.M | re.S) if holds in each]
    return found


def cron() -> str:
    """The command of the cron line, as cron hands it to the shell."""
    return block("sh", "runs.jsonl").strip().split(" ", 5)[5].replace("\\%", "%")


def airflow() -> str:
    """The command of the task, as Airflow renders it."""
    (call,) = [node for node in ast.walk(ast.parse(block("python", "BashOperator"))) if isinstance(node, ast.Call)]
    given = {each.arg: ast.literal_eval(each.value) for each in call.keywords}
    values = {"var": {"value": {"emr_cluster": "j-2AXXXXXXGAPLF"}}, "data_interval_end": datetime(2026, 1, 31, 6)}
    return f"cd {given['cwd']} && {jinja2.Template(given['bash_command']).render(values)}"


@pytest.fixture
def cluster(emr):
    """A cluster whose steps do not run."""
    boto3.client("s3").create_bucket(Bucket="bucket")
    return emr.run_job_flow(**request())["JobFlowId"]


@pytest.mark.parametrize("command", [cron, airflow])
def test_a_schedulers_command_is_submitted_once(emr, cluster, tmp_path, command):
    params = tmp_path / "emr.yaml"
    params.write_text((ROOT / "params" / "emr.yaml").read_text().replace("s3://my-bucket", "s3://bucket"))
    here = {
        "/opt/mineria-ml": str(ROOT),
        ".venv/bin/python": sys.executable,
        "params/emr.yaml": f"{params} --no-check",
        "j-2AXXXXXXGAPLF": cluster,
        ">> runs.jsonl 2>> runs.log": "",
        "--wait": "",
    }
    line = command()
    for there, now in here.items():
        line = line.replace(there, now)
    for attached in (False, True):
        done = subprocess.run(line, shell=True, capture_output=True, text=True, timeout=120, check=False)
        assert done.returncode == 0, done.stderr
        (record,) = map(json.loads, done.stdout.splitlines())
        (step,) = list_steps(emr, cluster)
        assert (record["step"], record["attached"], record["run"]) == (step.id, attached, step.run_id)


def test_the_state_machine_retries_with_the_time_that_was_planned():
    machine = json.loads(block("json", "StartAt"))
    state = machine["States"][machine["StartAt"]]
    (container,) = state["Arguments"]["Overrides"]["ContainerOverrides"]
    words = container["Command"]
    assert "$states.input.at" in words[words.index("--run-id") + 1]
    assert {"--wait", "--json"} < set(words)
    assert state["Retry"]
    target = re.search(r"--target '(.*)'", block("sh", "create-schedule"))
    assert json.loads(json.loads(target[1])["Input"]) == {"at": "<aws.scheduler.scheduled-time>"}
