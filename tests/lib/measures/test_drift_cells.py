"""Drift over all rows by counts is the drift over the rows themselves, and SciPy's."""

import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import stats

from lib.evaluation import evaluate
from lib.measures import reference
from lib.measures.drift import drift
from lib.measures.drift_cells import Counted, add, compare, drift_of_all, knots
from lib.training import Settings, train
from tests.lib.tables import make_table, write

FEATURES = ["few", "heavy", "a b", "constant", "far"]


def by_cells(training, new, parts=1):
    places = knots(training)
    counted = Counted(places, *(np.zeros(2 * len(places), np.int64) for _ in range(2)))
    for part in np.array_split(new, parts):
        add(counted, part)
    return compare("f", training, counted)


def directly(training, new):
    (record,) = drift(training[:, None], new[:, None], ["f"])
    return record


def is_the_same(ours, theirs, part=0.01):
    for name in ("ks", "psi", "outside"):
        assert ours[name] == pytest.approx(theirs[name], abs=1e-9), name
    assert (ours["feature"], ours["by_chance"]) == (theirs["feature"], theirs["by_chance"])
    if theirs["wasserstein"] is None:
        assert ours["wasserstein"] is None
    else:
        assert ours["wasserstein"] == pytest.approx(theirs["wasserstein"], rel=part, abs=1e-4)


rng = np.random.default_rng(1)
MANY = 100_000
CASES = {
    "alike": (rng.normal(size=20_000), rng.normal(size=MANY)),
    "shifted": (rng.normal(size=20_000), rng.normal(size=MANY) + 0.05),
    "two values": (rng.integers(0, 2, 20_000) * 1.0, rng.normal(0.5, 0.1, size=MANY)),
    "whole numbers": (rng.poisson(3, 20_000) * 1.0, rng.poisson(3.1, MANY) * 1.0),
    "heavy tails": (rng.standard_cauchy(5_000), rng.standard_cauchy(MANY)),
    "log-normal": (np.exp(2 * rng.normal(size=2_000)), np.exp(2 * rng.normal(size=MANY))),
    "three rows": (rng.normal(size=3), rng.normal(size=MANY)),
    "rounded": (rng.normal(size=200).round(2), rng.normal(size=MANY).round(2).astype(np.float32).astype(float)),
    "far away": (rng.normal(size=2_000), np.append(rng.normal(size=MANY), [1e6, -1e9, 3e14])),
    "a constant": (np.full(100, 0.1), np.append(np.full(1_000, 0.1), 0.1 + 1e-13)),
    "the same constant": (np.full(100, 0.0), np.full(1_000, 0.0)),
}


@pytest.mark.parametrize("name", CASES)
def test_the_figures_are_scipys(name):
    training, new = CASES[name]
    ours = by_cells(training, new, parts=7)
    is_the_same(ours, directly(training, new))
    assert ours["ks"] == pytest.approx(stats.ks_2samp(training, new, method="asymp").statistic, abs=1e-12)
    if training.min() < training.max():
        distance = stats.wasserstein_distance(training, new) / training.std()
        assert ours["wasserstein"] == pytest.approx(distance, rel=0.01)


values = st.one_of(st.integers(-3, 3).map(float), st.floats(-1e6, 1e6))
columns = arrays(np.float64, st.integers(1, 40), elements=values)


@given(columns, columns)
@settings(max_examples=200, deadline=None)
def test_whatever_the_values_the_figures_are_those_of_the_rows(training, new):
    ours, theirs = by_cells(training, new), directly(training, new)
    for name in ("ks", "psi", "outside"):
        assert ours[name] == pytest.approx(theirs[name], abs=1e-9)
    # Two rows of one gap can be anywhere in their 512th part of the range.
    if theirs["wasserstein"] is not None and np.ptp(training) > 1e-9:
        distances = [each["wasserstein"] * training.std() / np.ptp(training) for each in (ours, theirs)]
        assert distances[0] == pytest.approx(distances[1], rel=0.01, abs=1 / 512)
    json.dumps(ours, allow_nan=False)


@given(arrays(np.float64, 5, elements=st.floats(-1e308, 1e308)))
@settings(max_examples=100, deadline=None)
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_no_figure_is_nan_or_infinite(training):
    json.dumps(by_cells(training, training[::-1] / 3), allow_nan=False)


@given(st.permutations(range(60)), st.integers(1, 9))
@settings(max_examples=30, deadline=None)
def test_the_order_of_the_rows_changes_not_a_bit(order, parts):
    training, new = CASES["shifted"][0][:50], CASES["shifted"][1][:60]
    assert by_cells(training, new[order], parts) == by_cells(training, new)


@pytest.mark.parametrize("partitions", [1, 16])
def test_one_pass_of_spark_counts_the_rows(spark, tmp_path, partitions):
    few, heavy, moved, constant, far = (
        CASES[name] for name in ("two values", "heavy tails", "shifted", "a constant", "far away")
    )
    training = np.column_stack(
        [each[0][np.arange(3_000) % len(each[0])] for each in (few, heavy, moved, constant, far)]
    )
    new = np.column_stack([each[1][-1_000:] for each in (few, heavy, moved, constant, far)])
    path = write(pd.DataFrame(new, columns=FEATURES), tmp_path / "new.parquet")
    frame = spark.read.parquet(path).repartition(partitions)
    gains = {"a b": 0.6, "heavy": 0.4}
    ours, theirs = drift_of_all(frame, training, FEATURES, gains), drift(training, new, FEATURES, gains)
    assert [record["feature"] for record in ours] == [record["feature"] for record in theirs]
    for mine, other in zip(ours, theirs, strict=True):
        is_the_same(mine, other)
    names = [record["feature"] for record in ours]
    assert ours[names.index("a b")] == {**by_cells(training[:, 2], new[:, 2]), "feature": "a b"}


def test_an_evaluation_measures_the_drift_of_all_rows_where_the_rest_is_of_a_sample(spark, tmp_path, monkeypatch):
    path = write(make_table(400, seed=1), tmp_path / "t.parquet")
    other = make_table(900, seed=2)
    other["f1"] += 1
    settings = Settings(path, grid={"GBT": {"maxDepth": [2], "maxIter": [2]}}, engine="task")
    trained = train(spark, settings, str(tmp_path / "out"))
    place = write(other, tmp_path / "other.parquet")
    whole = evaluate(spark, trained.folder, str(tmp_path / "whole"), test_data=place).metrics
    monkeypatch.setattr(reference, "MOST_ROWS", 200)
    sampled = evaluate(spark, trained.folder, str(tmp_path / "sampled"), test_data=place).metrics
    assert (whole["applicability"]["rows"], sampled["applicability"]["rows"]) == (900, 200)
    assert whole["drift"]["rows"] == sampled["drift"]["rows"] == {"training": 340, "new": 900}
    for ours, theirs in zip(sampled["drift"]["features"], whole["drift"]["features"], strict=True):
        is_the_same(ours, theirs)
    assert sampled["drift"]["drifted"] == whole["drift"]["drifted"]
