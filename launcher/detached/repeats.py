"""Submissions that come again: a run id that was asked for is submitted once, however often the command is typed.

Whoever asked for an id can type the same command again, after its answer was lost or its machine died, and gets the
step that is there. A scheduler needs no other memory than the id.
"""

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from launcher.emr.steps import list_steps
from launcher.experiment.claims import BeingSubmitted, IdTaken
from launcher.experiment.plan import Plan
from launcher.experiment.submitted import StepFiles
from launcher.support.console import err, say
from lib.artifacts import LATEST, is_tag
from lib.errors import InputError

if TYPE_CHECKING:
    from mypy_boto3_emr import EMRClient

# EMR may list a step some seconds after it was added.
_LOOKS, _PAUSE = 3, 2.0
_WAIT = 5.0  # seconds between two looks at another's submission


def is_repeatable(plan: Plan) -> bool:
    """Whether its submission may have been made before: its id was asked for, and it takes up no earlier run."""
    parameters = plan.parameters
    return parameters.cluster.runs_on.in_steps and bool(parameters.run_id) and not parameters.resume


def submitted_step(emr: "EMRClient", plan: Plan) -> str:
    """The step that was submitted under the id of a plan; "" if there is none. `emr` is a boto3 client.

    Raises:
        InputError: the run of that id has other parameters.
    """
    files = StepFiles.of(plan.parameters.out, plan.run_id)
    if not files.was_prepared():
        return ""
    step_id = files.step_id() or _step_of(emr, plan)
    if step_id:
        _check_same(files, plan)
    return step_id


def step_after_lost_answer(emr: "EMRClient", plan: Plan) -> str:
    """The step of a request whose answer was lost; "" if the request was not carried out."""
    for _ in range(_LOOKS - 1):
        if step_id := _step_of(emr, plan):
            return step_id
        time.sleep(_PAUSE)
    return _step_of(emr, plan)


def _step_of(emr: "EMRClient", plan: Plan) -> str:
    """The cluster's step that runs a plan, the newest of several; "" if there is none."""
    run = plan.parameters.out.rstrip("/"), plan.run_id
    return next((each.id for each in list_steps(emr, plan.cluster_id) if (each.out, each.run_id) == run), "")


def once(find: Callable[[], str], attach: Callable[[str], None], start: Callable[[], None]) -> None:
    """Attach to the step that `find` gives, or else start; where another process is submitting it, wait for that.

    Raises:
        IdTaken: a run that is none of a step has the id.
    """
    is_told = False
    while True:
        step_id = find()
        if step_id:
            attach(step_id)
            return
        try:
            start()
            return
        except BeingSubmitted as other:
            if not is_told:
                say(f"{other} (waiting)", err(), "yellow")
            is_told = True
            time.sleep(_WAIT)
        except IdTaken:
            # Since the look, another may have submitted it and its node begun.
            if not find():
                raise


def _check_same(files: StepFiles, plan: Plan) -> None:
    there, here = files.plan().parameters.model_dump(), plan.parameters.model_dump()
    if here["model"] == LATEST or is_tag(here["model"]):  # the model that it was then
        here["model"] = there["model"]
    differing = [name for name in here if here[name] != there[name]]
    if differing:
        raise InputError(
            f"run_id={plan.run_id}: a run of that id was submitted with {_differences(differing, there, here)}; repeat "
            "the command with the same parameters, or give another --run-id for another run"
        )


def _differences(names: list[str], there: dict[str, Any], here: dict[str, Any]) -> str:
    return ", ".join(f"{name}={there[name]!r} (now {here[name]!r})" for name in names)
