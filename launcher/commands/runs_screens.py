"""What `runs` prints for people."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.text import Text

from launcher.leaderboard import cells
from launcher.leaderboard.ranking import Apart, Board, Group
from launcher.leaderboard.rows import heading, metric_apart, row, rows_of
from launcher.support.console import print_pairs, print_table, say
from launcher.support.files import shown

_GAP = 2
_WIDE = 1_000  # characters, where nobody looks

_ZONES = "new zones (worst)>"

# The columns of a group, each with what makes a row's text. In a narrow terminal those that are named in
# `_LEFT_OUT_FIRST` are left out, in that order, until no word has to be cut.
_COLUMNS: Mapping[str, Callable[[Mapping[str, Any]], str | None]] = {
    "#>": lambda each: None if each["rank"] is None else str(each["rank"]),
    "run": lambda each: " ".join(filter(None, (each["run"], each["tags"], _resumed(each)))),
    "when": cells.when,
    "winner": lambda each: ": ".join(filter(None, (each["winner"], each["params"]))) or None,
    "metric>": lambda each: cells.number(each["value"], 4),
    "95 %>": lambda each: None if each["lower"] is None else f"{each['lower']:.2f}–{each['upper']:.2f}",
    _ZONES: cells.zones,
    "min>": lambda each: cells.number(each["minutes"], 1),
    "USD>": lambda each: cells.number(each["usd"], 2),
    "data": lambda each: each["data"],
    "split": lambda each: each["split"],
    "report": lambda each: each["report"] and shown(each["report"]),
}
_LEFT_OUT_FIRST = ("report", "data", "split", "when", "USD>", "min>", "95 %>", _ZONES)


def show_board(console: Console, found: Board, out: str, is_filtered: bool = False) -> None:
    """All runs: a table for each group of those that may be compared, and one of the others, with the reasons."""
    if found.is_empty:
        say(f"There are no {'such ' if is_filtered else ''}runs in {shown(out)}.", console)
        return
    for group in found.groups:
        _show_group(console, group)
    if found.apart:
        _show_apart(console, found)


def _show_group(console: Console, group: Group) -> None:
    rows = rows_of(group)
    say(heading(group), console, "bold")
    for name in ("data", "split"):
        if len(values := {each[name] for each in rows}) == 1 and (value := values.pop()):
            say(f"{name}: {value}", console)
    table = {
        name: texts
        for name, take in _COLUMNS.items()
        if any(texts := [take(each) for each in rows]) and (name not in ("data", "split") or len(set(texts)) > 1)
    }
    left_out = _fit(table, console.width if console.is_terminal else _WIDE)
    print_table(list(table), list(zip(*table.values(), strict=True)), console)
    if left_out:
        say(f"Too narrow for: {', '.join(left_out)}. See `runs show RUN`, or use --md.", console)
    console.print()


def _show_apart(console: Console, found: Board) -> None:
    console.print(Text(f"{len(found.apart)} not ranked", "bold"))
    print_pairs([(str(_COLUMNS["run"](row(each, ""))), _why(each)) for each in found.apart], console)


def _why(apart: Apart) -> str:
    """The figure of a run that is compared with no other, if it has one, and the reason."""
    figures = cells.figures(row(apart, metric_apart(apart.run)))
    return f"{figures}: {apart.reason}" if figures else apart.reason


def _fit(table: dict[str, list[str | None]], width: int) -> list[str]:
    """Take columns out of a table until its longest words fit side by side; returns the names of those."""
    left_out = []
    for name in _LEFT_OUT_FIRST:
        if _least(table) <= width:
            break
        if table.pop(name, None):
            left_out.append(name.rstrip(">"))
    return left_out


def _least(table: Mapping[str, Sequence[str | None]]) -> int:
    """The width of a table whose columns are as wide as their longest words."""
    words = (
        [word for text in (name.rstrip(">"), *texts) for word in (text or "").split()] for name, texts in table.items()
    )
    return sum(max(map(len, each)) for each in words) + _GAP * (len(table) - 1)


def _resumed(values: Mapping[str, Any]) -> str:
    return "(resumed)" if values["state"].endswith("resumed") else ""
