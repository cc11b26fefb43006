"""The results of benchmarks: results/<name>.json with its figures, and RESULTS.md made from all of them."""

import json
import os
import platform
import shlex
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any

from launcher.support.project import PROJECT
from lib.support import machine
from lib.support.version import code_hash

FOLDER = Path(__file__).resolve().parent
RESULTS = FOLDER / "results"
REPORT = FOLDER / "RESULTS.md"

# What else the machine was doing when the benchmark started: the load average of one minute.
LOAD_BEFORE = os.getloadavg()[0]

# In the order of the report: the names of the commands and the titles of their sections.
TITLES = {
    "grid": "The full grid on the sample table",
    "million": "One million rows",
    "million_grid": "The full grid on one million rows",
    "zones": "Zones never seen",
    "scoring": "Scoring rows with a saved model",
    "growth": "Growth with the rows",
    "memory": "Memory that tasks need and have",
    "overhead": "What an experiment costs above its computing",
    "leaderboard": "A thousand runs side by side",
    "faults": "Faults, and what became of them",
    "faithful": "Faithful to Spark ML",
    "comparison": "Two runs side by side",
    "diagnosis": "Failures that people posted",
}


@dataclass(frozen=True)
class Figure:
    """One result as text, its target if there is one, and whether it was reached."""

    what: str
    value: str
    target: str = ""
    reached: bool | None = None

    def row(self) -> str:
        """A row of the report's table."""
        verdict = {True: "reached", False: "**missed**", None: ""}[self.reached]
        return f"| {self.what} | {self.value} | {self.target} | {verdict} |"


def store(
    name: str, figures: Sequence[Figure], notes: Sequence[str], measured: Any, folder: Path = RESULTS
) -> dict[str, Any]:
    """Print the figures, write results/<name>.json and the report, and return the record."""
    record = {
        "name": name,
        "command": _command(),
        **surroundings(),
        "figures": [asdict(figure) for figure in figures],
        "notes": list(notes),
        "measured": measured,
    }
    folder.mkdir(exist_ok=True)
    (folder / f"{name}.json").write_text(json.dumps(record, indent=1, ensure_ascii=False) + "\n")
    for figure in figures:
        print(figure.row())
    write_report()
    return record


def surroundings() -> dict[str, Any]:
    """The current machine, date, versions and commit."""
    names = ("pyspark", "numba", "numpy", "scikit-learn")
    return {
        "date": f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC",
        "machine": f"{_processor()}, {os.cpu_count()} cores, {_gigabytes():.0f} GB, {platform.system()}",
        "load_before": round(LOAD_BEFORE, 1),
        "versions": {
            "python": platform.python_version(),
            **{name: metadata.version(name) for name in names},
            "lib": code_hash(),
        },
        "commit": _commit(),
    }


def write_report(folder: Path = RESULTS, report: Path = REPORT) -> None:
    """Write RESULTS.md from the stored results."""
    records = {path.stem: json.loads(path.read_text()) for path in folder.glob("*.json")}
    report.write_text(report_text(records))


def report_text(records: Mapping[str, Mapping[str, Any]]) -> str:
    """RESULTS.md: a section for each benchmark, measured or not yet."""
    sections = ["# Results", "Made by the benchmarks (see README.md beside this file); do not edit."]
    for name, title in TITLES.items():
        sections.append(f"## {title}")
        sections.append(_section(records[name]) if name in records else "Not yet measured.")
    return "\n\n".join(sections) + "\n"


def _section(record: Mapping[str, Any]) -> str:
    versions = ", ".join(f"{name} {version}" for name, version in record["versions"].items())
    rows = [Figure(**figure).row() for figure in record["figures"]]
    table = "\n".join(["| what | measured | target | |", "|---|---|---|---|", *rows])
    state = f"{record['machine']}, load before {record['load_before']}"
    source = f"`{record['command']}`, {record['date']}, {state}; {versions}; commit {record['commit']}"
    notes = "\n".join(f"- {note}" for note in record["notes"])
    return "\n\n".join(part for part in (table, notes, source) if part)


def _command() -> str:
    return shlex.join(["python", "-m", f"benchmarks.{Path(sys.argv[0]).stem}", *sys.argv[1:]])


def _commit() -> str:
    def git(*words: str) -> str:
        return subprocess.run(["git", *words], cwd=PROJECT, capture_output=True, text=True).stdout.strip()

    sha = git("rev-parse", "--short", "HEAD") or "unknown"
    return f"{sha} with changes" if git("status", "--porcelain", "lib", "launcher") else sha


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        return next(line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):  # not Linux, or not x86
        return platform.machine()


def _gigabytes() -> float:
    return machine.memory_bytes() / 2**30


if __name__ == "__main__":
    write_report()
