"""Counting scored rows by their score: how many there are, are marked, and had better not be believed."""

from typing import Any

import numpy as np
import numpy.typing as npt

from lib.measures.figures import SCORE_BINS
from lib.measures.judge import APPLICABLE, CLASS, SCORE, SPREAD, Columns, Judge

Counts = npt.NDArray[np.int64]
"""One line for each name in `COUNTED`, one column for each bin of the score."""

COUNTED = ("rows", "marked", "applicable", "marked_and_applicable", "spread_high", "uncertain")


def nothing() -> Counts:
    """The counts of no rows."""
    return np.zeros((len(COUNTED), SCORE_BINS), np.int64)


def count(judge: Judge, columns: Columns) -> Counts:
    """Count rows by what the judge says about them.

    A row is uncertain if the model is not applicable to it, or its trees disagree more than on training rows.
    """
    score = columns[SCORE]
    everywhere = np.ones(len(score), bool)
    marked = columns[CLASS] == 1
    applicable = columns.get(APPLICABLE, everywhere)
    spread_high = columns[SPREAD] > judge.spread_limit if judge.spread_limit is not None else ~everywhere
    counted = (everywhere, marked, applicable, marked & applicable, spread_high, spread_high | ~applicable)
    bins = np.minimum((score * SCORE_BINS).astype(np.int64), SCORE_BINS - 1)
    return np.stack([np.bincount(bins[which], minlength=SCORE_BINS) for which in counted])


def describe(judge: Judge, counts: Counts) -> dict[str, Any]:
    """The number of rows, shares of them, and the histogram of their scores; a share that is not known is absent."""
    total = dict(zip(COUNTED, counts.sum(axis=1).tolist(), strict=True))
    known = ["marked"]
    if judge.area is not None:
        known += ["applicable", "marked_and_applicable"]
    if judge.spread_limit is not None:
        known += ["spread_high"]
    if len(known) > 1:
        known += ["uncertain"]
    rows = total["rows"]
    shares = {f"share_{name}": total[name] / rows if rows else None for name in known}
    edges = np.linspace(0.0, 1.0, SCORE_BINS + 1).tolist()
    return {"rows": rows, **shares, "histogram": {"edges": edges, "rows": counts[0].tolist()}}
