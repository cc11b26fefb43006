"""Change how many nodes a group has."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from launcher.emr.clusters import SCALING_POLICY, Cluster, Group, describe, require_groups, require_ready
from launcher.support import aws
from launcher.support.command_lines import aws_command, command_line
from launcher.support.watching import watch
from lib.errors import ExperimentError, InputError

if TYPE_CHECKING:
    from mypy_boto3_emr import EMRClient
    from mypy_boto3_emr.type_defs import InstanceGroupModifyConfigTypeDef

_MARKET_OF_NEW = "SPOT"  # of a task group that is made
_STUCK = ("ARRESTED", "SUSPENDED", "TERMINATED", "ENDED")


@dataclass(frozen=True)
class Resize:
    """The planned change: a group (None: it will be created) and its new size."""

    cluster: Cluster
    role: str
    group: Group | None
    count: int

    @property
    def before(self) -> int:
        """Nodes asked for until now."""
        return self.group.requested if self.group else 0

    @property
    def groups_after(self) -> tuple[Group, ...]:
        """The groups of the cluster with the new number."""
        if self.group is None:
            core = self.cluster.of_role("CORE")[0]
            made = replace(core, id="", role=self.role, market=_MARKET_OF_NEW, requested=self.count, bid_price=None)
            return (*self.cluster.groups, made)
        return tuple(
            replace(each, requested=self.count) if each == self.group else each for each in self.cluster.groups
        )

    @property
    def remark(self) -> str:
        """What will happen to the group, if that is not obvious."""
        limits = self.cluster.scaling
        if SCALING_POLICY in self.cluster.not_told:
            return f"Managed scaling, if there is any, may change it again: to see it you need {SCALING_POLICY}."
        if limits:
            least, most = limits["MinimumCapacityUnits"], limits["MaximumCapacityUnits"]
            unit = limits.get("UnitType", "Instances")
            others = sum(each.requested for each in self.cluster.groups if each.role != "MASTER" and each != self.group)
            is_outside = unit == "Instances" and not least <= others + self.count <= most
            outside = ", and the new number is outside these limits" if is_outside else ""
            return (
                f"Managed scaling keeps core and task nodes between {least} and {most} {unit.lower()}{outside}: it "
                "changes the number again with the load. Its limits: aws emr put-managed-scaling-policy."
            )
        if self.count < self.before:
            return "Nodes are removed when their tasks are done; core nodes first pass on their part of HDFS."
        return ""


def plan_resize(emr: "EMRClient", cluster_id: str, role: str, count: int) -> Resize:
    """Find the group that is meant and check that it may have `count` nodes. `role` is CORE or TASK.

    Raises:
        InputError: it may not, or the cluster has no such group, or several.
    """
    cluster = describe(emr, cluster_id)
    require_ready(cluster)
    require_groups(cluster)
    if cluster.uses_fleets:
        resize_one = aws_command("emr", "modify-instance-fleet", "--cluster-id", cluster_id, "--instance-fleet")
        raise InputError(f"cluster {cluster_id} has instance fleets: resize them with {resize_one} …")
    if role == "CORE" and count < 1:
        raise InputError(
            "a cluster needs a core node, which holds HDFS; to end the cluster: "
            f"{command_line('cluster', 'terminate', cluster=cluster_id)}"
        )
    groups = cluster.of_role(role)
    if len(groups) > 1:
        raise InputError(
            f"cluster {cluster_id} has {len(groups)} {role.lower()} groups ({', '.join(each.id for each in groups)}): "
            f"resize the one you mean with {aws_command('emr', 'modify-instance-groups', '--instance-groups')} …"
        )
    return Resize(cluster, role, groups[0] if groups else None, count)


def resize(emr: "EMRClient", wanted: Resize) -> None:
    """Ask EMR for it. Without a task group one of Spot nodes is made, of the core nodes' type."""
    with aws.translated_errors(f"cannot resize cluster {wanted.cluster.id}"):
        if wanted.group:
            change: InstanceGroupModifyConfigTypeDef = {
                "InstanceGroupId": wanted.group.id,
                "InstanceCount": wanted.count,
            }
            emr.modify_instance_groups(ClusterId=wanted.cluster.id, InstanceGroups=[change])
        elif wanted.count:
            emr.add_instance_groups(JobFlowId=wanted.cluster.id, InstanceGroups=[_task_group(wanted)])


def wait_until_resized(emr: "EMRClient", wanted: Resize, show: Callable[[Group], None]) -> None:
    """Watch nodes being added or removed; `show` is told each change.

    Raises:
        ExperimentError: the cluster ended meanwhile, EMR gave up on the group, or its target was changed meanwhile.
    """
    running = None
    for cluster in watch(lambda: describe(emr, wanted.cluster.id)):
        groups = cluster.of_role(wanted.role)
        if not cluster.is_ready:
            raise ExperimentError(f"cluster {cluster.id} is {cluster.life.state}: {cluster.life.reason or 'it ended'}")
        if groups and groups[0].state in _STUCK:
            raise ExperimentError(
                f"EMR gave up on the {wanted.role.lower()} group with {groups[0].running} of {wanted.count} nodes "
                f"({groups[0].state}): usually because of a quota or missing Spot capacity; details: "
                f"{aws_command('emr', 'describe-cluster', '--cluster-id', cluster.id)}"
            )
        if groups and groups[0].requested not in (wanted.before, wanted.count):
            raise ExperimentError(
                f"the target of the {wanted.role.lower()} group is now {groups[0].requested} nodes, not "
                f"{wanted.count}: managed scaling or another user changed it"
            )
        if groups and groups[0].running != running:
            running = groups[0].running
            show(groups[0])
        if (running or 0) == wanted.count:
            return


def _task_group(wanted: Resize) -> Any:
    core = wanted.cluster.of_role("CORE")[0]
    volumes = [
        {"VolumeSpecification": {"VolumeType": "gp3", "SizeInGB": size}, "VolumesPerInstance": 1}
        for size in core.ebs_gb
    ]
    group = {
        "Name": "task",
        "InstanceRole": "TASK",
        "InstanceType": core.instance_type,
        "InstanceCount": wanted.count,
        "Market": _MARKET_OF_NEW,
    }
    return {**group, **({"EbsConfiguration": {"EbsBlockDeviceConfigs": volumes}} if volumes else {})}
