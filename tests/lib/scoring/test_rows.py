"""Scores of a table: equal to Spark ML's own, with what the model keeps, and refused where they would not be."""

import dataclasses
import json
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyspark.ml import Pipeline, PipelineModel
from pyspark.ml.classification import LogisticRegression, RandomForestClassifier
from pyspark.ml.feature import VectorAssembler
from pyspark.ml.functions import vector_to_array
from scipy.stats import kstest
from sklearn.metrics import roc_auc_score

from lib.errors import InputError, SavedModelError
from lib.measures import reference
from lib.measures.applicability import Applicability
from lib.measures.calibration import Isotonic
from lib.reporting import scoring_report, views
from lib.scoring import scoring
from lib.scoring.model import Model, load_model, spread_over
from tests.lib.rasters.make import raster
from tests.lib.scoring.conftest import FEATURES
from tests.lib.tables import make_table, write


@pytest.fixture(scope="module")
def ground():
    """New rows, of which some lie far away, with an identifier and without labels."""
    table = make_table(500, seed=9).drop(columns=["label"])
    table.loc[:50, "f0"] += 40
    return table.assign(pixel=np.arange(len(table)), note="x")


@pytest.fixture(scope="module")
def frame_of(spark, tmp_path_factory):
    """A DataFrame of a pandas table."""

    def read(table):
        return spark.read.parquet(write(table, tmp_path_factory.mktemp("frame") / "table.parquet"))

    return read


@pytest.fixture(scope="module")
def scored(spark, trained, ground, place):
    found = scoring.score(
        spark, trained.folder, write(ground, place / "ground.parquet"), trained.out, id_cols=["pixel"]
    )
    scoring.finish(spark, found)
    return found


@pytest.fixture(scope="module")
def rows(scored):
    return pd.read_parquet(f"{scored.folder}/scores").sort_values("pixel").reset_index(drop=True)


def test_scores_are_those_of_spark_ml(frame_of, trained, ground, rows):
    model = PipelineModel.load(f"{trained.folder}/pipeline_best")
    theirs = model.transform(frame_of(ground))
    theirs = theirs.select("pixel", vector_to_array("probability")[1].alias("score")).toPandas().sort_values("pixel")
    assert rows.score.to_numpy() == pytest.approx(theirs.score.to_numpy(), abs=1e-12)


def test_what_stands_beside_the_scores_is_what_the_model_keeps(trained, ground, rows):
    assert list(rows.columns) == [
        *("pixel", "zone", "score", "calibrated", "class", "spread", "dissimilarity", "applicable")
    ]
    record = json.loads(Path(trained.folder, "calibration.json").read_text())
    assert rows.calibrated.to_numpy() == pytest.approx(Isotonic.from_dict(record["isotonic"])(rows.score))
    assert (rows["class"] == (rows.score > record["threshold"])).all()
    assert rows.zone.tolist() == ground.zone.tolist()
    known = pd.read_parquet(f"{trained.folder}/reference.parquet")
    summary = json.loads(Path(trained.folder, "metrics/summary.json").read_text())
    gains = {e["feature"]: e["importance"] for e in summary["feature_importances"]}
    weights = np.array([gains[name] for name in FEATURES])
    area = Applicability.fit(known[FEATURES].to_numpy(), weights, np.unique(known.zone, return_inverse=True)[1])
    assert rows.dissimilarity.to_numpy() == pytest.approx(area.index(ground[FEATURES].to_numpy()))
    assert not rows.applicable[:50].any()
    assert rows.applicable[60:].mean() > 0.9


def test_the_spread_is_that_of_the_trees_votes(frame_of, trained, ground, rows):
    forest = PipelineModel.load(f"{trained.folder}/pipeline_best").stages[-1]
    vectors = VectorAssembler(inputCols=FEATURES, outputCol="features").transform(frame_of(ground[FEATURES].head(40)))
    votes = [
        tree.transform(vectors).select(vector_to_array("probability")[1].alias("p")).toPandas().p
        for tree in forest.trees
    ]
    assert rows.spread[:40].to_numpy() == pytest.approx(np.std(votes, axis=0), abs=1e-9)


def test_the_record_counts_the_rows(scored, rows):
    record = json.loads(Path(scored.folder, "scores.json").read_text())
    assert record == scored.record
    assert (record["rows"], record["dropped"]) == (len(rows), 0)
    assert record["share_marked"] == pytest.approx((rows["class"] == 1).mean())
    assert record["share_applicable"] == pytest.approx(rows.applicable.mean())
    assert record["share_marked_and_applicable"] == pytest.approx((rows.applicable & (rows["class"] == 1)).mean())
    assert record["histogram"]["rows"] == np.histogram(rows.score, record["histogram"]["edges"])[0].tolist()
    assert record["drift"]["features"][0]["feature"] == "f0"
    assert "measured" not in record


