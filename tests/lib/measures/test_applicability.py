import json
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from lib.errors import InputError
from lib.measures import applicability
from lib.measures.applicability import Applicability


@pytest.fixture(scope="module")
def reference() -> Path:
    """What the R package CAST's own tests state, kept outside the repository."""
    path = Path(__file__).resolve().parents[4] / "shared" / "data" / "applicability"
    if not path.exists():
        pytest.skip("the reference of CAST is not on this machine (shared/data/applicability)")
    return path


def test_it_equals_cast(reference):
    expected = json.loads((reference / "expected.json").read_text())
    names = expected["variables"]
    train = pd.read_csv(reference / "train.csv")[names].to_numpy(float)
    cells = pd.read_parquet(reference / "study_area.parquet")[names].to_numpy(float)
    assert len(cells) == expected["cells"]
    for weights in (None, np.array(expected["weights"])):
        fitted = Applicability.fit(train, weights)
        index = fitted.index(cells)
        assert fitted.threshold == pytest.approx(expected["threshold"], abs=1e-5)
        assert fitted.inside(cells).sum() == expected["inside"]
        # The quantiles and the mean are stated with four decimals.
        quantiles = np.quantile(index, [0, 0.25, 0.5, 0.75, 1])
        assert quantiles == pytest.approx(expected["di_quantiles_0_25_50_75_100"], abs=5.1e-5)
        assert index.mean() == pytest.approx(expected["di_mean"], abs=5.1e-5)


def naive(train, new, weights, folds):
    """Threshold and DI of the new rows, pair by pair as the paper says it."""
    n = len(train)
    varies = [len(set(column)) > 1 for column in train.T]
    scale = [max(w, 0) / s if v else 0 for w, s, v in zip(weights, train.std(axis=0, ddof=1), varies, strict=True)]

    def distance(a, b):
        return np.sqrt(sum(((x - y) * s) ** 2 for x, y, s in zip(a, b, scale, strict=True)))

    apart = [[distance(a, b) for b in train] for a in train]
    unit = np.mean([np.mean([apart[i][j] for j in range(n) if j != i]) for i in range(n)])
    if not unit:
        return None
    others = [[j for j in range(n) if (j != i if folds is None else folds[j] != folds[i])] for i in range(n)]
    own = np.array([min(apart[i][j] for j in others[i]) for i in range(n)]) / unit
    lower, upper = np.percentile(own, [25, 75])
    return min(upper + 1.5 * (upper - lower), own.max()), np.array(
        [min(distance(a, b) for b in train) for a in new]
    ) / unit


# Few distinct values, so that duplicates and constant features are common, and any others.
values = st.one_of(st.integers(-2, 2).map(float), st.floats(-100, 100).map(lambda value: round(value, 3)))


@given(st.data())
@settings(max_examples=150, deadline=None)
def test_it_equals_a_naive_computation(data):
    n_features = data.draw(st.integers(1, 4))
    train = data.draw(arrays(np.float64, (data.draw(st.integers(2, 12)), n_features), elements=values))
    new = data.draw(arrays(np.float64, (data.draw(st.integers(0, 8)), n_features), elements=values))
    weights = data.draw(
        st.none() | arrays(np.float64, n_features, elements=st.sampled_from([-1.0, 0.0, 0.2, 1.0, 7.0]))
    )
    folds = data.draw(st.none() | arrays(np.int64, len(train), elements=st.integers(0, 2)))
    if folds is not None and len(set(folds)) == 1:
        folds = None
    expected = naive(train, new, np.ones(n_features) if weights is None else weights, folds)
    if expected is None:
        with pytest.raises(InputError, match="do not differ in any feature"):
            Applicability.fit(train, weights, folds)
        return
    fitted = Applicability.fit(train, weights, folds)
    assert fitted.threshold == pytest.approx(expected[0], abs=1e-9)
    assert fitted.index(new) == pytest.approx(expected[1], abs=1e-9)
    assert fitted.inside(new).tolist() == (fitted.index(new) <= fitted.threshold).tolist()
    assert fitted.index(train).tolist() == [0] * len(train)


def test_the_nearest_is_found_among_rows_that_almost_agree():
    """Far from the mean, the differences are smaller than the rounding of the matrix product."""
    rng = np.random.default_rng(1)
    train = np.concatenate([rng.normal(size=(400, 3)), 1e4 + 1e-7 * rng.normal(size=(50, 3))])
    new = 1e4 + 1e-7 * rng.normal(size=(200, 3))
    fitted = Applicability.fit(train)
    scaled = (new - fitted.mean) / fitted.deviation
    expected = np.sqrt(((scaled[:, None] - fitted.scaled) ** 2).sum(axis=2)).min(axis=1) / fitted.mean_distance
    assert fitted.index(new) == pytest.approx(expected, rel=1e-6)


def test_blocks_change_nothing(monkeypatch):
    rng = np.random.default_rng(2)
    train, new, folds = rng.normal(size=(60, 5)), rng.normal(size=(100, 5)), rng.integers(0, 4, 60)
    whole = Applicability.fit(train, folds=folds)
    index = whole.index(new)
    monkeypatch.setattr(applicability, "_CELLS", 400)
    parts = Applicability.fit(train, folds=folds)
    assert parts.mean_distance == pytest.approx(whole.mean_distance, rel=1e-12)
    assert parts.threshold == pytest.approx(whole.threshold, rel=1e-12)
    assert parts.index(new) == pytest.approx(index, rel=1e-12)


def test_it_comes_back_from_json_and_its_rows():
    rng = np.random.default_rng(3)
    train, new = rng.normal(size=(30, 3)), rng.normal(size=(20, 3))
    train[:, 1] = 0.1
    fitted = Applicability.fit(train, np.array([0.7, 0.2, -0.1]))
    assert fitted.weights.tolist() == [0.7, 0, 0]
    again = Applicability.from_dict(json.loads(json.dumps(fitted.as_dict())), fitted.scaled)
    assert (again.index(new) == fitted.index(new)).all()
    assert (again.inside(new) == fitted.inside(new)).all()
    assert again.as_dict() == fitted.as_dict()


def test_training_rows_that_say_nothing_are_refused():
    with pytest.raises(InputError, match="at least two training rows"):
        Applicability.fit(np.ones((1, 2)))
    with pytest.raises(InputError, match="all training rows are in one fold"):
        Applicability.fit(np.eye(3), folds=np.zeros(3, np.int64))
    with pytest.raises(InputError, match="do not differ in any feature"):
        Applicability.fit(np.eye(3), weights=np.array([0.0, -1.0, 0.0]))


def test_it_is_quick():
    rng = np.random.default_rng(4)
    fitted = Applicability.fit(rng.normal(size=(2000, 15)))
    start = time.perf_counter()
    fitted.index(rng.normal(size=(20_000, 15)))
    assert time.perf_counter() - start < 5
