"""Following a step from its place in the queue to its results, or to the sentence that says why there are none."""

import io
import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import boto3
import pytest
from rich.console import Console

from launcher.detached import follow as following
from launcher.detached.follow import follow
from launcher.detached.outcome import StepFailed
from launcher.emr.diagnosis.diagnose import diagnose
from launcher.experiment.submitted import Status, StepTime
from launcher.running.gate import GateFailed
from launcher.support import aws, watching
from launcher.support.files import files_at
from lib import artifacts
from lib.errors import InputError
from tests.launcher.runs import OUT, RUN_ID, put, submitted, write_results, write_scores
from tests.launcher.runs import plan as experiment_plan

ROOT = Path(__file__).resolve().parents[3]
PLACE = f"{OUT}/steps/{RUN_ID}/"
SLEEP, FAIL, SUCCEED = "sleep 60", "echo 'out of luck' >&2; exit 1", "exit 0"


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr(following, "_LONGEST_PAUSE", 0.05)


@pytest.fixture
def run(emr_cluster):
    """A run that was submitted: its plan and its files."""
    files_at(OUT).remove(OUT)  # what other tests left
    return submitted(emr_cluster.id)


def step(cluster, script: str, place: str = PLACE) -> str:
    return cluster.submit("sh", "-c", script, place)


def followed(cluster, step_id: str, console: Console | None = None) -> str:
    """Follow a step to its end; return what was printed."""
    console = console or Console(file=io.StringIO(), width=200)
    follow(boto3.Session(), cluster.id, step_id, console)
    return console.file.getvalue()


def meanwhile(cluster, step_id: str, do) -> None:
    """Do something once the step runs."""
    once(lambda: cluster.state(step_id) == "RUNNING", do)


def once(is_so, do) -> None:
    """Do something, elsewhere, once it is so."""

    def wait() -> None:
        while not is_so():
            time.sleep(0.02)
        do()

    threading.Thread(target=wait, daemon=True).start()


def times(*names: str) -> list[StepTime]:
    return [StepTime(name=name, started=time.time() + n, ended=time.time() + n + 1) for n, name in enumerate(names)]


def test_a_run_that_went_well_is_shown_with_its_results(emr_cluster, run):
    plan, step_files = run
    write_results(emr_cluster.s3, plan)
    step_files.write_status(Status(steps=times("explore", "train", "evaluate", "report"), exit_code=0))
    printed = followed(emr_cluster, step(emr_cluster, SUCCEED))
    shown = [printed.index(f"{n}/4 {name}") for n, name in enumerate(("explore", "train", "evaluate", "report"), 1)]
    assert shown == sorted(shown)
    assert "Winner  GBT maxIter=3" in printed
    assert f"{plan.eval_dir}/EVALUATION_REPORT.md" in printed


def test_a_scoring_is_shown_with_its_shares_and_places(emr_cluster):
    files_at(OUT).remove(OUT)
    plan, step_files = submitted(emr_cluster.id, model=f"{OUT}/models/model_20260101_000000")
    write_scores(emr_cluster.s3, plan)
    step_files.write_status(Status(steps=times("score"), exit_code=0))
    printed = followed(emr_cluster, step(emr_cluster, SUCCEED))
    for said in ("1/1 score", "1,200 rows scored by", "25.0% of the rows, above 0.41", "left out    3 rows"):
        assert said in printed
    assert f"scores      {plan.score_dir}/scores" in printed
    assert "Winner" not in printed


@pytest.mark.parametrize("lost", ["scores.json", "scores/_SUCCESS"])
def test_scores_that_are_not_whole_are_a_failure_whatever_emr_says(emr_cluster, lost):
    files_at(OUT).remove(OUT)
    plan, _ = submitted(emr_cluster.id, model=f"{OUT}/models/model_20260101_000000")
    write_scores(emr_cluster.s3, plan)
    files_at(OUT).remove(f"{plan.score_dir}/{lost}")
    with pytest.raises(StepFailed, match=rf"is COMPLETED, but its result {plan.score_dir}/\S+ is not there"):
        followed(emr_cluster, step(emr_cluster, SUCCEED))


