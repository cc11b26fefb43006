"""Runs on an MLflow server: MLflow's own store in files, a real server where there is one, and some that fail."""

import json
import subprocess
import sys
import time
from pathlib import Path

import pytest
from typer.testing import CliRunner

from launcher import cli
from launcher.leaderboard import mlflow, tags
from launcher.leaderboard.index import found_below
from launcher.leaderboard.mlflow_record import PLACE, RUN_ID, to_log
from launcher.leaderboard.runs import runs_of
from lib import artifacts
from tests.launcher.leaderboard.folders import INTERVALS, leave, mixed, run_id, zones
from tests.launcher.leaderboard.mlflow_servers import answering, free_port, real_server, silent

_PICTURE = b"\x89PNG\r\n\x1a\n"


@pytest.fixture(autouse=True)
def surroundings(monkeypatch):
    """No server but the test's, and what is set for MLflow is taken back."""
    for name in ("MLFLOW_EXPERIMENT_NAME", "MLFLOW_EXPERIMENT_ID", mlflow.VARIABLE, *mlflow._IMPATIENT):
        monkeypatch.setenv(name, "")
        monkeypatch.delenv(name)


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with real_server(tmp_path_factory.mktemp("server")) as uri:
        yield uri


@pytest.fixture(params=["files", "server"])
def uri(request, tmp_path, monkeypatch):
    """Where runs are logged to, in an experiment of the test's own."""
    if request.param == "files":
        monkeypatch.setenv("MLFLOW_ALLOW_FILE_STORE", "true")
        place = f"file://{tmp_path}/mlruns"
    else:
        place = request.getfixturevalue("server")
    monkeypatch.setenv(mlflow.VARIABLE, place)
    monkeypatch.setenv("MLFLOW_EXPERIMENT_NAME", f"test {tmp_path.name} {time.time_ns()}")
    return place


@pytest.fixture
def logged(uri):
    """All that stands on the server now."""

    def found():
        server = mlflow.Server()
        return list(server._client.search_runs([server._experiment]))

    return found


def end(out, number: int) -> None:
    """Do what is done when a run has ended."""
    name = run_id(number)
    mlflow.log_finished(str(out), name, (f"{out}/models/model_{name}", f"{out}/results/eval_{name}"))


def typed(*words: str):
    return CliRunner().invoke(cli.app, ["runs", "export", *words], env={"COLUMNS": "200"})


def test_a_run_is_logged_with_all_that_is_known_of_it(tmp_path, uri, logged):
    zone = {"leave_one_zone_out": zones(0.61, 0.4)}
    commit = {"sha": "abc", "dirty": True}
    leave(tmp_path, run_id(0), area=0.66, experiment={"commit": commit}, metrics=zone, parameters={"seed": 7})
    (tmp_path / f"results/eval_{run_id(0)}/roc.png").write_bytes(_PICTURE)
    end(tmp_path, 0)
    (run,) = logged()
    assert (run.info.status, run.info.run_name) == ("FINISHED", run_id(0))
    assert run.data.metrics["areaUnderPR"] == 0.66
    lower, upper = INTERVALS["areaUnderPR"]
    assert (run.data.metrics["areaUnderPR_lower"], run.data.metrics["areaUnderPR_upper"]) == (lower, upper)
    assert (run.data.metrics["zones_mean_areaUnderPR"], run.data.metrics["zones_worst_areaUnderROC"]) == (0.61, 0.4)
    assert run.data.metrics["test_rows"] > 0
    assert {"winner": "GBT", "maxIter": "3", "seed": "7"}.items() <= run.data.params.items()
    known = {
        RUN_ID: run_id(0),
        PLACE: f"{tmp_path}/results/eval_{run_id(0)}",
        "mlflow.source.git.commit": "abc",
        "commit_dirty": "true",
        "test_fingerprint": "2f",
        "data_fingerprint": "1f",
        "train_fingerprint": "0f",
        "state": "complete",
    }
    assert known.items() <= run.data.tags.items()
    client = mlflow.Server()._client
    below = {each.path for each in client.list_artifacts(run.info.run_id, "evaluation")}
    assert {f"evaluation/{name}" for name in (artifacts.REPORT, "roc.png", artifacts.EVAL_METRICS)} <= below
    copy = client.download_artifacts(run.info.run_id, "evaluation/roc.png", str(tmp_path))
    assert Path(copy).read_bytes() == _PICTURE


def test_a_run_that_is_logged_again_stays_one_and_its_tags_move(tmp_path, logged):
    model = leave(tmp_path, run_id(0))
    end(tmp_path, 0)
    tags.add(str(tmp_path), str(model), "champion")
    result = typed("--mlflow", "--out", str(tmp_path))
    assert (result.exit_code, "1 there already" in result.stdout) == (0, True)
    (run,) = logged()
    assert run.data.tags["tags"] == "champion"


def test_a_run_whose_logging_was_cut_short_is_completed(tmp_path, logged, monkeypatch, capsys):
    leave(tmp_path, run_id(0))

    def breaks(*args):
        raise ConnectionError("the line is down")

    with monkeypatch.context() as broken:
        broken.setattr("mlflow.MlflowClient.log_artifacts", breaks)
        end(tmp_path, 0)
    assert capsys.readouterr().err.count("The run is not in MLflow") == 1
    assert [each.info.status for each in logged()] == ["RUNNING"]
    assert "1 completed" in typed("--mlflow", run_id(0), "--out", str(tmp_path)).stdout
    (run,) = logged()
    assert run.info.status == "FINISHED"
    assert run.data.metrics["areaUnderPR"] == 0.7


