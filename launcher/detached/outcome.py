"""How a detached run ended: its results, or one sentence that says why there are none."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from launcher.emr.clusters import describe
from launcher.emr.diagnosis.diagnose import NothingFailed, diagnose
from launcher.emr.steps import Step
from launcher.experiment import results
from launcher.experiment.plan import Plan
from launcher.experiment.submitted import Status
from launcher.running.gate import GateFailed
from launcher.running.run import what_is_left
from launcher.support import aws
from launcher.support.command_lines import command_line
from launcher.support.files import files_at
from lib import artifacts
from lib.errors import ExperimentError, InputError

if TYPE_CHECKING:
    from mypy_boto3_emr import EMRClient


class StepFailed(ExperimentError):
    """A detached run has no results; ends with the exit code that the run itself ended with, if it did."""

    def __init__(self, step: Step, cluster_id: str, problem: str, exit_code: int = 1):
        self.step, self.exit_code = step, exit_code
        super().__init__(f"step {step.id} {problem}")
        self.add_note(f"More: {command_line('cluster', 'diagnose', step.id, cluster=cluster_id)}")


def results_of(step: Step, status: Status, plan: Plan, emr: "EMRClient", cluster_id: str) -> dict[str, Any]:
    """The results of a run whose step has ended, read from its records. `emr` is a boto3 client.

    A run that did not pass its gate has results, too, though its step has failed.

    Raises:
        StepFailed: there are none. EMR's COMPLETED alone is no evidence.
    """
    if step.state == "COMPLETED" or status.cause == GateFailed.cause:
        return _records(step, plan, cluster_id)
    if step.state == "FAILED" and status.exit_code:
        failed = StepFailed(step, cluster_id, f"failed: {status.error}", status.exit_code)
        if status.exit_code != InputError.exit_code:  # which says what to do
            _diagnose(failed, emr, cluster_id)
        raise failed
    problem = {
        "FAILED": f"failed before the experiment could report why{_quoted(step.failure)}",
        "CANCELLED": f"was cancelled{_because(step.reason)}",
        "INTERRUPTED": f"was interrupted by the loss of its node{_because(step.reason)}",
    }.get(step.state, f"is {step.state}")
    failure = StepFailed(step, cluster_id, problem + _end_of(emr, cluster_id))
    _diagnose(failure, emr, cluster_id)
    files = files_at(plan.parameters.out)
    failure.add_note(what_is_left(plan, files.exists(f"{plan.model_dir}/{artifacts.SUMMARY}")))
    raise failure


def _diagnose(failure: StepFailed, emr: "EMRClient", cluster_id: str) -> None:
    """Add what the diagnosis says already; logs come minutes late, so there may be more to say later."""
    try:
        found = diagnose(emr, aws.client("s3"), cluster_id, failure.step.id)
    except ExperimentError:  # the failure itself is what counts
        return
    if isinstance(found, NothingFailed) or not found.cause or not found.finding or found.cause.is_consequence:
        return
    if found.finding.sentence in str(failure):
        return
    failure.add_note(f"Cause: {found.finding.sentence} [{found.cause.name}]")
    for remedy in found.finding.remedy:
        failure.add_note(f"Remedy: {remedy}")


def _records(step: Step, plan: Plan, cluster_id: str) -> dict[str, Any]:
    files = files_at(plan.parameters.out)
    try:
        checked = [each for each in plan.steps if each.check]
        return {each.name: each.check(files, plan.folder(each), plan.run_id) for each in checked if each.check}
    except results.MissingResult as missing:
        problem = f"is {step.state}, but its result {missing.place} {missing.problem}: the run has failed"
        raise StepFailed(step, cluster_id, problem) from None


def _quoted(failure: Mapping[str, str]) -> str:
    """EMR's account of a failure."""
    said = " ".join(failure[name] for name in ("Reason", "Message") if failure.get(name))
    log = f" ({failure['LogFile']})" if failure.get("LogFile") else ""
    return f": {said}{log}" if said or log else ""


def _because(reason: str) -> str:
    return f" ({reason})" if reason else ""


def _end_of(emr: "EMRClient", cluster_id: str) -> str:
    """The reason why the whole cluster ended, if it did."""
    try:
        cluster = describe(emr, cluster_id)
    except ExperimentError:
        return ""
    ending = cluster.has_ended or cluster.life.state == "TERMINATING"
    return f": cluster {cluster_id} is {cluster.life.state}{_because(cluster.life.reason)}" if ending else ""
