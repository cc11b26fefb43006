import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import stats

from lib.errors import InputError
from lib.measures.drift import PSI_LEAST_SHARE, drift, is_beyond_chance, stability_index

# Few distinct values, so that ties and constants are common, and any others.
values = st.one_of(st.integers(-3, 3).map(float), st.floats(-1e6, 1e6))
columns = arrays(np.float64, st.integers(1, 40), elements=values)


def one(train, new):
    (record,) = drift(np.reshape(train, (-1, 1)), np.reshape(new, (-1, 1)), ["f"])
    return record


@given(columns, columns)
@settings(max_examples=300, deadline=None)
@pytest.mark.filterwarnings("ignore::RuntimeWarning")  # SciPy's, for the p-value of a few rows
def test_distances_equal_scipys(train, new):
    record = one(train, new)
    assert record["ks"] == pytest.approx(stats.ks_2samp(train, new, method="asymp").statistic, abs=1e-12)
    assert record["outside"] == pytest.approx(np.mean([not train.min() <= value <= train.max() for value in new]))
    distance = stats.wasserstein_distance(train, new)
    if train.min() < train.max() and train.std() > 1e-9:
        assert record["wasserstein"] == pytest.approx(distance / train.std(), rel=1e-9, abs=1e-9)
    json.dumps(record, allow_nan=False)
    assert record["marked"] == (record["wasserstein"] is None or record["wasserstein"] >= 0.1)


@given(columns, columns)
@settings(max_examples=200, deadline=None)
def test_the_stability_index_equals_a_count_bin_by_bin(train, new):
    limits = sorted({float(np.quantile(train, tenth / 10)) for tenth in range(1, 10)})
    bins = list(zip([-np.inf, *limits], [*limits, np.inf], strict=True))
    total = 0.0
    for low, high in bins:
        before, after = (
            max(sum(low < value <= high for value in rows) / len(rows), PSI_LEAST_SHARE) for rows in (train, new)
        )
        total += (after - before) * np.log(after / before)
    assert stability_index(train, new) == pytest.approx(total, abs=1e-9)
    assert stability_index(train, train) == 0


@given(arrays(np.float64, (5, 1), elements=st.floats(-1e308, 1e308)))
@settings(max_examples=100, deadline=None)
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_no_figure_is_nan_or_infinite(train):
    json.dumps(drift(train, train[::-1] / 3, ["f"]), allow_nan=False)


def test_levels_follow_the_index():
    rng = np.random.default_rng(1)
    train = rng.normal(size=5000)
    told = [one(train, train + shift) for shift in (0.05, 0.4, 1.0)]
    assert [record["level"] for record in told] == ["none", "some", "strong"]
    assert [record["marked"] for record in told] == [False, True, True]
    assert told[2]["wasserstein"] == pytest.approx(1, abs=0.01)


def test_a_constant_has_no_unit():
    same = one([0.1] * 7, [0.1] * 3)
    assert (same["wasserstein"], same["marked"], same["psi"], same["outside"]) == (0.0, False, 0.0, 0.0)
    moved = one([0.1] * 7, [0.1, 0.1, 0.2])
    assert (moved["wasserstein"], moved["marked"]) == (None, True)
    assert (moved["ks"], moved["outside"]) == pytest.approx((1 / 3, 1 / 3))


def test_the_order_is_that_of_worry():
    rng = np.random.default_rng(2)
    train = rng.normal(size=(500, 4))
    train[:, 2], train[:, 3] = train[:, 0], 5
    new = train + np.array([0.5, 1.0, 0.5, 1.0])

    def order(importances=None):
        return [record["feature"] for record in drift(train, new, ["a", "b", "c", "constant"], importances)]

    assert order() == ["constant", "b", "a", "c"]
    assert order({"a": 0.1, "b": 0.1, "c": 0.8}) == ["c", "b", "a", "constant"]
    assert order({"c": 0.5, "constant": 0.01}) == ["constant", "c", "a", "b"]
    assert order({}) == ["a", "b", "c", "constant"]


@pytest.mark.parametrize("n_new", [20, 100, 400])
def test_rows_like_the_training_rows_move_as_far_as_chance_says(n_new):
    rng = np.random.default_rng(n_new)
    train = np.exp(rng.normal(size=2000))
    drawn = [one(train, np.exp(rng.normal(size=n_new))) for _ in range(200)]
    assert np.mean([record["wasserstein"] for record in drawn]) == pytest.approx(drawn[0]["by_chance"], rel=0.15)
    assert np.mean([is_beyond_chance(record) for record in drawn]) < 0.06
    assert is_beyond_chance(one(train, train[:n_new] + 3))


def test_a_distance_that_is_not_marked_or_has_no_unit():
    train = np.random.default_rng(1).normal(size=5000)
    assert not is_beyond_chance(one(train, np.tile(train, 20) + 0.09))
    assert is_beyond_chance(one([1.0] * 5, [2.0] * 5))
    assert not is_beyond_chance(one([1.0] * 5, [1.0] * 5))


def test_no_rows_are_refused():
    some, none = np.ones((3, 1)), np.ones((0, 1))
    with pytest.raises(InputError, match="no new rows"):
        drift(some, none, ["f"])
    with pytest.raises(InputError, match="no training rows"):
        drift(none, some, ["f"])
