"""What a command needs of the machine before it begins: a home that can be written to, and a folder that exists."""

import os
import tempfile
from pathlib import Path

from launcher.support.console import err
from launcher.support.project import PROJECT_NAME
from lib.errors import InputError
from lib.support.private_folders import private_folder, shared_choice

_XDG = ("XDG_STATE_HOME", "XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME")


def ensure_home() -> None:
    """Give this process and all that it starts a home in the temporary folder, if theirs cannot be written to.

    Jupyter, IPython and Matplotlib keep files there, and so do we. Accounts of services often have none.
    """
    for name in _XDG:
        named = Path(os.environ.get(name) or "/")
        # A missing one is made when it is needed.
        there = next(folder for folder in (named, *named.parents) if folder.exists())
        if os.environ.get(name) and not _takes_files(there):
            del os.environ[name]
    try:
        home = Path.home()
    except RuntimeError:  # no HOME, and no entry for this user
        home = Path("/nonexistent")
    if not _takes_files(home):
        folder = private_folder([shared_choice(f"{PROJECT_NAME}-home")], f"{PROJECT_NAME}-home-")
        os.environ["HOME"] = str(folder)
        err().print(f"The home {home} cannot be written to: {folder} is used instead.", style="yellow", soft_wrap=True)


def working_folder() -> Path:
    """Where this process was started.

    Raises:
        InputError: it has been deleted since.
    """
    try:
        return Path.cwd()
    except FileNotFoundError:
        raise InputError("the current folder has been deleted: change to another one") from None


def _takes_files(folder: Path) -> bool:
    """Whether files can be made in a folder; only trying shows it."""
    try:
        with tempfile.TemporaryFile(dir=folder):
            return True
    except OSError:
        return False
