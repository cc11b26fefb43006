import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.model_selection import LeaveOneGroupOut

from lib.search.folds import GROUPS, MOST_ZONES, group_zones, leave_out, mean_areas, measurable
from lib.split import PARTS, TEST, TRAIN, VAL, Count

counts_of_zone = st.tuples(st.integers(1, 60), st.integers(0, 60)).map(lambda n: Count(n[0], min(n)))
zone_counts = st.dictionaries(
    st.text("abcdefgh", min_size=1, max_size=3),
    st.fixed_dictionaries(dict.fromkeys(PARTS, counts_of_zone)),
    min_size=2,
    max_size=60,
)


@given(zone_counts)
@settings(max_examples=200, deadline=None)
def test_every_zone_is_left_out_once_and_whole(counts):
    groups = group_zones(counts)
    assert sorted(zone for group in groups for zone in group) == sorted(counts)
    assert len(groups) == (len(counts) if len(counts) <= MOST_ZONES else GROUPS)
    assert group_zones(dict(reversed(counts.items()))) == groups
    for fold in leave_out(groups, counts):
        assert set(fold.train_zones) == set(counts) - set(fold.score_zones)
        assert fold.score_zones in groups


@given(zone_counts)
@settings(max_examples=100, deadline=None)
def test_groups_have_about_as_many_rows(counts):
    groups = group_zones(counts)
    if len(counts) > MOST_ZONES:
        rows = {zone: sum(c.rows for c in parts.values()) for zone, parts in counts.items()}
        sizes = [sum(rows[zone] for zone in group) for group in groups]
        assert max(sizes) - min(sizes) <= max(rows.values())


def test_the_folds_of_few_zones_are_scikit_learns():
    zones = np.array(["b", "a", "c", "a", "b", "c", "c"])
    counts = {zone: dict.fromkeys(PARTS, Count(4, 2)) for zone in sorted(set(zones))}
    theirs = [
        (set(zones[train]), set(zones[test])) for train, test in LeaveOneGroupOut().split(zones, zones, groups=zones)
    ]
    ours = [(set(fold.train_zones), set(fold.score_zones)) for fold in leave_out(group_zones(counts), counts)]
    assert ours == theirs


def test_a_fold_that_could_learn_nothing_is_passed_over():
    one_class, both = Count(5, 0), Count(5, 2)
    counts = {"a": dict.fromkeys(PARTS, both), "b": dict.fromkeys(PARTS, one_class)}
    counts["c"] = {TRAIN: Count(0, 0), VAL: Count(0, 0), TEST: both}
    groups = group_zones(counts)
    # Without a, training and validation rows have no class 1; c has none of them to be measured on.
    assert [fold.score_zones for fold in leave_out(groups, counts, (TRAIN, VAL))] == [("b",)]
    assert [fold.score_zones for fold in leave_out(groups, counts)] == [("a",), ("b",), ("c",)]
    assert measurable(counts) == ["a", "c"]


def test_the_mean_counts_each_zone_once_and_leaves_out_zones_of_one_class():
    zones = {"a": {"areaUnderROC": 0.9, "areaUnderPR": 0.5}, "b": {"areaUnderROC": 0.7, "areaUnderPR": 0.1}}
    zones["one class"] = {"areaUnderROC": math.nan, "areaUnderPR": 1.0}
    assert mean_areas(zones, ["areaUnderROC", "areaUnderPR"]) == pytest.approx(
        {"areaUnderROC": 0.8, "areaUnderPR": 0.3}
    )
    assert math.isnan(mean_areas({}, ["areaUnderROC"])["areaUnderROC"])
