"""Folds: which rows a fit learns from and which it is measured on, by their zones and parts of the split.

Leave-one-zone-out (scikit-learn's LeaveOneGroupOut) has one fold a zone. With more than `MOST_ZONES` zones, whole zones
are grouped into `GROUPS` folds, as in GroupKFold.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from lib.split import PARTS, ZoneCounts

FEWEST_ZONES = 3
MOST_ZONES = 20
GROUPS = 10


@dataclass(frozen=True)
class Fold:
    """Rows to fit and rows to score: those of the parts `train` and `score` of the split in the zones named.

    With `by_zone` each zone is measured by itself, otherwise all scored rows together.
    """

    train_zones: tuple[str, ...]
    score_zones: tuple[str, ...]
    train: tuple[str, ...] = PARTS
    score: tuple[str, ...] = PARTS
    by_zone: bool = True


def group_zones(counts: ZoneCounts) -> list[tuple[str, ...]]:
    """The zones that are left out together: each by itself, or in `GROUPS` groups of about as many rows.

    Depends on the zones' names and rows alone.
    """
    rows = {zone: sum(of_part.rows for of_part in parts.values()) for zone, parts in counts.items()}
    if len(rows) <= MOST_ZONES:
        return [(zone,) for zone in sorted(rows)]
    groups: list[list[str]] = [[] for _ in range(GROUPS)]
    totals = [0] * GROUPS
    for zone in sorted(rows, key=lambda zone: (-rows[zone], zone)):
        smallest = totals.index(min(totals))
        groups[smallest].append(zone)
        totals[smallest] += rows[zone]
    return [tuple(sorted(group)) for group in groups]


def leave_out(groups: Sequence[tuple[str, ...]], counts: ZoneCounts, parts: tuple[str, ...] = PARTS) -> list[Fold]:
    """A fold for each group of zones: fitted on all other zones, scored on these.

    A group is passed over if the rows of `parts` in the other zones have only one class, for then nothing can be
    learnt from them, or if it has no such rows itself.
    """
    zones = [zone for group in groups for zone in group]
    folds = []
    for group in groups:
        others = all_but(zones, group)
        if has_both_classes(counts, others, parts) and any(counts[z][p].rows for z in group for p in parts):
            folds.append(Fold(others, group, parts, parts))
    return folds


def all_but(zones: Iterable[str], left_out: Iterable[str]) -> tuple[str, ...]:
    """All zones save those left out, sorted."""
    return tuple(sorted(set(zones) - set(left_out)))


def has_both_classes(counts: ZoneCounts, zones: Sequence[str], parts: Sequence[str]) -> bool:
    """Whether the rows of these zones and parts have both classes."""
    found = [counts[zone][part] for zone in zones for part in parts]
    positives = sum(of_part.positives for of_part in found)
    return 0 < positives < sum(of_part.rows for of_part in found)


def measurable(counts: ZoneCounts, parts: Sequence[str] = PARTS) -> list[str]:
    """The zones whose rows of these parts have both classes: only there an area is defined."""
    return [zone for zone in sorted(counts) if has_both_classes(counts, [zone], parts)]


def mean_areas(by_zone: Mapping[str, Mapping[str, float]], names: Sequence[str]) -> dict[str, float]:
    """The mean of each metric over the zones, each zone counting once; zones of one class (no ROC area) are left out.

    Never one area over the pooled rows: scores of different fits are not comparable, and pooling them biases the area
    (Airola et al., Data Mining and Knowledge Discovery 33, 2019).
    """
    both = [by_zone[zone] for zone in sorted(by_zone) if not math.isnan(by_zone[zone]["areaUnderROC"])]
    return {name: math.fsum(m[name] for m in both) / len(both) if both else math.nan for name in names}
