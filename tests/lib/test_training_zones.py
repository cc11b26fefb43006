"""A training that selects by zones, on one small table, against Spark ML's own GBT and scikit-learn."""

import json
from pathlib import Path

import numpy as np
import pytest
from pyspark.ml.classification import GBTClassifier
from pyspark.ml.functions import vector_to_array
from sklearn import metrics as sk
from sklearn.isotonic import IsotonicRegression

from lib.artifacts import METRICS, selecting
from lib.engines.saved_models import vector_assembler
from lib.evaluation import evaluate
from lib.metrics import ScoreCounts
from lib.split import TRAIN, VAL, WEIGHT_COL
from lib.training import Settings, Training, train
from tests.lib.tables import make_table, write

GRID = {"GBT": {"maxDepth": [2], "maxIter": [2, 4]}}
RULES = {"select_by": "zones", "nested": True, "threshold": "f1"}
RUN_ID = "20260203_040506"


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    return tmp_path_factory.mktemp("zones")


@pytest.fixture(scope="module")
def trained(spark, place):
    path = write(make_table(400, seed=6, zones=4), place / "table.parquet")
    return train(spark, Settings(path, grid=GRID, engine="task", seed=3, **RULES), str(place / "out"), RUN_ID)


def read(training, name):
    return json.loads(Path(training.folder, name).read_text())


@pytest.fixture(scope="module")
def summary(trained):
    return read(trained, "metrics/summary.json")


@pytest.fixture(scope="module")
def validation(trained):
    """The validation rows as Spark's own GBT scores them, trained on training rows alone."""
    parts, params = trained.parts, trained.found.best().candidate.params
    gbt = GBTClassifier(labelCol="label", weightCol=WEIGHT_COL, seed=3, **params)
    assemble = vector_assembler(parts.features)
    rows = assemble.transform(parts.rows(TRAIN).orderBy(*parts.canonical_order).coalesce(1))
    scored = gbt.fit(rows).transform(assemble.transform(parts.rows(VAL)))
    return scored.select("label", vector_to_array("probability")[1].alias("score")).toPandas()


def test_spark_mls_fits_give_the_same_figures(spark, place, trained, summary):
    """Boosted trees without subsampling: nothing is drawn, so both engines grow the same."""
    settings = Settings(trained.settings.input_data, grid=GRID, engine="spark", seed=3, **RULES)
    theirs = read(train(spark, settings, str(place / "spark"), RUN_ID), "metrics/summary.json")
    for name in ("winner", "leave_one_zone_out"):
        assert flat(theirs[name]) == pytest.approx(flat(summary[name]), abs=1e-9)


def flat(record, name=""):
    """The leaves of nested records by their place."""
    if isinstance(record, dict | list):
        parts = record.items() if isinstance(record, dict) else enumerate(record)
        return {place: leaf for key, each in parts for place, leaf in flat(each, f"{name}/{key}").items()}
    return {name: record}


def test_leave_one_zone_out_has_each_zone_each_family_and_the_whole_search(trained, summary):
    record = summary["leave_one_zone_out"]
    assert set(record) == {"folds", "zones", "mean", "interval", "worst", "worst_zone", "models", "nested"}
    assert set(record["nested"]) == {"folds", "zones", "mean", "interval", "worst", "worst_zone"}
    assert set(record["models"]) == {"GBT"}
    assert record["models"]["GBT"] == {"mean": record["mean"], "worst": record["worst"]}
    counted = trained.table.frame.toPandas().groupby("zone").label.agg(["size", "sum"])
    for measured in (record, record["nested"]):
        assert measured["folds"] == 4
        assert {z["zone"]: (z["rows"], z["positives"]) for z in measured["zones"]} == {
            zone: (row["size"], row["sum"]) for zone, row in counted.iterrows()
        }
        for metric in ("areaUnderROC", "areaUnderPR"):
            areas = {zone["zone"]: zone[metric] for zone in measured["zones"]}
            assert measured["mean"][metric] == pytest.approx(np.mean(list(areas.values())), abs=1e-12)
            assert measured["worst"][metric] == min(areas.values())
            assert measured["worst_zone"][metric] == min(areas, key=areas.get)
    known = {str(candidate) for candidate in trained.candidates}
    assert {zone["chosen"] for zone in record["nested"]["zones"]} <= known


