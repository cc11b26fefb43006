"""Terminate a cluster, unless it is busy."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from launcher.emr.clusters import Cluster
from launcher.emr.steps import Step
from launcher.support import aws
from launcher.support.command_lines import command_line
from launcher.support.console import duration
from lib.errors import InputError

if TYPE_CHECKING:
    from mypy_boto3_emr import EMRClient


class ClusterAtWork(InputError):
    """Steps run or wait on a cluster that is to be terminated."""

    def __init__(self, cluster: Cluster, steps: Sequence[Step]):
        self.steps = steps
        wait = command_line("cluster", "step", steps[-1].id, cluster=cluster.id, options="--wait")
        super().__init__(
            f"cluster {cluster.id} has {said(steps)}: terminate the cluster anyway with --force, or cancel it "
            f"(--cancel instead of --wait below), or wait for it: {wait}"
        )


class ClusterProtected(InputError):
    """Termination protection is on."""

    def __init__(self, cluster: Cluster):
        super().__init__(
            f"cluster {cluster.id} is protected against termination: --force removes the protection and terminates it"
        )


def check(cluster: Cluster, unfinished: Sequence[Step]) -> None:
    """Refuse a cluster at work, or protected.

    Raises:
        ClusterAtWork, ClusterProtected: `terminate` would end it all the same.
    """
    if unfinished:
        raise ClusterAtWork(cluster, unfinished)
    if cluster.termination_protected:
        raise ClusterProtected(cluster)


def terminate(emr: "EMRClient", cluster: Cluster) -> None:
    """Terminate it now, protected or not; running steps are lost."""
    with aws.translated_errors(f"cannot terminate cluster {cluster.id}"):
        if cluster.termination_protected:
            emr.set_termination_protection(JobFlowIds=[cluster.id], TerminationProtected=False)
        emr.terminate_job_flows(JobFlowIds=[cluster.id])


def said(steps: Sequence[Step]) -> str:
    """Steps in words: which, in what state, for how long."""
    words = []
    for step in reversed(steps):  # the oldest first, which is running
        since = f" for {duration(step.seconds)}" if step.seconds is not None else ""
        words.append(f"{step.id} {step.name!r} {step.state}{since}")
    return f"{len(steps)} unfinished step{'s' if len(steps) > 1 else ''} ({'; '.join(words)})"
