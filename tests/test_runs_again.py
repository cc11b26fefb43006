"""A real run is listed, shown, and made again: by its command, and by `runs verify`."""

import json
import shlex
import zipfile

import pytest

from lib import artifacts
from tests.lib.tables import make_table, write
from tests.test_experiment import QUICK, only, run

GRID = "grid={RandomForest: {numTrees: [10], maxDepth: [4]}, GBT: {maxDepth: [2], maxIter: [3, 5]}}"


@pytest.fixture(scope="module")
def out(tmp_path_factory):
    """A folder with a complete run of a small table."""
    place = tmp_path_factory.mktemp("runs")
    table = write(make_table(600, zones=3), place / "a table.parquet")
    words = ["--input-data", str(table), "--out", str(place / "out"), "-p", GRID, "-p", "seed=7", *QUICK]
    code, output, errors = run(*words)
    assert code == 0, output + errors
    return place / "out"


def test_the_run_is_on_the_page_and_in_the_list(out):
    code, output, errors = run("runs", "--out", str(out), "--json")
    assert code == 0, errors
    (only_one,) = json.loads(output)["not_ranked"]
    assert only_one["reason"] == "no other run was measured on the same rows"
    assert 0 < only_one["lower"] <= only_one["value"] <= only_one["upper"] <= 1
    assert only_one["zones_worst"] <= only_one["zones_mean"]
    page = (out / artifacts.LEADERBOARD).read_text()
    assert only_one["run"] in page
    assert f'href="results/eval_{only_one["run"]}/{artifacts.REPORT_HTML}"' in page
    assert f'href="models/model_{only_one["run"]}/notebooks/02_train.html"' in page
    assert "<polyline" in page or '<table class="apart">' in page


def test_the_command_makes_the_same_model(out, tmp_path):
    code, output, errors = run("runs", "show", "latest", "--out", str(out), "--command")
    assert code == 0, errors
    words = shlex.split(output.strip().splitlines()[-1])
    assert words[:2] == ["python", "run_experiment.py"]
    code, output, errors = run(*words[2:], "--no-evaluate", "--out", str(tmp_path / "again"), *QUICK)
    assert code == 0, output + errors
    first, second = (
        json.loads((only(place / "models") / artifacts.SUMMARY).read_text()) for place in (out, tmp_path / "again")
    )
    assert {**first, "run_id": ""} == {**second, "run_id": ""}


def test_of_all_figures_of_a_run_made_again_the_changed_one_alone_differs(out):
    place = only(out / "models") / artifacts.SUMMARY
    whole = place.read_text()
    summary = json.loads(whole)
    summary["winner"]["val_metrics"]["areaUnderPR"] += 1e-9
    place.write_text(json.dumps(summary))
    code, output, errors = run("runs", "verify", "latest", "--out", str(out))
    place.write_text(whole)
    assert code == 1, output + errors
    assert "winner.val_metrics.areaUnderPR was" in output
    assert "1 of the " in errors


def test_the_code_is_kept_if_it_has_changes(out):
    model = only(out / "models")
    commit = json.loads((model / artifacts.EXPERIMENT).read_text())["commit"]
    is_kept = (model / artifacts.SOURCE_ZIP).exists()
    assert is_kept == (commit is None or commit["dirty"])
    if is_kept:
        assert zipfile.ZipFile(model / artifacts.SOURCE_ZIP).testzip() is None
