"""What EMR says of clusters, as facts: their state and times, nodes, policies and settings, idle time.

Times are in UTC. Every `emr` is a boto3 client; what AWS refuses comes as `InputError`, what it fails at as
`ExperimentError`.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from launcher.support import aws
from lib.errors import InputError
from lib.support import s3_uri

if TYPE_CHECKING:
    from mypy_boto3_cloudwatch import CloudWatchClient
    from mypy_boto3_cloudwatch.type_defs import DatapointTypeDef
    from mypy_boto3_emr import EMRClient

# EMR's names for the states of a cluster.
ACTIVE = ("STARTING", "BOOTSTRAPPING", "RUNNING", "WAITING")
READY = ("RUNNING", "WAITING")
ENDED = ("TERMINATED", "TERMINATED_WITH_ERRORS")
# The cluster's Python, as infrastructure/ makes it; on the primary node it has papermill and sparkmagic.
PYTHON = "/opt/mineria-ml/venv/bin/python"
FLEETS = "INSTANCE_FLEET"
# Rights that not everybody has who may look at a cluster.
IDLE_POLICY, SCALING_POLICY = "elasticmapreduce:GetAutoTerminationPolicy", "elasticmapreduce:GetManagedScalingPolicy"
_LIST_GROUPS, _LIST_FLEETS = "elasticmapreduce:ListInstanceGroups", "elasticmapreduce:ListInstanceFleets"
_ROLES = ("MASTER", "CORE", "TASK")
_ROOT_GB = 15  # EMR's own choice of a system disk
# EMR reports every five minutes. The first is what auto-termination goes by; clusters without it have the second.
IDLE_METRICS = ("AutoTerminationIsClusterIdle", "IsIdle")
_IDLE_PERIOD = timedelta(minutes=5)
_LOOK_BACK = timedelta(days=5)  # as many points as one answer can hold


@dataclass(frozen=True)
class Life:
    """A state, EMR's reason for it, and the times of its stages. EMR omits those that have not happened yet."""

    state: str
    reason: str
    created_at: datetime | None
    ready_at: datetime | None
    ended_at: datetime | None

    @property
    def seconds(self) -> float | None:
        """How long it has existed, or did exist."""
        if self.created_at is None:
            return None
        return ((self.ended_at or datetime.now(UTC)) - self.created_at).total_seconds()


@dataclass(frozen=True)
class Listed:
    """What the list of clusters says of one."""

    id: str
    name: str
    life: Life


@dataclass(frozen=True)
class Group:
    """Nodes of one role: an instance group, or a fleet. `ebs_gb` has the size of each volume that every node has."""

    id: str
    role: str  # MASTER, CORE or TASK
    instance_type: str  # of a fleet: its types, separated by commas
    market: str  # ON_DEMAND, SPOT, or of a fleet both
    requested: int
    running: int
    state: str
    ebs_gb: tuple[int, ...] = ()
    bid_price: float | None = None  # USD per hour of a Spot node; None: the on-demand price


@dataclass(frozen=True)
class Instance:
    """One node, present or past."""

    id: str
    ec2_id: str
    group_id: str
    instance_type: str
    market: str
    life: Life
    private_ip: str = ""
    public_ip: str = ""


@dataclass(frozen=True)
class Primary:
    """The node that Livy runs on: its name in DNS, its EC2 instance id, and its name inside the network."""

    address: str
    instance: str
    private_address: str = ""


@dataclass(frozen=True)
class Cluster:
    """A cluster as it is now.

    What these credentials may not ask for is left out, and named in `not_told`. `applications` has the version of each;
    `configurations` are EMR's own classifications; `scaling` holds the limits of managed scaling, or nothing.
    `auto_termination_seconds` is None where no policy ends it.
    """

    id: str
    name: str
    life: Life
    release: str
    applications: Mapping[str, str]
    groups: tuple[Group, ...]  # the primary node's first
    uses_fleets: bool
    log_uri: str
    auto_termination_seconds: int | None
    scaling: Mapping[str, Any]
    step_concurrency: int
    termination_protected: bool
    ends_after_steps: bool
    configurations: Sequence[Mapping[str, Any]]
    instance_profile: str
    service_role: str
    subnet: str
    zone: str
    security_groups: tuple[str, ...]
    primary_dns: str
    root_gb: int  # of the system disk of each node
    tags: Mapping[str, str]
    arn: str = ""
    not_told: tuple[str, ...] = ()  # the rights that these credentials lack; what they would tell is left out above

    @property
    def has_known_groups(self) -> bool:
        """Whether `groups` are those that it has, and not merely those that may be seen."""
        return not {_LIST_GROUPS, _LIST_FLEETS} & set(self.not_told)

    @property
    def log_place(self) -> str:
        """Where its logs arrive, as an s3:// prefix; empty where none are kept."""
        return f"s3://{self.log_uri.partition('://')[2].rstrip('/')}/{self.id}/" if self.log_uri else ""

    @property
    def is_ready(self) -> bool:
        """Whether something can run on it."""
        return self.life.state in READY

    @property
    def has_ended(self) -> bool:
        """Whether it has ended."""
        return self.life.state in ENDED

    def of_role(self, role: str) -> tuple[Group, ...]:
        """Its groups of a role (MASTER, CORE or TASK); there may be several of TASK, or none."""
        return tuple(group for group in self.groups if group.role == role)

    def settings(self, classification: str) -> Mapping[str, str]:
        """The properties it was created with in one of EMR's classifications, as in `spark-defaults`."""
        found = (each for each in self.configurations if each.get("Classification") == classification)
        return next((each.get("Properties", {}) for each in found), {})


