"""An experiment whose process was killed in the middle of the search, and the command that takes it up."""

import json
import os
import signal
import time
from pathlib import Path

import psutil

from tests.lib.tables import make_table, write
from tests.test_experiment import SMALL_GRID, read, run, start


def test_an_experiment_that_was_killed_is_taken_up(tmp_path):
    write(make_table(600), tmp_path / "table.parquet")
    arguments = ["--input-data", "table.parquet", "--engine", "spark", "--no-evaluate", *SMALL_GRID]
    killed = start(*arguments, "--out", "out", cwd=tmp_path, start_new_session=True)
    log = wait_for(tmp_path / "out", "models/*/metrics/search.jsonl", killed)
    kill_all(killed)
    scored = log.read_text().splitlines()
    model = log.parents[1]
    assert 1 <= len(scored) < 4

    code, _, errors = run("--out", "out", "--resume", model.name, "--no-evaluate", cwd=tmp_path)
    assert code == 0, errors
    after = [json.loads(line) for line in log.read_text().splitlines()]
    for before, line in zip(map(json.loads, scored), after, strict=False):
        assert {**line, "scored_at": None} == {**before, "scored_at": None}
    assert read(model, "experiment.json")["reused_candidates"] == len(scored)
    verb = "was" if len(scored) == 1 else "were"
    assert f"{len(scored)} of them {verb} scored by the run" in (model / "notebooks" / "02_train.html").read_text()


def kill_all(leader) -> None:
    """Kill a process, its group and all that they have started."""
    family = psutil.Process(leader.pid).children(recursive=True)
    os.killpg(leader.pid, signal.SIGKILL)
    leader.communicate()
    for process in family:
        if process.is_running():
            process.kill()


def wait_for(folder: Path, pattern: str, process, seconds: float = 200) -> Path:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        found = list(folder.glob(pattern))
        if found:
            return found[0]
        if process.poll() is not None:
            raise AssertionError(process.communicate())
        time.sleep(0.05)
    raise AssertionError(f"no {pattern} within {seconds} s")
