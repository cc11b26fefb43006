"""One million rows × 15: the task engine against Spark ML on the same two cores.

    python -m benchmarks.million [--rows 1000000] [--full-grid]

With `--full-grid` only the task engine's complete search is timed. It takes long and is therefore not part of
`make bench`; its last figure stays in RESULTS.md.
"""

import argparse
import statistics
import time
from typing import Any

from benchmarks.records import Figure, store
from benchmarks.runs import (
    CORES,
    grown_sample,
    seconds,
    session,
    spark_rows,
    spark_seconds,
    split_of,
    task_seconds,
)
from lib.engines.task.binned_rows import task_data
from lib.engines.task.kinds import tree_fits
from lib.engines.task.search_job import run_search
from lib.search.candidates import expand
from lib.search.families import GBT, RANDOM_FOREST, Candidate
from lib.split import TRAIN, VAL, Split

TARGET = 5.0
RUNS = 3
CANDIDATES = (
    Candidate(0, RANDOM_FOREST, {"numTrees": 20, "maxDepth": 10, "maxBins": 64, "featureSubsetStrategy": "sqrt"}),
    Candidate(1, GBT, {"maxIter": 5, "maxDepth": 6, "maxBins": 64, "stepSize": 0.1}),
)
TABLE_NOTE = "Table: the sample's own generator with one seed after another (data/make_sample.py), 70 % for training."


def main() -> None:
    """The command line above."""
    parser = argparse.ArgumentParser(description="Times single fits, or the full grid, on a large table.")
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--full-grid", action="store_true")
    arguments = parser.parse_args()
    (full_grid if arguments.full_grid else measure)(arguments.rows)


def measure(rows: int) -> dict[str, Any]:
    """Time one forest and one GBT with both engines, without and with the preparation."""
    figures, measured = [], {}
    with session() as spark:
        parts = split_of(spark, grown_sample(rows))
        for candidate in CANDIDATES:
            found = both_engines(parts, candidate)
            reached = found["spark fit"] >= TARGET * found["task fit"]
            figures.append(
                Figure(f"{candidate}, fit and score", compared(found, "fit"), f"≥ {TARGET:.0f}x", reached),
            )
            figures.append(Figure("the same, from the split table", compared(found, "whole")))
            measured[str(candidate)] = found
    notes = [
        f"{rows:,} rows. {TABLE_NOTE} Medians of {RUNS} runs, after one that is not timed.",
        "Fit and score: each engine has its rows in memory as it keeps them, Spark ML as vectors in "
        f"{CORES} partitions, the task engine as bins. Spark ML finds thresholds and bins rows anew in every fit, the "
        "task engine once in a search.",
        "From the split table: also what goes before, once in a search. Spark ML: making vectors and caching them. "
        "Task engine: putting rows in order, finding thresholds, binning.",
    ]
    return store("million", figures, notes, measured)


def compared(found: dict[str, float], what: str) -> str:
    """How many times faster the task engine is."""
    ours, theirs = found[f"task {what}"], found[f"spark {what}"]
    return f"{theirs / ours:.1f}x ({ours:.1f} s against {theirs:.1f} s)"


def both_engines(parts: Split, candidate: Candidate) -> dict[str, float]:
    """Seconds of a fit and its score alone, and of the whole from the split table, by both engines."""
    runs: dict[str, list[float]] = {"task fit": [], "task whole": [], "spark fit": [], "spark whole": []}
    for _ in range(1 + RUNS):
        runs["task whole"].append(task_seconds(parts, [candidate]))
        runs["task fit"].append(task_fit_seconds(parts, candidate))
        started = time.perf_counter()
        with spark_rows(parts, partitions=CORES) as cached:
            runs["spark fit"].append(spark_seconds(parts, cached, candidate))
            runs["spark whole"].append(time.perf_counter() - started)
    return {name: statistics.median(found[1:]) for name, found in runs.items()}


def task_fit_seconds(parts: Split, candidate: Candidate) -> float:
    """Seconds of the task engine's fit and score of one candidate, with rows that are binned already."""
    fits = tree_fits([candidate], len(parts.features))
    context = parts.spark.sparkContext
    with task_data(parts, [TRAIN], VAL, [candidate.params["maxBins"]]) as data:
        return seconds(lambda: list(run_search(context, [data], fits, parts.seed)))


def full_grid(rows: int) -> dict[str, Any]:
    """Time the task engine's whole search once."""
    with session() as spark:
        found = task_seconds(split_of(spark, grown_sample(rows)), expand())
    figure = Figure(f"{rows:,} rows, 72 candidates, task engine, once", f"{found / 60:.1f} minutes")
    return store("million_grid", [figure], [TABLE_NOTE], {"task": found})


if __name__ == "__main__":
    main()
