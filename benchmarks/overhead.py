"""The overhead of a whole `make experiment`, in addition to its computing.

python -m benchmarks.overhead
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.records import Figure, store
from benchmarks.runs import seconds
from launcher.local_spark import find_java
from launcher.support.class_archive import VARIABLE
from launcher.support.project import PROJECT

TARGET = 120.0
COMPUTING = ("search", "retrain")
RUNS = 2


def main() -> None:
    """The command line above."""
    parser = argparse.ArgumentParser(description="Times a whole experiment on the sample table.")
    parser.add_argument("--params", default="params/sample.yaml")
    measure(parser.parse_args().params)


def measure(params: str) -> dict[str, Any]:
    """Run the command behind `make experiment` and compare its wall time with the timings it wrote down.

    It runs twice as it is and, in turns with that, twice without the classes that `make setup` keeps ready.
    """
    without = {VARIABLE: f"-XX:SharedArchiveFile={find_java()}/lib/server/classes.jsa"}
    runs = [(run(params, {}), run(params, without)) for _ in range(RUNS)]
    wall, timings = min((kept for kept, _ in runs), key=lambda kept: kept[0])
    bare = min(each[0] for _, each in runs)
    return store(
        "overhead", figures(wall, timings, bare), notes(params), {"wall": wall, "timings": timings, "bare": bare}
    )


def run(params: str, environment: Mapping[str, str]) -> tuple[float, dict[str, float]]:
    """Seconds of a whole experiment, and those of its steps."""
    with tempfile.TemporaryDirectory() as out:
        command = [sys.executable, "run_experiment.py", "--params", params, "--out", out]
        call = partial(subprocess.run, command, cwd=PROJECT, env={**os.environ, **environment}, check=True)
        wall = seconds(lambda: call(stdout=subprocess.DEVNULL))
        record = next(Path(out).rglob("experiment.json"))
        return wall, json.loads(record.read_text())["timings"]


def figures(wall: float, timings: dict[str, float], bare: float) -> list[Figure]:
    """The table of the report; `bare` is the time without the classes that are kept ready."""
    computing = sum(timings[step] for step in COMPUTING)
    rest = wall - sum(timings.values())
    steps = ", ".join(f"{step} {found:.1f} s" for step, found in timings.items() if step not in COMPUTING)
    return [
        Figure("whole experiment, 72 candidates", f"{wall:.0f} s", f"≤ {TARGET:.0f} s", wall <= TARGET),
        Figure("of it computing", ", ".join(f"{step} {timings[step]:.1f} s" for step in COMPUTING)),
        Figure("above its computing", f"{wall - computing:.0f} s, {wall / computing:.1f}x its computing in all"),
        Figure("of that", f"{steps}, all else {rest:.1f} s"),
        Figure("the same without Spark's classes kept ready", f"{bare:.0f} s, {bare / wall:.2f}x"),
    ]


def notes(params: str) -> list[str]:
    """What is in the figures."""
    return [
        f"The quicker of two runs of `run_experiment.py --params {params}`, as `make experiment` starts it, in turns "
        "with two without the archive of Spark's classes that `make setup` makes. All else: starting Python, four "
        "kernels' Spark sessions, evaluation, plots, reports and checks."
    ]


if __name__ == "__main__":
    main()
