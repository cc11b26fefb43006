"""The kernels as papermill and Jupyter find them."""

import subprocess
import sys
from pathlib import Path

import nbformat
import papermill
from jupyter_client.kernelspec import KernelSpecManager

from launcher.kernels import CLUSTER, LOCAL, ensure_cluster_kernel, register

SMALL = Path(__file__).parent / "files" / "small.ipynb"


def test_registering_twice_leaves_both_kernels_once(tmp_path):
    register(str(tmp_path))
    register(str(tmp_path))
    found = KernelSpecManager(kernel_dirs=[str(tmp_path / "share/jupyter/kernels")], ensure_native_kernel=False)
    assert sorted(found.find_kernel_specs()) == sorted([LOCAL, CLUSTER])
    for name, shown in ((LOCAL, "PySpark (local)"), (CLUSTER, "PySpark")):
        spec = found.get_kernel_spec(name)
        assert (spec.display_name, spec.language, spec.argv[0]) == (shown, "python", sys.executable)


def test_a_cluster_kernel_of_another_python_is_replaced(tmp_path, monkeypatch):
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path / "share" / "jupyter"))  # goes before the environment's own
    registered = []
    monkeypatch.setattr("launcher.kernels.register", lambda: registered.append(register(str(tmp_path))))
    foreign = tmp_path / "share" / "jupyter" / "kernels" / CLUSTER / "kernel.json"
    foreign.parent.mkdir(parents=True)
    foreign.write_text('{"argv": ["/usr/bin/python3", "-m", "x"], "display_name": "PySpark", "language": "python"}')
    ensure_cluster_kernel()
    assert sys.executable in foreign.read_text()
    ensure_cluster_kernel()
    assert len(registered) == 1


def test_papermill_runs_a_notebook_of_the_cluster_kernel_on_the_local_one(tmp_path, monkeypatch):
    monkeypatch.setenv("SPARK_MASTER", "local[1]")
    monkeypatch.setenv("SPARK_LOG_FILE", str(tmp_path / "spark.log"))
    given = {"rows": 5, "places": ["ñ", 'a "b"'], "grid": {"GBT": {"maxDepth": [8]}}}
    papermill.execute_notebook(
        str(SMALL), str(tmp_path / "ran.ipynb"), given, kernel_name=LOCAL, language="python", progress_bar=False
    )
    ran = nbformat.read(tmp_path / "ran.ipynb", as_version=4)
    outputs = [cell.outputs for cell in ran.cells if cell.cell_type == "code"]
    assert [len(of_cell) for of_cell in outputs] == [0, 0, 1, 1, 0, 1]
    assert outputs[2][0].text == "5 rows, ['ñ', 'a \"b\"'], 9, None\n"
    assert "image/png" in outputs[3][0].data
    assert outputs[5][0].data["text/markdown"] == "The count is **5**."
    assert (tmp_path / "spark.log").exists()


def test_papermill_shows_each_parameter_with_its_help():
    command = [sys.executable, "-m", "papermill", "--help-notebook", str(SMALL)]
    shown = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    for text in ("rows: Unknown type (default 3)", "how many rows", "where they are", "what to try", "a name, or None"):
        assert text in shown
