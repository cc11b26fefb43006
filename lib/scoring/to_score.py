"""What one scoring takes, and what it may take up: one rule before anything starts and where Spark is."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from lib import artifacts
from lib.errors import InputError, some


def rasters_alone(found: Mapping[str, Sequence[str]]) -> list[str]:
    """All raster files of some places (`found` has those of each), in order; none if all places are tables.

    Raises:
        InputError: some are rasters and others are not.
    """
    tables = [place for place, files in found.items() if not files]
    if tables and len(tables) < len(found):
        raise InputError(
            f"{some(tables)}: not a raster, as other inputs are; score tables and rasters in separate runs"
        )
    return list(dict.fromkeys(file for files in found.values() for file in files))


def check_options(are_rasters: bool, id_cols: Sequence[str], bands: Any, resample: Any, resume: bool) -> None:
    """Check that what was asked for can be had of rasters, or of tables.

    Raises:
        InputError: it cannot.
    """
    if are_rasters and id_cols:
        raise InputError("id_cols: a raster has no columns to keep; leave it out")
    if not are_rasters and (bands or resample or resume):
        raise InputError("bands, resample and resume are for rasters, and the input is a table: leave them out")


def run_to_resume(name: str) -> str:
    """The run id of a scoring that is to be taken up, by its name or folder.

    Raises:
        InputError: it is no name of one.
    """
    run_id = artifacts.run_id_of(name)
    if not run_id:
        raise InputError(f"--resume {name}: must be the name of a scoring, score_YYYYMMDD_HHMMSS")
    return run_id


def check_begun(exists: Callable[[str], bool], folder: str) -> None:
    """Check that a scoring which is taken up was begun and is not complete.

    Raises:
        InputError: it was not, or is.
    """
    if exists(f"{folder}/{artifacts.SCORES_RECORD}"):
        raise InputError(f"cannot resume {folder}: it is complete")
    if not exists(f"{folder}/{artifacts.WINDOWS}"):
        raise InputError(f"cannot resume {folder}: no map was begun there; start a new run")
