"""Tables read with Spark: all files of all inputs as one frame with one schema.

What the files say of themselves (`lib.reading.outline`) decides how they are read: files of the same types in one go,
numbers of different types as double, and the folders' values as text.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import reduce
from typing import Any

from py4j.protocol import Py4JJavaError
from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql import types as T

from lib.errors import InputError
from lib.reading import catalogue, outline
from lib.reading.cells import LINE, Cells
from lib.reading.dialect import BLANKS, Dialect
from lib.reading.outline import FileColumn, FileOutline
from lib.reading.points import with_coordinates
from lib.storage import Storage, java_cause
from lib.support import tables
from lib.support.tables import Format, quoted

# Keys in a field's metadata: the type of a column whose values Spark cannot read, or not as one type; and a place.
TYPE, PLACE = "type", "place"
_NANOS = "spark.sql.legacy.parquet.nanosAsLong"


@dataclass(frozen=True)
class Source:
    """What was found at one input: its files and their rows.

    A table of Spark's catalogue has no file. `repeated` counts the files, or tables of the catalogue, that were given
    before: they are read once. `dialects` says how text files are written, and `passed_over` names files that are no
    tables.
    """

    uri: str
    files: int
    rows: int
    repeated: int = 0
    dialects: tuple[str, ...] = ()
    passed_over: tuple[str, ...] = ()


@dataclass(frozen=True)
class Reading:
    """A table as it was read."""

    frame: DataFrame
    sources: tuple[Source, ...]


@dataclass(frozen=True)
class _File:
    uri: str
    path: str
    given: str
    format: Format


@dataclass(frozen=True)
class _Group:
    """Files that Spark reads in one go: `base` is the folder that their partition folders are in."""

    base: str
    outer: tuple[tuple[str, str], ...]
    inner: tuple[str, ...]
    types: Any
    format: Format
    given: str
    dialect: Dialect | None
    points: str | None = None

    @property
    def cells(self) -> Cells:
        """How the cells of text files are read."""
        return Cells(self.dialect.decimal, self.dialect.sep) if self.dialect else Cells()


def read(spark: SparkSession, inputs: str | Sequence[str]) -> Reading:
    """Read tables that have the same columns, in any order, as one.

    `lib.support.tables` holds the rules for tables. A file that is given twice is read once.

    Raises:
        InputError: no input is given, or one does not exist, cannot be read, is not a table, or has other columns.
    """
    uris = tables.places(inputs)
    if not uris:
        raise InputError("no input was given: name at least one file or folder with --input-data")
    storage, files, repeated = Storage(spark), dict[str, _File](), dict[int, int]()
    sizes: dict[str, int] = {}
    left_out: list[tuple[str, ...]] = []
    of_inputs: list[list[str]] = []
    listed: dict[str, set[str]] = {}
    of_catalogue: dict[str, tuple[DataFrame, FileOutline]] = {}
    for number, uri in enumerate(uris):
        if tables.is_in_catalogue(uri):
            repeated[number] = int(uri in of_catalogue)
            of_inputs.append([] if repeated[number] else [uri])
            left_out.append(())
            of_catalogue[uri] = of_catalogue.get(uri) or catalogue.read(spark, uri)
            continue
        roots = storage.files(uri)
        if not roots:
            raise tables.absent(uri)
        here = {file: each for of_root in roots.values() for file, each in of_root.items()}
        listed |= {root: set(of_root) for root, of_root in roots.items() if root not in of_root}
        paths, table_format = outline.chosen(uri, here)
        new = {file: _File(file, path, uri, table_format) for file, path in paths.items() if file not in files}
        repeated[number] = len(paths) - len(new)
        of_inputs.append(list(new))
        left_out.append(tuple(path for path in tables.notes([p for p, _ in here.values()])))
        files |= new
        sizes |= {file: size for file, (_, size) in here.items()}
    looked_at = outline.look(
        {file: each.format for file, each in files.items()}, lambda uri: storage.open(uri, sizes[uri])
    )
    looked_at |= {uri: found for uri, (_, found) in of_catalogue.items()}
    seen = {file: looked_at[file] for here in of_inputs for file in here}  # the first input's columns come first
    outline.one_schema(seen.values())  # names are compared before rows are read
    of_folders = tables.partitions_of(", ".join(uris), [file.path for file in files.values()])
    if any(column.type == "timestamp[ns]" for found in seen.values() for column in found.columns):
        spark.conf.set(_NANOS, "true")
    groups: dict[_Group, list[_File]] = defaultdict(list)
    for file in files.values():
        groups[_group(file, seen[file.uri])].append(file)
    plain = _Group("", (), (), (), tables.PARQUET, "", None)
    parts: list[tuple[DataFrame, FileOutline, _Group]] = [(*each, plain) for each in of_catalogue.values()]
    rows: dict[str, int] = defaultdict(int)
    for group, members in groups.items():
        frame, found = _raw(spark, group, members, seen[members[0].uri], listed), seen[members[0].uri]
        if group.format.arrow is None:
            found = _typed(frame, found, group)
            rows[group.given] += found.rows or 0
            seen |= {each.uri: replace(seen[each.uri], columns=found.columns) for each in members}
        parts.append((frame, found, group))
    columns = outline.one_schema(seen.values())
    columns = [each for each in columns if each.name not in of_folders]
    _check_unambiguous(", ".join(uris), [each.name for each in columns], of_folders)
    whole = reduce(DataFrame.unionAll, [_selected(*part, columns, of_folders) for part in parts])
    sources = tuple(
        Source(
            uri,
            sum(file in files for file in here),
            _rows([seen[file] for file in here], rows.get(uri)),
            repeated[number],
            tuple(dict.fromkeys(str(seen[file].dialect) for file in here if seen[file].dialect)),
            left_out[number],
        )
        for number, (uri, here) in enumerate(zip(uris, of_inputs, strict=True))
    )
    return Reading(whole.select(*map(_described, [*columns, *of_folders.values()])), sources)


def columns_of(frame: DataFrame) -> list[tables.Column]:
    """The columns of a table as it was read."""
    numbers = (T.NumericType, T.BooleanType)
    return [
        tables.Column(
            field.name,
            field.metadata.get(TYPE) or field.dataType.simpleString(),
            TYPE not in field.metadata and isinstance(field.dataType, numbers),
            PLACE in field.metadata,
        )
        for field in frame.schema.fields
    ]


def _typed(frame: DataFrame, found: FileOutline, group: _Group) -> FileOutline:
    """The types of a text file's columns, and its rows."""
    try:
        columns, rows = group.cells.look(frame, [column.name for column in found.columns])
        return replace(found, columns=columns, rows=rows)
    except Py4JJavaError as error:
        raise InputError(f"cannot read {group.given}: {java_cause(error)}") from error


