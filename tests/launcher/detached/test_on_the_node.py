"""How a run on the primary node says that it has ended."""

import pytest

from launcher.detached.on_the_node import _kept
from launcher.experiment.submitted import StatusWriter, StepFiles
from launcher.running.gate import GateFailed
from launcher.support.files import files_at
from lib.errors import InputError


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
