"""The table of scored rows: what each row is, its score, its calibrated probability and its class."""

from collections.abc import Iterator, Sequence
from typing import Any

import pandas as pd
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F
from pyspark.sql.pandas.functions import pandas_udf

from lib.measures.calibration import Isotonic
from lib.measures.decision import Decision
from lib.saved_models import SCORE_COL
from lib.support.blocks import BLOCK_COL

SCORE, CALIBRATED, CLASS = OWN = ("score", "calibrated", "class")


def scored_rows(frame: DataFrame, kept: Sequence[str], chosen: Decision) -> DataFrame:
    """The columns `kept` of a frame that has `SCORE_COL`, then `score`, `calibrated` and `class`.

    `class` is 1 where the score is above the model's threshold. A column that is kept and has one of these names gets
    an underscore; the blocks of coordinates are called `block`. Without a calibration there is no `calibrated`.
    """
    score = F.col(SCORE_COL)
    columns = [F.col(f"`{name}`").alias(_name(name)) for name in kept]
    columns.append(score.alias(SCORE))
    if chosen.calibration is not None:
        columns.append(_calibrated(frame, chosen.calibration)(score).alias(CALIBRATED))
    return frame.select(*columns, (score > chosen.threshold).cast("int").alias(CLASS))


def _name(column: str) -> str:
    name = "block" if column == BLOCK_COL else column
    return f"{name}_" if name in OWN else name


def _calibrated(frame: DataFrame, calibration: Isotonic) -> Any:
    broadcast = frame.sparkSession.sparkContext.broadcast(calibration)

    def apply(batches: Iterator[pd.Series]) -> Iterator[pd.Series]:
        for scores in batches:
            yield pd.Series(broadcast.value(scores.to_numpy()))

    column: Column = pandas_udf(apply, "double")  # type: ignore[call-overload]
    return column
