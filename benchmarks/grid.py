"""The full grid on the sample table: the task engine against Spark ML and scikit-learn, on the same two cores.

    python -m benchmarks.grid

The complete search of the task engine is timed, cold and warm. The 72 fits of the other two are sampled and
extrapolated; the notes in RESULTS.md, written here, explain how.
"""

import argparse
import multiprocessing
import os
import statistics
import sys
import tempfile
from collections.abc import Callable, Sequence
from itertools import product
from typing import Any

from benchmarks.arithmetic import Line, line
from benchmarks.records import Figure, store
from benchmarks.runs import (
    CORES,
    SAMPLE,
    seconds,
    session,
    spark_rows,
    spark_seconds,
    split_of,
    task_seconds,
    training_arrays,
)
from lib.search.candidates import expand
from lib.search.families import GBT, RANDOM_FOREST, Candidate
from lib.split import Split

SIZE = {RANDOM_FOREST: "numTrees", GBT: "maxIter"}
SPARK_SIZES = {RANDOM_FOREST: (40, 120), GBT: (10, 30)}
# Fits of the grid itself, to check the lines through the small sizes: maxDepth, size.
SPARK_CHECKS = {RANDOM_FOREST: (14, 400), GBT: (8, 100)}
SCIKIT_SIZES = {RANDOM_FOREST: 100, GBT: 50}
BINS = 64  # the cheaper half of the grid stands for all of it

Points = dict[tuple[str, int], dict[int, float]]
"""Seconds by (model, maxDepth) and size."""
Lines = dict[tuple[str, int], Line]
Checks = dict[tuple[str, int, int], float]


def main() -> None:
    """The command line above."""
    parser = argparse.ArgumentParser(description="Times the full grid on the sample table.")
    parser.add_argument("--spark-rf", type=int, nargs="+", default=list(SPARK_SIZES[RANDOM_FOREST]))
    parser.add_argument("--spark-gbt", type=int, nargs="+", default=list(SPARK_SIZES[GBT]))
    arguments = parser.parse_args()
    measure({RANDOM_FOREST: arguments.spark_rf, GBT: arguments.spark_gbt})


def measure(spark_sizes: dict[str, Sequence[int]]) -> dict[str, Any]:
    """Time all engines one after another and store the record."""
    grid = expand()
    task: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as cache:
        os.environ["XDG_CACHE_HOME"] = cache  # where the workers cache compiled code; empty at first
        with session() as spark:
            task["cold"] = task_seconds(split_of(spark, SAMPLE), grid)
        with session() as spark:
            parts = split_of(spark, SAMPLE)
            task["new session"] = task_seconds(parts, grid)
            table = training_arrays(parts)
            task["warm"], spark_points, checks = time_side_by_side(parts, spark_sizes)
            print(f"  task engine: {task}", file=sys.stderr, flush=True)
        scikit_points = time_scikit(table)
    totals = {
        "Spark ML": total(grid, lines(spark_points)),
        **{
            name: total(grid, lines({**scikit_points["forest"], **scikit_points[name]})) / CORES
            for name in ("exact", "histogram")
        },
    }
    measured = {"task": task, "spark": _plain(spark_points), "totals": totals}
    measured["scikit"] = {name: _plain(points) for name, points in scikit_points.items()}
    return store("grid", figures(task, totals), notes(spark_points, checks), measured)


def figures(task: dict[str, Any], totals: dict[str, float]) -> list[Figure]:
    """The table of the report."""
    warm = statistics.median(task["warm"])

    def against(name: str, target: int | None) -> tuple[str, str, bool | None]:
        ratio = totals[name] / warm
        return (
            f"{ratio:.0f}x ({totals[name]:,.0f} s)",
            f"≥ {target}x" if target else "",
            ratio >= target if target else None,
        )

    listed = ", ".join(f"{s:.1f}" for s in task["warm"])
    return [
        Figure("task engine, 72 candidates, warm (median)", f"{warm:.1f} s ({listed})"),
        Figure("the same, first search of a new session, compiled code on disk", f"{task['new session']:.1f} s"),
        Figure("the same, cold: nothing compiled yet", f"{task['cold']:.1f} s"),
        Figure("warm against Spark ML, 72 fits in a row, extrapolated", *against("Spark ML", 300)),
        Figure("warm against scikit-learn, 2 processes, GradientBoosting, extrapolated", *against("exact", 20)),
        Figure(
            "warm against scikit-learn, 2 processes, HistGradientBoosting, extrapolated", *against("histogram", None)
        ),
    ]


