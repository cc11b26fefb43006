"""What drift and applicability need of the rows a model was trained on: a sample of them, kept with the model.

The sample has the rows with the lowest hashes of their content, so it is the same in every row order.
"""

import io
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lib.split import HASH_COL, TRAIN, VAL, Split

MOST_ROWS = 20_000
_MOST_BYTES = 16 * 2**20


@dataclass(frozen=True)
class Reference:
    """Training rows: values (rows × features), in canonical order, and the zone of each, if there are zones."""

    features: tuple[str, ...]
    values: npt.NDArray[np.float64]
    zones: npt.NDArray[np.object_] | None


def most_rows(n_features: int) -> int:
    """The number of rows that a sample has at most, so that it stays below 16 MB."""
    return min(MOST_ROWS, _MOST_BYTES // (8 * n_features))


def lowest_hashes(frame: DataFrame, names: list[str], rows: int) -> pd.DataFrame:
    """At most so many rows, those with the lowest hashes, with these columns, in canonical order."""
    order = [HASH_COL, *(f"`{name}`" for name in names)]
    return frame.sort(*order).limit(rows).select(*(F.col(f"`{name}`") for name in names)).toPandas()


def of(split: Split) -> bytes:
    """The sample of a split's training and validation rows as a parquet file."""
    zone = [split.table.zone_col] if split.table.zone_col else []
    rows = lowest_hashes(split.rows(TRAIN, VAL), [*split.features, *zone], most_rows(len(split.features)))
    buffer = io.BytesIO()
    rows.to_parquet(buffer, index=False)
    return buffer.getvalue()


def read(content: bytes, features: tuple[str, ...], zone_col: str | None) -> Reference:
    """The sample in a parquet file written by `of`."""
    rows = pd.read_parquet(io.BytesIO(content))
    zones = rows[zone_col].to_numpy(object) if zone_col else None
    return Reference(features, rows[list(features)].to_numpy(np.float64), zones)
