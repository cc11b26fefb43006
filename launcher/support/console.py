"""What commands print with: the console, tables for people, JSON for programs, durations as people say them."""

import json
import sys
from collections.abc import Iterable, Sequence
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from launcher.support.masking import masked

_WIDE = 1_000


def out(width: int | None = None) -> Console:
    """A console on the current stdout, without automatic colours for numbers and names."""
    return Console(highlight=False, width=width)


def err(markup: bool = True) -> Console:
    """A console on stderr; without `markup`, square brackets are text."""
    return Console(stderr=True, highlight=False, markup=markup)


def print_table(columns: Sequence[str], rows: Iterable[Sequence[Any]], console: Console | None = None) -> None:
    """Print a table without borders; a cell may be a `rich` Text, and None is a dash.

    Only a terminal folds long cells: what reads a pipe wants a row to be a line.
    """
    table = Table(box=None, pad_edge=False, padding=(0, 3, 0, 0))
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(*(cell if isinstance(cell, Text) else Text("–" if cell is None else str(cell)) for cell in row))
    (console or out(None if sys.stdout.isatty() else _WIDE)).print(table)


def print_pairs(rows: Sequence[tuple[str, str]], console: Console | None = None) -> None:
    """Print names and values; a value may have several lines, and a name repeated stands once.

    Long values run over the edge rather than wrap, so that paths can be copied.
    """
    console = console or out()
    width = max(len(name) for name, _ in rows)
    for index, (name, value) in enumerate(rows):
        label = name if index == 0 or rows[index - 1][0] != name else ""
        for line in value.split("\n"):
            console.print(Text(f"{label:{width}}", "bold") + Text(f"  {line}"), soft_wrap=True)
            label = ""


def print_json(value: Any) -> None:
    """Print a value as JSON, times in ISO 8601, so that `jq` and scripts can read it; secrets are masked."""
    print(json.dumps(masked(value), indent=2, ensure_ascii=False, default=_plain))


def duration(seconds: float) -> str:
    """Seconds as a person says them: `42 s`, `3 min 05 s`, `2 h 10 min`."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    minutes, rest = divmod(whole, 60)
    return f"{minutes} min {rest:02} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60:02} min"


def _plain(value: Any) -> str:
    return value.isoformat() if hasattr(value, "isoformat") else str(value)
