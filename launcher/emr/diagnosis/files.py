"""Evidence from files alone: logs that somebody kept, of any run, read without AWS."""

import codecs
import gzip
import io
import sys
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import BinaryIO, cast

from launcher.emr.clusters import UNKNOWN
from launcher.emr.diagnosis.evidence import Evidence, Source, telling
from lib.errors import InputError
from lib.support.s3_uri import is_s3

STANDARD_INPUT = "-"
# A line is read up to so many characters, whatever its length: binary files have few line ends.
_LONGEST = 8_192
_GZIP = b"\x1f\x8b"
_PACKED = {b"BZh": "bunzip2", b"\xfd7zXZ": "unxz", b"PK\x03\x04": "unzip", b"\x28\xb5\x2f\xfd": "unzstd"}
_UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


def evidence_of(files: Sequence[str]) -> Evidence:
    """What the files say; each may be any log, of any place, so no line counts for less than another.

    Raises:
        InputError: a file is not there, or cannot be read.
    """
    return Evidence(UNKNOWN, None, tuple(_source(file) for file in files))


def _source(file: str) -> Source:
    if not file:
        raise InputError("a log without a name: name a log that exists, or - for standard input")
    try:
        if file == STANDARD_INPUT:
            return _read("standard input", sys.stdin.buffer)
        with Path(file).open("rb") as stream:
            return _read(file, stream)
    except FileNotFoundError:
        elsewhere = ": download it first (aws s3 cp)" if is_s3(file) else ""
        remedy = elsewhere or ": name a log that exists, or - for standard input"
        raise InputError(f"there is no file {file}{remedy}") from None
    except IsADirectoryError:
        raise InputError(f"{file} is a folder: name the log in it, or several ({file}/*)") from None
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise InputError(
            f"cannot read {file} ({error}): it is cut off or damaged; copy it again, or give what can be read of it "
            f"(zcat {file} > part.log)"
        ) from None
    except OSError as error:
        raise InputError(f"cannot read {file} ({error}): name a log that can be read") from None


def _read(name: str, stream: BinaryIO) -> Source:
    stream = _peekable(stream)
    start = stream.peek(6)
    for signature, tool in _PACKED.items():
        if start.startswith(signature):
            raise InputError(f"{name} is packed: unpack it with {tool} first; only gzip is read as it is")
    return Source(name, telling(lines(stream), is_any=True), ends=True, is_any=True)


def _peekable(stream: BinaryIO) -> io.BufferedReader:
    return cast(io.BufferedReader, stream if hasattr(stream, "peek") else io.BufferedReader(cast(io.RawIOBase, stream)))


def lines(stream: BinaryIO) -> Iterator[str]:
    """The lines of a text in any encoding, gzipped or not, with any line ends; each cut to a bounded length."""
    read: BinaryIO = _peekable(stream)
    start = cast(io.BufferedReader, read).peek(2)[:2]
    if start == _GZIP:
        read = cast(BinaryIO, gzip.GzipFile(fileobj=read))
        start = b""
    # PowerShell writes UTF-16 where a command is redirected to a file.
    encoding = "utf-16" if start in _UTF_16 else "utf-8"
    text = io.TextIOWrapper(read, encoding=encoding, errors="replace")
    try:
        while line := text.readline(_LONGEST):
            yield line
            while len(line) == _LONGEST and not line.endswith("\n"):
                line = text.readline(_LONGEST)
    finally:
        text.detach()
