import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics as sk

from lib.measures import capture
from lib.measures.capture import BEST
from lib.measures.curve_points import MOST_POINTS
from lib.metrics import ScoreCounts

# Scores on a coarse grid, so that ties are common; at least one row of class 1.
with_positives = st.lists(st.tuples(st.integers(0, 1), st.integers(0, 20)), min_size=1, max_size=60).filter(
    lambda rows: any(label for label, _ in rows)
)


def describe(counts):
    """Figures and curves together."""
    told = capture.describe(counts)
    return None if told is None else told | capture.describe_curves(counts)


def arrays(rows):
    labels, scores = np.array(rows, dtype=float).T
    return labels, scores / 20


def found_in(labels, scores, share):
    """Mean share of class 1 in the best rows: whole rows and a part of one, in all orders of rows of equal score."""
    chance = np.array([labels[scores == score].mean() for score in scores])
    best = chance[np.argsort(-scores)]
    whole = int(share * len(best) + 1e-9)
    rest = share * len(best) - whole
    return (best[:whole].sum() + (rest * best[whole] if whole < len(best) else 0)) / labels.sum()


@given(with_positives)
@settings(max_examples=200, deadline=None)
def test_shares_equal_those_of_rows_marked_one_by_one(rows):
    labels, scores = arrays(rows)
    told = describe(ScoreCounts.from_arrays(labels, scores))
    assert [record["rows"] for record in told["best"]] == list(BEST)
    for record in told["best"]:
        assert record["found"] == pytest.approx(found_in(labels, scores, record["rows"]), abs=1e-9)
    for threshold, found, share in zip(*told["prediction_area"].values(), strict=True):
        assert found == pytest.approx((labels[scores > threshold] == 1).sum() / labels.sum())
        assert share == pytest.approx((scores > threshold).mean())
    json.dumps(told, allow_nan=False)


@given(with_positives)
@settings(max_examples=200, deadline=None)
def test_the_area_follows_from_that_under_the_roc_curve(rows):
    labels, scores = arrays(rows)
    told = describe(ScoreCounts.from_arrays(labels, scores))
    base_rate = labels.mean()
    roc = sk.roc_auc_score(labels, scores) if base_rate < 1 else 0.5
    assert told["area"] == pytest.approx(base_rate / 2 + (1 - base_rate) * roc)
    curve = told["success_rate"]
    assert told["area"] == pytest.approx(np.trapezoid(curve["found"], curve["rows"]))


@given(with_positives)
@settings(max_examples=200, deadline=None)
def test_at_the_intersection_as_much_is_found_as_is_left_unmarked(rows):
    told = describe(ScoreCounts.from_arrays(*arrays(rows)))
    at, curve, areas = told["intersection"], told["success_rate"], told["prediction_area"]
    assert at["found"] == pytest.approx(1 - at["rows"])
    assert at["found"] == pytest.approx(np.interp(at["rows"], curve["rows"], curve["found"]))
    assert areas["threshold"][0] >= at["threshold"] >= areas["threshold"][-1]


def test_a_perfect_and_a_useless_score():
    perfect = describe(ScoreCounts.from_arrays([1, 0, 0, 0], [0.9, 0.3, 0.2, 0.1]))
    assert perfect["success_rate"] == {"rows": [0, 0.25, 0.5, 0.75, 1], "found": [0, 1, 1, 1, 1]}
    assert perfect["area"] == pytest.approx(0.875)
    assert perfect["best"][-1] == {"rows": 0.2, "found": pytest.approx(0.8)}
    # found = 4 × rows until 0.25, so they meet at rows = 0.2
    assert perfect["intersection"]["rows"] == pytest.approx(0.2)
    useless = describe(ScoreCounts.from_arrays([1, 0, 0, 0], [0.5] * 4))
    assert useless["area"] == pytest.approx(0.5)
    assert useless["intersection"] == pytest.approx({"threshold": 0.375, "found": 0.5, "rows": 0.5})


def test_without_class_1_there_is_nothing_to_find():
    assert describe(ScoreCounts.from_arrays([0, 0], [0.2, 0.3])) is None
    assert describe(ScoreCounts.from_arrays([], [])) is None
    assert capture.describe_curves(ScoreCounts.from_arrays([0, 0], [0.2, 0.3])) == {}


def test_a_long_curve_is_thinned_along_itself():
    rng = np.random.default_rng(1)
    labels = rng.random(100_000) < 0.002
    scores = np.clip(rng.normal(0.3 + 0.4 * labels, 0.1), 0, 1)
    told = describe(ScoreCounts.from_arrays(labels, scores))
    rows, found = (np.array(told["success_rate"][name]) for name in ("rows", "found"))
    assert len(rows) <= MOST_POINTS
    assert (rows[0], found[0], rows[-1], found[-1]) == (0, 0, 1, 1)
    assert np.trapezoid(found, rows) == pytest.approx(told["area"], abs=1e-3)
    # No gap is wider than a step along the curve and one row of class 1.
    assert (np.diff(rows) + np.diff(found)).max() < 4 / (MOST_POINTS - 2) + 2 / labels.sum()
    assert (found < 0.9).sum() > 100
    assert len(told["prediction_area"]["threshold"]) == len(rows)