def test_a_scoring_that_was_cancelled_leaves_nothing_to_resume(emr_cluster):
    files_at(OUT).remove(OUT)
    submitted(emr_cluster.id, model=f"{OUT}/models/model_20260101_000000")
    step_id = step(emr_cluster, SLEEP)
    meanwhile(emr_cluster, step_id, lambda: emr_cluster.emr.cancel_steps(ClusterId=emr_cluster.id, StepIds=[step_id]))
    with pytest.raises(StepFailed, match="was cancelled") as failed:
        followed(emr_cluster, step_id)
    assert "No scores are kept: they would not be complete." in failed.value.__notes__


def test_a_step_is_followed_through_the_queue_and_while_it_runs(emr_cluster, run, tmp_path):
    plan, step_files = run
    write_results(emr_cluster.s3, plan)
    console = Console(file=io.StringIO(), width=200)
    first, second = (f"until [ -e {tmp_path / name} ]; do sleep 0.05; done" for name in ("first", "second"))
    emr_cluster.submit("sh", "-c", first)
    step_id = step(emr_cluster, second)
    once(lambda: "before it" in console.file.getvalue(), (tmp_path / "first").touch)
    meanwhile(emr_cluster, step_id, lambda: step_files.write_status(Status(steps=times("explore"), cell=2)))
    once(lambda: "1/4" in console.file.getvalue(), (tmp_path / "second").touch)
    printed = followed(emr_cluster, step_id, console)
    assert f"waiting on cluster {emr_cluster.id}: 1 step before it" in printed
    assert printed.index("1 step before it") < printed.index("1/4 explore") < printed.index("Winner")


def test_completed_is_no_evidence(emr_cluster, run):
    step_id = step(emr_cluster, SUCCEED)
    with pytest.raises(StepFailed, match=rf"{step_id} is COMPLETED, but its result \S+summary.json is not there"):
        followed(emr_cluster, step_id)


def test_a_run_that_failed_says_itself_why_and_ends_with_its_own_code(emr_cluster, run):
    _, step_files = run
    step_files.write_status(Status(steps=times("explore"), error="column 'label' is not there", exit_code=2))
    step_id = step(emr_cluster, FAIL)
    with pytest.raises(StepFailed, match=f"step {step_id} failed: column 'label' is not there") as failed:
        followed(emr_cluster, step_id)
    assert failed.value.exit_code == 2
    assert failed.value.__notes__ == [
        f"More: python run_experiment.py cluster diagnose {step_id} --cluster-id {emr_cluster.id}"
    ]


def write_gate(s3, plan, *failed) -> None:
    """Add the outcome of a gate to the record of an evaluation."""
    place = f"{plan.eval_dir}/{artifacts.EVAL_METRICS}"
    metrics = json.loads(files_at(OUT).read_text(place))
    put(s3, place, json.dumps({**metrics, "gate": {"fail_below": {}, "fail_on_drift": False, "failed": failed}}))


def test_a_run_that_did_not_pass_its_gate_is_shown_with_its_results_and_ends_with_1(emr_cluster, run):
    plan, step_files = run
    write_results(emr_cluster.s3, plan)
    write_gate(emr_cluster.s3, plan, {"metric": "areaUnderPR", "value": 0.71, "below": 0.8})
    status = Status(steps=times("explore", "train", "evaluate", "report"), cause="gate", error="…", exit_code=1)
    step_files.write_status(status)
    step_id = step(emr_cluster, FAIL)
    console = Console(file=io.StringIO(), width=200)
    with pytest.raises(GateFailed, match=r"^the gate is not passed: areaUnderPR is 0.7100, below 0.8$") as failed:
        followed(emr_cluster, step_id, console)
    assert failed.value.exit_code == 1
    printed = console.file.getvalue()
    assert "Winner  GBT maxIter=3" in printed
    assert f"{plan.eval_dir}/EVALUATION_REPORT.md" in printed


def test_a_gate_that_was_passed_changes_nothing(emr_cluster, run):
    plan, step_files = run
    write_results(emr_cluster.s3, plan)
    write_gate(emr_cluster.s3, plan)
    step_files.write_status(Status(exit_code=0))
    assert "Winner" in followed(emr_cluster, step(emr_cluster, SUCCEED))


