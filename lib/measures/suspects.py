"""Columns that give the label away, are no features, or hold values that stand for none; seen in a sample of rows.

Nothing is left out because of it: the reader is told, with the option that does.
"""

import re
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

ROW_NUMBER, IDENTIFIER, LABEL, COORDINATE, NODATA = KINDS = (
    "row_number",
    "identifier",
    "label",
    "coordinate",
    "nodata",
)

# What pandas, Spark and R call the number of a row.
_ROW_NUMBER = re.compile(r"unnamed: \d+|_c\d+|(level_\d+|index|row|row_?(id|num|number)|rowid|x\.?1|\.\.\.1)")
_COORDINATE = re.compile(
    r"(coord(inate)?s?_?)?(x|y|lon|lat|long|longitude|latitude|latitud|longitud|easting|northing|este|norte)"
    r"|(utm|point|pos)_?[xyen]|[xy]_?(coord|utm)"
)
_FEWEST_ROWS = 20
_REPEATED = 3  # rows with an extreme value from which on it stands for none
_OTHER_VALUES = 10


def find(rows: pd.DataFrame, features: Sequence[str], label_col: str) -> list[dict[str, Any]]:
    """What is suspicious of each feature, at most once a column: `column`, `kind` (one of `KINDS`) and, of nodata, its
    `value` and how many `rows` of the sample have it.
    """
    labels = rows[label_col].to_numpy(float)
    found = []
    for name in features:
        values = rows[name].to_numpy(float)
        is_known = ~np.isnan(values)
        values = values[is_known]
        kind = _kind(name.strip().lower(), values, labels[is_known])
        if kind:
            found.append({"column": name, "kind": kind})
        elif nodata := _nodata(values):
            found.append({"column": name, "kind": NODATA, **nodata})
    return found


def _kind(name: str, values: np.ndarray, labels: np.ndarray) -> str | None:
    if _ROW_NUMBER.fullmatch(name):
        return ROW_NUMBER
    if _tells_label(values, labels):
        return LABEL
    if _COORDINATE.fullmatch(name):
        return COORDINATE
    many = len(values) >= _FEWEST_ROWS
    if many and bool(np.all(values == np.floor(values))) and len(np.unique(values)) == len(values):
        return IDENTIFIER
    return None


def _tells_label(values: np.ndarray, labels: np.ndarray) -> bool:
    """Whether each class has one value of its own."""
    ones, zeros = np.unique(values[labels == 1]), np.unique(values[labels == 0])
    return len(ones) == len(zeros) == 1 and ones[0] != zeros[0]


def _nodata(values: np.ndarray) -> dict[str, Any] | None:
    """The lowest or highest value, if several rows have it and it lies farther from all others than these spread."""
    distinct, counts = np.unique(values, return_counts=True)
    if len(distinct) <= _OTHER_VALUES:
        return None
    for at, nearest, others in ((0, 1, distinct[1:]), (-1, -2, distinct[:-1])):
        gap = abs(distinct[at] - distinct[nearest])
        if counts[at] >= _REPEATED and gap > others[-1] - others[0]:
            return {"value": float(distinct[at]), "rows": int(counts[at])}
    return None
