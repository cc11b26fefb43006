"""A submission that is typed again attaches to the step that is there, wherever the connection was lost."""

import json
import subprocess
import sys
import threading

import boto3
import pytest
import yaml
from botocore.exceptions import ReadTimeoutError
from botocore.httpsession import URLLib3Session
from typer.testing import CliRunner

from launcher import cli
from launcher.detached import repeats
from launcher.detached import submit as submit_module
from launcher.emr.steps import list_steps
from launcher.experiment.claims import IdTaken, claimed, held
from launcher.experiment.submitted import STEP
from launcher.support import aws, watching
from launcher.support.files import files_at, put_content
from lib import artifacts
from tests.aws.steps import PYTHON
from tests.launcher.requests import request
from tests.launcher.runs import GRID, OUT, plan, put, submitted, write_results
from tests.lib.models import upload_model

RUN = "20261125_120000"
PLACES = ("--input-data", "s3://bucket/data/x.parquet", "--out", OUT, "--no-check")


@pytest.fixture
def s3(endpoint):
    return boto3.client("s3")


@pytest.fixture
def cluster(emr, s3):
    """A cluster whose steps do not run."""
    s3.create_bucket(Bucket="bucket")
    files_at(OUT).remove(OUT)
    return emr.run_job_flow(**request())["JobFlowId"]


@pytest.fixture(autouse=True)
def quick(monkeypatch, endpoint):
    for module, name in ((watching, "PAUSE"), (watching, "PATIENCE"), (repeats, "_PAUSE"), (repeats, "_WAIT")):
        monkeypatch.setattr(module, name, 0.01)
    used = boto3.Session()  # making one takes longer than all requests of a submission
    monkeypatch.setattr(aws, "session", lambda: used)
    monkeypatch.setattr(submit_module, "estimate_line", lambda plan, session: "not estimated")  # it only reads


def typed(*arguments: str, **environment: str):
    return CliRunner().invoke(cli.app, arguments, env={"COLUMNS": "200", **environment})


def submit(cluster, *more, run_id=RUN, **environment):
    return typed("--cluster-id", cluster, *PLACES, "--run-id", run_id, "--json", *more, **environment)


class Line:
    """The line to AWS: counts requests, and is lost at one of them, or at all of an operation."""

    def __init__(self, monkeypatch):
        self.count, self.lost_at, self.operation, self.is_carried_out = 0, 0, "", True
        send = URLLib3Session.send

        def sent(session, asked):
            self.count += 1
            here = self.count == self.lost_at or (self.operation and self._asks_for(asked))
            if not here and not (self.lost_at and self.count > self.lost_at):
                return send(session, asked)
            if here and self.is_carried_out:
                send(session, asked)
            raise ReadTimeoutError(endpoint_url=asked.url)

        monkeypatch.setattr(URLLib3Session, "send", sent)

    def _asks_for(self, asked):
        return self.operation in str(asked.headers.get("X-Amz-Target", ""))

    def cut(self, at=0, operation="", is_carried_out=True):
        """Lose the line from one request on, or the answers of an operation."""
        self.count, self.lost_at, self.operation, self.is_carried_out = 0, at, operation, is_carried_out

    def mend(self):
        self.cut()


@pytest.fixture
def line(monkeypatch):
    return Line(monkeypatch)


def the_process_has_ended(run_id):
    """A claim that could not be given up is that of a process which is gone: here all are one process."""
    place = artifacts.claim(OUT, run_id)
    left = files_at(OUT).read_text(place)
    if left:
        put_content(files_at(OUT), json.dumps({**json.loads(left), "pid": 2**30}).encode(), place)


def test_the_same_command_twice_is_one_step(emr, cluster):
    first, second = submit(cluster), submit(cluster)
    assert (first.exit_code, second.exit_code) == (0, 0), first.output + second.output
    (step,) = list_steps(emr, cluster)
    told = [json.loads(each.stdout) for each in (first, second)]
    assert [(each["step"], each["attached"], each["outcome"]) for each in told] == [
        (step.id, False, "submitted"),
        (step.id, True, "submitted"),
    ]
    assert "was submitted before: nothing is submitted again" in second.stderr


