import json
from pathlib import Path

import numpy as np
import pytest
from pyspark.ml.functions import vector_to_array
from sklearn import metrics as sk

from lib.errors import InputError
from lib.evaluation import evaluate
from lib.measures.curve_points import MOST_POINTS
from lib.measures.decision import Decision
from lib.measures.figures import THRESHOLDS, describe_curves
from lib.metrics import ScoreCounts
from lib.training import Settings, train
from tests.lib.tables import make_table, write


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    return tmp_path_factory.mktemp("evaluation")


@pytest.fixture(scope="module")
def trained(spark, place):
    path = write(make_table(800, seed=3), place / "table.parquet")
    grid = {"GBT": {"maxDepth": [3], "maxIter": [4]}}
    return train(spark, Settings(path, grid=grid, engine="spark"), str(place / "out"))


@pytest.fixture(scope="module")
def evaluated(spark, trained):
    return evaluate(spark, trained.folder, trained.out)


@pytest.fixture(scope="module")
def predicted(trained):
    """The held-out rows with their scores, as plain Spark gives them."""
    rows = trained.model.transform(trained.parts.rows("test"))
    return rows.select("label", "zone", vector_to_array("probability")[1].alias("score"), "prediction").toPandas()


def test_it_measures_exactly_the_held_out_rows(trained, evaluated):
    held_out = trained.parts.parts["test"]
    assert evaluated.metrics["measured_on"] == {
        "rows": "held-out",
        "inputs": [trained.settings.input_data],
        "count": held_out["rows"],
        "positives": held_out["positives"],
        "fingerprint": held_out["fingerprint"],
        "verified": True,
        "distinct": held_out["rows"],
        "distinct_by_class": {"0": held_out["rows"] - held_out["positives"], "1": held_out["positives"]},
        "zones": 5,
        "new_zones": 0,
    }
    summary = json.loads(Path(trained.folder, "metrics/summary.json").read_text())
    tested = summary["winner"]["test_metrics_retrained"]
    assert {name: evaluated.metrics[name] for name in tested} == tested
    assert evaluated.metrics["confusion_matrix"] == summary["confusion_matrix"]


def test_all_metrics_equal_scikit_learns(evaluated, predicted):
    found = evaluated.metrics
    assert found["areaUnderROC"] == pytest.approx(sk.roc_auc_score(predicted.label, predicted.score), abs=1e-12)
    average = sk.average_precision_score(predicted.label, predicted.score)
    assert found["average_precision"] == pytest.approx(average, abs=1e-12)
    precision, recall, f1, _ = sk.precision_recall_fscore_support(predicted.label, predicted.prediction)
    assert list(found["precision"].values()) == pytest.approx(precision, abs=1e-12)
    assert list(found["recall"].values()) == pytest.approx(recall, abs=1e-12)
    assert list(found["f1_by_class"].values()) == pytest.approx(f1, abs=1e-12)
    weighted = sk.precision_recall_fscore_support(predicted.label, predicted.prediction, average="weighted")
    assert [found["weightedPrecision"], found["weightedRecall"], found["f1"]] == pytest.approx(weighted[:3], abs=1e-12)


def test_zones_are_measured_one_by_one(evaluated, predicted):
    zones = evaluated.metrics["zones"]
    assert [zone["zone"] for zone in zones] == sorted(predicted.zone.unique())
    for zone in zones:
        rows = predicted[predicted.zone == zone["zone"]]
        assert (zone["rows"], zone["positives"]) == (len(rows), int(rows.label.sum()))
        assert zone["accuracy"] == pytest.approx((rows.label == rows.prediction).mean())
        if 0 < zone["positives"] < zone["rows"]:
            assert zone["areaUnderROC"] == pytest.approx(sk.roc_auc_score(rows.label, rows.score))
        else:
            assert zone["areaUnderROC"] is None


