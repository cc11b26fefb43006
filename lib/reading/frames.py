"""Tables read with Spark: all files of all inputs as one frame with one schema.

What the files say of themselves (`lib.reading.outline`) decides how they are read: files of the same types in one go,
numbers of different types as double, and the folders' values as text.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import reduce

from py4j.protocol import Py4JJavaError
from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql import types as T

from lib.errors import InputError
from lib.reading import catalogue, outline
from lib.reading.cells import Cells, Seen
from lib.reading.groups import NO_FILES, Group, file_name, group_of, is_nanos
from lib.reading.listing import File, Listing, listed
from lib.reading.options import NO_OPTIONS, Options
from lib.reading.outline import FileColumn, FileOutline
from lib.reading.unpacked import unpacked
from lib.storage import Storage, java_cause
from lib.support import tables
from lib.support.tables import quoted

# Keys in a field's metadata: the type of a column whose values Spark cannot read, or not as one type; and a place.
TYPE, PLACE = "type", "place"
_NANOS = "spark.sql.legacy.parquet.nanosAsLong"


@dataclass(frozen=True)
class Source:
    """What was found at one input: its files and their rows.

    A table of Spark's catalogue has no file. `repeated` counts the files, or tables of the catalogue, that were given
    before: they are read once. `dialects` says how text files are written, and `passed_over` names files that are no
    tables. `missing_cells` counts the cells in columns of numbers of text files that were taken for no value because of
    their text: examples are `missing_texts`.
    """

    uri: str
    files: int
    rows: int
    repeated: int = 0
    dialects: tuple[str, ...] = ()
    passed_over: tuple[str, ...] = ()
    missing_cells: int = 0
    missing_texts: tuple[str, ...] = ()


@dataclass(frozen=True)
class Reading:
    """A table as it was read."""

    frame: DataFrame
    sources: tuple[Source, ...]


@dataclass(frozen=True)
class _Part:
    """The rows of one group, whose files say the same of themselves."""

    group: Group
    frame: DataFrame
    found: FileOutline
    cells: Cells | None = None
    seen: Seen | None = None


def read(spark: SparkSession, inputs: str | Sequence[str], options: Options = NO_OPTIONS) -> Reading:
    """Read tables that have the same columns, in any order, as one.

    `lib.support.tables` holds the rules for tables. A file that is given twice is read once.

    Raises:
        InputError: no input is given, or one does not exist, cannot be read, is not a table, or has other columns.
    """
    storage = Storage(spark)
    listing = listed(storage, inputs)
    of_catalogue = {uri: catalogue.read(spark, uri) for uri in listing.catalogue}
    seen = listing.look(storage, options, {uri: found for uri, (_, found) in of_catalogue.items()})
    if any(is_nanos(column) for found in seen.values() for column in found.columns):
        spark.conf.set(_NANOS, "true")
    groups: dict[Group, list[File]] = defaultdict(list)
    for file in listing.files.values():
        groups[group_of(file, seen[file.uri])].append(file)
    for group in list(groups):
        for file in group.of_several_lines(spark, groups[group], listing):
            groups[group].remove(file)
            groups[group_of(file, seen[file.uri], of_several_lines=True)].append(file)
    parts = [_Part(NO_FILES, frame, found) for frame, found in of_catalogue.values()]
    counted: dict[str, list[Seen]] = defaultdict(list)
    for group, files in ((group, files) for group, files in groups.items() if files):
        part = _part(spark, group, files, seen, listing)
        if part.seen:
            counted[group.given].append(part.seen)
            seen |= {file.uri: replace(seen[file.uri], columns=part.found.columns) for file in files}
        parts.append(part)
    columns = outline.one_schema(seen.values(), options.exclude)
    of_places = outline.of_places(listing.places, [file.path for file in listing.files.values()], columns, options)
    columns = [each for each in columns if each.name not in of_places]
    _check_unambiguous(listing.places, [each.name for each in columns], of_places)
    whole = reduce(DataFrame.unionAll, [_selected(part, columns, of_places, options) for part in parts])
    return Reading(whole.select(*map(_described, [*columns, *of_places.values()])), _sources(listing, seen, counted))


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


def _part(
    spark: SparkSession, group: Group, files: Sequence[File], seen: Mapping[str, FileOutline], listing: Listing
) -> _Part:
    """The rows of some files; those of text are looked at."""
    found = seen[files[0].uri]
    frame = group.rows(spark, files, found, listing)
    if group.dialect is None:
        return _Part(group, frame, found)
    opened = listing.opener(Storage(spark))
    cells = Cells(group.dialect, lambda uri: unpacked(uri, opened(uri)))
    try:
        of_cells = cells.look(frame, [column.name for column in found.columns])
    except Py4JJavaError as error:
        raise InputError(f"cannot read {group.given}: {java_cause(error)}") from error
    return _Part(group, frame, replace(found, columns=of_cells.columns, rows=of_cells.rows), cells, of_cells)


def _sources(
    listing: Listing, seen: Mapping[str, FileOutline], counted: Mapping[str, Sequence[Seen]]
) -> tuple[Source, ...]:
    """What was found at each input; `counted` has what was seen in the cells of its text files."""
    return tuple(
        Source(
            each.uri,
            sum(file in listing.files for file in each.files),
            sum(of_cells.rows for of_cells in counted.get(each.uri, ()))
            + sum(seen[file].rows or 0 for file in each.files),
            each.repeated,
            tuple(dict.fromkeys(str(seen[file].dialect) for file in each.files if seen[file].dialect)),
            each.passed_over,
            sum(of_cells.missing_cells for of_cells in counted.get(each.uri, ())),
            tuple(sorted({text for of_cells in counted.get(each.uri, ()) for text in of_cells.missing_texts})),
        )
        for each in listing.inputs
    )


def _check_unambiguous(uri: str, names: Sequence[str], of_places: Mapping[str, object]) -> None:
    lower = {name.lower() for name in names}
    twice = [name for name in of_places if name.lower() in lower]
    if twice:
        raise tables.ambiguous(uri, twice)


def _selected(
    part: _Part, columns: Sequence[tables.Column], of_places: Mapping[str, tables.Column], options: Options
) -> DataFrame:
    """The rows of one group with the table's columns."""
    its, outer = {each.name: each for each in part.found.columns}, dict(part.group.outer)
    values = [_value(its.get(each.name), each, part.cells).alias(each.name) for each in columns]
    for column in of_places.values():
        value = F.lit(outer[column.name]) if column.name in outer else F.col(quoted(column.name))
        if column.name == options.file_col and column.name not in part.group.inner and column.name not in outer:
            value = file_name(part.frame)
        values.append(value.cast(column.type).alias(column.name))
    return part.frame.select(*values)


def _value(its: FileColumn | None, column: tables.Column, cells: Cells | None) -> Column:
    """A column of a file as the type that it has in the whole table; null if the file lacks it."""
    if its and is_nanos(its):
        value = F.timestamp_micros((F.col(quoted(its.name)) / 1000).cast("bigint"))
        return value if column.type == its.type else value.cast("string")
    kind = its.spark if its and its.spark else "string"
    if its is None or column.type != its.type:
        kind = "double" if column.is_number else "string"
    if its is None or not its.spark:
        return F.lit(None).cast(kind)
    value = cells.value(its) if cells else F.col(quoted(its.name))
    return value.cast(kind)


def _described(column: tables.Column) -> Column:
    """A column that says of itself what Spark's type does not tell."""
    metadata = {TYPE: column.type} if column.is_number is False else {}
    metadata |= {PLACE: "yes"} if column.is_place else {}
    return F.col(quoted(column.name)).alias(column.name, metadata=metadata)
