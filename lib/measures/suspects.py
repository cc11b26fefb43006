"""Columns that give the label away, are no features, or hold values that stand for none; seen in a sample of rows.

Nothing is left out because of it: the reader is told, with the option that does.
"""

import re
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from lib.support.tables import USUAL_ZONE

ROW_NUMBER, IDENTIFIER, LABEL, COORDINATE, ZONE, NODATA = KINDS = (
    "row_number",
    "identifier",
    "label",
    "coordinate",
    "zone",
    "nodata",
)

# What pandas, Spark and R call the number of a row.
_ROW_NUMBER = re.compile(r"unnamed: \d+|_c\d+|(level_\d+|index|row|row_?(id|num|number)|rowid|x\.?1|\.\.\.1)")
_COORDINATE = re.compile(
    r"(coord(inate)?s?_?)?(x|y|lon|lat|long|longitude|latitude|latitud|longitud|easting|northing|este|norte)"
    r"|(utm|point|pos)_?[xyen]|[xy]_?(coord|utm)"
)
_FEWEST_ROWS = 20
_REPEATED = 3  # rows with a value from which on it may stand for none
_OTHER_VALUES = 10
_MOST_CODES, _ROWS_PER_CODE = 20, 5  # of a column of few values that are repeated
_FARTHER, _OFTENER = 10, 3  # than the other values: a usual sign of no value
# What files of rasters, wells, grids and programs have where there is no value.
_NO_VALUES = np.array(
    [
        *(-999.0, -9999.0, -99999.0, -999999.0, -999.25, -32768.0, 65535.0, -2147483648.0, 4294967295.0),
        *(1e20, 1e30, -1e30, 1.70141e38, -1.70141e38, -3.4028235e38, 3.4028235e38, -1.7976931348623157e308),
    ]
)


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
        elif nodata := _usual_nodata(values) or _nodata(values):
            found.append({"column": name, "kind": NODATA, **nodata})
    return found


def _kind(name: str, values: np.ndarray, labels: np.ndarray) -> str | None:
    if _ROW_NUMBER.fullmatch(name):
        return ROW_NUMBER
    if _tells_label(values, labels):
        return LABEL
    if name == USUAL_ZONE:
        return ZONE
    if _COORDINATE.fullmatch(name):
        return COORDINATE
    many = len(values) >= _FEWEST_ROWS
    if many and bool(np.all(values == np.floor(values))) and len(np.unique(values)) == len(values):
        return IDENTIFIER
    return None


def _tells_label(values: np.ndarray, labels: np.ndarray) -> bool:
    """Whether a column has few values, which repeat, and none of which occurs in both classes."""
    ones, zeros = np.unique(values[labels == 1]), np.unique(values[labels == 0])
    is_few = len(ones) + len(zeros) <= max(2, min(_MOST_CODES, len(values) // _ROWS_PER_CODE))
    return bool(len(ones) and len(zeros) and is_few and not np.isin(ones, zeros).any())


def _usual_nodata(values: np.ndarray) -> dict[str, Any] | None:
    """A value that is often written where there is none, if several rows have it and it stands apart from the others:
    it is the lowest or highest, far from all of them, or much more frequent than any.
    """
    distinct, counts = np.unique(values, return_counts=True)
    if len(distinct) < 2:
        return None
    usual = np.isclose(distinct[:, None], _NO_VALUES, rtol=1e-6, atol=0).any(axis=1)
    for at in np.flatnonzero(usual & (counts >= _REPEATED)):
        others = np.delete(distinct, at)
        usual_gap = np.median(np.diff(others)) if len(others) > 1 else 0
        is_extreme = at in (0, len(distinct) - 1)
        is_far = is_extreme and np.abs(others - distinct[at]).min() > _FARTHER * usual_gap
        if is_far or counts[at] > _OFTENER * np.delete(counts, at).max():
            return {"value": float(distinct[at]), "rows": int(counts[at])}
    return None


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