def test_curves_and_thresholds_describe_the_same_rows(evaluated, predicted):
    curves = evaluated.curves
    assert sk.auc(curves["roc"]["fpr"], curves["roc"]["tpr"]) == pytest.approx(evaluated.metrics["areaUnderROC"])
    assert sk.auc(curves["pr"]["recall"], curves["pr"]["precision"]) == pytest.approx(evaluated.metrics["areaUnderPR"])
    assert sum(curves["scores"]["0"]) == int((predicted.label == 0).sum())
    assert sum(curves["scores"]["1"]) == int(predicted.label.sum())
    assert [row["threshold"] for row in curves["thresholds"]] == list(THRESHOLDS)
    for row in curves["thresholds"]:
        called = (predicted.score > row["threshold"]).astype(int)
        assert row["predicted_positive"] == int(called.sum())
        assert row["recall"] == pytest.approx(sk.recall_score(predicted.label, called))
        assert row["precision"] == pytest.approx(sk.precision_score(predicted.label, called, zero_division=0))


def normal_scores(rows, share, seed=1):
    """Counts of a model whose scores are normal in each class, one and a half deviations apart."""
    rng = np.random.default_rng(seed)
    labels = np.arange(rows) < round(rows * share)
    return ScoreCounts.from_arrays(labels, 1 / (1 + np.exp(-rng.normal(1.5 * labels, 1.0))))


@pytest.mark.parametrize(("rows", "share"), [(1_000_000, 0.002), (6_000, 0.011), (6_000, 0.5), (200_000, 0.0001)])
def test_drawn_curves_follow_the_exact_ones_at_any_share_of_class_1(rows, share):
    counts = normal_scores(rows, share)
    exact = {"roc": counts.roc_curve(), "pr": counts.pr_curve()}
    curves = describe_curves(counts, Decision.none())
    for (name, (x, y)), (across, up) in zip(exact.items(), (("fpr", "tpr"), ("recall", "precision")), strict=True):
        drawn = curves[name]
        assert len(drawn[across]) == len(drawn[up]) <= MOST_POINTS
        assert np.trapezoid(drawn[up], drawn[across]) == pytest.approx(np.trapezoid(y, x), abs=1e-3)
        assert (drawn[across][0], drawn[up][0], drawn[across][-1], drawn[up][-1]) == (x[0], y[0], x[-1], y[-1])
        assert set(zip(drawn[across], drawn[up], strict=True)) <= set(zip(x, y, strict=True)), "points of the curve"
    positives = counts.n_positives
    assert np.diff(curves["pr"]["recall"]).max() < max(0.02, 1.5 / positives)


def test_a_thinned_curve_keeps_its_corners():
    labels = np.r_[np.ones(600), np.zeros(300), np.ones(400), np.zeros(2700)]
    drawn = describe_curves(ScoreCounts.from_arrays(labels, -np.arange(4000.0)), Decision.none())["roc"]
    assert {(0.0, 0.6), (0.1, 0.6), (0.1, 1.0)} <= set(zip(drawn["fpr"], drawn["tpr"], strict=True))


def test_a_short_curve_keeps_every_point():
    counts = normal_scores(400, 0.2)
    x, y = counts.pr_curve()
    assert describe_curves(counts, Decision.none())["pr"] == {"recall": x.tolist(), "precision": y.tolist()}


def test_the_files_say_what_was_returned(trained, evaluated):
    folder = Path(evaluated.folder)
    assert folder.name == f"eval_{trained.run_id}"
    assert json.loads((folder / "metrics.json").read_text()) == evaluated.metrics
    assert json.loads((folder / "curves.json").read_text()) == evaluated.curves
    ranked = json.loads((folder / "feature_importance.json").read_text())
    assert {entry["feature"] for entry in ranked} == {"f0", "f1", "f2", "f3"}


def test_the_training_table_under_another_name_is_still_the_training_table(spark, trained, place):
    moved = write(make_table(800, seed=3).sample(frac=1, random_state=1), place / "moved.csv")
    again = evaluate(spark, trained.folder, str(place / "moved"), test_data=moved)
    assert again.metrics["measured_on"]["rows"] == "held-out"
    assert again.metrics["measured_on"]["count"] == trained.parts.parts["test"]["rows"]


def test_another_table_is_evaluated_whole_or_by_a_share_of_it(spark, trained, place):
    other = write(make_table(300, seed=9).assign(extra="text"), place / "other.parquet")
    whole = evaluate(spark, trained.folder, str(place / "whole"), test_data=other)
    assert whole.metrics["measured_on"]["rows"] == "all rows of test_data"
    assert (whole.metrics["measured_on"]["count"], whole.metrics["measured_on"]["verified"]) == (300, False)
    share = evaluate(spark, trained.folder, str(place / "share"), test_data=[other], test_fraction=0.5)
    assert 100 < share.metrics["measured_on"]["count"] < 200
    assert share.metrics["measured_on"]["rows"] == "a share of test_data"


