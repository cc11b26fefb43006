"""What a table in S3 is, from the headers and footers of its files.

Objects are read through boto3, with its credentials and its errors. pyarrow's own S3 client does not share the
session's login and does not say why a read failed (a missing bucket looks like a missing file).
"""

import io
import re
from functools import partial
from typing import TYPE_CHECKING, Any

from launcher.support import aws
from launcher.support.table_outline import MOST
from lib.errors import InputError
from lib.reading import outline as outlines
from lib.reading.options import Options
from lib.reading.outline import Outline
from lib.support import tables
from lib.support.s3_uri import bucket_and_key

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


def outline(s3: "S3Client", uri: str, options: Options) -> Outline:
    """Look at a table; `s3` is a boto3 client.

    Raises:
        InputError: there is none, it is not readable with these credentials, or not a table.
    """
    bucket, place = bucket_and_key(uri)
    with aws.translated_errors(f"cannot read {uri}"):
        objects = _objects(s3, bucket, place)
        return outlines.outline(uri, objects, lambda key: _Object(s3, bucket, key, objects[key][1]), options, MOST)


def rasters_at(s3: "S3Client", uri: str) -> list[str]:
    """The keys of the raster files at a place; none if it is a table, or if there is nothing.

    A file whose name does not tell is one if it is no parquet: the cluster asks GDAL, with rights of its own.

    Raises:
        InputError: it is not readable with these credentials.
    """
    bucket, place = bucket_and_key(uri)
    pattern = _pattern(place)
    below: dict[str, set[str]] = {}
    with aws.translated_errors(f"cannot read {uri}"):
        objects = _objects(s3, bucket, place)
        for key in objects:
            found = pattern.fullmatch(key)
            rest = (found and found["below"]) or ""
            names = below.setdefault(key.removesuffix(rest).rstrip("/"), set())
            names.update([rest] if rest and "/" not in rest else [])

        def is_no_parquet(key: str) -> bool:
            return key in objects and _Object(s3, bucket, key, objects[key][1]).read(4) != b"PAR1"

        return tables.rasters_among(list(below), lambda root: sorted(below[root]), is_no_parquet)


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
    """The objects at a place or below it, by key: the path below the place (or the part of a pattern that has no
    wildcard), and the size.
    """
    folder = tables.start_of(place)
    folder = "" if folder == "." else f"{folder}/"
    pattern, start = _pattern(place), re.split(r"[*?\[{\\]", place)[0]
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=start)
    found = {}
    for each in (each for page in pages for each in page.get("Contents", [])):
        key = each["Key"]
        here = pattern.fullmatch(key)
        if here:
            found[key] = (key.removeprefix(folder) if key.startswith(folder) else key.rpartition("/")[2], each["Size"])
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
