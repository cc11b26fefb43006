"""The command `score`: what was typed becomes a plan, and what cannot be scored is refused before anything starts."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from launcher import cli
from launcher.running import run as running
from tests.conftest import ROOT
from tests.launcher.experiments import RUN_ID
from tests.lib.models import write_model, write_pipeline
from tests.lib.rasters.make import raster
from tests.lib.tables import make_table, write

FEATURES = ("f0", "f1", "f2", "f3")


@pytest.fixture
def typed(tmp_path, monkeypatch):
    """Type `score` where there are a table, two models of ours below `out` and one of plain Spark ML."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(running, "run", lambda plan: pytest.fail("nothing may run here"))
    write(make_table(20).drop(columns="label"), tmp_path / "table.parquet")
    for run_id in ("20260101_000000", "20260102_000000"):
        write_model(tmp_path / "out", run_id, features=FEATURES)
    write_pipeline(tmp_path / "plain", FEATURES)

    def result(*arguments: str, columns: int = 200):
        return CliRunner().invoke(cli.app, ["score", *arguments], env={"COLUMNS": str(columns)})

    return result


@pytest.fixture
def plans(monkeypatch):
    """The plans that would run."""
    found = []
    monkeypatch.setattr(running, "run", found.append)
    return found


MODEL = "out/models/model_20260101_000000"


@pytest.mark.parametrize(
    ("named", "model"),
    [
        (MODEL, MODEL),
        (f"{MODEL}/", MODEL),
        (f"{MODEL}/pipeline_best", f"{MODEL}/pipeline_best"),
        (f"{MODEL}/pipeline_best/", f"{MODEL}/pipeline_best"),
        ("latest", "out/models/model_20260102_000000"),
        ("plain/", "plain"),
    ],
)
def test_a_model_is_named_in_several_ways(typed, plans, tmp_path, named, model):
    result = typed(named, "--input-data", "table.parquet", "--out", "out")
    assert result.exit_code == 0, result.output
    (plan,) = plans
    assert plan.parameters.model == f"{tmp_path}/{model}"
    assert [step.name for step in plan.steps] == ["score"]


def test_a_uri_stays_as_it_is(typed, plans, tmp_path):
    assert typed(f"file:{tmp_path}/{MODEL}", "--input-data", "table.parquet").exit_code == 0
    assert plans[0].parameters.model == f"file:{tmp_path}/{MODEL}"


def test_latest_is_complete(typed, plans, tmp_path):
    (tmp_path / "out/models/model_20260102_000000/metrics/summary.json").unlink()
    typed("latest", "--input-data", "table.parquet", "--out", "out")
    assert plans[0].parameters.model == f"{tmp_path}/{MODEL}"


def test_every_option_reaches_the_plan(typed, plans):
    Path("own.yaml").write_text("missing: drop\nlanguage: en\nseed: 7\ntest_data: nowhere.parquet\n")
    result = typed("latest", "--input-data", "table.parquet", "--input-data", "t*.parquet", "--params", "own.yaml",
                   "--out", "out", "--language", "es", "-p", "id_cols=[zone]")  # fmt: skip
    assert result.exit_code == 0, result.output
    found = plans[0].parameters
    assert [Path(place).name for place in found.input_data] == ["table.parquet", "t*.parquet"]
    assert (found.missing, found.language, found.id_cols) == ("drop", "es", ["zone"])


def test_a_model_with_medians_fills_unless_something_else_is_asked(typed, plans, tmp_path):
    write_pipeline(tmp_path / "imputing", ["f0", "f1", "f2", "f3"], imputed=True)
    for assignment, rule in (([], None), (["-p", "missing=median"], "median"), (["-p", "missing=error"], "error")):
        result = typed("imputing", "--input-data", "table.parquet", "--out", "out", *assignment)
        assert result.exit_code == 0, result.output
        assert plans[-1].parameters.missing == rule


