"""How long the list of many runs in S3 takes, the first time and after that.

python -m benchmarks.leaderboard
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from statistics import median
from typing import Any

from benchmarks import s3_server
from benchmarks.records import Figure, store
from benchmarks.runs import seconds
from launcher.support.project import PROJECT
from tests.launcher.leaderboard.folders import files_of, run_id

TARGET = 5.0
RUNS, OBJECTS, REPEATS = 1_000, 46, 5
OUT = "s3://runs/experiments"


def main() -> None:
    """The command line above."""
    parser = argparse.ArgumentParser(description="Times the list of runs in S3.")
    parser.add_argument("--runs", type=int, default=RUNS)
    parser.add_argument("--serve", action="store_true", help="be the server, and print its address")
    given = parser.parse_args()
    if given.serve:
        serve(given.runs)
    else:
        measure(given.runs)


def serve(runs: int) -> None:
    """S3 on this machine, with as many runs, each of as many objects as a real one leaves."""
    content = {
        f"experiments/{path}": content for number in range(runs) for path, content in objects(run_id(number), number)
    }
    with s3_server.serve("runs", content) as server:
        print(f"http://127.0.0.1:{server.server_port}", flush=True)
        server.serve_forever()


def objects(name: str, number: int) -> Iterator[tuple[str, bytes]]:
    """All that a run leaves, by its path: the records that are read, and others that are only listed."""
    records = files_of(OUT, name, area=0.5 + number / 4_000, best_params={"maxDepth": str(number % 20)})
    yield from ((path, json.dumps(content).encode()) for path, content in records.items())
    for other in range(OBJECTS - len(records)):
        folder = f"models/model_{name}/pipeline_best" if other % 2 else f"results/eval_{name}/pictures"
        yield f"{folder}/{other:02}", b""


def measure(runs: int) -> dict[str, Any]:
    """Time the command, Python's start included: once without a cache, and several times with it."""
    with server(runs) as address, tempfile.TemporaryDirectory() as cache:
        credentials = {"AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testing", "AWS_REGION": "us-east-1"}
        environment = {**os.environ, **credentials, "AWS_ENDPOINT_URL": address, "XDG_CACHE_HOME": cache}
        command = [sys.executable, "run_experiment.py", "runs", "--out", OUT, "--json"]

        def listed() -> None:
            done = subprocess.run(command, cwd=PROJECT, check=True, env=environment, capture_output=True)
            assert len(json.loads(done.stdout)["ranked"][0]["runs"]) == runs

        first = seconds(listed)
        later = [seconds(listed) for _ in range(REPEATS)]
    return store("leaderboard", figures(first, later, runs), notes(), {"first": first, "later": later})


def figures(first: float, later: list[float], runs: int) -> list[Figure]:
    """The table of the report."""
    typical = median(later)
    return [
        Figure(f"list of {runs:,} runs, the first time", f"{first:.1f} s"),
        Figure("the same after that", f"{typical:.1f} s", f"≤ {TARGET:.0f} s", typical <= TARGET),
    ]


def notes() -> list[str]:
    """What is in the figures."""
    return [
        f"`run_experiment.py runs --out {OUT} --json`, Python's start included; median of {REPEATS} after the first. "
        f"S3 is a server on the same machine that takes {s3_server.LIST_SECONDS * 1000:.0f} ms to list up to 1,000 "
        f"objects and {s3_server.GET_SECONDS * 1000:.0f} ms to send one; each run has {OBJECTS} objects."
    ]


@contextmanager
def server(runs: int) -> Iterator[str]:
    """The server in a process of its own; its address."""
    command = [sys.executable, "-m", "benchmarks.leaderboard", "--serve", "--runs", str(runs)]
    with subprocess.Popen(command, cwd=PROJECT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield process.stdout.readline().strip()
        finally:
            process.kill()


if __name__ == "__main__":
    main()
