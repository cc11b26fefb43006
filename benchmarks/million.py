"""One million rows × 15: the task engine against Spark ML on the same two cores.

    python -m benchmarks.million [--rows 1000000] [--full-grid]

With `--full-grid` only the task engine's whole search is timed, which takes long and is therefore no part of
`make bench`; its last figure stays in RESULTS.md.
"""

import argparse
from typing import Any

from benchmarks.records import Figure, store
from benchmarks.runs import CORES, grown_sample, session, spark_rows, spark_seconds, split_of, task_seconds
from lib.candidates import GBT, RANDOM_FOREST, Candidate, expand

TARGET = 5.0
CANDIDATES = (
    Candidate(0, RANDOM_FOREST, {"numTrees": 20, "maxDepth": 10, "maxBins": 64, "featureSubsetStrategy": "sqrt"}),
    Candidate(0, GBT, {"maxIter": 5, "maxDepth": 6, "maxBins": 64, "stepSize": 0.1}),
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
    """Time one forest and one GBT with both engines."""
    figures, measured = [], {}
    with session() as spark:
        parts = split_of(spark, grown_sample(rows))
        for candidate in CANDIDATES:
            task_seconds(parts, [candidate])  # both engines warm up
            task = task_seconds(parts, [candidate])
            measured[str(candidate)] = {"task": task}
        with spark_rows(parts, partitions=CORES) as cached:
            spark_seconds(parts, cached, CANDIDATES[1])
            for candidate in CANDIDATES:
                own = spark_seconds(parts, cached, candidate)
                task = measured[str(candidate)]["task"]
                measured[str(candidate)]["spark"] = own
                value = f"{own / task:.1f}x ({task:.1f} s against {own:.1f} s)"
                figures.append(Figure(f"{rows:,} rows, {candidate}", value, f"≥ {TARGET:.0f}x", own / task >= TARGET))
    notes = [
        TABLE_NOTE,
        "Task engine: putting rows in order, binning, fitting, scoring on the validation rows. Spark ML: fitting and "
        f"areaUnderPR; its rows cached beforehand, outside its time, in {CORES} partitions. Both warmed up by a fit.",
    ]
    return store("million", figures, notes, measured)


def full_grid(rows: int) -> dict[str, Any]:
    """Time the task engine's whole search once."""
    with session() as spark:
        found = task_seconds(split_of(spark, grown_sample(rows)), expand())
    figure = Figure(f"{rows:,} rows, 72 candidates, task engine, once", f"{found / 60:.1f} minutes")
    return store("million_grid", [figure], [TABLE_NOTE], {"task": found})


if __name__ == "__main__":
    main()
