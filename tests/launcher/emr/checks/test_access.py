"""What the nodes' role may do: tried by a step that really runs, or read from the role's policies."""

import threading
from types import SimpleNamespace

import boto3
import pytest
from botocore.exceptions import ClientError

from launcher.emr.checks import access
from launcher.emr.checks.access import nodes_role
from launcher.emr.clusters import PYTHON
from tests.aws.steps import running_steps
from tests.launcher.emr.checks.subjects import deny, make_bucket, make_cluster, make_role, subject
from tests.launcher.requests import STEP


@pytest.fixture
def bucket(endpoint):
    return make_bucket()


@pytest.fixture
def node(endpoint, emr, tmp_path, monkeypatch):
    monkeypatch.setattr(access, "_PAUSE", 0.05)
    with running_steps(endpoint, tmp_path) as node:
        yield node


def _experiment(bucket: str, *actions: str, **given):
    """An experiment on a bucket, and a cluster whose role may do these there (none named: all that is needed)."""
    cluster = make_cluster(role=make_role(bucket, *actions), LogUri="")
    return subject(cluster, input_data=f"s3://{bucket}/data", out=f"s3://{bucket}/out", **given)


def _steps(this) -> list[dict]:
    return boto3.client("emr").list_steps(ClusterId=this.cluster.id)["Steps"]


def _left(bucket: str) -> list[str]:
    return [each["Key"] for each in boto3.client("s3").list_objects_v2(Bucket=bucket)["Contents"]]


def test_a_step_tries_it_and_leaves_nothing(node, bucket):
    this = _experiment(bucket)
    found = nodes_role(this)
    (step,) = _steps(this)
    assert (found.level, found.found) == (
        "ok",
        f"step {step['Id']} read the input, and wrote and removed below the output",
    )
    assert (step["Name"], step["ActionOnFailure"]) == ("mineria-ml-emr check", "CONTINUE")
    assert all(each.isascii() and "\n" not in each for each in step["Config"]["Args"])
    assert _left(bucket) == ["data/pixels.parquet"]


@pytest.mark.parametrize(
    ("action", "key", "refused", "resource"),
    [
        ("s3:GetObject", "data/*", "data/pixels.parquet", "data/*"),
        ("s3:DeleteObject", "*.tried", "out/.probe-nodes-", "out/*"),
    ],
)
def test_what_is_refused_is_named_with_the_statement_to_add(node, bucket, action, key, refused, resource):
    this = _experiment(bucket)
    deny(bucket, action, key)
    found = nodes_role(this)
    assert found.level == "fail"
    assert f"the nodes' role is denied {action} on s3://{bucket}/{refused}" in found.found
    assert found.found.endswith("Forbidden")
    statement = f'{{"Effect": "Allow", "Action": ["{action}"], "Resource": "arn:aws:s3:::{bucket}/{resource}"}}'
    assert found.remedy == f"add to the role {this.cluster.instance_profile}: {statement}"


@pytest.mark.parametrize("model", ["s3://{bucket}/out/models/model_20260101_000000", "latest"])
def test_the_model_to_score_with_must_be_readable_too(node, bucket, model):
    folder = "out/models/model_20260101_000000"
    boto3.client("s3").put_object(Bucket=bucket, Key=f"{folder}/experiment.json", Body=b"{}")
    this = _experiment(bucket, model=model.format(bucket=bucket))
    deny(bucket, "s3:GetObject", f"{folder}/*")
    found = nodes_role(this)
    assert found.level == "fail"
    assert f"is denied s3:GetObject on s3://{bucket}/{folder}/experiment.json" in found.found


def test_a_probe_that_cannot_write_is_told_by_how_it_failed(node, bucket):
    deny(bucket, "s3:PutObject", "out/*")
    found = nodes_role(_experiment(bucket))
    assert found.level == "fail"
    assert f"is FAILED and wrote nothing below s3://{bucket}/out: cannot write" in found.found
    assert found.remedy.startswith("python run_experiment.py cluster diagnose s-")
    # Where the role's policies say why, the missing statement is what helps.
    found = nodes_role(_experiment(bucket, "s3:ListBucket", "s3:GetObject"))
    assert (found.level, '"Action": ["s3:PutObject", "s3:DeleteObject"]' in found.remedy) == ("fail", True)


def test_nodes_without_our_python_fail(node, bucket):
    node.names[PYTHON] = "/no/such/python"
    found = nodes_role(_experiment(bucket))
    assert (found.level, "No such file or directory: '/no/such/python'" in found.found) == ("fail", True)


def test_a_probe_that_takes_too_long_is_cancelled(node, bucket, tmp_path, monkeypatch):
    (tmp_path / "slow.py").write_text("import time; time.sleep(60)")
    slow = SimpleNamespace(__file__=str(tmp_path / "slow.py"))
    monkeypatch.setattr(access, "access_probe", slow)
    monkeypatch.setattr(access, "_LIMIT", 0.5)
    this = _experiment(bucket)
    found = nodes_role(this)
    assert (found.level, "not tested by a step (step s-" in found.found) == ("warning", True)
    assert _steps(this)[0]["Status"]["State"] in ("CANCEL_PENDING", "CANCELLED")
    # The same when nobody waits any more, as after a Ctrl-C.
    monkeypatch.setattr(access, "_LIMIT", 60.0)
    this = _experiment(bucket)
    threading.Timer(0.5, this.stopped.set).start()
    nodes_role(this)
    assert _steps(this)[0]["Status"]["State"] in ("CANCEL_PENDING", "CANCELLED")


def test_without_a_probe_the_policies_are_read(emr, bucket):
    this = _experiment(bucket, probes=False)
    found = nodes_role(this)
    assert (found.level, "its policies allow it; not tested by a step (--no-probe)" in found.found) == ("warning", True)
    lacking = nodes_role(_experiment(bucket, "s3:GetObject", "s3:PutObject", "s3:DeleteObject", probes=False))
    assert (lacking.level, f"do not allow s3:ListBucket on s3://{bucket}/data" in lacking.found) == ("fail", True)
    assert f'"Resource": "arn:aws:s3:::{bucket}"' in lacking.remedy


def test_where_the_user_may_not_add_steps_the_policies_are_read(emr, bucket):
    def refused(**request):
        answer = {"Error": {"Code": "AccessDeniedException", "Message": "not authorized"}}
        raise ClientError(answer, "AddJobFlowSteps")

    this = _experiment(bucket)
    this.client("emr").meta.events.register("before-call.emr.AddJobFlowSteps", refused)
    found = nodes_role(this)
    assert (found.level, "its policies allow it; not tested by a step (" in found.found) == ("warning", True)
    assert "access denied to elasticmapreduce:AddJobFlowSteps" in found.found


def test_a_cluster_at_work_is_not_kept_from_it(emr, bucket):
    this = _experiment(bucket)
    emr.add_job_flow_steps(JobFlowId=this.cluster.id, Steps=[STEP])
    assert "not tested by a step (no step can start now)" in nodes_role(this).found
    assert len(_steps(this)) == 1


def test_a_queue_that_may_not_be_seen_costs_the_probe_alone(node, bucket):
    this = _experiment(bucket)

    def refused(**request):
        raise ClientError({"Error": {"Code": "AccessDeniedException", "Message": "no"}}, "ListSteps")

    this.client("emr").meta.events.register("before-call.emr.ListSteps", refused)
    found = nodes_role(this)
    assert "the cluster's steps may not be listed, which needs elasticmapreduce:ListSteps" in found.found
    assert _steps(this) == []
