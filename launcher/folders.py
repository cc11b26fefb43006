"""The project's folders in this user's home, where the system has such: on Linux what XDG says."""

from pathlib import Path

import platformdirs

PROJECT_NAME = "mineria-ml-emr"


def state_folder() -> Path:
    """What must outlast a process, and is of no use on another machine."""
    return platformdirs.user_state_path(PROJECT_NAME, appauthor=False)


def cache_folder() -> Path:
    """What can be fetched or made again."""
    return platformdirs.user_cache_path(PROJECT_NAME, appauthor=False)