@pytest.mark.parametrize("language", ["en", "es"])
def test_the_report_says_what_the_model_should_not_be_asked_about(spark, scored, language):
    report = scoring_report.write(spark, scored, language)
    share = 1 - scored.record["share_applicable"]
    said = f"{100 * share:.1f}%" if language == "en" else f"{100 * share:.1f}\u00a0%".replace(".", ",")
    assert said in report.markdown
    for name in report.images:
        assert f"]({name})" in report.markdown
        assert Path(scored.folder, name).stat().st_size > 1000
    assert "<img" in Path(scored.folder, "SCORING_REPORT.html").read_text()


def test_where_every_row_is_applicable_the_report_says_just_that(scored):
    certain = {"share_applicable": 1.0, "share_spread_high": 0.0, "share_uncertain": 0.0}
    inside = dataclasses.replace(scored, record={**scored.record, **certain})
    assert "The model may be asked about all of them" in scoring_report.render(inside).markdown
    assert "Puede preguntarse al modelo por todas" in scoring_report.render(inside, "es").markdown


@pytest.mark.parametrize(
    ("language", "says"), [("en", "How far the trees disagree is not known"), ("es", "No se sabe cuánto discrepan")]
)
def test_the_report_says_that_a_gbt_has_no_spread(scored, language, says):
    assert says not in scoring_report.render(scored, language).markdown
    columns = [name for name in scored.record["columns"] if name != "spread"]
    record = {name: value for name, value in scored.record.items() if name != "share_spread_high"}
    of_gbt = dataclasses.replace(scored, record={**record, "columns": columns, "spread_limit": None})
    assert says in scoring_report.render(of_gbt, language).markdown


def test_columns_of_booleans_are_0_and_1_as_for_spark_ml(spark, frame_of, trained, ground, place):
    table = ground.assign(f3=ground.f3 > 0)
    found = scoring.score(
        spark, trained.folder, write(table, place / "bool.parquet"), str(place / "bool"), id_cols=["pixel"]
    )
    theirs = PipelineModel.load(f"{trained.folder}/pipeline_best").transform(frame_of(table))
    theirs = theirs.select("pixel", vector_to_array("probability")[1].alias("score")).toPandas().set_index("pixel")
    ours = pd.read_parquet(f"{found.folder}/scores").set_index("pixel")
    assert ours.score.to_numpy() == pytest.approx(theirs.score.loc[ours.index].to_numpy(), abs=1e-12)


def test_the_notebook_shows_counts_and_shares(scored):
    rows = [line.strip("| ").split(" | ") for line in views.scored(scored.record).splitlines()[2:]]
    record = scored.record
    assert rows[0][:2] == ["scored", "500"]
    assert [row[0] for row in rows[1:]] == [
        f"marked: score above {record['threshold']:.4g}",
        "inside the area of applicability",
        "both",
    ]
    shares = ("share_marked", "share_applicable", "share_marked_and_applicable")
    assert [row[1:] for row in rows[1:]] == [[f"{record[s] * 500:.0f}", f"{record[s]:.1%}"] for s in shares]
    plain = {name: record[name] for name in ("rows", "threshold", "share_marked")}
    assert views.scored({**plain, "dropped": 1234}).splitlines()[-1] == "| left out for missing values | 1,234 |  |"


def test_the_same_rows_have_the_same_scores_in_any_partitions_and_order(spark, frame_of, trained, ground, rows, place):
    shuffled = frame_of(ground.sample(frac=1, random_state=2)).repartition(7)
    shuffled.write.parquet(str(place / "parts"))
    again = scoring.score(spark, trained.folder, str(place / "parts"), str(place / "again"), id_cols=["pixel"])
    found = pd.read_parquet(f"{again.folder}/scores").sort_values("pixel").reset_index(drop=True)
    pd.testing.assert_frame_equal(found, rows, check_exact=True)


def test_labels_are_measured_where_the_table_has_them(spark, trained, place):
    table = make_table(400, seed=12)
    found = scoring.score(spark, trained.folder, write(table, place / "labelled.parquet"), str(place / "measured"))
    kept = pd.read_parquet(f"{found.folder}/scores")
    assert found.record["measured"]["areaUnderROC"] == pytest.approx(roc_auc_score(kept.label, kept.score))
    assert set(found.curves) >= {"success_rate", "prediction_area"}
    assert "best 5%" in scoring_report.render(found).markdown


