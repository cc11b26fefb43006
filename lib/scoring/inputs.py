"""What is to be scored: whether it is a table or raster tiles, and which files make a tile."""

from collections.abc import Mapping, Sequence

from lib.errors import InputError, some
from lib.rasters.tiles import Resampling, Tile, has_all, open_tile
from lib.storage import Storage, join
from lib.support.tables import absent, is_raster


def raster_files(storage: Storage, places: Sequence[str]) -> list[str]:
    """The raster files at some places (files, folders, or patterns of them), in order; none if they are tables.

    Raises:
        InputError: a place does not exist, or some are rasters and others are not.
    """
    found: dict[str, list[str]] = {}
    for place in places:
        matches = [place] if place.startswith("/vsi") else storage.glob(place)
        if not matches:
            raise absent(place)
        found[place] = [file for match in matches for file in _rasters_at(storage, match)]
    tables = [place for place, files in found.items() if not files]
    if tables and len(tables) < len(found):
        raise InputError(
            f"{some(tables)}: not a raster, as other inputs are; score tables and rasters in separate runs"
        )
    return list(dict.fromkeys(file for files in found.values() for file in files))


def named_tiles(
    files: Sequence[str], features: Sequence[str], bands: Mapping[str, int] | None, resample: Resampling | None
) -> dict[str, Tile]:
    """The tiles that some files make, by name: that of its file or folder.

    A file that has bands for all features is a tile. The others are those of one tile in each folder.

    Raises:
        InputError: a tile lacks a feature's band, or for other reasons of `lib.rasters.tiles.open_tile`.
    """
    tiles: dict[str, Tile] = {}
    parts: dict[str, list[str]] = {}
    for file in files:
        folder, _, name = file.rpartition("/")
        if has_all(file, features, bands):
            _add(tiles, name.rpartition(".")[0], open_tile(file, features, bands, resample))
        else:
            parts.setdefault(folder, []).append(file)
    for folder, of_tile in parts.items():
        _add(tiles, folder.rpartition("/")[2], open_tile(of_tile, features, bands, resample))
    return tiles


def _rasters_at(storage: Storage, place: str) -> list[str]:
    """A raster file, or those in a folder."""
    if is_raster(place):
        return [place]
    return [join(place, name) for name in storage.list(place) if is_raster(name) and not name.startswith((".", "_"))]


def _add(tiles: dict[str, Tile], name: str, tile: Tile) -> None:
    """Add a tile; of several with one name, the later ones get a number."""
    name = name or "tile"
    names = (name, *(f"{name}_{number}" for number in range(2, len(tiles) + 2)))
    tiles[next(each for each in names if each not in tiles)] = tile
