"""Exact medians, against Spark ML's Imputer, NumPy and scikit-learn, by both ways of finding them."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyspark.ml.feature import Imputer
from pyspark.sql import functions as F
from sklearn.impute import SimpleImputer

from lib.support import filling

FEATURES = ["a", "b with a blank", "c"]


def some_rows(rows, seed=0):
    random = np.random.default_rng(seed)
    values = pd.DataFrame(random.normal(size=(rows, 3)), columns=FEATURES)
    values["c"] = random.integers(0, 4, rows).astype(float)  # many ties
    values = values.mask(random.uniform(size=values.shape) < [0.0, 0.3, 0.9])
    return values.assign(cell=random.integers(0, 4, rows))


def frame_of(spark, rows):
    columns = [F.when(~F.isnan(f"`{name}`"), F.col(f"`{name}`")).alias(name) for name in FEATURES]
    rows = spark.createDataFrame(rows.to_numpy().tolist(), list(rows.columns))
    return rows.select(*columns, "cell", F.xxhash64(*rows.columns).alias("hash"))


def medians(frame, groups=((True,) * 4,)):
    return filling.medians(frame, FEATURES, F.col("cell"), np.array(groups), "hash")


def lower(values):
    known = values.dropna()
    return np.quantile(known, 0.5, method="inverted_cdf") if len(known) else np.nan


@pytest.fixture(params=["few", "many"])
def ways(request, monkeypatch):
    """Few rows are read at once; of many, bins are counted."""
    if request.param == "many":
        monkeypatch.setattr(filling, "MOST_VALUES", 90)
        monkeypatch.setattr(filling, "MOST_COUNTS", 3 * 4 * 20)


def test_they_are_those_of_the_imputer_of_numpy_and_of_scikit_learn(spark, ways):
    rows = some_rows(501)
    frame = frame_of(spark, rows)
    (found,) = medians(frame)
    imputer = Imputer(strategy="median", relativeError=0.0, inputCols=FEATURES, outputCols=["x", "y", "z"])
    assert found.tolist() == list(imputer.fit(frame).surrogateDF.first())
    assert found.tolist() == [lower(rows[name]) for name in FEATURES]
    odd = pd.concat([rows["a"], rows["b with a blank"].dropna()[:101]], axis=1)  # there only one value is in the middle
    assert medians(frame_of(spark, odd.assign(c=0.0, cell=0)))[0, :2].tolist() == (
        SimpleImputer(strategy="median").fit(odd.to_numpy()).statistics_.tolist()
    )


def test_each_group_has_its_own_and_one_without_a_value_has_none(spark, ways):
    rows = some_rows(400, seed=1)
    rows.loc[rows.cell == 2, "c"] = np.nan
    groups = [[True, True, False, False], [False, True, True, True], [False, False, True, False]]
    found = medians(frame_of(spark, rows), groups)
    for group, of_group in zip(groups, found, strict=True):
        here = rows[np.array(group)[rows.cell]]
        assert np.array_equal(of_group, [lower(here[name]) for name in FEATURES], equal_nan=True)
    assert np.isnan(found[2, 2])


def test_order_and_partitions_do_not_matter(spark, ways):
    rows = some_rows(300, seed=2)
    whole = medians(frame_of(spark, rows))
    shuffled = frame_of(spark, rows.sample(frac=1, random_state=1)).repartition(5)
    assert np.array_equal(medians(shuffled), whole)


VALUES = st.lists(
    st.one_of(st.none(), st.sampled_from([0.0, -0.0, 1.5, -1e300, 5e-324]), st.floats(-1e6, 1e6)), max_size=40
)


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(VALUES, st.integers(4, 40))
def test_of_any_values(spark, monkeypatch, values, most):
    monkeypatch.setattr(filling, "MOST_VALUES", most)
    monkeypatch.setattr(filling, "MOST_COUNTS", 20)
    frame = spark.createDataFrame([(v, n) for n, v in enumerate(values)], "a double, n int").repartition(2)
    found = filling.medians(frame.withColumn("h", F.xxhash64("n")), ["a"], F.lit(0), np.array([[True]]), "h")
    assert np.array_equal(found, [[lower(pd.Series(values, dtype=float))]], equal_nan=True)


def test_values_are_put_where_there_are_none(spark):
    frame = spark.createDataFrame([(1.0, None), (None, 2.0)], "a double, `b c` double")
    assert filling.fill(frame, {"a": 5.0, "b c": 6.0}).collect() == [(1.0, 6.0), (5.0, 2.0)]
    assert filling.fill(frame, None) is frame
    assert filling.filled(np.array([[1.0, np.nan]]), [5.0, 6.0]).tolist() == [[1.0, 6.0]]
