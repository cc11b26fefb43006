"""Rows to measure beside the training rows: the area of applicability and drift, put together."""

import json

import numpy as np
import pytest
from scipy.spatial.distance import cdist
from scipy.stats import ks_2samp, wasserstein_distance

from lib.measures import comparison
from lib.measures.reference import Reference

FEATURES = ["a", "b", "c"]
GAINS = {"a": 0.7, "b": 0.3}  # a feature that no tree uses may have no entry


@pytest.fixture(scope="module")
def values():
    return np.random.default_rng(1).normal(size=(300, 3))


@pytest.fixture(scope="module")
def known(values):
    return Reference(values, np.repeat(np.array(["x", "y", "z"], object), 100))


def test_the_index_is_the_weighted_distance_to_the_nearest_training_row(known, values):
    new = np.random.default_rng(2).normal(size=(80, 3)) * 2
    weights = np.array([0.7, 0.3, 0.0])
    mean, deviation = values.mean(axis=0), values.std(axis=0, ddof=1)
    ours, theirs = ((rows - mean) / deviation * weights for rows in (new, values))
    among = cdist(theirs, theirs)
    unit = among.sum() / (300 * 299)
    index = cdist(ours, theirs).min(axis=1) / unit
    zone = np.repeat([0, 1, 2], 100)
    others = np.where(zone[:, None] == zone, np.inf, among).min(axis=1) / unit
    lower, upper = np.quantile(others, [0.25, 0.75])
    threshold = min(others.max(), upper + 1.5 * (upper - lower))
    found = comparison.applicability(known, new, FEATURES, GAINS)
    assert found["threshold"] == pytest.approx(threshold)
    assert found["inside"] == pytest.approx(np.mean(index <= threshold))
    assert found["rows"] == 80
    assert found["quantiles"] == pytest.approx({f"{q:g}": np.quantile(index, q) for q in comparison.QUANTILES})
    json.dumps(found, allow_nan=False)


def test_training_rows_are_inside_and_far_ones_are_not(known, values):
    assert comparison.applicability(known, values, FEATURES, GAINS)["inside"] == 1
    assert comparison.applicability(known, values + 100, FEATURES, GAINS)["inside"] == 0
    only_c = values + np.array([0, 0, 1e6])
    assert comparison.applicability(known, only_c, FEATURES, GAINS)["inside"] == 1, "no tree looks at c"


def test_one_zone_is_none_and_no_importance_gives_no_area(known, values):
    alone = Reference(values, np.full(300, "x", object))
    bare = Reference(values, None)
    of = [comparison.applicability(each, values[:9] + 1, FEATURES, GAINS) for each in (alone, bare)]
    assert of[0] == of[1]
    assert of[0]["threshold"] < comparison.applicability(known, values[:9] + 1, FEATURES, GAINS)["threshold"]
    assert comparison.applicability(known, values, FEATURES, {}) is None
    assert comparison.applicability(known, values, FEATURES, dict.fromkeys(FEATURES, 0.0)) is None
    assert comparison.applicability(Reference(values[:1], None), values, FEATURES, GAINS) is None


def test_a_table_has_drifted_if_the_features_that_moved_carry_half_of_the_importance(known, values):
    new = np.random.default_rng(3).normal(size=(250, 3))
    for shift, moved in (((0, 0, 5), 0.0), ((0, 5, 0), 0.3), ((5, 0, 0), 0.7), ((5, 5, 5), 1.0)):
        found = comparison.with_training(known, new + np.array(shift), FEATURES, GAINS, seed=1)
        drift = found["drift"]
        marked = {record["feature"] for record in drift["features"] if record["marked"]}
        assert {name for name, by in zip(FEATURES, shift, strict=True) if by} <= marked
        assert drift["importance_moved"] == pytest.approx(moved)
        assert drift["drifted"] == (drift["importance_moved"] >= 0.5)
        assert drift["rows"] == {"training": 300, "new": 250}
        if any(shift):
            assert found["adversarial"]["area"] > 0.95
            first = found["adversarial"]["features"][0]["feature"]
            assert shift[FEATURES.index(first)] == 5
        assert moved == 0 or drift["features"][0]["feature"] in marked
        json.dumps(found, allow_nan=False)


def test_a_few_rows_like_the_training_rows_have_not_drifted(known):
    drawn = [np.random.default_rng(seed).normal(size=(25, 3)) for seed in range(10)]
    drifts = [comparison.with_training(known, new, FEATURES, GAINS, seed=1)["drift"] for new in drawn]
    assert sum(record["marked"] for drift in drifts for record in drift["features"]) > 20, "0.1 is less than chance"
    assert not any(drift["drifted"] for drift in drifts)


def test_each_feature_has_scipys_distances(known, values):
    new = np.random.default_rng(4).normal(size=(120, 3)) * [1, 2, 0.5] + [0, 0.3, 1]
    records = comparison.with_training(known, new, FEATURES, GAINS, seed=1)["drift"]["features"]
    for record in records:
        place = FEATURES.index(record["feature"])
        ours, theirs = values[:, place], new[:, place]
        assert record["wasserstein"] == pytest.approx(wasserstein_distance(ours, theirs) / ours.std())
        assert record["ks"] == pytest.approx(ks_2samp(ours, theirs).statistic)


@pytest.mark.parametrize("rows", [1, 2, 6])
def test_a_few_rows_are_compared_too(known, values, rows):
    new = values[:rows] + 0.5
    found = comparison.with_training(known, new, FEATURES, GAINS, seed=1)
    assert (found["adversarial"]["area"] is None) == (rows == 1)
    json.dumps([found, comparison.applicability(known, new, FEATURES, GAINS)], allow_nan=False)
