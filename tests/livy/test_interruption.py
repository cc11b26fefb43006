"""A run through Livy as a process of its own that is told to stop, or is not even told."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest
import yaml

from launcher.targets.livy import records
from tests.livy.conftest import BUCKET, DRIVER_MEMORY
from tests.livy.runs import sessions

ROOT = Path(__file__).resolve().parents[2]
COMMAND = [sys.executable, str(ROOT / "run_experiment.py")]


@pytest.fixture
def started(tmp_path, livy_url, s3, sample, spark_settings):
    """An experiment with a session that is there; gives its process and the session's id."""
    s3.upload_file(sample, BUCKET, "data/sample.parquet")
    before = sessions(livy_url)
    params = {
        "input_data": f"s3://{BUCKET}/data/sample.parquet",
        "out": f"s3://{BUCKET}/{tmp_path.name}",
        "cluster": {"livy_url": livy_url},
        "spark": {"driver_memory": DRIVER_MEMORY, "conf": spark_settings},
    }
    (tmp_path / "emr.yaml").write_text(yaml.safe_dump(params))
    process = subprocess.Popen(
        [*COMMAND, "--params", str(tmp_path / "emr.yaml")],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    deadline = time.monotonic() + 120
    while not (found := [number for record in records.records() for number in record.sessions]):
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.1)
    yield process, found[0]
    process.kill()
    process.communicate()
    assert sessions(livy_url) == before


@pytest.mark.parametrize(("number", "name"), [(signal.SIGINT, "Ctrl-C"), (signal.SIGTERM, "SIGTERM")])
def test_a_signal_ends_the_session_too(started, livy_url, number, name):
    process, session = started
    assert session in sessions(livy_url)  # on record as soon as it is there
    process.send_signal(number)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 128 + number
    assert f"Stopped by {name}. Nothing is complete, and there is nothing to resume." in errors
    assert session not in sessions(livy_url)
    assert records.records() == []


def test_after_a_kill_the_next_command_says_what_is_left_and_sessions_cleans_up(started, livy_url):
    process, session = started
    assert f"{session} " in typed("sessions").stdout
    assert " running" in typed("sessions", "--clean").stdout  # it is in use
    assert session in sessions(livy_url)
    family = psutil.Process(process.pid).children(recursive=True)
    process.kill()
    process.wait()
    psutil.wait_procs(family, timeout=30)  # kernels end by themselves once nobody is there
    said = typed("--livy-url", livy_url, "--input-data", "here.parquet")
    assert f"Livy sessions that were not ended and may still cost money: {session} at {livy_url}." in said.stderr
    assert "sessions --clean" in said.stderr
    assert " over" in typed("sessions").stdout
    assert "deleted" in typed("sessions", "--clean").stdout
    assert session not in sessions(livy_url)
    assert typed("sessions").stdout == "There are no sessions.\n"
    assert "may still cost" not in typed("--livy-url", livy_url, "--input-data", "here.parquet").stderr


def typed(*arguments: str) -> subprocess.CompletedProcess:
    environment = {**os.environ, "COLUMNS": "200"}
    return subprocess.run([*COMMAND, *arguments], capture_output=True, text=True, timeout=60, env=environment)
