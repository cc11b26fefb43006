"""A cluster's steps: what EMR says of them, as facts, waiting for one, and cancelling it.

Times are in UTC; every `emr` is a boto3 client.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from launcher.emr.clusters import utc
from launcher.support import aws
from launcher.support.command_lines import command_line
from launcher.support.project import PROJECT_NAME
from launcher.support.watching import watch
from lib import artifacts
from lib.errors import ExperimentError, InputError

if TYPE_CHECKING:
    from mypy_boto3_emr import EMRClient

LIST_STEPS = "elasticmapreduce:ListSteps"
# EMR's names for the states of a step.
UNFINISHED_STEP = ("PENDING", "RUNNING", "CANCEL_PENDING")
FAILED_STEP = ("FAILED", "CANCELLED", "INTERRUPTED")
# The step by which `cluster check` tries the nodes' role.
PROBE_NAME = f"{PROJECT_NAME} check"


_NO_SUCH_STEP = re.compile(r"step ?id\b.*(is not valid|does not exist)", re.IGNORECASE)

# How the names of steps that train no model begin.
SCORING = "scoring "


@dataclass(frozen=True)
class Step:
    """A step as it is now.

    `failure` is EMR's account of one that failed: Reason, Message and LogFile, each where it has it.
    """

    id: str
    name: str
    state: str
    reason: str
    failure: Mapping[str, str]
    action_on_failure: str
    jar: str
    args: tuple[str, ...]
    created_at: datetime | None
    started_at: datetime | None
    ended_at: datetime | None

    @property
    def is_unfinished(self) -> bool:
        """Whether it is waiting or running."""
        return self.state in UNFINISHED_STEP

    @property
    def seconds(self) -> float | None:
        """How long it has been running, or ran; None before it starts."""
        if self.started_at is None:
            return None
        return ((self.ended_at or datetime.now(UTC)) - self.started_at).total_seconds()

    @property
    def run_id(self) -> str | None:
        """The run's id, if the step is one of this project."""
        found = self._ours()
        return found[1] if found else None

    @property
    def out(self) -> str | None:
        """The output folder of the run, if the step is one of this project."""
        found = self._ours()
        return found[0] if found else None

    @property
    def model(self) -> str | None:
        """The folder of the model that it trains, if the step is one of this project that trains one."""
        found = self._ours()
        return artifacts.model_dir(*found) if found and not self.name.startswith(SCORING) else None

    @property
    def is_check(self) -> bool:
        """Whether it is the probe of `cluster check`, of which there is one before each run too."""
        return self.name == PROBE_NAME

    @property
    def is_ours(self) -> bool:
        """Whether this project submitted it: a run, or a check."""
        return self.run_id is not None or self.is_check

    def _ours(self) -> tuple[str, str] | None:
        # A step of this project has the place of its parameters among its arguments.
        return next((found for each in self.args if (found := artifacts.step_dir_in(each))), None)


def list_steps(emr: "EMRClient", cluster_id: str, states: Sequence[str] = ()) -> list[Step]:
    """A cluster's steps, the newest first; with `states`, those in one of them."""
    given: dict[str, Any] = {"ClusterId": cluster_id} | ({"StepStates": list(states)} if states else {})
    with aws.translated_errors(f"cannot list the steps of cluster {cluster_id}"):
        pages = list(emr.get_paginator("list_steps").paginate(**given))
    found = [_step(each) for page in pages for each in page["Steps"]]
    return sorted(found, key=lambda each: each.created_at or datetime.now(UTC), reverse=True)


def unfinished_if_told(emr: "EMRClient", cluster_id: str) -> list[Step] | None:
    """The steps that run or wait; None where they may not be listed, for those who can go on without."""
    try:
        return list_steps(emr, cluster_id, UNFINISHED_STEP)
    except aws.AwsRefused:
        return None


def describe_step(emr: "EMRClient", cluster_id: str, step_id: str) -> Step:
    """Look at one step.

    Raises:
        InputError: the cluster has no such step, or there is no right to look.
    """
    try:
        with aws.translated_errors(f"cannot look at step {step_id} of cluster {cluster_id}"):
            return _step(emr.describe_step(ClusterId=cluster_id, StepId=step_id)["Step"])
    except InputError as error:
        if not _NO_SUCH_STEP.search(str(error)):
            raise
        listing = command_line("cluster", "steps", cluster=cluster_id)
        raise InputError(f"{str(error).rstrip('.')}: list those that there are: {listing}") from None


def wait_for_step(emr: "EMRClient", cluster_id: str, step_id: str, show: Callable[[Step], None]) -> None:
    """Watch a step that is not an experiment of this project until it has ended; `show` gets each state.

    Raises:
        ExperimentError: it failed, was cancelled or lost its cluster.
    """
    state = ""
    for step in watch(lambda: describe_step(emr, cluster_id, step_id)):
        if step.state != state:
            state = step.state
            show(step)
        if state in FAILED_STEP:
            why = step.failure.get("Message") or step.reason
            raise ExperimentError(
                f"step {step_id} is {state}{f': {why}' if why else ''}. "
                f"Why: {command_line('cluster', 'diagnose', step_id, cluster=cluster_id)}"
            )
        if not step.is_unfinished:
            return


def cancel_step(emr: "EMRClient", cluster_id: str, step_id: str, kill: bool = False, of_others: bool = False) -> None:
    """Ask EMR to cancel a waiting or running step; with `kill` a running one gets no time to clean up.

    Raises:
        InputError: it has ended, there is no such step, or it is none of this project's and not `of_others`.
        ExperimentError: EMR cannot.
    """
    step = describe_step(emr, cluster_id, step_id)
    if not step.is_unfinished:
        raise InputError(f"step {step_id} is {step.state}: there is nothing to cancel")
    if not (step.is_ours or of_others):
        raise InputError(
            f"step {step_id} ({step.name!r}) is no experiment or scoring of this project, and may be somebody else's "
            "work: add --of-others to cancel it all the same"
        )
    with aws.translated_errors(f"cannot cancel step {step_id}"):
        (answer,) = emr.cancel_steps(
            ClusterId=cluster_id,
            StepIds=[step_id],
            StepCancellationOption="TERMINATE_PROCESS" if kill else "SEND_INTERRUPT",
        )["CancelStepsInfoList"]
    if answer["Status"] != "SUBMITTED":
        raise ExperimentError(f"step {step_id} cannot be cancelled: {answer.get('Reason', '')}")


def _step(described: Mapping[str, Any]) -> Step:
    status, config = described.get("Status", {}), described.get("Config", {})
    times = status.get("Timeline", {})
    return Step(
        id=described["Id"],
        name=described.get("Name", ""),
        state=status.get("State", ""),
        reason=status.get("StateChangeReason", {}).get("Message", ""),
        failure=status.get("FailureDetails", {}),
        action_on_failure=described.get("ActionOnFailure", ""),
        jar=config.get("Jar", ""),
        args=tuple(config.get("Args", [])),
        created_at=utc(times.get("CreationDateTime")),
        started_at=utc(times.get("StartDateTime")),
        ended_at=utc(times.get("EndDateTime")),
    )
