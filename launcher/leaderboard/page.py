"""The leaderboard as a page: one HTML file that needs nothing but itself, with links to what runs left beside it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

from launcher.leaderboard import cells
from launcher.leaderboard.index import found_below
from launcher.leaderboard.ranking import Apart, Board, Group, Ranked, board
from launcher.leaderboard.rows import heading, metric_apart, row
from launcher.leaderboard.runs import Run, runs_of
from launcher.support.console import err, say
from launcher.support.files import files_at, put_content, shown
from launcher.support.project import PROJECT_NAME
from lib import artifacts
from lib.errors import InputError

_TEMPLATES = Path(__file__).parent / "templates"
_GENERATOR = f"{PROJECT_NAME}, runs page"
_SIDE = 40  # of a curve

# The columns of a group, in order; those that are empty in all rows are left out.
_TITLES = {
    "rank": "#",
    "run": "run",
    "when": "when",
    "winner": "winner",
    "value": "",  # the metric's name
    "zones": "new zones (worst)",
    "minutes": "min",
    "usd": "USD",
    "data": "data",
    "split": "split",
}
_ALWAYS = ("rank", "run", "winner", "value")
# What is the same for all runs of a group stands above its table.
_SHARED = ("data", "split")


@dataclass(frozen=True)
class _Column:
    name: str
    title: str


def write(out: str) -> str:
    """Write the page of all runs below an output folder, whole or not at all; returns its place.

    Raises:
        ExperimentError: the runs cannot be read, the page cannot be written, another page is there, or there is
            no run.
    """
    place = f"{out.rstrip('/')}/{artifacts.LEADERBOARD}"
    files = files_at(out)
    before = files.read_text(place)
    if before is not None and _GENERATOR not in before:
        raise InputError(f"{place} is not a page of runs, and is left as it is: move it, or use another --out")
    found = runs_of(found_below(out))
    if not found:
        raise InputError(f"there is no run in {shown(out)} to make a page of; give the --out of the experiments")
    content = html(board(found), out)
    put_content(files, content.encode(), place)
    return place


def make_again(out: str) -> None:
    """Write the page after something has changed; what made the change is done, whatever becomes of the page."""
    try:
        write(out)
    except Exception as error:
        say(f"The page of all runs could not be made: {str(error).strip() or type(error).__name__}", err(), "yellow")


def html(found: Board, out: str) -> str:
    """The page of a board."""
    # It takes a while to import, which other commands need not wait for.
    from jinja2 import Environment, FileSystemLoader, StrictUndefined
    from markupsafe import Markup

    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    style, script = (Markup((_TEMPLATES / f"leaderboard.{kind}").read_text("utf-8").strip()) for kind in ("css", "js"))
    return environment.get_template("leaderboard.html.j2").render(
        generator=_GENERATOR,
        out=out,
        made=f"{datetime.now(UTC):%Y-%m-%d %H:%M}",
        count=sum(len(group.runs) for group in found.groups) + len(found.apart),
        groups=[_group(group, out) for group in found.groups],
        apart=[_apart(each, out) for each in found.apart],
        style=style,
        script=script,
    )


def _group(group: Group, out: str) -> dict[str, Any]:
    values = [row(each, group.metric) for each in group.runs]
    cells = [_cells(each) for each in values]
    shared = {name: values[0][name] for name in _SHARED if len({each[name] for each in values}) == 1}
    columns = [
        _Column(name, title or group.metric)
        for name, title in _TITLES.items()
        if name not in shared and (name in _ALWAYS or any(each[name]["value"] != "" for each in cells))
    ]
    return {
        "heading": heading(group),
        "shared": [(name, value) for name, value in shared.items() if value],
        "columns": columns,
        "runs": [
            {**_run(each, out), **_interval(found), "cells": texts}
            for each, found, texts in zip(group.runs, values, cells, strict=True)
        ],
    }


def _cells(values: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Each cell's text, and the value that its column is sorted by ("": it has none)."""
    texts = {
        "rank": values["rank"],
        "run": values["run"],
        "when": cells.when(values),
        "winner": values["winner"],
        "value": cells.number(values["value"], 4),
        "zones": cells.zones(values),
        "minutes": cells.number(values["minutes"], 1),
        "usd": cells.number(values["usd"], 2),
        "data": values["data"],
        "split": values["split"],
    }
    sorted_by = {**values, "zones": values["zones_mean"]}
    return {
        name: {
            "text": "–" if text is None else text,
            "value": "" if sorted_by[name] is None else sorted_by[name],
        }
        for name, text in texts.items()
    }


def _run(ranked: Ranked, out: str) -> dict[str, Any]:
    run = ranked.run
    return {
        "rank": ranked.rank,
        "tags": run.tags,
        "resumed": run.is_resumed,
        "gate_failed": run.gate_failed,
        "params": list(ranked.params.items()),
        "roc": _polyline(run.roc),
        "links": _links(run, out),
    }


def _interval(values: Mapping[str, Any]) -> dict[str, Any]:
    """The bar of the interval, from 0 to 1."""
    lower, upper, value = values["lower"], values["upper"], values["value"]
    if lower is None or value is None:
        return {"bar": None, "interval": ""}
    left, right, point = (100 * min(max(each, 0.0), 1.0) for each in (lower, upper, value))
    bar = {"x": f"{left:.1f}", "width": f"{max(right - left, 0.5):.1f}", "point": f"{min(point, 98.5):.1f}"}
    return {"bar": bar, "interval": f"{lower:.3f}–{upper:.3f}"}


def _polyline(points: Sequence[Sequence[float]]) -> str:
    return " ".join(f"{x * _SIDE:.1f},{(1 - y) * _SIDE:.1f}" for x, y in points)


def _apart(each: Apart, out: str) -> dict[str, Any]:
    run = each.run
    figures = cells.figures(row(each, metric_apart(run))) or "–"
    return {"name": run.name, "tags": run.tags, "figures": figures, "reason": each.reason, "links": _links(run, out)}


def _links(run: Run, out: str) -> list[tuple[str, str]]:
    """What can be opened of a run, by places relative to the page."""
    pages = f"{artifacts.NOTEBOOKS}/"
    of_evaluation = {
        "report": artifacts.REPORT_HTML if artifacts.REPORT_HTML in run.eval_others else artifacts.REPORT,
        "evaluation": f"{pages}03_evaluate.html",
    }
    of_model = {"data": f"{pages}01_explore.html", "training": f"{pages}02_train.html"}
    found = [(title, run.eval_dir, name) for title, name in of_evaluation.items() if name in run.eval_others]
    found += [(title, run.model_dir, name) for title, name in of_model.items() if name in run.model_others]
    root = f"{out.rstrip('/')}/"
    return [
        (title, quote(f"{folder.removeprefix(root)}/{name}"))
        for title, folder, name in found
        if folder.startswith(root)
    ]
