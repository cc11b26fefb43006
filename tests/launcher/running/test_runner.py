from pathlib import Path

import nbformat
import psutil
import pytest

from launcher.experiment.results import MissingResult
from launcher.kernels import LOCAL
from launcher.running.runner import Run
from launcher.targets.cell_failure import NotebookFailed, NotebookRefused
from launcher.targets.target import LocalTarget
from lib.errors import ExperimentError
from tests.launcher.experiments import KERNEL, RUN_ID, plan, write_notebooks


class Steps:
    """An observer that remembers."""

    def __init__(self):
        self.started, self.done, self.cells = [], [], []

    def step_started(self, step, number):
        self.started.append((number, step.name))

    def cell_started(self, number):
        self.cells.append(number)

    def step_done(self, step):
        self.done.append(step.name)


def run(folder: Path, steps: Steps | None = None, values: dict | None = None, **notebooks: str) -> dict:
    planned = plan(folder, write_notebooks(folder / "notebooks", **notebooks), **(values or {}))
    return Run(planned, [steps or Steps()], LocalTarget(KERNEL))()


def everything_in(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


@pytest.fixture(autouse=True)
def nothing_outlives_a_test():
    # The test run itself may have some: the Spark that other tests share.
    before = psutil.Process().children(recursive=True)
    yield
    assert [child for child in psutil.Process().children(recursive=True) if child not in before] == []


def test_four_notebooks_run_in_order_and_are_kept_beside_their_results(tmp_path):
    steps = Steps()
    results = run(tmp_path, steps, {"input_data": ["table {odd} name.parquet"]})
    assert steps.started == [(1, "explore"), (2, "train"), (3, "evaluate"), (4, "report")]
    assert steps.done == ["explore", "train", "evaluate", "report"]
    assert steps.cells == [1, 2, 3] * 4
    assert results["train"]["winner"]["name"] == "GBT"
    assert results["evaluate"]["run_id"] == RUN_ID
    model, evaluation = f"models/model_{RUN_ID}", f"results/eval_{RUN_ID}"
    assert everything_in(tmp_path / "out") == {
        f"{model}/metrics/summary.json",
        *(f"{model}/notebooks/{name}" for name in ("01_explore.ipynb", "01_explore.html")),
        *(f"{model}/notebooks/{name}" for name in ("02_train.ipynb", "02_train.html")),
        *(f"{evaluation}/{name}" for name in ("metrics.json", "curves.json", "EVALUATION_REPORT.md")),
        *(f"{evaluation}/notebooks/{name}" for name in ("03_evaluate.ipynb", "03_evaluate.html")),
        *(f"{evaluation}/notebooks/{name}" for name in ("04_report.ipynb", "04_report.html")),
    }
    explored = nbformat.read(tmp_path / "out" / model / "notebooks" / "01_explore.ipynb", 4)
    assert explored.cells[-1].outputs[0].text == "rows ['table {odd} name.parquet']\n"
    assert explored.metadata.kernelspec.name == "pysparkkernel"


def test_without_evaluation_training_is_all(tmp_path):
    results = run(tmp_path, values={"evaluate": False})
    assert list(results) == ["train"]
    assert not (tmp_path / "out" / "results").exists()


def test_a_failing_cell_is_named_and_its_notebook_kept(tmp_path):
    with pytest.raises(NotebookFailed) as failed:
        run(tmp_path, train="# the search\nscores = {}\nscores['GBT']")
    assert failed.value.exit_code == 1
    assert str(failed.value) == "02_train.ipynb failed in cell In [3] (# the search): KeyError: 'GBT'"
    assert "scores['GBT']" in failed.value.failure.traceback
    assert "\x1b" not in failed.value.failure.traceback
    kept = tmp_path / "out" / "failed" / RUN_ID
    assert failed.value.__notes__ == [f"Notebooks and logs are kept in {kept}"]
    assert {"01_explore.ipynb", "02_train.ipynb"} <= everything_in(kept)
    outputs = [output for cell in nbformat.read(kept / "02_train.ipynb", 4).cells for output in cell.get("outputs", [])]
    assert [output.ename for output in outputs] == ["KeyError"]
    assert everything_in(tmp_path / "out") == {f"failed/{RUN_ID}/{name}" for name in everything_in(kept)}


def test_bad_input_found_by_a_notebook_is_one_message_and_leaves_nothing(tmp_path):
    code = "from lib.errors import InputError\nraise InputError('no column y; the columns are\\n  a, b')"
    with pytest.raises(NotebookRefused) as refused:
        run(tmp_path, explore=f"import sys; sys.path.insert(0, {str(Path.cwd())!r})\n{code}")
    assert refused.value.exit_code == 2
    assert str(refused.value) == "no column y; the columns are\n  a, b"
    assert not (tmp_path / "out").exists()


def test_an_error_of_ours_keeps_its_whole_message(tmp_path):
    code = "class ExperimentError(Exception): pass\nraise ExperimentError('first line\\nthe way out')"
    with pytest.raises(NotebookFailed, match=r"In \[3\] \(class .*\): first line\nthe way out"):
        run(tmp_path, explore=code)


def test_an_evaluation_that_fails_leaves_the_model_and_no_half_evaluation(tmp_path):
    with pytest.raises(NotebookFailed, match=r"03_evaluate\.ipynb failed in cell In \[3\]"):
        run(tmp_path, evaluate="import pathlib\npathlib.Path(eval_dir, 'x').mkdir(parents=True)\n1 / 0")
    assert not (tmp_path / "out" / "results" / f"eval_{RUN_ID}").exists()
    assert (tmp_path / "out" / "models" / f"model_{RUN_ID}" / "notebooks" / "02_train.html").exists()
    assert "03_evaluate.ipynb" in everything_in(tmp_path / "out" / "failed" / RUN_ID)


def test_a_notebook_that_ends_well_without_its_result_has_not_passed(tmp_path):
    with pytest.raises(MissingResult, match=r"summary\.json is not there"):
        run(tmp_path, train="pass")
    assert "02_train.ipynb" in everything_in(tmp_path / "out" / "failed" / RUN_ID)


def test_a_kernel_that_dies_is_told_with_its_cell(tmp_path):
    with pytest.raises(NotebookFailed, match=r"cell In \[3\] \(import os, signal\): the kernel died") as failed:
        run(tmp_path, explore="import os, signal\nos.kill(os.getpid(), signal.SIGKILL)")
    assert failed.value.exit_code == 1
    assert "01_explore.ipynb" in everything_in(tmp_path / "out" / "failed" / RUN_ID)


def test_an_error_that_the_notebook_does_not_show_is_told_as_the_kernel_told_it(tmp_path):
    with pytest.raises(NotebookFailed) as failed:
        run(tmp_path, explore="%%nothing\nx = 1")
    assert str(failed.value) == (
        "01_explore.ipynb failed in cell In [3] (%%nothing): UsageError: Cell magic `%%nothing` not found."
    )


def test_a_kernel_that_does_not_start_is_told_with_its_own_last_words(tmp_path, monkeypatch):
    monkeypatch.setattr("launcher.kernels.PROJECT", tmp_path / "moved")
    planned = plan(tmp_path, write_notebooks(tmp_path / "notebooks"))
    with pytest.raises(NotebookFailed) as failed:
        Run(planned, [Steps()], LocalTarget(LOCAL))()
    assert "01_explore.ipynb failed in a cell" not in str(failed.value)
    assert "the kernel did not start: the kernel pyspark-local was registered by" in str(failed.value)


def test_children_of_a_kernel_end_with_it(tmp_path):
    code = "import subprocess, sys\np = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(300)'])"
    run(tmp_path, explore=f"{code}\nopen(f'{{out}}.pid', 'w').write(str(p.pid))")
    pid = int((tmp_path / "out.pid").read_text())
    assert not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE


def test_a_kernel_that_is_not_installed_is_named(tmp_path):
    planned = plan(tmp_path, write_notebooks(tmp_path / "notebooks"))
    with pytest.raises(ExperimentError, match="'nowhere' is not installed: run make setup"):
        Run(planned, [Steps()], LocalTarget("nowhere"))()


def test_a_parameter_that_no_notebook_takes_is_an_error_of_ours(tmp_path):
    with pytest.raises(ExperimentError, match="no notebook takes the parameter seed"):
        plan(tmp_path, write_notebooks(tmp_path / "notebooks"), seed=7)