def notes(points: Points, checks: Checks) -> list[str]:
    """How the totals of the other two were obtained."""
    spark = "; ".join(
        f"{model} depth {depth}: {' and '.join(f'{s:.1f} s at {size}' for size, s in by_size.items())}"
        f" → {line(by_size).start:.1f} s + {line(by_size).each:.3f} s × {SIZE[model]}"
        for (model, depth), by_size in points.items()
    )
    checked = [
        f"{model} depth {depth} {SIZE[model]} {size}: {found:.1f} s, line {line(points[model, depth]).at(size):.1f} s"
        for (model, depth, size), found in checks.items()
    ]
    return [
        "Task engine: the whole search, from the split table to 72 scores; warm: before, between and after Spark ML's "
        "fits of forests and of GBTs, in one session, each after an untimed search, as Spark ML's fits come after "
        "untimed ones. Reading and splitting the table and starting Spark are in nobody's time.",
        "Spark ML: its own estimators, one fit after another as TrainValidationSplit does by default, each with its "
        "areaUnderPR on the validation rows; training rows cached beforehand in one partition, the fastest for so few "
        "rows; JVM warmed up by untimed fits. A straight line for each family and depth through the sampled fits, all "
        f"with {BINS} bins, gives the 72 fits; {BINS} bins stand for 128, taken to cost no less. {spark}.",
        f"How well the lines hold, on fits of the grid that did not make them: {'; '.join(checked)}.",
        f"scikit-learn: {SCIKIT_SIZES[RANDOM_FOREST]} trees or {SCIKIT_SIZES[GBT]} iterations for each family and "
        "depth timed twice, with both cores busy, in proportion to the number of trees; half of the sum, as if two "
        "processes could share the work without loss. Only fits, no scoring. The target is held against "
        "GradientBoostingClassifier (exact splits); HistGradientBoostingClassifier (bins, as Spark ML) is faster.",
    ]


def time_side_by_side(parts: Split, sizes: dict[str, Sequence[int]]) -> tuple[list[float], Points, Checks]:
    """Seconds of the task engine's searches before, between and after Spark ML's sampled fits; those; their checks."""
    searches = [warm_seconds(parts)]
    points: Points = {}
    checks: Checks = {}
    with spark_rows(parts, partitions=1) as rows:
        for model in SIZE:
            spark_seconds(parts, rows, _candidate(model, 10, min(sizes[model])))  # the JVM warms up
            for size, depth in product(sorted(sizes[model]), depths(model)):
                found = spark_seconds(parts, rows, _candidate(model, depth, size))
                points.setdefault((model, depth), {})[size] = found
            depth, size = SPARK_CHECKS[model]
            checks[model, depth, size] = spark_seconds(parts, rows, _candidate(model, depth, size))
            searches.append(warm_seconds(parts))
    return searches, points, checks


def warm_seconds(parts: Split) -> float:
    """Seconds of a search whose workers have just served another: Spark ends those that were idle for a minute."""
    task_seconds(parts, expand())
    return task_seconds(parts, expand())


def time_scikit(table: Any) -> dict[str, Points]:
    """Seconds of sampled fits in two processes at once: forests, exact GBTs, histogram GBTs."""
    os.environ["OMP_NUM_THREADS"] = "1"  # HistGradientBoosting would take both cores in both processes
    wanted = [("forest", RANDOM_FOREST), ("exact", GBT), ("histogram", GBT)]
    jobs = [(kind, model, depth, table) for kind, model in wanted for depth in depths(model) for _ in range(CORES)]
    with multiprocessing.get_context("spawn").Pool(CORES) as pool:
        times = pool.map(_scikit_fit, jobs, chunksize=1)
    points: dict[str, Points] = {kind: {} for kind, _ in wanted}
    for (kind, model, depth, _), found in zip(jobs, times, strict=True):
        by_size = points[kind].setdefault((model, depth), {SCIKIT_SIZES[model]: 0.0})
        by_size[SCIKIT_SIZES[model]] += found / CORES
    return points


def lines(points: Points) -> Lines:
    """A line for each (model, maxDepth)."""
    return {key: line(by_size) for key, by_size in points.items()}


def total(candidates: Sequence[Candidate], model: Lines) -> float:
    """Seconds of all candidates, one fit each."""
    return sum(model[c.model, c.params["maxDepth"]].at(c.params[SIZE[c.model]]) for c in candidates)


def depths(model: str) -> list[int]:
    """The depths of a family in the full grid."""
    return sorted({c.params["maxDepth"] for c in expand() if c.model == model})


def _candidate(model: str, depth: int, size: int) -> Candidate:
    extra: dict[str, Any] = {"featureSubsetStrategy": "sqrt"} if model == RANDOM_FOREST else {"stepSize": 0.1}
    return Candidate(0, model, {"maxDepth": depth, "maxBins": BINS, SIZE[model]: size, **extra})


def _scikit_fit(job: tuple[str, str, int, Any]) -> float:
    from sklearn import ensemble

    kind, model, depth, table = job
    size = SCIKIT_SIZES[model]
    kinds: dict[str, Callable[[], Any]] = {
        # 4 of 15 features a node, as Spark ML draws
        "forest": lambda: ensemble.RandomForestClassifier(size, max_depth=depth, max_features=4),
        "exact": lambda: ensemble.GradientBoostingClassifier(n_estimators=size, max_depth=depth),
        "histogram": lambda: ensemble.HistGradientBoostingClassifier(
            max_iter=size,
            max_depth=depth,
            max_leaf_nodes=None,
            min_samples_leaf=1,
            max_bins=BINS,
            early_stopping=False,
        ),
    }
    features, labels, weights = table
    return seconds(lambda: kinds[kind]().fit(features, labels, sample_weight=weights))


def _plain(points: Points) -> dict[str, dict[int, float]]:
    return {f"{model} depth {depth}": by_size for (model, depth), by_size in points.items()}


if __name__ == "__main__":
    main()
