"""The emulator of EMR's steps does what EMR does."""

import gzip

import boto3
import pytest

from tests.aws.clusters import made_cluster
from tests.aws.moto_server import moto_server
from tests.aws.steps import PYTHON

SLEEP = (PYTHON, "-c", "import time; print('here', flush=True); time.sleep(60)")
FAIL = (PYTHON, "-c", "import sys; print('out'); sys.exit('no such table')")
GOOD = (PYTHON, "-c", "import os; print(os.environ['AWS_ENDPOINT_URL'], os.path.expanduser('~'))")


@pytest.fixture(scope="module")
def server():
    with moto_server() as endpoint:
        yield endpoint


@pytest.fixture
def cluster(server, monkeypatch, tmp_path):
    monkeypatch.setenv("AWS_ENDPOINT_URL", server)
    with made_cluster(server, tmp_path) as made:
        yield made


def log(cluster, step_id, name):
    key = f"logs/emr/{cluster.id}/steps/{step_id}/{name}.gz"
    return gzip.decompress(cluster.s3.get_object(Bucket=cluster.bucket, Key=key)["Body"].read()).decode()


def test_a_step_runs_on_the_node_and_leaves_its_logs(cluster, server):
    step = cluster.submit(*GOOD)
    assert cluster.wait(step) == "COMPLETED"
    assert log(cluster, step, "stdout").split() == [server, str(cluster.node.folder / "home")]
    assert log(cluster, step, "stderr") == ""
    assert "Step succeeded with exitCode 0" in log(cluster, step, "controller")
    times = cluster.step(step)["Status"]["Timeline"]
    assert times["CreationDateTime"] <= times["StartDateTime"] <= times["EndDateTime"]
    boto3.client("emr").get_waiter("step_complete").wait(ClusterId=cluster.id, StepId=step)


@pytest.mark.parametrize(
    ("action", "following", "state"),
    [
        ("CONTINUE", "COMPLETED", "WAITING"),
        ("CANCEL_AND_WAIT", "CANCELLED", "WAITING"),
        ("TERMINATE_CLUSTER", "CANCELLED", "TERMINATED_WITH_ERRORS"),
    ],
)
def test_what_follows_a_failure_is_what_was_asked_for(cluster, action, following, state):
    failed, after = cluster.submit(*FAIL, action=action), cluster.submit(*GOOD)
    assert cluster.wait(failed) == "FAILED"
    assert cluster.wait(after) == following
    details = cluster.step(failed)["Status"]["FailureDetails"]
    assert (details["Reason"], details["Message"]) == ("Unknown Error.", "no such table")
    assert details["LogFile"] == f"s3n://bucket/logs/emr/{cluster.id}/steps/{failed}/stderr.gz"
    assert "Step failed with exitCode 1" in log(cluster, failed, "controller")
    waits = ["WAITING", "RUNNING"] if state == "WAITING" else [state]
    assert cluster.emr.describe_cluster(ClusterId=cluster.id)["Cluster"]["Status"]["State"] in waits


def test_steps_wait_for_one_another_unless_told_otherwise(cluster):
    first, second = cluster.submit(*SLEEP), cluster.submit(*SLEEP)
    cluster.wait(first, "RUNNING")
    assert cluster.state(second) == "PENDING"
    cluster.emr.modify_cluster(ClusterId=cluster.id, StepConcurrencyLevel=2)
    cluster.wait(second, "RUNNING")
    assert cluster.state(first) == "RUNNING"


@pytest.mark.parametrize("option", ["SEND_INTERRUPT", "TERMINATE_PROCESS"])
def test_steps_are_cancelled(cluster, option):
    running, waiting = cluster.submit(*SLEEP), cluster.submit(*SLEEP)
    cluster.wait(running, "RUNNING")
    ids = [running, waiting, "s-NONE"]
    answers = cluster.emr.cancel_steps(ClusterId=cluster.id, StepIds=ids, StepCancellationOption=option)
    assert [each["Status"] for each in answers["CancelStepsInfoList"]] == ["SUBMITTED", "SUBMITTED", "FAILED"]
    assert [cluster.wait(running), cluster.wait(waiting)] == ["CANCELLED", "CANCELLED"]


def test_a_cluster_that_ends_takes_its_steps_along(cluster):
    running, waiting = cluster.submit(*SLEEP), cluster.submit(*SLEEP)
    cluster.wait(running, "RUNNING")
    process = cluster.node.runs(running).process
    cluster.emr.terminate_job_flows(JobFlowIds=[cluster.id])
    assert [cluster.wait(running), cluster.wait(waiting)] == ["CANCELLED", "CANCELLED"]
    assert process.wait(10) == -9


def test_a_lost_node_interrupts_a_step(cluster):
    running = cluster.submit(*SLEEP)
    cluster.wait(running, "RUNNING")
    cluster.node.lose(running)
    assert cluster.wait(running) == "INTERRUPTED"
