"""Coordinates of points that a table has as geometries, found in Spark's tasks."""

from collections.abc import Iterable, Iterator
from typing import Any

import pandas as pd
from pyspark.sql import DataFrame
from pyspark.sql.pandas.functions import pandas_udf

from lib.reading.geometry import X, Y, coordinates
from lib.support.tables import quoted
from lib.support.workers import quick_to_reuse


def with_coordinates(frame: DataFrame, geometry: str) -> DataFrame:
    """Add the coordinates of the points in a column of well-known binary."""

    def of_batches(batches: Iterable[pd.Series]) -> Iterable[Any]:
        for each in batches:
            yield pd.DataFrame(coordinates(each), columns=[X, Y])

    def run(batches: Iterator[pd.Series]) -> Iterator[pd.DataFrame]:
        return iter(quick_to_reuse(of_batches)(batches))

    found = pandas_udf(run, f"{X} double, {Y} double")(quoted(geometry))  # type: ignore[call-overload]
    return frame.withColumns({X: found[X], Y: found[Y]})