def test_a_zone_left_out_is_scored_as_spark_ml_would(trained, summary):
    zone = summary["leave_one_zone_out"]["zones"][0]
    frame = trained.parts.frame
    others, here = frame.where(frame.zone != zone["zone"]), frame.where(frame.zone == zone["zone"])
    positives, rows = others.where("label = 1").count(), others.count()
    weights = {"0.0": rows / (2 * (rows - positives)), "1.0": rows / (2 * positives)}
    params = trained.found.best().candidate.params
    gbt = GBTClassifier(labelCol="label", weightCol=WEIGHT_COL, seed=3, **params)
    assemble = vector_assembler(trained.parts.features)
    ordered = trained.parts.weighted(others, weights).orderBy(*trained.parts.canonical_order).coalesce(1)
    scored = gbt.fit(assemble.transform(ordered)).transform(assemble.transform(here))
    found = scored.select("label", vector_to_array("probability")[1].alias("score")).toPandas()
    assert zone["areaUnderROC"] == pytest.approx(sk.roc_auc_score(found.label, found.score), abs=1e-9)


def test_the_winner_is_that_of_the_zones(trained, summary):
    lines = [json.loads(line) for line in Path(trained.folder, "metrics/search.jsonl").read_text().splitlines()]
    best = max(lines, key=lambda line: (line["zones"]["areaUnderPR"], -line["index"]))
    assert trained.found.best().candidate.index == best["index"]
    assert selecting(best, "areaUnderPR") == best["zones"]["areaUnderPR"]
    assert summary["winner"]["val_metrics"] == best["val_metrics"]
    on_validation = max(lines, key=lambda line: (line["val_metrics"]["areaUnderPR"], -line["index"]))
    if on_validation["index"] == best["index"]:
        assert "best_on_validation" not in summary
    else:
        assert summary["best_on_validation"]["index"] == on_validation["index"]
        assert "seconds" not in summary["best_on_validation"]


def test_the_winners_validation_counts_are_its_validation_metrics(trained, summary):
    assert trained.on_validation.summary() == summary["winner"]["val_metrics"]
    assert set(summary["winner"]["val_metrics"]) == set(METRICS)


def test_validation_rows_are_scored_as_spark_ml_scores_them(trained, validation):
    theirs = ScoreCounts.from_arrays(validation.label, validation.score.round(12))
    ours = trained.on_validation.rounded(1e12)
    assert ours.scores == pytest.approx(theirs.scores, abs=1e-9)
    assert ours.positives.tolist() == theirs.positives.tolist()
    assert ours.negatives.tolist() == theirs.negatives.tolist()


def test_the_calibration_is_scikit_learns_of_the_validation_rows(trained, validation):
    calibration = read(trained, "calibration.json")
    assert set(calibration) == {"format", "isotonic", "threshold", "rule", "validation"}
    theirs = IsotonicRegression(y_min=0, y_max=1, out_of_bounds="clip").fit(validation.score, validation.label)
    knots = calibration["isotonic"]
    assert knots["probabilities"] == pytest.approx(theirs.predict(knots["scores"]).tolist(), abs=1e-6)
    everywhere = np.sort(validation.score.unique())
    ours = np.interp(everywhere, knots["scores"], knots["probabilities"])
    assert ours == pytest.approx(theirs.predict(everywhere), abs=1e-6)


