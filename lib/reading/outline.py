"""What a table is, from the headers and footers of its files: no row is read, and no Spark is needed.

`lib.support.tables` says which files and columns belong to the table; pyarrow reads what a file says of itself. Spark
reads the files by what is found here (`lib.reading.frames`), and the checks before a run judge them by it.
"""

import io
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, replace
from pkgutil import resolve_name
from typing import Any, Protocol

import pyarrow as pa
import pyarrow.parquet as pq
from pyarrow import dataset

from lib.errors import InputError, some
from lib.reading import geometry
from lib.reading.dialect import Dialect, find
from lib.reading.limits import check_size
from lib.reading.options import FILE, NO_OPTIONS, Options, TextOptions
from lib.reading.own_columns import OWN
from lib.reading.unpacked import DAMAGED, unpacked
from lib.support import tables

_HEADER = 64 * 1024
_AT_ONCE = 8
_WIDEST_DECIMAL = 38
_EXTENSION = b"ARROW:extension:name"


class TableFile(Protocol):
    """A file that can be read at any place. `failure` keeps the error of a read: pyarrow's ORC reader replaces it by
    one of its own.
    """

    uri: str
    failure: Exception | None

    def read(self, size: int = -1, /) -> bytes:
        """Read from the position on."""

    def seek(self, offset: int, whence: int = 0, /) -> int:
        """Move to a position and return it."""

    def close(self) -> None:
        """Read no more."""


@dataclass(frozen=True)
class FileColumn:
    """A column of one file.

    `type` is its name for people, `spark` the type that Spark reads it as: None if Spark cannot read it. `is_number` is
    None if that is not known. `is_place` is that of `tables.Column`.
    """

    name: str
    type: str
    spark: str | None
    is_number: bool | None
    is_place: bool = False

    @property
    def is_empty(self) -> bool:
        """Whether the file says that the column has no value at all."""
        return self.type == "null"


@dataclass(frozen=True)
class FileOutline:
    """The columns of one file, and its rows: None where they would have to be counted. `uri` is its name to people,
    `dialect` how a text file is written, and `points` the column of points that two of its columns are taken from. With
    `for_arrow` it is a file that Spark cannot open, and Arrow can.
    """

    uri: str
    columns: tuple[FileColumn, ...]
    rows: int | None
    dialect: Dialect | None = None
    points: str | None = None
    for_arrow: bool = False


@dataclass(frozen=True)
class Outline:
    """A table from outside.

    `rows` is None where it would have to be counted; with `looked_at` less than `files` it counts the files that were
    looked at.
    """

    format: tables.Format
    columns: Sequence[tables.Column]
    rows: int | None
    files: int
    looked_at: int


def outline(
    uri: str,
    files: Mapping[str, tuple[str, int]],
    opened: Callable[[str], TableFile],
    options: Options = NO_OPTIONS,
    most: int | None = None,
) -> Outline:
    """Look at the table at `uri`: `files` are all files there, each with its path below `tables.start_of(uri)` and its
    size; no more than `most` of them are opened.

    Raises:
        InputError: there is none, or it is not a table.
    """
    if not files:
        raise tables.absent(uri)
    paths, table_format = chosen(uri, files)
    looked_at = look(dict.fromkeys(list(paths)[:most], table_format), opened, options.text)
    columns = one_schema(looked_at.values(), options.exclude)
    tables.check_names(uri, [column.name for column in columns])
    of_paths = of_places(uri, paths.values(), columns, options)
    columns = [*(each for each in columns if each.name not in of_paths), *of_paths.values()]
    rows = [found.rows for found in looked_at.values()]
    counted = None if None in rows else sum(each for each in rows if each is not None)
    return Outline(table_format, columns, counted, len(paths), len(looked_at))


def of_places(
    uri: str, paths: Iterable[str], columns: Sequence[tables.Column], options: Options
) -> dict[str, tables.Column]:
    """The columns whose values are in the names of folders and, if `options` asks for it, of files.

    Raises:
        InputError: only some files are in such folders, or a column of the files has the name that was asked for.
    """
    found = tables.partitions_of(uri, paths)
    name = options.file_col
    if name is None:
        return found
    if name.lower() in [column.name.lower() for column in (*columns, *found.values())]:
        if options.or_column:
            return found
        raise InputError(
            f"zone_from: {FILE}: {uri} has a column {name!r} already: give another zone_col, or no zone_from"
        )
    return {**found, name: tables.Column(name, "string", False)}


