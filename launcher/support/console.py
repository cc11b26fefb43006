"""What commands print with: the console, tables for people, JSON for programs, durations as people say them."""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TextIO

from rich.console import Console
from rich.table import Table
from rich.text import Text

from launcher.support.masking import masked
from launcher.support.wrapping import column_widths, wrapped

_WIDE = 1_000  # characters, where nobody looks
_NARROW = 30  # the least that a text is wrapped to
_GAP = 2  # between columns


def out(width: int | None = None) -> Console:
    """A console on the current stdout, without automatic colours for numbers and names."""
    return Console(highlight=False, width=width)


def err(markup: bool = True) -> Console:
    """A console on stderr; without `markup`, square brackets are text."""
    return Console(stderr=True, highlight=False, markup=markup)


def print_table(columns: Sequence[str], rows: Iterable[Sequence[Any]], console: Console | None = None) -> None:
    """Print a table without borders; a cell may be a `rich` Text, and None is a dash.

    A column whose name ends in `>` holds numbers. In a terminal long cells wrap between words, so that an id or a path
    stays in one piece; what reads a pipe wants a row to be a line.
    """
    console = console or out()
    texts = [[_cell(cell) for cell in row] for row in rows]
    room = (console.width if console.is_terminal else _WIDE) - _GAP * (len(columns) - 1)
    names = [column.rstrip(">") for column in columns]
    cells = [[name, *(row[place].plain for row in texts)] for place, name in enumerate(names)]
    widths = column_widths(cells, room)
    table = Table(box=None, pad_edge=False, padding=(0, _GAP, 0, 0))
    for name, column, width in zip(names, columns, widths, strict=True):
        table.add_column(name, width=width, justify="right" if column.endswith(">") else "left")
    for row in texts:
        table.add_row(*row)
    width = console.width
    console.width = max(width, sum(widths) + _GAP * len(columns))
    console.print(table)
    console.width = width


def print_pairs(rows: Sequence[tuple[str, str]], console: Console | None = None) -> None:
    """Print names and values; a value may have several lines, and a name repeated stands once.

    In a terminal values wrap under their column, but for paths and commands, which can be copied whole.
    """
    console = console or out()
    width = max(len(name) for name, _ in rows)
    for index, (name, value) in enumerate(rows):
        label = name if index == 0 or rows[index - 1][0] != name else ""
        print_hanging(Text(f"{label:{width}}  ", "bold"), value, console)


def print_hanging(head: Text, text: str, console: Console, style: str = "") -> None:
    """Print a text beside its head; in a terminal it wraps under itself, and `style` is of the text."""
    width = max(console.width - head.cell_len, _NARROW) if console.is_terminal else _WIDE
    lines = wrapped(text, width) if console.is_terminal else text.split("\n")
    for line in lines:
        console.print(head + Text(line, style or "not bold"), soft_wrap=True)
        head = Text(" " * head.cell_len)


def say(text: str, console: Console | None = None, style: str = "") -> None:
    """Print a message as it is, wrapped between words in a terminal; in a log a line stays a line."""
    print_hanging(Text(""), text, console or out(), style)


def print_json(value: Any) -> None:
    """Print a value as JSON, times in ISO 8601, so that `jq` and scripts can read it; secrets are masked."""
    print(json.dumps(masked(value), indent=2, ensure_ascii=False, default=_plain))


def print_json_lines(values: Iterable[Any], stream: TextIO) -> None:
    """Print values as `print_json` does, each on a line of its own."""
    for value in values:
        print(json.dumps(masked(value), ensure_ascii=False, default=_plain), file=stream)


def print_links(links: Mapping[str, str]) -> None:
    """Print links by name as JSON, as they are: a link that EMR signs is good for its token."""
    print(json.dumps(links, indent=2))


def duration(seconds: float) -> str:
    """Seconds as a person says them: `42 s`, `3 min 05 s`, `2 h 10 min`."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    minutes, rest = divmod(whole, 60)
    return f"{minutes} min {rest:02} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60:02} min"


def _plain(value: Any) -> str:
    return value.isoformat() if hasattr(value, "isoformat") else str(value)


def _cell(value: Any) -> Text:
    return value if isinstance(value, Text) else Text("–" if value is None else str(value))
