"""The rows of files as they are: the files that Spark reads in one go, and how."""

import io
import itertools
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pyspark.sql import Column, DataFrame, DataFrameReader, SparkSession
from pyspark.sql import functions as F
from pyspark.sql import types as T

from lib.reading.by_arrow import read_by_arrow
from lib.reading.dialect import Dialect, read_rows
from lib.reading.limits import check_size
from lib.reading.listing import File, Listing
from lib.reading.options import BLANKS
from lib.reading.outline import FileColumn, FileOutline
from lib.reading.own_columns import FILE, LINE, UNCLOSED
from lib.reading.points import with_coordinates
from lib.reading.unpacked import unpacked
from lib.reading.whole_files import whole_files
from lib.support import tables
from lib.support.tables import Format, quoted

_TEXT = "__text"  # of a line: a folder may name a column in any other way
# Encodings in which Spark finds lines.
_BY_LINES = ("UTF-8", "ISO-8859-1", "ISO8859-1", "ASCII", "windows-1252")


@dataclass(frozen=True)
class Group:
    """Files that Spark reads in one go: `base` is the folder that their partition folders (`inner`) are in, and `outer`
    are the values of other folders. Files in archives, in rare encodings, with cells of several lines, and those that
    Spark cannot open are `whole`: a task reads each. `points` is the column of points whose coordinates are columns,
    too.
    """

    base: str
    outer: tuple[tuple[str, str], ...]
    inner: tuple[str, ...]
    types: Any
    format: Format
    given: str
    dialect: Dialect | None
    whole: bool
    points: str | None = None

    def rows(self, spark: SparkSession, files: Sequence[File], found: FileOutline, listing: Listing) -> DataFrame:
        """The rows of the files and `FILE`; those of text files have `LINE`, too."""
        columns = [column for column in found.columns if column.name not in self.inner]
        names = [column.name for column in columns]
        if self.whole and self.dialect:
            return _of_fields(_decoded(spark, files, self.dialect), names, self.dialect, ())
        reader = self._reader(spark)
        places = _places(self, [file.uri for file in files], listing.folders)
        in_folders = [T.StructField(name, T.StringType()) for name in self.inner]
        if self.dialect is None:
            stored = [each for each in columns if not (self.points and each.is_place and each.is_number)]
            types = {each.name: "bigint" if is_nanos(each) else each.spark for each in stored}
            read = [T.StructField(name, T._parse_datatype_string(kind)) for name, kind in types.items() if kind]
            if self.whole:
                rows = read_by_arrow(spark, [file.uri for file in files], T.StructType(read), self.format)
            else:
                rows = _with_file(reader.schema(T.StructType(read + in_folders)).format(self.format.spark).load(places))
            return with_coordinates(rows, self.points) if self.points else rows
        if self.dialect.sep == BLANKS:
            split = _split(self._lines(spark, files, listing), self.dialect)
            return _of_fields(split, names, self.dialect, self.inner)
        texts = T.StructType([*(T.StructField(name, T.StringType()) for name in (*names, LINE)), *in_folders])
        return _with_file(reader.schema(texts).options(**_csv(self.dialect)).format("csv").load(places))

    def of_several_lines(self, spark: SparkSession, files: Sequence[File], listing: Listing) -> list[File]:
        """The text files that have a cell of several lines: such a cell is in quotes."""
        if self.whole or self.dialect is None or self.dialect.sep == BLANKS:
            return []
        lines = self._lines(spark, files, listing)
        # Without doubled quotes, and then without the cells that are closed, is there one that begins with a quote?
        text, start = F.replace(_TEXT, F.lit('""'), F.lit("")), rf"(^|{re.escape(self.dialect.sep)}) *\""
        is_open = F.regexp_replace(text, rf'{start}[^"]*+"', "$1").rlike(start)
        has_one = lines.where(F.col(_TEXT).contains('"') & is_open).select(FILE).distinct().collect()
        return [file for file in files if (file.uri,) in has_one]

    def _lines(self, spark: SparkSession, files: Sequence[File], listing: Listing) -> DataFrame:
        """The lines of text files as `_TEXT`, with the values of their folders and `FILE`."""
        texts = T.StructType([T.StructField(name, T.StringType()) for name in (_TEXT, *self.inner)])
        places = _places(self, [file.uri for file in files], listing.folders)
        return _with_file(self._reader(spark).schema(texts).format("text").load(places))

    def _reader(self, spark: SparkSession) -> DataFrameReader:
        # What was found is a file or a folder, whatever is in its name.
        return spark.read.options(**({"basePath": self.base} if self.base else {}), __globPaths__="false")


