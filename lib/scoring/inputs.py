"""What is to be scored: a table, or raster files."""

from collections.abc import Sequence

from lib.rasters.files import is_raster
from lib.scoring.to_score import rasters_alone
from lib.storage import Storage
from lib.support.tables import absent, is_in_catalogue, rasters_among


def raster_files(storage: Storage, places: Sequence[str]) -> list[str]:
    """The raster files at some places (files, folders, or patterns of them), in order; none if they are tables.

    Raises:
        InputError: a place does not exist, or some are rasters and others are not.
    """
    found: dict[str, list[str]] = {}
    for place in places:
        if is_in_catalogue(place):
            found[place] = []
            continue
        matches = [place] if place.startswith("/vsi") else storage.glob(place)
        if not matches:
            raise absent(place)
        found[place] = rasters_among(matches, storage.list, is_raster)
    return rasters_alone(found)
