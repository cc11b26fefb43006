"""What earlier runs below an output folder say about the next one: how long they took, where, for how big a search."""

import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from statistics import median
from typing import Any

from launcher.emr.cost.account import Activity, Span
from launcher.support.files import Files
from lib import artifacts

# Newest first; older ones say little about today's code and tables.
_LOOKED_AT = 20
_ENOUGH = 5
# Seconds. What a run takes around its training: EMR starts a Spark session for each notebook.
_SESSION, _NOTEBOOKS = 60, 4
# Seconds for a candidate on some 8,000 rows, as the benchmarks have it on two cores.
_GUESSED_ROWS = 8_000
_GUESSED_FIT = {"task": 0.3, "auto": 0.3, "spark": 60}


@dataclass(frozen=True, kw_only=True)
class Ran:
    """Where a complete run or scoring ran, and when; `cluster` is empty where it ran on none."""

    run_id: str
    cluster: str = ""
    step: str = ""
    span: Span | None = None


@dataclass(frozen=True, kw_only=True)
class EarlierRun(Ran):
    """A complete experiment. `seconds` is the whole, as far as it is known."""

    seconds: float
    search_seconds: float
    candidates: int
    rows: int
    engine: str


@dataclass(frozen=True)
class Duration:
    """The expected seconds of a run, the number of earlier runs that they rest on (0: a guess), and why."""

    seconds: float
    runs: int
    basis: str


def earlier_runs(files: Files, out: str) -> list[EarlierRun]:
    """The complete experiments below `out`, the newest first; of very many, the newest."""
    return [run for record in _newest(files, artifacts.models_dir(out), artifacts.EXPERIMENT) if (run := _run(record))]


def earlier_scorings(files: Files, out: str) -> list[Ran]:
    """The complete scorings below `out`, the newest first; of very many, the newest."""
    return [
        ran
        for record in _newest(files, artifacts.scores_dir(out), artifacts.SCORES_RECORD)
        if (ran := _scoring(record))
    ]


def expected(earlier: Iterable[EarlierRun], candidates: int, engine: str, rows: int | None) -> Duration:
    """How long a search of so many candidates takes with all around it, judged by earlier runs.

    The time of their searches grows with candidates and, where the new run's `rows` are known, with rows.
    """
    alike = [run for run in earlier if engine in ("auto", run.engine)][:_ENOUGH]
    if not alike:
        fit = _GUESSED_FIT[engine] * (rows or _GUESSED_ROWS) / _GUESSED_ROWS
        basis = (
            f"a rough guess, because there is no earlier run to estimate from: {_NOTEBOOKS} Spark sessions to start, "
            "then "
            f"{candidates} candidates at {fit:.2g} s"
        )
        return Duration(_SESSION * _NOTEBOOKS + fit * candidates, 0, basis)
    each = [_scaled(run, candidates, rows) for run in alike]
    count = f"{len(alike)} earlier run{'s' if len(alike) > 1 else ''}"
    return Duration(median(each), len(alike), f"from {count}" + ("" if rows else ", as if on as many rows"))


def ran_through_livy(earlier: Iterable[Ran], cluster_id: str) -> list[Activity]:
    """Those that ran on a cluster and were no step of it, so that EMR does not know of them."""
    return [
        Activity(run.run_id, run.span) for run in earlier if run.cluster == cluster_id and run.span and not run.step
    ]


def _scaled(run: EarlierRun, candidates: int, rows: int | None) -> float:
    growth = candidates / run.candidates * ((rows / run.rows) if rows else 1)
    return run.seconds - run.search_seconds + run.search_seconds * growth


def _newest(files: Files, folder: str, name: str) -> Iterator[Any]:
    """The records of the newest runs in a folder, as far as they are JSON."""
    runs = [each for each in files.names(folder) if artifacts.run_id_of(each)]
    for run in runs[: -_LOOKED_AT - 1 : -1]:
        with suppress(ValueError):
            yield json.loads(files.read_text(f"{folder}/{run}/{name}") or "")


def _run(record: Any) -> EarlierRun | None:
    """What the record of an experiment says; None for an incomplete run or an incomplete record."""
    try:
        return _complete(record) if "finished_at" in record else None
    except (ValueError, KeyError, TypeError, AttributeError):
        return None


def _scoring(record: Any) -> Ran | None:
    """What the record of a scoring says; None for an incomplete record."""
    try:
        return Ran(**_where(record))
    except (ValueError, KeyError, TypeError, AttributeError):
        return None


def _where(record: Mapping[str, Any]) -> dict[str, Any]:
    """What a record says of where and when the run ran."""
    cost = record.get("cost", {})
    actual = cost.get("actual")
    span = Span(*(datetime.fromisoformat(actual[end]) for end in ("from", "to"))) if actual else None
    return {
        "run_id": record["run_id"],
        "cluster": cost.get("cluster", ""),
        "step": cost.get("step") or "",
        "span": span,
    }


def _complete(record: Mapping[str, Any]) -> EarlierRun:
    timings, where = record["timings"], _where(record)
    span = where["span"]
    around = sum(timings.values()) + _SESSION * _NOTEBOOKS
    return EarlierRun(
        **where,
        seconds=(span.end - span.start).total_seconds() if span else around,
        search_seconds=timings["search"],
        candidates=max(1, record["candidates"] - record.get("reused_candidates", 0)),
        rows=record["data"]["rows"],
        engine=record["engine"]["name"],
    )
