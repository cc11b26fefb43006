"""Change a running cluster: how many steps run at the same time, what terminates it, and whether that is allowed."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from launcher.emr.clusters import ACTIVE, Cluster, ClusterNotReady
from launcher.support import aws
from launcher.support.console import duration
from lib.errors import InputError

if TYPE_CHECKING:
    from mypy_boto3_emr import EMRClient

_NEVER = 0
_SHORTEST, _LONGEST = 60, 604_800  # EMR's own limits


@dataclass(frozen=True)
class Change:
    """What is wanted; None: as it is. Of `idle`, 0 is never."""

    step_concurrency: int | None = None
    idle: int | None = None
    protected: bool | None = None


def idle_seconds(typed: str | None) -> int | None:
    """The value of --idle-timeout.

    Raises:
        InputError: it is none.
    """
    if typed is None or typed == "never":
        return None if typed is None else _NEVER
    if not (typed.isascii() and typed.isdigit()) or not _SHORTEST <= int(typed) <= _LONGEST:
        raise InputError(f"--idle-timeout {typed}: must be seconds from {_SHORTEST} to {_LONGEST}, or never")
    return int(typed)


def change(emr: "EMRClient", cluster: Cluster, wanted: Change) -> Iterator[str]:
    """Make each change and say that it is made.

    Raises:
        ClusterNotReady: the cluster is ending or gone.
        InputError: these credentials may not do it.
    """
    if cluster.life.state not in ACTIVE:
        raise ClusterNotReady(cluster.id, cluster.life.state, cluster.life.reason)
    with aws.translated_errors(f"cannot change cluster {cluster.id}"):
        if wanted.step_concurrency is not None:
            emr.modify_cluster(ClusterId=cluster.id, StepConcurrencyLevel=wanted.step_concurrency)
            yield f"Cluster {cluster.id} runs up to {wanted.step_concurrency} steps at the same time."
        if wanted.idle == _NEVER:
            emr.remove_auto_termination_policy(ClusterId=cluster.id)
            yield f"Cluster {cluster.id} costs money until somebody terminates it, idle or not.{_undone(cluster)}"
        elif wanted.idle is not None:
            emr.put_auto_termination_policy(ClusterId=cluster.id, AutoTerminationPolicy={"IdleTimeout": wanted.idle})
            yield f"Cluster {cluster.id} terminates itself after {duration(wanted.idle)} idle.{_undone(cluster)}"
        if wanted.protected is not None:
            emr.set_termination_protection(JobFlowIds=[cluster.id], TerminationProtected=wanted.protected)
            yield f"Termination protection of cluster {cluster.id} is {'on' if wanted.protected else 'off'}."


def _undone(cluster: Cluster) -> str:
    """A cluster of Terraform's has in its variables what ends it."""
    if cluster.tags.get("ManagedBy") != "terraform":
        return ""
    return " The next terraform apply sets it to emr_idle_timeout again: change that in terraform.tfvars, too."
