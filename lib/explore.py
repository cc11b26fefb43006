"""Exploring a table before training: its columns, classes, repeated rows and features.

Spark counts what needs every row in one pass. Plots use a sample of rows chosen by their content, so that it is the
same sample on every machine.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from lib import dataset
from lib.dataset import Table
from lib.metrics import ScoreCounts
from lib.support import tables

SAMPLE_ROWS = 20_000
BINS = 30
_WIDE = 100  # columns

Record = dict[str, Any]


def describe_columns(
    raw: DataFrame,
    label_col: str,
    zone_col: str | None = None,
    exclude_cols: Sequence[str] = (),
    block_cols: Sequence[str] = (),
    weight_col: str | None = None,
) -> list[Record]:
    """Describe each column of a table as it was read: `column`, `type`, `role`, `rows`, `missing`, min, median, max.

    `role` is given by `lib.support.tables.role`. `missing` counts nulls, NaN and infinite values; min, median
    (approximate) and max are of the other values, None for columns that are not numbers.
    """
    columns = dataset.columns(raw)
    # By number: a column that is not used may have any name.
    numbered = raw.toDF(*map(str, range(len(columns))))
    found = _describe_wide(numbered, columns) if len(columns) > _WIDE else _describe(numbered, columns)
    return [
        {
            "column": column.name,
            "type": column.type,
            "role": tables.role(column, label_col, zone_col, exclude_cols, block_cols, weight_col),
            "rows": found["rows"],
            "missing": found["rows"] - found[f"usable {place}"],
            **{name: found[f"{name} {place}"] for name in ("min", "median", "max")},
        }
        for place, column in enumerate(columns)
    ]


def class_balance(table: Table) -> list[Record]:
    """Rows and positives of each zone, ordered by name; one record with zone None if the table has no zones."""
    zone = F.col(f"`{table.zone_col}`") if table.zone_col else F.lit(None).cast("string")
    positives = F.sum(F.col(f"`{table.label_col}`")).cast("long").alias("positives")
    counted = table.frame.groupBy(zone.alias("zone")).agg(F.count(F.lit(1)).alias("rows"), positives)
    return [row.asDict() for row in counted.orderBy("zone").collect()]


def repeated_rows(table: Table) -> Record:
    """How many rows repeat another row (`identical`), and how many have the same features as a row of the other
    class (`contradictory`).
    """
    label = F.col(f"`{table.label_col}`")
    groups = table.frame.groupBy(dataset.row_hash(table.features).alias("hash")).agg(
        F.count(F.when(label == 0, 1)).alias("of_0"), F.count(F.when(label == 1, 1)).alias("of_1")
    )
    of_0, of_1 = F.col("of_0"), F.col("of_1")
    found = groups.agg(
        F.sum(F.greatest(of_0 - 1, F.lit(0)) + F.greatest(of_1 - 1, F.lit(0))).alias("identical"),
        F.sum(F.when((of_0 > 0) & (of_1 > 0), of_0 + of_1).otherwise(0)).alias("contradictory"),
    ).first()
    assert found is not None  # an aggregate always has a row
    return {"identical": found["identical"], "contradictory": found["contradictory"]}


def sample(table: Table, rows: int = SAMPLE_ROWS) -> pd.DataFrame:
    """At most `rows` rows (features and label): those with the lowest content hashes, in that order."""
    names = (*table.features, table.label_col)
    ordered = table.frame.orderBy(dataset.row_hash(names), *(f"`{name}`" for name in names))
    return ordered.limit(rows).select(*(f"`{name}`" for name in names)).toPandas()


def histograms(rows: pd.DataFrame, features: Sequence[str], label_col: str) -> dict[str, Record]:
    """Each feature's histogram by class: `{"edges": [n + 1 numbers], "0": [n counts], "1": [n counts]}`.

    The bins span the middle 99 % of the values, so that a few outliers do not squeeze the rest; values outside
    are counted in the first and last bin. Missing values are not counted.
    """
    found = {}
    for name in features:
        usable = rows[[name, label_col]].dropna()
        low, high = np.quantile(usable[name], [0.005, 0.995]) if len(usable) else (0.0, 0.0)
        edges = np.linspace(low, high, BINS + 1) if low < high else np.array([low - 0.5, low + 0.5])
        values = usable[name].clip(edges[0], edges[-1])
        by_class = {str(c): np.histogram(values[usable[label_col] == c], edges)[0].tolist() for c in (0, 1)}
        found[name] = {"edges": edges.tolist(), **by_class}
    return found


def correlations(rows: pd.DataFrame, features: Sequence[str]) -> list[list[float]]:
    """Pearson correlation of each pair of features, NaN if one is constant."""
    return rows[list(features)].corr().to_numpy().tolist()


def closest_pairs(features: Sequence[str], matrix: Sequence[Sequence[float]], top: int = 10) -> list[Record]:
    """The `top` pairs of features with the strongest correlation, positive or negative."""
    pairs: list[Record] = [
        {"feature": features[i], "other": features[j], "correlation": matrix[i][j]}
        for i in range(len(features))
        for j in range(i)
        if not np.isnan(matrix[i][j])
    ]
    return sorted(pairs, key=lambda pair: -abs(pair["correlation"]))[:top]


def separation(rows: pd.DataFrame, features: Sequence[str], label_col: str) -> list[Record]:
    """How well each feature alone separates the classes, best first.

    `area` is the area under the ROC curve with the feature as the score, or its negative if lower values mean class 1
    (`direction` "higher" or "lower"): 0.5 is no separation, 1 is perfect. Rows without a value do not count; where the
    others are of one class, nothing is separated.
    """
    found = []
    for name in features:
        usable = rows[[name, label_col]].dropna()
        area = ScoreCounts.from_arrays(usable[label_col], usable[name]).area_under_roc()
        area = 0.5 if np.isnan(area) else area
        found.append({"feature": name, "area": max(area, 1 - area), "direction": "higher" if area >= 0.5 else "lower"})
    return sorted(found, key=lambda record: -record["area"])


def best_first(separation: Sequence[Record]) -> list[str]:
    """The features in the order of `separation`, for what shows only the first."""
    return [record["feature"] for record in separation]


def _describe(numbered: DataFrame, columns: Sequence[tables.Column]) -> Record:
    aggregates = [F.count(F.lit(1)).alias("rows")]
    for place, column in enumerate(columns):
        of_column = _column_aggregates(F.col(str(place)), column.is_number)
        aggregates += [a.alias(f"{name} {place}") for name, a in of_column.items()]
    found = numbered.agg(*aggregates).first()
    assert found is not None  # an aggregate always has a row
    return found.asDict()


def _describe_wide(numbered: DataFrame, columns: Sequence[tables.Column]) -> Record:
    """The same of many columns: Spark takes minutes to plan thousands of aggregates, so each value becomes a row."""
    values = [
        F.col(str(place)).cast("double") if column.is_number else F.when(F.col(str(place)).isNotNull(), 0.0)
        for place, column in enumerate(columns)
    ]
    long = numbered.select(F.posexplode(F.array(*values)).alias("place", "value"))
    aggregates = _column_aggregates(F.col("value"), True)
    counted = long.groupBy("place").agg(
        F.count(F.lit(1)).alias("rows"), *(aggregate.alias(name) for name, aggregate in aggregates.items())
    )
    of_place = {row["place"]: row.asDict() for row in counted.collect()}
    found: Record = {"rows": next((row["rows"] for row in of_place.values()), 0)}
    for place, column in enumerate(columns):
        row = of_place.get(place, {"usable": 0})
        found[f"usable {place}"] = row["usable"]
        found |= {f"{name} {place}": row.get(name) if column.is_number else None for name in ("min", "median", "max")}
    return found


def _column_aggregates(column: Column, is_number: bool | None) -> dict[str, Column]:
    if not is_number:
        nothing = F.max(F.lit(None).cast("double"))
        return {"usable": F.count(column), "min": nothing, "median": nothing, "max": nothing}
    value = column.cast("double")
    usable = F.when(~F.isnan(value) & (F.abs(value) != float("inf")), value)
    return {
        "usable": F.count(usable),
        "min": F.min(usable),
        "median": F.percentile_approx(usable, 0.5, 10_000),
        "max": F.max(usable),
    }
