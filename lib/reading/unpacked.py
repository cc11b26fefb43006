"""The text in a file, which may be packed."""

import bz2
import gzip
import io
import zipfile
import zlib
from typing import Any, cast

from lib.errors import InputError

# What reading a damaged file raises.
DAMAGED = (zlib.error, gzip.BadGzipFile, zipfile.BadZipFile, EOFError, OSError)
_PIECE = 64 * 1024  # read at once: each is a request to S3


def unpacked(uri: str, file: Any) -> io.BufferedIOBase:
    """The bytes of a file, unpacked if its name ends in .gz, .bz2 or .zip. `file` is a raw, seekable file.

    Raises:
        InputError: a .zip has no member, or several.
    """
    stream = io.BufferedReader(file, _PIECE)
    name = uri.lower()
    if name.endswith(".gz"):
        return cast(io.BufferedIOBase, gzip.GzipFile(fileobj=stream))
    if name.endswith(".bz2"):
        return bz2.BZ2File(stream)
    if name.endswith(".zip"):
        archive = zipfile.ZipFile(stream)
        return cast(io.BufferedIOBase, archive.open(_member(uri, archive)))
    return stream


def _member(uri: str, archive: zipfile.ZipFile) -> str:
    members = [name for name in archive.namelist() if not name.endswith("/") and not name.startswith("__MACOSX/")]
    if len(members) != 1:
        raise InputError(
            f"{uri} has {len(members) or 'no'} files in it, not one: unpack it, and name what is to be read"
        )
    if not members[0].lower().endswith((".csv", ".tsv", ".txt")):
        raise InputError(f"{uri} has {members[0]} in it, which is no text file: unpack it")
    return members[0]
