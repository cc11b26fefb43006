"""`missing: median`: what fills, that no other rows have a say in it, and that plain Spark ML fills the same."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from pyspark.ml import PipelineModel
from pyspark.ml.feature import Imputer, ImputerModel
from pyspark.ml.functions import vector_to_array
from pyspark.sql import functions as F

from lib import dataset
from lib.engines.fold_medians import fold_medians
from lib.engines.saved_models import SCORE_COL, load_ensemble
from lib.errors import InputError
from lib.evaluation import evaluate
from lib.search.folds import Fold
from lib.split import TEST, TRAIN, VAL, split
from lib.training import Settings, train
from tests.lib.tables import make_table, write

GRID = {"GBT": {"maxDepth": [2], "maxIter": [2]}}
ENGINES = ("task", "spark")
FEATURES = ["f0", "f1", "f2", "f3"]
HOLES = {"f0": 0.0, "f1": 0.1, "f2": 0.3, "f3": 0.02}


def with_holes(table, seed=0):
    """Nulls, and infinite values, which count as missing, too."""
    random = np.random.default_rng(seed)
    table = table.copy()
    for name, share in HOLES.items():
        table.loc[random.uniform(size=len(table)) < share, name] = np.nan
        if share:
            table.loc[random.integers(len(table)), name] = np.inf
    return table


def lower_median(values):
    return np.quantile(values[np.isfinite(values)], 0.5, method="inverted_cdf")


@pytest.fixture(scope="module")
def table():
    return with_holes(make_table(500, seed=3, zones=3))


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    return tmp_path_factory.mktemp("median")


@pytest.fixture(scope="module")
def path(place, table):
    return write(table, place / "table.parquet")


@pytest.fixture(scope="module")
def by_engine(spark, place, path):
    """The same training by both engines."""
    settings = {each: Settings(path, grid=GRID, engine=each, missing="median", seed=2) for each in ENGINES}
    return {each: train(spark, settings[each], str(place / each), "20260102_030405") for each in ENGINES}


@pytest.fixture(params=ENGINES)
def trained(request, by_engine):
    return by_engine[request.param]


@pytest.fixture(scope="module")
def parts(spark, path):
    return split(dataset.load(spark, path, missing="median"), seed=2)


def read(folder, name):
    return json.loads(Path(folder, name).read_text())


def test_the_medians_are_those_of_the_training_part(trained, table):
    training = trained.parts.as_given(TRAIN).select(FEATURES)
    imputer = Imputer(strategy="median", relativeError=0.0, inputCols=FEATURES, outputCols=[f"{n}_" for n in FEATURES])
    assert list(trained.parts.medians.values()) == list(imputer.fit(training).surrogateDF.first())
    rows = training.toPandas()
    assert trained.parts.medians == {name: lower_median(rows[name].to_numpy(float)) for name in FEATURES}
    everywhere = {name: lower_median(table[name].to_numpy(float)) for name in FEATURES}
    assert trained.parts.medians != everywhere


def test_the_records_say_what_was_filled_by_what(trained, table):
    for record in (read(trained.folder, "experiment.json"), read(trained.folder, "metrics/summary.json")):
        holes = ~np.isfinite(table[FEATURES])
        values = {name: int(n) for name, n in holes.sum().items() if n}
        assert record["filling"] == {
            "by": "median",
            "rows": int(holes.any(axis=1).sum()),
            "values": values,
            "medians": trained.parts.medians,
        }
    assert read(trained.folder, "experiment.json")["data"]["dropped"] == 0


def test_the_pipeline_fills_by_itself(spark, trained):
    """The winner's scores of rows with nulls, by Spark ML, are those of the same rows filled before, and ours."""
    pipeline = f"{trained.folder}/pipeline_best"
    model = PipelineModel.load(pipeline)
    imputer, assembler, _ = model.stages
    assert isinstance(imputer, ImputerModel)
    assert assembler.getInputCols() == imputer.getOutputCols()
    rows = trained.parts.as_given(TEST).orderBy(*trained.parts.canonical_order)
    filled = rows.fillna(trained.parts.medians)
    theirs = [scored(model, frame) for frame in (rows, filled)]
    assert np.array_equal(*theirs)
    scorer = load_ensemble(spark, pipeline)
    assert scorer.features == tuple(FEATURES)
    ours = scorer.with_score(rows).select(SCORE_COL).toPandas()[SCORE_COL]
    assert np.abs(ours - theirs[0]).max() < 1e-12
    values = rows.select(FEATURES).toPandas().to_numpy(float)
    assert np.isnan(values).any()
    assert np.abs(scorer.score(values) - theirs[0]).max() < 1e-12


def scored(model, rows):
    return model.transform(rows).select(vector_to_array("probability")[1]).toPandas().to_numpy().ravel()


