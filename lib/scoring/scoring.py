"""A scoring: a model, new ground, and everything that is written about it.

    scored = scoring.score(spark, model, inputs, out)     # the scores, and what is said about them
    scoring_report.write(spark, scored)                   # lib.reporting
    scoring.finish(spark, scored)                         # scores.json, written last: its presence means complete

The model may be one of ours, or a pipeline of a VectorAssembler and a forest or GBT that plain Spark ML saved; then
there is no calibration, no area of applicability and no drift.
"""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pyspark.sql import SparkSession

from lib import artifacts
from lib.errors import InputError
from lib.rasters.tile_set import named_tiles
from lib.rasters.tiles import Resampling
from lib.reading.options import Options
from lib.records.scores import SCORES
from lib.scoring import maps, rows
from lib.scoring.inputs import raster_files
from lib.scoring.maps import Map
from lib.scoring.model import load_model
from lib.scoring.to_score import check_begun, check_options
from lib.storage import Storage, join
from lib.support import filling, tables


@dataclass(frozen=True)
class Scored:
    """Scored rows or pixels: the folder, the content of `scores.json`, curves to draw, and maps to show."""

    folder: str
    record: dict[str, Any]
    curves: dict[str, Any]
    maps: tuple[Map, ...] = ()


def score(
    spark: SparkSession,
    model: str,
    inputs: str | Sequence[str],
    out: str,
    *,
    run_id: str = "",
    id_cols: Sequence[str] = (),
    missing: str | None = None,
    csv: Mapping[str, Any] | None = None,
    bands: Mapping[str, int] | None = None,
    resample: Resampling | None = None,
    best_areas: int = 20,
    resume: bool = False,
) -> Scored:
    """Score a table or raster tiles, and write what comes out below `<out>/scores/score_<run_id>`.

    `model` is a model's folder, or its `pipeline_best`.

    Of a table, `scores/` holds all rows: beside the scores the columns `id_cols` and, if the table has them, the
    model's coordinates, zone and label. `missing` says what happens to rows with a null, NaN or infinite feature:
    "error", "drop", or "median": they are filled as the model does. None: they are filled if the model does that, else
    an error. In tiles, only what is filled has a score. `csv` says how text files are written (`lib.reading.options`),
    where the model's parameters do not.

    Of tiles, `maps/` holds a folder for each, and `best_areas.geojson` the best `best_areas` areas of all.
    `bands` and `resample` are those of `lib.rasters.tiles.open_tile`. `resume` goes on with a run that died.

    Raises:
        InputError: there is no such model or it is none of trees, the input lacks features or has missing values, the
            scores exist already, or there is nothing to resume.
        SavedModelError: the scores are not those of Spark ML.
    """
    started = time.monotonic()
    storage, places = Storage(spark), tables.places(inputs)
    loaded = load_model(spark, model)
    rule = loaded.rule_for_missing(missing)
    folder = artifacts.score_dir(out, run_id or artifacts.new_run_id())
    _check_folder(storage, folder, resume)
    storage.check_writable(out)
    files = raster_files(storage, places)
    check_options(bool(files), id_cols, bands, resample, resume)
    if files:
        tiles = named_tiles(files, loaded.features, bands, resample)
        record, shown = maps.score_tiles(spark, loaded, tiles, folder, best_areas, resume, rule == filling.MEDIAN)
        curves: dict[str, Any] = {}
    else:
        options = Options.of_another(loaded.experiment.get("parameters", {}), csv)
        record, curves = rows.score_table(spark, loaded, places, folder, id_cols, rule, options)
        shown = ()
    record = SCORES.stamped(
        {
            "run_id": artifacts.run_id_of(folder),
            "inputs": places,
            **loaded.described(),
            **record,
            "seconds": round(time.monotonic() - started, 3),
        }
    )
    return Scored(folder, record, curves, shown)


def finish(spark: SparkSession, scored: Scored) -> None:
    """Write `scores.json`; what was kept to resume is no longer needed."""
    storage = Storage(spark)
    storage.write_record(join(scored.folder, artifacts.SCORES_RECORD), SCORES, scored.record)
    storage.delete(join(scored.folder, artifacts.WINDOWS))


def _check_folder(storage: Storage, folder: str, resume: bool) -> None:
    if resume:
        check_begun(storage.exists, folder)
    elif storage.exists(folder):
        raise InputError(f"{folder} already exists: leave run_id empty, or choose another --out")
