"""The cells of text files: which columns are numbers, found in one pass over all rows."""

import io
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from lib.errors import InputError
from lib.reading.dialect import NULLS, NUMBER, ONLY_JAVAS, Dialect, fields, read_rows
from lib.reading.options import BLANKS
from lib.reading.outline import FileColumn
from lib.reading.own_columns import FILE, LINE, UNCLOSED
from lib.support.tables import quoted

_LARGEST = 9e18  # of a whole number that 64 bits hold
_REPLACED = "\ufffd"  # what a decoder makes of bytes that are no letter
_MOST_BYTES = 64 * 1024**2  # of a file whose lines are counted to tell where a cell is


@dataclass(frozen=True)
class Seen:
    """What was seen in all cells of some text files: the types of their columns and the rows; and the cells in columns
    of numbers that were taken for no value though they have a text: how many, and some of the texts.
    """

    columns: tuple[FileColumn, ...]
    rows: int
    missing_cells: int
    missing_texts: tuple[str, ...]


@dataclass(frozen=True)
class Cells:
    """How the cells of a text file are read. `opened` opens a file by its URI, as unpacked bytes."""

    dialect: Dialect
    opened: Callable[[str], Any] = field(compare=False)

    def look(self, frame: DataFrame, names: Sequence[str]) -> Seen:
        """The types of columns of text, the rows, and what was taken for no value.

        A column is a number if each of its cells is one or stands for no value; a number with whole values is an
        integer.

        Raises:
            InputError: a line has too many fields, a quote is never closed, or a letter is not of the encoding.
        """
        counts = [F.count(F.lit(1)).alias("rows")]
        for i, name in enumerate(names):
            text, number = self._text(name), self._number(name)
            cell, plain = F.trim(F.col(quoted(name))), F.lower(F.trim(text))
            is_token = (cell != "") & (text.isNull() | plain.isin(*NULLS))
            other = text.isNotNull() & number.isNull() & ~plain.isin(*NULLS)
            counts += [
                F.count(number).alias(f"numbers {i}"),
                F.count(F.when(is_token, 1)).alias(f"nulls {i}"),
                F.min(F.when(is_token, cell)).alias(f"first {i}"),
                F.max(F.when(is_token, cell)).alias(f"last {i}"),
                F.count(F.when(other, 1)).alias(f"texts {i}"),
                F.count(F.when(other & plain.isin("true", "false"), 1)).alias(f"flags {i}"),
                F.min(F.when(other, F.struct(FILE, text))).alias(f"example {i}"),
                F.bool_and((number == F.floor(number)) & (F.abs(number) < _LARGEST)).alias(f"whole {i}"),
            ]
        whole = F.concat_ws(self.dialect.sep, *(F.col(quoted(name)) for name in names))
        long = F.size(F.split(LINE, re.escape(self.dialect.sep))) > len(names)
        unclosed = F.col(UNCLOSED) if UNCLOSED in frame.columns else F.lit(None).cast("int")
        found = frame.agg(
            *counts,
            F.min(F.when(unclosed.isNotNull(), F.struct(FILE, unclosed))).alias("unclosed"),
            F.min(F.when(long, F.struct(FILE, LINE))).alias("long"),
            F.min(F.when(whole.contains(_REPLACED), F.struct(FILE, whole))).alias("replaced"),
        ).first()
        assert found is not None  # an aggregate always has a row
        self._refuse(found, len(names))
        columns = tuple(self._column(found, i, name) for i, name in enumerate(names))
        numbers = [i for i, column in enumerate(columns) if column.is_number]
        texts = {found[f"{which} {i}"] for i in numbers for which in ("first", "last")} - {None}
        return Seen(columns, found["rows"], sum(found[f"nulls {i}"] for i in numbers), tuple(sorted(texts)))

    def value(self, column: FileColumn) -> Column:
        """A column of text as its type."""
        text = self._text(column.name)
        if column.spark == "double":
            return self._pointed(text).cast("double")
        if column.spark == "bigint":
            # Spark reads no 1e+05 as a whole number, and a double would round one of 17 digits.
            number = self._pointed(text)
            return F.coalesce(number.cast("bigint"), number.cast("decimal(38,0)").cast("bigint"))
        return F.trim(text).cast("boolean") if column.spark == "boolean" else text

    def _column(self, found: Any, i: int, name: str) -> FileColumn:
        numbers, texts, flags = (found[f"{what} {i}"] for what in ("numbers", "texts", "flags"))
        if texts and (texts > flags or numbers):
            shown = ""
            if numbers:
                file, cell = found[f"example {i}"]
                line, cell = self._line(file, lambda row: len(row) > i and self._is_text(row[i]), i) or ("", cell)
                shown = (
                    f" ({texts:,} of {found['rows']:,} cells are no numbers, such as {cell!r} in {_path(file)}{line})"
                )
            return FileColumn(name, f"string{shown}", "string", False)
        if texts:
            return FileColumn(name, "boolean", "boolean", True)
        if not numbers:
            return FileColumn(name, "null", None, True)
        kind = "bigint" if found[f"whole {i}"] else "double"
        return FileColumn(name, kind, kind, True)

    def _refuse(self, found: Any, n_fields: int) -> None:
        if found["unclosed"]:
            file, number = found["unclosed"]
            raise InputError(
                f"{_path(file)}, line {number:,}: a quote opens a cell and is never closed: close it, or double it if "
                "it belongs to the text, and put the cell in quotes"
            )
        if found["long"]:
            file, text = found["long"]
            line, _ = self._line(file, lambda row: len(row) > n_fields) or ("", "")
            raise InputError(
                f"{_path(file)}{line}: a line has more fields than the {n_fields} of the header: {text[:120]}; correct "
                "it"
            )
        if found["replaced"]:
            file, text = found["replaced"]
            raise InputError(
                f"{_path(file)} is not in {self.dialect.encoding}, unlike its beginning: {text[:120]}; name its "
                "encoding, such as csv: {encoding: iso-8859-1}"
            )

    def _line(self, file: str, is_it: Callable[[Sequence[str]], bool], i: int = 0) -> tuple[str, str] | None:
        """Where the first row is of which something is true, and its cell `i`; None if it is not near the beginning."""
        for number, row in self._rows(file):
            if (number > 1 or not self.dialect.has_header) and is_it(row):
                return f", line {number:,}", row[i]
        return None

    def _rows(self, file: str) -> Iterator[tuple[int, list[str]]]:
        """The rows of the beginning of a file, with the number of each one's line."""
        with self.opened(file) as content:
            lines = io.TextIOWrapper(
                io.BytesIO(content.read(_MOST_BYTES)), self.dialect.encoding, errors="replace", newline=""
            )
            if self.dialect.sep == BLANKS:
                yield from ((number, fields(line, BLANKS)) for number, line in enumerate(lines, start=1))
                return
            last = 0
            for row in (reader := read_rows(lines, self.dialect.sep)):
                yield last + 1, row
                last = reader.line_num

    def _is_text(self, cell: str) -> bool:
        plain = cell.strip()
        if plain.lower() in NULLS or plain in (self.dialect.nulls or ()):
            return False
        if self.dialect.decimal != "." and "." in plain:
            return True
        return not re.fullmatch(NUMBER, plain.replace(self.dialect.decimal, "."))

    def _text(self, name: str) -> Column:
        text = F.col(quoted(name))
        return F.when(~F.trim(text).isin(*self.dialect.nulls), text) if self.dialect.nulls else text

    def _number(self, name: str) -> Column:
        text = self._pointed(self._text(name))
        return F.when(~text.rlike(ONLY_JAVAS), text.cast("double"))

    def _pointed(self, text: Column) -> Column:
        if self.dialect.decimal == ".":
            return text
        # Where commas are decimal, a point separates thousands (1.500 is no 1.5), or is a mistake.
        return F.when(~text.contains("."), F.translate(text, self.dialect.decimal, "."))


def _path(file: str) -> str:
    """A file's name to people."""
    return file.removeprefix("file:")
