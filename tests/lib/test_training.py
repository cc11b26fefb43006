import csv
import json
from pathlib import Path

import pytest
from pyspark.ml import PipelineModel
from pyspark.ml.classification import RandomForestClassificationModel
from pyspark.ml.feature import VectorAssembler
from pyspark.ml.functions import vector_to_array
from sklearn import metrics as sk

from lib.errors import InputError
from lib.training import Settings, Training, train
from tests.lib.tables import make_table, write

GRID = {
    "RandomForest": {"numTrees": [4, 8], "maxDepth": [4]},
    "GBT": {"maxDepth": [2], "maxIter": [3]},
}
METRICS = {"areaUnderROC", "areaUnderPR", "accuracy", "f1"}


@pytest.fixture(scope="module")
def trained(spark, tmp_path_factory):
    folder = tmp_path_factory.mktemp("training")
    path = write(make_table(), folder / "table.parquet")
    settings = Settings(path, grid=GRID, engine="spark", seed=5)
    return train(spark, settings, str(folder / "out"), "20260102_030405", {"command": "make", "commit": None})


def read(training, name):
    return json.loads(Path(training.folder, name).read_text())


def test_the_folder_holds_what_the_design_says(trained):
    folder = Path(trained.folder)
    assert folder.parts[-2:] == ("models", "model_20260102_030405")
    files = [
        "MLmodel",
        "calibration.json",
        "experiment.json",
        "metrics",
        "mlflow_code",
        "pipeline_best",
        "reference.parquet",
        "seen_rows.parquet",
    ]
    assert sorted(p.name for p in folder.iterdir()) == files
    assert sorted(p.name for p in (folder / "metrics").iterdir()) == [
        "feature_importances.csv",
        "search.jsonl",
        "summary.json",
    ]


def test_summary_has_every_key(trained):
    summary = read(trained, "metrics/summary.json")
    assert set(summary) == {
        *("run_id", "metric_used", "train_samples", "val_samples", "test_samples", "n_features", "class_weights"),
        *("models", "winner", "confusion_matrix", "feature_importances", "leave_one_zone_out", "format", "pipeline"),
    }
    assert (summary["run_id"], summary["metric_used"], summary["n_features"]) == ("20260102_030405", "areaUnderPR", 4)
    assert summary["train_samples"] + summary["val_samples"] + summary["test_samples"] == 600
    assert set(summary["class_weights"]) == {"0.0", "1.0"}
    assert list(summary["models"]) == ["RandomForest", "GBT"]
    for model in summary["models"].values():
        assert set(model) == {"val_metrics", "test_metrics", "best_params"}
        assert set(model["val_metrics"]) == set(model["test_metrics"]) == METRICS
        assert all(isinstance(value, str) for value in model["best_params"].values())
    assert set(summary["winner"]) == {"name", "val_metrics", "test_metrics_retrained"}
    assert set(summary["winner"]["test_metrics_retrained"]) == METRICS
    assert set(summary["confusion_matrix"]) == {"TN", "FP", "FN", "TP"}
    values = [entry["importance"] for entry in summary["feature_importances"]]
    assert values == sorted(values, reverse=True)
    assert sum(values) == pytest.approx(1)


def test_the_winner_is_the_best_on_validation(trained):
    summary = read(trained, "metrics/summary.json")
    best = max(model["val_metrics"]["areaUnderPR"] for model in summary["models"].values())
    assert summary["winner"]["val_metrics"]["areaUnderPR"] == best
    lines = [json.loads(line) for line in Path(trained.folder, "metrics/search.jsonl").read_text().splitlines()]
    assert {line["index"] for line in lines} == {0, 1, 2}
    assert max(line["val_metrics"]["areaUnderPR"] for line in lines) == best


def test_the_saved_model_gives_the_test_metrics_on_the_held_out_rows(spark, trained):
    summary = read(trained, "metrics/summary.json")
    model = PipelineModel.load(trained.folder + "/pipeline_best")
    assert isinstance(model.stages[0], VectorAssembler)
    held_out = model.transform(trained.parts.rows("test"))
    rows = held_out.select("label", vector_to_array("probability")[1].alias("score"), "prediction").toPandas()
    tested = summary["winner"]["test_metrics_retrained"]
    assert len(rows) == summary["test_samples"]
    assert tested["areaUnderROC"] == pytest.approx(sk.roc_auc_score(rows.label, rows.score))
    assert tested["accuracy"] == pytest.approx(sk.accuracy_score(rows.label, rows.prediction))
    matrix = sk.confusion_matrix(rows.label, rows.prediction).ravel().tolist()
    assert [summary["confusion_matrix"][k] for k in ("TN", "FP", "FN", "TP")] == matrix


