"""What a table in S3 is, from the headers and footers of its files: no row is read, and no Spark is needed.

Which files are a table's follows `lib.dataset` and Spark: a file, or all below a folder save those whose names begin
with a dot or an underscore; CSV where every name ends so, parquet otherwise.
"""

import csv
import io
import zlib
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq

from launcher import aws
from lib.errors import InputError
from lib.s3_uri import bucket_and_key

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_CSV = (".csv", ".csv.gz")
_MOST = 200  # files looked at; more tell nothing new of the columns
_TAIL = 64 * 1024
_MAGIC = b"PAR1"


@dataclass(frozen=True)
class Outline:
    """A table from outside.

    `columns` says of each whether it is a number (None: a CSV file does not say). `rows` is None where it would have to
    be counted; with `looked_at` less than `files` it counts the files that were looked at.
    """

    columns: Mapping[str, bool | None]
    rows: int | None
    files: int
    looked_at: int


def outline(s3: "S3Client", uri: str) -> Outline:
    """Look at a table; `s3` is a boto3 client.

    Raises:
        InputError: there is none, it is not readable with these credentials, or not a table.
    """
    bucket, key = bucket_and_key(uri)
    with aws.explained(f"cannot read {uri}"):
        keys = data_keys(s3, bucket, key)
        if not keys:
            raise InputError(f"there is no table at {uri}: no such file, or a folder without one")
        partitions = {
            part.partition("=")[0] for each in keys for part in each[len(key) :].split("/")[:-1] if "=" in part
        }
        looked_at = keys[:_MOST]
        if all(each.lower().endswith(_CSV) for each in keys):
            names = _header(s3, bucket, keys[0], uri)
            return Outline(dict.fromkeys([*names, *partitions]), None, len(keys), 1)
        with ThreadPoolExecutor(8) as pool:
            footers = list(pool.map(lambda each: _footer(s3, bucket, each), looked_at))
    columns = {field.name: _is_number(field.type) for field in footers[0].schema.to_arrow_schema()}
    rows = sum(footer.num_rows for footer in footers)
    return Outline(columns | dict.fromkeys(partitions), rows, len(keys), len(looked_at))


def data_keys(s3: "S3Client", bucket: str, key: str) -> list[str]:
    """The objects that are the table at `key`, in their order."""
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=key)
    found = {each["Key"]: each["Size"] for page in pages for each in page.get("Contents", [])}
    if key in found:
        return [key]
    below = [each for each, size in found.items() if size and (not key or each.startswith(f"{key}/"))]
    return [each for each in below if not any(map(_is_hidden, each[len(key) :].split("/")))]


def _is_hidden(name: str) -> bool:
    return name.startswith(".") or (name.startswith("_") and "=" not in name) or name.endswith("_$folder$")


def _footer(s3: "S3Client", bucket: str, key: str) -> pq.FileMetaData:
    """Parquet keeps what it holds at the end: the footer, its length in four bytes, and a mark."""
    tail = _read(s3, bucket, key, f"-{_TAIL}")
    length = int.from_bytes(tail[-8:-4], "little") + 8
    if tail[-4:] != _MAGIC or length < 12:
        raise InputError(f"s3://{bucket}/{key} is not a parquet file, nor a .csv")
    if length > len(tail):
        tail = _read(s3, bucket, key, f"-{length}")
    try:
        return pq.read_metadata(pa.BufferReader(tail[-length:]))
    except pa.ArrowException as error:
        raise InputError(f"s3://{bucket}/{key} is a damaged parquet file: {error}") from None


def _header(s3: "S3Client", bucket: str, key: str, uri: str) -> list[str]:
    head = _read(s3, bucket, key, f"0-{_TAIL - 1}")
    if key.lower().endswith(".gz"):
        head = zlib.decompressobj(wbits=31).decompress(head)
    names = next(csv.reader(io.StringIO(head.decode(errors="replace"))), [])
    if not names:
        raise InputError(f"{uri} has no line with the columns' names")
    return names


def _read(s3: "S3Client", bucket: str, key: str, extent: str) -> bytes:
    return s3.get_object(Bucket=bucket, Key=key, Range=f"bytes={extent}")["Body"].read()


def _is_number(kind: pa.DataType) -> bool:
    types = pa.types
    return types.is_integer(kind) or types.is_floating(kind) or types.is_decimal(kind) or types.is_boolean(kind)
