import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.ensemble import RandomForestClassifier
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import cross_val_predict

from lib.measures.adversarial import LIKELY_DIFFERENT, MOST_ROWS, adversarial

NAMES = ["a", "b", "c", "d"]


def normal(rows, seed, shift=0.0):
    """Rows of four features, the third of them shifted."""
    return np.random.default_rng(seed).normal(size=(rows, 4)) + np.array([0, 0, shift, 0])


@pytest.mark.parametrize("seed", range(4))
def test_tables_of_one_distribution_cannot_be_told_apart(seed):
    found = adversarial(normal(1_000, seed), normal(700, seed + 100), NAMES, seed)
    assert found["area"] == pytest.approx(0.5, abs=0.05)
    assert found["area"] < LIKELY_DIFFERENT
    assert found["rows"] == 1_700
    assert sum(feature["importance"] for feature in found["features"]) == pytest.approx(1)


@pytest.mark.parametrize("shift", [1.0, 2.0, -4.0])
def test_a_shifted_feature_is_found_as_well_as_by_scikit_learn(shift):
    train, new = normal(600, 1), normal(400, 2, shift)
    found = adversarial(train, new, NAMES, 7)
    values, labels = np.concatenate([train, new]), np.repeat([0, 1], [600, 400])
    forest = RandomForestClassifier(100, max_depth=8, max_features="sqrt", class_weight="balanced", random_state=0)
    theirs = roc_auc_score(labels, cross_val_predict(forest, values, labels, cv=2, method="predict_proba")[:, 1])
    assert found["area"] == pytest.approx(theirs, abs=0.03)
    assert found["area"] > LIKELY_DIFFERENT
    first, second, *_ = found["features"]
    assert first["feature"] == "c"
    assert first["importance"] > 2 * second["importance"]


def test_the_same_tables_give_the_same_answer():
    train, new = normal(300, 1), normal(200, 2, 0.5)
    once = adversarial(train, new, NAMES, 3)
    assert adversarial(train.copy(), new.copy(), NAMES, 3) == once
    assert adversarial(train, new, NAMES, 4) != once


def test_no_more_rows_than_needed_are_used():
    train, new = normal(20_000, 1), normal(20_000, 2, 3.0)
    far = np.where(np.arange(20_000)[:, None] < MOST_ROWS, train, 1e9)
    found = adversarial(train, new, NAMES, 1)
    assert found["rows"] == 2 * MOST_ROWS
    assert found["area"] > 0.95
    assert adversarial(far, new, NAMES, 1) == found


@settings(max_examples=30, deadline=None)
@given(st.integers(1, 6), st.integers(1, 40), st.integers(0, 10**6), st.booleans())
def test_few_rows_give_a_figure_or_none_and_never_nan(few, more, seed, swapped):
    train, new = normal(few, seed), normal(more, seed + 1)
    found = adversarial(*((new, train) if swapped else (train, new)), NAMES, seed)
    json.dumps(found, allow_nan=False)
    assert (found["area"] is None) == (min(few, more) < 2)
    assert found["area"] is None or 0 <= found["area"] <= 1
    assert {feature["feature"] for feature in found["features"]} == set(NAMES)


def test_constant_features_tell_nothing():
    found = adversarial(np.ones((50, 4)), np.ones((30, 4)), NAMES, 1)
    assert found["area"] == 0.5
    assert found["features"] == [{"feature": name, "importance": 0.0} for name in NAMES]
    train, new = normal(200, 1), normal(200, 2)
    train[:, 1] = new[:, 1] = 4.0
    ranked = {each["feature"]: each["importance"] for each in adversarial(train, new, NAMES, 1)["features"]}
    assert ranked["b"] == 0
    # Constant in each of the tables, but another value: that tells everything.
    new[:, 1] = 5.0
    found = adversarial(train, new, NAMES, 1)
    assert (found["area"], found["features"][0]["feature"]) == (1.0, "b")