def test_a_params_file_may_name_the_model(typed, plans, monkeypatch, tmp_path):
    monkeypatch.setattr("launcher.parameters.sources.PROJECT", tmp_path)
    Path("own.yaml").write_text(f"model: {MODEL}\ninput_data: table.parquet\nout: out")
    monkeypatch.chdir("/")
    result = CliRunner().invoke(cli.app, ["--params", str(tmp_path / "own.yaml")])
    assert result.exit_code == 0, result.output
    assert plans[0].parameters.model == str(tmp_path / MODEL)


def test_a_dry_run_says_what_would_run_and_touches_nothing(typed, tmp_path):
    before = sorted(tmp_path.rglob("*"))
    result = typed("latest", "--input-data", "table.parquet", "--out", "out", "-p", f"run_id={RUN_ID}", "--dry-run")
    assert result.exit_code == 0, result.output
    assert result.output.splitlines()[2:] == [
        "model   out/models/model_20260102_000000",
        "input   table.parquet",
        f"step 1  {ROOT}/notebooks/05_score.ipynb",
        f"scores  out/scores/score_{RUN_ID}",
    ]
    assert sorted(tmp_path.rglob("*")) == before


def spoil(changed):
    """Change the table."""
    write(changed(make_table(20)), Path("table.parquet"))


def lose(name):
    for found in list(Path(MODEL).glob(name)):
        found.unlink()


BAD = {
    "no such model": (lambda: shutil.rmtree(MODEL), f"Error: there is no model at {{cwd}}/{MODEL}: give a model's"),
    "an empty folder": (lambda: [shutil.rmtree(MODEL), Path(MODEL).mkdir()], "Error: there is no model at"),
    "no summary": (lambda: lose("metrics/summary.json"), "its training did not finish (metrics/summary.json"),
    "no trees": (lambda: lose("pipeline_best/stages/1_model/data/*"), "is damaged: there are no files in"),
    "no weights": (lambda: lose("pipeline_best/stages/1_model/treesMetadata/*"), "is damaged: there are no files in"),
    "three classes": (lambda: write_model(Path("out"), classes=3), "its model has 3 classes, not 2"),
    "another family": (lambda: write_model(Path("out"), kind="logistic"), "cannot be scored with compiled trees"),
    "no input": (lambda: Path("table.parquet").unlink(), "input_data: there is no {cwd}/table.parquet; check the"),
    "no table": (lambda: Path("table.parquet").write_text("x"), "table.parquet is not valid parquet: it is damaged"),
    "no rows": (lambda: spoil(lambda table: table[:0]), "table.parquet has no rows: choose another"),
    "a feature that is not there": (
        lambda: spoil(lambda table: table.drop(columns=["f1", "f3"])),
        "table.parquet lacks columns that the model needs: f1, f3; add or rename them",
    ),
    "a feature of text": (
        lambda: spoil(lambda table: table.assign(f2="a")),
        "columns that the model needs are not numbers: f2 (string); convert them",
    ),
    "an id that is not there": (
        lambda: spoil(lambda table: table.rename(columns={"zone": "zones"})),
        "id_cols: the table has no column 'zone': did you mean zones? it has f0",
    ),
    "scores that are there": (
        lambda: Path(f"out/scores/score_{RUN_ID}").mkdir(parents=True),
        f"out/scores/score_{RUN_ID} is already there",
    ),
}