UNKNOWN = Cluster(
    id="",
    name="",
    life=Life("", "", None, None, None),
    release="",
    applications={},
    groups=(),
    uses_fleets=False,
    log_uri="",
    auto_termination_seconds=None,
    scaling={},
    step_concurrency=1,
    termination_protected=False,
    ends_after_steps=False,
    configurations=(),
    instance_profile="",
    service_role="",
    subnet="",
    zone="",
    security_groups=(),
    primary_dns="",
    root_gb=0,
    tags={},
)
"""A cluster of which nothing is known, as one that is reached by its Livy alone."""


def listed(emr: "EMRClient", states: Sequence[str] = ACTIVE, since: datetime | None = None) -> list[Listed]:
    """The clusters of the region in these states, the newest first; with `since`, those made after it."""
    given: dict[str, Any] = {"ClusterStates": list(states)} | ({"CreatedAfter": since} if since else {})
    with aws.translated_errors("cannot list clusters"):
        pages = list(emr.get_paginator("list_clusters").paginate(**given))
    found = [Listed(each["Id"], each["Name"], _life(each)) for page in pages for each in page["Clusters"]]
    return sorted(found, key=lambda each: each.life.created_at or datetime.now(UTC), reverse=True)


def describe(emr: "EMRClient", cluster_id: str) -> Cluster:
    """Look at one cluster.

    Raises:
        InputError: there is no such cluster in this region, or no right to look.
    """
    with aws.translated_errors(f"cannot look at cluster {cluster_id}"):
        cluster = emr.describe_cluster(ClusterId=cluster_id)["Cluster"]
    asked = _Asked(cluster_id)
    uses_fleets = cluster.get("InstanceCollectionType") == FLEETS
    right, kinds = (_LIST_FLEETS, _fleets) if uses_fleets else (_LIST_GROUPS, _groups)
    groups: list[Group] = asked.for_(right, lambda: list(kinds(emr, cluster_id)), [])
    idle = asked.for_(IDLE_POLICY, lambda: emr.get_auto_termination_policy(ClusterId=cluster_id), {})
    scaling = asked.for_(SCALING_POLICY, lambda: emr.get_managed_scaling_policy(ClusterId=cluster_id), {})
    ec2: Mapping[str, Any] = cluster.get("Ec2InstanceAttributes", {})
    named = ("EmrManagedMasterSecurityGroup", "EmrManagedSlaveSecurityGroup", "ServiceAccessSecurityGroup")
    more = [*ec2.get("AdditionalMasterSecurityGroups", []), *ec2.get("AdditionalSlaveSecurityGroups", [])]
    return Cluster(
        id=cluster_id,
        name=cluster["Name"],
        life=_life(cluster),
        release=cluster.get("ReleaseLabel", ""),
        applications=_applications(cluster),
        groups=tuple(sorted(groups, key=lambda group: _ROLES.index(group.role))),
        uses_fleets=uses_fleets,
        log_uri=s3_uri.with_scheme(cluster.get("LogUri", "")),
        auto_termination_seconds=idle.get("AutoTerminationPolicy", {}).get("IdleTimeout"),
        scaling=scaling.get("ManagedScalingPolicy", {}).get("ComputeLimits", {}),
        step_concurrency=cluster.get("StepConcurrencyLevel", 1),
        termination_protected=cluster.get("TerminationProtected", False),
        ends_after_steps=cluster.get("AutoTerminate", False),
        configurations=cluster.get("Configurations", []),
        instance_profile=ec2.get("IamInstanceProfile", ""),
        service_role=cluster.get("ServiceRole", ""),
        subnet=ec2.get("Ec2SubnetId", ""),
        zone=ec2.get("Ec2AvailabilityZone", ""),
        security_groups=tuple(each for each in dict.fromkeys([*(ec2.get(name, "") for name in named), *more]) if each),
        primary_dns=cluster.get("MasterPublicDnsName", ""),
        root_gb=cluster.get("EbsRootVolumeSize", _ROOT_GB),
        tags={each["Key"]: each.get("Value", "") for each in cluster.get("Tags", [])},
        arn=cluster.get("ClusterArn", ""),
        not_told=tuple(asked.lacking),
    )