@pytest.mark.parametrize("is_carried_out", [True, False], ids=["answer lost", "request lost"])
def test_wherever_the_connection_is_lost_the_same_command_again_is_one_step(emr, cluster, line, is_carried_out):
    line.mend()
    assert submit(cluster, AWS_MAX_ATTEMPTS="1").exit_code == 0
    requests = line.count
    assert requests > 8
    for at in range(1, requests + 1):
        run_id = f"20260101_0000{at:02}"
        line.cut(at, is_carried_out=is_carried_out)
        lost = submit(cluster, run_id=run_id, AWS_MAX_ATTEMPTS="1")
        line.mend()
        the_process_has_ended(run_id)
        again = submit(cluster, run_id=run_id)
        assert again.exit_code == 0, lost.output + again.output
        (step,) = [each for each in list_steps(emr, cluster) if each.run_id == run_id]
        assert json.loads(again.stdout)["step"] == step.id
        assert json.loads(lost.stdout)["outcome"] == ("submitted" if lost.exit_code == 0 else "failed")


def test_a_submission_whose_answer_was_lost_is_looked_up(emr, cluster, line):
    line.cut(operation="AddJobFlowSteps")
    result = typed("--cluster-id", cluster, *PLACES, "--json")
    line.mend()
    (step,) = list_steps(emr, cluster)
    assert (result.exit_code, json.loads(result.stdout)["step"]) == (0, step.id), result.output


@pytest.mark.parametrize("is_carried_out", [True, False])
def test_where_a_submission_cannot_be_looked_up_the_command_that_looks_is_told(
    emr, cluster, line, monkeypatch, is_carried_out
):
    monkeypatch.setattr("launcher.detached.emr_step.step_after_lost_answer", lambda emr, plan: "")
    line.cut(operation="AddJobFlowSteps", is_carried_out=is_carried_out)
    result = typed("--cluster-id", cluster, *PLACES)
    line.mend()
    assert result.exit_code == 1
    assert "Whether EMR has the step is not known: the same command with --run-id" in result.stderr
    again = submit(cluster, run_id=result.stderr.split("--run-id ")[1].split()[0])
    (step,) = list_steps(emr, cluster)
    told = json.loads(again.stdout)
    assert (again.exit_code, told["step"], told["attached"]) == (0, step.id, is_carried_out)


def test_other_parameters_under_the_same_id_are_refused(emr, cluster):
    assert submit(cluster).exit_code == 0
    other = submit(cluster, "--seed", "7")
    assert other.exit_code == 2
    assert f"run_id={RUN}: a run of that id was submitted with seed=42 (now 7)" in " ".join(other.stderr.split())
    record = json.loads(other.stdout)
    assert (record["outcome"], record["cause"], record["exit_code"]) == ("refused", "refused", 2)
    assert len(list_steps(emr, cluster)) == 1


def test_an_id_that_a_run_of_another_kind_has_is_refused(cluster, s3):
    put(s3, f"{OUT}/models/model_{RUN}/experiment.json", "{}")
    result = submit(cluster)
    assert (result.exit_code, f"model_{RUN} is already there" in result.stderr) == (2, True), result.stderr


def test_several_experiments_of_own_ids_are_refused(cluster, tmp_path):
    for number in (1, 2):
        (tmp_path / f"{number}.yaml").write_text(f'run_id: "20260101_00000{number}"\n')
    files = [word for number in (1, 2) for word in ("--params", str(tmp_path / f"{number}.yaml"))]
    result = typed(*files, "--cluster-id", cluster, *PLACES)
    assert (result.exit_code, "by a command of its own" in " ".join(result.stderr.split())) == (2, True)


def test_an_id_and_a_run_to_resume_are_refused(cluster):
    for command in ((), ("score", "latest")):
        result = typed(*command, "--cluster-id", cluster, *PLACES, "--run-id", RUN, "--resume", f"model_{RUN}")
        assert result.exit_code == 2, result.output