@pytest.mark.parametrize("dry", [[], ["--dry-run"]], ids=["run", "dry run"])
@pytest.mark.parametrize("case", BAD)
def test_what_cannot_be_scored_is_refused_before_anything_starts(typed, tmp_path, case, dry):
    do, says = BAD[case]
    do()
    before = sorted(tmp_path.rglob("*"))
    typing = (MODEL, "--input-data", "table.parquet", "--out", "out", "-p", f"run_id={RUN_ID}", "-p", "id_cols=[zone]")
    result = typed(*typing, *dry)
    assert result.exit_code == 2, result.output
    assert says.format(cwd=tmp_path) in result.output
    assert result.output.count("\n") == 1
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("latest", "--input-data", "table.parquet", "--out", "new"), "there is no complete model in {cwd}/new/models"),
        (("latest", "--input-data", "table.parquet", "--out", "out/models"), "there is no complete model in"),
        (("", "--input-data", "table.parquet"), "Invalid value for MODEL: is empty"),
        (("latest",), "Missing option '--input-data'"),
        ((), "Missing argument 'MODEL'"),
        (
            (MODEL, "--input-data", "table.parquet", "-p", "missing=no"),
            "missing='no': must be error, drop, median or null",
        ),
        (
            (MODEL, "--input-data", "table.parquet", "-p", "missing=median"),
            "has no medians, because it was not trained",
        ),
        ((MODEL, "--input-data", "t*.csv"), "input_data: there is no {cwd}/t*.csv; check the path"),
        ((MODEL, "--input-data", "s3://b/x", "--out", "s3://b/o", "--cluster-id", "j-1"), "copy it to S3 and give s3:"),
    ],
)
def test_wrong_usage_ends_with_2(typed, tmp_path, arguments, says):
    result = typed(*arguments)
    assert result.exit_code == 2
    assert says.format(cwd=tmp_path) in result.output
    assert "Traceback" not in result.output


NAME = f"score_{RUN_ID}"
OF_RASTERS = "bands, resample and resume are for rasters, and the input is a table"


@pytest.mark.parametrize(
    ("arguments", "left", "says"),
    [
        (("--input-data", "tile.tif", "-p", "id_cols=[zone]"), "", "id_cols: a raster has no columns to keep"),
        (("--input-data", "table.parquet", "--input-data", "tile.tif"), "", "table.parquet: not a raster, as other"),
        (("--input-data", "table.parquet", "-p", "bands={f0: 1}"), "", OF_RASTERS),
        (("--input-data", "table.parquet", "--resume", NAME), "windows/x", OF_RASTERS),
        (("--input-data", "s3://b/tile.tif", "-p", "id_cols=[zone]"), "", "id_cols: a raster has no columns to keep"),
        (("--input-data", "s3://b/tile.tif", "--input-data", "table.parquet"), "", "table.parquet: not a raster, as"),
        (("--input-data", "{a,b}.tif", "-p", "id_cols=[zone]"), "", "id_cols: a raster has no columns to keep"),
        (("--input-data", "table://a.b", "-p", "bands={f0: 1}"), "", OF_RASTERS),
        (("--input-data", "tile.tif", "--resume", NAME), "", f"{NAME}: no map was begun there; start a new run"),
        (("--input-data", "tile.tif", "--resume", NAME), "scores.json", f"{NAME}: it is complete"),
    ],
)
def test_what_only_the_cluster_would_refuse_costs_nothing(typed, tmp_path, arguments, left, says):
    raster(tmp_path / "tile.tif", np.ones((4, 5, 6)), FEATURES)
    if left:
        file = Path("out/scores", NAME, left)
        file.parent.mkdir(parents=True)
        file.write_text("{}")
    result = typed(MODEL, "--out", "out", "--dry-run", *arguments)
    assert (result.exit_code, says in result.output) == (2, True), result.output


@pytest.mark.parametrize("given", ["image.bsq", "scene", "scen?", "folder"])
def test_any_raster_that_gdal_reads_is_one(typed, plans, given):
    raster(Path("scene"), np.ones((4, 5, 6)), FEATURES, driver="ENVI")
    Path("folder").mkdir()
    for name in ("image.bsq", "folder/image.bsq"):
        raster(Path(name), np.ones((4, 5, 6)), FEATURES, driver="ENVI")
    result = typed(MODEL, "--input-data", given, "-p", "bands={f0: 1}")
    assert result.exit_code == 0, result.output
    assert "a raster has no columns" in typed(MODEL, "--input-data", given, "-p", "id_cols=[zone]").output


