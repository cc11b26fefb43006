"""The spark-submit entry points, as real processes; and with them what only another process can show."""

import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import psutil
import pytest
import rasterio
from affine import Affine

from launcher.experiment import results
from launcher.local_spark import SHORT_SESSION, environment_of, find_java
from launcher.support.files import LocalFiles
from lib import artifacts
from lib.scoring import scoring
from lib.training import Settings, train
from tests.conftest import ROOT
from tests.lib.rasters.make import UTM, raster
from tests.lib.tables import make_table, write
from tests.test_experiment import QUICK, finish, run, start
from tests.test_resuming import wait_for

# Loads and uses a model with PySpark and nothing of ours, and saves it again.
PLAIN_PYSPARK = """
import sys
from pyspark.sql import SparkSession
from pyspark.ml import PipelineModel
spark = SparkSession.builder.master("local[1]").config("spark.ui.enabled", "false").getOrCreate()
model = PipelineModel.load(sys.argv[1])
rows = model.transform(spark.read.parquet(sys.argv[2])).groupBy("prediction").count().collect()
model.save(sys.argv[3])
assert PipelineModel.load(sys.argv[3]).stages[-1].toDebugString == model.stages[-1].toDebugString
assert not any(name.split(".")[0] in ("lib", "launcher") for name in sys.modules)
print(type(model.stages[-1]).__name__, sum(row["count"] for row in rows))
"""


@pytest.fixture(scope="module")
def submit(tmp_path_factory):
    """Run a script under spark-submit as on a cluster: `lib` from a zip, and nothing of the project on the path."""
    place = tmp_path_factory.mktemp("submit")
    library = shutil.make_archive(str(place / "lib"), "zip", ROOT, "lib")
    environment = {**os.environ, **environment_of(find_java())}

    def run(script, *arguments, master="local[1]"):
        command = [str(Path(sys.executable).with_name("spark-submit")), "--master", master, "--py-files", library]
        for name, value in {"spark.ui.enabled": "false", **SHORT_SESSION}.items():
            command += ["--conf", f"{name}={value}"]
        command += [str(ROOT / "scripts" / script), *arguments]
        return subprocess.run(command, cwd=place, env=environment, capture_output=True, text=True, timeout=300)

    return run


@pytest.fixture(scope="module")
def tables(tmp_path_factory):
    """One table whole, and the same rows shuffled over two files."""
    place = tmp_path_factory.mktemp("tables")
    table = make_table(500, seed=11)
    shuffled = table.sample(frac=1, random_state=2)
    whole = write(table, place / "whole.parquet")
    return whole, [write(shuffled[:200], place / "a.parquet"), write(shuffled[200:], place / "b.parquet")]


@pytest.fixture(scope="module")
def trained(submit, tables, tmp_path_factory):
    model = tmp_path_factory.mktemp("out") / "models" / "model_v1"
    arguments = ["--inputs", *tables[1], "--out_model_dir", f"{model}/", "--label_col", "label"]
    done = submit(
        "06_entrenar_modelos_spark.py", *arguments, "--test_frac", "0.2", "--seed", "9", "--metric", "areaUnderROC"
    )
    assert done.returncode == 0, done.stderr[-3000:]
    assert done.stdout.splitlines()[-1] == str(model)
    assert (model / "pipeline_best" / "metadata").is_dir()
    return model


def test_one_core_and_shuffled_files_give_the_metrics_of_two_cores(spark, trained, tables, tmp_path):
    settings = Settings(tables[0], test_frac=0.2, seed=9, metric="areaUnderROC")
    here = Path(train(spark, settings, str(tmp_path)).folder)
    summaries = [json.loads((folder / "metrics" / "summary.json").read_text()) for folder in (trained, here)]
    assert artifacts.model_name(summaries[0]["run_id"])  # a run's id, though the folder has another name
    for summary in summaries:
        del summary["run_id"]
    assert summaries[0] == summaries[1]
    assert summaries[0]["metric_used"] == "areaUnderROC"


