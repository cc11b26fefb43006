"""papermill and a Jupyter on the cluster as people use them: sparkmagic's own defaults, and nothing of the launcher."""

import json
import os
import re
import socket
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
import yaml

from launcher.kernels import CLUSTER
from launcher.parameters.sources import gather
from launcher.support import packaging
from launcher.support.project import PROJECT
from launcher.targets.livy.target import configure_cell
from lib.support.version import code_hash
from tests.livy.conftest import BUCKET, DRIVER_MEMORY
from tests.livy.runs import sessions

NOTEBOOK = PROJECT / "notebooks" / "01_explore.ipynb"


@pytest.fixture
def papermill(tmp_path):
    """Run a notebook on the cluster's kernel; gives what papermill said, and the notebook as far as it came."""

    def run(url, notebook, *options):
        # Beside the address only a time limit: a busy machine may need longer than a minute.
        config = {"kernel_python_credentials": {"username": "", "password": "", "url": url, "auth": "None"}}
        (tmp_path / "config.json").write_text(json.dumps({**config, "livy_session_startup_timeout_seconds": 300}))
        out = tmp_path / "out.ipynb"
        ran = subprocess.run(
            [sys.executable, "-m", "papermill", str(notebook), str(out), "-k", CLUSTER, *options],
            env={**os.environ, "SPARKMAGIC_CONF_DIR": str(tmp_path)},
            cwd=tmp_path,
            capture_output=True,
            text=True,
        )
        return ran, nbformat.read(out, as_version=4)

    return run


def begun(notebook) -> int:
    """How many cells of code were run."""
    return sum(cell.get("execution_count") is not None for cell in notebook.cells)


def test_without_lib_the_first_cell_stops_with_the_remedy(papermill, livy_url):
    before = sessions(livy_url)
    ran, notebook = papermill(livy_url, NOTEBOOK, "-p", "label_col", "label")
    assert ran.returncode == 1
    said = ran.stderr.strip().splitlines()[-1]
    assert said.startswith(
        "AssertionError: The Spark session has no lib: put the cell that python run_experiment.py lab --cell"
    )
    assert begun(notebook) == 1
    assert sessions(livy_url) == before


def test_without_livy_the_first_cell_says_so(papermill):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        ran, notebook = papermill(f"http://127.0.0.1:{taken.getsockname()[1]}", NOTEBOOK)
    assert ran.returncode == 1
    said = ran.stderr.strip().splitlines()[-1]
    assert said.startswith("AssertionError: There is no Spark: Livy cannot be reached, or its session did not start")
    assert "PySpark (local)" in said
    assert begun(notebook) == 1


def test_the_printed_cell_brings_lib_and_the_memory_of_the_params_file(papermill, livy, s3, spark_settings, tmp_path):
    params = yaml.safe_load((PROJECT / "params" / "emr.yaml").read_text())
    params["out"], params["spark"]["driver_memory"] = f"s3://{BUCKET}/by-hand", DRIVER_MEMORY
    params["spark"]["conf"] |= spark_settings
    (tmp_path / "params.yaml").write_text(yaml.safe_dump(params))
    cell = printed_cell("--params", str(tmp_path / "params.yaml"))
    first, _, body = cell.partition("\n")
    place = f"s3://{BUCKET}/by-hand/source/{code_hash()}/lib.zip"
    memory = {"driverMemory": DRIVER_MEMORY, "executorMemory": "8g", "executorCores": 4}
    assert first == "%%configure -f"
    assert json.loads(body) == {**memory, "conf": params["spark"]["conf"], "pyFiles": [place]}
    assert s3.head_object(Bucket=BUCKET, Key=place.removeprefix(f"s3://{BUCKET}/"))["ContentLength"] > 10_000

    look = nbformat.read(NOTEBOOK, as_version=4).cells[1]
    overhead = "import lib\nprint(sc.getConf().get('spark.executor.memoryOverhead'), lib.__name__)"
    cells = [nbformat.v4.new_code_cell(cell.strip()), look, nbformat.v4.new_code_cell(overhead)]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), tmp_path / "in.ipynb")
    ran, notebook = papermill(livy.url, tmp_path / "in.ipynb")
    assert ran.returncode == 0, ran.stderr
    assert "3g lib" in str(notebook.cells[2].outputs)
    (asked,) = livy.faults.requests("POST", "/sessions")
    assert asked["driverMemory"] == DRIVER_MEMORY
    assert asked["conf"]["spark.executor.memoryOverhead"] == "3g"


def test_the_readme_shows_the_cell_for_its_params_file(monkeypatch):
    monkeypatch.setattr(packaging, "upload", lambda files, out: f"{out}/source/HASH/lib.zip")
    cell = configure_cell(gather(str(PROJECT / "params" / "emr.yaml"), [], {}, cwd=PROJECT))
    shown = re.sub(r"/source/\w+/", "/source/HASH/", (PROJECT / "README.md").read_text())
    assert f"```\n{cell}\n```" in shown


def test_a_cell_for_a_place_that_only_this_machine_has_is_refused():
    done = lab_cell("--out", "here")
    assert (done.returncode, done.stdout) == (2, "")
    assert "here: a Jupyter on the cluster cannot see it; give --out s3://bucket/…" in done.stderr


def printed_cell(*options: str) -> str:
    done = lab_cell(*options)
    assert done.returncode == 0, done.stderr
    return done.stdout


def lab_cell(*options: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(PROJECT / "run_experiment.py"), "lab", "--cell", *options]
    return subprocess.run(command, capture_output=True, text=True, cwd=Path.cwd())
