"""Weights of rows in training: what is refused, where they count, and where they must not."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyspark.sql import functions as F
from sklearn.utils.class_weight import compute_class_weight

from lib import dataset
from lib.engines.spark import SparkEngine
from lib.engines.task.engine import TaskEngine
from lib.engines.task.memory import GB, TaskMemory, needed_bytes
from lib.errors import InputError
from lib.evaluation import evaluate
from lib.metrics import ScoreCounts
from lib.search.candidates import expand
from lib.search.engine import in_order
from lib.search.folds import group_zones, leave_out
from lib.split import PARTS, TRAIN, VAL, WEIGHT_COL, split
from lib.support.weights import exact_sum, scale_of
from lib.training import Settings, train
from tests.lib.tables import make_table, write

BOOSTED = expand({"GBT": {"maxDepth": [3], "maxIter": [2, 6], "maxBins": [16, 64]}})


def weighted(rows=900, seed=0, spread=1.0, **given):
    table = make_table(rows, seed=seed, **given)
    return table.assign(area=np.random.default_rng(seed + 1).lognormal(3.0, spread, rows))


def task():
    return TaskEngine(TaskMemory(GB, 2 * GB))


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    return write(weighted(zones=4), tmp_path_factory.mktemp("weights") / "t.parquet")


@pytest.fixture(scope="module")
def parts(spark, path):
    return split(dataset.load(spark, path, weight_col="area"), seed=3)


@pytest.mark.parametrize(
    ("value", "rows", "said"),
    [
        (0.0, 3, r"weight_col: 3 of 40 rows have a weight of 0 or below in column 'area' \(the lowest is 0\)"),
        (-2.5, 1, r"weight_col: 1 of 40 rows have .* \(the lowest is -2.5\), and weights must be positive: give them"),
        (None, 2, r"2 of 40 rows have a null, NaN or infinite value, in: area \(2\); fix them, drop those rows with"),
        (np.inf, 4, r"4 of 40 rows have a null, NaN or infinite value, in: area \(4\); .* or train without weight_col"),
        (None, 40, "weight_col: column 'area' has no usable value in any of the 40 rows: choose a column of positive"),
    ],
)
def test_weights_that_are_none_are_refused(spark, tmp_path, value, rows, said):
    table = weighted(40)
    table["area"] = [value if row < rows else weight for row, weight in enumerate(table["area"])]
    table["area"] = table["area"].astype(float)
    with pytest.raises(InputError, match=said):
        dataset.load(spark, write(table, tmp_path / "t.parquet"), weight_col="area")


def test_rows_without_a_weight_are_dropped_if_that_is_asked_for_and_those_of_zero_are_not(spark, tmp_path):
    table = weighted(60)
    table.loc[:4, "area"] = np.nan
    path = write(table, tmp_path / "t.parquet")
    assert dataset.load(spark, path, weight_col="area", missing="drop").dropped == 5
    assert dataset.load(spark, path, exclude_cols=["area"]).dropped == 0
    table.loc[5, "area"] = 0
    with pytest.raises(InputError, match="1 of 55 rows have a weight of 0 or below"):
        dataset.load(spark, write(table, tmp_path / "u.parquet"), weight_col="area", missing="drop")


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"weight_col": "aera"}, "weight_col: the table has no column 'aera': did you mean area"),
        ({"weight_col": "name"}, "column 'name' of weight_col is of type string, not a number"),
        ({"weight_col": "label"}, "weight_col='label' is also the label, the zone, a coordinate or an excluded column"),
        ({"weight_col": "zone"}, "weight_col='zone' is also the label, the zone, a coordinate or an excluded column"),
        ({"weight_col": "area", "exclude_cols": ["area", "name"]}, "weight_col='area' is also"),
    ],
)
def test_columns_that_cannot_be_weights_are_refused(spark, tmp_path, given, said):
    path = write(weighted(40).assign(name="a"), tmp_path / "t.parquet")
    with pytest.raises(InputError, match=said):
        dataset.load(spark, path, **{"exclude_cols": ["name"] if given["weight_col"] == "area" else [], **given})


def test_weights_are_no_feature_and_belong_to_the_fingerprint(spark, path, tmp_path):
    loaded = dataset.load(spark, path, weight_col="area")
    assert "area" not in loaded.features
    table = pd.read_parquet(path)
    assert (loaded.weights.least, loaded.weights.most) == (table.area.min(), table.area.max())
    other = table.assign(area=table.area.to_numpy()[::-1])
    again = dataset.load(spark, write(other, tmp_path / "o.parquet"), weight_col="area")
    shuffled = write(table.sample(frac=1, random_state=1), tmp_path / "s.parquet")
    assert dataset.load(spark, shuffled, weight_col="area").fingerprint == loaded.fingerprint
    without = dataset.load(spark, path, exclude_cols=["area"])
    assert len({loaded.fingerprint, again.fingerprint, without.fingerprint}) == 3


def test_the_split_leaves_weights_out(spark, path, parts):
    without = split(dataset.load(spark, path, exclude_cols=["area"]), seed=3)
    assert parts.parts == without.parts
    assert without.weights is None


def test_equal_rows_of_different_weights_stand_on_one_side(spark, tmp_path):
    table = weighted(300)
    path = write(pd.concat([table, table.assign(area=table.area * 7)]), tmp_path / "t.parquet")
    cut = split(dataset.load(spark, path, weight_col="area"))
    rows = [cut.rows(part).select(*cut.features).toPandas() for part in PARTS]
    assert sum(len(part.drop_duplicates()) for part in rows) == 300
    assert all(len(part) == 2 * len(part.drop_duplicates()) for part in rows)


def test_what_the_parts_are_worth_is_kishs_size(parts):
    for part in PARTS:
        own = parts.rows(part).select("area").toPandas()["area"].to_numpy()
        assert parts.weights[part]["weight"] == pytest.approx(own.sum(), rel=1e-12)
        assert parts.weights[part]["effective"] == pytest.approx(own.sum() ** 2 / (own**2).sum(), rel=1e-12)
    assert parts.record()["weights"] == parts.weights


@pytest.mark.parametrize("classes", ["balanced", "none"])
def test_a_row_weighs_its_class_by_counts_as_in_scikit_learn_times_its_own(spark, path, classes):
    cut = split(dataset.load(spark, path, weight_col="area"), classes=classes)
    rows = cut.rows(TRAIN).select("label", "area", WEIGHT_COL).toPandas()
    named = "balanced" if classes == "balanced" else None
    theirs = compute_class_weight(named, classes=np.array([0.0, 1.0]), y=rows["label"].to_numpy())
    assert list(cut.class_weights.values()) == pytest.approx(theirs)
    scale = scale_of(cut.weights[TRAIN]["weight"], len(rows))
    np.testing.assert_array_equal(
        rows[WEIGHT_COL], np.array(list(cut.class_weights.values()))[rows["label"].astype(int)] * (rows["area"] / scale)
    )
    assert 1 / 100 < (rows["area"] / scale).mean() < 1 / 40


def test_class_weights_are_one_of_two(spark, path):
    with pytest.raises(InputError, match="class_weights='equal': choose balanced or none"):
        split(dataset.load(spark, path, weight_col="area"), classes="equal")


@pytest.mark.parametrize("classes", ["balanced", "none"])
@pytest.mark.parametrize("weight_col", ["area", None])
def test_gbts_score_as_spark_mls_own(spark, path, classes, weight_col):
    excluded = [] if weight_col else ["area"]
    cut = split(dataset.load(spark, path, weight_col=weight_col, exclude_cols=excluded), seed=3, classes=classes)
    ours, theirs = (in_order(engine.score(BOOSTED, cut, VAL), BOOSTED) for engine in (task(), SparkEngine()))
    for one, other in zip(ours, theirs, strict=True):
        assert one.metrics == pytest.approx(other.metrics, abs=1e-9)


@pytest.mark.parametrize("classes", ["balanced", "none"])
def test_folds_are_weighted_as_in_spark_ml(spark, path, classes):
    cut = split(dataset.load(spark, path, weight_col="area"), seed=3, classes=classes)
    counts = cut.count_by_zone()
    folds = leave_out(group_zones(counts), counts)[:2]
    ours, theirs = (
        {
            (s.fold, s.candidate.index): s.by_zone
            for s in engine.score_folds(BOOSTED[1:2], cut, folds, ScoreCounts.summary)
        }
        for engine in (task(), SparkEngine())
    )
    assert len(ours) == 2
    for key, by_zone in ours.items():
        assert by_zone.keys() == theirs[key].keys()
        for zone, found in by_zone.items():
            assert found == pytest.approx(theirs[key][zone], abs=1e-9)


def test_weights_change_models_and_their_unit_does_not(spark, parts, tmp_path):
    table = pd.read_parquet(parts.table.inputs[0])
    found = []
    for number, area in enumerate((table.area, table.area * 1e-6, table.area * 0 + 3)):
        path = write(table.assign(area=area), tmp_path / f"{number}.parquet")
        cut = split(dataset.load(spark, path, weight_col="area"), seed=3)
        found.append(in_order(task().score(BOOSTED, cut, VAL), BOOSTED)[0].metrics)
    without = split(dataset.load(spark, path, exclude_cols=["area"]), seed=3)
    plain = in_order(task().score(BOOSTED, without, VAL), BOOSTED)[0].metrics
    assert found[0] == pytest.approx(found[1], abs=1e-9)
    assert found[2] == pytest.approx(plain, abs=1e-9)
    assert found[0] != pytest.approx(plain, abs=1e-3)


def test_a_forest_scores_about_as_spark_mls_own(parts):
    forest = expand({"RandomForest": {"numTrees": [40], "maxDepth": [6]}})
    (ours,), (theirs,) = (list(engine.score(forest, parts, VAL)) for engine in (task(), SparkEngine()))
    assert ours.metrics["areaUnderROC"] == pytest.approx(theirs.metrics["areaUnderROC"], abs=0.03)


def test_weights_take_memory(spark, path, parts):
    without = split(dataset.load(spark, path, exclude_cols=["area"]), seed=3)
    assert needed_bytes(parts, BOOSTED) > needed_bytes(without, BOOSTED)


@given(
    numbers=st.lists(st.floats(1e-9, 1e6), min_size=1, max_size=50),
    seed=st.integers(0, 100),
)
@settings(max_examples=5, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_sums_do_not_depend_on_the_order_of_rows(spark, numbers, seed):
    shuffled = np.random.default_rng(seed).permutation(numbers).tolist()
    sums = [
        spark.createDataFrame([(number,) for number in some], "w double")
        .repartition(partitions)
        .agg(exact_sum(F.col("w"), max(numbers)))
        .first()[0]
        for some, partitions in ((numbers, 1), (shuffled, 3))
    ]
    assert sums[0] == sums[1] == pytest.approx(np.sum(numbers), rel=1e-12)


@pytest.mark.parametrize("engine", ["task", "spark"])
def test_an_experiment_says_its_weights_and_repeats_its_split(spark, path, tmp_path, engine):
    grid = {"GBT": {"maxDepth": [2], "maxIter": [2]}}
    given = {"weight_col": "area", "class_weights": "none", "grid": grid, "engine": engine}
    trained = train(spark, Settings(path, **given), str(tmp_path), "20260101_000000")
    summary = json.loads(Path(trained.folder, "metrics/summary.json").read_text())
    experiment = json.loads(Path(trained.folder, "experiment.json").read_text())
    assert summary["class_weights"] == {"0.0": 1.0, "1.0": 1.0}
    assert summary["weights"]["column"] == experiment["data"]["weights"]["column"] == "area"
    assert summary["weights"]["parts"] == experiment["split"]["weights"]
    assert summary["weights"]["parts"]["test"]["effective"] < summary["test_samples"]
    assert "area" not in experiment["data"]["features"]
    assert evaluate(spark, trained.folder, str(tmp_path)).metrics["measured_on"]["verified"]


def test_an_evaluation_refuses_other_weights_and_another_table_needs_none(spark, path, tmp_path):
    table = pd.read_parquet(path)
    here = write(table, tmp_path / "t.parquet")
    grid = {"GBT": {"maxDepth": [2], "maxIter": [2]}}
    trained = train(spark, Settings(here, weight_col="area", grid=grid), str(tmp_path), "20260101_000000")
    other = write(weighted(300, seed=9).drop(columns="area"), tmp_path / "other.parquet")
    found = evaluate(spark, trained.folder, str(tmp_path), test_data=other, run_id="20260101_000001")
    assert found.metrics["measured_on"]["count"] == 300
    write(table.assign(area=table.area * 2), tmp_path / "t.parquet")
    with pytest.raises(InputError, match="is no longer the table the model was trained on"):
        evaluate(spark, trained.folder, str(tmp_path), run_id="20260101_000002")