class _Asked:
    """Asks for what only some need to know; `lacking` names the rights that were not there."""

    def __init__(self, cluster_id: str):
        self._cluster_id, self.lacking = cluster_id, list[str]()

    def for_(self, right: str, ask: Callable[[], Any], otherwise: Any) -> Any:
        try:
            with aws.translated_errors(f"cannot look at cluster {self._cluster_id}"):
                return ask()
        except aws.AwsRefused:
            self.lacking.append(right)
            return otherwise


def require_groups(cluster: Cluster) -> None:
    """Refuse to go on without a cluster's nodes.

    Raises:
        AwsRefused: these credentials may not see them.
    """
    if not cluster.has_known_groups:
        lacking = ", ".join(cluster.not_told)
        raise aws.AwsRefused(
            f"the nodes of cluster {cluster.id} may not be looked at: allow {lacking} to this user or role, or use "
            "another profile"
        )


def instances(emr: "EMRClient", cluster_id: str) -> list[Instance]:
    """All nodes a cluster has or had, the oldest first."""
    with aws.translated_errors(f"cannot list the nodes of cluster {cluster_id}"):
        pages = list(emr.get_paginator("list_instances").paginate(ClusterId=cluster_id))
    found = [
        Instance(
            id=each["Id"],
            ec2_id=each.get("Ec2InstanceId", ""),
            group_id=each.get("InstanceGroupId") or each.get("InstanceFleetId", ""),
            instance_type=each.get("InstanceType", ""),
            market=each.get("Market", ""),
            life=_life(each),
            private_ip=each.get("PrivateIpAddress", ""),
            public_ip=each.get("PublicIpAddress", ""),
        )
        for page in pages
        for each in page["Instances"]
    ]
    return sorted(found, key=lambda each: each.life.created_at or datetime.now(UTC))


def find_primary(cluster_id: str, emr: "EMRClient | None" = None, application: str = "Livy") -> Primary:
    """Ask EMR; `emr` is a boto3 client, `application` what is wanted of the node.

    Raises:
        InputError: no such cluster, one that is not ready or has no such application, or no right to ask.
    """
    with aws.translated_errors(f"cannot look at cluster {cluster_id}"):
        emr = emr or aws.client("emr")
        cluster = emr.describe_cluster(ClusterId=cluster_id)["Cluster"]
        _require_ready(cluster_id, _life(cluster))
        applications = _applications(cluster)
        if applications and application not in applications:
            there = ", ".join(applications)
            raise InputError(
                f"cluster {cluster_id} has no {application} (it has {there}): create one with {application}"
            )
        is_fleet = cluster.get("InstanceCollectionType") == FLEETS
        role: dict[str, Any] = {"InstanceFleetType": "MASTER"} if is_fleet else {"InstanceGroupTypes": ["MASTER"]}
        running = emr.list_instances(ClusterId=cluster_id, InstanceStates=["RUNNING"], **role)["Instances"]
    node = running[0] if running else {}
    address = cluster.get("MasterPublicDnsName", "")
    return Primary(address, node.get("Ec2InstanceId", ""), node.get("PrivateDnsName", ""))


def require_ready(cluster: Cluster) -> None:
    """Refuse a cluster that cannot run anything.

    Raises:
        ClusterNotReady: it is starting, ending or gone.
    """
    _require_ready(cluster.id, cluster.life)


class ClusterNotReady(InputError):
    """The cluster is in a state in which nothing can run on it."""

    def __init__(self, cluster_id: str, state: str, reason: str):
        self.state = state
        waits = state in ("STARTING", "BOOTSTRAPPING")
        remedy = "wait until it is WAITING" if waits else "use another cluster: give its id with --cluster-id"
        super().__init__(f"cluster {cluster_id} is {state}{f' ({reason})' if reason else ''}: {remedy}")