def test_the_threshold_has_the_highest_f1_on_the_validation_rows(trained, validation):
    calibration = read(trained, "calibration.json")
    assert calibration["rule"] == "f1"
    candidates = np.r_[0, np.sort(validation.score.unique())]
    best = max(sk.f1_score(validation.label, validation.score > each + 1e-9) for each in candidates)
    assert calibration["validation"]["f1"] == pytest.approx(best)
    chosen = sk.f1_score(validation.label, validation.score > calibration["threshold"])
    assert chosen == pytest.approx(best)


def test_the_evaluation_takes_the_threshold_and_the_zones_and_is_plain_json(spark, trained, summary, place):
    evaluated = evaluate(
        spark, trained.folder, str(place / "evaluated"), fail_below={"worst_zone_areaUnderROC": 1.0, "f1": 0.0}
    )
    json.dumps([evaluated.metrics, evaluated.curves], allow_nan=False)
    calibration = read(trained, "calibration.json")
    assert evaluated.metrics["threshold"] == calibration["threshold"]
    assert evaluated.metrics["threshold_chosen"]["validation"] == calibration["validation"]
    assert evaluated.metrics["leave_one_zone_out"] == summary["leave_one_zone_out"]
    worst = summary["leave_one_zone_out"]["worst"]["areaUnderROC"]
    assert evaluated.metrics["gate"]["failed"] == [{"metric": "worst_zone_areaUnderROC", "value": worst, "below": 1.0}]


def test_the_rows_order_changes_nothing(spark, trained, summary, place):
    shuffled = write(make_table(400, seed=6, zones=4).sample(frac=1, random_state=1), place / "shuffled.parquet")
    again = train(spark, Settings(shuffled, grid=GRID, engine="task", seed=3, **RULES), str(place / "again"), RUN_ID)
    assert read(again, "metrics/summary.json") == summary
    assert read(again, "calibration.json") == read(trained, "calibration.json")
    kept = [Path(each.folder, "reference.parquet").read_bytes() for each in (again, trained)]
    assert kept[0] == kept[1]


@pytest.mark.parametrize("zones", [None, 2])
def test_without_three_zones_there_is_no_leave_one_zone_out(spark, tmp_path, zones):
    table = make_table(200, zones=zones or 1)
    table = table if zones else table.drop(columns="zone")
    grid = {"GBT": {"maxDepth": [2], "maxIter": [1]}}
    training = Training(
        spark, Settings(write(table, tmp_path / "t.parquet"), grid=grid, engine="task"), str(tmp_path / "out")
    )
    training.load()
    training.split()
    training.search()
    assert training.leave_zones_out() is None
    training.retrain()
    assert "leave_one_zone_out" not in training.finish()
    assert read(training, "calibration.json")["validation"]["rows"] == training.parts.parts[VAL]["rows"]


def test_very_few_held_out_rows_and_zones_of_one_class_are_plain_json(spark, tmp_path):
    table = make_table(40, seed=2, positives=0.4, zones=3)
    table["zone"] = np.where(table.label == 1, "ones", np.where(np.arange(40) % 2, "zeros", "more zeros"))
    settings = Settings(
        write(table, tmp_path / "t.parquet"), grid={"GBT": {"maxDepth": [2], "maxIter": [2]}}, engine="task"
    )
    training = train(spark, settings, str(tmp_path / "out"))
    evaluated = evaluate(spark, training.folder, training.out)
    assert evaluated.metrics["measured_on"]["count"] == 6
    assert {zone["areaUnderROC"] for zone in evaluated.metrics["zones"]} == {None}
    other = write(make_table(6, seed=9, positives=0.3).assign(zone="new"), tmp_path / "six.parquet")
    again = evaluate(spark, training.folder, training.out, test_data=other, fail_on_drift=True)
    assert again.metrics["measured_on"]["count"] == 6
    for each in (evaluated, again):
        for name, content in (("metrics.json", each.metrics), ("curves.json", each.curves)):
            text = Path(each.folder, name).read_text()
            assert json.loads(text) == content
            json.dumps(content, allow_nan=False)
