"""How a text file is written, found by looking at its beginning: separator, decimal comma, encoding, header line."""

import codecs
import csv
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from lib.errors import InputError
from lib.reading.options import BLANKS, LOOK, SEPARATORS, TextOptions

# What stands for no value where numbers are expected, in small letters.
NULLS = ("", "na", "n/a", "nan", "null", "none")
_LINES = 100
_LARGEST_CELL = 2**31 - 1
# A number with a decimal point.
NUMBER = r"(?i)[+-]?(([0-9]+\.?[0-9]*|\.[0-9]+)(e[+-]?[0-9]+)?|inf(inity)?)"
# What Java takes for a number beside those (`19F`, which is a UTM zone, `0x1p3`, NaN) has one of these letters. To look
# for them takes half the time of the whole pattern.
ONLY_JAVAS = r"[adxADX]|[^nN][fF]"


@dataclass(frozen=True)
class Dialect:
    """How a text file is written. `encoding` is Java's and Python's name for it; `nulls` are the texts that were said
    to stand for no value in any column, None if nothing was said; `has_header` is whether the first line has the names.
    """

    sep: str = ","
    decimal: str = "."
    encoding: str = "UTF-8"
    nulls: tuple[str, ...] | None = None
    has_header: bool = True

    def __str__(self) -> str:
        """As people say it."""
        parts = [f"separated by {SEPARATORS.get(self.sep, repr(self.sep))}"]
        parts += ["with decimal commas"] if self.decimal == "," else []
        parts += [f"in {self.encoding}"] if self.encoding != "UTF-8" else []
        parts += [] if self.has_header else ["without a header line"]
        return " ".join(parts)


def find(uri: str, head: bytes, is_whole: bool, given: TextOptions = LOOK) -> tuple[Dialect, list[str]]:
    """The dialect of a text file that begins with `head`, and the names of its columns.

    Raises:
        InputError: its first line has numbers instead of names, or not as many fields as names were given.
    """
    text, encoding = _decoded(uri, head, given.encoding)
    lines = [line for line in text.splitlines() if line.strip()][: _LINES + 1]
    if len(lines) > 1 and not is_whole:
        lines = lines[:-1]  # it may be cut
    has_header = given.header in (None, True)
    if not lines:
        return Dialect(encoding=encoding, nulls=given.nulls, has_header=has_header), []
    sep = given.sep or max(SEPARATORS, key=lambda each: _fit(lines, each))
    if is_open(lines[0], sep):
        raise InputError(
            f"{uri}, line 1: a quoted name goes on in the next line: {lines[0][:60]}; write it in one line"
        )
    first, *others = rows = [[cell.strip() for cell in fields(line, sep)] for line in lines]
    decimal = given.decimal or _decimal(others if has_header else rows, sep)
    return Dialect(sep, decimal, encoding, given.nulls, has_header), _names(uri, first, lines[0], given.header)


def fields(line: str, sep: str) -> list[str]:
    """The fields of one line."""
    if sep == BLANKS:
        return line.split()
    return next(read_rows([line], sep), [])


def is_open(line: str, sep: str) -> bool:
    """Whether a line ends within a cell in quotes, which goes on in the next line."""
    return sep != BLANKS and "".join(next(read_rows([f"{line}\n"], sep), [])[-1:]).endswith("\n")


def read_rows(lines: Iterable[str], sep: str) -> Any:
    """The rows of a text file with quotes, which may go over several lines: a reader of the module csv."""
    csv.field_size_limit(_LARGEST_CELL)
    return csv.reader(lines, delimiter=sep, skipinitialspace=True)


def _names(uri: str, first: Sequence[str], line: str, header: bool | Sequence[str] | None) -> list[str]:
    if header is None and all(map(_is_number, first)):
        raise InputError(
            f"{uri} has no header line with the column names: its first line is {line[:60]}; add one, or name the "
            f"{len(first)} columns with csv: {{header: [...]}} (csv: {{header: false}} calls them c1, c2, ...)"
        )
    if header is None or header is True:
        return list(first)
    if header is False:
        return [f"c{number}" for number in range(1, len(first) + 1)]
    if len(header) != len(first):
        raise InputError(
            f"{uri}: csv: {{header: ...}} names {len(header)} columns, but the first line has {len(first)} fields: "
            f"{line[:60]}"
        )
    return list(header)


def _is_number(text: str) -> bool:
    """Whether a text is a number, with a decimal point or comma."""
    return bool(re.fullmatch(NUMBER, text.replace(",", ".")))


def _decimal(rows: Sequence[Sequence[str]], sep: str) -> str:
    cells = [cell for row in rows for cell in row if _is_number(cell)]
    commas, points = (sum(mark in cell for cell in cells) for mark in ",.")
    return "," if sep != "," and commas > points else "."


def _fit(lines: Sequence[str], sep: str) -> tuple[bool, bool, int]:
    """How well a separator fits: whether the lines have several fields, as many as the header, and how many."""
    counts = [len(fields(line, sep)) for line in lines]
    alike = sum(count == counts[0] for count in counts) >= 0.9 * len(counts)
    return counts[0] > 1 and alike, counts[0] > 1 and sep != BLANKS, counts[0]


def _decoded(uri: str, head: bytes, encoding: str | None) -> tuple[str, str]:
    if encoding:
        try:
            text = codecs.getincrementaldecoder(encoding)().decode(head)  # its end may be cut
        except UnicodeDecodeError as error:
            raise InputError(f"{uri} is not in {encoding}: {error.reason} at byte {error.start:,}") from None
        return text.removeprefix("\ufeff"), encoding
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return head[: len(head) // 2 * 2].decode("utf-16", errors="ignore"), "UTF-16"
    try:
        head.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        if error.start < len(head) - 3:  # and not only cut in the middle of a letter
            return _of_one_byte(head)
    return head.decode("utf-8-sig", errors="ignore"), "UTF-8"


def _of_one_byte(head: bytes) -> tuple[str, str]:
    """Windows has letters in the place of some control characters of Latin-1, and all the others alike."""
    try:
        return head.decode("windows-1252"), "windows-1252"
    except UnicodeDecodeError:
        return head.decode("latin-1"), "ISO-8859-1"
