"""How certain a measured figure is: 95 % intervals from counts alone.

Those from a formula assume that the rows are independent. Rows that repeat each other count once. Neighbouring pixels
of one field are not independent, either, so the true intervals are wider. The bootstrap over zones assumes only that
the zones are independent.

An interval is None where none can be had.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from lib import artifacts
from lib.measures.calibration import brier, log_loss
from lib.metrics import Array, ScoreCounts, decisions_of_draws, ratio

Z95 = 1.959964  # the normal distribution's 97.5 % point
Z95_ONE_SIDED = 1.644854  # and its 95 % point

# The normal distribution stands for a binomial one from about five rows of each kind.
FEWEST_EXPECTED = 5

DRAWS = 2000
FEWEST_ZONES = 3
# The areas of a bootstrap take each draw at each distinct score. Above this many, neighbouring scores are put together,
# for the bootstrap alone.
MAX_SCORES = 2048
_NO_WIDTH = 1e-12  # draws that agree differ by rounding alone
_CELLS = 500_000  # draws × scores held at once: 4 MB an array


def roc_area_error(area: float, positives: float, negatives: float) -> float:
    """Standard error of an area under the ROC curve (Hanley and McNeil, Radiology 143, 1982)."""
    q1 = area / (2 - area)
    q2 = 2 * area**2 / (1 + area)
    spread = area * (1 - area) + (positives - 1) * (q1 - area**2) + (negatives - 1) * (q2 - area**2)
    return math.sqrt(max(0.0, spread) / (positives * negatives))


def roc_area_interval(area: float, positives: int, negatives: int) -> tuple[float, float] | None:
    """Bounds of an area under the ROC curve, None where a class has no rows or the area is 0 or 1.

    There the formula's standard error is 0, whatever the number of rows.
    """
    if not positives or not negatives or not 0 < area < 1:
        return None
    margin = Z95 * roc_area_error(area, positives, negatives)
    return max(0.0, area - margin), min(1.0, area + margin)


def pr_area_error(area: float, positives: int) -> float:
    """Standard error of an area under the precision-recall curve (the binomial one of Boyd, Eng and Page, 2013)."""
    return math.sqrt(area * (1 - area) / positives)


def pr_area_interval(area: float, positives: int) -> tuple[float, float] | None:
    """Bounds of an area under the precision-recall curve, None where they are undefined.

    The logit interval of Boyd, Eng and Page (ECML PKDD 2013), in which the positives alone count as the sample. It
    needs positives × area and positives × (1 - area) of at least 5: near 0 or 1 it grows without measure (54 positives
    at 0.999 gave 0.362 – 1.000).
    """
    if not positives or positives * min(area, 1 - area) < FEWEST_EXPECTED:
        return None
    centre = math.log(area / (1 - area))
    margin = Z95 / math.sqrt(positives * area * (1 - area))
    return _logistic(centre - margin), _logistic(centre + margin)


def share_interval(hits: float, total: float, distinct: float | None = None) -> tuple[float, float] | None:
    """Bounds of the share `hits / total` (Wilson's score interval), None where total is 0.

    `distinct` is the number of rows it rests on, if some of them repeat others.
    """
    if not total:
        return None
    n = total if distinct is None else distinct
    share, z2 = hits / total, Z95**2
    centre = (share + z2 / (2 * n)) / (1 + z2 / n)
    margin = Z95 / (1 + z2 / n) * math.sqrt(share * (1 - share) / n + z2 / (4 * n**2))
    return max(0.0, centre - margin), min(1.0, centre + margin)


def mean_interval(values: Sequence[float], seed: int, draws: int = DRAWS) -> tuple[float, float] | None:
    """Bounds of the mean of one figure a zone, from a bootstrap over zones.

    None below three zones, or if all draws agree.
    """
    if len(values) < FEWEST_ZONES:
        return None
    chosen = np.random.default_rng(seed).integers(len(values), size=(draws, len(values)))
    return _percentiles(np.array(values)[chosen].mean(axis=1))


def describe(
    by_zone: Mapping[str, ScoreCounts], threshold: float, seed: int, distinct: Mapping[str, int] | None = None
) -> dict[str, Any]:
    """The 95 % intervals of an evaluation's figures (`intervals`, None where there is none), and what they rest on.

    `intervals_from` is "zones" with at least three zones, of which a bootstrap is made: neighbouring rows of a zone are
    alike, so zones, not rows, are what varies. A figure that rests on fewer than five rows has none: so few give the
    same few values in every draw. Otherwise it is "rows": formulas that take the rows as independent. If some rows
    repeat others, `distinct` has the number of different ones: "rows", those of class "0" and "1", and those
    "predicted.0" and "predicted.1". There are none for weighted rows: "none".
    """
    counts = ScoreCounts.sum(by_zone.values())
    if len(by_zone) >= FEWEST_ZONES:
        rests_on = rows_below(counts.by_rows, threshold)
        bounds = {
            name: found if rests_on[name] >= FEWEST_EXPECTED else None
            for name, found in bootstrap_zones(by_zone, threshold, seed).items()
        }
        return {"intervals": _as_lists(bounds), "intervals_from": "zones"}
    if counts.is_weighted:
        return {"intervals": dict.fromkeys(_figure_names()), "intervals_from": "none"}
    confusion = counts.confusion(threshold)
    rows = distinct or {
        "rows": counts.rows,
        "0": int(counts.n_negatives),
        "1": int(counts.n_positives),
        "predicted.0": int(confusion.tn + confusion.fn),
        "predicted.1": int(confusion.tp + confusion.fp),
    }
    found: dict[str, tuple[float, float] | None] = dict.fromkeys(_figure_names())
    found |= {
        "areaUnderROC": roc_area_interval(counts.area_under_roc(), rows["1"], rows["0"]),
        "areaUnderPR": pr_area_interval(counts.area_under_pr(), rows["1"]),
        "accuracy": share_interval(confusion.tn + confusion.tp, counts.rows, rows["rows"]),
        "precision.0": share_interval(confusion.tn, confusion.tn + confusion.fn, rows["predicted.0"]),
        "precision.1": share_interval(confusion.tp, confusion.tp + confusion.fp, rows["predicted.1"]),
        "recall.0": share_interval(confusion.tn, confusion.tn + confusion.fp, rows["0"]),
        "recall.1": share_interval(confusion.tp, confusion.tp + confusion.fn, rows["1"]),
    }
    return {"intervals": _as_lists(found), "intervals_from": "rows"}


def bootstrap_zones(
    by_zone: Mapping[str, ScoreCounts], threshold: float, seed: int, draws: int = DRAWS
) -> dict[str, tuple[float, float] | None]:
    """Bounds of every figure of an evaluation, from a bootstrap over zones (Efron's percentile interval).

    A draw takes as many zones as there are, with replacement, and measures all their rows together. The bounds are the
    2.5 % and 97.5 % points over the draws. The keys are `lib.artifacts.OVERALL_METRICS`, `precision`, `recall` and `f1`
    of each class, as in `precision.1`, and `lib.artifacts.LOSSES`; rows with a score above `threshold` are predicted as
    class 1.

    A draw in which a figure is undefined does not count for it: an area without rows of both classes, a precision
    without rows predicted as the class, a recall or F1 without rows of the class. The zones' order does not matter.
    None: there are fewer than three zones, no draw counts, or all draws agree.
    """
    zones = [by_zone[name] for name in sorted(by_zone)]
    if len(zones) < FEWEST_ZONES:
        return dict.fromkeys(_figure_names())
    chosen = np.random.default_rng(seed).integers(len(zones), size=(draws, len(zones)))
    # How often each zone was drawn (draws × zones).
    times = np.stack([np.bincount(draw, minlength=len(zones)) for draw in chosen]).astype(np.float64)
    figures = {**_decisions(times, zones, threshold), **_areas(times, zones), **_losses(times, zones)}
    return {name: _percentiles(figures[name]) for name in _figure_names()}


def rows_below(counts: ScoreCounts, threshold: float) -> dict[str, float]:
    """The number of rows that each figure is a share of; for an area, those of the rarer class."""
    confusion = counts.confusion(threshold)
    of_class = {"0": counts.n_negatives, "1": counts.n_positives}
    predicted = {"0": confusion.tn + confusion.fn, "1": confusion.tp + confusion.fp}
    below: dict[str, float] = dict.fromkeys((*artifacts.OVERALL_METRICS, *artifacts.LOSSES), counts.rows)
    below |= dict.fromkeys((*artifacts.SEARCH_METRICS, "average_precision"), min(of_class.values()))
    below |= {f"precision.{name}": rows for name, rows in predicted.items()}
    return below | {f"{figure}.{name}": rows for figure in ("recall", "f1") for name, rows in of_class.items()}


def _as_lists(found: Mapping[str, tuple[float, float] | None]) -> dict[str, list[float] | None]:
    """As JSON gives them back, so that an evaluation says the same as its file."""
    return {name: list(bounds) if bounds else None for name, bounds in found.items()}


def _figure_names() -> Iterator[str]:
    yield from artifacts.OVERALL_METRICS
    yield from (f"{figure}.{of}" for figure in ("precision", "recall", "f1") for of in ("0", "1"))
    yield from artifacts.LOSSES


def _percentiles(values: Array) -> tuple[float, float] | None:
    values = values[~np.isnan(values)]
    if not len(values):
        return None
    low, high = (float(bound) for bound in np.percentile(values, [2.5, 97.5]))
    return (low, high) if high - low > _NO_WIDTH else None


def _decisions(times: Array, zones: list[ScoreCounts], threshold: float) -> dict[str, Array]:
    """Of each draw, the figures that depend on the threshold; NaN where one is undefined."""
    parts = [zone.confusion(threshold) for zone in zones]
    return decisions_of_draws(*(times @ np.array([[p.tn, p.fp, p.fn, p.tp] for p in parts], np.float64)).T)


def _losses(times: Array, zones: list[ScoreCounts]) -> dict[str, Array]:
    """Of each draw, how far the scores are from probabilities: means over all its rows, NaN without any."""
    weights = np.array([zone.weight for zone in zones], np.float64)
    means = {"brier": [brier(zone) for zone in zones], "log_loss": [log_loss(zone) for zone in zones]}
    return {name: ratio(times @ (weights * np.nan_to_num(np.array(of))), times @ weights) for name, of in means.items()}


def _areas(times: Array, zones: list[ScoreCounts]) -> dict[str, Array]:
    """Of each draw, the areas as `ScoreCounts` defines them; NaN for draws without both classes."""
    positives, negatives = _at_common_scores(zones)
    # Sums over scores and over zones may change places, so no draw needs a cumulative sum of its own.
    found, alarms = np.cumsum(positives, axis=1), np.cumsum(negatives, axis=1)
    step = max(1, _CELLS // max(1, positives.shape[1]))
    blocks = [
        areas_of_draws(part @ positives, part @ negatives, part @ found, part @ alarms)
        for part in (times[start : start + step] for start in range(0, len(times), step))
    ]
    roc, pr, average = np.concatenate(blocks, axis=1)
    return {"areaUnderROC": roc, "areaUnderPR": pr, "average_precision": average}


def areas_of_draws(positives: Array, negatives: Array, found: Array, alarms: Array) -> Array:
    """Areas under the ROC and the PR curve, and average precision (3 × draws), from counts (draws × scores).

    `found` and `alarms` are the counts of class 1 and 0 at each score and above.
    """
    if not positives.shape[1]:
        return np.full((3, len(positives)), np.nan)
    all_positives, all_negatives = found[:, -1], alarms[:, -1]
    both = (all_positives > 0) & (all_negatives > 0)
    precision = ratio(found, found + alarms)
    # Scores that are higher than any of the draw's rows are no points of its curve, which starts at its own first.
    first = precision[np.arange(len(precision)), np.argmax(found + alarms > 0, axis=1)]
    precision = np.where(np.isnan(precision), first[:, None], precision)
    before = np.concatenate([first[:, None], precision[:, :-1]], axis=1)
    roc = ratio(((found - positives / 2) * negatives).sum(axis=1), all_positives * all_negatives)
    pr = ratio((positives * (precision + before)).sum(axis=1) / 2, all_positives)
    average = ratio((positives * precision).sum(axis=1), all_positives)
    return np.where(both, np.stack([roc, pr, average]), np.nan)


def _at_common_scores(zones: list[ScoreCounts]) -> tuple[Array, Array]:
    """Rows of class 1 and 0 of each zone (zones × scores) at the scores of all zones, descending."""
    common, ascending = np.unique(np.concatenate([zone.scores for zone in zones]), return_inverse=True)
    places = len(common) - 1 - ascending
    n_places = len(common)
    if n_places > MAX_SCORES:
        groups = _groups(places, zones)
        places, n_places = groups[places], MAX_SCORES
    ends = np.cumsum([len(zone.scores) for zone in zones])[:-1]
    parts = list(zip(np.split(places, ends), zones, strict=True))
    return (
        np.stack([np.bincount(at, weights=zone.positives, minlength=n_places) for at, zone in parts]),
        np.stack([np.bincount(at, weights=zone.negatives, minlength=n_places) for at, zone in parts]),
    )


def _groups(places: npt.NDArray[np.int64], zones: list[ScoreCounts]) -> npt.NDArray[np.int64]:
    """Which of `MAX_SCORES` groups each common score belongs to: equal steps along the ROC curve of all zones.

    Equal steps of the score would put most rows in a few groups where the scores crowd, as they do near 0 when class 1
    is rare. With these, a group is a single score or has at most 1 in 1,000 of each class, and the areas change by
    less than 1e-3.
    """
    positives = np.bincount(places, weights=np.concatenate([zone.positives for zone in zones]))
    negatives = np.bincount(places, weights=np.concatenate([zone.negatives for zone in zones]))
    way = np.cumsum(positives / (positives.sum() or 1.0) + negatives / (negatives.sum() or 1.0))
    return np.minimum(way / 2 * MAX_SCORES, MAX_SCORES - 1).astype(np.int64)


def _logistic(value: float) -> float:
    return 1 / (1 + math.exp(-value))
