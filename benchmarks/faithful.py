"""Whether the task engine's models are as good as Spark ML's: seed by seed, on the same split.

    python -m benchmarks.faithful [--tables sample cropmask] [--cases RF GBT6 GBT8 GBT10] [--seeds 1 2 3]

Each comparison (table, case, seed) adds a line to faithful.csv when it is done. Comparisons that exist for the
current code are not repeated, so hours of fits can be run in parts. RESULTS.md is made from all lines of the current
code, meaning the modules that grow and apply trees.
"""

import argparse
import ast
import csv
import hashlib
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from itertools import product
from pathlib import Path
from typing import Any

from pyspark.sql import SparkSession

from benchmarks.arithmetic import agreement
from benchmarks.records import FOLDER, Figure, store
from benchmarks.runs import SAMPLE, session, split_of
from launcher.support.project import PROJECT
from lib.engines.spark import SparkEngine
from lib.engines.task.engine import TaskEngine
from lib.engines.task.memory import task_memory
from lib.search.engine import in_order
from lib.search.families import GBT, RANDOM_FOREST, Candidate
from lib.split import VAL

CSV = FOLDER / "faithful.csv"
TABLES = {"sample": SAMPLE, "cropmask": PROJECT.parent / "shared" / "data" / "deafrica_cropmask_s2.parquet"}
METRICS = ("areaUnderPR", "areaUnderROC")
SEEDS = range(1, 11)
FOREST = {"numTrees": 200, "maxDepth": 10, "maxBins": 64, "featureSubsetStrategy": "sqrt"}
BOOSTED = {"maxIter": 100, "maxBins": 64, "stepSize": 0.1}
CASES: Mapping[str, tuple[str, dict[str, Any]]] = {
    "RF": (RANDOM_FOREST, FOREST),
    **{f"GBT{depth}": (GBT, {"maxDepth": depth, **BOOSTED}) for depth in (6, 8, 10)},
}
COLUMNS = ["table", "case", "seed", *(f"{engine}_{m}" for m in METRICS for engine in ("task", "spark")), "date", "code"]
GROWING = ("binning", "kernels_applying", "kernels_growing", "growing")


def main() -> None:
    """The command line above."""
    parser = argparse.ArgumentParser(description="Compares the engines' metrics over seeds and tables.")
    parser.add_argument("--tables", nargs="+", choices=TABLES, default=list(TABLES))
    parser.add_argument("--cases", nargs="+", choices=CASES, default=list(CASES))
    parser.add_argument("--seeds", type=int, nargs="+", default=list(SEEDS))
    arguments = parser.parse_args()
    run(arguments.tables, arguments.cases, arguments.seeds)


def run(tables: Sequence[str], cases: Sequence[str], seeds: Sequence[int]) -> dict[str, Any]:
    """Make the missing comparisons, then the record from all of them."""
    done = {_key(row) for row in read(CSV)}
    there = [name for name in tables if TABLES[name].exists()]
    for name in set(tables) - set(there):
        print(f"  {name} is left out: no {TABLES[name]}", file=sys.stderr)
    with session() as spark:
        for table, seed in product(there, seeds):
            missing = [case for case in cases if (table, case, seed) not in done]
            for row in compare(spark, table, missing, seed):
                append(CSV, row)
                print(f"  {row}", file=sys.stderr, flush=True)
    return report()


def report() -> dict[str, Any]:
    """The record, from faithful.csv alone."""
    rows = read(CSV)
    notes = [
        f"Each seed cuts the table anew (70/15/15) and seeds the fits. RF: {FOREST}; GBT at the depth named: "
        f"{BOOSTED}. Difference: task engine - Spark ML, on the same validation rows, one ordered partition. Target: "
        "the mean is no more than two standard errors from 0, over at least 10 seeds.",
        *_missing(rows),
    ]
    return store("faithful", figures(rows), notes, f"{CSV.name}, {len(rows)} comparisons")


def compare(spark: SparkSession, table: str, cases: Sequence[str], seed: int) -> list[dict[str, Any]]:
    """A line of the CSV for each case."""
    if not cases:
        return []
    candidates = [Candidate(index, *CASES[case]) for index, case in enumerate(cases)]
    parts = split_of(spark, TABLES[table], seed)
    ours = in_order(TaskEngine(task_memory(parts, candidates)).score(candidates, parts, VAL), candidates)
    theirs = in_order(SparkEngine().score(candidates, parts, VAL), candidates)
    parts.frame.unpersist()
    stamp = {"date": f"{datetime.now(UTC):%Y-%m-%d}", "code": code_hash()}
    rows = []
    for case, one, other in zip(cases, ours, theirs, strict=True):
        metrics = {f"task_{m}": one.metrics[m] for m in METRICS} | {f"spark_{m}": other.metrics[m] for m in METRICS}
        rows.append({"table": table, "case": case, "seed": seed, **metrics, **stamp})
    return rows


def figures(rows: Sequence[Mapping[str, Any]]) -> list[Figure]:
    """Mean difference, standard error and verdict for each table, case and metric with two seeds or more."""
    found = []
    for table, case, metric in product(TABLES, CASES, METRICS):
        mine = [row for row in rows if (row["table"], row["case"]) == (table, case)]
        if len(mine) < 2:
            continue
        a = agreement([float(row[f"task_{metric}"]) - float(row[f"spark_{metric}"]) for row in mine])
        value = f"{a.mean:+.1e} ± {a.standard_error:.1e} ({a.count} seeds)"
        enough = a.count >= len(SEEDS)
        found.append(
            Figure(f"{table}, {case}, {metric}", value, "within 2 standard errors", a.within if enough else None)
        )
    return found


def read(path: Path) -> list[dict[str, str]]:
    """The comparisons made with the current code."""
    if not path.exists():
        return []
    with path.open(newline="") as file:
        return [row for row in csv.DictReader(file) if row["code"] == code_hash()]


def code_hash() -> str:
    """A short hash of the modules that make the numbers: of their statements, without comments, docstrings, imports."""
    sources = [(PROJECT / "lib" / "trees" / f"{name}.py").read_text(encoding="utf-8") for name in GROWING]
    return hashlib.sha256("\0".join(map(statements, sources)).encode()).hexdigest()[:12]


def statements(source: str) -> str:
    """What a module does, without what it says."""
    tree = ast.parse(source)
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef):
            said = [each for each in node.body if isinstance(each, ast.Expr) and isinstance(each.value, ast.Constant)]
            node.body = [each for each in node.body if each not in said and not isinstance(each, ast.ImportFrom)]
    return ast.dump(tree)


def append(path: Path, row: Mapping[str, Any]) -> None:
    """Add a line, with a header line if the file is new."""
    new = not path.exists()
    with path.open("a", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        if new:
            writer.writeheader()
        writer.writerow(row)


def _missing(rows: Sequence[Mapping[str, str]]) -> list[str]:
    counts = {(t, c): sum((r["table"], r["case"]) == (t, c) for r in rows) for t, c in product(TABLES, CASES)}
    short = [f"{t} {c} {n} of {len(SEEDS)} seeds" for (t, c), n in counts.items() if n < len(SEEDS)]
    return [f"Not yet measured in full, and so without a verdict: {', '.join(short)}."] if short else []


def _key(row: Mapping[str, str]) -> tuple[str, str, int]:
    return row["table"], row["case"], int(row["seed"])


if __name__ == "__main__":
    main()
