"""`cluster list`, `status`, `steps` and `step`, as a user types them."""

import json
import re
from datetime import UTC, datetime, timedelta

import boto3
import pytest
from botocore.client import BaseClient
from botocore.exceptions import ClientError
from typer.testing import CliRunner

from launcher.cli import app
from launcher.emr.clusters import IDLE_METRICS, idle_seconds
from launcher.emr.steps import PROBE_NAME
from tests.launcher.requests import STEP, request


def run(*words: str, expect: int = 0) -> str:
    """What a command says; on stderr where it fails."""
    done = CliRunner().invoke(app, ["cluster", *words])
    assert done.exit_code == expect, done.output
    return " ".join(done.stderr.split()) if expect else done.stdout


@pytest.fixture
def cluster_id(emr):
    return emr.run_job_flow(**request())["JobFlowId"]


def report_idleness(cluster_id, *values):
    """Give CloudWatch a value for every five minutes until now."""
    now = datetime.now(UTC)
    data = [
        {
            "MetricName": IDLE_METRICS[0],
            "Dimensions": [{"Name": "JobFlowId", "Value": cluster_id}],
            "Timestamp": now - (len(values) - place) * timedelta(minutes=5),
            "Value": value,
        }
        for place, value in enumerate(values)
    ]
    boto3.client("cloudwatch").put_metric_data(Namespace="AWS/ElasticMapReduce", MetricData=data)


def test_list_shows_what_is_active(emr, cluster_id):
    ended = emr.run_job_flow(**request("another"))["JobFlowId"]
    emr.terminate_job_flows(JobFlowIds=[ended])
    (head, row) = run("list").splitlines()
    assert head.split() == ["cluster", "name", "state", "made", "(UTC)", "up", "why"]
    assert row.split()[:3] == [cluster_id, "mineria-ml-cluster", "WAITING"]
    everything = json.loads(run("list", "--all", "--json"))
    assert {each["id"]: each["state"] for each in everything}.items() >= {
        (cluster_id, "WAITING"),
        (ended, "TERMINATED"),
    }
    first = next(each for each in everything if each["id"] == ended)
    assert set(first) == {"id", "name", "state", "state_reason", "created_at", "ready_at", "ended_at", "uptime_seconds"}
    assert datetime.fromisoformat(first["ended_at"]).utcoffset() == timedelta(0)


def test_list_of_nothing_says_so(emr):
    assert (
        run("list") == "No cluster is active in us-east-1; create one with: python run_experiment.py cluster create\n"
    )
    assert json.loads(run("list", "--json")) == []


def test_status_says_what_the_cluster_is_and_what_ends_it(cluster_id):
    said = run("status")
    lines = {line.split("  ")[0]: line for line in said.splitlines()}
    assert f"mineria-ml-cluster ({cluster_id})" in lines["cluster"]
    assert "emr-7.13.0: Hadoop" in lines["release"]
    assert "1 × m5.xlarge  primary, on demand" in said
    assert "2 × m5.2xlarge  core, on demand, EBS 2 × 128 GB" in said
    assert lines["idle"].endswith("unknown: CloudWatch has no data yet, or you may not read it")
    assert lines["ends"].endswith("itself after 1 h 00 min idle")
    assert lines["steps"].endswith("1 at a time")
    assert lines["logs"].endswith(f"s3://bucket/logs/emr/{cluster_id}/")
    assert "maximizeResourceAllocation = true" in lines["spark"]
    assert "spark.dynamicAllocation.enabled = true" in lines["spark-defaults"]


def test_status_for_programs(cluster_id):
    record = json.loads(run("status", "--cluster-id", cluster_id, "--json"))
    assert record["id"] == cluster_id
    assert [(group["role"], group["running"]) for group in record["groups"]] == [("MASTER", 1), ("CORE", 2)]
    assert record["auto_termination_seconds"] == 3600
    assert record["steps"] == {"running": 0, "pending": 0}
    assert record["idle_seconds"] is None
    assert record["configurations"][0]["Classification"] == "spark"


