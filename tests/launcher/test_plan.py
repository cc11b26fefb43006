import subprocess

import pytest

from launcher.parameters import NAMES, Parameters
from launcher.plan import _LAUNCHER_ONLY, commit, count_cells, declared, make_plan
from lib.errors import ExperimentError
from tests.launcher.experiments import RUN_ID, plan, write_notebooks


@pytest.fixture(scope="module")
def real():
    return make_plan(Parameters(out="s3://bucket/x", run_id=RUN_ID), argv=["python", "run_experiment.py", "-p", "a b"])


def test_every_parameter_is_taken_by_a_notebook(real):
    taken = set().union(*(declared(notebook) for notebook in real.all_notebooks))
    assert set(NAMES) - taken == _LAUNCHER_ONLY, "put it into a notebook's parameters cell"


def test_every_name_that_a_notebook_asks_for_is_given(real):
    asked = {name for notebook in real.all_notebooks for name in declared(notebook)}
    assert asked - set(real.values()) == set()


def test_results_are_below_out_and_named_by_the_run(real):
    assert real.model_dir == f"s3://bucket/x/models/model_{RUN_ID}"
    assert real.eval_dir == f"s3://bucket/x/results/eval_{RUN_ID}"
    assert real.failed_dir == f"s3://bucket/x/failed/{RUN_ID}"
    assert [real.folder(step) for step in real.steps] == [real.model_dir] * 2 + [real.eval_dir] * 2


def test_the_command_is_on_record_as_it_can_be_typed_again(real):
    assert real.values()["provenance"]["command"] == "python run_experiment.py -p 'a b'"


def test_a_run_without_an_id_gets_one(tmp_path):
    planned = plan(tmp_path, write_notebooks(tmp_path), run_id="")
    assert planned.values()["run_id"] == planned.run_id
    assert planned.model_dir.endswith(planned.run_id)


def test_a_missing_notebook_is_named(tmp_path):
    with pytest.raises(ExperimentError, match=r"notebook .*01_explore\.ipynb is missing"):
        make_plan(Parameters(), tmp_path)


def test_declared_names_are_those_the_parameters_cell_sets(tmp_path):
    notebook = write_notebooks(tmp_path) / "01_explore.ipynb"
    assert declared(notebook) == {"input_data", "test_data", "grid", "out", "run_id", "model_dir", "eval_dir"}
    assert count_cells(notebook) == 2


def test_the_commit_and_whether_there_are_changes(tmp_path):
    assert commit(tmp_path) is None
    identity = ["-c", "user.name=t", "-c", "user.email=t@t"]
    for arguments in (["init", "-q"], [*identity, "commit", "-q", "--allow-empty", "-m", "x"]):
        subprocess.run(["git", *arguments], cwd=tmp_path, check=True)
    found = commit(tmp_path)
    assert found is not None
    assert (len(found["sha"]), found["dirty"]) == (40, False)
    (tmp_path / "new.py").touch()
    assert commit(tmp_path) == {"sha": found["sha"], "dirty": True}
