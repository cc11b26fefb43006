"""How good a model is in zones it has never seen: leave-one-zone-out, of a candidate and of the whole search.

Each zone's rows are scored by a model that was trained on all other zones (scikit-learn's LeaveOneGroupOut; with many
zones, whole zones in groups). Areas are measured in each zone and never over pooled rows; see `folds.mean_areas`.
"""

import math
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from itertools import combinations
from typing import Any

from lib.artifacts import SEARCH_METRICS, ZONES
from lib.errors import InputError
from lib.measures.intervals import mean_interval
from lib.metrics import ScoreCounts
from lib.search.engine import Engine
from lib.search.families import Candidate
from lib.search.folds import (
    FEWEST_ZONES,
    Fold,
    all_but,
    group_zones,
    has_both_classes,
    leave_out,
    mean_areas,
    measurable,
)
from lib.split import TRAIN, VAL, Split, ZoneCounts

# Above this many distinct scores, those of a zone are rounded to 2^-20 on their way to the driver.
_DISTINCT_SCORES = 200_000

SMALL_ZONE = 20
"""Rows of the rarer class below which a zone's figures say little."""

ByZone = dict[str, ScoreCounts]


@dataclass(frozen=True)
class Unseen:
    """The scores of some candidates on rows that they were not fitted on, by the candidates' index.

    `zones` has those of each zone, by models of all other zones; it is empty if there are too few zones. `validation`
    has those of the validation part, by models of the training part. `groups` are the zones left out together.
    """

    zones: Mapping[int, ByZone]
    validation: Mapping[int, ScoreCounts]
    groups: Sequence[tuple[str, ...]]


def is_small(zone: Mapping[str, Any]) -> bool:
    """Whether a zone has too few rows of one class for its figures to say much."""
    rarer: int = min(zone["positives"], zone["rows"] - zone["positives"])
    return rarer < SMALL_ZONE


def enough_zones(counts: ZoneCounts) -> bool:
    """Whether leave-one-zone-out says something: at least three zones have rows of both classes."""
    return len(measurable(counts)) >= FEWEST_ZONES


def check_nested(counts: ZoneCounts) -> None:
    """Raise InputError unless there are zones enough to leave each out of the whole search."""
    if not enough_zones(counts):
        raise InputError(
            f"nested: true needs at least {FEWEST_ZONES} zones with rows of both classes; there are "
            f"{len(measurable(counts))}: leave it out, or give more zones with zone_col, or with block_cols and "
            "block_size"
        )


def score_unseen(engine: Engine, candidates: Sequence[Candidate], split: Split, counts: ZoneCounts) -> Unseen:
    """Score candidates on the zones left out and on the validation part, in one job."""
    groups = group_zones(counts) if enough_zones(counts) else []
    everywhere = tuple(sorted(counts))
    folds = [Fold(everywhere, everywhere, (TRAIN,), (VAL,), by_zone=False), *leave_out(groups, counts)]
    zones: dict[int, ByZone] = {candidate.index: {} for candidate in candidates}
    validation = {}
    with closing(engine.score_folds(candidates, split, folds, _compact)) as scores:
        for score in scores:
            if score.fold == 0:
                validation[score.candidate.index] = score.by_zone[""]
            else:
                zones[score.candidate.index].update(score.by_zone)
    return Unseen(zones if groups else {}, validation, groups)


def describe(
    by_zone: Mapping[str, ScoreCounts],
    groups: Sequence[tuple[str, ...]],
    seed: int = 0,
    counts: ZoneCounts | None = None,
) -> dict[str, Any]:
    """The record of leave-one-zone-out: each zone, the mean over the zones with both classes, and the worst of them.

    An area is None in a zone with one class. `interval` has the 95 % bounds of each mean, from a bootstrap over zones
    with this seed. `repeated`, if there are any, are the rows of a zone, as `counts` has them, that were not scored
    because they repeat one of the zones that the model was trained on.
    """
    areas = {zone: _areas(counts) for zone, counts in sorted(by_zone.items())}
    zones = [{**_rows_of(zone, counts), **_or_none(areas[zone])} for zone, counts in sorted(by_zone.items())]
    record = {"folds": len(groups), ZONES: zones, **_mean_and_worst(areas, seed)}
    repeated = _not_scored(by_zone, leave_out(groups, counts), counts) if counts else []
    return {**record, "repeated": repeated} if repeated else record


def _not_scored(by_zone: Mapping[str, ScoreCounts], folds: Sequence[Fold], counts: ZoneCounts) -> list[dict[str, Any]]:
    """How many rows of each zone its fold did not score, of those that have some."""
    rows = {zone: sum(part.rows for part in counts[zone].values()) for fold in folds for zone in fold.score_zones}
    left = {zone: total - (by_zone[zone].rows if zone in by_zone else 0) for zone, total in sorted(rows.items())}
    return [{"zone": zone, "rows": n} for zone, n in left.items() if n]