def test_a_gate_is_no_evidence_of_results_either(emr_cluster, run):
    _, step_files = run
    step_files.write_status(Status(cause="gate", error="…", exit_code=1))
    step_id = step(emr_cluster, FAIL)
    with pytest.raises(StepFailed, match=rf"{step_id} is FAILED, but its result \S+summary.json is not there"):
        followed(emr_cluster, step_id)


def test_one_that_could_not_say_why_has_the_word_of_emr(emr_cluster, run):
    step_id = step(emr_cluster, FAIL)
    said = r"failed before the experiment could report why: Unknown Error\. out of luck \(s3n://\S+/stderr\.gz\)"
    with pytest.raises(StepFailed, match=said) as failed:
        followed(emr_cluster, step_id)
    assert failed.value.exit_code == 1
    assert "Nothing is complete, and there is nothing to resume." in failed.value.__notes__


def test_one_that_could_not_say_why_ends_with_the_words_of_the_diagnosis(emr_cluster, run):
    error = "java.lang.OutOfMemoryError: unable to create new native thread"
    step_id = step(emr_cluster, f"echo 'Exception in thread \"main\" {error}' >&2; {FAIL}")
    with pytest.raises(StepFailed) as failed:
        followed(emr_cluster, step_id)
    diagnosis = diagnose(emr_cluster.emr, emr_cluster.s3, emr_cluster.id, step_id)
    assert diagnosis.cause.name == "out-of-threads"
    assert f"Cause: {diagnosis.finding.sentence} [out-of-threads]" in failed.value.__notes__
    assert {f"Remedy: {each}" for each in diagnosis.finding.remedy} <= set(failed.value.__notes__)


def test_one_that_was_cancelled_says_how_to_go_on(emr_cluster, run):
    plan, _ = run
    put(emr_cluster.s3, f"{plan.model_dir}/{artifacts.EXPERIMENT}", "{}")
    step_id = step(emr_cluster, SLEEP)
    cancel = {"ClusterId": emr_cluster.id, "StepIds": [step_id]}
    meanwhile(emr_cluster, step_id, lambda: emr_cluster.emr.cancel_steps(**cancel))
    with pytest.raises(StepFailed, match=f"step {step_id} was cancelled \\(Cancelled by user\\)\n") as failed:
        followed(emr_cluster, step_id)
    assert failed.value.__notes__[-1].endswith(
        f"python run_experiment.py --out {OUT} --target step --cluster-id {emr_cluster.id} --resume model_{RUN_ID}"
    )


def test_a_cluster_that_ends_in_the_middle_is_named(emr_cluster, run):
    step_id = step(emr_cluster, SLEEP)
    meanwhile(emr_cluster, step_id, lambda: emr_cluster.emr.terminate_job_flows(JobFlowIds=[emr_cluster.id]))
    with pytest.raises(StepFailed, match=f"was cancelled .*: cluster {emr_cluster.id} is TERMINATED"):
        followed(emr_cluster, step_id)


def test_a_lost_node_is_said(emr_cluster, run):
    step_id = step(emr_cluster, SLEEP)
    meanwhile(emr_cluster, step_id, lambda: emr_cluster.node.lose(step_id))
    with pytest.raises(StepFailed, match="was interrupted by the loss of its node"):
        followed(emr_cluster, step_id)


def test_what_is_no_experiment_cannot_be_followed(emr_cluster):
    with pytest.raises(InputError, match="is not an experiment of this project"):
        followed(emr_cluster, step(emr_cluster, SUCCEED, place="other"))
    with pytest.raises(InputError, match="cannot look at step s-NONE"):
        followed(emr_cluster, "s-NONE")
    with pytest.raises(InputError, match=r"params.yaml is missing or incomplete"):
        followed(emr_cluster, step(emr_cluster, SUCCEED, place=f"{OUT}/steps/20260101_000000/"))


