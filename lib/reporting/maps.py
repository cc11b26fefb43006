"""The sections of a scoring's report that are about maps: the maps, the best areas, and the files."""

from collections.abc import Mapping
from typing import Any

from lib.measures.judge import NAMES
from lib.reporting.language.words import Words
from lib.reporting.map_plots import tile_map
from lib.reporting.markdown import code, plain, section, table
from lib.reporting.pictures import Images, picture
from lib.reporting.report_data import Record
from lib.scoring.scoring import Scored

_MAPS_SHOWN = 12
_HECTARE, _KM2 = 1e4, 1e6
_ONE_SIZE = 1.01  # the pixels of one grid differ by less, of tiles in degrees


def marked_ground(record: Record, words: Words) -> str:
    """The marked area on the ground, as in ` (3.2 ha)`; "" if the size of a pixel is not known in every tile."""
    tiles = [tile for tile in record["tiles"] if tile["rows"]]
    if any(tile["pixel_m2"] is None for tile in tiles):
        return ""
    return f" ({_size(sum(tile['pixel_m2'] * tile['rows'] * tile['share_marked'] for tile in tiles), words)})"


def by_ground(record: Record) -> Record:
    """The record with shares of the ground in place of those of the pixels, where pixels are not all of one size."""
    tiles = [tile for tile in record["tiles"] if tile["rows"]]
    sizes = [tile["pixel_m2"] for tile in tiles]
    if None in sizes or max(sizes) <= _ONE_SIZE * min(sizes):
        return record
    weights = [tile["pixel_m2"] * tile["rows"] for tile in tiles]
    shares = {
        name: sum(weight * tile[name] for weight, tile in zip(weights, tiles, strict=True)) / sum(weights)
        for name in record
        if name.startswith("share_")
    }
    return {**record, **shares, "shares_of": "ground"}


def without_value(record: Record) -> int:
    """The number of pixels that have no score."""
    return sum(tile["width"] * tile["height"] for tile in record["tiles"]) - record["rows"]


def maps(scored: Scored, words: Words, images: Images) -> str:
    """The map of each tile."""
    blocks = []
    for drawn in scored.maps[:_MAPS_SHOWN]:
        figure = tile_map(drawn, scored.record, words.language)
        blocks.append(f"### {code(drawn.name)}")
        blocks.append(picture(images, f"map_{drawn.name}", figure, words("maps.alt", tile=plain(drawn.name))))
    more = len(scored.maps) - _MAPS_SHOWN
    said = words("maps.more", count=words.count(more)) if more > 0 else ""
    return section(words("heading.maps"), *blocks, said, words("note.maps"))


def best_areas(record: Record, words: Words) -> str:
    """The best areas as a table."""
    if not record["best_areas"]:
        return section(words("heading.best_areas"), words("areas.none"))
    lines = [_area(area, words) for area in record["best_areas"]]
    shown = [name for name in lines[0] if any(line[name] != "–" for line in lines)]
    if len(record["tiles"]) == 1:
        shown.remove("tile")
    if "lon" in shown:
        shown = [name for name in shown if name not in ("x", "y")]
    rows = [[str(rank), *(line[name] for name in shown)] for rank, line in enumerate(lines, start=1)]
    header = [words(f"areas.{name}") for name in ("rank", *shown)]
    align = "".join("l" if name == "tile" else "r" for name in ("rank", *shown))
    return section(words("heading.best_areas"), table(header, rows, align), words("areas.note"))


def _area(area: Mapping[str, Any], words: Words) -> dict[str, str]:
    """What the table says about an area, by column; a dash for what is not known."""
    share = area["share_applicable"]
    return {
        "tile": code(area["tile"]),
        "lat": words.number(area["lat"], 5),
        "lon": words.number(area["lon"], 5),
        "x": words.number(area["x"], 1),
        "y": words.number(area["y"], 1),
        "size": "–" if area["area_m2"] is None else _size(area["area_m2"], words),
        "pixels": words.count(area["pixels"]),
        "mean": words.number(area["mean_score"]),
        "highest": words.number(area["max_score"]),
        "applicable": "–" if share is None else words.percent(share, 0),
    }


def map_files(record: Record, words: Words) -> str:
    """What each file of `maps/` holds."""
    rows = [[code(f"{name}.tif"), words(f"column.{name}")] for name in NAMES if name in record["maps"]]
    meant = table([words("maps.file"), words("meaning")], rows, "ll")
    return section(words("heading.map_files"), words("maps.cogs"), meant)


def _size(square_metres: float, words: Words) -> str:
    """An area in km² from 10 km², in hectares from one hectare, and in m² below."""
    for unit, least, name in ((_KM2, 10 * _KM2, "km²"), (_HECTARE, _HECTARE, "ha")):
        if square_metres >= least:
            return f"{words.number(square_metres / unit, 1)}\u00a0{name}"
    return f"{words.number(square_metres, 0)}\u00a0m²"