def _rows(found: Sequence[FileOutline], counted: int | None) -> int:
    if counted is not None and all(each.rows is None for each in found) and found:
        return counted
    return sum(each.rows or 0 for each in found)


def _check_unambiguous(uri: str, names: Sequence[str], of_folders: Mapping[str, Any]) -> None:
    lower = {name.lower() for name in names}
    twice = [name for name in of_folders if name.lower() in lower]
    if twice:
        raise tables.ambiguous(uri, twice)


def _group(file: _File, found: FileOutline) -> _Group:
    """What must be alike for two files to be read in one go."""
    *folders, _ = file.path.split("/")
    root = file.uri.removesuffix(file.path).rstrip("/") if folders else ""
    last = next((i for i in range(len(folders) - 1, -1, -1) if _is_partition(folders[i])), -1)
    start = last
    while start >= 0 and _is_partition(folders[start]):
        start -= 1
    base = "/".join([root, *folders[: start + 1]]) if last >= 0 else ""
    outer = tables.partition_values("/".join([*folders[: start + 1], ""])) if last >= 0 else {}
    inner = tuple(folder.partition("=")[0] for folder in folders[start + 1 : last + 1])
    types = tuple((each.name, each.spark) for each in found.columns)
    has_header = file.format.arrow is None
    given = file.given if has_header else ""  # the rows of each input are counted when it is read
    alike = types if has_header else frozenset(types)
    return _Group(base, tuple(outer.items()), inner, alike, file.format, given, found.dialect, found.points)


def _is_partition(folder: str) -> bool:
    return bool(tables.partition_values(f"{folder}/"))


