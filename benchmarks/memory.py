"""The memory that tasks of the task engine need and have, on which `engine: auto` bases its choice.

    python -m benchmarks.memory [--rows 1000000]

Measures the assumptions of lib/engines/task/memory.py: the memory of a worker before it has rows and with them, of the
JVM outside its heap, and of the driver's Python.
"""

import argparse
import multiprocessing
import os
import tempfile
from concurrent.futures import ProcessPoolExecutor
from typing import Any

from benchmarks.growth import MEGABYTE, PeakMemory
from benchmarks.records import Figure, store
from benchmarks.runs import CORES, SAMPLE, grown_sample, session, split_of, task_seconds
from lib.engines.task.memory import DRIVER_BYTES, JVM_BYTES, WORKER_BYTES, needed_bytes
from lib.search.families import GBT, RANDOM_FOREST, Candidate

HEAP_GIGABYTES = 2
# The whole heap is resident from the start, so that all resident memory above its size is outside the heap.
TOUCHED_HEAP = {
    "spark.driver.memory": f"{HEAP_GIGABYTES}g",
    "spark.driver.extraJavaOptions": f"-Xms{HEAP_GIGABYTES}g -XX:+AlwaysPreTouch",
}
# The depths and bins of the full grid's largest fits, with few trees: more trees need no more memory.
HUNGRY = (
    Candidate(0, RANDOM_FOREST, {"numTrees": 8, "maxDepth": 18, "maxBins": 128, "featureSubsetStrategy": "sqrt"}),
    Candidate(1, GBT, {"maxIter": 4, "maxDepth": 10, "maxBins": 128, "stepSize": 0.1}),
)


def main() -> None:
    """The command line above."""
    parser = argparse.ArgumentParser(description="Measures the memory of the task engine's processes.")
    parser.add_argument("--rows", type=int, default=1_000_000)
    measure(parser.parse_args().rows)


def measure(rows: int) -> dict[str, Any]:
    """Search the sample table, which has very few rows, and a large table, each in a separate process."""
    grown_sample(rows)  # making the table is not measured
    spawn = multiprocessing.get_context("spawn")
    found = {}
    for size in (0, rows):
        with ProcessPoolExecutor(1, mp_context=spawn) as pool:
            found[size] = pool.submit(run_once, size).result()
    return store("memory", figures(found[0], found[rows], rows), notes(), {str(k): v for k, v in found.items()})


def run_once(rows: int) -> dict[str, float]:
    """Peaks in MB by role, and the estimated need of a task, in a search with `rows` rows (0: the sample table)."""
    watch = PeakMemory()
    watch.start()
    with tempfile.TemporaryDirectory() as cache:
        os.environ["XDG_CACHE_HOME"] = cache  # so that workers compile, as in the first run on each node of a cluster
        with session(TOUCHED_HEAP) as spark:
            parts = split_of(spark, grown_sample(rows) if rows else SAMPLE)
            task_seconds(parts, HUNGRY)
            return {"said to be needed": needed_bytes(parts, HUNGRY) / MEGABYTE, **watch.stop()}


def figures(small: dict[str, float], large: dict[str, float], rows: int) -> list[Figure]:
    """The table of the report."""
    beside_heap = max(small["driver JVM"], large["driver JVM"]) - HEAP_GIGABYTES * 1024
    driver = max(small["driver Python"], large["driver Python"])

    def holds(what: str, reckoned: float, peak: float) -> Figure:
        return Figure(f"{what}, at most", f"{peak:,.0f} MB", f"≤ {reckoned:,.0f} MB reckoned with", peak <= reckoned)

    return [
        holds("a worker with hardly any rows", WORKER_BYTES / MEGABYTE, small["largest worker"]),
        holds(f"a worker with {rows:,} rows", large["said to be needed"], large["largest worker"]),
        holds("the JVM beside its heap", JVM_BYTES / MEGABYTE, beside_heap),
        holds("the driver's Python", DRIVER_BYTES / MEGABYTE, driver),
    ]


def notes() -> list[str]:
    """How it was measured."""
    return [
        f"Searches of {' and '.join(map(str, HUNGRY))} on {CORES} cores, nothing compiled before; resident memory of "
        "each process, twenty times a second.",
        f"The JVM's heap of {HEAP_GIGABYTES} GB was resident from the start, and what was above it is beside it. It "
        "was driver and executor in one, which takes no less than an executor of a cluster.",
    ]


if __name__ == "__main__":
    main()