def test_a_plain_pipeline_of_spark_ml_is_scored_too(spark, frame_of, ground, place):
    table = frame_of(make_table(300, seed=5)).drop("zone")
    stages = [
        VectorAssembler(inputCols=FEATURES, outputCol="features"),
        RandomForestClassifier(labelCol="label", numTrees=3, maxDepth=3, seed=1),
    ]
    Pipeline(stages=stages).fit(table).write().overwrite().save(str(place / "plain"))
    found = scoring.score(spark, str(place / "plain"), write(ground, place / "g.parquet"), str(place / "plain_out"))
    assert list(pd.read_parquet(f"{found.folder}/scores").columns) == ["score", "class", "spread"]
    assert found.record["threshold"] == 0.5
    assert "there is no `reference.parquet`, which has a sample" in scoring_report.render(found).markdown
    assert "no está `reference.parquet`" in scoring_report.render(found, "es").markdown


@pytest.mark.parametrize("thresholds", [[0.3, 0.7], [8.0, 2.0], [0.0, 1.0], [1.0, 0.0], [0.4, 0.4]])
def test_classes_of_a_plain_model_with_thresholds_are_its_predictions(spark, frame_of, place, tmp_path, thresholds):
    table = make_table(300, seed=5)
    table["f0"] += 4 * table.label  # some leaves have one class only
    stages = [
        VectorAssembler(inputCols=FEATURES, outputCol="features"),
        RandomForestClassifier(labelCol="label", numTrees=3, maxDepth=4, seed=1).setThresholds(thresholds),
    ]
    frame = frame_of(table.assign(pixel=range(300)))
    model = Pipeline(stages=stages).fit(frame)
    model.save(str(tmp_path / "model"))
    theirs = model.transform(frame).select("pixel", "prediction").toPandas().set_index("pixel").prediction
    ground = write(table.assign(pixel=range(300)), tmp_path / "ground.parquet")
    found = scoring.score(spark, str(tmp_path / "model"), ground, str(tmp_path / "out"), id_cols=["pixel"])
    ours = pd.read_parquet(f"{found.folder}/scores").set_index("pixel")
    assert (ours["class"] == theirs.loc[ours.index]).all()
    assert found.record["threshold"] == pytest.approx(thresholds[1] / sum(thresholds))
    assert ours.score.min() == 0
    assert ours.score.max() == 1


def test_what_cannot_be_scored_is_refused_and_nothing_is_left(spark, frame_of, trained, ground, place):
    out = str(place / "refused")

    def refused(says, table=ground, model=trained.folder, **options):
        path = write(table, place / "bad.parquet")
        with pytest.raises(InputError, match=says):
            scoring.score(spark, model, path, out, **options)
        assert not Path(out, "scores").exists()

    refused("lacks columns that the model needs: f1, f3", ground.drop(columns=["f1", "f3"]))
    refused(r"not numbers: f2 \(string\)", ground.assign(f2="a"))
    refused(
        r"1 of 500 rows have a null, NaN or infinite value, in: f1 \(1\)", ground.assign(f1=[np.inf, *ground.f1[1:]])
    )
    refused("id_cols: the table has no column 'pixl'; did you mean pixel|'pixl'", id_cols=["pixl"])
    refused("there is no model at", model=str(place / "nowhere"))
    logistic = Pipeline(stages=[VectorAssembler(inputCols=FEATURES, outputCol="features"), LogisticRegression()])
    logistic.fit(frame_of(make_table(100))).write().overwrite().save(str(place / "logistic"))
    refused("cannot be scored with compiled trees", model=str(place / "logistic"))
    refused("has no rows: choose another", ground[:0])
    no_row_left = r"500 of 500 rows have .*, in: f1 \(500\); fix them, or choose another table .*: no row is left"
    for missing in ("error", "drop"):
        refused(no_row_left, ground.assign(f1=np.nan), missing=missing)
    named = ground.assign(score=1.0, score_=2.0)
    refused("id_cols: 'score' and 'score_' would both be named 'score_'", named, id_cols=["score", "score_"])
    refused("id_cols: column '__judged' cannot be kept", ground.assign(__judged=1), id_cols=["__judged"])


@pytest.mark.parametrize(
    ("lost", "says"),
    [
        ("metrics/summary.json", "its training did not finish"),
        ("experiment.json", "copy the whole folder"),
        ("calibration.json", "calibration.json, which has its threshold, is missing; copy the whole folder"),
        ("pipeline_best/stages/1_*/treesMetadata/part-*", "is damaged: there are no files in .*treesMetadata"),
        ("pipeline_best/stages/1_*/data/part-*", "is damaged: its nodes are not those of 12 whole trees"),
    ],
)
def test_a_model_that_is_not_whole_is_refused(spark, trained, ground, place, tmp_path, lost, says):
    half = shutil.copytree(trained.folder, tmp_path / "model_20260101_000000")
    max(half.glob(lost)).unlink()
    with pytest.raises(InputError, match=says):
        scoring.score(spark, str(half), write(ground, place / "g.parquet"), str(tmp_path / "out"))
    assert not (tmp_path / "out" / "scores").exists()


