"""An id belongs to one run: of ten that start in one second, each has its own."""

import json
import os
import re
import socket
import subprocess
import sys
import threading
import uuid
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import boto3
import pytest

from launcher.experiment import claims
from launcher.experiment.claims import claimed, held, release
from launcher.experiment.plan import make_plan
from launcher.parameters.schema import check
from launcher.support.files import files_at, put_content
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
print("ready", flush=True)
sys.stdin.readline()  # all begin at once
with claimed([plan]) as (mine,):
    print(mine.run_id, flush=True)
    sys.stdin.readline()  # and end when all have an id
"""


@pytest.fixture
def plan(tmp_path):
    return replace(make_plan(check({"out": str(tmp_path)})), run_id="20260101_000000")


@pytest.fixture
def bucket(endpoint):
    name = f"bucket-{uuid.uuid4().hex[:8]}"
    boto3.client("s3").create_bucket(Bucket=name)
    return name


@pytest.fixture(params=["here", "S3"])
def out(request, tmp_path):
    """An output folder, on this machine and in S3."""
    return str(tmp_path) if request.param == "here" else f"s3://{request.getfixturevalue('bucket')}/out"


def ids_of_ten(out):
    """The ids of ten processes that begin at once, and end when all have one."""
    command, pipes = [sys.executable, "-c", TEN, out], {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    running = [subprocess.Popen(command, cwd=PROJECT, text=True, **pipes) for _ in range(10)]
    for process in running:
        assert process.stdout.readline() == "ready\n"
    for process in running:
        process.stdin.write("begin\n")
        process.stdin.flush()
    ids = [process.stdout.readline().strip() for process in running]
    for process in running:
        process.communicate("end\n", timeout=60)
    assert all(process.returncode == 0 for process in running)
    return sorted(ids)


def test_ten_at_once_have_ten_ids(tmp_path):
    assert ids_of_ten(str(tmp_path)) == [f"20260101_00000{second}" for second in range(10)]


def test_on_s3_ten_at_once_have_ten_ids(bucket):
    assert ids_of_ten(f"s3://{bucket}/out") == [f"20260101_00000{second}" for second in range(10)]
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


@pytest.mark.parametrize("resume", [False, True])
def test_an_id_that_is_asked_for_or_taken_up_is_refused_while_its_run_lives(out, resume):
    plan = asked(out, resume=resume)
    with claimed([plan]):
        said = f"run 20260101_000000 belongs to process {os.getpid()} on {socket.gethostname()} since .*still running"
        with pytest.raises(InputError, match=said), claimed([plan]):
            pass
        assert files_at(out).exists(artifacts.claim(out, plan.run_id))  # it is the first one's
    with claimed([plan]) as (mine,):
        assert mine.run_id == plan.run_id


@pytest.mark.parametrize("resume", [False, True])
def test_the_claim_of_a_run_that_was_killed_is_taken_over(out, resume):
    plan = asked(out, resume=resume)
    command = [sys.executable, "-c", TEN, out]
    process = subprocess.Popen(command, cwd=PROJECT, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    process.stdout.readline()
    process.stdin.write("begin\n")
    process.stdin.flush()
    assert process.stdout.readline().strip() == plan.run_id
    with pytest.raises(InputError, match=f"process {process.pid} on "), claimed([plan]):
        pass
    process.kill()
    process.communicate()
    assert files_at(out).exists(artifacts.claim(out, plan.run_id))
    with claimed([plan]) as (mine,):
        assert mine.run_id == plan.run_id
    assert not files_at(out).exists(artifacts.claim(out, plan.run_id))


def test_of_ten_who_take_over_a_claim_at_once_one_gets_it(out):
    leave_claim(out, pid=2**30)
    barrier = threading.Barrier(10)

    def take_over(_):
        barrier.wait()
        try:
            with held(out, "20260101_000000"):
                barrier.wait()
                return True
        except InputError:
            barrier.wait()
            return False

    with ThreadPoolExecutor(10) as pool:
        assert sum(pool.map(take_over, range(10))) == 1


def test_of_a_run_on_another_machine_it_is_said_who_has_it_and_what_to_remove(out):
    place = leave_claim(out, host="ip-10-0-0-1")
    said = f"belongs to process 17 on ip-10-0-0-1 since 2026-01-01T00:00:00.00:00: .* remove {re.escape(place)} if"
    with pytest.raises(InputError, match=said), claimed([asked(out, resume=True)]):
        pass


@pytest.mark.parametrize("content", ["", "{", '{"host": "a"}'])
def test_a_damaged_claim_is_named(tmp_path, monkeypatch, content):
    monkeypatch.setattr(claims, "_PAUSE", 0.01)
    place = Path(artifacts.claim(str(tmp_path), "20260101_000000"))
    place.parent.mkdir()
    place.write_text(content)
    with (
        pytest.raises(InputError, match=f"{place} is damaged: .*; remove it if no run of that id is under way"),
        claimed([asked(str(tmp_path))]),
    ):
        pass


def test_what_another_has_by_now_is_not_given_up(out):
    with claimed([asked(out)]):
        place = leave_claim(out, host="ip-10-0-0-1")
    assert files_at(out).exists(place)


def test_a_plan_for_another_machine_is_released_for_it(out):
    with claimed([asked(out)]) as (plan,):
        release(plan)
        with held(out, plan.run_id):
            pass


def asked(out, resume=False):
    """A plan of a run whose id was asked for."""
    return make_plan(check({"out": out, "run_id": "20260101_000000", "resume": resume}))


def leave_claim(out, **changed):
    """Leave the claim of another process; where it is."""
    since = {"since": "2026-01-01T00:00:00+00:00"}
    claim = {"host": socket.gethostname(), "pid": 17, "process_started": 1.0, **since, **changed}
    place = artifacts.claim(out, "20260101_000000")
    put_content(files_at(out), json.dumps(claim).encode(), place)
    return place


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
