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

STANDARD_INPUT = "-"
# A line is read up to so many characters, whatever its length: binary files have few line ends.
_LONGEST = 8_192
_GZIP = b"\x1f\x8b"
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
    name = "standard input" if file == STANDARD_INPUT else file
    try:
        if file == STANDARD_INPUT:
            return Source(name, telling(lines(sys.stdin.buffer)), ends=True, is_any=True)
        with Path(file).open("rb") as stream:
            return Source(name, telling(lines(stream)), ends=True, is_any=True)
    except FileNotFoundError:
        raise InputError(f"there is no file {file}: name a log that exists, or - for standard input") from None
    except IsADirectoryError:
        raise InputError(f"{file} is a folder: name the log in it, or several ({file}/*)") from None
    except (OSError, EOFError, zlib.error) as error:
        raise InputError(f"cannot read {file} ({error}): name a log that can be read") from None


def lines(stream: BinaryIO) -> Iterator[str]:
    """The lines of a text in any encoding, zipped or not, with any line ends; each cut to a bounded length."""
    read = io.BufferedReader(cast(io.RawIOBase, stream)) if not hasattr(stream, "peek") else stream
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