def test_a_scoring_with_latest_attaches_though_there_is_a_newer_model(emr, cluster, s3):
    def score():
        return typed("score", "latest", "--cluster-id", cluster, *PLACES, "--run-id", RUN, "--json")

    upload_model(s3, "bucket", "experiments")
    first = score()
    assert first.exit_code == 0, first.output
    upload_model(s3, "bucket", "experiments", run_id="20991231_000000")
    second = json.loads(score().stdout)
    assert (second["attached"], second["step"], second["kind"]) == (True, json.loads(first.stdout)["step"], "scoring")


def test_without_the_note_of_its_step_a_run_is_found_among_the_clusters_steps(emr, cluster):
    assert submit(cluster).exit_code == 0
    files_at(OUT).remove(f"{artifacts.step_dir(OUT, RUN)}/{STEP}")
    emr.terminate_job_flows(JobFlowIds=[cluster])
    again = submit(cluster)
    assert (again.exit_code, json.loads(again.stdout)["attached"]) == (0, True), again.output


def test_of_several_who_submit_at_once_one_does(emr, cluster):
    command = [sys.executable, "run_experiment.py", "--cluster-id", cluster, *PLACES, "--run-id", RUN, "--json"]
    running = [subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) for _ in range(3)]
    said = [process.communicate(timeout=300) for process in running]
    assert [process.returncode for process in running] == [0] * 3, said
    (step,) = list_steps(emr, cluster)
    assert {json.loads(stdout)["step"] for stdout, _ in said} == {step.id}


def test_another_machine_that_is_submitting_is_waited_for_no_longer_than_it_may_take(emr, cluster):
    times = {"since": "2026-01-01T00:00:00+00:00", "until": "2026-01-01T00:30:00+00:00"}
    claim = {"host": "ip-10-0-0-1", "pid": 17, "process_started": 1.0, **times}
    place = artifacts.claim(OUT, RUN)
    put_content(files_at(OUT), json.dumps(claim).encode(), place)
    assert submit(cluster).exit_code == 0
    later = {**claim, "until": "2999-01-01T00:00:00+00:00"}
    put_content(files_at(OUT), json.dumps(later).encode(), artifacts.claim(OUT, "20260101_000000"))
    gone = threading.Timer(1, lambda: files_at(OUT).remove(artifacts.claim(OUT, "20260101_000000")))
    gone.start()
    waited = submit(cluster, run_id="20260101_000000")
    gone.join()
    assert (waited.exit_code, "on ip-10-0-0-1" in waited.stderr, "(waiting)" in waited.stderr) == (0, True, True)
    assert len(list_steps(emr, cluster)) == 2


def test_the_node_that_runs_a_step_takes_the_id_from_who_submits_it(cluster):
    with claimed([plan(cluster)]), held(OUT, RUN), pytest.raises(IdTaken), held(OUT, RUN):
        pass


def test_an_ended_run_is_attached_to_and_ends_as_it_did(emr_cluster, s3, tmp_path):
    files_at(OUT).remove(OUT)
    made, files = submitted(emr_cluster.id)
    step = emr_cluster.submit(PYTHON, "-c", "pass", f"{files.folder}/", name=f"experiment {RUN}")
    files.note_step(emr_cluster.id, step)
    assert emr_cluster.wait(step) == "COMPLETED"
    params = tmp_path / "params.yaml"
    params.write_text(yaml.safe_dump({"grid": GRID}))
    options = ("--params", str(params), "--wait")
    write_results(s3, made)
    done = submit(emr_cluster.id, *options)
    record = json.loads(done.stdout)
    assert done.exit_code == 0, done.output
    assert (record["outcome"], record["complete"], record["step"]) == ("done", ["model", "results"], step)
    assert record["metrics"]["test"]["areaUnderPR"] == pytest.approx(0.5, abs=0.5)
    files_at(OUT).remove(made.eval_dir)
    failed = submit(emr_cluster.id, *options)
    record = json.loads(failed.stdout)
    assert (failed.exit_code, record["outcome"], record["complete"], record["exit_code"]) == (1, "failed", ["model"], 1)
    assert "metrics.json is not there: the run has failed" in record["error"]
