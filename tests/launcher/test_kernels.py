"""The kernels as papermill and Jupyter find them."""

import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import papermill
import pytest
from jupyter_client.kernelspec import KernelSpecManager

from launcher.kernels import CLUSTER, LOCAL, OwnKernels, register, write_spec
from launcher.running.runner import Run
from launcher.support.project import PROJECT
from launcher.targets.target import local_target
from lib.support.version import code_hash
from tests.launcher.experiments import RUN_ID, plan, write_notebooks

WHICH = "import lib\nfrom lib.support.version import code_hash\nprint(lib.__file__, code_hash())"
SMALL = Path(__file__).parent / "files" / "small.ipynb"


def test_registering_twice_leaves_both_kernels_once(tmp_path):
    register(str(tmp_path))
    register(str(tmp_path))
    found = KernelSpecManager(kernel_dirs=[str(tmp_path / "share/jupyter/kernels")], ensure_native_kernel=False)
    assert sorted(found.find_kernel_specs()) == sorted([LOCAL, CLUSTER])
    for name, shown in ((LOCAL, "PySpark (local)"), (CLUSTER, "PySpark")):
        spec = found.get_kernel_spec(name)
        assert (spec.display_name, spec.language, spec.argv[0]) == (shown, "python", sys.executable)


def test_a_run_takes_its_own_code_whatever_is_registered(tmp_path, monkeypatch):
    """Both kernels are registered for another checkout, one that is gone, and the path names it, too."""
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path / "jupyter"))  # goes before the environment's own
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "gone"))
    gone = {
        "argv": ["/gone/python", "-m", "x"],
        "display_name": "x",
        "language": "python",
        "env": {"PYTHONPATH": "/gone"},
    }
    for name in (LOCAL, CLUSTER):
        write_spec(tmp_path / "jupyter" / "kernels" / name, gone)
    monkeypatch.chdir(other_checkout(tmp_path / "other"))
    planned = plan(tmp_path, write_notebooks(tmp_path / "notebooks", explore=WHICH), evaluate=False)
    with local_target(planned) as target:
        Run(planned, [], target)()
    explored = nbformat.read(tmp_path / "out" / "models" / f"model_{RUN_ID}" / "notebooks" / "01_explore.ipynb", 4)
    # By this hash experiment.json names the code.
    assert explored.cells[-1].outputs[0].text == f"{PROJECT / 'lib' / '__init__.py'} {code_hash()}\n"
    assert OwnKernels().get_kernel_spec(CLUSTER).argv[0] == sys.executable


def test_a_registered_kernel_takes_the_code_of_the_checkout_it_is_started_in(tmp_path, monkeypatch):
    notebooks = other_checkout(tmp_path / "other") / "notebooks"
    notebooks.mkdir()
    assert started_in(notebooks, tmp_path, monkeypatch) == tmp_path / "other" / "lib"
    assert started_in(tmp_path, tmp_path, monkeypatch) == PROJECT / "lib"


def test_a_registered_kernel_whose_checkout_is_gone_says_so_instead_of_running_without_spark(tmp_path, monkeypatch):
    monkeypatch.setattr("launcher.kernels.PROJECT", tmp_path / "gone")
    with pytest.raises(subprocess.CalledProcessError) as failed:
        started_in(tmp_path, tmp_path, monkeypatch)
    said = f"was registered by {tmp_path / 'gone'}, where the project is no longer: start it in a checkout"
    assert said in failed.value.stderr


def other_checkout(folder: Path) -> Path:
    """Another version of the project: the same launcher, and a `lib` of its own."""
    (folder / "lib").mkdir(parents=True)
    for file in (PROJECT / "lib").iterdir():
        if file.name != "__init__.py":
            (folder / "lib" / file.name).symlink_to(file)
    (folder / "lib" / "__init__.py").write_text("")
    # What a module's own file says of where the project is must be true of the copy.
    shutil.copytree(PROJECT / "launcher", folder / "launcher", ignore=shutil.ignore_patterns("__pycache__"))
    return folder


def started_in(folder: Path, scratch: Path, monkeypatch) -> Path:
    """Where the `lib` is that a registered kernel has when papermill is called in a folder."""
    register(str(scratch / "prefix"))
    monkeypatch.setenv("JUPYTER_PATH", str(scratch / "prefix" / "share" / "jupyter"))
    cell = nbformat.v4.new_code_cell("%%local\nimport lib, launcher\nprint(lib.__file__)")
    nbformat.write(nbformat.v4.new_notebook(cells=[cell]), scratch / "where.ipynb")
    command = [sys.executable, "-m", "papermill", str(scratch / "where.ipynb"), str(scratch / "ran.ipynb"), "-k", LOCAL]
    subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True)
    return Path(nbformat.read(scratch / "ran.ipynb", 4).cells[0].outputs[0].text.strip()).parent


def test_papermill_runs_a_notebook_of_the_cluster_kernel_on_the_local_one(tmp_path, monkeypatch):
    monkeypatch.setenv("SPARK_MASTER", "local[1]")
    monkeypatch.setenv("SPARK_LOG_FILE", str(tmp_path / "spark.log"))
    given = {"rows": 5, "places": ["ñ", 'a "b"'], "grid": {"GBT": {"maxDepth": [8]}}}
    papermill.execute_notebook(str(SMALL), str(tmp_path / "ran.ipynb"), given, kernel_name=LOCAL, progress_bar=False)
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
