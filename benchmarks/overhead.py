"""The overhead of a whole `make experiment`, in addition to its computing.

python -m benchmarks.overhead
"""

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from benchmarks.records import Figure, store
from benchmarks.runs import seconds
from launcher.support.project import PROJECT

TARGET = 120.0
COMPUTING = ("search", "retrain")


def main() -> None:
    """The command line above."""
    parser = argparse.ArgumentParser(description="Times a whole experiment on the sample table.")
    parser.add_argument("--params", default="params/sample.yaml")
    measure(parser.parse_args().params)


def measure(params: str) -> dict[str, Any]:
    """Run the command behind `make experiment` and compare its wall time with the timings it wrote down."""
    with tempfile.TemporaryDirectory() as out:
        command = [sys.executable, "run_experiment.py", "--params", params, "--out", out]
        wall = seconds(lambda: subprocess.run(command, cwd=PROJECT, check=True, stdout=subprocess.DEVNULL))
        record = next(Path(out).rglob("experiment.json"))
        timings = json.loads(record.read_text())["timings"]
    return store("overhead", figures(wall, timings), notes(params), {"wall": wall, "timings": timings})


def figures(wall: float, timings: dict[str, float]) -> list[Figure]:
    """The table of the report."""
    computing = sum(timings[step] for step in COMPUTING)
    rest = wall - sum(timings.values())
    steps = ", ".join(f"{step} {found:.1f} s" for step, found in timings.items() if step not in COMPUTING)
    return [
        Figure("whole experiment, 72 candidates", f"{wall:.0f} s", f"≤ {TARGET:.0f} s", wall <= TARGET),
        Figure("of it computing", ", ".join(f"{step} {timings[step]:.1f} s" for step in COMPUTING)),
        Figure("above its computing", f"{wall - computing:.0f} s, {wall / computing:.1f}x its computing in all"),
        Figure("of that", f"{steps}, all else {rest:.1f} s"),
    ]


def notes(params: str) -> list[str]:
    """What is in the figures."""
    return [
        f"One run of `run_experiment.py --params {params}`, as `make experiment` starts it. All else: starting Python, "
        "two kernels' Spark sessions, evaluation, plots, reports and checks."
    ]


if __name__ == "__main__":
    main()
