"""The table of evaluated rows: what each row is, its score, its calibrated probability and its class.

Two evaluations of the same rows are compared row by row. So each row has the hash of its features, and of many rows the
same ones are kept whatever the model.
"""

from collections.abc import Sequence

import pandas as pd
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from lib.engines.saved_models import SCORE_COL, in_tasks
from lib.measures.decision import Decision
from lib.measures.judge import CALIBRATED, CLASS, SCORE, beside
from lib.measures.rows import FEATURES_COL
from lib.support.blocks import BLOCK_COL

ROW_HASH = "row_hash"
OWN = (ROW_HASH, SCORE, CALIBRATED, CLASS)
MOST_ROWS = 200_000
"""Of more rows than these, about so many are kept."""
_BLOCK = "block"


def scored_rows(frame: DataFrame, kept: Sequence[str], chosen: Decision) -> DataFrame:
    """The columns `kept` of a frame that has `SCORE_COL` and `FEATURES_COL`, then those of `OWN`.

    `row_hash` is that of the features. `class` is 1 where the score is above the model's threshold. Without a
    calibration there is no `calibrated`. The blocks of coordinates are called `block`. A column that is kept and has
    one of these names gets an underscore.
    """
    score = F.col(SCORE_COL)
    columns = [F.col(f"`{name}`").alias(own) for name, own in _names_of(kept).items()]
    columns += [F.col(FEATURES_COL).alias(ROW_HASH), score.alias(SCORE)]
    if chosen.calibration is not None:
        calibration = frame.sparkSession.sparkContext.broadcast(chosen.calibration)
        calibrated = in_tasks(lambda scores: pd.Series(calibration.value(scores[:, 0])), "double")
        columns.append(calibrated(score).alias(CALIBRATED))
    return frame.select(*columns, (score > chosen.threshold).cast("int").alias(CLASS))


def sampled(frame: DataFrame, rows: int) -> DataFrame:
    """A frame of so many rows, or of more than `MOST_ROWS` a share that has about as many.

    The features of a row alone decide whether it stays, so it does in the evaluation of any model on these rows, and
    with it all rows that repeat it.
    """
    return frame if rows <= MOST_ROWS else frame.where(_share_of_rows() < MOST_ROWS / rows)


def roles(kept: Sequence[str], chosen: Decision, **of_table: str | None) -> dict[str, str | None]:
    """Which column of the table is what, None where there is none: its own, and the `kept` ones that are named here."""
    names = _names_of(kept)
    calibrated = None if chosen.calibration is None else CALIBRATED
    own = {"row_hash": ROW_HASH, "score": SCORE, "calibrated": calibrated, "class": CLASS}
    return own | {role: names[name] if name else None for role, name in of_table.items()}


def _names_of(kept: Sequence[str]) -> dict[str, str]:
    """The name in the table of each column that is kept."""
    own = (*OWN, _BLOCK) if BLOCK_COL in kept else OWN
    return {name: _BLOCK if name == BLOCK_COL else _free(name, own, kept) for name in kept}


def _share_of_rows() -> Column:
    """A number from 0 to 1 for each different row, evenly spread; it is none of the split's, whose ranges are parts."""
    return F.shiftrightunsigned(F.xxhash64(F.lit(ROW_HASH), F.col(FEATURES_COL)), 11) / F.lit(2.0**53)


def _free(name: str, own: Sequence[str], kept: Sequence[str]) -> str:
    """The name of a column beside `own` ones, which no other column has that is kept."""
    others = [other.lower() for other in kept if other != name]
    found = beside(name, own)
    while found.lower() in others:
        found += "_"
    return found
