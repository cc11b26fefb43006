"""Create a cluster without Terraform, and wait until it is ready."""

from collections.abc import Callable
from typing import TYPE_CHECKING

import boto3

from launcher.emr.clusters import Cluster, describe
from launcher.emr.lifecycle.bootstrap import bootstrap_files, bootstrap_place
from launcher.emr.lifecycle.request import NewCluster, Surroundings, request
from launcher.support import aws
from launcher.support.command_lines import command_line
from launcher.support.console import err, say
from launcher.support.files import files_at
from launcher.support.watching import watch
from lib.errors import ExperimentError

if TYPE_CHECKING:
    from mypy_boto3_emr import EMRClient


class ClusterFailed(ExperimentError):
    """A new cluster ended before it was ready."""

    def __init__(self, cluster: Cluster):
        self.cluster_id = cluster.id
        reason = cluster.life.reason or "EMR does not say why"
        logs = f"; its logs arrive in {cluster.log_place}" if cluster.log_place else ""
        super().__init__(
            f"cluster {cluster.id} did not start, it is {cluster.life.state}: {reason}{logs}. "
            f"What happened: {command_line('cluster', 'diagnose', cluster=cluster.id)}"
        )


def create(wanted: NewCluster, around: Surroundings, session: boto3.Session | None = None) -> str:
    """Upload what the nodes run first, ask EMR for the cluster, and return its id.

    Raises:
        InputError: there is no wheelhouse; or AWS refuses: a right, a name, a quota.
    """
    place = bootstrap_place(around.bucket)
    files = files_at(place)
    for file in bootstrap_files(wanted.wheelhouse):
        if not files.exists(f"{place}{file.name}"):
            if megabytes := file.stat().st_size // 10**6:
                say(f"Uploading {file.name} ({megabytes} MB) to {place}", err())
            files.put(file, f"{place}{file.name}")
    # Requested once: a request that timed out may have created a cluster, and a second one would create another.
    emr = aws.client("emr", session, attempts=1)
    try:
        with aws.translated_errors("cannot create the cluster"):
            return emr.run_job_flow(**request(wanted, around, place))["JobFlowId"]
    except aws.AwsUnavailable as error:
        if not isinstance(error, aws.AwsBusy):
            look = command_line("cluster", "list")
            error.add_note(f"It may have been created all the same: check {look} before you repeat the command.")
        raise


def wait_until_ready(emr: "EMRClient", cluster_id: str, show: Callable[[Cluster], None]) -> Cluster:
    """Watch a cluster start; `show` is told each state.

    Raises:
        ClusterFailed: it ended, for a bootstrap script that failed or another reason.
    """
    state = ""
    for cluster in watch(lambda: describe(emr, cluster_id)):
        if cluster.life.state != state:
            state = cluster.life.state
            show(cluster)
        if cluster.is_ready:
            return cluster
        if cluster.has_ended or state == "TERMINATING":
            raise ClusterFailed(cluster)
    raise AssertionError("unreachable: a watch ends only by returning or raising")
