"""The leaderboard as rows of plain values: what JSON, CSV and Markdown have, and where the table and the page begin."""

import csv
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from typing import Any

from launcher.leaderboard.filters import in_order
from launcher.leaderboard.ranking import Apart, Board, Group, Ranked
from launcher.leaderboard.runs import Run
from launcher.support.files import shown
from lib.artifacts import SEARCH_METRICS
from lib.support.spreadsheets import as_cell

_COLUMNS = (
    "rank", "run", "tags", "when", "data", "split", "winner", "params", "metric", "value", "lower", "upper",
    "zones_mean", "zones_worst", "test_rows", "fingerprint", "minutes", "usd", "report", "state", "reason",
)  # fmt: skip
"""The columns of CSV: names that stay."""
_IN_MARKDOWN = (
    "rank",
    "run",
    "winner",
    "value",
    "lower",
    "upper",
    "zones_mean",
    "zones_worst",
    "minutes",
    "usd",
    "report",
)

_FINGERPRINT = 8  # letters that are shown
_MARKUP = re.compile(r"[\\|`*<>\[\]]|(?<!\w)_|_(?!\w)")


def ordered(found: Board, name: str) -> Board:
    """A board whose runs stand by a field; ranks and groups stay."""
    runs = [each.run for group in found.groups for each in group.runs] + [each.run for each in found.apart]
    place = {run: number for number, run in enumerate(in_order(runs, name))}
    groups = (
        replace(group, runs=tuple(sorted(group.runs, key=lambda each: place[each.run.name]))) for group in found.groups
    )
    return Board(tuple(groups), tuple(sorted(found.apart, key=lambda each: place[each.run.name])))


def row(ranked: Ranked | Apart, metric: str) -> dict[str, Any]:
    """One run as flat values; None is what it lacks."""
    run = ranked.run
    lower, upper = run.intervals.get(metric) or (None, None)
    params = ranked.params if isinstance(ranked, Ranked) else run.params
    return {
        "rank": ranked.rank if isinstance(ranked, Ranked) else None,
        "run": run.name,
        "tags": " ".join(run.tags) or None,
        "when": run.started_at or None,
        "data": " ".join(", ".join(run.inputs).split()) or None,
        "split": run.split or None,
        "winner": run.winner or None,
        "params": said(params) or None,
        "metric": metric if run.metrics else None,
        "value": run.metrics.get(metric),
        "lower": lower,
        "upper": upper,
        "zones_mean": run.of_zones("mean", metric),
        "zones_worst": run.of_zones("worst", metric),
        "test_rows": run.test.rows if run.test else None,
        "fingerprint": run.test.fingerprint if run.test else None,
        "minutes": None if run.seconds is None else round(run.seconds / 60, 2),
        "usd": run.usd,
        "report": run.report or None,
        "state": f"{run.state}, resumed" if run.is_resumed else run.state,
        "reason": (ranked.reason or None) if isinstance(ranked, Apart) else None,
    }


def said(params: Mapping[str, str]) -> str:
    """Parameters in a line."""
    return ", ".join(f"{name} {value}" for name, value in params.items())


def metric_apart(run: Run) -> str:
    """The metric that is shown of a run that is compared with no other."""
    return run.metric_used or SEARCH_METRICS[0]


def as_json(found: Board) -> dict[str, Any]:
    """What programs read."""
    groups = [
        {
            "test_rows": asdict(group.rows),
            "metric": group.metric,
            "runs": [_entry(each, group.metric) for each in group.runs],
        }
        for group in found.groups
    ]
    return {"ranked": groups, "not_ranked": [_entry(each, metric_apart(each.run)) for each in found.apart]}


def entry(run: Run) -> dict[str, Any]:
    """One run by itself, as programs read it."""
    return _entry(Apart(run, ""), metric_apart(run))


def _entry(ranked: Ranked | Apart, metric: str) -> dict[str, Any]:
    run = ranked.run
    differs = {"params_that_differ": dict(ranked.params)} if isinstance(ranked, Ranked) else {}
    return {
        **row(ranked, metric),
        "tags": list(run.tags),
        "data": list(run.inputs),
        "params": dict(run.params),
        **differs,
        "metrics": dict(run.metrics),
        "intervals": dict(run.intervals),
        "zones": dict(run.zones),
        "model": run.model_dir or None,
        "resumed": run.is_resumed,
    }


def as_csv(found: Board) -> str:
    """All runs as one table; those of one fingerprint may be compared."""
    stream = io.StringIO()
    writer = csv.DictWriter(stream, _COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows({name: _cell(value) for name, value in each.items()} for each in _all_rows(found))
    return stream.getvalue()


def as_markdown(found: Board) -> str:
    """A table for each group, and one of the others with the reasons."""
    parts = [f"## {heading(group)}\n\n{_table(_IN_MARKDOWN, rows_of(group))}" for group in found.groups]
    if found.apart:
        rows = [row(each, metric_apart(each.run)) for each in found.apart]
        parts.append(
            f"## Not ranked\n\n{_table(('run', 'state', 'winner', 'metric', 'value', 'test_rows', 'reason'), rows)}"
        )
    return "\n\n".join(parts)


def rows_of(group: Group) -> list[dict[str, Any]]:
    """The rows of a group."""
    return [row(each, group.metric) for each in group.runs]


def heading(group: Group) -> str:
    """What the runs of a group have in common."""
    weighted = f", weighted by {group.rows.weight}" if group.rows.weight else ""
    count = f"{group.count}" if len(group.runs) == group.count else f"{len(group.runs)} of {group.count}"
    rows = f"{group.rows.rows:,} test rows ({group.rows.fingerprint[:_FINGERPRINT]})"
    return f"{count} runs on the same {rows}{weighted}, ranked by {group.metric}"


def _all_rows(found: Board) -> Iterator[dict[str, Any]]:
    for group in found.groups:
        yield from rows_of(group)
    for each in found.apart:
        yield row(each, metric_apart(each.run))


def _cell(value: Any) -> Any:
    return as_cell(value) if isinstance(value, str) else value


def _table(columns: Sequence[str], rows: Sequence[Mapping[str, Any]]) -> str:
    used = [name for name in columns if name in ("rank", "run") or any(each[name] is not None for each in rows)]
    lines = [[name.replace("_", " ") for name in used], ["---"] * len(used)]
    lines += [[_escaped(each, name) for name in used] for each in rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _escaped(values: Mapping[str, Any], name: str) -> str:
    value = values[name]
    if value is None:
        return "–"
    if name == "report":
        return f"`{shown(value)}`".replace("|", "\\|")
    if name == "winner" and values["params"]:
        value = f"{value} ({values['params']})"
    if name == "run" and values["tags"]:
        value = f"{value} ({values['tags']})"
    text = f"{value:.4f}" if isinstance(value, float) else " ".join(str(value).split())
    return _MARKUP.sub(r"\\\g<0>", text)