def test_a_file_of_trees_that_was_cut_short_is_called_damaged(spark, trained, tmp_path):
    half = shutil.copytree(trained.folder, tmp_path / "model")
    for file in half.glob("pipeline_best/stages/1_*/data/part-*"):
        file.write_bytes(file.read_bytes()[:100])
        file.with_name(f".{file.name}.crc").unlink()
    with pytest.raises(
        InputError, match=r"is damaged: a file of it was cut short or changed \(.*/data/part-.*\); save or"
    ):
        scoring.load_model(spark, str(half))


def test_a_column_that_is_kept_may_have_the_name_of_a_score_or_a_feature(spark, trained, ground, place, tmp_path):
    table = write(ground.assign(Score="x", spread=2, Class=3), tmp_path / "named.parquet")
    id_cols = ["Score", "spread", "f1", "Class", "f1"]
    found = scoring.score(spark, f"{trained.folder}/pipeline_best/", table, str(tmp_path / "out"), id_cols=id_cols)
    kept = pd.read_parquet(f"{found.folder}/scores")
    assert list(kept.columns)[:6] == ["Score_", "spread_", "f1", "Class_", "zone", "score"]
    assert sorted(kept.f1) == sorted(ground.f1)


def test_rows_with_missing_values_can_be_left_out(spark, trained, ground, place):
    table = ground.assign(f1=[np.nan, None, *ground.f1[2:]])
    found = scoring.score(
        spark, trained.folder, write(table, place / "holes.parquet"), str(place / "dropped"), missing="drop"
    )
    assert (found.record["rows"], found.record["dropped"]) == (498, 2)


def test_scores_that_are_not_spark_mls_are_not_written(spark, trained, ground, place, monkeypatch):
    monkeypatch.setattr(type(load_model(spark, trained.folder).scorer.ensemble), "score", lambda self, v: v[:, 0] * 0)
    with pytest.raises(SavedModelError, match="of the rows to score: report this"):
        scoring.score(spark, trained.folder, write(ground, place / "w.parquet"), str(place / "wrong"))
    assert not Path(place, "wrong", "scores").exists()


def test_the_rows_that_are_compared_are_from_all_over_the_table(spark, trained, place, monkeypatch):
    table = make_table(600, seed=3).drop(columns="label").sort_values("f0")
    monkeypatch.setattr(reference, "most_rows", lambda n_features: 60)
    compared = []
    monkeypatch.setattr(Model, "check", lambda self, spark, values: compared.append(values))
    for name, rows in {"sorted": table, "turned": table[::-1]}.items():
        scoring.score(spark, trained.folder, write(rows, place / f"{name}.parquet"), str(place / f"{name}_out"))
    assert np.array_equal(*compared)
    positions = np.searchsorted(table.f0, np.sort(compared[0][:, 0]))
    assert len(positions) == 60
    # Of a random choice, as large a distance from an even one has a probability below 1 in 10,000.
    assert kstest(positions / 600, "uniform").pvalue > 1e-4


def test_scores_of_a_tile_that_are_not_spark_mls_leave_neither_maps_nor_a_record(spark, trained, place, monkeypatch):
    tile = raster(place / "wrong.tif", np.random.default_rng(0).normal(size=(4, 9, 8)), FEATURES)
    monkeypatch.setattr(type(load_model(spark, trained.folder).scorer.ensemble), "score", lambda self, v: v[:, 0] * 0)
    with pytest.raises(SavedModelError, match="of the rows to score: report this"):
        scoring.score(spark, trained.folder, tile, str(place / "wrong_map"))
    [folder] = Path(place, "wrong_map", "scores").iterdir()
    assert {each.name for each in folder.iterdir()} == {"windows"}


@given(st.integers(0, 60), st.integers(1, 60))
def test_the_rows_that_are_compared_are_spread_over_all(count, most):
    rows = np.arange(count, dtype=float)[:, None]
    compared = spread_over(rows, most)[:, 0]
    assert len(compared) == len(set(compared)) == min(count, most)
    if len(compared) > 1:
        assert (compared[0], compared[-1]) == (0, count - 1)
        assert np.ptp(np.diff(compared)) <= 1
