"""Where the primary node of an EMR cluster is."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from launcher import aws
from launcher.emr.clusters import FLEETS, ClusterNotReady
from launcher.emr.states import READY
from lib.errors import InputError

if TYPE_CHECKING:
    from mypy_boto3_emr import EMRClient

LIVY_PORT = 8998
# The cluster's Python, as infrastructure/ makes it; on this node it has papermill and sparkmagic.
PYTHON = "/opt/mineria-ml/venv/bin/python"


@dataclass(frozen=True)
class Primary:
    """The node that Livy runs on: its name in DNS, its EC2 instance id, and its name inside the network."""

    address: str
    instance: str
    private_address: str = ""


def find_primary(cluster_id: str, emr: "EMRClient | None" = None, application: str = "Livy") -> Primary:
    """Ask EMR; `emr` is a boto3 client, `application` what is wanted of the node.

    Raises:
        InputError: no such cluster, one that is not ready or has no such application, or no right to ask.
    """
    with aws.explained(f"cannot look at cluster {cluster_id}"):
        emr = emr or aws.client("emr")
        cluster = emr.describe_cluster(ClusterId=cluster_id)["Cluster"]
        status = cluster["Status"]
        if status["State"] not in READY:
            reason = status.get("StateChangeReason", {}).get("Message", "")
            raise ClusterNotReady(cluster_id, status["State"], reason)
        applications = [each["Name"] for each in cluster.get("Applications", [])]
        if applications and application not in applications:
            there = ", ".join(applications)
            raise InputError(f"cluster {cluster_id} has no {application} (it has {there}): make it with {application}")
        is_fleet = cluster.get("InstanceCollectionType") == FLEETS
        role: dict[str, Any] = {"InstanceFleetType": "MASTER"} if is_fleet else {"InstanceGroupTypes": ["MASTER"]}
        running = emr.list_instances(ClusterId=cluster_id, InstanceStates=["RUNNING"], **role)["Instances"]
    node = running[0] if running else {}
    address = cluster.get("MasterPublicDnsName", "")
    return Primary(address, node.get("Ec2InstanceId", ""), node.get("PrivateDnsName", ""))