def chosen(uri: str, files: Mapping[str, tuple[str, int]]) -> tuple[dict[str, str], tables.Format]:
    """The files of a table with their paths, and their format.

    Raises:
        InputError: there is none, or they have several formats.
    """
    paths = tables.data_files({file: path for file, (path, size) in files.items() if size})
    notes = set(tables.notes(paths.values()))
    paths = {file: path for file, path in paths.items() if path not in notes}
    return paths, tables.format_of(uri, paths)


def look(
    files: Mapping[str, tables.Format], opened: Callable[[str], TableFile], given: TextOptions
) -> dict[str, FileOutline]:
    """Open files and read what each says of itself, several at once; `given` is how text files are written.

    Raises:
        InputError: one does not have its format, names a column twice, or has one of `OWN`.
    """

    def one(uri: str) -> FileOutline:
        with closing(opened(uri)) as file:
            found = _looked_at(file, files[uri], given)
        names = [column.name for column in found.columns]
        tables.check_names(found.uri, names)
        if own := [name for name in names if name.lower() in OWN]:
            raise InputError(f"{found.uri} has a column named {own[0]}, which reading needs for itself: rename it")
        return found

    if len(files) < 2:
        return {uri: one(uri) for uri in files}
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        return dict(zip(files, pool.map(one, files), strict=True))


def one_schema(files: Collection[FileOutline], exclude: Collection[str] = ()) -> list[tables.Column]:
    """The columns of a table of several files, in the order of the first that has each.

    Numbers of different types are read as double. A column that is a number in one file and something else in another
    is no number, and its type says so. A pandas index that only some files have is left out; a column of `exclude` may
    be absent from some of them.

    Raises:
        InputError: the files do not have the same columns.
    """
    shared = set.intersection(*({column.name for column in file.columns} for file in files))
    first = next(iter(files))
    names = _kept_names(first.columns, shared)
    for file in files:
        differing = (set(names) ^ set(_kept_names(file.columns, shared))) - set(exclude)
        if differing:
            raise InputError(
                f"{file.uri} and {first.uri} do not have the same columns; only one of them has: "
                f"{some(sorted(differing))}; add it to the other, or exclude it with exclude_cols"
            )
    found: dict[str, dict[tuple[str, str | None], tuple[FileColumn, str]]] = {name: {} for name in names}
    for file in files:
        for column in file.columns:
            if column.name in exclude:
                found.setdefault(column.name, {})
            if column.name in found:
                found[column.name].setdefault((column.type, column.spark), (column, file.uri))
    return [_unified(name, list(kinds.values())) for name, kinds in found.items()]


def _kept_names(columns: Iterable[FileColumn], shared: set[str]) -> list[str]:
    return [each.name for each in columns if each.name in shared or not tables.is_pandas_index(each.name)]


def _unified(name: str, kinds: Sequence[tuple[FileColumn, str]]) -> tables.Column:
    """One column for a column that has some types in some files."""
    full = [(column, file) for column, file in kinds if not column.is_empty]
    if not full:
        return tables.Column(name, "double", True)
    (one, its_file), *others = full
    if not others:
        return tables.Column(name, one.type, one.is_number, one.is_place)
    if all(column.is_number is not False for column, _ in full):
        known = all(column.is_number for column, _ in full)
        return tables.Column(name, "double" if known else "", True if known else None)
    # The one that differs in kind says more than one that only has another width.
    other, other_file = next((each for each in others if each[0].is_number != one.is_number), others[0])
    return tables.Column(name, f"{one.type} in {its_file} and {other.type} in {other_file}", False)


def _looked_at(file: TableFile, table_format: tables.Format, given: TextOptions) -> FileOutline:
    if table_format.module:
        return _layer(file, table_format)
    return _footer(file, table_format) if table_format.arrow else _header(file, table_format, given)


def _footer(file: TableFile, table_format: tables.Format) -> FileOutline:
    """What a file's footer says."""
    try:
        source = pa.PythonFile(file, mode="r")
        if table_format.spark == tables.PARQUET.spark:
            found = pq.ParquetFile(source)
            columns, points = _with_coordinates(
                tuple(_parquet_columns(found)), geometry.geometry_of(found.metadata.metadata)
            )
            rows, for_arrow = found.metadata.num_rows, _has_half_floats(found)
            return FileOutline(file.uri, columns, rows, points=points, for_arrow=for_arrow)
        fragment = getattr(dataset, str(table_format.arrow))().make_fragment(source)
        columns = tuple(FileColumn(f.name, *_kind(f.type)) for f in fragment.physical_schema)
        return FileOutline(file.uri, columns, fragment.count_rows())
    except (pa.ArrowException, OSError):
        raise (file.failure or tables.unreadable(file.uri, table_format)) from None


