"""Reading and writing what an experiment leaves, from the user's side: one small interface, whatever the place."""

import fcntl
import glob
import os
import re
import shutil
import tempfile
from collections.abc import Collection, Sequence
from contextlib import suppress
from pathlib import Path
from pkgutil import resolve_name
from typing import Protocol
from urllib.parse import unquote, urlsplit

from lib.errors import InputError
from lib.support.atomic_write import make_new, replacing, write_whole
from lib.support.s3_uri import is_s3
from lib.support.texts import decoded

# File systems of the Hadoop that PySpark brings.
_HADOOP = ("hdfs", "webhdfs", "swebhdfs", "viewfs")


def matching(path: Path) -> list[Path]:
    """The file or folder at a path of this machine, or, of a pattern, what it matches."""
    # Path.glob wants its root apart.
    return [path] if path.exists() else [Path(each) for each in sorted(glob.glob(str(path)))]  # noqa: PTH207


class Files(Protocol):
    """The files of one place (a file system, a bucket), by path or URI; `pause` is the seconds between two looks."""

    pause: float

    def read_text(self, place: str) -> str | None:
        """The text of a file, or None where there is none."""

    def read_bytes(self, place: str) -> bytes | None:
        """The content of a file, or None where there is none."""

    def exists(self, place: str) -> bool:
        """Whether there is a file or folder."""

    def names(self, folder: str) -> list[str]:
        """The names in a folder, in order; none where there is no such folder."""

    def versions(self, folder: str, below: Sequence[str], names: Collection[str]) -> dict[str, str]:
        """The files of these names (`a` or `a/b`) in folders directly `below` one: path there, and version.

        A file that is written again has another version, also if it is as long as before; "" where nothing tells.
        """

    def put(self, file: Path, place: str) -> None:
        """Copy a file of this machine to a place, whole or not at all."""

    def claim(self, place: str, content: bytes) -> bool:
        """Make a file, and tell whether it was not there: of several who do so at once, one is told."""

    def replace_claim(self, place: str, old: str, content: bytes) -> bool:
        """Write a claim over one of this content, and tell whether it was there: of several at once, one is told."""

    def remove(self, place: str) -> None:
        """Remove a file or a folder with what is in it, where there is one."""


class LocalFiles:
    """Files of this machine, by plain path or `file:` URI."""

    pause = 0.5

    def read_text(self, place: str) -> str | None:
        """The text of a file, or None where there is none.

        Raises:
            InputError: it is a folder, may not be read, or is no text.
        """
        content = self.read_bytes(place)
        return None if content is None else decoded(content, place)

    def read_bytes(self, place: str) -> bytes | None:
        """The content of a file, or None where there is none.

        Raises:
            InputError: it is a folder, or may not be read.
        """
        try:
            return _local(place).read_bytes()
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            raise InputError(
                f"{place} cannot be read ({error.strerror}); check what it is, and its permissions"
            ) from None

    def exists(self, place: str) -> bool:
        """Whether there is a file or folder."""
        return _local(place).exists()

    def names(self, folder: str) -> list[str]:
        """The names in a folder, in order; none where there is no such folder."""
        place = _local(folder)
        return sorted(each.name for each in place.iterdir()) if place.is_dir() else []

    def versions(self, folder: str, below: Sequence[str], names: Collection[str]) -> dict[str, str]:
        """The files of these names in folders directly `below` one: their path there, and their version."""
        found = {}
        for each in below:
            for name in names:
                with suppress(OSError):  # it is not there, or its link leads nowhere
                    stat = (_local(folder) / each / name).stat()
                    # A file is replaced by another, whose inode differs where the clock is too coarse to tell.
                    found[f"{each}/{name}"] = f"{stat.st_mtime_ns}-{stat.st_size}-{stat.st_ino}"
        return found

    def put(self, file: Path, place: str) -> None:
        """Copy a file of this machine to a place, whole or not at all."""
        with file.open("rb") as content, replacing(_local(place)) as stream:
            shutil.copyfileobj(content, stream)

    def claim(self, place: str, content: bytes) -> bool:
        """Make a file, and tell whether it was not there: of several who do so at once, one is told."""
        return make_new(_local(place), content)

    def replace_claim(self, place: str, old: str, content: bytes) -> bool:
        """Write a claim over one of this content, and tell whether it was there: of several at once, one is told."""
        path = _local(place)
        try:
            with path.open("rb+") as file:
                fcntl.flock(file, fcntl.LOCK_EX)
                # Whoever had the lock before may have put another file in its place.
                if path.read_bytes() != old.encode():
                    return False
                write_whole(path, content)
        except FileNotFoundError:
            return False
        return True

    def remove(self, place: str) -> None:
        """Remove a file or a folder with what is in it, where there is one."""
        target = _local(place)
        if target.is_dir():
            shutil.rmtree(target)
        else:
            target.unlink(missing_ok=True)


def files_at(place: str) -> Files:
    """Choose what reads and writes at a place, by its scheme.

    Raises:
        InputError: results cannot go to a place of that scheme.
    """
    if local_path(place) is not None:
        return LocalFiles()
    if is_s3(place):
        # boto3 takes a while to import, which a run on this machine need not wait for.
        from launcher.support.s3_files import S3Files

        return S3Files()
    if place.partition(":")[0].lower() in _HADOOP:
        # As text, for it is above: it needs what starts Java.
        through_hadoop: Files = resolve_name("launcher.hadoop_files:HadoopFiles")()
        return through_hadoop
    raise InputError(f"out={place}: results go to a folder of this machine, to s3://bucket/prefix or to hdfs://")


def put_content(files: Files, content: bytes, place: str) -> None:
    """Write a file of this content, whole or not at all."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "content")
        file.write_bytes(content)
        files.put(file, place)


def is_uri(place: str) -> bool:
    """Whether a place names its file system, as `s3://bucket/key` and `file:/tmp/x` do."""
    return re.match(r"[A-Za-z][A-Za-z0-9+.-]*:", place) is not None


def local_path(place: str) -> Path | None:
    """The path of a place on this machine, or None for a place elsewhere."""
    if not is_uri(place):
        return Path(place)
    return Path(unquote(urlsplit(place).path)) if place.lower().startswith("file:") else None


def resolved(place: str) -> str:
    """A place by a name that says the same in each working folder."""
    here = local_path(place)
    return str(here.resolve()) if here else place.rstrip("/")


def nearest_existing(path: Path) -> Path:
    """A path if there is something, or the nearest of the folders above it."""
    return next(each for each in (path, *path.parents) if os.path.lexists(each))


def shown(place: str, cwd: Path | None = None) -> str:
    """A place as a person would type it here: relative where that is shorter."""
    if is_uri(place):
        return place
    relative = os.path.relpath(place, cwd)
    return place if relative.startswith("..") else relative


def _local(place: str) -> Path:
    path = local_path(place)
    assert path is not None, place
    return path
