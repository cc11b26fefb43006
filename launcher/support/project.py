"""The project: what it is called, where it stands on this machine, and its folders in this user's home."""

from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
PROJECT_NAME = "mineria-ml-emr"


def state_folder() -> Path:
    """What must outlast a process, and is of no use on another machine."""
    import platformdirs  # not there before anything is installed, when `tools/lib_zip.py` asks where the project is

    return platformdirs.user_state_path(PROJECT_NAME, appauthor=False)


def cache_folder() -> Path:
    """What can be fetched or made again."""
    import platformdirs

    return platformdirs.user_cache_path(PROJECT_NAME, appauthor=False)
