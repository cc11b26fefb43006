"""What a run leaves beside its results: the page of all runs, its code where no commit has it, and a run in MLflow."""

import json
import zipfile
from dataclasses import replace

import pytest

from launcher.leaderboard import mlflow, page
from launcher.running.run import run
from launcher.targets.target import LocalTarget
from lib import artifacts
from lib.errors import ExperimentError
from tests.launcher.experiments import EVALUATE, KERNEL, RUN_ID, TRAIN, plan, write_notebooks
from tests.launcher.leaderboard.mlflow_servers import free_port
from tests.lib import records

BEGIN = f"""
import json, pathlib
folder = pathlib.Path(model_dir)
folder.mkdir(parents=True)
record = json.loads({json.dumps(records.experiment(""))!r}) | {{"run_id": run_id}}
(folder / "experiment.json").write_text(json.dumps(record))
"""
WHOLE = BEGIN + TRAIN.replace(".mkdir(parents=True)", ".mkdir(parents=True, exist_ok=True)")


def started(tmp_path, dirty: bool, **sources: str):
    """Run a miniature experiment, from a checkout with changes or without."""
    made = plan(tmp_path, write_notebooks(tmp_path / "notebooks", **sources))
    commit = {"sha": "abc", "dirty": dirty}
    run(replace(made, provenance={"command": "", "commit": commit, "after_training": {}}), LocalTarget(KERNEL))


def test_the_page_of_all_runs_is_made_after_a_run(tmp_path):
    started(tmp_path, dirty=True, train=WHOLE)
    assert RUN_ID in (tmp_path / "out/index.html").read_text()
    with zipfile.ZipFile(tmp_path / f"out/models/model_{RUN_ID}/{artifacts.SOURCE_ZIP}") as archive:
        assert {"run_experiment.py", "lib/training.py"} <= set(archive.namelist())


def test_a_page_that_cannot_be_made_fails_no_run(tmp_path, monkeypatch, capsys):
    def fails(out):
        raise RuntimeError("nothing works")

    monkeypatch.setattr(page, "write", fails)
    started(tmp_path, dirty=False, train=WHOLE)
    assert "The page of all runs could not be made: nothing works" in capsys.readouterr().err
    assert (tmp_path / f"out/results/eval_{RUN_ID}/{artifacts.REPORT}").exists()
    assert not (tmp_path / f"out/models/model_{RUN_ID}/{artifacts.SOURCE_ZIP}").exists()


def test_a_run_is_in_mlflow_when_it_has_ended(tmp_path, monkeypatch):
    monkeypatch.setenv("MLFLOW_ALLOW_FILE_STORE", "true")
    monkeypatch.setenv(mlflow.VARIABLE, f"file://{tmp_path}/mlruns")
    whole = EVALUATE.replace('"run_id": run_id', '"run_id": run_id, "model_dir": model_dir')
    started(tmp_path, dirty=False, train=WHOLE, evaluate=whole)
    server = mlflow.Server()
    (logged,) = server._client.search_runs([server._experiment])
    assert (logged.info.run_name, logged.info.status) == (RUN_ID, "FINISHED")
    assert logged.data.tags["place"] == f"{tmp_path}/out/results/eval_{RUN_ID}"


def test_a_run_whose_mlflow_fails_is_complete(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv(mlflow.VARIABLE, f"http://127.0.0.1:{free_port()}")
    started(tmp_path, dirty=False, train=WHOLE)
    assert capsys.readouterr().err.count("The run is not in MLflow") == 1
    assert (tmp_path / f"out/results/eval_{RUN_ID}/{artifacts.REPORT}").exists()


def test_the_code_of_a_run_that_fails_is_kept_too(tmp_path):
    with pytest.raises(ExperimentError):
        started(tmp_path, dirty=True, train=BEGIN + "raise ValueError('no')")
    assert (tmp_path / f"out/models/model_{RUN_ID}/{artifacts.SOURCE_ZIP}").exists()
