"""The files of S3, from the user's side. Spark's side reads and writes the same URIs by itself (`lib.storage`)."""

import mimetypes
from collections.abc import Collection, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from launcher.support import aws
from lib.support.s3_uri import bucket_and_key
from lib.support.texts import decoded

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

AT_ONCE = aws.CONNECTIONS // 2
"""Requests at the same time, of one place: two may be looked at together."""
_FOLDERS = 40  # of some 25 objects each: as many as fit into one answer

_ABSENT = ("404", "NoSuchKey", "NotFound")
# What an object is not that a request speaks of: missing where it must be there, or there, or another.
_NOT_AS_ASKED = (*_ABSENT, "PreconditionFailed", "ConditionalRequestConflict", "412", "409")


class S3Files:
    """Objects of S3 as files (`launcher.support.files.Files`), by `s3://` URI; an object appears whole or not at all.

    Each method raises what `aws.translated_errors` does, and InputError for what is no place in S3.
    """

    pause = 3.0  # a look is a request

    def __init__(self, client: "S3Client | None" = None):
        self._client = client or aws.client("s3")

    def read_text(self, place: str) -> str | None:
        """The text of a file, or None where there is none."""
        content = self.read_bytes(place)
        return None if content is None else decoded(content, place)

    def read_bytes(self, place: str) -> bytes | None:
        """The content of a file, or None where there is none."""
        bucket, key = bucket_and_key(place)
        with aws.translated_errors(f"cannot read {place}"):
            try:
                return self._client.get_object(Bucket=bucket, Key=key)["Body"].read()
            except ClientError as error:
                if aws.code(error) in _ABSENT:
                    return None
                raise

    def exists(self, place: str) -> bool:
        """Whether there is an object, or one below it as in a folder."""
        bucket, key = bucket_and_key(place)
        with aws.translated_errors(f"cannot look at {place}"):
            found = self._client.list_objects_v2(Bucket=bucket, Prefix=key, MaxKeys=1000).get("Contents", [])
        return any(each["Key"] == key or each["Key"].startswith(f"{key}/") for each in found)

    def names(self, folder: str) -> list[str]:
        """The names in a folder, in order; none where there is no such folder."""
        bucket, key = bucket_and_key(folder)
        key = f"{key}/" if key else ""
        with aws.translated_errors(f"cannot list {folder}"):
            pages = self._client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=key, Delimiter="/")
            found = [each for page in pages for each in (*page.get("CommonPrefixes", []), *page.get("Contents", []))]
        names = {each.get("Prefix", each.get("Key", ""))[len(key) :].rstrip("/") for each in found}
        return sorted(names - {""})

    def versions(self, folder: str, below: Sequence[str], names: Collection[str]) -> dict[str, str]:
        """The files of these names in folders directly `below` one: their path there, and their version.

        All objects are listed, by ranges of folders at once: a request lists a thousand of them.
        """
        order = sorted((f"{name}/" for name in below), key=str.encode)
        ranges = [order[first : first + _FOLDERS] for first in range(0, len(order), _FOLDERS)]
        with ThreadPoolExecutor(AT_ONCE) as pool:
            found = list(pool.map(lambda some: self._in_range(folder, some[0], some[-1]), ranges))
        wanted = {f"{name}/{file}" for name in below for file in names}
        return {path: version for part in found for path, version in part if path in wanted}

    def _in_range(self, folder: str, first: str, last: str) -> list[tuple[str, str]]:
        """The path below `folder` and the version of each object from one folder there to another, both included."""
        bucket, key = bucket_and_key(folder)
        key = f"{key}/" if key else ""
        found = []
        with aws.translated_errors(f"cannot list {folder}"):
            pages = self._client.get_paginator("list_objects_v2").paginate(
                Bucket=bucket, Prefix=key, StartAfter=f"{key}{first}"
            )
            for each in (each for page in pages for each in page.get("Contents", [])):
                path = each["Key"][len(key) :]
                if not path.startswith(last) and path.encode() > last.encode():
                    break
                found.append((path, f"{each['ETag']}-{each['Size']}"))
        return found

    def put(self, file: Path, place: str) -> None:
        """Upload a file of this machine; a browser shows what its name says it is."""
        bucket, key = bucket_and_key(place)
        kind = mimetypes.guess_type(key)[0] or "binary/octet-stream"
        with aws.translated_errors(f"cannot write {place}"), file.open("rb") as content:
            self._client.put_object(Bucket=bucket, Key=key, Body=content, ContentType=kind)

    def claim(self, place: str, content: bytes) -> bool:
        """Make an object, and tell whether it was not there: of several who do so at once, one is told."""
        bucket, key = bucket_and_key(place)
        with aws.translated_errors(f"cannot write {place}"), _unless_not_as_asked() as done:
            self._client.put_object(Bucket=bucket, Key=key, Body=content, IfNoneMatch="*")
            done.append(place)
        return bool(done)

    def replace_claim(self, place: str, old: str, content: bytes) -> bool:
        """Write a claim over one of this content, and tell whether it was there: of several at once, one is told."""
        bucket, key = bucket_and_key(place)
        with aws.translated_errors(f"cannot write {place}"), _unless_not_as_asked() as done:
            found = self._client.get_object(Bucket=bucket, Key=key)
            if found["Body"].read() == old.encode():
                self._client.put_object(Bucket=bucket, Key=key, Body=content, IfMatch=found["ETag"])
                done.append(place)
        return bool(done)

    def remove(self, place: str) -> None:
        """Remove an object, and all below it as in a folder."""
        bucket, key = bucket_and_key(place)
        with aws.translated_errors(f"cannot remove {place}"):
            pages = self._client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=key)
            keys = [each["Key"] for page in pages for each in page.get("Contents", [])]
            for each in keys:
                if each == key or each.startswith(f"{key}/"):
                    self._client.delete_object(Bucket=bucket, Key=each)


@contextmanager
def _unless_not_as_asked() -> Iterator[list[str]]:
    """A list for what was done; nothing is, and nothing raised, where the object is not as the request asks."""
    done: list[str] = []
    try:
        yield done
    except ClientError as error:
        if aws.code(error) not in _NOT_AS_ASKED:
            raise