def _with_coordinates(
    columns: tuple[FileColumn, ...], of_file: tuple[str, tuple[str, ...]] | None
) -> tuple[tuple[FileColumn, ...], str | None]:
    """The columns of a file with those for the coordinates of its geometries (`of_file`: their column and kinds), and
    the column that has these.

    Of a file that has such columns itself, its own count.
    """
    name, kinds = of_file or ("", ())
    if "binary" not in [each.spark for each in columns if each.name == name]:
        return columns, None
    is_place = geometry.are_points(kinds) or geometry.has_centroids()
    lacking = "" if is_place else ", whose centroids need shapely (pip install shapely)"
    kind = f"geometry ({', '.join(kinds) or 'of any kind'}){lacking}"
    described = FileColumn(name, kind, "binary", False, is_place)
    columns = tuple(described if each.name == name else each for each in columns)
    own = {each.name.lower() for each in columns} & {geometry.X, geometry.Y}
    if own or not is_place:
        return columns, None
    return (*columns, *(FileColumn(each, "double", "double", True, True) for each in (geometry.X, geometry.Y))), name


def _layer(file: TableFile, table_format: tables.Format) -> FileOutline:
    """What the one table of a file is that only its format's module reads. The whole file is read for it."""
    check_size(file.uri, file.seek(0, io.SEEK_END), f"is a {table_format.name}")
    file.seek(0)
    try:
        layer = resolve_name(f"{table_format.module}:look")(file.uri, file)
    except OSError:
        if file.failure:
            raise file.failure from None
        raise
    kinds = {each.name: _kind(each.type) for each in layer.schema}
    kinds |= {name: (f"{kinds[name][0]} with values that are none", None, False) for name in layer.misfits}
    columns, points = _with_coordinates(tuple(FileColumn(name, *kind) for name, kind in kinds.items()), layer.geometry)
    return FileOutline(file.uri, columns, layer.rows, points=points, for_arrow=True)


def _has_half_floats(file: pq.ParquetFile) -> bool:
    """Whether a file has numbers of 16 bits, in which case Spark cannot read even its footer."""
    return any(column.logical_type.type == "FLOAT16" for column in file.schema)


def _parquet_columns(file: pq.ParquetFile) -> Iterable[FileColumn]:
    """What Spark makes of each column: the type in the file counts, not the one that Arrow restores."""
    leaf = 0
    for field in map(_stored, file.schema_arrow):
        leaves = _leaves(field.type)
        of_leaves = [file.schema.column(place) for place in range(leaf, leaf + leaves)]
        kind = _parquet_kind(of_leaves[0], field.type) if leaves == 1 else None
        leaf += leaves
        if kind is None and any("nanoseconds" in str(each.logical_type) for each in of_leaves):
            kind = str(field.type), None, False  # Spark reads such times as whole numbers, or not at all
        found = FileColumn(field.name, *(kind or _kind(field.type)))
        own_name = (field.metadata or {}).get(_EXTENSION)
        # What stands for something else, such as pandas' periods, is no number.
        yield replace(found, type=own_name.decode(), is_number=False) if own_name and found.is_number else found


def _stored(field: pa.Field) -> pa.Field:
    """A field as it is stored, if it has a type of its own; `_EXTENSION` in its metadata then names the type."""
    if not isinstance(field.type, pa.BaseExtensionType):
        return field
    named = {**(field.metadata or {}), _EXTENSION: field.type.extension_name.encode()}
    return pa.field(field.name, field.type.storage_type, metadata=named)


def _leaves(kind: pa.DataType) -> int:
    """How many columns a parquet file has for a type; a list of one column counts as several, for it is no number."""
    if pa.types.is_dictionary(kind):
        return _leaves(kind.value_type)
    return sum(_leaves(kind.field(i).type) for i in range(kind.num_fields)) if kind.num_fields else 1


_PARQUET_NUMBERS = {"BOOLEAN": "boolean", "FLOAT": "float", "DOUBLE": "double", "INT32": "int", "INT64": "bigint"}