def nested(
    engine: Engine, candidates: Sequence[Candidate], split: Split, metric: str, select_by: str
) -> dict[str, Any]:
    """Leave-one-zone-out of the whole search: a zone is left out of both the choice of a candidate and its training.

    The choice among the other zones is made as in the search itself: by the validation part, or by leaving out each
    of them in turn.

    Returns a record as `describe`, with the candidate `chosen` in each zone.
    """
    counts = split.count_by_zone()
    groups = group_zones(counts)
    choose = _chosen_by_zones if select_by == ZONES else _chosen_on_validation
    chosen = choose(engine, candidates, split, counts, groups, metric)
    outer = {fold.score_zones: fold for fold in leave_out(groups, counts)}
    by_zone: ByZone = {}
    for candidate in {candidate.index: candidate for candidate in chosen.values()}.values():
        folds = [outer[group] for group, of_group in chosen.items() if of_group == candidate and group in outer]
        with closing(engine.score_folds([candidate], split, folds, _compact)) as scores:
            for score in scores:
                by_zone.update(score.by_zone)
    record = describe(by_zone, groups, split.seed)
    of_zone = {zone: candidate for group, candidate in chosen.items() for zone in group}
    record[ZONES] = [{**zone, "chosen": str(of_zone[zone["zone"]])} for zone in record[ZONES]]
    return record


Chosen = dict[tuple[str, ...], Candidate]


def _chosen_on_validation(
    engine: Engine,
    candidates: Sequence[Candidate],
    split: Split,
    counts: ZoneCounts,
    groups: Sequence[tuple[str, ...]],
    metric: str,
) -> Chosen:
    folds, of_fold = [], []
    for group in groups:
        others = all_but(counts, group)
        if has_both_classes(counts, others, (TRAIN,)) and has_both_classes(counts, others, (VAL,)):
            folds.append(Fold(others, others, (TRAIN,), (VAL,), by_zone=False))
            of_fold.append(group)
    found: dict[tuple[str, ...], list[tuple[float, int, Candidate]]] = {}
    with closing(engine.score_folds(candidates, split, folds, ScoreCounts.summary)) as scores:
        for score in scores:
            ranked = found.setdefault(of_fold[score.fold], [])
            ranked.append((score.by_zone[""][metric], -score.candidate.index, score.candidate))
    return {group: max(ranked, key=lambda entry: entry[:2])[2] for group, ranked in sorted(found.items())}


def _chosen_by_zones(
    engine: Engine,
    candidates: Sequence[Candidate],
    split: Split,
    counts: ZoneCounts,
    groups: Sequence[tuple[str, ...]],
    metric: str,
) -> Chosen:
    """A fit without two groups serves the choice for each of them, scored on the other."""
    parts = (TRAIN, VAL)
    folds, pairs = [], []
    for pair in combinations(groups, 2):
        left_out = {zone for group in pair for zone in group}
        others = all_but(counts, left_out)
        if has_both_classes(counts, others, parts):
            folds.append(Fold(others, tuple(sorted(left_out)), parts, parts))
            pairs.append(pair)
    found: dict[tuple[tuple[str, ...], int], dict[str, dict[str, float]]] = {}
    with closing(engine.score_folds(candidates, split, folds, ScoreCounts.summary)) as scores:
        for score in scores:
            one, other = pairs[score.fold]
            for group, scored in ((one, other), (other, one)):
                areas = {zone: score.by_zone[zone] for zone in scored if zone in score.by_zone}
                found.setdefault((group, score.candidate.index), {}).update(areas)
    chosen: Chosen = {}
    for group in groups:
        ranked = [
            (mean_areas(found[group, c.index], [metric])[metric], -c.index, c)
            for c in candidates
            if (group, c.index) in found
        ]
        ranked = [entry for entry in ranked if not math.isnan(entry[0])]
        if ranked:
            chosen[group] = max(ranked, key=lambda entry: entry[:2])[2]
    return chosen


def _rows_of(zone: str, counts: ScoreCounts) -> dict[str, Any]:
    """A zone's numbers of rows; where rows are weighted, also the share of class 1 by weight."""
    weighted = {"base_rate": counts.n_positives / counts.weight} if counts.is_weighted else {}
    return {"zone": zone, "rows": counts.rows, "positives": int(counts.by_rows.n_positives), **weighted}


def _compact(counts: ScoreCounts) -> ScoreCounts:
    return counts.rounded() if len(counts.scores) > _DISTINCT_SCORES else counts


def _areas(counts: ScoreCounts) -> dict[str, float]:
    summary = counts.summary()
    one_class = math.isnan(summary["areaUnderROC"])
    return {name: math.nan if one_class else summary[name] for name in SEARCH_METRICS}


def _mean_and_worst(areas: Mapping[str, Mapping[str, float]], seed: int) -> dict[str, Any]:
    both = {zone: values for zone, values in areas.items() if not math.isnan(values["areaUnderROC"])}
    worst_zone = {
        name: min((values[name], zone) for zone, values in both.items())[1] for name in SEARCH_METRICS if both
    }
    return {
        "mean": _or_none(mean_areas(areas, SEARCH_METRICS)),
        "interval": {name: _interval([both[z][name] for z in sorted(both)], seed) for name in SEARCH_METRICS},
        "worst": {name: both[zone][name] for name, zone in worst_zone.items()},
        "worst_zone": worst_zone,
    }


def _interval(areas: Sequence[float], seed: int) -> list[float] | None:
    bounds = mean_interval(areas, seed)
    return list(bounds) if bounds else None  # as it is read back from JSON


def _or_none(values: Mapping[str, float]) -> dict[str, float | None]:
    return {name: None if math.isnan(value) else value for name, value in values.items()}
