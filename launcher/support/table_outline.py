"""A table of this machine from outside: `lib.reading.outline` looks at its files, by the rules of reading."""

import io
import os
from pathlib import Path

from launcher.support.files import matching
from lib.errors import InputError
from lib.reading.options import Options
from lib.reading.outline import Outline, outline
from lib.support import tables

MOST = 200  # files looked at before a run; more would seldom say anything new about the columns


class _LocalFile(io.FileIO):
    """A file of this machine."""

    failure: Exception | None = None

    def __init__(self, path: str):
        super().__init__(path)
        self.uri = path


def local_outline(place: str, path: Path, options: Options) -> Outline | None:
    """Look at a table of this machine, which the user calls `place`; None for a pattern that only Hadoop knows.

    Raises:
        InputError: there is none, it may not be read, or it is not a table.
    """
    if not path.exists() and "{" in str(path):
        return None
    start = path if path.exists() else Path(tables.start_of(str(path)))
    try:
        files = {file: found for root in matching(path) for file, found in _below(root, start).items()}
        return outline(place, files, _LocalFile, options, MOST)
    except OSError as error:
        raise InputError(f"cannot read {place}: {error.strerror or error}; check its permissions") from None


def _below(root: Path, start: Path) -> dict[str, tuple[str, int]]:
    """A file, or all files below a folder: the path below `start`, and the size."""
    if root.is_file():
        path = root.name if root == start else root.relative_to(start).as_posix()
        return {str(root): (path, root.stat().st_size)}
    found = [Path(folder, name) for folder, _, names in os.walk(root) for name in sorted(names)]
    return {str(file): (file.relative_to(start).as_posix(), file.stat().st_size) for file in found}