def test_status_shows_the_nodes(emr, cluster_id, denied):
    there = emr.list_instances(ClusterId=cluster_id)["Instances"]
    said, record = run("status"), json.loads(run("status", "--json"))
    assert {each["ec2_id"] for each in record["nodes"]} == {each["Ec2InstanceId"] for each in there}
    for each in there:
        (line,) = [line for line in said.splitlines() if each["Ec2InstanceId"] in line]
        assert each["PrivateIpAddress"] in line
        assert each["InstanceType"] in line
    denied("ListInstances")
    assert json.loads(run("status", "--json"))["nodes"] == []
    assert "private IP" not in run("status")


def test_status_knows_for_how_long_nothing_was_done(cluster_id):
    report_idleness(cluster_id, 1, 0, 0, 1, 1, 1)
    record = json.loads(run("status", "--json"))
    assert record["idle_seconds"] == pytest.approx(900, abs=60)
    assert "in about 45 min" in run("status") or "in about 44 min" in run("status")
    assert idle_seconds(boto3.client("cloudwatch"), "j-OTHER") is None


def test_status_of_a_busy_cluster(cluster_id, emr):
    report_idleness(cluster_id, 1, 1, 0)
    assert idle_seconds(boto3.client("cloudwatch"), cluster_id) == 0
    emr.add_job_flow_steps(JobFlowId=cluster_id, Steps=[STEP, STEP])
    said = run("status")
    assert "no, a step is running" in said
    assert "1 at a time; now 1 running, 1 waiting" in said


def test_status_of_a_cluster_that_nothing_ends(emr):
    limits = {
        "UnitType": "Instances",
        "MinimumCapacityUnits": 2,
        "MaximumCapacityUnits": 6,
        "MaximumCoreCapacityUnits": 2,
    }
    made = request(AutoTerminationPolicy={}, LogUri="", ManagedScalingPolicy={"ComputeLimits": limits})
    made["Instances"]["TerminationProtected"] = True
    cluster_id = emr.run_job_flow(**made)["JobFlowId"]
    said = run("status")
    command = f"python run_experiment.py cluster terminate --cluster-id {cluster_id}"
    assert f"only by `{command}`: no policy terminates it, idle or not; termination protection" in said
    assert "managed: 2 to 6 instances, at most 2 of them core" in said
    assert "not kept" in said
    emr.set_termination_protection(JobFlowIds=[cluster_id], TerminationProtected=False)
    emr.terminate_job_flows(JobFlowIds=[cluster_id])
    assert "TERMINATED" in run("status", "--cluster-id", cluster_id)


def test_which_cluster_is_meant_must_be_clear(emr, cluster_id, monkeypatch):
    other = emr.run_job_flow(**request("another"))["JobFlowId"]
    said = run("status", expect=2)
    assert "2 clusters are active" in said
    assert f"{cluster_id} (mineria-ml-cluster)" in said
    monkeypatch.setenv("EMR_CLUSTER_ID", other)
    assert f"another ({other})" in run("status")
    assert "Cluster id 'j-NONE' is not valid: check the id" in run("status", "--cluster-id", "j-NONE", expect=2)


def test_steps_and_which_runs_they_are(emr, cluster_id):
    theirs = {**STEP, "Name": "theirs", "HadoopJarStep": {"Jar": "s3://bucket/their.jar"}}
    ours, other = emr.add_job_flow_steps(JobFlowId=cluster_id, Steps=[STEP, theirs])["StepIds"]
    head, newest, eldest = run("steps").splitlines()
    assert head.split() == ["step", "state", "run", "started", "(UTC)", "took", "what"]
    assert newest.split() == [other, "PENDING", "–", "–", "–", "theirs"]
    assert eldest.split() == [ours, "RUNNING", "20261125_120000", "–", "–", "experiment"]
    assert "… and 1 earlier ones (--last 2)" in run("steps", "--last", "1")
    records = json.loads(run("steps", "--json"))
    assert [each["id"] for each in records] == [other, ours]
    assert records[1]["model"] == "s3://bucket/experiments/models/model_20261125_120000"


def test_one_step(emr, cluster_id):
    (step_id,) = emr.add_job_flow_steps(JobFlowId=cluster_id, Steps=[STEP])["StepIds"]
    said = run("step", step_id)
    assert f"experiment 20261125_120000 ({step_id})" in said
    assert "s3://bucket/experiments/models/model_20261125_120000" in said
    assert "command-runner.jar python run_step.py s3://bucket" in said
    assert json.loads(run("step", step_id, "--json"))["state"] == "RUNNING"


