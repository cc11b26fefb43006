"""papermill by hand: `papermill NOTEBOOK OUT -k KERNEL -p …`, without further options."""

import json
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from click.testing import CliRunner
from papermill.cli import papermill

from launcher.kernels import CLUSTER, LOCAL
from launcher.local_spark import SHORT_SESSION

ROOT = Path(__file__).resolve().parents[2]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))


@pytest.mark.parametrize("kernel", [LOCAL, CLUSTER])
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_every_notebook_takes_parameters_on_both_kernels(path, kernel, tmp_path):
    given = {"01_explore": ("label_col", "mineral")}.get(path.stem, ("out", "a place"))
    options = ["-k", kernel, "-p", *given, "--prepare-only"]
    ran = CliRunner().invoke(papermill, [str(path), str(tmp_path / "out.ipynb"), *options])
    assert ran.exit_code == 0, ran.output
    (cell,) = [
        cell
        for cell in nbformat.read(tmp_path / "out.ipynb", 4).cells
        if "injected-parameters" in cell.metadata.get("tags", [])
    ]
    assert cell.source == f'# Parameters\n{given[0]} = "{given[1]}"\n'


def test_a_notebook_runs_as_typed_and_says_what_is_missing(tmp_path, monkeypatch):
    """Training into a folder, then an evaluation that has no model where it looks for one."""
    monkeypatch.setenv("SPARK_MASTER", "local[2]")
    monkeypatch.setenv("SPARK_SETTINGS", json.dumps(SHORT_SESSION))
    out, command = tmp_path / "runs", [sys.executable, "-m", "papermill"]
    notebook = ["notebooks/02_train.ipynb", str(tmp_path / "out.ipynb"), "-k", LOCAL]
    small = ["-y", "grid: {GBT: {maxIter: [3], maxDepth: [2]}}"]
    ran = subprocess.run([*command, *notebook, "-p", "out", str(out), *small], cwd=ROOT, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr
    assert len(list(out.glob("models/model_*/metrics/summary.json"))) == 1
    notebook[0] = "notebooks/03_evaluate.ipynb"
    nowhere = ["-p", "out", str(tmp_path / "nowhere")]
    ran = subprocess.run([*command, *notebook, *nowhere], cwd=ROOT, capture_output=True, text=True)
    assert ran.returncode == 1
    assert ran.stderr.strip().splitlines()[-1].startswith("InputError: ")
    assert str(tmp_path / "nowhere") in ran.stderr.strip().splitlines()[-1]
