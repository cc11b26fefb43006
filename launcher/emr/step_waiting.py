"""Wait for a step that is no experiment of ours, as the scripts under spark-submit are."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from launcher.emr.states import FAILED_STEP
from launcher.emr.step_descriptions import Step, describe_step
from launcher.emr.watching import watch
from lib.errors import ExperimentError

if TYPE_CHECKING:
    from mypy_boto3_emr import EMRClient


def wait_for_step(emr: "EMRClient", cluster_id: str, step_id: str, show: Callable[[Step], None]) -> None:
    """Watch a step until it has ended; `show` is told each state.

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
                f"Why: run_experiment.py cluster diagnose {step_id} --cluster-id {cluster_id}"
            )
        if not step.is_unfinished:
            return
