"""How much of class 1 is found in how few rows: the success-rate curve and the prediction-area plot.

Rows are marked best score first. Rows with the same score cannot be told apart, so within such a group the share found
grows in proportion to the share marked, as it does on average if the group's rows are marked in random order. Where
rows are weighted, a share of the rows is a share of their weight.
"""

from typing import Any

import numpy as np

from lib.measures import thresholds
from lib.measures.curve_points import kept
from lib.metrics import Array, ScoreCounts

BEST = (0.01, 0.02, 0.05, 0.10, 0.20)


def describe(counts: ScoreCounts) -> dict[str, Any] | None:
    """What is read from the success-rate curve; None without rows of class 1. All shares are from 0 to 1.

    - `area`: the area under the curve, from all its points.
    - `best`: the share found in the best 1, 2, 5, 10 and 20 % of the rows.
    - `intersection`: where the curve of `found` meets that of 1 - `rows` (Yousefi and Carranza, Computers & Geosciences
      79, 2015). The higher it is, the more is found in the fewer rows; 0.5 is a random score. Between two thresholds,
      all three figures are interpolated.
    """
    if not counts.n_positives:
        return None
    threshold, found, rows = _marked_best_first(counts)
    return {
        "area": float(np.trapezoid(found, rows)),
        "best": [{"rows": share, "found": float(np.interp(share, rows, found))} for share in BEST],
        "intersection": _intersection(threshold, found, rows),
    }


def describe_curves(counts: ScoreCounts) -> dict[str, Any]:
    """The curves themselves, thinned for a plot; empty without rows of class 1.

    - `success_rate`: `rows`, the share of all rows that is marked, and `found`, the share of class 1 among them, from
      (0, 0) to (1, 1) (Chung and Fabbri, Natural Hazards 30, 2003).
    - `prediction_area`: `found` and `rows` above each `threshold`, which descends.
    """
    if not counts.n_positives:
        return {}
    threshold, found, rows = _marked_best_first(counts)
    points = kept(rows, found)
    thinned = {"threshold": threshold[points].tolist(), "found": found[points].tolist(), "rows": rows[points].tolist()}
    return {
        "success_rate": {name: thinned[name] for name in ("rows", "found")},
        "prediction_area": thinned,
    }


def _marked_best_first(counts: ScoreCounts) -> tuple[Array, Array, Array]:
    """Each threshold, the share of class 1 above it, and the share of all rows."""
    positives, negatives = thresholds.marked(counts)
    found, rows = positives / counts.n_positives, (positives + negatives) / counts.weight
    return thresholds.candidates(counts), found, rows


def _intersection(threshold: Array, found: Array, rows: Array) -> dict[str, float]:
    """Where found + rows, which grows from 0 to 2 as the threshold falls, is 1."""
    both = found + rows
    after = int(np.searchsorted(both, 1.0))
    part = (1.0 - both[after - 1]) / (both[after] - both[after - 1])

    def between(values: Array) -> float:
        return float(values[after - 1] + part * (values[after] - values[after - 1]))

    return {"threshold": between(threshold), "found": between(found), "rows": between(rows)}
