"""How far the held-out rows lie from the training rows, where the table has coordinates.

If they lie among them, a good figure may only show that neighbours are alike (R's CAST: geodist).
"""

import numpy as np
import numpy.typing as npt
from pyspark.sql import functions as F

from lib.metrics import Array
from lib.split import HASH_COL, TEST, TRAIN, VAL, Split

MOST_TEST_ROWS = 2_000
MOST_TRAINING_ROWS = 500_000
QUANTILES = (0.0, 0.25, 0.5, 0.75, 0.95, 1.0)

_CELLS = 4_000_000  # distances held at once


def nearest_training_rows(split: Split) -> dict[str, float] | None:
    """Quantiles of the distance from held-out rows to the nearest training or validation row, in the columns' unit.

    The keys are the quantiles as text. Of more than `MOST_TEST_ROWS` held-out rows, those with the lowest hashes are
    looked at. None without coordinates, or with more than `MOST_TRAINING_ROWS` training rows.
    """
    names = split.table.coordinates
    training = split.parts[TRAIN]["rows"] + split.parts[VAL]["rows"]
    if not names or training > MOST_TRAINING_ROWS:
        return None
    columns = [F.col(f"`{name}`") for name in names]
    test = split.rows(TEST).sort(HASH_COL, *columns).limit(MOST_TEST_ROWS).select(*columns).toPandas()
    train = split.rows(TRAIN, VAL).select(*columns).toPandas()
    found = nearest(test.to_numpy(np.float64), train.to_numpy(np.float64))
    return {f"{q:g}": float(np.quantile(found, q)) for q in QUANTILES}


def nearest(points: Array, others: Array) -> npt.NDArray[np.float64]:
    """The Euclidean distance of each point (points × 2) to the nearest of the others."""
    step = max(1, _CELLS // len(others))
    return np.concatenate(
        [
            np.sqrt(((points[start : start + step, None, :] - others[None, :, :]) ** 2).sum(axis=2).min(axis=1))
            for start in range(0, len(points), step)
        ]
    )