def test_plain_pyspark_needs_nothing_of_ours(by_engine, place):
    trained = by_engine["task"]
    program = (
        "import sys, json\n"
        "from pyspark.sql import SparkSession\n"
        "from pyspark.ml import PipelineModel\n"
        "spark = SparkSession.builder.master('local[1]').config('spark.ui.enabled', 'false').getOrCreate()\n"
        "rows = spark.createDataFrame([(None, 1.0, float('nan'), None), (0.5, 0.5, 0.5, 0.5)], "
        "'f0 double, f1 double, f2 double, f3 double')\n"
        "found = PipelineModel.load(sys.argv[1]).transform(rows).select('probability').collect()\n"
        "assert 'lib' not in sys.modules\n"
        "print(json.dumps([row[0][1] for row in found]))\n"
    )
    run = subprocess.run(
        [sys.executable, "-c", program, f"{trained.folder}/pipeline_best"],
        cwd=place, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert run.returncode == 0, run.stderr[-2000:]
    medians = list(trained.parts.medians.values())
    rows = np.array([[medians[0], 1.0, medians[2], medians[3]], [0.5] * 4])
    ours = load_ensemble(trained.spark, f"{trained.folder}/pipeline_best").score(rows)
    assert np.abs(np.array(json.loads(run.stdout.splitlines()[-1])) - ours).max() < 1e-12


def test_an_evaluation_of_the_held_out_rows_proves_and_fills_them(spark, trained, place):
    found = evaluate(spark, trained.folder, f"{place}/{trained.engine.name}").metrics
    assert found["measured_on"]["verified"]
    rows = trained.parts.as_given(TEST).select(FEATURES).toPandas().isna()
    values = {name: int(n) for name, n in rows.sum().items() if n}
    assert found["measured_on"]["filled"] == {"rows": int(rows.any(axis=1).sum()), "values": values}
    summary = read(trained.folder, "metrics/summary.json")
    assert found["areaUnderROC"] == summary["winner"]["test_metrics_retrained"]["areaUnderROC"]
    assert found["applicability"]["rows"] == found["measured_on"]["count"]


def test_another_table_is_filled_with_the_models_medians(spark, by_engine, place):
    """The same table with the medians in its holes has the same figures: none of its own values fills it."""
    trained, out = by_engine["task"], str(place / "task")
    new = with_holes(make_table(300, seed=9, zones=3), seed=9)
    seen = trained.parts.as_given(TRAIN).limit(40).toPandas()[[*FEATURES, "label", "zone"]]
    filled = new.replace([np.inf, -np.inf], np.nan).fillna(trained.parts.medians)
    found = []
    for number, rows in enumerate((pd.concat([new, seen], ignore_index=True), filled)):
        data = write(rows, place / f"other {number}.parquet")
        found.append(evaluate(spark, trained.folder, out, test_data=data, run_id=f"20260102_03050{number}").metrics)
    lacking = ~np.isfinite(new[FEATURES])
    values = {name: int(n) for name, n in lacking.sum().items() if n}
    assert found[0]["measured_on"]["seen"] == 40
    assert found[0]["measured_on"]["filled"] == {"rows": int(lacking.any(axis=1).sum()), "values": values}
    assert found[1]["measured_on"]["filled"] == {"rows": 0, "values": {}}
    for name in ("areaUnderROC", "areaUnderPR", "f1", "confusion_matrix", "calibrated"):
        assert found[0][name] == found[1][name]
    for name in ("drift", "applicability"):  # of the same rows, which may come in another order
        assert found[0][name]["rows"] == found[1][name]["rows"]
    assert found[0]["drift"]["importance_moved"] == pytest.approx(found[1]["drift"]["importance_moved"])
    assert found[0]["applicability"]["inside"] == found[1]["applicability"]["inside"]


def test_each_fold_is_filled_with_medians_of_its_own_training_rows(parts, table):
    zones = tuple(sorted(table.zone.unique()))
    folds = [Fold(zones, zones, (TRAIN,), (VAL,), by_zone=False)]
    folds += [Fold(tuple(z for z in zones if z != out), (out,)) for out in zones]
    found = fold_medians(parts, folds)
    assert found[0] == {name: parts.medians[name] for name in ("f1", "f2", "f3")}
    for out, of_fold in zip(zones, found[1:], strict=True):
        others = table[table.zone != out]
        assert of_fold == {name: lower_median(others[name].to_numpy(float)) for name in ("f1", "f2", "f3")}


def test_without_zones_there_is_one_fold(spark, place, table):
    loaded = dataset.load(spark, write(table.drop(columns="zone"), place / "no zones.parquet"), missing="median")
    parts = split(loaded)
    (found,) = fold_medians(parts, [Fold(("",), ("",), (TRAIN,), (VAL,), by_zone=False)])
    assert found == {name: parts.medians[name] for name in ("f1", "f2", "f3")}


def test_both_engines_score_alike(by_engine):
    """So the folds of the task engine are filled, too, as Spark ML's are."""
    ours, theirs = (read(by_engine[engine].folder, "metrics/summary.json") for engine in ENGINES)
    for name in ("areaUnderROC", "areaUnderPR"):
        for found in (lambda s: s["leave_one_zone_out"]["mean"], lambda s: s["winner"]["test_metrics_retrained"]):
            assert found(ours)[name] == pytest.approx(found(theirs)[name], abs=1e-12)


def test_a_zone_left_out_has_no_say_in_what_fills_it(spark, place, table):
    """Values of a zone that is left out are changed out of all proportion; the others' medians stay."""
    out = sorted(table.zone.unique())[0]
    moved = table.copy()
    moved.loc[moved.zone == out, FEATURES] *= 1e6
    folds = [Fold(tuple(z for z in sorted(table.zone.unique()) if z != out), (out,))]
    found = []
    for number, rows in enumerate((table, moved)):
        loaded = dataset.load(spark, write(rows, place / f"moved {number}.parquet"), missing="median")
        found.append(fold_medians(split(loaded), folds))
    assert found[0] == found[1]


def test_a_fold_without_any_value_is_filled_with_a_constant(spark, place, table):
    only = sorted(table.zone.unique())[0]
    lacking = table.copy()
    lacking.loc[lacking.zone != only, "f2"] = np.nan
    loaded = dataset.load(spark, write(lacking, place / "one zone.parquet"), missing="median")
    others = tuple(z for z in sorted(table.zone.unique()) if z != only)
    assert fold_medians(split(loaded), [Fold(others, (only,))])[0]["f2"] == 0.0
    settings = Settings(loaded.inputs, grid=GRID, engine="task", missing="median")
    trained = train(spark, settings, str(place / "one zone"), "20260102_030405")
    assert read(trained.folder, "metrics/summary.json")["leave_one_zone_out"]["folds"] == 3


def test_the_hash_sees_which_value_is_missing(spark):
    frame = spark.createDataFrame([(None, 1.0), (1.0, None), (None, None)], "a double, b double")
    assert frame.select(dataset.row_hash(["a", "b"])).distinct().count() == 3


def test_the_hash_of_a_whole_row_is_what_it_was(spark):
    frame = spark.createDataFrame([(1.5, -0.0), (2.0, 3.0)], "a double, b double")
    for seed in (None, 7):
        start = [] if seed is None else [F.lit(seed).cast("long")]
        before = F.xxhash64(*start, F.col("a") + F.lit(0.0), F.col("b") + F.lit(0.0))
        assert frame.where(before != dataset.row_hash(["b", "a"], seed)).count() == 0


def test_a_table_without_holes_is_the_same_table(spark, place):
    whole = write(make_table(200), place / "whole.parquet")
    found = [dataset.load(spark, whole, missing=missing) for missing in (None, "error", "drop", "median")]
    assert len({table.fingerprint for table in found}) == 1
    assert found[3].lacking == {}
    assert split(found[3]).parts == split(found[0]).parts


def test_only_features_are_filled(spark, place, table):
    for column in ("label", "zone"):
        rows = table.astype({"label": float})
        rows.loc[[1, 2], column] = None
        data = write(rows, place / f"no {column}.parquet")
        match = rf"no usable value in: {column} \(2\); missing: median fills features only.*missing: drop"
        with pytest.raises(InputError, match=match):
            dataset.load(spark, data, missing="median")
    placed = table.assign(x=1.0, y=2.0)
    placed.loc[3, "x"] = np.inf
    data = write(placed, place / "no x.parquet")
    with pytest.raises(InputError, match=r"no usable value in: x \(1\); missing: median fills"):
        dataset.load(spark, data, missing="median", block_cols=["x", "y"])


def test_a_feature_without_a_value_in_training_is_refused_before_the_search(spark, place, table):
    lacking = table.assign(f1=np.nan)
    with pytest.raises(InputError, match=r"column 'f1' has no usable value .* exclude_cols: \[f1\]"):
        dataset.load(spark, write(lacking, place / "none.parquet"), missing="median")
    whole = make_table(200)
    zones = split(dataset.load(spark, write(whole, place / "zones.parquet")), split_by="zone").zones
    only_held_out = whole.assign(extra=whole.f0.where(whole.zone.isin(zones[TEST])))
    loaded = dataset.load(spark, write(only_held_out, place / "one value.parquet"), missing="median")
    with pytest.raises(InputError, match=r"^no training row has a usable value in: extra, .* exclude_cols: \[extra\]$"):
        split(loaded, split_by="zone")
