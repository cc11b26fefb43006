"""Writing a local file completely or not at all. Pure Python, for both sides use it."""

import errno
import os
import stat
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

_NO_LINKS = (errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK, errno.EXDEV)


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
    hidden = _hidden_beside(file)
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
    """Make a file with its folder, and tell whether there was none: of several who do so at once, one is told.

    Whoever reads it finds all of the content, except on file systems without hard links: there it is empty at first.
    """
    file.parent.mkdir(parents=True, exist_ok=True)
    whole = _hidden_beside(file)
    try:
        whole.write_bytes(content)
        os.link(whole, file)
    except FileExistsError:
        return False
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        return _make_exclusively(file, content)
    finally:
        whole.unlink(missing_ok=True)
    return True


def _make_exclusively(file: Path, content: bytes) -> bool:
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


def _hidden_beside(file: Path) -> Path:
    """In the same folder, because a rename is atomic only within a file system; hidden, so that Spark ignores it."""
    return file.with_name(f".{uuid.uuid4().hex}.part")


def _copy_permissions(file: Path, stream: BinaryIO) -> None:
    with suppress(FileNotFoundError):
        os.fchmod(stream.fileno(), stat.S_IMODE(file.stat().st_mode))
