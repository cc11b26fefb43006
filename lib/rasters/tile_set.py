"""Which raster files make a tile: one of its own, or those of a folder together."""

from collections.abc import Mapping, Sequence

from lib.rasters.tiles import Found, Resampling, Tile, has_all, look, tile_of, without_ending


def named_tiles(
    files: Sequence[str], features: Sequence[str], bands: Mapping[str, int] | None, resample: Resampling | None
) -> dict[str, Tile]:
    """The tiles that some files make, by name: that of its file or folder.

    A file that has bands for all features is a tile. The others are those of one tile in each folder.

    Raises:
        InputError: a tile lacks a feature's band, or for other reasons of `lib.rasters.tiles.open_tile`.
    """
    tiles: dict[str, Tile] = {}
    parts: dict[str, list[Found]] = {}
    for file in files:
        folder, _, name = file.rpartition("/")
        found = look(file)
        if has_all(found, features, bands):
            _add(tiles, without_ending(name), tile_of(found, features, bands, resample))
        else:
            parts.setdefault(folder, []).extend(found)
    for folder, of_tile in parts.items():
        _add(tiles, folder.rpartition("/")[2], tile_of(of_tile, features, bands, resample))
    return tiles


def _add(tiles: dict[str, Tile], name: str, tile: Tile) -> None:
    """Add a tile; of several with one name, the later ones get a number."""
    name = name or "tile"
    names = (name, *(f"{name}_{number}" for number in range(2, len(tiles) + 2)))
    tiles[next(each for each in names if each not in tiles)] = tile
