"""The committed notebooks run from the first cell to the last, and their checked cells show what they always did."""

import json
import os
import subprocess
import sys
from pathlib import Path

import nbformat
import papermill
import pytest
from papermill.iorw import load_notebook_node
from papermill.parameterize import parameterize_notebook

from launcher.kernels import LOCAL
from launcher.local_spark import SHORT_SESSION

NOTEBOOKS = sorted((Path(__file__).resolve().parents[2] / "notebooks").glob("*.ipynb"))


@pytest.mark.timeout(900)
def test_notebooks_give_their_recorded_outputs(tmp_path):
    """nbval, on copies that differ in one thing: what they write goes to a folder of the test."""
    for path in NOTEBOOKS:
        notebook = load_notebook_node(str(path))
        if "out" in papermill.inspect_notebook(str(path)):
            out = {"out": str(tmp_path / "experiments")}
            notebook = parameterize_notebook(notebook, out, kernel_name=LOCAL)
        nbformat.write(notebook, tmp_path / path.name)
    options = ["--nbval-lax", f"--nbval-kernel-name={LOCAL}", "--nbval-kernel-startup-timeout=120"]
    ran = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", *options, str(tmp_path)],
        cwd=tmp_path,
        env={**os.environ, "SPARK_MASTER": "local[2]", "SPARK_SETTINGS": json.dumps(SHORT_SESSION)},
        capture_output=True,
        text=True,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