def group_of(file: File, found: FileOutline, of_several_lines: bool = False) -> Group:
    """What must be alike for two files to be read in one go.

    Raises:
        InputError: a task would have to read too large a file.
    """
    base, outer, inner = _in_folders(file)
    types = tuple((each.name, each.spark) for each in found.columns)
    in_rare_way = found.dialect and (file.uri.lower().endswith(".zip") or found.dialect.encoding not in _BY_LINES)
    whole = bool(found.for_arrow or of_several_lines or in_rare_way)
    if whole:
        check_size(file.uri, file.size, _why_whole(file, found))
        base, outer, inner = "", tuple(tables.partition_values(file.path).items()), ()
    if found.dialect is None:
        return Group(base, outer, inner, frozenset(types), file.format, "", None, whole, found.points)
    # The rows of text are counted by input, when they are looked at.
    return Group(base, outer, inner, types, file.format, file.given, found.dialect, whole)


# Of a table that is not read from files by us.
NO_FILES = Group("", (), (), (), tables.PARQUET, "", None, whole=False)


def is_nanos(column: FileColumn) -> bool:
    """Whether a column has times in nanoseconds, which Spark reads as whole numbers."""
    return column.type == "timestamp[ns]" and column.spark is None


def file_name(frame: DataFrame) -> Column:
    """The name of each row's file without its extensions; none where rows are not from files (without `FILE`)."""
    if FILE not in frame.columns:
        return F.lit(None)
    endings = "|".join(re.escape(ending[1:]) for known in tables.FORMATS for ending in known.suffixes)
    return F.regexp_replace(F.element_at(F.split(FILE, "/"), -1), rf"(?i)(?<=.)\.({endings})$", "")


def _why_whole(file: File, found: FileOutline) -> str:
    if file.format.module:
        return f"is a {file.format.name}"
    return "has numbers of 16 bits" if found.for_arrow else "has cells of several lines, or is packed"


def _in_folders(file: File) -> tuple[str, tuple[tuple[str, str], ...], tuple[str, ...]]:
    """The folder that the last partition folders of a file's path are in, the values of those above it, and the names
    of the last ones.
    """
    *folders, _ = file.path.split("/")
    last = next((i for i in range(len(folders) - 1, -1, -1) if _is_partition(folders[i])), -1)
    if last < 0:
        return "", (), ()
    start = last
    while start >= 0 and _is_partition(folders[start]):
        start -= 1
    above = folders[: start + 1]
    root = file.uri.removesuffix(file.path).rstrip("/")
    inner = tuple(folder.partition("=")[0] for folder in folders[start + 1 : last + 1])
    return "/".join([root, *above]), tuple(tables.partition_values("/".join([*above, ""])).items()), inner


def _is_partition(folder: str) -> bool:
    return bool(tables.partition_values(f"{folder}/"))


def _csv(dialect: Dialect) -> dict[str, Any]:
    return {
        "header": dialect.has_header,
        "sep": dialect.sep,
        "encoding": dialect.encoding,
        "columnNameOfCorruptRecord": LINE,
        "ignoreLeadingWhiteSpace": True,
        "ignoreTrailingWhiteSpace": True,
        "escape": '"',  # a quote within quotes is doubled; Spark would expect a backslash
    }


def _with_file(frame: DataFrame) -> DataFrame:
    # Spark escapes the path as a URI, where a plus is a plus.
    path = F.url_decode(F.replace("_metadata.file_path", F.lit("+"), F.lit("%2B")))
    return frame.select("*", path.alias(FILE))


