"""Scoring the windows of raster tiles in Spark tasks. What is finished is kept, so that a run that died can go on.

Each window is a row of a parquet table, in a file of its own that its task writes as soon as it is done: with version 2
of Hadoop's committer, a file is in its place when its task ends, not when the whole job does.
"""

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from py4j.protocol import Py4JJavaError
from pyspark.errors import PySparkException
from pyspark.sql import DataFrame, Row, SparkSession

from lib import artifacts
from lib.errors import InputError
from lib.measures.judge import Judge
from lib.measures.reference import most_rows
from lib.metrics import Array
from lib.rasters.cogs import OUTPUTS, Piece
from lib.rasters.files import shown
from lib.rasters.tiles import Tile
from lib.rasters.windows import Bools, Window, reading, windows
from lib.records import model_files
from lib.records.scores import BEGUN
from lib.scoring import tally
from lib.scoring.model import Model
from lib.storage import Storage, join
from lib.support import filling
from lib.support.session import settings
from lib.support.workers import quick_to_reuse

_BEGUN = "_begun.json"  # Spark reads no file with such a name
_COUNTS = "counts"
_SAMPLE = "sample"
_VALID = "valid"
_FILLED = "filled"


@dataclass(frozen=True)
class Work:
    """All that a task needs: the model, the tiles, the share of their pixels to keep as a sample, and the windows.

    `fills` stand for missing values (NaN: there is nothing to fill a feature with), if they are to be filled; `nodata`
    are values of features that are missing.
    """

    judge: Judge
    fills: tuple[float, ...] | None
    nodata: tuple[float, ...]
    tiles: tuple[Tile, ...]
    sampled: float
    windows: tuple[tuple[int, Window], ...]

    def __call__(self, number: int) -> dict[str, Any]:
        """Score a window; returns its row of the table."""
        of_tile, window = self.windows[number]
        tile = self.tiles[of_tile]
        may_lack = None if self.fills is None else [not np.isnan(value) for value in self.fills]
        with reading(tile, may_lack, self.nodata) as read:
            values, valid = read(window)
        lacking = np.isnan(values)
        columns = self.judge(values if self.fills is None else filling.filled(values, self.fills))
        return {
            "tile": of_tile,
            "window": window.number,
            _VALID: np.packbits(valid).tobytes(),
            _COUNTS: tally.count(self.judge, columns).tobytes(),
            _FILLED: np.append(lacking.any(axis=1).sum(), lacking.sum(axis=0)).astype(np.int64).tobytes(),
            _SAMPLE: values[_chosen(tile, window, valid, self.sampled)].tobytes(),
            **{name: columns[name].astype(OUTPUTS[name].dtype).tobytes() for name in outputs(self.judge)},
        }


def outputs(judge: Judge) -> list[str]:
    """The maps that a model makes."""
    return [name for name in OUTPUTS if name in judge.names]


def begin(
    spark: SparkSession, model: Model, tiles: Sequence[Tile], folder: str, resume: bool, fill: bool = False
) -> None:
    """Say what is begun in a folder, or check that what was begun there is the same.

    Raises:
        InputError: what was begun there was another model's, of other tiles, or with missing values treated otherwise.
    """
    storage, place = Storage(spark), join(folder, artifacts.WINDOWS, _BEGUN)
    files = sorted({shown(band.file) for tile in tiles for band in tile.bands})
    record = {
        "model": [model_files.outline(storage.folders, model.pipeline).folder, model.judge.decision.threshold],
        "tiles": [repr(tile) for tile in tiles],
        "missing": filling.MEDIAN if fill else filling.DROP,
        "files": {file: storage.stamp(file) for file in files if not file.startswith("/vsi")},
    }
    if not resume:
        storage.write_record(place, BEGUN, record)
        return
    begun = storage.read_record(place, BEGUN)
    changed = [name for name, value in record.items() if begun.get(name) != json.loads(json.dumps(value))]
    if changed:
        raise InputError(f"cannot resume {folder}: its {' and '.join(changed)} changed since; start a new run")


