import json
import math
import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics as sk
from sklearn.calibration import calibration_curve
from sklearn.isotonic import IsotonicRegression

from lib.errors import InputError
from lib.measures.calibration import Isotonic, brier, log_loss, reliability
from lib.metrics import ScoreCounts

# Scores on a coarse grid, so that ties are common.
rows_of = st.lists(st.tuples(st.integers(0, 1), st.integers(0, 20)), min_size=1, max_size=60)
both_classes = rows_of.filter(lambda rows: {label for label, _ in rows} == {0, 1})
anywhere = st.lists(st.floats(-0.5, 1.5), min_size=1, max_size=20)


def arrays(rows):
    labels, scores = np.array(rows, dtype=float).T
    return labels, scores / 20


@given(rows_of, anywhere)
@settings(max_examples=300, deadline=None)
def test_isotonic_equals_scikit_learns(rows, new):
    labels, scores = arrays(rows)
    counts = ScoreCounts.from_arrays(labels, scores)
    ours = Isotonic.fit(counts)
    theirs = IsotonicRegression(y_min=0, y_max=1, out_of_bounds="clip").fit(scores, labels)
    assert ours(new) == pytest.approx(theirs.predict(np.array(new)), abs=1e-9)
    assert ours.apply(counts) == pytest.approx(theirs.predict(counts.scores), abs=1e-9)


def test_isotonic_equals_scikit_learns_on_continuous_scores():
    rng = np.random.default_rng(1)
    scores = rng.random(5000)
    labels = (rng.random(5000) < scores**2).astype(float)
    ours = Isotonic.fit(ScoreCounts.from_arrays(labels, scores))
    theirs = IsotonicRegression(y_min=0, y_max=1, out_of_bounds="clip").fit(scores, labels)
    new = rng.uniform(-0.1, 1.1, 1000)
    assert ours(new) == pytest.approx(theirs.predict(new), abs=1e-9)
    assert len(ours.scores) == len(theirs.X_thresholds_)


@given(rows_of, anywhere)
@settings(max_examples=100, deadline=None)
def test_isotonic_never_falls_keeps_the_mean_and_comes_back_from_json(rows, new):
    counts = ScoreCounts.from_arrays(*arrays(rows))
    fitted = Isotonic.fit(counts)
    assert (np.diff(fitted.scores) > 0).all()
    values = fitted(np.sort(new))
    assert (np.diff(values) >= -1e-15).all()
    assert 0 <= values.min() <= values.max() <= 1
    in_all = (counts.positives + counts.negatives) @ fitted.apply(counts)
    assert in_all == pytest.approx(counts.n_positives, abs=1e-9)
    again = Isotonic.from_dict(json.loads(json.dumps(fitted.as_dict())))
    assert (again(new) == fitted(new)).all()


def test_isotonic_ignores_scores_without_rows_and_refuses_no_rows():
    gaps = ScoreCounts(np.array([0.9, 0.5, 0.1]), np.array([1.0, 0.0, 0.0]), np.array([0.0, 0.0, 1.0]))
    assert Isotonic.fit(gaps).as_dict() == {"scores": [0.1, 0.9], "probabilities": [0.0, 1.0]}
    with pytest.raises(InputError, match="no rows to calibrate"):
        Isotonic.fit(ScoreCounts.from_arrays([], []))


def test_isotonic_is_quick_for_many_scores():
    rng = np.random.default_rng(2)
    scores = rng.random(200_000)
    counts = ScoreCounts.from_arrays(rng.random(200_000) < scores, scores)
    start = time.perf_counter()
    Isotonic.fit(counts)
    assert time.perf_counter() - start < 5


@given(both_classes)
@settings(max_examples=200, deadline=None)
def test_brier_and_log_loss_equal_scikit_learns(rows):
    labels, scores = arrays(rows)
    counts = ScoreCounts.from_arrays(labels, scores)
    assert brier(counts) == pytest.approx(sk.brier_score_loss(labels, scores), abs=1e-9)
    assert log_loss(counts) == pytest.approx(sk.log_loss(labels, scores), abs=1e-9)
    fitted = Isotonic.fit(counts)
    calibrated, probabilities = fitted(scores), fitted.apply(counts)
    assert brier(counts, probabilities) == pytest.approx(sk.brier_score_loss(labels, calibrated), abs=1e-9)
    assert log_loss(counts, probabilities) == pytest.approx(sk.log_loss(labels, calibrated), abs=1e-9)
    # Of all functions that never fall, the isotonic one has the least squared error on its own rows.
    assert brier(counts, probabilities) <= brier(counts) + 1e-12


def test_losses_without_rows_are_nan():
    none = ScoreCounts.from_arrays([], [])
    assert math.isnan(brier(none))
    assert math.isnan(log_loss(none))
    assert reliability(none) == []


@given(rows_of, st.sampled_from([1, 5, 7, 10, 20]))
@settings(max_examples=200, deadline=None)
def test_reliability_equals_scikit_learns(rows, bins):
    labels, scores = arrays(rows)
    counts = ScoreCounts.from_arrays(labels, scores)
    records = reliability(counts, bins=bins)
    share, mean = calibration_curve(labels, scores, n_bins=bins, pos_label=1)
    assert [record["share"] for record in records] == pytest.approx(share)
    assert [record["mean"] for record in records] == pytest.approx(mean)
    assert sum(record["rows"] for record in records) == len(rows)
    assert all(record["from"] - 1e-12 <= record["mean"] <= record["to"] + 1e-12 for record in records)
    json.dumps(records)
    calibrated = Isotonic.fit(counts).apply(counts)
    for record in reliability(counts, calibrated, bins):
        assert record["share"] == pytest.approx(record["mean"])  # each pooled block keeps its share
