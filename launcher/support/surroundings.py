"""What a command needs of the machine before it begins: a home that can be written to, and a folder that exists."""

import os
import tempfile
from pathlib import Path

import platformdirs

from launcher.support.console import err
from launcher.support.files import nearest_existing
from launcher.support.project import PROJECT_NAME, cache_folder, state_folder
from lib.errors import InputError
from lib.support.private_folders import private_folder, shared_choice

_XDG = ("XDG_STATE_HOME", "XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME")


def ensure_home() -> None:
    """Give this process and all that it starts a home in the temporary folder, if theirs cannot be written to.

    Jupyter, IPython and Matplotlib keep files there, and so do we. Accounts of services often have none.
    """
    for name in _XDG:
        named = os.environ.get(name)
        if named and not all(_takes_files(nearest_existing(each)) for each in (Path(named), *_used_below(named))):
            del os.environ[name]
    try:
        home = Path.home()
    except RuntimeError:  # no HOME, and no entry for this user
        home = Path("/nonexistent")
    there = [home, *(nearest_existing(folder) for folder in _used())]
    wrong = next((folder for folder in there if not _takes_files(folder)), None)
    if wrong:
        folder = private_folder([shared_choice(f"{PROJECT_NAME}-home")], f"{PROJECT_NAME}-home-")
        os.environ["HOME"] = str(folder)
        which = f"The home {home}" if wrong == home else f"{wrong} in the home {home}"
        err().print(f"{which} cannot be written to: {folder} is used instead.", style="yellow", soft_wrap=True)


def working_folder() -> Path:
    """Where this process was started.

    Raises:
        InputError: it has been deleted since.
    """
    try:
        return Path.cwd()
    except FileNotFoundError:
        raise InputError("the current folder has been deleted: change to another one") from None


def _used() -> list[Path]:
    """Folders that we and Jupyter make files in. A missing one is made when it is needed."""
    return [state_folder(), cache_folder(), platformdirs.user_data_path("jupyter", appauthor=False)]


def _used_below(folder: str) -> list[Path]:
    return [each for each in _used() if each.is_relative_to(folder)]


def _takes_files(folder: Path) -> bool:
    """Whether files can be made in a folder; only trying shows it."""
    try:
        with tempfile.TemporaryFile(dir=folder):
            return True
    except OSError:
        return False
