"""How certain a measured figure is: 95 % intervals from counts alone.

All of them assume that the rows are independent. Neighbouring pixels of one field are not, so the true intervals are
wider.
"""

import math

Z95 = 1.959964  # the normal distribution's 97.5 % point
Z95_ONE_SIDED = 1.644854  # and its 95 % point


def roc_area_error(area: float, positives: int, negatives: int) -> float:
    """Standard error of an area under the ROC curve (Hanley and McNeil, Radiology 143, 1982)."""
    q1 = area / (2 - area)
    q2 = 2 * area**2 / (1 + area)
    spread = area * (1 - area) + (positives - 1) * (q1 - area**2) + (negatives - 1) * (q2 - area**2)
    return math.sqrt(max(0.0, spread) / (positives * negatives))


def roc_area_interval(area: float, positives: int, negatives: int) -> tuple[float, float] | None:
    """Bounds of an area under the ROC curve, None where a class has no rows."""
    if not positives or not negatives:
        return None
    margin = Z95 * roc_area_error(area, positives, negatives)
    return max(0.0, area - margin), min(1.0, area + margin)


def pr_area_error(area: float, positives: int) -> float:
    """Standard error of an area under the precision-recall curve (the binomial one of Boyd, Eng and Page, 2013)."""
    return math.sqrt(area * (1 - area) / positives)


def pr_area_interval(area: float, positives: int) -> tuple[float, float] | None:
    """Bounds of an area under the precision-recall curve, None where they are undefined.

    The logit interval of Boyd, Eng and Page (ECML PKDD 2013), in which the positives alone count as the sample.
    """
    if not positives or not 0 < area < 1:
        return None
    centre = math.log(area / (1 - area))
    margin = Z95 / math.sqrt(positives * area * (1 - area))
    return _logistic(centre - margin), _logistic(centre + margin)


def share_interval(hits: int, total: int) -> tuple[float, float] | None:
    """Bounds of the share `hits / total` (Wilson's score interval), None where total is 0."""
    if not total:
        return None
    share, z2 = hits / total, Z95**2
    centre = (share + z2 / (2 * total)) / (1 + z2 / total)
    margin = Z95 / (1 + z2 / total) * math.sqrt(share * (1 - share) / total + z2 / (4 * total**2))
    return max(0.0, centre - margin), min(1.0, centre + margin)


def _logistic(value: float) -> float:
    return 1 / (1 + math.exp(-value))
