"""Scores of rows and pixels with missing values: filled by a model with medians, unless something else is asked."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import rasterio
from pyspark.ml import Pipeline, PipelineModel
from pyspark.ml.classification import GBTClassifier, RandomForestClassifier
from pyspark.ml.feature import Imputer, VectorAssembler
from pyspark.ml.functions import vector_to_array

from lib.engines.saved_models import SCORE_COL, load_ensemble
from lib.errors import InputError, NotCompilable
from lib.rasters.files import without_warning
from lib.records import model_files
from lib.reporting import scoring_report, views
from lib.scoring import scoring
from lib.storage import Storage
from lib.training import Settings, train
from tests.lib.rasters.make import raster
from tests.lib.scoring.conftest import FEATURES, GRID
from tests.lib.tables import make_table, write


def with_holes(table, seed, share=0.2):
    holes = np.random.default_rng(seed).uniform(size=(len(table), 4)) < share
    return table.assign(**table[FEATURES].mask(holes))


@pytest.fixture(scope="module")
def filling(spark, place):
    """A model with medians."""
    path = write(with_holes(make_table(500, seed=4), 1), place / "holes.parquet")
    settings = Settings(path, grid=GRID, engine="task", missing="median", nodata=[-9999])
    return train(spark, settings, str(place / "filling"), "20260102_030405")


@pytest.fixture(scope="module")
def ground():
    """New rows; one with an infinite value and one with a value that stands for none, and two without any."""
    table = with_holes(make_table(300, seed=5), 2).drop(columns=["label", "zone"])
    table.loc[0, FEATURES] = [np.inf, 1.0, -9999.0, 0.5]
    table.loc[[1, 2], FEATURES] = np.nan
    return table.assign(pixel=np.arange(300))


@pytest.fixture(scope="module")
def scored(spark, filling, ground, place):
    table = write(ground, place / "ground.parquet")
    found = scoring.score(spark, filling.folder, table, filling.out, id_cols=["pixel", "f1"])
    scoring.finish(spark, found)
    return found


def usable(table):
    return table[FEATURES].replace([np.inf, -np.inf, -9999.0], np.nan)


def test_rows_are_filled_as_spark_ml_fills_them(spark, filling, scored, ground):
    """But for what Spark ML does not know: that infinite values and -9999 are none, and rows without any value."""
    table = pd.read_parquet(f"{scored.folder}/scores").set_index("pixel").sort_index()
    assert table.index.tolist() == [0, *range(3, 300)]
    assert table.f1.isna().sum() == ground.f1.isna().sum() - 2  # what is kept is as it was read
    rows = spark.createDataFrame(usable(ground).to_numpy().tolist(), FEATURES).drop("pixel")
    model = PipelineModel.load(f"{filling.folder}/pipeline_best")
    theirs = model.transform(rows).select(*FEATURES, vector_to_array("probability")[1].alias("p")).collect()
    expected = np.array([row["p"] for row in theirs])[table.index]
    assert np.abs(table.score.to_numpy() - expected).max() < 1e-12


def test_it_says_how_many_were_filled(scored, ground):
    record = json.loads(Path(scored.folder, "scores.json").read_text())
    holes = usable(ground).drop(index=[1, 2]).isna()
    values = {name: int(n) for name, n in holes.sum().items()}
    rows = int(holes.any(axis=1).sum())
    assert (record["rows"], record["dropped"]) == (298, 2)
    assert record["filled"] == {"rows": rows, "values": values}
    assert f"| with filled values | {rows} |" in views.scored(record)
    for language, said in (("en", f"**Values were missing in {rows} rows**"), ("es", f"**En {rows} filas faltaban")):
        text = scoring_report.render(scored, language).markdown
        assert said in text
        assert all(f"`{name}` ({n})" in text for name, n in values.items())


@pytest.mark.parametrize("missing", ["error", "drop", "median"])
def test_something_else_may_be_asked(spark, filling, ground, place, missing):
    table, out = write(ground, place / f"{missing}.parquet"), str(place / missing)
    if missing == "error":
        with pytest.raises(InputError, match=r"rows have a null, NaN or infinite value, in: .*missing: drop"):
            scoring.score(spark, filling.folder, table, out, missing=missing)
        return
    record = scoring.score(spark, filling.folder, table, out, missing=missing).record
    whole = int(usable(ground).notna().all(axis=1).sum())
    assert (record["rows"], record["dropped"]) == ((whole, 300 - whole) if missing == "drop" else (298, 2))
    assert ("filled" in record) == (missing == "median")


def test_a_model_without_medians_cannot_fill(spark, trained, ground, place):
    table, out = write(ground, place / "none.parquet"), str(place / "none")
    with pytest.raises(InputError, match="has no medians, because it was not trained with missing: median; score with"):
        scoring.score(spark, trained.folder, table, out, missing="median")
    with pytest.raises(InputError, match="rows have a null, NaN or infinite value"):
        scoring.score(spark, trained.folder, table, out)
    with pytest.raises(InputError, match="missing='mean': choose error, drop or median"):
        scoring.score(spark, trained.folder, table, out, missing="mean")


def test_a_table_without_a_single_value_is_refused(spark, filling, ground, place):
    table = write(ground[1:3], place / "empty.parquet")
    with pytest.raises(InputError, match="none of the 2 rows has a usable value in any feature; choose another table"):
        scoring.score(spark, filling.folder, table, str(place / "empty"))


@pytest.fixture(scope="module")
def pixels(ground):
    """Rows as pixels of two bands in one file, and of two files of one, the last with a mask."""
    return usable(ground).to_numpy().T.reshape(4, 15, 20)


@pytest.mark.parametrize("missing", [None, "drop"])
def test_pixels_are_filled_like_rows(spark, filling, scored, pixels, ground, place, missing):
    folder = place / f"tile {missing}"
    folder.mkdir()
    raster(folder / "f0.tif", pixels[:2], ["f0", "f1"])
    raster(folder / "f2.tif", np.where(np.isnan(pixels[2:3]), -1e9, pixels[2:3]), ["f2"], nodata=-1e9)
    raster(folder / "f3.tif", pixels[3:], ["f3"])
    found = scoring.score(spark, filling.folder, str(folder), str(place / f"map {missing}"), missing=missing)
    (tile,) = [each["tile"] for each in found.record["tiles"]]
    with without_warning(), rasterio.open(Path(found.folder, "maps", tile, "score.tif")) as dataset:
        score = dataset.read(1, masked=True)
    table = pd.read_parquet(f"{scored.folder}/scores").set_index("pixel").sort_index()
    if missing == "drop":
        table = table[usable(ground).notna().all(axis=1).to_numpy()[table.index]]
    valid = ~np.ma.getmaskarray(score).ravel()
    assert np.flatnonzero(valid).tolist() == table.index.tolist()
    assert np.array_equal(score.data.ravel()[valid], table.score.to_numpy().astype(score.dtype))
    assert found.record.get("filled") == (None if missing else scored.record["filled"])
    text = scoring_report.render(found).markdown
    assert ("2 pixels have no score: they have no value in any band" in text) == (missing is None)
    assert ("pixels**" in text and "filled them, in" in text) == (missing is None)


def spark_rows(spark):
    table = with_holes(make_table(300, seed=8), 3)
    columns = [*FEATURES, "label"]
    return spark.createDataFrame(table[columns].astype(float).to_numpy().tolist(), columns).selectExpr(
        "f0", "f1", *(f"cast(round(nullif({f}, double('nan')) * 10) as int) {f}" for f in ("f2", "f3")), "label"
    )


@pytest.mark.parametrize("strategy", ["mean", "median", "mode"])
def test_a_pipeline_with_an_imputer_of_plain_spark_ml_is_read(spark, tmp_path, strategy):
    """One that fills some features only, in another order; an integer is filled with an integer."""
    rows = spark_rows(spark)
    imputer = Imputer(strategy=strategy, inputCols=["f2", "f1", "f0"], outputCols=["c", "b", "a"])
    assembler = VectorAssembler(inputCols=["f3", "a", "b", "c"], outputCol="features")
    known = rows.where("f3 is not null")
    estimator = GBTClassifier(maxIter=2, maxDepth=3) if strategy == "mean" else RandomForestClassifier(numTrees=4)
    model = Pipeline(stages=[imputer, assembler, estimator]).fit(known)
    model.save(str(tmp_path / "model"))
    scorer = load_ensemble(spark, str(tmp_path / "model"))
    assert scorer.features == ("f3", "f0", "f1", "f2")
    assert [scorer.fills_in(name) for name in scorer.features] == [False, True, True, True]
    theirs = model.transform(known).select(vector_to_array("probability")[1]).toPandas().to_numpy().ravel()
    ours = scorer.with_score(known).select(SCORE_COL).toPandas()[SCORE_COL]
    assert np.abs(ours - theirs).max() < 1e-12
    unfilled = scorer.with_score(rows.where("f3 is null")).select(SCORE_COL).toPandas()[SCORE_COL]
    assert len(unfilled) > 0
    assert unfilled.isna().all()


def test_what_such_a_model_does_not_fill_is_refused(spark, tmp_path):
    rows = spark_rows(spark)
    imputer = Imputer(inputCol="f0", outputCol="a")
    assembler = VectorAssembler(inputCols=["a", "f3"], outputCol="features")
    model = Pipeline(stages=[imputer, assembler, RandomForestClassifier(numTrees=2)]).fit(rows.where("f3 is not null"))
    model.save(str(tmp_path / "model"))
    rows.write.parquet(str(tmp_path / "rows"))
    place = (str(tmp_path / "model"), str(tmp_path / "rows"), str(tmp_path / "out"))
    with pytest.raises(InputError, match=r"in columns that the model does not fill: f3 \(\d+\); .* missing: drop"):
        scoring.score(spark, *place)
    rows.where("f3 is not null").write.mode("overwrite").parquet(str(tmp_path / "known"))
    record = scoring.score(spark, place[0], str(tmp_path / "known"), place[2]).record
    assert list(record["filled"]["values"]) == ["f0"]


@pytest.mark.parametrize(
    ("imputer", "says"),
    [
        ({"missingValue": -1.0}, "its Imputer fills the value -1.0, and not only null and NaN"),
        ({"outputCols": ["f0", "f1"]}, "its Imputer writes over columns that it reads"),
    ],
)
def test_an_imputer_that_is_not_understood_is_refused(spark, tmp_path, imputer, says):
    rows = spark_rows(spark).na.drop()
    made = Imputer(**{"inputCols": ["f0", "f1"], "outputCols": ["a", "b"], **imputer})
    assembler = VectorAssembler(inputCols=made.getOutputCols(), outputCol="features")
    model = Pipeline(stages=[made, assembler, RandomForestClassifier(numTrees=2)]).fit(rows)
    model.save(str(tmp_path / "model"))
    with pytest.raises(NotCompilable, match=says):
        model_files.outline(Storage(spark).folders, str(tmp_path / "model"))
