"""An id belongs to one run: of ten that start in one second, each has its own."""

import subprocess
import sys
import uuid
from dataclasses import replace
from pathlib import Path

import boto3
import pytest

from launcher.experiment.claims import claimed
from launcher.experiment.plan import make_plan
from launcher.parameters.schema import check
from launcher.support.project import PROJECT
from lib import artifacts
from lib.errors import InputError

TEN = """
import sys
from dataclasses import replace
from pathlib import Path
from launcher.experiment.claims import claimed
from launcher.experiment.plan import make_plan
from launcher.parameters.schema import check
plan = replace(make_plan(check({"out": sys.argv[1]})), run_id="20260101_000000")
sys.stdin.readline()  # all begin at once
with claimed([plan]) as (mine,):
    print(mine.run_id, flush=True)
    sys.stdin.readline()  # and end when all have an id
"""


@pytest.fixture
def plan(tmp_path):
    return replace(make_plan(check({"out": str(tmp_path)})), run_id="20260101_000000")


def test_ten_at_once_have_ten_ids(tmp_path):
    command, pipes = [sys.executable, "-c", TEN, str(tmp_path)], {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    running = [subprocess.Popen(command, cwd=PROJECT, text=True, **pipes) for _ in range(10)]
    for process in running:
        process.stdin.write("begin\n")
        process.stdin.flush()
    ids = [process.stdout.readline().strip() for process in running]
    for process in running:
        process.communicate("end\n", timeout=60)
    assert all(process.returncode == 0 for process in running)
    assert sorted(ids) == [f"20260101_00000{second}" for second in range(10)]


def test_on_s3_each_has_its_own(endpoint):
    """One after another: the server looks and writes in two steps, which S3 does in one."""
    bucket = f"bucket-{uuid.uuid4().hex[:8]}"
    boto3.client("s3").create_bucket(Bucket=bucket)
    plan = replace(make_plan(check({"out": f"s3://{bucket}/out"})), run_id="20260101_000000")
    with claimed([plan]) as (first,), claimed([plan]) as (second,), claimed([plan]) as (third,):
        ids = [first.run_id, second.run_id, third.run_id]
    assert ids == [f"20260101_00000{number}" for number in range(3)]
    assert "Contents" not in boto3.client("s3").list_objects_v2(Bucket=bucket)


def test_an_id_is_free_again_when_its_run_has_left_nothing(plan, tmp_path):
    with claimed([plan]) as (mine,), claimed([plan]) as (other,):
        assert (mine.run_id, other.run_id) == ("20260101_000000", "20260101_000001")
    with claimed([plan]) as (again,):
        assert again.run_id == "20260101_000000"
    assert list((tmp_path / ".claims").iterdir()) == []


@pytest.mark.parametrize("folder", [artifacts.model_dir, artifacts.eval_dir, artifacts.score_dir, artifacts.step_dir])
def test_an_id_whose_run_has_left_something_is_passed_over(plan, tmp_path, folder):
    (tmp_path / folder("", plan.run_id).lstrip("/")).mkdir(parents=True)
    with claimed([plan]) as (mine,):
        assert mine.run_id == "20260101_000001"


def test_an_id_that_was_asked_for_is_refused_and_one_that_is_resumed_is_kept(plan):
    asked = replace(plan, parameters=plan.parameters.model_copy(update={"run_id": plan.run_id}))
    resumed = replace(asked, parameters=asked.parameters.model_copy(update={"resume": True}))
    with claimed([plan]):
        with pytest.raises(InputError, match="run_id=20260101_000000: another run has that id"), claimed([asked]):
            pass
        with claimed([resumed]) as (mine,):
            assert mine.run_id == plan.run_id


def test_scores_may_be_asked_for_under_the_id_of_a_model(plan):
    parameters = plan.parameters.model_copy(update={"run_id": plan.run_id, "model": "latest"})
    (Path(plan.parameters.out) / "models" / f"model_{plan.run_id}").mkdir(parents=True)
    with claimed([replace(plan, parameters=parameters)]) as (mine,):
        assert mine.run_id == plan.run_id
    trained = replace(plan, parameters=parameters.model_copy(update={"model": ""}))
    with pytest.raises(InputError, match="another run has that id"), claimed([trained]):
        pass


def test_the_claim_goes_when_the_run_fails(plan, tmp_path):
    def fail():
        with claimed([plan]):
            assert [file.name for file in (tmp_path / ".claims").iterdir()] == [plan.run_id]
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert list((tmp_path / ".claims").iterdir()) == []