SECRETS = [f"TOPSECRET{n}" for n in range(6)]


def test_secrets_of_a_cluster_and_its_steps_are_not_shown(emr):
    settings = {
        "spark-defaults": {"spark.hadoop.fs.s3a.secret.key": SECRETS[0], "spark.ssl.keyPassword": SECRETS[1]},
        "hive-site": {"javax.jdo.option.ConnectionPassword": SECRETS[2]},
        "livy-env": {"AWS_ACCESS_KEY_ID": SECRETS[3], "SAFE": "shown"},
    }
    made = request(Configurations=[{"Classification": name, "Properties": each} for name, each in settings.items()])
    emr.run_job_flow(**made)
    jar = {"Jar": "command-runner.jar", "Args": ["bash", "-c", "echo hi; exit 3", "--password", SECRETS[4]]}
    jar["Args"] += [f"--secret={SECRETS[5]}"]
    (step,) = emr.add_job_flow_steps(JobFlowId=only(emr), Steps=[{**STEP, "HadoopJarStep": jar}])["StepIds"]
    for words in (["status"], ["step", step], ["steps"]):
        for said in (run(*words), run(*words, "--json")):
            assert not [each for each in SECRETS if each in said], words
    record = json.loads(run("status", "--json"))["configurations"]
    assert record[0]["Properties"]["spark.ssl.keyPassword"] == "***"
    assert record[2]["Properties"] == {"AWS_ACCESS_KEY_ID": "***", "SAFE": "shown"}
    assert "command-runner.jar bash -c 'echo hi; exit 3' --password *** '--secret=***'" in run("step", step)


def test_a_program_among_the_words_of_a_step_is_folded(emr, cluster_id):
    program = "; ".join(["import boto3"] * 20)
    jar = {"Jar": "command-runner.jar", "Args": ["python", "-c", program, "s3://bucket/x"]}
    (step,) = emr.add_job_flow_steps(JobFlowId=cluster_id, Steps=[{**STEP, "HadoopJarStep": jar}])["StepIds"]
    assert "command-runner.jar python -c … s3://bucket/x" in run("step", step)
    assert json.loads(run("step", step, "--json"))["args"][2] == program


def only(emr) -> str:
    (found,) = emr.list_clusters(ClusterStates=["WAITING"])["Clusters"]
    return found["Id"]


@pytest.fixture
def denied(monkeypatch):
    """Make AWS deny operations, to whoever asks."""
    real = BaseClient._make_api_call

    def deny(*operations):
        def answer(self, operation, given):
            if operation in operations:
                raise ClientError({"Error": {"Code": "AccessDeniedException", "Message": "no"}}, operation)
            return real(self, operation, given)

        monkeypatch.setattr(BaseClient, "_make_api_call", answer)

    return deny


@pytest.mark.parametrize(
    ("operation", "name"),
    [
        ("GetAutoTerminationPolicy", "ends"),
        ("GetManagedScalingPolicy", "scaling"),
        ("ListInstanceGroups", "nodes"),
    ],
)
def test_a_right_that_is_missing_costs_only_what_needs_it(cluster_id, denied, operation, name):
    denied(operation)
    lines = {line.split("  ")[0]: line for line in run("status").splitlines()}
    assert "unknown: to see" in lines[name]
    assert f"elasticmapreduce:{operation}" in lines[name]
    assert sum("unknown: to see" in line for line in lines.values()) == 1
    assert json.loads(run("status", "--json"))["not_told"] == [f"elasticmapreduce:{operation}"]
    if name == "nodes":
        assert f"allow elasticmapreduce:{operation}" in run("resize", "3", expect=2)
        assert f"allow elasticmapreduce:{operation}" in run("cost", expect=2)


def test_steps_that_may_not_be_listed_hide_nothing_else(cluster_id, denied):
    denied("ListSteps")
    assert "1 at a time; to see which run you need the right elasticmapreduce:ListSteps" in run("status")
    assert json.loads(run("status", "--json"))["steps"] is None
    assert "access denied to elasticmapreduce:ListSteps" in run("steps", expect=2)


def test_security_groups_without_an_id_are_left_out(emr):
    made = request()
    made["Instances"] |= {"AdditionalMasterSecurityGroups": [""], "EmrManagedMasterSecurityGroup": "sg-1"}
    emr.run_job_flow(**made)
    assert json.loads(run("status", "--json"))["security_groups"] == ["sg-1"]


