"""What is kept of the rows that a model was trained on, to compare others with them.

A sample of the rows serves drift and applicability: those with the lowest hashes of their content, so that it is the
same in every row order. The hashes of all of them tell which rows of another table the model has seen.
"""

import io
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from lib import artifacts, dataset
from lib.errors import Damaged
from lib.records.door import FORMAT, newer
from lib.records.model import REMEDY
from lib.split import HASH_COL, TRAIN, VAL, Split
from lib.storage import Storage, join

MOST_ROWS = 20_000
_MOST_BYTES = 16 * 2**20
VERSION = 1
"""Of the layout of the sample's file."""
_FORMAT = FORMAT.encode()
_SEEN_COL = "__features_hash"  # no feature can have this name
PLACE_COLS = ("__x", "__y")
"""The coordinates of a training row, in the order of the table's."""


@dataclass(frozen=True)
class Reference:
    """Training rows: values (rows × features), in canonical order, and the zone of each, if there are zones."""

    values: npt.NDArray[np.float64]
    zones: npt.NDArray[np.object_] | None


def most_rows(n_features: int) -> int:
    """The number of rows that a sample has at most, so that it stays below 16 MB."""
    return min(MOST_ROWS, _MOST_BYTES // (8 * n_features))


def sample(frame: DataFrame, names: Sequence[str]) -> pd.DataFrame:
    """The rows with the lowest hashes of a frame that has `HASH_COL`, with these columns, in canonical order."""
    columns = [F.col(f"`{name}`") for name in names]
    return frame.sort(HASH_COL, *columns).limit(most_rows(len(names))).select(*columns).toPandas()


def write(storage: Storage, folder: str, split: Split) -> None:
    """Keep the training and validation rows of a split beside their model."""
    rows = split.rows(TRAIN, VAL)
    zone = [split.table.zone_col] if split.table.zone_col else []
    table = pa.Table.from_pandas(sample(rows, [*split.features, *zone]), preserve_index=False)
    buffer = io.BytesIO()
    pq.write_table(table.replace_schema_metadata({**table.schema.metadata, _FORMAT: str(VERSION).encode()}), buffer)
    storage.write_bytes(join(folder, artifacts.REFERENCE), buffer.getvalue())
    # As they were read: a row with a value is another than one with a median in its place.
    names = split.table.coordinates
    places = [F.col(f"`{name}`").alias(own) for name, own in zip(names, PLACE_COLS, strict=bool(names))]
    seen = split.as_given(TRAIN, VAL).select(dataset.row_hash(split.features).alias(_SEEN_COL), *places)
    seen.write.mode("overwrite").parquet(join(folder, artifacts.SEEN_ROWS))


def read(storage: Storage, folder: str, features: Sequence[str], zone_col: str | None) -> Reference | None:
    """The sample beside a model, None beside one of an earlier version.

    Raises:
        InputError: it is damaged, or of a later version.
    """
    place = join(folder, artifacts.REFERENCE)
    if not storage.exists(place):
        return None
    rows = _rows(storage.read_bytes(place), place, [*features, *([zone_col] if zone_col else [])])
    zones = rows[zone_col].to_numpy(object) if zone_col else None
    try:
        return Reference(rows[list(features)].to_numpy(np.float64), zones)
    except (TypeError, ValueError):
        raise _damaged(place, "it has features that are no numbers") from None


def _rows(content: bytes, place: str, names: Sequence[str]) -> pd.DataFrame:
    try:
        table = pq.read_table(io.BytesIO(content), partitioning=None)
        version = int((table.schema.metadata or {}).get(_FORMAT, b"1"))
        if version <= VERSION:
            rows = table.select(names).to_pandas()
    except KeyError as error:
        raise _damaged(place, f"it has no column {error.args[0]}") from None
    except (pa.ArrowException, OSError, ValueError, MemoryError):
        raise _damaged(place, "it is not a parquet file that can be read") from None
    if version > VERSION:
        raise newer(place, version, VERSION)
    return rows


def _damaged(place: str, why: str) -> Damaged:
    return Damaged(place, why, REMEDY)


def mark_seen(
    spark: SparkSession, folder: str, frame: DataFrame, features: Sequence[str], name: str
) -> DataFrame | None:
    """Add a column: whether a row with these features stood in training or validation; None if that is not known."""
    rows = _seen_rows(spark, folder)
    if rows is None:
        return None
    seen = rows.select(_SEEN_COL).distinct().withColumn(name, F.lit(True))
    marked = frame.withColumn(_SEEN_COL, dataset.row_hash(features)).join(seen, _SEEN_COL, "left")
    return marked.withColumn(name, F.coalesce(F.col(name), F.lit(False))).drop(_SEEN_COL)


def places(spark: SparkSession, folder: str) -> DataFrame | None:
    """The coordinates of all training and validation rows (`PLACE_COLS`); None if the model has none."""
    rows = _seen_rows(spark, folder)
    return rows.select(*PLACE_COLS) if rows is not None and set(PLACE_COLS) <= set(rows.columns) else None


def _seen_rows(spark: SparkSession, folder: str) -> DataFrame | None:
    place = join(folder, artifacts.SEEN_ROWS)
    return spark.read.parquet(place) if Storage(spark).exists(place) else None
