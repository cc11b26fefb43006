"""The cells of text files: which columns are numbers, found in one pass over all rows."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import unquote

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from lib.errors import InputError
from lib.reading.outline import FileColumn
from lib.support.tables import quoted

# What stands for no value where numbers are expected, in small letters.
NULLS = ("", "na", "n/a", "nan", "null", "none")
# The column that has the whole line where its number of fields is not that of the header.
LINE = "__line"
_FILE = "__file"
_LARGEST = 9e18  # of a whole number that 64 bits hold


@dataclass(frozen=True)
class Cells:
    """How the cells of a text file are read: the decimal point, and what stands for no value."""

    decimal: str = "."
    sep: str = ","
    nulls: tuple[str, ...] = NULLS

    def look(self, frame: DataFrame, names: Sequence[str]) -> tuple[tuple[FileColumn, ...], int]:
        """The types of columns of text, and the rows. Raises InputError if a line has too many fields.

        A column is a number if each of its cells is one or stands for no value; a number with whole values is an
        integer.
        """
        counts = [F.count(F.lit(1)).alias("rows")]
        for i, name in enumerate(names):
            text, number = F.col(quoted(name)), self._number(name)
            plain = F.lower(F.trim(text))
            other = text.isNotNull() & number.isNull() & ~plain.isin(*self.nulls)
            counts += [
                F.count(number).alias(f"numbers {i}"),
                F.count(F.when(other, 1)).alias(f"texts {i}"),
                F.count(F.when(other & plain.isin("true", "false"), 1)).alias(f"flags {i}"),
                F.min(F.when(other, F.struct(_FILE, text))).alias(f"example {i}"),
                F.bool_and((number == F.floor(number)) & (F.abs(number) < _LARGEST)).alias(f"whole {i}"),
            ]
        long = F.lit(None)
        if LINE in frame.columns:  # lines that have another number of fields than the header
            long = F.when(F.size(F.split(LINE, re.escape(self.sep))) > len(names), F.struct(_FILE, LINE))
        found = frame.withColumn(_FILE, F.input_file_name()).agg(*counts, F.min(long).alias("long")).first()
        assert found is not None  # an aggregate always has a row
        if found["long"]:
            file, line = found["long"]
            raise InputError(
                f"{_path(file)}: a line has more fields than the {len(names)} of the header: {line[:120]}; correct it"
            )
        columns = []
        for i, name in enumerate(names):
            numbers, texts, flags = (found[f"{what} {i}"] for what in ("numbers", "texts", "flags"))
            if texts and (texts > flags or numbers):
                file, cell = found[f"example {i}"] or ("", "")
                shown = f" ({texts:,} of {found['rows']:,} cells are no numbers, such as {cell!r} in {_path(file)})"
                column = FileColumn(name, "string" + (shown if numbers else ""), "string", False)
            elif texts:
                column = FileColumn(name, "boolean", "boolean", True)
            elif numbers:
                kind = "bigint" if found[f"whole {i}"] else "double"
                column = FileColumn(name, kind, kind, True)
            else:
                column = FileColumn(name, "null", None, True)
            columns.append(column)
        return tuple(columns), found["rows"]

    def value(self, column: FileColumn) -> Column:
        """A column of text as its type."""
        text = F.col(quoted(column.name))
        if column.spark in ("double", "bigint"):
            return self._decimal(text).cast(column.spark)
        return F.trim(text).cast("boolean") if column.spark == "boolean" else text

    def _number(self, name: str) -> Column:
        return self._decimal(F.col(quoted(name))).cast("double")

    def _decimal(self, text: Column) -> Column:
        return text if self.decimal == "." else F.translate(text, self.decimal, ".")


def _path(file: str) -> str:
    return unquote(file.replace("file:///", "/", 1))
