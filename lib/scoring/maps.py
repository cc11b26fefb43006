"""Maps of raster tiles: what a model says of their pixels, as Cloud Optimized GeoTIFFs, and the areas to look at."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from affine import Affine
from pyspark.sql import SparkSession

from lib import artifacts
from lib.errors import InputError, some
from lib.measures.judge import DISSIMILARITY, SCORE
from lib.rasters.cogs import OUTPUTS, write_cogs
from lib.rasters.files import shown
from lib.rasters.ground import PixelSize
from lib.rasters.quicklook import Overview, in_coordinates, overview, pixel_size
from lib.rasters.targets import Area, best_areas, geojson, properties
from lib.rasters.tiles import Tile
from lib.scoring import tally, windows
from lib.scoring.model import Model
from lib.storage import Storage, join

# Facts about the model that each map carries.
_TAGS = ("model", "threshold", "spread_limit", "dissimilarity_limit")


@dataclass(frozen=True)
class Map:
    """The map of a tile, to be shown.

    Attributes:
        name: of the tile.
        overviews: of its maps, by name.
        shape: rows and columns of the tile's pixels.
        pixel: the size of one on the ground, if that is known.
        to_picture: from the tile's coordinates, in which its areas are given, to those of the overviews' extents.
    """

    name: str
    overviews: Mapping[str, Overview]
    shape: tuple[int, int]
    pixel: PixelSize | None
    to_picture: Affine


def score_tiles(
    spark: SparkSession,
    model: Model,
    tiles: Mapping[str, Tile],
    folder: str,
    most_areas: int,
    resume: bool,
    fill: bool = False,
) -> tuple[dict[str, Any], tuple[Map, ...]]:
    """Score all pixels of some tiles and write their maps; returns what is said about them, and the maps to show.

    With `fill`, pixels that have a value in some bands are scored, too.

    Raises:
        InputError: a file cannot be read, no pixel has a value in every band, or there is nothing to resume.
        SavedModelError: the scores are not those of Spark ML.
    """
    started = time.monotonic()
    windows.begin(spark, model, list(tiles.values()), folder, resume, fill)
    resumed = windows.score_windows(spark, model, list(tiles.values()), folder, fill)
    counts, sample, filled = windows.summary(spark, model, folder)
    described = tally.describe(model.judge, sum(counts.values(), tally.nothing()))
    if not described["rows"]:
        bands = "any band" if fill else "every band"
        raise InputError(f"no pixel of {some(list(tiles))} has a value in {bands}: check their nodata")
    model.check(spark, sample)
    scored = time.monotonic()
    maps, areas = [], []
    for number, (name, tile) in enumerate(tiles.items()):
        drawn, found = _write(spark, model, number, name, tile, folder, most_areas)
        maps.append(drawn)
        areas += [(name, area) for area in found]
    areas = sorted(areas, key=lambda each: -each[1].worth)[:most_areas]
    Storage(spark).write_json(join(folder, artifacts.BEST_AREAS), geojson(areas))
    record = {
        **described,
        **({"filled": _filled(model, filled)} if fill else {}),
        "tiles": [
            _described(name, tile, pixel_size(tile), tally.describe(model.judge, counts[number]))
            for number, (name, tile) in enumerate(tiles.items())
        ],
        "maps": windows.outputs(model.judge),
        "best_areas": [{"tile": name, **properties(area)} for name, area in areas],
        "resumed_windows": resumed,
        "timings": {"score": round(scored - started, 3), "write": round(time.monotonic() - scored, 3)},
        **model.beside_training(model.scorer.filled(sample)),
    }
    return record, tuple(maps)


def _filled(model: Model, counted: Any) -> dict[str, Any]:
    """The pixels with a filled value, and how many of each feature, where there are any."""
    pixels, *values = counted.tolist()
    return {"rows": pixels, "values": {name: n for name, n in zip(model.features, values, strict=True) if n}}


def _write(
    spark: SparkSession, model: Model, number: int, name: str, tile: Tile, folder: str, most_areas: int
) -> tuple[Map, list[Area]]:
    """Write the maps of a tile from its finished windows; returns what to show of them, and their best areas."""
    storage = Storage(spark)
    outputs = {each: OUTPUTS[each] for each in windows.outputs(model.judge)}
    tags = {key: str(value) for key, value in model.described().items() if key in _TAGS and value is not None}
    # Java's folder for temporary files is on a large disk on EMR, while Python's is on the small one of the system.
    jvm: Any = spark.sparkContext._jvm
    with TemporaryDirectory(dir=jvm.System.getProperty("java.io.tmpdir")) as work:
        files = write_cogs(tile, Path(work), windows.pieces(spark, model, tile, number, folder), outputs, tags)
        area = model.judge.area
        unlike = (files[DISSIMILARITY], area.threshold) if area else None
        areas = best_areas(files[SCORE], model.judge.decision.threshold, most_areas, unlike)
        shown_maps = {each: overview(file) for each, file in files.items()}
        for each, file in files.items():
            storage.upload(file, join(folder, artifacts.MAPS, name, f"{each}.tif"))
    to_picture = Affine.identity() if in_coordinates(tile.transform) else ~tile.transform
    return Map(name, shown_maps, (tile.height, tile.width), pixel_size(tile), to_picture), areas


def _described(name: str, tile: Tile, pixel: PixelSize | None, counted: Mapping[str, Any]) -> dict[str, Any]:
    """What `scores.json` says about a tile: its pixels (n), those with a score, their shares, and square metres."""
    return {
        "tile": name,
        "files": list(dict.fromkeys(shown(band.file) for band in tile.bands)),
        "width": tile.width,
        "height": tile.height,
        "crs": tile.crs.to_string() if tile.crs else None,
        "pixel_m2": pixel.area if pixel else None,
        **{key: value for key, value in counted.items() if key != "histogram"},
    }
