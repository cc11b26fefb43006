"""The command `runs verify`: a training made again in a temporary folder, and its summary compared with the first."""

import tempfile
from collections.abc import Mapping
from typing import Any

from launcher.experiment import preflight
from launcher.experiment.claims import claimed
from launcher.experiment.plan import Plan, make_plan, this_command
from launcher.leaderboard import again
from launcher.leaderboard.details import Details
from launcher.running.run import run as run_here
from launcher.support.console import err, say
from launcher.support.files import files_at
from lib import artifacts
from lib.errors import ExperimentError, InputError
from lib.records.model import EXPERIMENT, SUMMARY
from lib.support.version import code_hash

# What only the evaluation is told; there is none.
_TRAINING_ALONE: Mapping[str, Any] = {
    "evaluate": False,
    "test_data": None,
    "fail_below": {},
    "fail_on_drift": False,
}


class NotTheSame(ExperimentError):
    """A run that was made again gives other results."""


def verify(found: Details) -> None:
    """Train again as a run did, here, and compare.

    Raises:
        InputError: the run is not complete, or cannot be made again.
        NotTheSame: the results differ.
        ExperimentError: the training failed.
    """
    before = found.require_experiment()
    if not found.summary:
        raise InputError(
            f"run {found.run.name} has no results to compare with: it is {found.run.state} ({found.run.why})"
        )
    parameters = again.parameters_of(before)
    same_code = before["versions"]["lib"] == code_hash()
    if not same_code:
        hashes = f"lib {before['versions']['lib']} then, {code_hash()} here"
        remedy = f"`runs show {found.run.name} --command` says how to get it"
        say(f"The code differs from the run's ({hashes}): {remedy}.", err(), "yellow")
    with tempfile.TemporaryDirectory(prefix="verify-") as out:
        plan = make_plan(parameters.model_copy(update={**_TRAINING_ALONE, "out": out}), argv=this_command())
        preflight.check(plan)
        with claimed([plan]) as (plan,):
            run_here(plan)
        _compare(found, before, plan, same_code)


def _compare(found: Details, before: Mapping[str, Any], plan: Plan, same_code: bool) -> None:
    files = files_at(plan.parameters.out)

    def record(name: str, kind: Any) -> Mapping[str, Any]:
        place = f"{plan.model_dir}/{name}"
        return kind.parse(files.read_text(place) or "", place)

    now = record(artifacts.EXPERIMENT, EXPERIMENT)
    if now["data"]["fingerprint"] != before["data"]["fingerprint"]:
        say("The table differs from the run's: its rows have another fingerprint.", err(), "yellow")
    different = list(again.differences(found.summary, record(artifacts.SUMMARY, SUMMARY), same_code))
    count = again.count_values(found.summary)
    for sentence in different:
        say(sentence)
    if different:
        raise NotTheSame(
            f"run {found.run.name} made again gives other results: {len(different)} of the {count} values in "
            f"{artifacts.SUMMARY} differ by more than {again.TOLERANCE:g}"
        )
    same = f"all {count} values in {artifacts.SUMMARY}, to {again.TOLERANCE:g}"
    say(f"Run {found.run.name} made again gives the same: {same}.")
