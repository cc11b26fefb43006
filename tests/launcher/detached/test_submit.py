"""Submitting experiments as a person types it."""

import dataclasses
import hashlib
import json
import re
import runpy
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import boto3
import pytest
import yaml
from typer.testing import CliRunner

from launcher import cli
from launcher.commands import experiment
from launcher.detached import emr_step, submit
from launcher.emr.checks import access
from launcher.emr.checks.checklist import ClusterNotFit
from launcher.experiment.plan import commit
from launcher.experiment.submitted import Status, StepFiles
from launcher.parameters.schema import Parameters
from launcher.support import aws, packaging, watching
from launcher.support.files import files_at
from tests.aws.steps import PYTHON
from tests.launcher.emr.checks.subjects import make_cluster
from tests.launcher.requests import request
from tests.launcher.runs import GRID, OUT, RUN_ID, plan, put, write_results
from tests.lib import records
from tests.lib.models import upload_model

ROOT = Path(__file__).resolve().parents[3]
LONGEST_ARGUMENTS = 10_280  # of a step, in all: EMR's limit
PLACES = ("--input-data", "s3://bucket/data/x.parquet", "--out", OUT, "--no-check")


@pytest.fixture
def cluster(emr):
    """A cluster whose steps do not run."""
    s3 = boto3.client("s3")
    s3.create_bucket(Bucket="bucket")
    files_at(OUT).remove(OUT)
    return emr.run_job_flow(**request())["JobFlowId"]


def typed(*arguments: str):
    return CliRunner().invoke(cli.app, arguments, env={"COLUMNS": "200"})


def steps(emr, cluster) -> list[dict]:
    """The cluster's steps in the order in which they came."""
    return list(reversed(emr.list_steps(ClusterId=cluster)["Steps"]))


def test_a_submission_returns_at_once_and_says_how_to_follow(emr, cluster):
    result = typed("--cluster-id", cluster, *PLACES, "--test-frac", "0.2", "--metric", "areaUnderROC")
    assert result.exit_code == 0, result.output
    (step,) = steps(emr, cluster)
    run_id = re.search(r"\d{8}_\d{6}", step["Name"]).group()
    assert f"step     {step['Id']} on cluster {cluster} (mineria-ml-cluster" in result.output
    assert f"python run_experiment.py cluster step {step['Id']} --cluster-id {cluster} --wait" in result.output
    assert f"model    {OUT}/models/model_{run_id}" in result.output
    parameters = StepFiles.of(OUT, run_id).plan().parameters
    assert (parameters.test_frac, parameters.metric) == (0.2, "areaUnderROC")


@pytest.fixture
def script(monkeypatch, capsys):
    """Run scripts/submit_training_emr.py in this process; gives its exit code and all that it printed."""

    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["submit_training_emr.py", *arguments])
        monkeypatch.setenv("COLUMNS", "200")
        with pytest.raises(SystemExit) as ended:
            runpy.run_path(str(ROOT / "scripts" / "submit_training_emr.py"), run_name="__main__")
        return ended.value.code, "".join(capsys.readouterr())

    return run


def test_the_script_of_before_submits_with_the_parameters_for_emr(emr, cluster, script):
    options = ("--test-frac", "0.2", "--metric", "areaUnderROC", "--evaluate")
    code, said = script("--cluster-id", cluster, *PLACES, *options)
    assert code == 0, said
    (step,) = steps(emr, cluster)
    assert f"follow   python run_experiment.py cluster step {step['Id']} --cluster-id {cluster} --wait" in said
    parameters = StepFiles.of(OUT, re.search(r"\d{8}_\d{6}", step["Name"]).group()).plan().parameters
    assert (parameters.test_frac, parameters.metric, parameters.evaluate) == (0.2, "areaUnderROC", True)
    assert parameters.spark.executor_memory == "8g"


def test_the_script_of_before_says_what_is_missing(script, tmp_path):
    code, said = script("--cluster-id", "j-A")
    assert (code, "my-bucket stands for your bucket" in said, "--input-data" in said) == (2, True, True), said
    code, said = script(*PLACES)
    assert (code, "name it with --cluster-id" in said) == (2, True), said
    (tmp_path / "own.yaml").write_text("seed: none\n")
    code, said = script(f"--params={tmp_path}/own.yaml", *PLACES)
    assert (code, "seed" in said, "own.yaml" in said) == (2, True, True), said


