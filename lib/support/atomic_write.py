"""Writing a local file completely or not at all. Pure Python, for both sides use it."""

import os
import stat
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO


@contextmanager
def replacing(file: Path, private: bool = False) -> Iterator[BinaryIO]:
    """A stream whose content becomes the file when the block ends; a missing folder is created.

    If the block fails or is interrupted, the file stays as it was and nothing else is left behind. A replaced file
    keeps its permissions; a new file gets the default ones, or is readable by this user only if `private`.

    Raises:
        OSError: the file cannot be written.
    """
    flags, mode = os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600 if private else 0o666  # minus the umask
    with replacing_path(file) as hidden, os.fdopen(os.open(hidden, flags, mode), "wb") as stream:
        if not private:
            _copy_permissions(file, stream)
        yield stream


@contextmanager
def replacing_path(file: Path) -> Iterator[Path]:
    """Like `replacing`, for a library that writes by itself: a path at which it must make the file.

    Raises:
        OSError: the file cannot be written.
    """
    file.parent.mkdir(parents=True, exist_ok=True)
    # In the same folder, because a rename is atomic only within a file system; hidden, so that Spark ignores it.
    hidden = file.with_name(f".{uuid.uuid4().hex}.part")
    try:
        yield hidden
        with hidden.open("rb") as stream:
            # Otherwise a power cut after the rename might leave the new name without its content.
            os.fsync(stream.fileno())
        hidden.replace(file)
    finally:
        hidden.unlink(missing_ok=True)


def write_whole(file: Path, content: bytes, private: bool = False) -> None:
    """Write this content to a file in the same way as `replacing`.

    Raises:
        OSError: the file cannot be written.
    """
    with replacing(file, private) as stream:
        stream.write(content)


def make_new(file: Path, content: bytes) -> bool:
    """Make a file with its folder, and tell whether there was none: of several who do so at once, one is told."""
    file.parent.mkdir(parents=True, exist_ok=True)
    try:
        stream = file.open("xb")
    except FileExistsError:
        return False
    try:
        with stream:
            stream.write(content)
    except BaseException:
        file.unlink(missing_ok=True)
        raise
    return True


def _copy_permissions(file: Path, stream: BinaryIO) -> None:
    with suppress(FileNotFoundError):
        os.fchmod(stream.fileno(), stat.S_IMODE(file.stat().st_mode))
