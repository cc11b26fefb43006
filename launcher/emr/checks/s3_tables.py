"""What a table in S3 is, from the headers and footers of its files: no row is read, and no Spark is needed.

`lib.support.tables` says which files and columns belong to the table; pyarrow.dataset reads what a file says of itself.
Objects are read through boto3, with its credentials and its errors. pyarrow's own S3 client does not share the
session's login and does not say why a read failed (a missing bucket looks like a missing file).
"""

import csv
import io
import re
import zlib
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import pyarrow as pa
from pyarrow import dataset

from launcher.support import aws
from lib.errors import InputError
from lib.support import tables
from lib.support.s3_uri import bucket_and_key

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

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


def outline(s3: "S3Client", uri: str) -> Outline:
    """Look at a table; `s3` is a boto3 client.

    Raises:
        InputError: there is none, it is not readable with these credentials, or not a table.
    """
    bucket, place = bucket_and_key(uri)
    with aws.translated_errors(f"cannot read {uri}"):
        objects = _objects(s3, bucket, place)
        if not objects:
            raise tables.absent(uri)
        paths = tables.data_files({key: path for key, (path, size) in objects.items() if size})
        table_format = tables.format_of(uri, paths)
        keys = list(paths)[: _MOST if table_format.arrow else 1]
        columns, rows = _look([_Object(s3, bucket, key, objects[key][1]) for key in keys], table_format)
    names = [column.name for column in columns]
    tables.check_names(uri, names)
    partitions = [name for name in tables.partition_columns(paths.values()) if name not in names]
    columns += [tables.Column(name, "", None) for name in partitions]
    return Outline(table_format, columns, rows, len(paths), len(keys))


class _Object(io.RawIOBase):
    """An object of S3 as a file: each read is a request. `failure` keeps the error of a read, because pyarrow's ORC
    reader replaces it by one of its own.
    """

    def __init__(self, s3: "S3Client", bucket: str, key: str, size: int):
        self.uri = f"s3://{bucket}/{key}"
        self.failure: Exception | None = None
        self._get = partial(s3.get_object, Bucket=bucket, Key=key)
        self._size, self._place = size, 0

    def readable(self) -> bool:
        """Yes; pyarrow asks."""
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Move to a position and return it."""
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._place, io.SEEK_END: self._size}[whence]
        self._place = start + offset
        return self._place

    def readinto(self, buffer: Any) -> int:
        """Fill `buffer` from the position on; return how many bytes it got."""
        end = min(self._place + len(buffer), self._size)
        if end <= self._place:
            return 0
        try:
            content = self._get(Range=f"bytes={self._place}-{end - 1}")["Body"].read()
        except Exception as error:
            self.failure = error
            raise
        buffer[: len(content)] = content
        self._place += len(content)
        return len(content)


def _objects(s3: "S3Client", bucket: str, place: str) -> dict[str, tuple[str, int]]:
    """The objects at a place or below it, by key: the path relative to the place, and the size."""
    pattern, start = _pattern(place), re.split(r"[*?\[{\\]", place)[0]
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=start)
    found = {}
    for each in (each for page in pages for each in page.get("Contents", [])):
        key = each["Key"]
        here = pattern.fullmatch(key)
        if here:
            found[key] = (here["below"] or key.rpartition("/")[2], each["Size"])
    # To Hadoop, an object of exactly this name is a file, even if there are objects below it.
    return {place: found[place]} if place in found else found


def _pattern(place: str) -> re.Pattern[str]:
    """A pattern for keys at a place or below it. The place may be a glob as Hadoop reads it (`*`, `?`, `[a-c]`, `[^a]`,
    `{a,b}`).
    """
    translated, depth = "", 0
    for token in re.findall(r"\[[^\]]+\]|\\.|.", place, re.DOTALL):
        if token in "*?":
            translated += "[^/]*" if token == "*" else "[^/]"
        elif token in "{}" or (token == "," and depth):
            depth += {"{": 1, "}": -1, ",": 0}[token]
            translated += {"{": "(?:", "}": ")", ",": "|"}[token]
        elif len(token) > 2:
            translated += token.replace("[!", "[^", 1)
        else:
            translated += re.escape(token[-1])
    try:
        return re.compile(f"{translated}(?:/(?P<below>.*))?" if place else "(?P<below>.*)", re.DOTALL)
    except re.error as error:
        raise InputError(f"{place} is not a pattern of files: {error}") from None


def _look(files: Sequence[_Object], table_format: tables.Format) -> tuple[list[tables.Column], int | None]:
    """The columns of the first file, and the rows of all where a file says how many it has."""
    if not table_format.arrow:
        return _header(files[0], table_format), None
    look = getattr(dataset, table_format.arrow)().make_fragment
    with ThreadPoolExecutor(8) as pool:
        footers = list(pool.map(lambda each: _footer(look, each, table_format), files))
    return footers[0][0], sum(rows for _, rows in footers)


def _footer(look: Callable[..., Any], file: _Object, table_format: tables.Format) -> tuple[list[tables.Column], int]:
    """A file's columns and how many rows it has."""
    try:
        fragment = look(pa.PythonFile(file, mode="r"))
        fields = fragment.physical_schema
        return [
            tables.Column(each.name, str(each.type), _is_number(each.type)) for each in fields
        ], fragment.count_rows()
    except (pa.ArrowException, OSError):
        raise (file.failure or tables.unreadable(file.uri, table_format)) from None


def _header(file: _Object, table_format: tables.Format) -> list[tables.Column]:
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