def test_importances_are_the_models_by_feature(spark, trained):
    summary = read(trained, "metrics/summary.json")
    model = PipelineModel.load(trained.folder + "/pipeline_best").stages[-1]
    by_name = dict(zip(["f0", "f1", "f2", "f3"], model.featureImportances.toArray(), strict=True))
    assert {e["feature"]: e["importance"] for e in summary["feature_importances"]} == pytest.approx(by_name)
    with Path(trained.folder, "metrics/feature_importances.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [(row["feature"], float(row["importance"])) for row in rows] == [
        (e["feature"], e["importance"]) for e in summary["feature_importances"]
    ]


def test_importances_that_a_spreadsheet_opens_run_nothing_there(spark, tmp_path):
    path = write(make_table().rename(columns={"f0": "=1+1"}), tmp_path / "table.parquet")
    settings = Settings(path, grid={"GBT": {"maxDepth": [2], "maxIter": [2]}}, engine="task")
    done = train(spark, settings, str(tmp_path / "out"), "20260102_030405")
    with Path(done.folder, "metrics/feature_importances.csv").open() as file:
        assert sorted(row["feature"] for row in csv.DictReader(file)) == ["'=1+1", "f1", "f2", "f3"]
    assert "=1+1" in {each["feature"] for each in read(done, "metrics/summary.json")["feature_importances"]}


def test_experiment_records_what_is_needed_to_repeat_it(trained):
    experiment = read(trained, "experiment.json")
    assert experiment["run_id"] == "20260102_030405"
    assert experiment["parameters"]["grid"] == GRID
    assert experiment["data"]["rows"] == 600
    assert experiment["data"]["features"] == ["f0", "f1", "f2", "f3"]
    assert experiment["split"]["parts"] == trained.parts.parts
    assert experiment["command"] == "make"
    assert experiment["candidates"] == 3
    assert set(experiment["timings"]) == {"load", "split", "search", "zones", "retrain", "test"}
    assert set(experiment["versions"]) == {"python", "spark", "java", "numpy", "numba", "lib"}
    assert experiment["started_at"] <= experiment["finished_at"]


def test_a_folder_that_is_there_already_is_left_alone(spark, trained):
    with pytest.raises(InputError, match="model_20260102_030405 already exists"):
        Training(spark, trained.settings, trained.out, "20260102_030405")


def test_an_output_that_cannot_be_written_stops_before_any_data_is_read(spark, trained):
    with pytest.raises(InputError, match="cannot write /proc/out"):
        Training(spark, Settings("/no/such/table"), "/proc/out")


def test_wrong_settings_stop_at_once(spark, tmp_path):
    for settings, says in (
        (Settings("t", metric="auc"), "choose areaUnderPR or areaUnderROC"),
        (Settings("t", grid={"SVM": {}}), "unknown model 'SVM'"),
    ):
        with pytest.raises(InputError, match=says):
            Training(spark, settings, str(tmp_path / "out"))
    assert not (tmp_path / "out").exists()


def test_what_would_be_refused_after_the_search_is_refused_before_it(spark, tmp_path):
    table = make_table(300, zones=2)
    path, out = write(table, tmp_path / "t.parquet"), str(tmp_path / "out")
    refused = {
        "select_by: zones needs at least 3 zones .*; there are 2: use select_by: validation": {"select_by": "zones"},
        "nested: true needs at least 3 zones .*; there are 2: leave it out": {"nested": True},
        "split_by: zone needs at least 3 zones, one for each part; 'zone' has 2": {"split_by": "zone"},
    }
    for says, asked in refused.items():
        training = Training(spark, Settings(path, **asked), out)
        training.load()
        with pytest.raises(InputError, match=says):
            training.split()
    other = make_table(90, seed=1)
    spoilt = {
        "test_data: label column 'label' has only one value: 0": other.assign(label=0),
        r"test_data: 3 of 90 rows have a null.* f1 \(3\)": other.assign(f1=other.f1.where(other.index > 2)),
        "test_data: .* lacks columns that the model needs: f2, label; add or rename": other[["f0", "f1", "f3"]],
    }
    training = Training(spark, Settings(path), out)
    for says, changed in spoilt.items():
        with pytest.raises(InputError, match=says):
            training.load(write(changed, tmp_path / "other.parquet"))
    assert not Path(training.folder).exists()
    training.load([write(other.assign(note="text"), tmp_path / "other.parquet")])
    training.load(path)