def test_the_step_has_the_code_and_the_parameters_of_here(emr, cluster, s3):
    given = {"language": "es", "spark": {"executor_memory": "2g", "conf": {"spark.x.y": "on"}}, "seed": 7}
    made = dataclasses.replace(plan(cluster, **given), command="python run_experiment.py --typed 'a b'")
    emr_step.submit(boto3.Session(), cluster, [made])
    (step,) = steps(emr, cluster)
    args = step["Config"]["Args"]
    assert step["ActionOnFailure"] == "CONTINUE"
    assert args[:4] == ["env", "AWS_DEFAULT_REGION=us-east-1", PYTHON, "-c"]
    assert "\n" not in "".join(args)
    assert len("".join(args)) < LONGEST_ARGUMENTS / 4
    archive, digest, folder, _ = args[5:]
    assert hashlib.sha256(content(s3, archive)).hexdigest() == digest
    assert folder == f"{OUT}/steps/{RUN_ID}/"
    there = StepFiles.of(OUT, RUN_ID).plan()
    assert there.parameters == made.parameters
    assert there.run_id == RUN_ID
    assert there.values()["provenance"] == made.own_provenance()
    assert made.own_provenance()["commit"] == commit(ROOT)
    assert isinstance(yaml.safe_load(content(s3, f"{folder}params.yaml"))["run_id"], str)


@pytest.fixture
def s3(endpoint):
    return boto3.client("s3")


def content(s3, place: str) -> bytes:
    bucket, _, key = place.removeprefix("s3://").partition("/")
    return s3.get_object(Bucket=bucket, Key=key)["Body"].read()


def test_the_same_code_is_uploaded_once(cluster, s3):
    first = packaging.upload_project(files_at(OUT), OUT)
    key = first.place.removeprefix("s3://bucket/")
    before = s3.head_object(Bucket="bucket", Key=key)["LastModified"]
    assert packaging.upload_project(files_at(OUT), OUT) == first
    assert s3.head_object(Bucket="bucket", Key=key)["LastModified"] == before


def test_a_scoring_is_submitted_as_an_experiment_is(emr, cluster, s3):
    model = upload_model(s3, "bucket", "experiments")
    result = typed("score", "latest", "--cluster-id", cluster, *PLACES)
    assert result.exit_code == 0, result.output
    (step,) = steps(emr, cluster)
    run_id = re.search(r"\d{8}_\d{6}", step["Name"]).group()
    assert step["Name"] == f"scoring {run_id}"
    for line in (
        f"Scoring {run_id} → {OUT}",
        f"step    {step['Id']} on cluster {cluster} (mineria-ml-cluster, ",
        f"follow  python run_experiment.py cluster step {step['Id']} --cluster-id {cluster} --wait",
        "cost    not estimated for a scoring; what it costs stands in its record",
        f"scores  {OUT}/scores/score_{run_id}",
    ):
        assert f"\n{line}" in f"\n{result.output}"
    there = StepFiles.of(OUT, run_id).plan()
    assert (there.parameters.model, [each.name for each in there.steps]) == (model, ["score"])
    shown = typed("cluster", "step", step["Id"], "--cluster-id", cluster).output
    assert f"run          {run_id}" in shown
    assert "model" not in shown.split("command")[0]


def test_a_scoring_waits_in_the_queue(emr, cluster, s3):
    upload_model(s3, "bucket", "experiments")
    assert typed("--cluster-id", cluster, *PLACES).exit_code == 0
    result = typed("score", "latest", "--cluster-id", cluster, *PLACES)
    assert "; 1 step before it" in result.output
    assert [step["Name"].split()[0] for step in steps(emr, cluster)] == ["experiment", "scoring"]


