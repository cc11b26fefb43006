"""GeoPackage files: the table of a layer and its geometries, read by GDAL through pyogrio, which need not be installed.

GDAL and SQLite read files of this machine, so a file is copied first. It needs no Spark.
"""

import importlib
import importlib.util
import shutil
import sqlite3
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import pyarrow as pa

from lib.errors import InputError, some
from lib.support import tables

# Tables in which QGIS keeps styles and projects.
_OF_QGIS = ("layer_styles", "qgis_projects")
_PIECE = 1024**2
_AT_ONCE = 500  # columns looked at in one query, of which SQLite takes 2000


class Content(Protocol):
    """The bytes of a file."""

    def read(self, size: int = -1, /) -> bytes:
        """Read from the position on."""


@dataclass(frozen=True)
class Layer:
    """The layer of a file that is read: its columns without the feature id, the column of its geometries and their
    kinds (none: of any kind), and its rows. `misfits` are columns of numbers with values that are none of their type.
    """

    schema: pa.Schema
    geometry: tuple[str, tuple[str, ...]] | None
    rows: int
    misfits: frozenset[str]


def look(uri: str, content: Content) -> Layer:
    """What the one layer of a file is, whose values are looked at, too.

    Raises:
        InputError: pyogrio is not installed, the file is damaged, or it has several layers.
        OSError: the content cannot be read, or not be copied.
    """
    if not _can_be_read():
        name = uri.rpartition("/")[2]
        raise InputError(
            f"{uri} is a GeoPackage, which needs pyogrio (pip install pyogrio shapely); or write it as GeoParquet, "
            f"with ogr2ogr {name.rpartition('.')[0]}.parquet {name}"
        )
    pyogrio = _pyogrio()
    with _copied(content) as path:
        try:
            _check_pages(uri, path)
            name = _layer(uri, path)
            with pyogrio.open_arrow(path, layer=name, use_pyarrow=True) as (found, reader):
                schema = reader.schema
            rows, misfits = _values(path, name, schema)
        except sqlite3.OperationalError as error:
            raise InputError(f"cannot read {uri}: {error}; write it anew, with ogr2ogr") from None
        except (sqlite3.DatabaseError, pyogrio.errors.DataSourceError, pyogrio.errors.DataLayerError):
            raise tables.unreadable(uri, tables.GEOPACKAGE) from None
    kind = found["geometry_type"]
    kinds = () if kind == "Unknown" else (kind,)
    return Layer(schema, (found["geometry_name"], kinds) if kind else None, rows, misfits)


def batches(content: Content, columns: Sequence[str]) -> Iterator[pa.RecordBatch]:
    """The rows of a file that was looked at."""
    with _copied(content) as path:
        name = _layer("", path)
        with _pyogrio().open_arrow(path, layer=name, columns=list(columns), use_pyarrow=True) as (_, reader):
            yield from reader


def _can_be_read() -> bool:
    return importlib.util.find_spec("pyogrio") is not None


def _pyogrio() -> Any:
    return importlib.import_module("pyogrio")


@contextmanager
def _copied(content: Content) -> Iterator[Path]:
    # A folder of its own, since SQLite may write files beside it.
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "table.gpkg")
        with path.open("wb") as copy:
            shutil.copyfileobj(content, copy, _PIECE)
        yield path


def _layer(uri: str, path: Path) -> str:
    """The layer to read: the only one, or the only one that has rows."""
    pyogrio = _pyogrio()
    names = [str(name) for name, _ in pyogrio.list_layers(path)]
    own = [name for name in names if name not in _OF_QGIS] or names
    if not own:
        raise InputError(f"{uri} has no layer: give a file that has one")
    full = own
    if len(own) > 1:
        full = [each for each in own if pyogrio.read_info(path, layer=each, force_feature_count=True)["features"]]
    if len(full) != 1:
        what = "several layers with rows" if full else "several layers, all of them without rows"
        raise InputError(
            f"{uri} has {what} ({some(full or own)}): write the one that is meant into a file of its own, with "
            f"ogr2ogr layer.gpkg {uri.rpartition('/')[2]} {(full or own)[0]}"
        )
    return full[0]


def _check_pages(uri: str, path: Path) -> None:
    """Look at the structure of the whole file: GDAL ends a layer without an error where a page is damaged."""
    with closing(sqlite3.connect(path)) as database:
        if database.execute("PRAGMA quick_check(1)").fetchall() != [("ok",)]:
            raise tables.unreadable(uri, tables.GEOPACKAGE)


def _values(path: Path, layer: str, schema: pa.Schema) -> tuple[int, frozenset[str]]:
    """How many rows there are, and the columns of numbers with values of another kind.

    SQLite puts any value into any column; GDAL reads a text as 0 and cuts what is too large.
    """
    of_numbers = {field.name: _misfit(field) for field in schema if _is_number(field.type)}
    names, misfits = list(of_numbers), set()
    with closing(sqlite3.connect(path)) as database:
        table = _identifier(layer)
        rows = database.execute(f"SELECT count(*) FROM {table}").fetchone()[0]
        for start in range(0, len(names), _AT_ONCE):
            some_names = names[start : start + _AT_ONCE]
            asked = ", ".join(f"max({of_numbers[name]})" for name in some_names)
            found: Iterable[int | None] = database.execute(f"SELECT {asked} FROM {table}").fetchone()
            misfits |= {name for name, is_one in zip(some_names, found, strict=True) if is_one}
    return rows, frozenset(misfits)


def _is_number(kind: pa.DataType) -> bool:
    return bool(pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_boolean(kind))


def _misfit(field: pa.Field) -> str:
    """An expression of SQLite: 1 where a value is none of the column's type."""
    column, kind = _identifier(field.name), field.type
    if pa.types.is_floating(kind):
        return f"typeof({column}) NOT IN ('null', 'integer', 'real')"
    bits = 1 if pa.types.is_boolean(kind) else kind.bit_width
    low, high = (0, 1) if bits == 1 else (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1)
    # The smallest number of 64 bits cannot be written as one; it needs no bounds.
    outside = "0" if bits == 64 else f"{column} NOT BETWEEN {low} AND {high}"
    return f"typeof({column}) != 'null' AND (typeof({column}) != 'integer' OR {outside})"


def _identifier(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
