"""The checklist as a user meets it: `cluster check`, and the check before a submission."""

import io
import json

import boto3
import pytest
from rich.console import Console
from typer.testing import CliRunner

from launcher.cli import app
from launcher.detached import submit
from launcher.emr.checks import checklist
from launcher.emr.checks.checklist import ClusterNotFit, check_before_submission
from launcher.emr.checks.subject import fail, ok, warning
from launcher.experiment.plan import make_plan
from launcher.running import run as experiment
from launcher.support.aws import AwsRefused
from lib.errors import ExperimentError, InputError
from tests.launcher.emr.checks.subjects import make_bucket, make_cluster, make_role, make_security_group, subject
from tests.launcher.requests import STEP

pytestmark = pytest.mark.usefixtures("emr")


@pytest.fixture
def check():
    """Run `cluster check` without a probe on what is given; returns the exit code and what it printed."""

    def run(*arguments: str) -> tuple[int, str]:
        result = CliRunner().invoke(app, ["cluster", "check", "--no-probe", *arguments], env={"COLUMNS": "200"})
        return result.exit_code, result.output

    return run


@pytest.fixture
def bucket(endpoint):
    return make_bucket()


def test_the_table_says_each_check_and_what_to_do(check, bucket):
    make_cluster(role=make_role(bucket))
    code, output = check("--input-data", f"s3://{bucket}/data", "--out", f"s3://{bucket}/out")
    lines = output.splitlines()
    assert code == 0
    assert [line.split()[:2] for line in lines if line.startswith(("ok ", "warning ", "fail "))][:3] == [
        ["ok", "state"],
        ["ok", "release"],
        ["ok", "applications"],
    ]
    assert "3 rows in 1 file, 2 features, label 'label', zones in 'zone'" in output
    assert "→ nothing: the next submission uploads it" in output
    assert lines[-1] == "12 ok, 4 warning"


def test_json_has_the_same_for_programs(check, bucket):
    cluster = make_cluster(role=make_role(bucket), ReleaseLabel="emr-6.15.0")
    code, output = check(
        "--json", "--cluster-id", cluster, "--input-data", f"s3://{bucket}/data", "-p", f"out=s3://{bucket}/o"
    )
    answer = json.loads(output)
    assert (code, answer["cluster_id"], answer["level"]) == (1, cluster, "fail")
    assert [each["name"] for each in answer["checks"]] == list(checklist.CHECKS)
    assert answer["checks"][1] == {
        "name": "release",
        "level": "fail",
        "found": "emr-6.15.0 has no Python 3.11",
        "remedy": answer["checks"][1]["remedy"],
    }


def test_wrong_usage_is_told_apart_from_a_check_that_failed(check):
    assert check()[0] == 2  # no cluster is active
    code, output = check("--cluster-id", "j-NONE")
    assert code == 2
    assert "j-NONE" in output
    assert check("-p", "test_fraction=1")[0] == 2


def test_one_check_that_cannot_look_is_no_end_of_the_others():
    def raises(error: Exception):
        def check(_):
            raise error

        return check

    checks = {
        "bug": raises(KeyError("x")),
        "refused": raises(AwsRefused("cannot look at budgets")),
        "lost": raises(ExperimentError("no connection")),
        "wrong": raises(InputError("there is no bucket")),
        "fine": lambda _: ok("fine"),
    }
    results = checklist.run(subject(make_cluster()), checks)
    assert [(each.name, each.level, each.found) for each in results] == [
        ("bug", "warning", "the check itself failed: KeyError: 'x'"),
        ("refused", "warning", "could not be checked: cannot look at budgets"),
        ("lost", "warning", "could not be checked: no connection"),
        ("wrong", "fail", "there is no bucket"),
        ("fine", "ok", "fine"),
    ]
    assert checklist.worst(results) == "fail"


def test_before_a_submission_warnings_are_lines_and_failures_an_error(monkeypatch):
    found = {"state": lambda _: fail("gone", "start another"), "logs": lambda _: warning("none\nat all", "set them")}
    monkeypatch.setattr(checklist, "CHECKS", found)
    cluster = make_cluster()
    plan = make_plan(subject(cluster, cluster={"id": cluster}).parameters)
    console = Console(file=io.StringIO(), width=30)
    with pytest.raises(ClusterNotFit) as error:
        check_before_submission(plan, boto3.Session(), console)
    assert console.file.getvalue() == "Warning, logs: none; at all → set them\n"
    assert str(error.value).endswith("(--no-check skips the checks):\n  state: gone → start another")
    assert error.value.exit_code == 2


@pytest.mark.parametrize("target", ["step", "livy"])
def test_an_experiment_does_not_begin_on_a_cluster_that_is_open(emr, bucket, monkeypatch, target):
    begun = []
    monkeypatch.setattr(submit, "run_detached", lambda plans, *_: begun.append(plans))
    monkeypatch.setattr(experiment, "run", begun.append)
    group = make_security_group({"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]})
    cluster = make_cluster(role=make_role(bucket), group=group)
    emr.add_job_flow_steps(JobFlowId=cluster, Steps=[STEP])  # leaves no room for a probe
    arguments = [
        "--target",
        target,
        "--cluster-id",
        cluster,
        "--input-data",
        f"s3://{bucket}/data",
        "--out",
        f"s3://{bucket}/out",
    ]
    result = CliRunner().invoke(app, arguments)
    assert (result.exit_code, begun) == (2, [])
    assert f"{group} allows 0.0.0.0/0 to connect to every port" in result.output.replace("\n", " ")
    assert "Warning, nodes' role: its policies allow it; not tested by a step (no step can start now)" in result.output
    result = CliRunner().invoke(app, [*arguments, "--no-check"])
    assert (result.exit_code, len(begun), result.output) == (0, 1, "")