def _raw(
    spark: SparkSession, group: _Group, files: Sequence[_File], found: FileOutline, listed: Mapping[str, set[str]]
) -> DataFrame:
    """The rows of one group as its files have them."""
    schema = T.StructType()
    for column in found.columns:
        kind = "bigint" if _is_nanos(column) else column.spark
        of_points = group.points and column.is_place and column.is_number
        if kind and column.name not in group.inner and not of_points:
            schema.add(T.StructField(column.name, T._parse_datatype_string(kind)))
    in_folders = [T.StructField(name, T.StringType()) for name in group.inner]
    # What was found is a file or a folder, whatever is in its name.
    reader = spark.read.options(**({"basePath": group.base} if group.base else {}), __globPaths__="false")
    places = _places(group, [file.uri for file in files], listed)
    dialect = group.dialect
    if dialect and dialect.sep == BLANKS:
        lines = reader.schema(T.StructType([T.StructField("value", T.StringType()), *in_folders])).format("text")
        return _fields(lines.load(places), schema.names, dialect, group.inner)
    if dialect:
        schema.add(T.StructField(LINE, T.StringType()))
        reader = reader.options(sep=dialect.sep, encoding=dialect.encoding, columnNameOfCorruptRecord=LINE)
        reader = reader.options(ignoreLeadingWhiteSpace=True, ignoreTrailingWhiteSpace=True)
    schema = T.StructType([*schema.fields, *in_folders])
    frame = reader.format(group.format.spark).schema(schema).options(**group.format.options).load(places)
    return with_coordinates(frame, group.points) if group.points else frame


def _fields(lines: DataFrame, names: Sequence[str], dialect: Dialect, folders: Sequence[str]) -> DataFrame:
    """The fields of lines that are separated by any number of blanks, without the header lines."""
    whole = F.decode(F.col("value").cast("binary"), dialect.encoding)
    found = F.split(F.trim(F.regexp_replace(whole, r"[\s\uFEFF]+", " ")), " ")
    split = lines.select(whole.alias(LINE), found.alias("__fields"), *map(quoted, folders))
    header = F.array(*map(F.lit, names))
    rows = split.where((F.trim(LINE) != "") & (F.col("__fields") != header))
    values = [F.element_at("__fields", i).alias(name) for i, name in enumerate(names, start=1)]
    line = F.when(F.size("__fields") > len(names), F.array_join("__fields", " ")).alias(LINE)
    return rows.select(*values, line, *map(quoted, folders))


def _selected(
    frame: DataFrame,
    found: FileOutline,
    group: _Group,
    columns: Sequence[tables.Column],
    of_folders: Mapping[str, tables.Column],
) -> DataFrame:
    """The rows of one group with the table's columns."""
    its, outer = {each.name: each for each in found.columns}, dict(group.outer)
    values = [_value(its[each.name], each, group).alias(each.name) for each in columns]
    for column in of_folders.values():
        value = F.lit(outer[column.name]) if column.name in outer else F.col(quoted(column.name))
        values.append(value.cast(column.type).alias(column.name))
    return frame.select(*values)


def _value(its: FileColumn, column: tables.Column, group: _Group) -> Column:
    """A column of a file as the type that it has in the whole table."""
    if _is_nanos(its):
        value = F.timestamp_micros((F.col(quoted(its.name)) / 1000).cast("bigint"))
        return value if column.type == its.type else value.cast("string")
    kind = its.spark or "string"
    if column.type != its.type:
        kind = "double" if column.is_number else "string"
    if not its.spark:
        return F.lit(None).cast(kind)
    value = group.cells.value(its) if group.format.arrow is None else F.col(quoted(its.name))
    return value.cast(kind)


def _is_nanos(column: FileColumn) -> bool:
    return column.type == "timestamp[ns]" and column.spark is None


def _described(column: tables.Column) -> Column:
    """A column that says of itself what Spark's type does not tell."""
    metadata = {TYPE: column.type} if column.is_number is False else {}
    metadata |= {PLACE: "yes"} if column.is_place else {}
    return F.col(quoted(column.name)).alias(column.name, metadata=metadata)


def _places(group: _Group, files: Sequence[str], listed: Mapping[str, set[str]]) -> list[str]:
    """Where Spark finds just these files: the fewest folders, since it lists many places in a job of its own.

    `listed` are the folders that were given, with all files in them.
    """
    wanted = set(files)
    known = {file for found in listed.values() for file in found}
    if group.base and _is_within(group.base, listed) and all(f in wanted for f in known if _is_within(f, [group.base])):
        return [group.base]
    of_folders: dict[str, list[str]] = defaultdict(list)
    for file in known:
        of_folders[_folder(file)].append(file)
    places: list[str] = []
    for folder in dict.fromkeys(map(_folder, files)):
        whole = _is_within(folder, listed) and set(of_folders[folder]) <= wanted
        places += [folder] if whole else [file for file in files if _folder(file) == folder]
    return places


def _folder(file: str) -> str:
    return file.rpartition("/")[0]


def _is_within(place: str, folders: Iterable[str]) -> bool:
    return any(f"{place}/".startswith(f"{folder}/") for folder in folders)
