"""The text in a file, which may be packed."""

import bz2
import gzip
import io
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any, BinaryIO

from lib.errors import InputError

# What reading a damaged file raises.
DAMAGED = (zlib.error, gzip.BadGzipFile, zipfile.BadZipFile, EOFError, OSError)
_PIECE = 64 * 1024  # read at once: each is a request to S3


@contextmanager
def unpacked(uri: str, file: Any) -> Iterator[BinaryIO]:
    """The bytes of a file, unpacked if its name ends in .gz, .bz2 or .zip. `file` is a raw, seekable file, which is
    closed at the end.

    Raises:
        InputError: a .zip has no member, or several.
    """
    name = uri.lower()
    with ExitStack() as stack:
        stream: Any = stack.enter_context(io.BufferedReader(file, _PIECE))
        if name.endswith(".gz"):
            stream = stack.enter_context(gzip.GzipFile(fileobj=stream))
        elif name.endswith(".bz2"):
            stream = stack.enter_context(bz2.BZ2File(stream))
        elif name.endswith(".zip"):
            archive = stack.enter_context(zipfile.ZipFile(stream))
            stream = stack.enter_context(archive.open(_member(uri, archive)))
        yield stream


def _member(uri: str, archive: zipfile.ZipFile) -> str:
    members = [name for name in archive.namelist() if not name.endswith("/") and not name.startswith("__MACOSX/")]
    if len(members) != 1:
        raise InputError(
            f"{uri} has {len(members) or 'no'} files in it, not one: unpack it, and name what is to be read"
        )
    if not members[0].lower().endswith((".csv", ".tsv", ".txt")):
        raise InputError(f"{uri} has {members[0]} in it, which is no text file: unpack it")
    return members[0]
