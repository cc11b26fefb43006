"""A model's folder in MLflow, as training leaves it."""

import json
import os
import shutil
import subprocess
import sys
import warnings

import numpy as np
import pandas as pd
import pytest
from pyspark.ml.functions import vector_to_array

from lib import artifacts
from lib.records import mlmodel
from lib.training import Settings, train
from tests.lib.tables import make_table, write

# Spark 3.5 asks pandas in the old way when it takes a DataFrame.
pytestmark = pytest.mark.filterwarnings("ignore:is_.*_dtype is deprecated")

GRID = {"GBT": {"maxDepth": [3], "maxIter": [4]}}


@pytest.fixture(scope="module", params=["error", "median"])
def trained(request, spark, tmp_path_factory):
    """A model that fills missing values, and one that does not."""
    folder = tmp_path_factory.mktemp("mlmodel")
    path = write(make_table(400, seed=3), folder / "table.parquet")
    return train(spark, Settings(path, grid=GRID, engine="spark", missing=request.param), str(folder / "out"))


@pytest.fixture(scope="module")
def rows(trained):
    """Held-out rows, and the probabilities that Spark ML gives them."""
    scored = trained.model.transform(trained.parts.rows("test"))
    scored = scored.withColumn("expected", vector_to_array("probability")[1])
    return scored.select(*trained.parts.features, "expected").toPandas()


@pytest.fixture
def loading(tmp_path, monkeypatch):
    """MLflow copies a model before Spark loads it, and puts the model's code on the path."""
    monkeypatch.setenv("MLFLOW_DFS_TMP", str(tmp_path / "copies"))
    monkeypatch.setattr(sys, "path", list(sys.path))
    mlflow = pytest.importorskip("mlflow")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of its own type hints
        import mlflow.pyfunc
        import mlflow.spark
    return mlflow


def test_spark_loads_it(trained, rows, loading):
    model = loading.spark.load_model(trained.folder)
    assert [type(stage).__name__ for stage in model.stages][-1] == "GBTClassificationModel"


def test_pyfunc_gives_the_probability_of_class_1_of_each_row_in_order(trained, rows, loading):
    model = loading.pyfunc.load_model(trained.folder)
    given = rows.drop(columns="expected").set_index(pd.Index(range(1000, 1000 + len(rows))))
    found = model.predict(given.assign(other="of no feature"))
    assert list(found.index) == list(given.index)
    assert np.array_equal(found.to_numpy(), rows["expected"].to_numpy())
    assert len({*found} - {0.0, 1.0}) > 2
    shuffled = given.sample(frac=1, random_state=1)
    assert np.array_equal(model.predict(shuffled).to_numpy(), found[shuffled.index].to_numpy())


def test_missing_values_are_filled_if_the_model_fills_them(trained, rows, loading):
    model = loading.pyfunc.load_model(trained.folder)
    lacking = rows.drop(columns="expected").head(3).astype(float)
    lacking.iloc[0, 0] = np.nan
    if trained.settings.missing == "median":
        assert np.isfinite(model.predict(lacking)).all()
    else:
        with pytest.raises(Exception, match="VectorAssembler"):
            model.predict(lacking)


_ELSEWHERE = """
import sys, mlflow, pandas
model = mlflow.pyfunc.load_model(sys.argv[1])
found = model.predict(pandas.read_parquet(sys.argv[2]))
assert not any(name.partition(".")[0] in ("lib", "launcher") for name in sys.modules)
found.to_frame().to_parquet(sys.argv[3])
"""


def test_a_copy_loads_with_nothing_of_this_project(trained, rows, tmp_path, loading):
    """In a folder of another name, in a process with a session of its own, away from the checkout."""
    copy = shutil.copytree(trained.folder, tmp_path / "a copy")
    rows.drop(columns="expected").to_parquet(tmp_path / "rows.parquet")
    words = [str(copy), str(tmp_path / "rows.parquet"), str(tmp_path / "found.parquet")]
    env = {**os.environ, "PYTHONPATH": "", "MLFLOW_DISABLE_TELEMETRY": "true", "SPARK_LOCAL_IP": "127.0.0.1"}
    subprocess.run([sys.executable, "-I", "-c", _ELSEWHERE, *words], cwd=tmp_path, env=env, check=True)
    found = pd.read_parquet(tmp_path / "found.parquet")["probability"]
    assert np.array_equal(found.to_numpy(), rows["expected"].to_numpy())


def test_the_file_needs_no_mlflow_to_be_written():
    written = mlmodel.files("3.5.6", "2026-01-01T00:00:00+00:00")
    described = json.loads(written[artifacts.MLMODEL])
    assert described["flavors"]["spark"]["model_data"] == artifacts.PIPELINE
    loader = described["flavors"]["python_function"]
    assert f"{loader['code']}/{loader['loader_module']}.py" in written
