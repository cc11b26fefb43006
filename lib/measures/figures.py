"""Everything that an evaluation says about some rows, from the counts of their scores."""

from typing import Any

import numpy as np

from lib.measures import calibration, capture, decision
from lib.measures.curve_points import kept
from lib.measures.decision import Decision
from lib.metrics import THRESHOLD, Array, ScoreCounts
from lib.support import threshold_rule

SCORE_BINS = 50
THRESHOLDS = tuple(round(0.05 * i, 2) for i in range(1, 20))


def describe(counts: ScoreCounts, chosen: Decision) -> dict[str, Any]:
    """All metrics of one set of rows; those that need a threshold are at the model's own."""
    confusion = counts.confusion(chosen.threshold)
    return {
        **counts.overall(chosen.threshold),
        "precision": confusion.precision,
        "recall": confusion.recall,
        "f1_by_class": confusion.f1,
        "threshold": chosen.threshold,
        "confusion_matrix": confusion.as_dict(),
        "threshold_chosen": {
            "rule": chosen.rule,
            "rule_in_words": threshold_rule.describe(chosen.rule),
            "validation": dict(chosen.validation),
            "here": decision.at(counts, chosen.threshold),
            "here_at_half": decision.at(counts, THRESHOLD),
        },
        "capture": capture.describe(counts),
        "brier": calibration.brier(counts),
        "log_loss": calibration.log_loss(counts),
        **_calibrated(counts, chosen),
    }


def describe_zone(zone: str, counts: ScoreCounts, threshold: float = THRESHOLD) -> dict[str, Any]:
    """The metrics of one zone; the areas are None if the zone has rows of only one class.

    `rows` and `positives` are numbers of rows; where rows are weighted, `base_rate` is the share of class 1 by weight.
    """
    both = bool(counts.n_positives and counts.n_negatives)
    summary = counts.summary(threshold)
    return {
        "zone": zone,
        "rows": counts.rows,
        "positives": int(counts.by_rows.n_positives),
        **({"base_rate": counts.n_positives / counts.weight} if counts.is_weighted else {}),
        **{name: value if both or not name.startswith("area") else None for name, value in summary.items()},
    }


def describe_curves(counts: ScoreCounts, chosen: Decision) -> dict[str, Any]:
    """The curves to draw, the scores by class, the reliability diagram and a table of thresholds."""
    edges = np.linspace(0.0, 1.0, SCORE_BINS + 1)
    return {
        "roc": _points("fpr", "tpr", *counts.roc_curve()),
        "pr": _points("recall", "precision", *counts.pr_curve()),
        "scores": {
            "edges": edges.tolist(),
            "0": np.histogram(counts.scores, edges, weights=counts.by_rows.negatives)[0].astype(int).tolist(),
            "1": np.histogram(counts.scores, edges, weights=counts.by_rows.positives)[0].astype(int).tolist(),
        },
        "thresholds": [_describe_threshold(counts, t, chosen) for t in sorted({*THRESHOLDS, chosen.threshold})],
        "reliability": {"score": calibration.reliability(counts), **_calibrated_reliability(counts, chosen)},
        **capture.describe_curves(counts),
    }


def _points(x_name: str, y_name: str, x: Array, y: Array) -> dict[str, list[float]]:
    places = kept(x, y)
    return {x_name: x[places].tolist(), y_name: y[places].tolist()}


def _calibrated(counts: ScoreCounts, chosen: Decision) -> dict[str, Any]:
    if chosen.calibration is None:
        return {}
    probabilities = chosen.calibration.apply(counts)
    return {
        "calibrated": {
            "brier": calibration.brier(counts, probabilities),
            "log_loss": calibration.log_loss(counts, probabilities),
        }
    }


def _calibrated_reliability(counts: ScoreCounts, chosen: Decision) -> dict[str, Any]:
    if chosen.calibration is None:
        return {}
    return {"calibrated": calibration.reliability(counts, chosen.calibration.apply(counts))}


def _describe_threshold(counts: ScoreCounts, threshold: float, chosen: Decision) -> dict[str, Any]:
    confusion = counts.confusion(threshold)
    calibrated = (
        {} if chosen.calibration is None else {"calibrated": float(chosen.calibration(np.array([threshold]))[0])}
    )
    return {
        "threshold": threshold,
        **calibrated,
        "precision": confusion.precision["1"],
        "recall": confusion.recall["1"],
        "f1": confusion.f1["1"],
        "predicted_positive": confusion.tp + confusion.fp,
        **confusion.as_dict(),
    }