def score_windows(spark: SparkSession, model: Model, tiles: Sequence[Tile], folder: str, fill: bool) -> int:
    """Score all windows that are not finished; returns how many were.

    Raises:
        InputError: a file cannot be read.
    """
    finished = {(row["tile"], row["window"]) for row in _table(spark, model, folder).select("tile", "window").collect()}
    every = [(number, window) for number, tile in enumerate(tiles) for window in windows(tile)]
    work = tuple(each for each in every if (each[0], each[1].number) not in finished)
    if work:
        share = most_rows(len(model.features)) / sum(window.pixels for _, window in every)
        fills = model.scorer.fills if fill else None
        shared = spark.sparkContext.broadcast(Work(model.judge, fills, model.nodata, tuple(tiles), share, work))

        def of_numbers(frames: Iterable[pd.DataFrame]) -> Iterator[pd.DataFrame]:
            for frame in frames:
                yield pd.DataFrame([shared.value(number) for number in frame["id"]])

        rows = spark.range(0, len(work), 1, len(work)).mapInPandas(
            lambda frames: iter(quick_to_reuse(of_numbers)(frames)), _schema(model)
        )
        options = {"mapreduce.fileoutputcommitter.algorithm.version": "2", "compression": "zstd"}
        with _task_errors():
            rows.write.options(**options).mode("append").parquet(join(folder, artifacts.WINDOWS))
        shared.destroy()
    return len(finished)


def summary(
    spark: SparkSession, model: Model, folder: str
) -> tuple[dict[int, tally.Counts], Array, npt.NDArray[np.int64]]:
    """The counts of each tile's pixels, and the features of a sample of all pixels (rows × features), not yet filled.

    Also the number of pixels where something was filled, and that of those where each feature was.
    """
    counts: dict[int, tally.Counts] = {}
    sampled = []
    filled = np.zeros(1 + len(model.features), np.int64)
    for row in _distinct(_table(spark, model, folder).select("tile", "window", _COUNTS, _SAMPLE, _FILLED).collect()):
        of_window = np.frombuffer(row[_COUNTS], np.int64).reshape(tally.nothing().shape)
        counts[row["tile"]] = counts.get(row["tile"], tally.nothing()) + of_window
        sampled.append(np.frombuffer(row[_SAMPLE], np.float64).reshape(-1, len(model.features)))
        filled += np.frombuffer(row[_FILLED], np.int64)
    values = np.concatenate(sampled)
    return counts, values[np.lexsort(values.T)], filled


def pieces(spark: SparkSession, model: Model, tile: Tile, number: int, folder: str) -> Iterator[Piece]:
    """What the windows of a tile say, one after another."""
    by_number = {window.number: window for window in windows(tile)}
    names = outputs(model.judge)
    table = _table(spark, model, folder).where(f"tile = {number}").select("tile", "window", _VALID, *names)
    # A window is some MB: the driver gets a few of them at a time.
    with settings(spark, {"spark.sql.files.maxPartitionBytes": str(2**24)}):
        for row in _distinct(table.toLocalIterator()):
            window = by_number[row["window"]]
            valid = np.unpackbits(np.frombuffer(row[_VALID], np.uint8), count=window.pixels).astype(bool)
            values = {name: np.frombuffer(row[name], OUTPUTS[name].dtype) for name in names}
            yield window, values, valid.reshape(window.height, window.width)


@contextmanager
def _task_errors() -> Iterator[None]:
    """An InputError of a task as the InputError that it is; Spark has made a long text of it."""
    try:
        yield
    except (PySparkException, Py4JJavaError) as error:
        if found := re.search(r"lib\.errors\.\w*InputError: (.+)", str(error)):
            raise InputError(found[1].strip()) from None
        raise


def _schema(model: Model) -> str:
    binary = ", ".join(f"{name} binary" for name in (_VALID, _COUNTS, _SAMPLE, _FILLED, *outputs(model.judge)))
    return f"tile int, window int, {binary}"


def _table(spark: SparkSession, model: Model, folder: str) -> DataFrame:
    """The finished windows. The schema is given, for at first there is none."""
    return spark.read.schema(_schema(model)).parquet(join(folder, artifacts.WINDOWS))


def _distinct(rows: Iterable[Row]) -> Iterator[Row]:
    """Each window once: a task that was started twice may have written it twice."""
    seen = set()
    for row in rows:
        if (row["tile"], row["window"]) not in seen:
            seen.add((row["tile"], row["window"]))
            yield row


def _chosen(tile: Tile, window: Window, valid: Bools, share: float) -> npt.NDArray[np.bool_]:
    """Which valid pixels of a window belong to the sample: a pseudo-random choice by their place in the tile."""
    if share >= 1:
        return np.ones(np.count_nonzero(valid), bool)
    row, column = np.nonzero(valid)
    place = ((row + window.row) * tile.width + column + window.column).astype(np.uint64)
    # The finalizer of SplitMix64 (Steele, Lea and Flood 2014).
    place = (place ^ (place >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    place = (place ^ (place >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return (place ^ (place >> np.uint64(31))) < np.uint64(share * 2**64)