def test_ctrl_c_leaves_the_step_running_and_says_so(emr_cluster, run):
    step_id = step(emr_cluster, SLEEP)
    command = [sys.executable, ROOT / "run_experiment.py", "cluster", "step", step_id, "--wait"]
    process = subprocess.Popen(
        [*command, "--cluster-id", emr_cluster.id],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )
    run[1].write_status(Status(steps=times("explore")))
    assert "1/4 explore" in process.stdout.readline()
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=30)
    assert process.returncode == 130
    again = f"python run_experiment.py cluster step {step_id} --cluster-id {emr_cluster.id} --wait"
    assert errors.strip() == f"Stopped by Ctrl-C. Step {step_id} continues; follow it again with: {again}"
    assert emr_cluster.state(step_id) == "RUNNING"


class TestWhenAwsDoesNotAnswer:
    """Looks at a step that fail, among those that do not."""

    @pytest.fixture
    def looks(self, monkeypatch):
        """Errors to raise instead of the next looks after the first."""
        errors = []
        describe_step = following.describe_step

        def look(*arguments):
            found = describe_step(*arguments)
            if looked and errors:
                raise errors.pop(0)
            looked.append(found)
            return found

        looked = []
        monkeypatch.setattr(following, "describe_step", look)
        return errors

    def test_it_is_asked_again(self, emr_cluster, run, looks, tmp_path):
        write_results(emr_cluster.s3, run[0])
        looks += [aws.AwsUnavailable("too many requests")] * 3
        once(lambda: not looks, (tmp_path / "asked").touch)  # a step that ends before is never looked at again
        printed = followed(emr_cluster, step(emr_cluster, f"until [ -e {tmp_path / 'asked'} ]; do sleep 0.05; done"))
        assert printed.count("too many requests (retrying)") == 1
        assert "Winner" in printed

    def test_but_not_for_ever(self, emr_cluster, run, looks, monkeypatch):
        monkeypatch.setattr(watching, "PATIENCE", 0.1)
        looks += [aws.AwsUnavailable("no network")] * 1000
        step_id = step(emr_cluster, SLEEP)
        with pytest.raises(aws.AwsUnavailable, match="no network") as gone:
            followed(emr_cluster, step_id)
        assert gone.value.__notes__[0].startswith(
            f"Step {step_id} continues; follow it again with: python run_experiment.py"
        )

    @pytest.mark.parametrize("kind", [aws.NotLoggedIn, aws.AwsRefused])
    def test_credentials_that_expire_end_it_at_once_and_not_the_step(self, emr_cluster, run, looks, kind):
        looks += [kind("the token has expired; log in again")]
        step_id = step(emr_cluster, SLEEP)
        started = time.monotonic()
        with pytest.raises(kind, match="log in again") as gone:
            followed(emr_cluster, step_id)
        assert time.monotonic() - started < 10
        assert f"Step {step_id} continues" in gone.value.__notes__[0]
        assert emr_cluster.state(step_id) in ("PENDING", "RUNNING")


class Listener:
    """Writes down what it is told, and the time by the replay's clock."""

    def __init__(self, replay):
        self.told, self._clock = [], replay.clock

    def step_started(self, step, number):
        self.told.append((step.name, number, self._clock()))

    def cell_started(self, number):
        self.told.append(("cell", number))

    def step_done(self, step):
        self.told.append((step.name, "done", self._clock()))


def test_what_is_new_is_told_once_and_with_its_own_time():
    replay = following.Replay(experiment_plan(), 100.0)
    assert replay.clock() == 100.0
    observer = Listener(replay)
    explore = StepTime(name="explore", started=101.0)
    replay.tell(Status(steps=[explore], cell=1), observer)
    replay.tell(Status(steps=[explore], cell=2), observer)
    done = StepTime(name="explore", started=101.0, ended=140.0)
    replay.tell(Status(steps=[done, StepTime(name="train", started=141.0)]), observer)
    assert observer.told == [
        ("explore", 1, 101.0),
        ("cell", 1),
        ("cell", 2),
        ("explore", "done", 140.0),
        ("train", 2, 141.0),
    ]
    assert replay.clock() > 1e9


def test_steps_of_another_version_are_passed_over():
    replay = following.Replay(experiment_plan(), 100.0)
    observer = Listener(replay)
    replay.tell(Status(steps=[StepTime(name="unheard-of", started=1.0)]), observer)
    assert observer.told == []