@pytest.mark.parametrize("dry", [(), ("--dry-run",)], ids=["run", "dry run"])
def test_a_scoring_that_cannot_be_costs_no_step(emr, cluster, s3, dry):
    def refused(model, says):
        result = typed("score", model, "--cluster-id", cluster, *PLACES, *dry)
        assert result.exit_code == 2, result.output
        assert says in " ".join(result.output.split())
        assert steps(emr, cluster) == []

    refused("latest", f"there is no complete model in {OUT}/models: train one first, name one, or give the --out")
    refused(f"{OUT}/models/nothing", "there is no model at")
    refused("s3://no-such-bucket/model", "there is no bucket no-such-bucket")
    model = upload_model(s3, "bucket", "experiments", classes=3)
    refused("latest", "its model has 3 classes, not 2")
    s3.delete_object(Bucket="bucket", Key=f"{model.removeprefix('s3://bucket/')}/metrics/summary.json")
    refused(model, "its training did not finish")


def test_a_table_without_the_features_costs_no_step(emr, s3, monkeypatch):
    monkeypatch.setattr(access, "_LIMIT", 0.0)  # no node runs the step that tries the role's rights
    s3.create_bucket(Bucket="bucket")
    files_at(OUT).remove(OUT)
    fit = make_cluster()
    upload_model(s3, "bucket", "experiments", features=("B02", "B04"))
    put(s3, "s3://bucket/data/wrong.csv", "B02,B03\n1,2\n")
    where = ("--input-data", "s3://bucket/data/wrong.csv", "--out", OUT, "--cluster-id", fit)
    result = typed("score", "latest", *where)
    assert result.exit_code == 2
    assert "data: s3://bucket/data/wrong.csv lacks columns that the model needs: B04" in result.output
    assert [step for step in steps(emr, fit) if step["Name"].startswith("scoring")] == []


@pytest.fixture
def queue(tmp_path) -> list[str]:
    """Options for three experiments, of seeds 1 to 3."""
    files = [tmp_path / f"{seed}.yaml" for seed in (1, 2, 3)]
    for seed, file in enumerate(files, start=1):
        file.write_text(yaml.safe_dump({"seed": seed, "grid": GRID}))
    return [argument for file in files for argument in ("--params", str(file))]


def test_several_params_are_several_steps_of_different_ids(emr, cluster, queue):
    result = typed(*queue, "--cluster-id", cluster, *PLACES, "--step-concurrency", "2")
    assert result.exit_code == 0, result.output
    names = [step["Name"] for step in steps(emr, cluster)]
    assert len(set(names)) == 3
    ids = [name.removeprefix("experiment ") for name in names]
    assert [StepFiles.of(OUT, each).plan().parameters.seed for each in ids] == [1, 2, 3]
    assert emr.describe_cluster(ClusterId=cluster)["Cluster"]["StepConcurrencyLevel"] == 2
    assert "up to 2 steps at the same time" in result.output
    assert "; 2 steps before it" in result.output
    assert "; 1 step before it" not in result.output
    again = typed(*queue, "--cluster-id", cluster, *PLACES, "-p", "run_id=20260101_000000")
    assert again.exit_code == 2
    assert "several experiments cannot have one id" in again.output


def test_ids_differ_from_those_of_other_submissions_of_the_same_second(emr, cluster, monkeypatch):
    monkeypatch.setattr("lib.artifacts.new_run_id", lambda: "20261125_235959")
    for _ in range(2):
        assert typed("--cluster-id", cluster, *PLACES).exit_code == 0
    assert [step["Name"] for step in steps(emr, cluster)] == [
        "experiment 20261125_235959",
        "experiment 20261126_000000",
    ]


def test_a_dry_run_says_what_would_be_submitted_and_submits_nothing(emr, cluster, s3):
    result = typed("--cluster-id", cluster, *PLACES, "--dry-run", "--wait", "--step-concurrency", "2")
    assert result.exit_code == 0, result.output
    assert f"where       a step on {cluster}" in result.output
    assert f"{OUT}/steps/" in result.output
    assert steps(emr, cluster) == []
    assert emr.describe_cluster(ClusterId=cluster)["Cluster"]["StepConcurrencyLevel"] == 1
    assert "Contents" not in s3.list_objects_v2(Bucket="bucket", Prefix="experiments/")


