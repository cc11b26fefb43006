import json

import numpy as np
import pytest
from sklearn.ensemble import RandomForestClassifier
from sklearn.inspection import partial_dependence
from sklearn.metrics import roc_auc_score

from lib.measures import lean

FEATURES = ["noise", "twin", "strong", "strong too", "some", "even", "constant", "more noise"]
GAINS = {"strong too": 0.4, "strong": 0.2, "some": 0.2, "twin": 0.1, "even": 0.1}
ROWS = 400


@pytest.fixture(scope="module")
def rows():
    """Features of which `strong` and `strong too` move together, as do `twin` and `some`, against each other."""
    rng = np.random.default_rng(2)
    values = rng.normal(size=(ROWS, 8))
    values[:, 3] = values[:, 2] * 3 + rng.normal(scale=1e-3, size=ROWS)
    values[:, 1] = -values[:, 4]
    values[:, 5] = np.round(values[:, 5])  # a few distinct values
    values[:, 6] = 1.5
    labels = (values[:, 2] + 0.4 * values[:, 4] + 0.3 * values[:, 5] + rng.normal(scale=0.3, size=ROWS) > 0.6) * 1.0
    return values, labels


@pytest.fixture(scope="module")
def forest(rows):
    return RandomForestClassifier(30, max_depth=5, random_state=0).fit(*rows)


@pytest.fixture(scope="module")
def score(forest):
    return lambda values: forest.predict_proba(values)[:, 1]


@pytest.fixture(scope="module")
def described(rows, score):
    return lean.describe(score, *rows, FEATURES, GAINS, "areaUnderROC", seed=4)


def test_features_that_move_together_name_each_other_and_have_one_figure(described):
    records = {record["feature"]: record for record in described[0]["permutation_importances"]}
    assert set(records) == set(FEATURES)
    pairs = {"strong": "strong too", "twin": "some"}
    for one, other in {**pairs, **{other: one for one, other in pairs.items()}}.items():
        assert records[one]["group"] == [other]
        assert records[one]["mean"] == records[other]["mean"]
        assert records[one]["std"] == records[other]["std"]
    for alone in set(FEATURES) - {*pairs, *pairs.values()}:
        assert records[alone]["group"] == []


def test_with_many_features_fewer_rows_are_permuted(rows, score, monkeypatch):
    """The first ones, as many as the work for all features allows, but never fewer than the least."""
    values, labels = rows
    scored = []

    def counting(of):
        scored.append(len(of))
        return score(of)

    groups = 6  # of eight features, two pairs move together
    for most, expected in ((lean.REPEATS * groups * 250, 250), (1, 100), (10**9, ROWS)):
        monkeypatch.setattr(lean, "MOST_SCORED", most)
        monkeypatch.setattr(lean, "LEAST_ROWS", 100)
        scored.clear()
        found, _ = lean.describe(counting, values, labels, FEATURES, GAINS, "areaUnderROC", seed=4)
        assert set(scored) == {expected}
        first = lean.describe(score, values[:expected], labels[:expected], FEATURES, GAINS, "areaUnderROC", seed=4)
        assert found == first[0]


def test_they_are_in_falling_order_and_a_constant_feature_drops_nothing(described):
    records = described[0]["permutation_importances"]
    means = [record["mean"] for record in records]
    assert means == sorted(means, reverse=True)
    assert [records[0]["feature"], records[1]["feature"]] == ["strong too", "strong"]  # the higher gain first
    constant = next(record for record in records if record["feature"] == "constant")
    assert (constant["mean"], constant["std"]) == (0, 0)


def test_the_drop_of_a_group_is_what_shuffling_all_of_it_costs(described, rows, score):
    values, labels = rows
    usual = roc_auc_score(labels, score(values))
    rng = np.random.default_rng(0)
    drops = []
    for _ in range(60):
        permuted = values.copy()
        permuted[:, 2:4] = values[rng.permutation(ROWS)][:, 2:4]
        drops.append(usual - roc_auc_score(labels, score(permuted)))
    strong = next(each for each in described[0]["permutation_importances"] if each["feature"] == "strong")
    assert strong["mean"] == pytest.approx(np.mean(drops), abs=4 * np.std(drops) / np.sqrt(lean.REPEATS))
    assert strong["std"] == pytest.approx(np.std(drops), rel=0.8)


def test_the_strongest_features_have_the_partial_dependence_of_scikit_learn(described, rows, forest):
    curves = described[1]["partial_dependence"]
    assert len(curves) == lean.STRONGEST
    for curve in curves:
        theirs = partial_dependence(
            forest, rows[0], [FEATURES.index(curve["feature"])], grid_resolution=20, method="brute", kind="average"
        )
        assert curve["values"] == pytest.approx(theirs["grid_values"][0].tolist(), abs=1e-12)
        assert curve["mean"] == pytest.approx(theirs["average"][0].tolist(), abs=1e-12)


def test_one_feature_of_each_group_is_drawn_that_with_the_highest_gain(described):
    drawn = [curve["feature"] for curve in described[1]["partial_dependence"]]
    assert drawn[:2] == ["strong too", "some"]
    assert not {"strong", "twin"} & set(drawn)
    order = [each["feature"] for each in described[0]["permutation_importances"]]
    assert drawn == sorted(drawn, key=order.index)


def test_further_members_of_a_group_are_drawn_if_there_are_too_few_groups(rows, forest):
    values = rows[0].copy()
    values[:, [0, 1, 3, 4, 7]] = values[:, [2]]  # two groups and a constant feature
    curves = lean.describe(
        lambda these: forest.predict_proba(these)[:, 1], values, rows[1], FEATURES, GAINS, "areaUnderROC", seed=4
    )[1]["partial_dependence"]
    drawn = [curve["feature"] for curve in curves]
    assert drawn[0] == "strong too"
    assert set(drawn[1:3]) == {"even", "constant"}
    assert drawn[3:] == ["strong", "some", "twin"]


def test_the_same_rows_give_the_same_answer_and_plain_json(described, rows, score):
    assert lean.describe(score, *rows, FEATURES, GAINS, "areaUnderROC", seed=4) == described
    assert json.loads(json.dumps(described, allow_nan=False)) == list(described)


def test_only_the_first_rows_are_averaged_over(rows, score, described, monkeypatch):
    monkeypatch.setattr(lean, "DEPENDENCE_ROWS", 50)
    values, labels = rows
    few = lean.describe(score, values, labels, FEATURES, GAINS, "areaUnderROC", seed=4)[1]["partial_dependence"]
    place = FEATURES.index(few[0]["feature"])
    rows = values[:50].copy()
    rows[:, place] = few[0]["values"][3]
    assert few[0]["mean"][3] == pytest.approx(score(rows).mean(), abs=1e-12)


@pytest.mark.parametrize("label", [0.0, 1.0])
@pytest.mark.parametrize("metric", ["areaUnderROC", "areaUnderPR"])
def test_rows_of_one_class_say_nothing(rows, score, label, metric):
    values = rows[0][:20]
    assert lean.describe(score, values, np.full(20, label), FEATURES, GAINS, metric, seed=1) == ({}, {})
