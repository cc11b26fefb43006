"""Folders of this user alone, also where others may write: no links are followed, and no one else's folder is used."""

import os
import stat
import tempfile
from collections.abc import Iterable
from pathlib import Path


def private_folder(choices: Iterable[Path], prefix: str) -> Path:
    """The first of some folders that this user alone may write to; a missing one is made. Where there is none, a new
    folder in the temporary folder, whose name begins with `prefix`.
    """
    for folder in choices:
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            if is_private(folder):
                return folder
        except OSError:
            continue
    return Path(tempfile.mkdtemp(prefix=prefix))


def is_private(folder: Path) -> bool:
    """Whether a path is a folder and no link to one, this user's own, and writable for nobody else."""
    found = folder.lstat()
    others = stat.S_IWGRP | stat.S_IWOTH
    is_own = stat.S_ISDIR(found.st_mode) and found.st_uid == os.getuid() and not found.st_mode & others
    return is_own and os.access(folder, os.W_OK | os.X_OK)


def shared_choice(name: str) -> Path:
    """A folder in the temporary folder, whose name others can guess: for `private_folder` only."""
    return Path(tempfile.gettempdir()) / f"{name}-{os.getuid()}"
