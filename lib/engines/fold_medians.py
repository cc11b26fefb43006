"""What fills the missing values of each fold: the medians of its own training rows.

Those of the whole training part would let the zone that is left out have a say in them.
"""

from collections.abc import Sequence

import numpy as np
from pyspark.sql import functions as F

from lib.search.folds import Fold
from lib.split import HASH_COL, PART_COL, PARTS, Split
from lib.support import filling

_CELL = "__cell"


def fold_medians(split: Split, folds: Sequence[Fold]) -> list[dict[str, float]]:
    """The medians of each fold by feature, of the features that have missing values; found in one go for all folds.

    A feature without a value in a fold's training rows is filled with 0: it is the same in all of them, so that no tree
    splits by it, and what stands there does not matter.
    """
    features = [name for name in split.features if split.table.lacking.get(name)]
    if not features:
        return [{} for _ in folds]
    # Rows of the zones and parts that are in the same folds are counted together.
    members: dict[tuple[bool, ...], int] = {}
    cells = []
    for name in split.count_by_zone():
        for part in PARTS:
            of_folds = tuple(name in fold.train_zones and part in fold.train for fold in folds)
            if any(of_folds):
                cells.append((name, part, members.setdefault(of_folds, len(members))))
    zone = F.col(f"`{split.table.zone_col}`") if split.table.zone_col else F.lit("")
    named = split.spark.createDataFrame(cells, f"__zone string, {PART_COL} string, {_CELL} int")
    rows = split.frame.withColumn("__zone", zone).join(F.broadcast(named), ["__zone", PART_COL])
    found = filling.medians(rows, features, F.col(_CELL), np.array(list(members)).T, HASH_COL)
    return [dict(zip(features, np.nan_to_num(of_fold).tolist(), strict=True)) for of_fold in found]
