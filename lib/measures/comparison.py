"""Rows to measure beside the training rows: whether the model applies to them, and how they differ.

Both sides are samples of at most `reference.most_rows` rows; drift may be given as measured over all rows.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from lib.errors import InputError
from lib.measures.adversarial import adversarial
from lib.measures.applicability import Applicability
from lib.measures.drift import drift, is_beyond_chance
from lib.measures.reference import Reference
from lib.metrics import Array

# The time to measure the training rows grows with the square of their number.
MOST_TRAINING_ROWS = 5_000
QUANTILES = (0.0, 0.25, 0.5, 0.75, 0.95, 1.0)
DRIFTED_SHARE = 0.5
"""A table has drifted if the features that moved farther than chance moves so few rows carry at least this share of the
importance."""


def gains_of(summary: Mapping[str, Any]) -> dict[str, float]:
    """The importance of each feature, from a summary.json; empty if it has none."""
    return {entry["feature"]: entry["importance"] for entry in summary.get("feature_importances", [])}


def area_of(known: Reference, features: Sequence[str], gains: Mapping[str, float]) -> Applicability | None:
    """The area of applicability of a model; None if its training rows or importances give none.

    Features count by their importance. With zones, a training row is compared with those of other zones.
    """
    values = known.values[:MOST_TRAINING_ROWS]
    folds = None
    if known.zones is not None:
        folds = np.unique(known.zones[:MOST_TRAINING_ROWS], return_inverse=True)[1]
        folds = folds if len(np.unique(folds)) > 1 else None
    try:
        return Applicability.fit(values, np.array([gains.get(name, 0.0) for name in features]), folds)
    except InputError:  # a model without a split has no importances, and no area
        return None


def applicability(
    known: Reference, values: Array, features: Sequence[str], gains: Mapping[str, float]
) -> dict[str, Any] | None:
    """The dissimilarity index of rows: its `threshold`, the share of them `inside`, and `quantiles`."""
    area = area_of(known, features, gains)
    return None if area is None else index_of(area, values)


def index_of(area: Applicability, values: Array) -> dict[str, Any]:
    """`applicability` where the area is known already."""
    index = area.index(values)
    return {
        "threshold": area.threshold,
        "inside": float(np.mean(index <= area.threshold)),
        "rows": len(values),
        "training_rows": len(area.scaled),
        "quantiles": {f"{q:g}": float(np.quantile(index, q)) for q in QUANTILES},
    }


def with_training(
    known: Reference,
    values: Array,
    features: Sequence[str],
    gains: Mapping[str, float],
    seed: int,
    all_rows: tuple[int, list[dict[str, Any]]] | None = None,
) -> dict[str, Any]:
    """How rows of another table differ from the training rows: by feature, and all features together.

    Where `values` are but a sample, `all_rows` are the number of all rows and their records of drift.
    """
    rows, records = all_rows or (len(values), drift(known.values, values, features, gains))
    moved = sum(gains.get(record["feature"], 0.0) for record in records if is_beyond_chance(record))
    return {
        "drift": {
            "features": records,
            "importance_moved": moved,
            "drifted": moved >= DRIFTED_SHARE,
            "rows": {"training": len(known.values), "new": rows},
        },
        "adversarial": adversarial(known.values, values, features, seed),
    }
