"""Adversarial validation: can rows of another table be told from training rows, and by which features?

A forest is trained to tell them apart and measured on rows that it has not seen, with both halves in turn. An area
under its ROC curve near 0.5 means that it cannot; near 1 the model is asked about rows unlike those it was trained on.
With fewer than two rows of a table there is nothing to measure.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from lib.metrics import Array, ScoreCounts
from lib.trees import binning, growing

TREES, DEPTH, BINS = 100, 8, 64
MOST_ROWS = 10_000
"""Rows of each table that are used at most, the first ones."""
FEWEST_ROWS = 2
"""Rows of each table that are needed: one of each in each half."""
LIKELY_DIFFERENT = 0.6
"""Above this area the tables differ by more than chance and small shifts."""

Labels = npt.NDArray[np.uint8]


def adversarial(train: Array, new: Array, features: Sequence[str], seed: int) -> dict[str, Any]:
    """The area under the ROC curve (`area`), and the features by their share of the splits' gain (`features`).

    `train` and `new` are rows × features; the gains are those of both forests. The halves follow from the seed alone,
    and each has half of the rows of either table. `area` is None if a table has fewer than two rows.
    """
    train, new = train[:MOST_ROWS], new[:MOST_ROWS]
    values = np.concatenate([train, new])
    labels = np.repeat([0, 1], [len(train), len(new)]).astype(np.uint8)
    gains = np.zeros(len(features))
    if min(len(train), len(new)) < FEWEST_ROWS:
        return {"area": None, "rows": len(values), "features": _ranked(features, gains)}
    random = np.random.default_rng(seed)
    half = np.concatenate([random.permutation(len(rows)) % 2 for rows in (train, new)])
    scores = np.empty(len(values))
    for fold in (0, 1):
        here = half == fold
        scores[here], of_forest = _fit_and_score(values[~here], labels[~here], values[here], seed)
        gains += of_forest
    # Each half is measured by itself: scores of different forests do not compare.
    areas = [ScoreCounts.from_arrays(labels[half == fold], scores[half == fold]).area_under_roc() for fold in (0, 1)]
    return {"area": float(np.mean(areas)), "rows": len(values), "features": _ranked(features, gains)}


def _fit_and_score(values: Array, labels: Labels, others: Array, seed: int) -> tuple[Array, Array]:
    """Scores of `others` by a forest of `values`, and the forest's gain by feature."""
    weights = len(labels) / (2.0 * np.maximum(1, np.bincount(labels, minlength=2)))
    thresholds = binning.find_thresholds(values, weights[labels], BINS, len(values), float(weights[labels].sum()))
    n_bins = np.array([len(limits) + 1 for limits in thresholds], np.int64)
    rows = growing.TrainingRows(binning.bin_columns(list(values.T), thresholds, BINS), n_bins, labels, weights)
    bins = binning.bin_columns(list(others.T), thresholds, BINS)
    votes = np.zeros((1, len(others)), np.int64)
    gains = np.zeros(values.shape[1])
    per_node = int(np.ceil(np.sqrt(values.shape[1])))
    for nodes in growing.grow_forest(rows, range(TREES), DEPTH, per_node, seed):
        growing.add_votes(nodes, [DEPTH], bins, votes)
        inner = nodes[nodes["right"] >= 0]
        np.add.at(gains, inner["feature"], inner["gain"] * (inner["s0"] + inner["s1"]))
    return growing.vote_shares(votes[0], TREES), gains


def _ranked(features: Sequence[str], gains: Array) -> list[dict[str, Any]]:
    shares = gains / gains.sum() if gains.sum() > 0 else gains
    ranked = sorted(zip(features, shares, strict=True), key=lambda pair: -pair[1])
    return [{"feature": feature, "importance": float(share)} for feature, share in ranked]
