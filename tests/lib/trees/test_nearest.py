"""The nearest point, the same as by looking at all of them."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from lib.trees.nearest import make_nearest

# Few distinct values, so that many points are equally near, and any others.
values = st.one_of(st.integers(-2, 2).map(float), st.floats(-1e6, 1e6))


def naive(rows, points):
    return ((rows[:, None] - points) ** 2).sum(axis=2).min(axis=1)


@given(st.data())
@settings(max_examples=100, deadline=None)
def test_it_is_the_nearest_of_all(data):
    n_features = data.draw(st.integers(1, 6))
    points = data.draw(arrays(np.float64, (data.draw(st.integers(1, 200)), n_features), elements=values))
    rows = data.draw(arrays(np.float64, (data.draw(st.integers(0, 8)), n_features), elements=values))
    search = make_nearest(points)
    assert search.squares(rows) == pytest.approx(naive(rows, points), rel=1e-12, abs=0)
    assert not search.squares(points).any()


@pytest.mark.parametrize("n_features", [1, 4, 15, 40])
def test_rows_far_and_near_and_of_many_features(n_features):
    rng = np.random.default_rng(n_features)
    points = rng.normal(size=(3000, n_features)) * rng.random(n_features)
    rows = np.concatenate([rng.normal(size=(200, n_features)), 1e3 + rng.normal(size=(20, n_features))])
    found = make_nearest(points).squares(rows)
    assert found == pytest.approx(naive(rows, points), rel=1e-12)
    parts = [make_nearest(points).squares(part) for part in np.array_split(rows, 7)]
    assert (np.concatenate(parts) == found).all()


@given(st.integers(0, 2**32 - 1), st.integers(1, 400), st.sampled_from([1, 2, 3, 5, 15]))
@settings(max_examples=100, deadline=None)
def test_rounding_hides_no_point(seed, n_points, n_features):
    """Points that differ in their last digits, far from the origin and on a line: rounding counts most there."""
    rng = np.random.default_rng(seed)
    line = rng.normal(size=n_features) * 10.0 ** rng.integers(-3, 9)
    points = line * (1 + 1e-15 * rng.integers(-50, 50, size=(n_points, 1))) + 1e-9 * rng.normal(size=(n_points, 1))
    rows = np.concatenate([points, points * (1 + 1e-15)])
    expected = np.zeros((len(rows), n_points))
    for feature in range(n_features):
        expected += np.subtract.outer(rows[:, feature], points[:, feature]) ** 2
    assert (make_nearest(points).squares(rows) == expected.min(axis=1)).all()


@pytest.mark.parametrize("n_features", [1, 2, 3, 15])
@pytest.mark.parametrize("far", [1e155, 1e200, -np.finfo(np.float64).max])
def test_squares_that_overflow_rule_no_point_out(n_features, far):
    rng = np.random.default_rng(0)
    points = rng.normal(size=(300, n_features))
    points[7, 0] = far
    rows = np.concatenate([points, rng.normal(size=(20, n_features))])
    with np.errstate(over="ignore", invalid="ignore"):
        assert make_nearest(points).squares(rows) == pytest.approx(naive(rows, points), rel=1e-12)


def test_rows_of_other_features_are_refused():
    with pytest.raises(ValueError, match="not rows × 2 features"):
        make_nearest(np.zeros((1, 2))).squares(np.zeros((1, 3)))