def idle_seconds(cloudwatch: "CloudWatchClient", cluster_id: str) -> float | None:
    """Seconds without work until now, 0 while it works; None where CloudWatch has no figures yet, or may not be asked.

    `cloudwatch` is a boto3 client.
    """
    now = datetime.now(UTC)
    try:
        with aws.translated_errors("cannot read CloudWatch"):
            for metric in IDLE_METRICS:
                points = _idle_points(cloudwatch, metric, cluster_id, now)
                if points:
                    return _idle_since(points, now)
    except (aws.AwsRefused, aws.AwsUnavailable):  # a detail that is not worth failing for
        return None
    return None


def utc(value: datetime | None) -> datetime | None:
    """A time from boto3, which is in this machine's time zone, in UTC."""
    return value.astimezone(UTC) if value else None


def _require_ready(cluster_id: str, life: Life) -> None:
    if life.state not in READY:
        raise ClusterNotReady(cluster_id, life.state, life.reason)


def _applications(described: Mapping[str, Any]) -> dict[str, str]:
    """The version of each."""
    return {each["Name"]: each.get("Version", "") for each in described.get("Applications", [])}


def _life(described: Mapping[str, Any]) -> Life:
    status = described.get("Status", {})
    times = status.get("Timeline", {})
    return Life(
        state=status.get("State", ""),
        reason=status.get("StateChangeReason", {}).get("Message", ""),
        created_at=utc(times.get("CreationDateTime")),
        ready_at=utc(times.get("ReadyDateTime")),
        ended_at=utc(times.get("EndDateTime")),
    )


def _groups(emr: "EMRClient", cluster_id: str) -> Iterator[Group]:
    for page in emr.get_paginator("list_instance_groups").paginate(ClusterId=cluster_id):
        for each in page["InstanceGroups"]:
            volumes = (block.get("VolumeSpecification", {}) for block in each.get("EbsBlockDevices", []))
            yield Group(
                id=each["Id"],
                role=each["InstanceGroupType"],
                instance_type=each["InstanceType"],
                market=each["Market"],
                requested=each["RequestedInstanceCount"],
                running=each["RunningInstanceCount"],
                state=each.get("Status", {}).get("State", ""),
                ebs_gb=tuple(volume["SizeInGB"] for volume in volumes if "SizeInGB" in volume),
                bid_price=float(each["BidPrice"]) if each.get("BidPrice") else None,
            )


def _fleets(emr: "EMRClient", cluster_id: str) -> Iterator[Group]:
    """Fleets count in units of their own, which are nodes unless types were given weights."""
    for page in emr.get_paginator("list_instance_fleets").paginate(ClusterId=cluster_id):
        for each in page["InstanceFleets"]:
            asked = {"ON_DEMAND": each.get("TargetOnDemandCapacity", 0), "SPOT": each.get("TargetSpotCapacity", 0)}
            types = each.get("InstanceTypeSpecifications", [])
            volumes = types[0].get("EbsBlockDevices", []) if types else []
            yield Group(
                id=each["Id"],
                role=each["InstanceFleetType"],
                instance_type=", ".join(specified["InstanceType"] for specified in types),
                market=", ".join(market for market, count in asked.items() if count),
                requested=sum(asked.values()),
                running=each.get("ProvisionedOnDemandCapacity", 0) + each.get("ProvisionedSpotCapacity", 0),
                state=each.get("Status", {}).get("State", ""),
                ebs_gb=tuple(block["VolumeSpecification"]["SizeInGB"] for block in volumes),
            )


def _idle_points(
    cloudwatch: "CloudWatchClient", metric: str, cluster_id: str, now: datetime
) -> list["DatapointTypeDef"]:
    points = cloudwatch.get_metric_statistics(
        Namespace="AWS/ElasticMapReduce",
        MetricName=metric,
        Dimensions=[{"Name": "JobFlowId", "Value": cluster_id}],
        StartTime=now - _LOOK_BACK,
        EndTime=now,
        Period=int(_IDLE_PERIOD.total_seconds()),
        Statistics=["Minimum"],
    )["Datapoints"]
    return sorted(points, key=lambda point: point["Timestamp"])


def _idle_since(points: list["DatapointTypeDef"], now: datetime) -> float:
    busy = [point["Timestamp"] for point in points if point["Minimum"] < 1]
    if busy and busy[-1] == points[-1]["Timestamp"]:
        return 0.0
    since = busy[-1] + _IDLE_PERIOD if busy else points[0]["Timestamp"]
    return (now - since).total_seconds()
