"""A run as a process of its own, told to stop."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from tests.launcher.experiments import RUN_ID, WAIT, write_notebooks

ROOT = Path(__file__).resolve().parents[3]


@pytest.mark.parametrize(("number", "code", "name"), [(signal.SIGINT, 130, "Ctrl-C"), (signal.SIGTERM, 143, "SIGTERM")])
def test_a_signal_ends_the_run_and_all_it_started(tmp_path, number, code, name):
    run = start(tmp_path, train=WAIT)
    wait_for(tmp_path / "out" / "waiting", run)
    family = psutil.Process(run.pid).children(recursive=True)
    assert len(family) >= 2  # the kernel and its child
    run.send_signal(number)
    _, errors = run.communicate(timeout=30)
    assert run.returncode == code
    assert errors == f"Stopped by {name}. Nothing is complete, and there is nothing to resume.\n"
    assert [process for process in family if is_alive(process)] == []
    assert {path.name for path in (tmp_path / "out").iterdir()} == {"waiting"}


def test_a_model_that_was_complete_stays(tmp_path):
    half = "import pathlib\nfolder = pathlib.Path(eval_dir)\nfolder.mkdir(parents=True)\n(folder / 'roc.png').touch()\n"
    run = start(tmp_path, evaluate=half + WAIT)
    wait_for(tmp_path / "out" / "waiting", run)
    run.send_signal(signal.SIGINT)
    _, errors = run.communicate(timeout=30)
    model = tmp_path / "out" / "models" / f"model_{RUN_ID}"
    again = f"python run_experiment.py --out {tmp_path}/out --resume {model.name}"
    assert errors == f"Stopped by Ctrl-C. The model is complete: {model}. Evaluate it with: {again}\n"
    assert (model / "notebooks" / "02_train.html").exists()
    assert not (tmp_path / "out" / "results" / f"eval_{RUN_ID}").exists()


def test_a_second_signal_does_not_break_the_clean_up(tmp_path):
    run = start(tmp_path, explore=WAIT)
    wait_for(tmp_path / "out" / "waiting", run)
    family = psutil.Process(run.pid).children(recursive=True)
    for _ in range(3):
        run.send_signal(signal.SIGINT)
        time.sleep(0.2)
    _, errors = run.communicate(timeout=30)
    assert (run.returncode, errors.count("\n")) == (130, 1)
    assert [process for process in family if is_alive(process)] == []


def test_a_run_that_takes_too_long_is_stopped_with_all_it_started(tmp_path):
    run = start(tmp_path, "--max-hours", "0.005", train=WAIT)
    wait_for(tmp_path / "out" / "waiting", run)
    family = psutil.Process(run.pid).children(recursive=True)
    _, errors = run.communicate(timeout=60)
    assert run.returncode == 1
    said, left = errors.splitlines()
    assert said == "Error: the run was stopped after 0.005 hours, its time limit (cluster.max_hours)"
    assert left == "Nothing is complete, and there is nothing to resume."
    assert [process for process in family if is_alive(process)] == []


def test_a_run_that_is_quick_enough_knows_nothing_of_its_limit(tmp_path):
    run = start(tmp_path, "--max-hours", "1")
    _, errors = run.communicate(timeout=120)
    assert run.returncode == 0, errors


def start(folder: Path, *options: str, **notebooks: str) -> subprocess.Popen:
    (folder / "out").mkdir()
    written = write_notebooks(folder / "notebooks", **notebooks)
    command = [sys.executable, "-m", "tests.launcher.experiments", str(folder), str(written), *options]
    environment = {**os.environ, "TMPDIR": str(folder)}
    return subprocess.Popen(
        command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def wait_for(file: Path, run: subprocess.Popen) -> None:
    deadline = time.monotonic() + 60
    while not file.exists():
        assert run.poll() is None, run.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.1)


def is_alive(process: psutil.Process) -> bool:
    return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