def test_a_model_that_is_evaluated_later_stays_one_run(tmp_path, logged):
    leave(tmp_path, run_id(0))
    (tmp_path / "results").rename(tmp_path / "apart")
    end(tmp_path, 0)
    assert [each.data.tags["state"] for each in logged()] == ["not evaluated"]
    (tmp_path / "apart").rename(tmp_path / "results")
    end(tmp_path, 0)
    assert [each.data.tags["state"] for each in logged()] == ["complete"]


def test_runs_of_one_id_in_two_places_are_two(tmp_path, logged):
    for out in (tmp_path / "a", tmp_path / "it's b"):
        leave(out, run_id(0))
        end(out, 0)
    assert len(logged()) == 2


def test_all_complete_runs_are_exported_and_no_others(tmp_path, logged):
    mixed(tmp_path)
    complete = {run.name for run in runs_of(found_below(str(tmp_path))) if run.state == "complete"}
    for _ in range(2):
        assert typed("--mlflow", "--out", str(tmp_path)).exit_code == 0
        assert sorted(each.info.run_name for each in logged()) == sorted(complete)
    refused = typed("--mlflow", run_id(16), "--out", str(tmp_path))
    assert refused.exit_code == 2
    assert f"run {run_id(16)} has no results to log: its state is failed" in refused.stderr


@pytest.fixture
def closed_port():
    return f"http://127.0.0.1:{free_port()}"


def warned(tmp_path, monkeypatch, capsys, uri: str) -> str:
    """The one warning about a server, which is told soon."""
    monkeypatch.setenv(mlflow.VARIABLE, uri)
    if not (tmp_path / "models").exists():
        leave(tmp_path, run_id(0))
    started = time.monotonic()
    end(tmp_path, 0)
    assert time.monotonic() - started < 60
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.count("The run is not in MLflow: ") == 1
    return " ".join(said.err.split())


def test_a_server_that_is_not_there_is_one_warning(tmp_path, monkeypatch, capsys, closed_port):
    said = warned(tmp_path, monkeypatch, capsys, closed_port)
    assert f"the MLflow server {closed_port} failed" in said
    assert "runs export --mlflow logs the run later" in said


@pytest.mark.parametrize(
    ("status", "body", "headers"),
    [
        (500, b"", {}),
        (503, b"", {"Retry-After": "3600"}),
        (429, b"", {"Retry-After": "3600"}),
        (403, b"<html>log in</html>", {}),
        (200, b"<html>another server</html>", {"Content-Type": "text/html"}),
        (200, b"{}", {"Content-Type": "application/json"}),
        (200, b'{"experiment": 3', {"Content-Type": "application/json"}),
    ],
)
def test_a_server_that_answers_otherwise_is_one_warning(tmp_path, monkeypatch, capsys, status, body, headers):
    with answering(status, body, headers) as uri:
        warned(tmp_path, monkeypatch, capsys, uri)


def test_a_server_that_says_nothing_is_not_waited_for(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_TIMEOUT", "2")  # what the user sets holds
    with silent() as uri:
        warned(tmp_path, monkeypatch, capsys, uri)


@pytest.mark.parametrize("uri", ["nonsense://x", "http://", "databricks"])
def test_a_uri_that_is_none_is_one_warning(tmp_path, monkeypatch, capsys, uri):
    warned(tmp_path, monkeypatch, capsys, uri)


def test_a_password_is_not_shown(tmp_path, monkeypatch, capsys, closed_port):
    with_password = closed_port.replace("//", "//me:hunter2@")
    assert "hunter2" not in warned(tmp_path, monkeypatch, capsys, with_password)
    failed = typed("--mlflow", "--out", str(tmp_path))
    assert failed.exit_code == 1
    assert "hunter2" not in failed.output


def test_without_mlflow_the_remedy_is_said(tmp_path, monkeypatch, capsys, closed_port):
    for name in [each for each in sys.modules if each.partition(".")[0] == "mlflow"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "mlflow", None)
    assert "pip install mlflow-skinny" in warned(tmp_path, monkeypatch, capsys, closed_port)
    refused = typed("--mlflow", "--out", str(tmp_path))
    assert refused.exit_code == 2
    assert "pip install mlflow-skinny" in refused.stderr


def test_an_export_says_what_it_lacks(tmp_path):
    leave(tmp_path, run_id(0))
    for words, why in ((["--mlflow"], "set MLFLOW_TRACKING_URI"), ([], "runs export --mlflow")):
        refused = typed(*words, "--out", str(tmp_path))
        assert (refused.exit_code, why in " ".join(refused.stderr.split())) == (2, True)


def test_mlflow_is_imported_only_where_a_server_is_named(tmp_path):
    leave(tmp_path, run_id(0))
    code = f"""
import sys
from launcher import cli
from launcher.running import run
from launcher.commands import runs
from launcher.leaderboard import mlflow
mlflow.log_finished({str(tmp_path)!r}, {run_id(0)!r}, ({f"{tmp_path}/results/eval_{run_id(0)}"!r},))
print([name for name in sys.modules if name.partition(".")[0] == "mlflow"])
"""
    assert subprocess.run([sys.executable, "-c", code], text=True, capture_output=True, check=True).stdout == "[]\n"


def test_what_is_not_a_number_or_is_secret_is_not_logged(tmp_path):
    metrics = {"intervals": {"areaUnderPR": None, "areaUnderROC": [0.8, 0.9]}}
    parameters = {"missing": None, "weight col": "w", "password": "hunter2"}
    leave(tmp_path, run_id(0), metrics=metrics, parameters=parameters)
    (run,) = runs_of(found_below(str(tmp_path)))
    wanted = to_log(mlflow.details(run))
    assert "hunter2" not in json.dumps(dict(wanted.params))
    assert "missing" not in wanted.params
    assert "areaUnderPR_lower" not in wanted.metrics
    assert wanted.metrics["areaUnderROC_upper"] == 0.9
