"""What is left to do of an experiment that is taken up."""

import json
from pathlib import Path

import pytest

from launcher.commands.experiment import Wanted
from launcher.experiment import preflight
from launcher.experiment.plan import recorded_parameters
from launcher.experiment.resuming import earlier_results, what_is_missing
from launcher.running.runner import Run
from launcher.targets.target import LocalTarget
from lib.errors import InputError
from tests.launcher.experiments import KERNEL, RUN_ID, plan, write_notebooks
from tests.lib import records

MODEL, EVALUATION = f"out/models/model_{RUN_ID}", f"out/results/eval_{RUN_ID}"
TRAINED = {
    f"{MODEL}/experiment.json": records.experiment(RUN_ID),
    f"{MODEL}/metrics/summary.json": records.summary(RUN_ID),
}
EVALUATED = {**TRAINED, f"{EVALUATION}/metrics.json": records.metrics(RUN_ID)}
REPORTED = {**EVALUATED, f"{EVALUATION}/EVALUATION_REPORT.md": "# Report"}


def leave(folder: Path, files: dict) -> None:
    for name, content in files.items():
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(content if isinstance(content, str) else json.dumps(content))


def taken_up(folder: Path, **values):
    return plan(folder, write_notebooks(folder / "notebooks"), resume=True, **values)


def names(planned):
    return [step.name for step in planned.steps]


@pytest.mark.parametrize(
    ("left", "steps"),
    [
        ({}, ["explore", "train", "evaluate", "report"]),
        (TRAINED, ["evaluate", "report"]),
        (EVALUATED, ["report"]),
    ],
)
def test_only_what_is_missing_is_done(tmp_path, left, steps):
    leave(tmp_path, left)
    planned = what_is_missing(taken_up(tmp_path))
    assert names(planned) == steps
    preflight.nothing_is_overwritten(planned)


def test_what_is_complete_is_refused_before_anything_starts(tmp_path):
    leave(tmp_path, REPORTED)
    with pytest.raises(InputError, match=rf"nothing to resume: the model in .*{MODEL} is complete, and its evaluation"):
        what_is_missing(taken_up(tmp_path))


def test_without_an_evaluation_a_complete_model_lacks_nothing(tmp_path):
    leave(tmp_path, TRAINED)
    with pytest.raises(InputError, match=r"is complete; leave out --no-evaluate to evaluate it"):
        what_is_missing(taken_up(tmp_path, evaluate=False))


def test_a_new_run_is_left_as_it_is(tmp_path):
    leave(tmp_path, REPORTED)
    planned = plan(tmp_path, write_notebooks(tmp_path / "notebooks"))
    assert what_is_missing(planned) is planned
    assert earlier_results(planned) == {}


@pytest.mark.parametrize("name", [f"{MODEL}/metrics/summary.json", f"{EVALUATION}/metrics.json"])
def test_a_damaged_result_is_no_result(tmp_path, name):
    leave(tmp_path, {**EVALUATED, name: '{"run_id": '})
    with pytest.raises(InputError, match=rf"{name} is damaged: it is not JSON"):
        what_is_missing(taken_up(tmp_path))


def test_a_damaged_search_log_is_refused_before_anything_starts(tmp_path):
    leave(tmp_path, {f"{MODEL}/metrics/search.jsonl": '{"index": 0}\n'})
    with pytest.raises(InputError, match=r"line 1 of .*search.jsonl is damaged: model is missing; remove it"):
        what_is_missing(taken_up(tmp_path))
    leave(tmp_path, {f"{MODEL}/metrics/search.jsonl": '{"index": 0, "mod'})  # only cut
    assert names(what_is_missing(taken_up(tmp_path))) == ["explore", "train", "evaluate", "report"]


def test_a_model_is_evaluated_without_being_trained_again(tmp_path):
    leave(tmp_path, {**TRAINED, f"{EVALUATION}/scores.parquet/part-0": "half of it"})
    found = Run(what_is_missing(taken_up(tmp_path)), [], LocalTarget(KERNEL))()
    assert list(found) == ["train", "evaluate", "report"]
    assert found["train"] == records.summary(RUN_ID)
    assert (tmp_path / EVALUATION / "EVALUATION_REPORT.md").exists()
    assert not (tmp_path / EVALUATION / "scores.parquet").exists()
    assert not (tmp_path / MODEL / "notebooks").exists()


def test_an_evaluation_that_only_lacks_its_report_is_kept(tmp_path):
    leave(tmp_path, {**EVALUATED, f"{EVALUATION}/scores.parquet/part-0": "all of it"})
    found = Run(what_is_missing(taken_up(tmp_path)), [], LocalTarget(KERNEL))()
    assert list(found) == ["train", "evaluate", "report"]
    assert (tmp_path / EVALUATION / "scores.parquet/part-0").exists()


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "it is empty"),
        (b"{}", "run_id is missing"),
        (b'{"run_id": "2026', "it is not JSON"),
        (b"\xff\x00", "it is not UTF-8 text"),
        (json.dumps({**records.experiment(), "format": 2}).encode(), "has format 2"),
        (None, "cannot be read"),
    ],
)
def test_a_damaged_experiment_is_not_taken_up(tmp_path, content, says):
    file = tmp_path / MODEL / "experiment.json"
    file.mkdir(parents=True) if content is None else leave(tmp_path, {f"{MODEL}/experiment.json": ""})
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(InputError, match=says) as refused:
        recorded_parameters(str(tmp_path / "out"), f"model_{RUN_ID}")
    assert str(file) in str(refused.value)
    with pytest.raises(InputError, match=says):
        Wanted([], [], {"out": str(tmp_path / "out")}, f"model_{RUN_ID}").parameters()