def _split(lines: DataFrame, dialect: Dialect) -> DataFrame:
    """The fields of lines that are separated by any number of blanks."""
    text = F.decode(F.col(_TEXT).cast("binary"), dialect.encoding)
    found = F.split(F.trim(F.regexp_replace(text, r"[\s\uFEFF]+", " ")), " ")
    return lines.where(F.trim(text) != "").withColumn("__fields", found)


def _decoded(spark: SparkSession, files: Sequence[File], dialect: Dialect) -> DataFrame:
    """The fields of the lines of files that Spark cannot read by lines."""

    def of_file(row: Any) -> Iterator[tuple[str, list[str], int | None]]:
        with unpacked(row["path"], io.BytesIO(row["content"])) as content:
            lines = io.TextIOWrapper(content, dialect.encoding, errors="replace", newline="")
            for found, unclosed in _rows(lines, dialect.sep):
                yield row["path"], found, unclosed

    rows = whole_files(spark, [file.uri for file in files]).rdd.flatMap(of_file)
    return spark.createDataFrame(rows, f"{FILE} string, __fields array<string>, {UNCLOSED} int")


def _rows(lines: Iterable[str], sep: str) -> Iterator[tuple[list[str], int | None]]:
    """The rows of a text file; the last has the number of its first line if a quote in it is never closed."""
    end = "\0the end\0"
    plain = (line.removeprefix("\ufeff") for line in lines)
    if sep == BLANKS:
        yield from ((found, None) for found in map(str.split, plain) if found)
        return
    number = 1
    reader = read_rows(itertools.chain(plain, ["\n", end]), sep)
    for found in reader:
        if any(found) and found != [end]:
            yield [field.strip() for field in found], number if found[-1].endswith(end) else None
        number = reader.line_num + 1


def _of_fields(split: DataFrame, names: Sequence[str], dialect: Dialect, folders: Sequence[str]) -> DataFrame:
    """The rows of split lines, but for the header lines."""
    rows = split.where(F.col("__fields") != F.array(*map(F.lit, names))) if dialect.has_header else split
    found = F.col("__fields")
    values = [F.get(found, i).alias(name) for i, name in enumerate(names)]
    line = F.when(F.size(found) > len(names), F.array_join(found, dialect.sep)).alias(LINE)
    unclosed = [UNCLOSED] if UNCLOSED in split.columns else []
    return rows.select(*values, line, FILE, *unclosed, *map(quoted, folders))


def _places(group: Group, files: Sequence[str], listed: Mapping[str, set[str]]) -> list[str]:
    """Where Spark finds just these files: the fewest folders, since it lists many places in a job of its own.

    `listed` are the folders that were given, with all files in them.
    """
    wanted = set(files)
    known = {file for found in listed.values() for file in found}
    if group.base and _is_within(group.base, listed) and all(f in wanted for f in known if _is_within(f, [group.base])):
        return [group.base]
    # In folders that name values Spark also finds the files of the folders below them, otherwise only their own.
    others = known - wanted
    with_others = {folder for file in others for folder in (_above(file) if group.base else [_folder(file)])}
    of_folders: dict[str, list[str]] = defaultdict(list)
    for file in files:
        of_folders[_folder(file)].append(file)
    whole = {folder for folder in of_folders if _is_within(folder, listed) and folder not in with_others}
    places: list[str] = []
    for folder, its_files in of_folders.items():
        if folder not in whole:
            places += its_files
        elif not (group.base and whole.intersection(_above(folder))):
            places.append(folder)
    return places


def _above(place: str) -> list[str]:
    """All folders that a place is in."""
    return [place[:end] for end, letter in enumerate(place) if letter == "/"]


def _folder(file: str) -> str:
    return file.rpartition("/")[0]


def _is_within(place: str, folders: Iterable[str]) -> bool:
    return any(f"{place}/".startswith(f"{folder}/") for folder in folders)