def test_a_dry_run_fails_where_the_run_would(emr, cluster):
    for more in ((), ("--target", "livy")):
        result = typed("--cluster-id", "j-NOPE", *PLACES, "--dry-run", *more)
        assert result.exit_code == 2, result.output
        assert "Cluster id 'j-NOPE' is not valid: check the id and the region" in result.stderr
    emr.terminate_job_flows(JobFlowIds=[cluster])
    result = typed("--cluster-id", cluster, *PLACES, "--dry-run")
    assert (result.exit_code, f"cluster {cluster} is TERMINATED" in result.stderr) == (2, True)


def test_a_program_that_the_road_needs_is_missed_before_anything_else(emr, cluster, monkeypatch):
    monkeypatch.setattr("launcher.emr.tunnels.shutil.which", lambda name: None)
    for reach, other in (("ssm", "ssh"), ("ssh", "ssm")):
        result = typed("--cluster-id", cluster, *PLACES, "--target", "livy", "--reach", reach)
        assert result.exit_code == 2
        assert f"--reach {reach} needs the program " in result.stderr
        assert f"or take --reach {other}" in result.stderr
        assert typed("cluster", "ui", "--cluster-id", cluster, "--reach", reach).exit_code == 2


def test_a_cluster_in_the_environment_sends_nothing_away_and_that_is_said(emr, cluster, monkeypatch, tmp_path):
    (tmp_path / "table.csv").write_text("a,label\n1,0\n2,1\n")
    here = ("--input-data", str(tmp_path / "table.csv"), "--out", str(tmp_path), "--dry-run")
    note = "This runs here: EMR_CLUSTER_ID is for the commands `cluster …` alone. To run it on that cluster, add "
    note += f"--cluster-id {cluster}"
    assert note not in typed(*here).stderr
    monkeypatch.setenv("EMR_CLUSTER_ID", cluster)
    result = typed(*here)
    assert (result.exit_code, note in " ".join(result.stderr.split())) == (0, True)
    assert "where" not in result.stdout
    assert note not in typed(*here, "--target", "local").stderr
    assert steps(emr, cluster) == []


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--step-concurrency", "257"], "less than or equal to 256"),
        (["--step-concurrency", "0"], "greater than or equal to 1"),
        (["--input-data", "here.parquet"], "a cluster cannot see the files of this machine"),
        (["--target", "local", "--step-concurrency", "2"], "--step-concurrency is for experiments that run as steps"),
        (["--resume", "model_20260101_000000"], "no search has started"),
    ],
)
def test_what_cannot_be_is_said_before_anything_is_submitted(emr, cluster, arguments, message):
    result = typed("--cluster-id", cluster, *PLACES, *arguments)
    assert result.exit_code == 2
    assert message in " ".join(result.output.split())
    assert steps(emr, cluster) == []


def test_a_step_needs_a_cluster_that_can_run_it(emr, cluster):
    assert "name it with --cluster-id" in typed("--target", "step", *PLACES).output
    without = emr.run_job_flow(**request(Applications=[{"Name": "Spark"}]))["JobFlowId"]
    assert f"cluster {without} has no Livy (it has Spark)" in typed("--cluster-id", without, *PLACES).output
    emr.terminate_job_flows(JobFlowIds=[cluster])
    assert f"cluster {cluster} is TERMINATED" in typed("--cluster-id", cluster, *PLACES).output


def test_the_checklist_comes_first(emr, cluster, monkeypatch):
    def refuse(checked, session, console):
        raise ClusterNotFit(checked.parameters.cluster.id, [])

    monkeypatch.setattr(experiment, "check_before_submission", refuse)
    result = typed("--cluster-id", cluster, *PLACES[:-1])
    assert result.exit_code == 2
    assert f"cluster {cluster} cannot run this experiment" in result.output
    assert steps(emr, cluster) == []


def test_files_of_different_targets_are_refused(tmp_path, cluster):
    (tmp_path / "here.yaml").write_text("cluster: {target: local}")
    (tmp_path / "there.yaml").write_text(f"cluster: {{id: {cluster}}}")
    result = typed("--params", str(tmp_path / "here.yaml"), "--params", str(tmp_path / "there.yaml"), *PLACES)
    assert result.exit_code == 2
    assert "different targets (local, step): give one with --target" in result.output


