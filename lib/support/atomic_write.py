"""Writing a file of this machine whole or not at all. Pure Python: both sides write so."""

import os
import stat
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO


@contextmanager
def replacing(file: Path, private: bool = False) -> Iterator[BinaryIO]:
    """A stream whose content becomes the file once the block ends; its folder is made where there is none.

    Where the block fails or is interrupted, the file stays as it was and nothing else is left. A file that is replaced
    keeps its permissions; a new one has the usual ones, or is for this user alone if `private`.

    Raises:
        OSError: the place cannot be written.
    """
    file.parent.mkdir(parents=True, exist_ok=True)
    # In the same folder, for a rename is one step only within a file system; hidden, so that Spark passes over it.
    hidden = file.with_name(f".{uuid.uuid4().hex}.part")
    try:
        flags, mode = os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600 if private else 0o666  # less what the umask takes
        with os.fdopen(os.open(hidden, flags, mode), "wb") as stream:
            if not private:
                _copy_permissions(file, stream)
            yield stream
            stream.flush()
            # Else a power cut after the rename might leave the new name without its content.
            os.fsync(stream.fileno())
        hidden.replace(file)
    finally:
        hidden.unlink(missing_ok=True)


def write_whole(file: Path, content: bytes, private: bool = False) -> None:
    """Write a file of this content as `replacing` does.

    Raises:
        OSError: the place cannot be written.
    """
    with replacing(file, private) as stream:
        stream.write(content)


def _copy_permissions(file: Path, stream: BinaryIO) -> None:
    with suppress(FileNotFoundError):
        os.fchmod(stream.fileno(), stat.S_IMODE(file.stat().st_mode))