def test_the_model_loads_in_plain_pyspark(trained, tables, tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", PLAIN_PYSPARK, str(trained / "pipeline_best"), tables[0], str(tmp_path / "again")],
        cwd=tmp_path,
        env={**os.environ, "JAVA_HOME": str(find_java())},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    name, rows = done.stdout.split()
    assert name in ("RandomForestClassificationModel", "GBTClassificationModel")
    assert rows == "500"


def test_the_model_is_evaluated_on_its_held_out_rows_and_reported(submit, trained, tables, tmp_path):
    """As the team has always typed it: the pipeline, the training table, a fraction, a folder for the evaluation."""
    folder = tmp_path / "eval_20251112"
    arguments = ["--model", f"{trained}/pipeline_best", "--test_data", tables[0], "--output", f"file:{folder}/"]
    done = submit("07_evaluar_modelos.py", *arguments, "--test_fraction", "0.15", "--language", "es")
    assert done.returncode == 0, done.stdout[-3000:]
    assert done.stdout.splitlines()[-1] == f"file:{folder}"
    assert "rows that training held out: the model was trained with --test_frac 0.2" in done.stdout
    assert {"metrics.json", "feature_importance.json", "EVALUATION_REPORT.md"} < {
        each.name for each in folder.iterdir()
    }
    metrics = json.loads((folder / "metrics.json").read_text())
    assert metrics["model_dir"] == str(trained)
    summary = json.loads((trained / "metrics" / "summary.json").read_text())
    assert metrics["measured_on"]["verified"]
    assert metrics["measured_on"]["count"] == summary["test_samples"]
    assert metrics["areaUnderPR"] == summary["winner"]["test_metrics_retrained"]["areaUnderPR"]
    assert "# Informe de evaluación" in (folder / "EVALUATION_REPORT.md").read_text()


def test_another_table_by_a_share_of_it(submit, trained, tmp_path):
    other = write(make_table(400, seed=12), tmp_path / "other.parquet")
    folder = tmp_path / "eval"
    arguments = ["--model", str(trained), "--test_data", other, "--output", str(folder), "--test_fraction", "0.5"]
    done = submit("07_evaluar_modelos.py", *arguments)
    assert done.returncode == 0, done.stderr[-3000:]
    metrics = json.loads((folder / "metrics.json").read_text())
    assert 140 < metrics["measured_on"]["count"] < 260
    assert f"evaluated: {metrics['measured_on']['count']} rows, a share of test_data" in done.stdout


@pytest.mark.parametrize(
    ("script", "arguments", "says"),
    [
        ("07_evaluar_modelos", "--model m --output o --test_fraction 1.5", "a fraction above 0 and up to 1"),
        ("07_evaluar_modelos", "--model m --output=", "argument --output: is empty"),
        ("06_entrenar_modelos_spark", "--inputs t --out_model_dir o --metrics_weighted", "needs --weight_col"),
        ("06_entrenar_modelos_spark", "--inputs t --out_model_dir o --class_weights equal", "choose from 'balanced'"),
        ("06_entrenar_modelos_spark", "--inputs t --out_model_dir o --nodata none", "invalid float value: 'none'"),
        ("08_aplicar_modelo_spark", "--model m --inputs t --output o --best_areas -1", "must be a number from 0"),
        ("08_aplicar_modelo_spark", "--model m --inputs t --output o --language fr", "choose from 'en', 'es'"),
    ],
)
def test_wrong_usage_is_refused(script, arguments, says):
    command = [sys.executable, str(ROOT / "scripts" / f"{script}.py"), *arguments.split()]
    done = subprocess.run(command, env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True, text=True)
    assert done.returncode == 2
    assert says in done.stderr


def test_a_table_is_scored_with_its_model(submit, trained, tables, tmp_path):
    rows = pd.read_parquet(tables[0]).drop(columns="label").assign(pixel=range(500))
    table = write(rows, tmp_path / "ground.parquet")
    arguments = ["--model", str(trained / "pipeline_best"), "--inputs", table, "--output", str(tmp_path / "out")]
    done = submit("08_aplicar_modelo_spark.py", *arguments, "--id_cols", "pixel", "zone")
    assert done.returncode == 0, done.stderr[-3000:]
    folder = Path(done.stdout.splitlines()[-1])
    record = json.loads((folder / "scores.json").read_text())
    assert (record["rows"], record["model"]) == (500, str(trained))
    assert sorted(pd.read_parquet(folder / "scores").pixel) == list(range(500))
    assert "# Scoring report" in (folder / "SCORING_REPORT.md").read_text()
    again = submit("08_aplicar_modelo_spark.py", *arguments[:-1], str(tmp_path / "again"), "--id_cols", "pixl")
    assert again.returncode == 2
    assert again.stdout.startswith("error: id_cols: the table has no column 'pixl': did you mean pixel?")
    assert again.stdout.count("\n") == 1
    assert not [file for file in tmp_path.glob("again/**/*") if file.is_file()]


def test_a_map_is_made_of_bands_by_number_and_resumed(spark, submit, trained, tmp_path):
    features = json.loads((trained / "metrics" / "summary.json").read_text())["pipeline"]["features"]
    bands = np.random.default_rng(3).normal(size=(len(features), 40, 60)).astype("float32")
    fine = raster(tmp_path / "a.tif", bands[1:])
    coarse = raster(tmp_path / "b.tif", bands[:1, ::2, ::2], transform=UTM["transform"] @ Affine.scale(2))
    numbers = {name: 1 + (place - 1) % len(features) for place, name in enumerate(features)}
    out = str(tmp_path / "out")
    arguments = ["--model", str(trained), "--inputs", fine, coarse, "--output", out, "--best_areas", "2"]
    arguments += ["--bands", *(f"{name}={number}" for name, number in numbers.items()), "--language", "es"]
    refused = submit("08_aplicar_modelo_spark.py", *arguments)
    assert (refused.returncode, "resample" in refused.stdout) == (2, True), refused.stdout
    options = {"bands": numbers, "resample": "nearest", "best_areas": 2}
    here = scoring.score(spark, str(trained), [fine, coarse], out, run_id="20260131_235959", **options)
    shutil.rmtree(Path(here.folder, "maps"))

    done = submit(
        "08_aplicar_modelo_spark.py", *arguments, "--resample", "nearest", "--resume", "score_20260131_235959"
    )
    assert done.returncode == 0, done.stdout[-3000:]
    folder = Path(done.stdout.splitlines()[-1])
    record = json.loads((folder / "scores.json").read_text())
    assert (record["rows"], record["run_id"], record["resumed_windows"]) == (2400, "20260131_235959", 1)
    assert record["best_areas"] == here.record["best_areas"]
    assert len(record["best_areas"]) <= 2
    assert "# Informe de puntuación" in (folder / "SCORING_REPORT.md").read_text()
    [score] = folder.glob("maps/*/score.tif")
    # Each pixel of the coarse band is four of the fine one.
    values = np.concatenate([bands[1:], bands[:1, ::2, ::2].repeat(2, axis=1).repeat(2, axis=2)]).reshape(
        len(features), -1
    )
    table = write(pd.DataFrame({name: values[number - 1] for name, number in numbers.items()}), tmp_path / "t.parquet")
    as_table = scoring.score(spark, str(trained), table, str(tmp_path / "table"), id_cols=[])
    with rasterio.open(score) as dataset:
        found = dataset.read(1).ravel()
    expected = pd.read_parquet(f"{as_table.folder}/scores").score.to_numpy()
    assert np.array_equal(np.sort(found), np.sort(expected.astype(found.dtype)))

    again = submit("08_aplicar_modelo_spark.py", *arguments, "--resample", "nearest", "--resume", "yesterday")
    assert (again.returncode, again.stdout.startswith("error: --resume yesterday: must be the name")) == (2, True)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_a_scoring_that_was_stopped_is_not_taken_for_complete(trained, tables, tmp_path, number):
    """Stopped when all its scores are written, and nothing is said about them yet."""
    run_id = "20260131_235959"
    typed = ["score", str(trained), "--input-data", tables[0], "--out", str(tmp_path), "-p", f"run_id={run_id}", *QUICK]
    process = start(*typed, start_new_session=True)
    folder = tmp_path / "scores" / f"score_{run_id}"
    wait_for(folder, "scores/_SUCCESS", process)
    family = psutil.Process(process.pid).children(recursive=True)
    process.send_signal(number)
    code, _, errors = finish(process)
    psutil.wait_procs(family, timeout=30)
    assert not (folder / "scores.json").exists()
    if number == signal.SIGINT:
        assert code == 130
        assert "Stopped by Ctrl-C. No scores are kept: they would not be complete." in errors
        assert not folder.exists()
    else:
        with pytest.raises(results.MissingResult, match=r"scores.json is not there"):
            results.scores(LocalFiles(), str(folder), run_id)
        code, _, errors = run(*typed, "--dry-run")
        assert (code, f"score_{run_id} is already there: leave run_id empty" in errors) == (2, True)


def test_bad_input_is_one_line_and_exit_code_2(submit, tmp_path):
    done = submit("06_entrenar_modelos_spark.py", "--inputs", "/no/such/table", "--out_model_dir", str(tmp_path))
    assert done.returncode == 2
    # spark-submit hands on both streams of a Python driver as one.
    assert done.stdout == "error: input /no/such/table does not exist: check --input-data\n"
    assert not list(tmp_path.iterdir())  # a folder that is there and empty is taken