def test_a_forest_draws_the_same_whatever_the_rows_order(spark, trained, tmp_path):
    shuffled = write(make_table().sample(frac=1, random_state=1), tmp_path / "shuffled.parquet")
    again = train(spark, Settings(shuffled, grid=GRID, engine="spark", seed=5), str(tmp_path / "out"))
    for key in ("models", "winner", "confusion_matrix", "feature_importances", "class_weights"):
        assert read(again, "metrics/summary.json")[key] == read(trained, "metrics/summary.json")[key]


def begun(training, tmp_path, lines):
    """A copy of a training's folder as it was when it died after `lines` candidates."""
    out = tmp_path / "out"
    folder = out / "models" / f"model_{training.run_id}"
    (folder / "metrics").mkdir(parents=True)
    (folder / "experiment.json").write_text(Path(training.folder, "experiment.json").read_text())
    log = Path(training.folder, "metrics/search.jsonl").read_text().splitlines(keepends=True)
    (folder / "metrics" / "search.jsonl").write_text("".join(log[:lines]))
    return str(out)


def test_a_training_that_died_is_taken_up_and_ends_as_if_it_had_not(spark, trained, tmp_path):
    out = begun(trained, tmp_path, 2)
    resumed = Training(spark, trained.settings, out, trained.run_id, continues=True)
    resumed.load()
    resumed.split()
    found = resumed.search()
    resumed.leave_zones_out()
    resumed.retrain()
    assert [s.metrics for s in found.scores] == [s.metrics for s in trained.found.scores]
    lines = Path(resumed.folder, "metrics/search.jsonl").read_text().splitlines()
    before = Path(trained.folder, "metrics/search.jsonl").read_text().splitlines()
    assert [json.loads(line)["seconds"] for line in lines[:2]] == [json.loads(line)["seconds"] for line in before[:2]]
    assert len(lines) == 3
    assert resumed.finish() == read(trained, "metrics/summary.json")


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"seed": 6}, "parameter seed was 5 and is now 6"),
        ({"grid": {"GBT": {"maxIter": [2]}}}, "parameter grid was"),
        ({"input_data": "other"}, "the number of rows was 600 and is now 500"),
    ],
)
def test_another_experiment_is_not_taken_up(spark, trained, tmp_path, change, says):
    if "input_data" in change:
        change = {"input_data": write(make_table(500), tmp_path / "other.parquet")}
    settings = Settings(**{**vars(trained.settings), **change})
    resumed = Training(spark, settings, begun(trained, tmp_path, 1), trained.run_id, continues=True)
    resumed.load()
    resumed.split()
    with pytest.raises(InputError, match=says):
        resumed.search()


def test_a_folder_of_its_own_goes_on_with_what_was_begun_there_and_keeps_what_is_complete(spark, trained, tmp_path):
    folder = f"{begun(trained, tmp_path, 1)}/models/model_{trained.run_id}"
    again = Training(spark, trained.settings, folder=f"{folder}/")
    assert (again.folder, again.run_id, again.continues) == (folder, trained.run_id, True)
    with pytest.raises(InputError, match="has a complete model already"):
        Training(spark, trained.settings, folder=trained.folder)
    with pytest.raises(InputError, match=r"has other files \(models\): name a folder for this model alone"):
        Training(spark, trained.settings, folder=trained.out)


def test_of_two_trainings_in_one_folder_the_second_is_refused(spark, trained, tmp_path):
    training = Training(spark, trained.settings, folder=f"{tmp_path}/model_v1/")
    training.load()
    training.split()
    (tmp_path / "model_v1" / "experiment.json").write_text("{}")
    with pytest.raises(InputError, match=r"another run has begun a model in .*/model_v1 meanwhile"):
        training.search()
    assert not list(tmp_path.glob("**/.*"))


def test_nothing_to_resume_is_said(spark, trained, tmp_path):
    with pytest.raises(InputError, match="no experiment was started there"):
        Training(spark, trained.settings, str(tmp_path), "20260102_030405", continues=True)
    with pytest.raises(InputError, match="that experiment is complete"):
        Training(spark, trained.settings, trained.out, trained.run_id, continues=True)


def test_one_family_alone(spark, tmp_path):
    path = write(make_table(300), tmp_path / "t.parquet")
    grid = {"RandomForest": {"numTrees": [3], "maxDepth": [3], "featureSubsetStrategy": [2]}}
    training = train(spark, Settings(path, grid=grid, metric="areaUnderROC", engine="spark"), str(tmp_path / "out"))
    summary = read(training, "metrics/summary.json")
    assert list(summary["models"]) == ["RandomForest"]
    model = training.model.stages[-1]
    assert isinstance(model, RandomForestClassificationModel)
    assert model.getNumTrees == 3
    assert model.getFeatureSubsetStrategy() == "2"