def _parquet_kind(column: Any, arrow: pa.DataType) -> tuple[str, str | None, bool | None] | None:
    """A parquet column's type to people, its type to Spark, and whether it is a number; None if Arrow says it all."""
    if column.max_repetition_level or pa.types.is_nested(arrow) or pa.types.is_null(arrow):
        return None
    physical, logical = column.physical_type, column.logical_type.type
    if logical == "TIMESTAMP" and "nanoseconds" in str(column.logical_type):
        return "timestamp[ns]", None, False
    if logical == "TIMESTAMP":
        spark = "timestamp" if arrow.tz else "timestamp_ntz"
        return spark, spark, False
    if logical == "TIME" or pa.types.is_duration(arrow):
        return str(arrow), None, False
    if logical == "DECIMAL":
        decimal = _decimal(column.precision, column.scale)
        return decimal or str(arrow), decimal, decimal is not None
    if physical == "INT96":
        return "timestamp", "timestamp", False
    if logical == "DATE":
        return "date", "date", False
    if physical == "INT32" and pa.types.is_uint32(arrow):
        return "bigint", "bigint", True
    if physical == "INT64" and pa.types.is_uint64(arrow):
        return "decimal(20,0)", "decimal(20,0)", True
    if logical == "FLOAT16":
        return "float16", "float", True
    if physical in _PARQUET_NUMBERS:
        return _PARQUET_NUMBERS[physical], _PARQUET_NUMBERS[physical], True
    if physical == "BYTE_ARRAY" and logical in ("STRING", "ENUM", "JSON"):
        return "string", "string", False
    return ("binary", "binary", False) if logical == "NONE" else (str(arrow), None, False)


_ARROW_TYPES = {
    pa.bool_(): "boolean",
    pa.int8(): "tinyint",
    pa.int16(): "smallint",
    pa.int32(): "int",
    pa.int64(): "bigint",
    pa.float32(): "float",
    pa.float64(): "double",
    pa.string(): "string",
    pa.large_string(): "string",
    pa.binary(): "binary",
    pa.date32(): "date",
}


def _kind(kind: pa.DataType) -> tuple[str, str | None, bool | None]:
    """The same for a type of Arrow."""
    spark = _spark_type(kind)
    if pa.types.is_null(kind):
        return "null", None, True
    number = pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind)
    return spark or str(kind), spark, bool(spark and (number or pa.types.is_boolean(kind)))


def _decimal(precision: int, scale: int) -> str | None:
    """Spark's type of a decimal; None of one that is too wide for Spark."""
    return f"decimal({precision},{scale})" if precision <= _WIDEST_DECIMAL else None


def _spark_type(kind: pa.DataType) -> str | None:
    """The type that Spark reads a type of Arrow as."""
    if kind in _ARROW_TYPES:
        return _ARROW_TYPES[kind]
    if pa.types.is_decimal(kind):
        return _decimal(kind.precision, kind.scale)
    if pa.types.is_timestamp(kind):
        return "timestamp"
    if pa.types.is_dictionary(kind):
        return _spark_type(kind.value_type)
    if pa.types.is_list(kind) or pa.types.is_large_list(kind):
        inner = [_spark_type(kind.value_type)]
        return f"array<{inner[0]}>" if all(inner) else None
    if pa.types.is_map(kind):
        inner = [_spark_type(kind.key_type), _spark_type(kind.item_type)]
        return f"map<{inner[0]},{inner[1]}>" if all(inner) else None
    if pa.types.is_struct(kind):
        fields = [kind.field(i) for i in range(kind.num_fields)]
        inner = [_spark_type(each.type) for each in fields]
        named = (f"{tables.quoted(f.name)}:{t}" for f, t in zip(fields, inner, strict=True))
        return f"struct<{','.join(named)}>" if all(inner) else None
    return None


def _header(file: TableFile, table_format: tables.Format, given: TextOptions) -> FileOutline:
    """The columns of a text file, by its first line."""
    try:
        with unpacked(file.uri, file) as content:
            head = content.read(_HEADER)
    except DAMAGED:
        raise (file.failure or tables.unreadable(file.uri, table_format)) from None
    dialect, names = find(file.uri, head, len(head) < _HEADER, given)
    return FileOutline(file.uri, tuple(FileColumn(name, "", "string", None) for name in names), None, dialect)
