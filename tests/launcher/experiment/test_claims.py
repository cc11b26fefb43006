"""An id belongs to one run: of ten that start in one second, each has its own."""

import subprocess
import sys
import time
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
import sys, time
from dataclasses import replace
from pathlib import Path
from launcher.experiment.claims import claimed
from launcher.experiment.plan import make_plan
from launcher.parameters.schema import check
out, start = sys.argv[1], float(sys.argv[2])
plan = replace(make_plan(check({"out": out})), run_id="20260101_000000")
time.sleep(max(0, start - time.time()))
with claimed([plan]) as (mine,):
    print(mine.run_id, flush=True)
    time.sleep(3)  # as long as the others need to look
"""


@pytest.fixture
def plan(tmp_path):
    return replace(make_plan(check({"out": str(tmp_path)})), run_id="20260101_000000")


@pytest.fixture(params=["here", "s3"])
def out(request, tmp_path):
    if request.param == "here":
        return str(tmp_path / "out")
    request.getfixturevalue("endpoint")
    bucket = f"bucket-{uuid.uuid4().hex[:8]}"
    boto3.client("s3").create_bucket(Bucket=bucket)
    return f"s3://{bucket}/out"


def test_ten_at_once_have_ten_ids(out):
    start = str(time.time() + 8)
    command = [sys.executable, "-c", TEN, out, start]
    running = [subprocess.Popen(command, cwd=PROJECT, stdout=subprocess.PIPE, text=True) for _ in range(10)]
    ids = [process.communicate(timeout=60)[0].strip() for process in running]
    assert all(process.returncode == 0 for process in running)
    assert sorted(ids) == [f"20260101_00000{second}" for second in range(10)]


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
