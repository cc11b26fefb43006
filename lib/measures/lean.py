"""What a model leans on: permutation importances and partial dependence, from a sample of rows."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from lib.measures.importance import correlated_groups, partial_dependence, permutation_importances
from lib.metrics import Array

REPEATS = 10
MOST_SCORED, LEAST_ROWS = 3_000_000, 1_000
"""Rows that are scored for permutation importances, all repetitions together: some ten seconds of a large forest. With
many features fewer rows are permuted, the first ones, but never fewer than `LEAST_ROWS`."""
STRONGEST = 6
DEPENDENCE_ROWS = 2_000
"""Rows that partial dependence is averaged over at most, the first ones."""


def describe(
    score: Callable[[Array], Array],
    values: Array,
    labels: Array,
    features: Sequence[str],
    gains: Mapping[str, float],
    metric: str,
    seed: int,
    weights: Array | None = None,
) -> tuple[dict[str, Any], dict[str, Any]]:
    """The drop of the metric if a feature is permuted, and the mean score by the value of the strongest features.

    Features that move together are permuted as one group. Returns what stands in metrics.json
    (`permutation_importances`: one record a feature, in falling order, with the other members of its `group`) and in
    curves.json (`partial_dependence`). Equal drops, as in a group, are ordered by the features' `gains`. Nothing, if
    the rows are of one class: a sample of a table with a rare class may have none of its rows, and without both no
    metric can drop. With `weights` the metric counts rows by them; the mean score never does.
    """
    if not len(labels):
        return {}, {}
    groups = correlated_groups(values)
    most = max(LEAST_ROWS, MOST_SCORED // (REPEATS * len(groups)))
    values, labels, weights = values[:most], labels[:most], None if weights is None else weights[:most]
    if not 0 < labels.sum() < len(labels):
        return {}, {}
    drops = permutation_importances(score, values, labels, metric, groups, seed, REPEATS, weights)
    by_group = zip(groups, drops.mean.tolist(), drops.std.tolist(), strict=True)
    records = [
        {"feature": features[f], "mean": mean, "std": std, "group": [features[other] for other in group if other != f]}
        for group, mean, std in by_group
        for f in group
    ]
    records.sort(key=lambda record: (-record["mean"], -gains.get(record["feature"], 0.0)))
    place = {name: number for number, name in enumerate(features)}
    curves = []
    for feature in _strongest(records):
        grid, mean = partial_dependence(score, values, place[feature], max_rows=DEPENDENCE_ROWS)
        curves.append({"feature": feature, "values": grid.tolist(), "mean": mean.tolist()})
    return {"permutation_importances": records}, {"partial_dependence": curves}


def _strongest(records: Sequence[Mapping[str, Any]]) -> list[str]:
    """The first feature of each group in falling order; further members only if there are too few groups.

    All members of a group have its drop, so a large one would take all the places.
    """
    first: list[str] = []
    further: list[str] = []
    named: set[str] = set()
    for record in records:
        (further if record["feature"] in named else first).append(record["feature"])
        named.update(record["group"])
    return [*first, *further][:STRONGEST]
