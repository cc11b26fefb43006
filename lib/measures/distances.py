"""How far measured rows lie from the training rows, where the table has coordinates.

If they lie among them, a good figure may only show that neighbours are alike (R's CAST: geodist).
"""

from collections.abc import Iterable, Iterator, Sequence

import numpy as np
import pandas as pd
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lib.split import HASH_COL
from lib.support.workers import quick_to_reuse
from lib.trees.nearest import FEW, make_nearest

MOST_ROWS = 2_000
QUANTILES = (0.0, 0.25, 0.5, 0.75, 0.95, 1.0)


def to_training_rows(rows: DataFrame, training: DataFrame, names: Sequence[str]) -> dict[str, float]:
    """Quantiles of the distance from rows to the nearest training row, in the unit of the coordinates `names`.

    The keys are the quantiles as text. Of more than `MOST_ROWS` rows, those with the lowest hashes (`HASH_COL`) are
    looked at; all training rows are, in one pass.
    """
    columns = [F.col(f"`{name}`") for name in names]
    points = rows.sort(HASH_COL, *columns).limit(MOST_ROWS).select(*columns).toPandas().to_numpy(np.float64)

    def of_frames(frames: Iterable[pd.DataFrame]) -> Iterator[pd.DataFrame]:
        nearest = np.full(len(points), np.inf)
        for frame in frames:
            for few in np.array_split(frame.to_numpy(np.float64), -(-len(frame) // FEW)) if len(frame) else []:
                nearest = np.minimum(nearest, make_nearest(few).squares(points))
        yield pd.DataFrame({"squares": [nearest.tolist()]})

    of_partitions = training.select(*columns).mapInPandas(
        lambda frames: iter(quick_to_reuse(of_frames)(frames)), "squares array<double>"
    )
    found = np.sqrt(np.min([row["squares"] for row in of_partitions.collect()], axis=0))
    return {f"{q:g}": float(np.quantile(found, q)) for q in QUANTILES}