def test_what_gdal_does_not_read_is_said_to_be_no_raster_either(typed):
    Path("scene").write_text("x")
    result = typed(MODEL, "--input-data", "scene")
    assert result.exit_code == 2
    assert "another format; a raster to score is given by its own name, and must be one for GDAL" in result.output


def test_of_a_csv_file_the_types_are_not_known_before(typed, plans):
    write(make_table(20).assign(f2="a"), Path("table.csv"))
    assert typed(MODEL, "--input-data", "table.csv").exit_code == 0
    assert len(plans) == 1


def test_a_model_that_may_not_be_read_is_named(typed, monkeypatch):
    def refuse(self, place):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("launcher.support.files.LocalFiles.read_text", refuse)
    result = typed(MODEL, "--input-data", "table.parquet")
    assert result.exit_code == 2
    assert f"{MODEL} cannot be read (Permission denied); check its permissions" in result.output


def test_a_model_that_lost_its_threshold_is_refused_before_anything_starts(typed, tmp_path):
    place = tmp_path / MODEL / "experiment.json"
    record = json.loads(place.read_text())
    place.write_text(json.dumps({**record, "parameters": {**record["parameters"], "threshold": "f1"}}))
    result = typed(MODEL, "--input-data", "table.parquet", "--out", "out", "--dry-run")
    assert result.exit_code == 2
    assert "calibration.json, which has its threshold, is missing; copy the whole folder" in result.output
    (tmp_path / MODEL / "calibration.json").touch()
    assert typed(MODEL, "--input-data", "table.parquet", "--out", "out", "--dry-run").exit_code == 0


def test_the_end_says_rows_shares_and_places_within_80_columns(typed, plans, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    typed(MODEL, "--input-data", "table.parquet", "--out", "out", "-p", f"run_id={RUN_ID}")
    from launcher.running.screens import show_results
    from launcher.support.console import out

    record = {"model": MODEL, "rows": 1_234_567, "threshold": 0.4592, "share_marked": 0.35, "dropped": 12}
    shares = {"share_applicable": 0.96, "share_marked_and_applicable": 0.34}
    record |= {"filled": {"rows": 345, "values": {"f0": 345}}}
    show_results(out(), plans[0], {"score": {**record, **shares}}, 63.2)
    assert capsys.readouterr().out.splitlines()[1:] == [
        f"1,234,567 rows scored by {MODEL}",
        "marked      35.0% of the rows, above 0.4592",
        "applicable  96.0% of the rows are like the training rows; 34.0% are marked, too",
        "filled      345 rows had missing values, which the model filled",
        "left out    12 rows with missing values",
        f"report      out/scores/score_{RUN_ID}/SCORING_REPORT.md",
        f"scores      out/scores/score_{RUN_ID}/scores",
        f"notebooks   out/scores/score_{RUN_ID}/notebooks",
        "",
        "Done in 1 min 03 s.",
    ]


def test_the_help_fits_80_columns_and_names_the_exit_codes(typed):
    text = typed("--help", columns=80).output
    assert max(map(len, text.splitlines())) <= 80
    for said in (
        "a model's folder, its pipeline_best, a tag (runs tag), or latest",
        "table or raster",
        "Exit codes: 0 done; 1 the scoring",
    ):
        assert said in " ".join(text.split())
    assert "training table" not in text


@pytest.mark.parametrize("name", ["experiment.json", "metrics/summary.json"])
def test_a_model_with_a_damaged_record_is_refused_before_anything_starts(typed, tmp_path, name):
    (tmp_path / MODEL / name).write_text('{"run_id": "2026')
    result = typed(MODEL, "--input-data", "table.parquet", "--out", "out", "--dry-run")
    assert (result.exit_code, f"{name} is damaged: it is not JSON" in result.output) == (2, True), result.output
