import json
import subprocess
from pathlib import Path

import pytest

from launcher.experiment.plan import _LAUNCHER_ONLY, commit, count_cells, declared, make_plan, recorded_parameters
from launcher.parameters.schema import NAMES, Parameters
from launcher.parameters.sources import gather
from lib.errors import ExperimentError, InputError
from tests.launcher.experiments import RUN_ID, plan, write_notebooks
from tests.lib import records


@pytest.fixture(scope="module")
def real():
    return make_plan(Parameters(out="s3://bucket/x", run_id=RUN_ID), argv=["python", "run_experiment.py", "-p", "a b"])


def test_every_parameter_is_taken_by_a_notebook(real):
    scoring = make_plan(Parameters(model="latest"))
    taken = set().union(*(declared(notebook) for notebook in scoring.all_notebooks))
    assert set(real.all_notebooks) < set(scoring.all_notebooks)
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
    assert declared(notebook) == {"input_data", "resume", "test_data", "grid", "out", "run_id", "model_dir", "eval_dir"}
    assert count_cells(notebook) == 2


@pytest.fixture
def committed(tmp_path):
    """A project in git, with one file in each of the places where code and other things are."""
    for name in ("lib/metrics.py", "params/sample.yaml", "docs/notes.md", ".gitignore"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("experiments/\n")
    git(tmp_path, "init", "-q")
    git(tmp_path, "add", ".")
    git(tmp_path, "-c", "user.name=t", "-c", "user.email=t@t", "commit", "-q", "-m", "x")
    return tmp_path


def git(folder: Path, *arguments: str) -> None:
    subprocess.run(["git", *arguments], cwd=folder, check=True)


def put(folder: Path, name: str) -> None:
    (folder / name).parent.mkdir(exist_ok=True)
    (folder / name).write_text("new")


def test_there_is_no_commit_outside_git(tmp_path):
    assert commit(tmp_path) is None


def test_a_commit_without_changes_is_clean(committed):
    found = commit(committed)
    assert found is not None
    assert (len(found["sha"]), found["dirty"]) == (40, False)


@pytest.mark.parametrize("name", ["pixels.parquet", "results/metrics.json", "docs/more.md", "experiments/a.py"])
def test_a_new_file_that_is_no_code_leaves_it_clean(committed, name):
    put(committed, name)
    assert commit(committed)["dirty"] is False


@pytest.mark.parametrize(
    "name",
    ["lib/new.py", "launcher/new.py", "notebooks/05.ipynb", "scripts/a.py", "params/mine.yaml", "pyproject.toml"],
)
def test_a_new_file_where_code_is_makes_it_dirty(committed, name):
    put(committed, name)
    assert commit(committed)["dirty"] is True


@pytest.mark.parametrize("name", ["lib/metrics.py", "docs/notes.md"])
def test_a_change_to_a_tracked_file_makes_it_dirty_staged_or_not(committed, name):
    put(committed, name)
    assert commit(committed)["dirty"] is True
    git(committed, "add", name)
    assert commit(committed)["dirty"] is True


def test_a_tracked_file_that_is_gone_makes_it_dirty(committed):
    (committed / "lib/metrics.py").unlink()
    assert commit(committed)["dirty"] is True


def test_a_project_below_the_root_of_its_repository_is_judged_by_itself(committed):
    (committed / "docs/notes.md").write_text("new")
    assert commit(committed / "lib")["dirty"] is False


def begun(out: Path, **more) -> None:
    folder = out / "models" / "model_20260101_000000"
    folder.mkdir(parents=True)
    parameters = {"input_data": ["/data/t.parquet"], "seed": 7, "metric": "areaUnderROC", "out": "elsewhere"}
    (folder / "experiment.json").write_text(json.dumps(records.experiment(parameters=parameters) | more))


@pytest.mark.parametrize("model", ["model_20260101_000000", "20260101_000000", "out/models/model_20260101_000000/"])
def test_it_goes_on_with_the_parameters_it_was_begun_with(tmp_path, model):
    begun(tmp_path)
    recorded = recorded_parameters(str(tmp_path), model)
    parameters = gather(None, [], {"out": str(tmp_path)}, cwd=tmp_path, recorded=recorded)
    assert (parameters.run_id, parameters.resume) == ("20260101_000000", True)
    assert (parameters.seed, parameters.metric, parameters.input_data) == (7, "areaUnderROC", ["/data/t.parquet"])
    assert parameters.out == str(tmp_path)


def test_what_the_evaluation_was_told_is_not_lost(tmp_path):
    given = {
        "fail_below": {"areaUnderROC": 0.7},
        "language": "es",
        "test_data": ["/data/other.parquet"],
        "seen": "keep",
    }
    begun(tmp_path, after_training=make_plan(Parameters(**given)).own_provenance()["after_training"])
    recorded = recorded_parameters(str(tmp_path), "model_20260101_000000")
    parameters = gather(None, [], {"out": str(tmp_path)}, cwd=tmp_path, recorded=recorded)
    assert {name: getattr(parameters, name) for name in given} == given


def test_what_is_typed_goes_over_the_record(tmp_path):
    begun(tmp_path)
    recorded = recorded_parameters(str(tmp_path), "model_20260101_000000")
    assert gather(None, ["language=es"], {"seed": "8"}, cwd=tmp_path, recorded=recorded).seed == 8


def test_what_cannot_be_taken_up_is_said(tmp_path):
    with pytest.raises(InputError, match=r"--resume best: must be the name of a model, model_YYYYMMDD_HHMMSS"):
        recorded_parameters(str(tmp_path), "best")
    with pytest.raises(
        InputError, match=r"no search has started in .*model_20260101_000000 \(experiment.json is missing"
    ):
        recorded_parameters(str(tmp_path), "model_20260101_000000")
