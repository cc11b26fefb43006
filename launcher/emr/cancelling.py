"""Cancel a step."""

from typing import TYPE_CHECKING

from launcher import aws
from launcher.emr.step_descriptions import describe_step
from lib.errors import ExperimentError, InputError

if TYPE_CHECKING:
    from mypy_boto3_emr import EMRClient


def cancel_step(emr: "EMRClient", cluster_id: str, step_id: str, kill: bool = False) -> None:
    """Ask EMR to cancel a step that waits or runs; a running one is told to end, and with `kill` is given no time to.

    Raises:
        InputError: it has ended, or there is no such step.
        ExperimentError: EMR cannot.
    """
    step = describe_step(emr, cluster_id, step_id)
    if not step.is_unfinished:
        raise InputError(f"step {step_id} is {step.state}: there is nothing to cancel")
    with aws.explained(f"cannot cancel step {step_id}"):
        (answer,) = emr.cancel_steps(
            ClusterId=cluster_id,
            StepIds=[step_id],
            StepCancellationOption="TERMINATE_PROCESS" if kill else "SEND_INTERRUPT",
        )["CancelStepsInfoList"]
    if answer["Status"] != "SUBMITTED":
        raise ExperimentError(f"step {step_id} cannot be cancelled: {answer.get('Reason', '')}")
