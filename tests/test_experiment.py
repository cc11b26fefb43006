"""Whole experiments, as a user types them: real processes, real kernels, real Spark."""

import json
import os
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

from launcher.local_spark import SHORT_SESSION
from tests.conftest import ROOT
from tests.lib.tables import make_table, write

QUICK = [each for name, value in SHORT_SESSION.items() for each in ("-p", f"spark.conf.{name}={value}")]
SMALL_GRID = [
    *QUICK,
    "-p",
    "grid={RandomForest: {numTrees: [10, 20], maxDepth: [6]}, GBT: {maxDepth: [3], maxIter: [5, 10]}}",
]


def start(*arguments, **options):
    command = [sys.executable, str(ROOT / "run_experiment.py"), *arguments]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **options)


def finish(process, timeout=500):
    output, errors = process.communicate(timeout=timeout)
    return process.returncode, output, errors


def run(*arguments, **options):
    return finish(start(*arguments, **options))


def read(folder, name):
    return json.loads((folder / name).read_text())


def only(folder):
    found = list(folder.iterdir())
    assert len(found) == 1, found
    return found[0]


def check_experiment(out, rows, features, candidates):
    """Everything the design promises is there, complete, and says the same."""
    model, evaluation = only(out / "models"), only(out / "results")
    summary, metrics = read(model, "metrics/summary.json"), read(evaluation, "metrics.json")
    experiment = read(model, "experiment.json")
    assert summary["run_id"] == metrics["run_id"] == experiment["run_id"] == model.name.removeprefix("model_")
    assert evaluation.name == f"eval_{summary['run_id']}"
    assert experiment["data"]["rows"] == rows
    assert summary["n_features"] == len(experiment["data"]["features"]) == features
    lines = [json.loads(line) for line in (model / "metrics" / "search.jsonl").read_text().splitlines()]
    assert sorted(line["index"] for line in lines) == list(range(candidates))
    assert metrics["measured_on"]["verified"]
    assert metrics["measured_on"]["count"] == summary["test_samples"]
    tested = summary["winner"]["test_metrics_retrained"]
    assert {name: metrics[name] for name in tested} == pytest.approx(tested, abs=1e-12)
    assert metrics["confusion_matrix"] == summary["confusion_matrix"]

    report = (evaluation / "EVALUATION_REPORT.md").read_text()
    figure = f"{metrics[summary['metric_used']]:.3f}"
    assert figure in report or figure.replace(".", ",") in report  # Spanish has a comma
    zones = metrics["leave_one_zone_out"]["zones"]
    assert len(zones) > 2
    assert all(zone["zone"] in report for zone in zones)
    assert read(model, "calibration.json")["threshold"] == metrics["threshold"]
    assert "data:image/png;base64," in (evaluation / "EVALUATION_REPORT.html").read_text()
    pictures = {path.name for path in evaluation.glob("*.png")}
    assert {"roc_curve.png", "pr_curve.png", "confusion_matrix.png"} <= pictures
    assert all(f"({picture})" in report for picture in pictures)
    for folder, names in ((model, ("01_explore", "02_train")), (evaluation, ("03_evaluate", "04_report"))):
        assert sorted(p.stem for p in (folder / "notebooks").glob("*.ipynb")) == sorted(names)
        for name in names:
            notebook = nbformat.read(folder / "notebooks" / f"{name}.ipynb", as_version=4)
            outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
            assert not [
                output for output in outputs if output.output_type in ("error", "stream") and "WARN" in str(output)
            ]
            html = (folder / "notebooks" / f"{name}.html").read_text()
            assert "<table" in html or "<img" in html
            assert "FloatProgress" not in html
    return model, evaluation


def test_the_sample_runs_as_the_readme_says(tmp_path):
    code, output, errors = run("--params", "params/sample.yaml", "--out", str(tmp_path / "out"), cwd=ROOT)
    assert code == 0, errors
    candidates = 72
    model, evaluation = check_experiment(tmp_path / "out", 8008, 15, candidates)
    tested = read(model, "metrics/summary.json")["winner"]["test_metrics_retrained"]
    assert 0.8 < tested["areaUnderROC"] < 0.93
    assert f"{tested['areaUnderPR']:.4f}" in output
    assert str(evaluation / "EVALUATION_REPORT.md") in output
    assert f"{candidates}/{candidates} candidates" in output
    assert errors == ""


def test_a_real_table_by_zone_and_in_spanish_does_not_pass_its_gate(cropmask, tmp_path):
    """On a machine without a home, in the C locale, with files for nobody else, into a folder with quotes."""
    kept = {name: value for name, value in os.environ.items() if name != "HOME" and not name.startswith("XDG_")}
    cache = os.environ.get("XDG_CACHE_HOME", str(Path.home() / ".cache"))  # compiled code: only to save time
    machine = {"env": {**kept, "HOME": "/nonexistent", "XDG_CACHE_HOME": cache, "LC_ALL": "C"}, "umask": 0o077}
    arguments = ["--input-data", cropmask, "--metric", "areaUnderROC", "--language", "es"]
    for parameter in ("split_by=zone", "select_by=zones", "card={owner: Ana}", "fail_below={areaUnderROC: 0.999}"):
        arguments += ["-p", parameter]
    code, _, errors = run(*arguments, *SMALL_GRID, "--out", 'it\'s "out"', cwd=tmp_path, **machine)
    assert code == 1, errors
    assert "areaUnderROC" in errors
    assert "0.999" in errors
    model, evaluation = check_experiment(tmp_path / 'it\'s "out"', 30003, 33, 4)
    split = read(model, "experiment.json")["split"]
    assert sorted(map(len, split["zones"].values()))[0] >= 1
    report = (evaluation / "EVALUATION_REPORT.md").read_text()
    assert "Informe de evaluación" in report
    assert "| Responsable | Ana |" in report
    assert "dejando fuera cada zona por turno" in report


def test_bad_input_is_one_line_and_leaves_nothing(tmp_path):
    table = make_table(200)
    table.loc[:6, "f1"] = None
    write(table, tmp_path / "holes.parquet")
    code, output, errors = run("--input-data", "holes.parquet", "--out", "out", cwd=tmp_path)
    assert code == 2
    assert errors.startswith(
        "Error: 7 of 200 rows have a null, NaN or infinite value, in: f1 (7); fix them, drop those"
    )
    assert len(errors.splitlines()) == 1
    assert "Traceback" not in output + errors
    assert not [path for path in (tmp_path / "out").rglob("*") if path.is_file()]
