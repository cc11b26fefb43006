"""Which runs may be compared, and in which order: only those whose figures are of the same rows have ranks."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from operator import attrgetter
from typing import Any

from launcher.leaderboard.runs import WITH_RESULTS, MeasuredRows, Run
from lib.artifacts import SEARCH_METRICS

_MOST = 60  # characters of a value


@dataclass(frozen=True)
class Ranked:
    """A run with its rank (None: it lacks the metric), and what it has that others of its group have not."""

    run: Run
    rank: int | None
    params: Mapping[str, str]


@dataclass(frozen=True)
class Group:
    """Runs that were measured on the same rows, the best first; `count` is of all, also of those that are not shown."""

    rows: MeasuredRows
    metric: str
    runs: tuple[Ranked, ...]
    count: int


@dataclass(frozen=True)
class Apart:
    """A run without a rank, and why it has none."""

    run: Run
    reason: str


@dataclass(frozen=True)
class Board:
    """All runs: groups of those that may be compared, the largest first, and the others, the newest first."""

    groups: tuple[Group, ...]
    apart: tuple[Apart, ...]

    @property
    def is_empty(self) -> bool:
        """Whether there is no run."""
        return not self.groups and not self.apart


def board(runs: Sequence[Run], metric: str | None = None) -> Board:
    """Put runs (the newest first) into groups and rank them by a metric; by default, by that of their searches."""
    apart, by_rows = [], dict[Any, list[Run]]()
    for run in runs:
        if reason := _why_apart(run):
            apart.append(Apart(run, reason))
        elif run.test:
            by_rows.setdefault(run.test.key, []).append(run)
    groups = []
    for members in by_rows.values():
        if len(members) > 1:
            groups.append(_group(members, metric or _metric_of(members)))
        else:
            apart.append(Apart(members[0], f"no other run was measured on the same rows{_weighted(members[0])}"))
    groups.sort(key=lambda group: -len(group.runs))  # of groups as large, that of the newest run is first
    return Board(tuple(groups), tuple(sorted(apart, key=lambda each: (each.run.run_id, each.run.name), reverse=True)))


def only(found: Board, is_wanted: Callable[[Run], bool]) -> Board:
    """Some runs of a board, with the ranks that they have among all."""
    groups = (replace(group, runs=tuple(each for each in group.runs if is_wanted(each.run))) for group in found.groups)
    return Board(
        tuple(group for group in groups if group.runs), tuple(each for each in found.apart if is_wanted(each.run))
    )


def _why_apart(run: Run) -> str:
    """Why a run's figures are compared with no others, "" if they may be."""
    if run.state == "damaged":
        return run.why
    if run.state not in WITH_RESULTS:
        return f"{run.state}: {run.why}" if run.why else run.state
    if not run.is_measured:
        return f"{run.state}: it has no figures"
    if run.seen is None:
        return "it is not known whether its model has seen the rows that it was measured on"
    if run.seen:
        return f"its model has seen {run.seen:,} of the rows that it was measured on"
    return ""


def _weighted(run: Run) -> str:
    return f", weighted by {run.test.weight}" if run.test and run.test.weight else ""


def _metric_of(runs: Iterable[Run]) -> str:
    """The metric that all searches of some runs selected by, or else the default."""
    used = {run.metric_used for run in runs if run.metric_used}
    return used.pop() if len(used) == 1 else SEARCH_METRICS[0]


def _group(runs: Sequence[Run], metric: str) -> Group:
    order = sorted(runs, key=lambda run: -run.metrics.get(metric, float("-inf")))
    values = [run.metrics.get(metric) for run in order]
    different = differing(runs)
    # Runs with the same figure share a rank.
    ranks = [None if value is None else values.index(value) + 1 for value in values]
    ranked = (Ranked(run, rank, different[run.name]) for run, rank in zip(order, ranks, strict=True))
    rows = runs[0].test
    assert rows is not None
    return Group(rows, metric, tuple(ranked), len(runs))


def differing(runs: Sequence[Run]) -> dict[str, dict[str, str]]:
    """Of each run, by its name, the parameters that differ: of its winner within the family, of its training in all.

    All parameters of a winner are given whose family no other run's winner has.
    """
    found: dict[str, dict[str, str]] = {run.name: {} for run in runs}
    for family in dict.fromkeys(run.winner for run in runs):
        alike = [run for run in runs if run.winner == family]
        _add_differing(alike, attrgetter("params"), found, is_alone=len(alike) == 1)
    _add_differing([run for run in runs if run.parameters], attrgetter("parameters"), found)
    return found


def _add_differing(
    runs: Sequence[Run],
    take: Callable[[Run], Mapping[str, Any]],
    found: Mapping[str, dict[str, str]],
    is_alone: bool = False,
) -> None:
    names = dict.fromkeys(name for run in runs for name in take(run))
    for name in names:
        # What a run does not say, for it is of an earlier version, is not known to differ.
        said = {run.name: as_text(take(run)[name]) for run in runs if name in take(run)}
        if is_alone or len(set(said.values())) > 1:
            for run, value in said.items():
                found[run][name] = value


def as_text(value: Any) -> str:
    """A parameter's value as a person writes it, in one line."""
    if isinstance(value, bool) or value is None:
        text = {True: "true", False: "false", None: "null"}[value]
    elif isinstance(value, Mapping):
        text = "{" + ", ".join(f"{name}: {as_text(each)}" for name, each in value.items()) + "}"
    elif isinstance(value, list | tuple):
        text = "[" + ", ".join(map(as_text, value)) + "]"
    else:
        text = f"{value:g}" if isinstance(value, float) else str(value)
    line = " ".join(text.split())
    return line if len(line) <= _MOST else f"{line[: _MOST - 1]}…"