def test_a_table_that_changed_since_the_training_is_refused(spark, trained, place):
    original = make_table(800, seed=3)
    path = Path(trained.settings.input_data)
    before = path.read_bytes()
    flipped = original.assign(label=original.label.where(original.index != 4, 1 - original.label))
    moved = original.assign(f0=original.f0 + (original.index == 4))
    try:
        for changed, says in (
            (original[:-1], "it had 800 rows and now has 799"),
            (flipped, r"it had \d+ positive rows and now has \d+"),
            (moved, "it has as many rows as before, but values changed"),
        ):
            write(changed, path)
            with pytest.raises(InputError, match=f"no longer the table the model was trained on .{says}"):
                evaluate(spark, trained.folder, str(place / "changed"))
    finally:
        path.write_bytes(before)
    assert not (place / "changed" / "results").exists()


def test_a_second_evaluation_gets_a_name_of_its_own(spark, trained, evaluated):
    again = evaluate(spark, trained.folder, trained.out)
    assert again.folder != evaluated.folder
    assert again.metrics["areaUnderPR"] == evaluated.metrics["areaUnderPR"]


def test_a_folder_of_its_own_takes_an_evaluation_again_that_did_not_finish(spark, trained, evaluated, place):
    folder = place / "results_of_its_own" / "eval_20251112"
    (folder / "scores.parquet").mkdir(parents=True)
    again = evaluate(
        spark, f"{trained.folder}/pipeline_best/", folder=f"{folder}/", test_data=trained.settings.input_data
    )
    assert again.folder == str(folder)
    assert again.metrics["model_dir"] == trained.folder
    assert {**again.metrics, "run_id": ""} == {**evaluated.metrics, "run_id": ""}
    with pytest.raises(InputError, match="has a complete evaluation already"):
        evaluate(spark, trained.folder, folder=str(folder))


def test_what_cannot_be_evaluated_is_named(spark, trained, evaluated, place):
    narrow = write(make_table(100)[["f0", "label"]], place / "narrow.parquet")
    one_class = write(make_table(100).assign(label=1), place / "one_class.parquet")
    table = make_table(100)
    gaps = table.assign(f1=table.f1.where(table.index > 2), label=table.label.where(table.index < 99))
    holes, empty = write(gaps, place / "holes.parquet"), write(table.assign(f2=np.nan), place / "empty.parquet")
    (place / "unfinished" / "model_20260101_000000").mkdir(parents=True)
    for model, arguments, says in (
        (trained.folder, {"out": trained.out, "run_id": trained.run_id}, "already exists"),
        (str(place / "nothing"), {}, "it does not exist"),
        (str(place / "unfinished" / "model_20260101_000000"), {}, "its training did not finish"),
        (trained.folder, {"test_data": narrow}, "lacks columns that the model needs: f1, f2, f3"),
        (
            trained.folder,
            {"test_data": one_class},
            "test_data: label column 'label' has only one value: 1 .* without labels: python run_experiment.py score",
        ),
        (
            trained.folder,
            {"test_data": holes},
            r"test_data: 4 of 100 rows have a null, NaN or infinite value, in: f1 \(3\), label \(1\); fix them, leave "
            "those rows out of the table, or train with missing: drop$",
        ),
        (trained.folder, {"test_data": empty}, "test_data: column 'f2' has no usable value .*: the model needs it"),
        (
            trained.folder,
            {"test_data": write(make_table(90), place / "s.parquet"), "test_fraction": 0},
            "fraction above 0",
        ),
    ):
        with pytest.raises(InputError, match=says):
            evaluate(spark, model, **{"out": str(place / "errors"), **arguments})


def test_the_split_must_be_found_again(spark, trained, place):
    experiment = Path(trained.folder, "experiment.json")
    before = experiment.read_text()
    try:
        record = json.loads(before)
        record["split"]["parts"]["test"]["fingerprint"] = "0" * 16
        experiment.write_text(json.dumps(record))
        with pytest.raises(InputError, match="the rows held out in training cannot be reproduced"):
            evaluate(spark, trained.folder, str(place / "split"))
    finally:
        experiment.write_text(before)
