"""The table of evaluated rows: what each row is, its score, its calibrated probability and its class."""

from collections.abc import Sequence

import pandas as pd
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lib.measures.decision import Decision
from lib.measures.judge import CALIBRATED, CLASS, SCORE, beside
from lib.saved_models import SCORE_COL, in_tasks
from lib.support.blocks import BLOCK_COL

OWN = (SCORE, CALIBRATED, CLASS)
_BLOCK = "block"


def scored_rows(frame: DataFrame, kept: Sequence[str], chosen: Decision) -> DataFrame:
    """The columns `kept` of a frame that has `SCORE_COL`, then `score`, `calibrated` and `class`.

    `class` is 1 where the score is above the model's threshold. Without a calibration there is no `calibrated`. The
    blocks of coordinates are called `block`. A column that is kept and has one of these names gets an underscore.
    """
    score = F.col(SCORE_COL)
    own = (*OWN, _BLOCK) if BLOCK_COL in kept else OWN
    columns = [F.col(f"`{name}`").alias(_BLOCK if name == BLOCK_COL else _free(name, own, kept)) for name in kept]
    columns.append(score.alias(SCORE))
    if chosen.calibration is not None:
        calibration = frame.sparkSession.sparkContext.broadcast(chosen.calibration)
        calibrated = in_tasks(lambda scores: pd.Series(calibration.value(scores[:, 0])), "double")
        columns.append(calibrated(score).alias(CALIBRATED))
    return frame.select(*columns, (score > chosen.threshold).cast("int").alias(CLASS))


def _free(name: str, own: Sequence[str], kept: Sequence[str]) -> str:
    """The name of a column beside `own` ones, which no other column has that is kept."""
    others = [other.lower() for other in kept if other != name]
    found = beside(name, own)
    while found.lower() in others:
        found += "_"
    return found