@pytest.mark.parametrize("command", ["step", "logs", "diagnose"])
def test_a_step_that_is_not_there(cluster_id, command):
    boto3.client("s3").create_bucket(Bucket="bucket")
    said = run(command, "s-NOPE", expect=2)
    assert "Step id 's-NOPE' is not valid: " in said
    assert said.endswith(f"list those that there are: python run_experiment.py cluster steps --cluster-id {cluster_id}")


PROBE = {"Name": PROBE_NAME, "HadoopJarStep": {"Jar": "command-runner.jar", "Args": ["true"]}}


def test_checks_are_hidden_unless_they_are_wanted(emr, cluster_id):
    assert run("steps") == f"Cluster {cluster_id} has had no step yet.\n"
    ours, *checks = emr.add_job_flow_steps(JobFlowId=cluster_id, Steps=[STEP, PROBE, PROBE])["StepIds"]
    assert [line.split()[0] for line in run("steps").splitlines()] == ["step", ours]
    assert len(run("steps", "--all").splitlines()) == 4
    assert [each["id"] for each in json.loads(run("steps", "--json"))] == [ours]
    assert {each["id"] for each in json.loads(run("steps", "--all", "--json"))} == {ours, *checks}


def test_the_last_cluster_is_meant_where_none_is_active(emr, cluster_id):
    (step,) = emr.add_job_flow_steps(JobFlowId=cluster_id, Steps=[STEP])["StepIds"]
    emr.terminate_job_flows(JobFlowIds=[cluster_id])
    for words in (["status"], ["steps"], ["step", step], ["diagnose"]):
        done = CliRunner().invoke(app, ["cluster", *words])
        assert done.exit_code in (0, 1), done.output
        assert f"No cluster is active; this is the last one, {cluster_id} (mineria-ml-cluster, ended 2" in done.stderr
        assert "No cluster is active" not in done.stdout
    said = run("resize", "3", expect=2)
    assert f"no cluster is active (the last one was {cluster_id} (mineria-ml-cluster, ended 2" in said
    assert "is active; " not in run("status", "--cluster-id", cluster_id)


@pytest.fixture
def terminal(monkeypatch):
    """What commands print in a terminal of some columns."""

    def typed(columns, *words):
        monkeypatch.setenv("TTY_COMPATIBLE", "1")
        monkeypatch.setenv("COLUMNS", str(columns))
        done = CliRunner().invoke(app, ["cluster", *words])
        return re.sub(r"\x1b\[[0-9;]*m", "", done.stdout + done.stderr)

    return typed


@pytest.mark.parametrize("columns", [80, 120])
def test_ids_are_whole_and_lines_are_not_too_long(emr, cluster_id, terminal, columns, monkeypatch):
    monkeypatch.setenv("AWS_ENDPOINT_URL_PRICING", "http://127.0.0.1:9")  # nobody is there: the table holds
    long = {**STEP, "Name": "somebody else's step, whose name says at some length what it is for"}
    long["HadoopJarStep"] = {"Jar": "their.jar", "Args": ["--reads", "s3://bucket/" + "x" * columns]}
    steps = emr.add_job_flow_steps(JobFlowId=cluster_id, Steps=[STEP, long])["StepIds"]
    for words, ids in (
        (["list"], [cluster_id]),
        (["steps"], [*steps, "20261125_120000"]),
        (["status"], [cluster_id, f"s3://bucket/logs/emr/{cluster_id}/"]),
        (["step", steps[0]], [steps[0]]),
        (["cost"], [cluster_id]),
        (["check", "--no-probe", "--input-data", "s3://bucket/x", "--out", "s3://bucket/o"], [cluster_id]),
        (["status", "--cluster-id", "j-NOPE"], ["j-NOPE"]),
    ):
        said = terminal(columns, *words)
        assert all(each in said for each in ids), said
        one_piece = r"^\s*(→ )?(python run_experiment|command-runner|aws |add to)|s3://|^\S+ *\S+$"
        too_long = [line for line in said.splitlines() if len(line.rstrip()) > columns]
        assert not [line for line in too_long if not re.search(one_piece, line)], said
