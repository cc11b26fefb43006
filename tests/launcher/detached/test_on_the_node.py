"""How a run on the primary node says that it has ended."""

import boto3
import pytest

from launcher.detached import on_the_node
from launcher.detached.on_the_node import _kept
from launcher.experiment.claims import held
from launcher.experiment.submitted import StatusWriter, StepFiles
from launcher.running.gate import GateFailed
from launcher.support.files import files_at
from lib.errors import InputError
from tests.launcher.runs import OUT, RUN_ID, submitted


@pytest.fixture
def step_files(tmp_path):
    return StepFiles(files_at(str(tmp_path)), str(tmp_path / "steps"))


@pytest.mark.parametrize(
    ("error", "cause", "exit_code", "says"),
    [
        (GateFailed("the gate is not passed: f1 is 0.1000, below 0.5"), "gate", 1, "the gate is not passed: f1 is"),
        (InputError("no such column"), "refused", 2, "no such column"),
        (KeyError("x"), "", 1, "KeyError: 'x'"),
    ],
)
def test_its_status_has_cause_and_exit_code(step_files, error, cause, exit_code, says):
    with pytest.raises(type(error)), _kept(StatusWriter(step_files)):
        raise error
    status = step_files.status()
    assert (status.cause, status.exit_code) == (cause, exit_code)
    assert status.error.startswith(says)


def test_a_run_that_went_well_has_no_cause(step_files):
    with _kept(StatusWriter(step_files)):
        pass
    assert (step_files.status().exit_code, step_files.status().error, step_files.status().cause) == (0, "", "")


def test_a_run_that_is_under_way_is_not_begun_again(endpoint, monkeypatch):
    """As by two steps that take up one model, on a cluster that runs both at once."""
    monkeypatch.setattr(on_the_node, "_end_with_parent", lambda: None)
    boto3.client("s3").create_bucket(Bucket="bucket")
    _, step_files = submitted("j-1A2B3C", resume=True)
    with held(OUT, RUN_ID):
        assert on_the_node.main(f"{step_files.folder}/", "http://127.0.0.1:9") == 2
    assert f"run {RUN_ID} belongs to process " in step_files.status().error
