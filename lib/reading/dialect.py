"""How a text file is written, found by looking at its beginning: separator, decimal comma, encoding, header line."""

import csv
import io
import re
from collections.abc import Sequence
from dataclasses import dataclass

from lib.errors import InputError

BLANKS = " "
_SEPARATORS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "vertical bars", BLANKS: "blanks"}
_LINES = 100
_NUMBER = re.compile(r"[+-]?(\d+[.,]?\d*|[.,]\d+)([eE][+-]?\d+)?")


@dataclass(frozen=True)
class Dialect:
    """How a text file is written. `encoding` is Java's and Python's name for it."""

    sep: str = ","
    decimal: str = "."
    encoding: str = "UTF-8"

    def __str__(self) -> str:
        """As people say it."""
        parts = [f"separated by {_SEPARATORS[self.sep]}"]
        parts += ["with decimal commas"] if self.decimal == "," else []
        parts += [f"in {self.encoding}"] if self.encoding != "UTF-8" else []
        return " ".join(parts)


def find(uri: str, head: bytes, is_whole: bool) -> tuple[Dialect, list[str]]:
    """The dialect of a text file that begins with `head`, and the columns that its first line names.

    Raises:
        InputError: its first line has numbers instead of names.
    """
    text, encoding = _decoded(head)
    lines = [line for line in text.splitlines() if line.strip()][: _LINES + 1]
    if len(lines) > 1 and not is_whole:
        lines = lines[:-1]  # it may be cut
    if not lines:
        return Dialect(encoding=encoding), []
    sep = max(_SEPARATORS, key=lambda each: _fit(lines, each))
    names, *rows = [[cell.strip() for cell in fields(line, sep)] for line in lines]
    if all(_NUMBER.fullmatch(name) for name in names):
        raise InputError(f"{uri} has no header line with the column names: its first line is {lines[0][:60]}; add one")
    cells = [cell for row in rows for cell in row if _NUMBER.fullmatch(cell)]
    has_comma = any("," in cell for cell in cells) and not any("." in cell for cell in cells)
    return Dialect(sep, "," if sep != "," and has_comma else ".", encoding), names


def fields(line: str, sep: str) -> list[str]:
    """The fields of one line."""
    if sep == BLANKS:
        return line.split()
    return next(csv.reader(io.StringIO(line), delimiter=sep), [])


def _fit(lines: Sequence[str], sep: str) -> tuple[bool, bool, int]:
    """How well a separator fits: whether the lines have several fields, as many as the header, and how many."""
    counts = [len(fields(line, sep)) for line in lines]
    alike = sum(count == counts[0] for count in counts) >= 0.9 * len(counts)
    return counts[0] > 1 and alike, counts[0] > 1 and sep != BLANKS, counts[0]


def _decoded(head: bytes) -> tuple[str, str]:
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return head[: len(head) // 2 * 2].decode("utf-16", errors="ignore"), "UTF-16"
    try:
        head.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        if error.start < len(head) - 3:  # and not only cut in the middle of a letter
            return head.decode("latin-1"), "ISO-8859-1"
    return head.decode("utf-8-sig", errors="ignore"), "UTF-8"