def test_an_experiment_that_died_is_taken_up_by_a_step(emr, cluster, s3):
    begun = plan(cluster, seed=3)
    recorded = {name: getattr(begun.parameters, name) for name in ("input_data", "seed", "grid")}
    put(s3, f"{begun.model_dir}/experiment.json", json.dumps(records.experiment(parameters=recorded)))
    StepFiles.of(OUT, RUN_ID).submit(begun)
    put(s3, f"{OUT}/steps/{RUN_ID}/status.json", '{"exit_code": 1, "error": "old"}')
    result = typed("--cluster-id", cluster, "--out", OUT, "--no-check", "--resume", f"model_{RUN_ID}")
    assert result.exit_code == 0, result.output
    files = StepFiles.of(OUT, RUN_ID)
    taken_up: Parameters = files.plan().parameters
    assert (taken_up.resume, taken_up.seed, taken_up.run_id) == (True, 3, RUN_ID)
    assert files.status().error == ""


def test_a_submission_is_patient_with_throttling_and_sends_nothing_twice(emr, cluster, monkeypatch):
    pauses = []
    clock = SimpleNamespace(sleep=pauses.append, monotonic=time.monotonic)  # other threads sleep, too
    monkeypatch.setattr(watching, "time", clock)
    asked = []
    make = aws.client

    def client(service, session=None, attempts=None):
        made = make(service, session, attempts)
        if service == "emr":
            assert made.meta.config.retries["total_max_attempts"] == 1
            add = made.add_job_flow_steps

            def throttled(**arguments):
                asked.append(arguments)
                if len(asked) < 3:
                    raise made.exceptions.ClientError({"Error": {"Code": "ThrottlingException"}}, "AddJobFlowSteps")
                return add(**arguments)

            made.add_job_flow_steps = throttled
        return made

    monkeypatch.setattr(emr_step.aws, "client", client)
    assert len(emr_step.submit(boto3.Session(), cluster, [plan(cluster)])) == 1
    assert pauses == [watching.PAUSE] * 2
    assert len(steps(emr, cluster)) == 1


def test_waiting_follows_all_of_a_queue_and_ends_with_the_worst(emr_cluster, queue, monkeypatch):
    def submit_in_short(session, cluster_id, plans):
        step_ids = []
        for made, code in zip(plans, (0, 2, 1), strict=True):
            step_files = StepFiles.of(OUT, made.run_id)
            step_files.submit(made)
            write_results(emr_cluster.s3, made)
            step_files.write_status(Status(error=f"no luck with {made.parameters.seed}", exit_code=code))
            step_ids.append(emr_cluster.submit("sh", "-c", f"exit {code}", f"{step_files.folder}/"))
        return step_ids

    monkeypatch.setattr(submit, "submit", submit_in_short)
    result = typed(*queue, "--cluster-id", emr_cluster.id, *PLACES, "--wait")
    assert result.exit_code == 2
    assert [result.output.count(text) for text in ("1/3  step s-", "3/3  step s-", "Winner")] == [1, 1, 1]
    assert [f"no luck with {seed}" in result.output for seed in (1, 2, 3)] == [False, True, True]


def test_bad_input_found_on_the_node_ends_the_waiting_with_2(emr_cluster):
    """The real step: a login that its node does not have."""
    files_at(OUT).remove(OUT)
    command = [sys.executable, ROOT / "run_experiment.py", "--cluster-id", emr_cluster.id, *PLACES, "--wait"]
    done = subprocess.run([*command, "-p", "cluster.auth=basic"], capture_output=True, text=True, timeout=300)
    assert done.returncode == 2, done.stderr
    (step,) = steps(emr_cluster.emr, emr_cluster.id)
    said = "cluster.auth=basic needs LIVY_USER and LIVY_PASSWORD in the environment"
    assert f"Error: step {step['Id']} failed: {said}" in done.stderr
    assert f"cluster diagnose {step['Id']}" in done.stderr
    assert step["Status"]["FailureDetails"]["Message"] == f"Error: {said}"
