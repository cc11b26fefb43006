"""What a table is, from the headers and footers of its files: no row is read, and no Spark is needed.

`lib.support.tables` says which files and columns belong to the table; pyarrow.dataset reads what a file says of itself.
"""

import csv
import io
import os
import zlib
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import pyarrow as pa
from pyarrow import dataset

from launcher.support.files import matching
from lib.errors import InputError
from lib.support import tables

_MOST = 200  # files looked at; more would say nothing new about the columns
_HEADER = 64 * 1024


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


class TableFile(Protocol):
    """A file that can be read at any place. `failure` keeps the error of a read: pyarrow's ORC reader replaces it by
    one of its own.
    """

    uri: str
    failure: Exception | None

    def read(self, size: int = -1, /) -> bytes:
        """Read from the position on."""

    def close(self) -> None:
        """Read no more."""


def outline(uri: str, files: Mapping[str, tuple[str, int]], opened: Callable[[str], TableFile]) -> Outline:
    """Look at the table at `uri`: `files` are all files there, each with its path relative to `uri` and its size.

    Raises:
        InputError: there is none, or it is not a table.
    """
    if not files:
        raise tables.absent(uri)
    paths = tables.data_files({file: path for file, (path, size) in files.items() if size})
    table_format = tables.format_of(uri, paths)
    some = list(paths)[: _MOST if table_format.arrow else 1]
    with ExitStack() as stack:
        columns, rows = _look([stack.enter_context(closing(opened(file))) for file in some], table_format)
    names = [column.name for column in columns]
    tables.check_names(uri, names)
    partitions = [name for name in tables.partition_columns(paths.values()) if name not in names]
    columns += [tables.Column(name, "", None) for name in partitions]
    return Outline(table_format, columns, rows, len(paths), len(some))


class _LocalFile(io.FileIO):
    """A file of this machine."""

    failure: Exception | None = None

    def __init__(self, path: str):
        super().__init__(path)
        self.uri = path


def local_outline(place: str, path: Path) -> Outline | None:
    """Look at a table of this machine, which the user calls `place`; None for a pattern that only Hadoop knows.

    Raises:
        InputError: there is none, it may not be read, or it is not a table.
    """
    if not path.exists() and "{" in str(path):
        return None
    try:
        files = {file: found for root in matching(path) for file, found in _below(root).items()}
        return outline(place, files, _LocalFile)
    except OSError as error:
        raise InputError(f"cannot read {place}: {error.strerror or error}; check its permissions") from None


def _below(root: Path) -> dict[str, tuple[str, int]]:
    """A file, or all files below a folder: the path relative to the folder, and the size."""
    if root.is_file():
        return {str(root): (root.name, root.stat().st_size)}
    found = [Path(folder, name) for folder, _, names in os.walk(root) for name in sorted(names)]
    return {str(file): (file.relative_to(root).as_posix(), file.stat().st_size) for file in found}


def _look(files: Sequence[TableFile], table_format: tables.Format) -> tuple[list[tables.Column], int | None]:
    """The columns of the first file, and the rows of all where a file says how many it has."""
    if not table_format.arrow:
        return _header(files[0], table_format), None
    look = getattr(dataset, table_format.arrow)().make_fragment
    with ThreadPoolExecutor(8) as pool:
        footers = list(pool.map(lambda each: _footer(look, each, table_format), files))
    return footers[0][0], sum(rows for _, rows in footers)


def _footer(look: Callable[..., Any], file: TableFile, table_format: tables.Format) -> tuple[list[tables.Column], int]:
    """A file's columns and how many rows it has."""
    try:
        fragment = look(pa.PythonFile(file, mode="r"))
        fields = fragment.physical_schema
        return [
            tables.Column(each.name, str(each.type), _is_number(each.type)) for each in fields
        ], fragment.count_rows()
    except (pa.ArrowException, OSError):
        raise (file.failure or tables.unreadable(file.uri, table_format)) from None


def _header(file: TableFile, table_format: tables.Format) -> list[tables.Column]:
    """The columns that the first line names."""
    head = file.read(_HEADER)
    try:
        text = zlib.decompressobj(wbits=31).decompress(head) if file.uri.lower().endswith(".gz") else head
    except zlib.error:
        raise tables.unreadable(file.uri, table_format) from None
    lines = csv.reader(io.StringIO(text.decode("utf-8-sig", errors="replace")))
    names = next(filter(None, lines), [])
    return [tables.Column(name, "", None) for name in names]


def _is_number(kind: pa.DataType) -> bool:
    types = pa.types
    return types.is_integer(kind) or types.is_floating(kind) or types.is_decimal(kind) or types.is_boolean(kind)
