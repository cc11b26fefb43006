"""Causes of failure before a cluster is ready: what EMR refuses, what EC2 lacks, what fails on the new nodes."""

from launcher.emr.diagnosis.evidence import OF_CLUSTER, Evidence, Finding, Hit, proven, told_by
from launcher.emr.policies import needed_on, partition_of, statement
from launcher.support.command_lines import aws_command, command_line
from lib.support.s3_uri import bucket_and_key

# EMR names the nodes of what failed on them in the same way whatever it was, one node or several.
_ON_NODES = (
    r"(?i)\bOn (?:the )?(?P<role>\w+|\d+ \w+) instances? \((?:including )?(?P<nodes>i-\w+(?:,? (?:and )?i-\w+)*)\),? "
    r"(?P<what>.+)"
)
# What the node's own controller says of it.
_BY_THE_NODE = r"(?P<role>)(?P<nodes>\bi-\w+): failed to start\. (?P<what>bootstrap action \d+ failed.*)"
_DOWNLOAD = (
    r"(?i)\b(?P<what>(?:the )?(?P<role>\w++) instance \((?P<nodes>i-\w+)\) failed (?:attempting )?to download.*"
    r"bootstrap.*)"
)
_SAID_BY_A_SCRIPT = r"(?i)^bootstrap.*(error|fail|cannot)|\b(error|fatal|cannot|failed)\b"
_FETCHED = (
    r"[Dd]ownload(?:ing)? (?:file )?'?(?P<place>s3://[^\s']+)",
    r"(?:Execution for|fatal error: .*) '?(?P<place>s3://[^\s']+)",
)
_SAME_AGAIN = "the same cluster would fail again"


def bootstrap_failed(evidence: Evidence) -> Finding | None:
    """The nodes did not start: a bootstrap action failed, or EMR could not install or start an application."""
    hit = evidence.first(_ON_NODES, OF_CLUSTER) or evidence.first(_BY_THE_NODE)
    if hit is None:
        hit = evidence.first(_DOWNLOAD, OF_CLUSTER)
        return _not_fetched(evidence, hit) if hit else None
    nodes = [each.strip(", ") for each in hit.found["nodes"].replace("and ", "").split()]
    role, what = hit.found["role"], hit.found["what"].rstrip(". ")
    one = f"the {f'{role} ' if role else ''}node {nodes[0]}"
    on = one if len(nodes) == 1 else f"{role} nodes ({', '.join(nodes)})"
    said = evidence.first(_SAID_BY_A_SCRIPT, r"/bootstrap-actions/")
    remedy = [f"read that node's log: {_log_of(each, what, evidence)}" for each in nodes]
    if "provisioning" in what or "failed to launch" in what:
        remedy.append(
            "EMR installs and starts the applications after the bootstrap actions: a script that changes Java, "
            "Python or packages of the system, or a wrong value in the cluster's configurations, breaks that"
        )
    remedy.append(
        "correct the bootstrap script or what it depends on (infrastructure/bootstrap.sh), and create a new cluster"
    )
    return Finding(
        f"the cluster did not start: {what} on {on}",
        proven(hit, said if said and said.source is not hit.source else None),
        tuple(remedy),
    )


def _log_of(node: str, what: str, evidence: Evidence) -> str:
    if "bootstrap action " in what:
        return command_line("cluster", "logs", node, "--bootstrap", cluster=evidence.cluster.id)
    return command_line("cluster", "logs", f"node/{node}/provision-node", cluster=evidence.cluster.id)


def _not_fetched(evidence: Evidence, hit: Hit) -> Finding:
    """A bootstrap action's script could not be had: it is not there, or the nodes may not read it."""
    fetched = next((found for pattern in _FETCHED if (found := evidence.first(pattern))), None)
    place = fetched.found["place"] if fetched else ""
    allowed = None
    if place:
        bucket, key = bucket_and_key(place)
        partition = partition_of(evidence.cluster.arn)
        allowed = statement(["s3:GetObject"], needed_on(partition, "s3:GetObject", bucket, key))
    named = place or "the script's place"
    return Finding(
        f"the cluster did not start: {hit.found['what'].rstrip('. ')}",
        proven(hit, fetched),
        (
            f"check that {named} exists ({aws_command('s3', 'ls', place or 's3://BUCKET/SCRIPT')}), that the role of "
            "the nodes may read it (s3:GetObject), and that their subnet has a way to S3 (an endpoint, or NAT)",
            f"read the node's log: {_log_of(hit.found['nodes'], 'bootstrap action ', evidence)}",
        ),
        statement=allowed,
    )


# EC2 had no capacity for these instances, or the account has reached a quota.
capacity_or_quota = told_by(
    r"(?i)(do(es)?|did) ?n[o']t have (sufficient|enough) .{0,60}capacity|insufficient.{0,40}capacity|"
    r"InsufficientInstanceCapacity|exceeds? (the|your) (EC2|instance|vCPU|account).{0,20}(quota|limit)|quota.{0,20} "
    r"exceeded|"
    r"vCPU (limit|quota)|VcpuLimitExceeded|InstanceLimitExceeded|MaxSpotInstanceCountExceeded|no Spot capacity|"
    r"Spot.{0,60}(price|bid).{0,60}(too low|above your)",
    "the cluster did not get its instances from EC2",
    "choose another instance type or zone, wait, or ask AWS for a higher vCPU quota",
    where=OF_CLUSTER,
)


def wrong_instance_type(evidence: Evidence) -> Finding | None:
    """The zone, the region or the release of EMR does not have the instance type."""
    hit = evidence.first(
        r"(?i)\binstance type \(?['\"]?(?P<type>[a-z]\w*\.\w+)['\"]?\)? is not (supported|offered|available)"
        r"(?P<zone>.{0,30}availability zone( \((?P<name>[\w-]+)\))?)?|"
        r"instance type '?(?P<old>[a-z]\w*\.\w+)'? .{0,40}is not supported",
        OF_CLUSTER,
    )
    if hit is None:
        return None
    kind = hit.found["type"] or hit.found["old"]
    zone = hit.found["name"] or evidence.cluster.zone
    where = f"the zone{f' {zone}' if zone else ''}" if hit.found["zone"] else "EMR in this region, or of this release,"
    offers = aws_command(
        *("ec2", "describe-instance-type-offerings", "--location-type", "availability-zone"),
        *("--filters", f"Name=instance-type,Values={kind}"),
    )
    return Finding(
        f"{where} does not have the instance type {kind}",
        proven(hit),
        (
            f"{_SAME_AGAIN}: choose another type, or a subnet in a zone that has it: {offers}",
            "EMR also refuses types that its release does not know: a newer release knows newer types",
        ),
    )


def service_role(evidence: Evidence) -> Finding | None:
    """EMR's own role, or the nodes' profile, is not as EMR needs it."""
    hit = evidence.first(
        r"(?i)(?P<linked>service-linked role '?(?P<name>\w+)'? for EMR is required)|"
        r"service role (?P<role>\S+) (has insufficient|is invalid|does not (have|exist)|is not (authorized|valid))|"
        r"(?P<profile>invalid InstanceProfile|failed to authorize instance profile|instance profile \S+ (is invalid|"
        r"does not exist)).*",
        OF_CLUSTER,
    )
    if hit is None:
        return None
    if hit.found["linked"]:
        create = aws_command(
            "iam", "create-service-linked-role", "--aws-service-name", "elasticmapreduce.amazonaws.com"
        )
        return Finding(
            f"the account has no service-linked role {hit.found['name']}, which EMR needs",
            proven(hit),
            (f"create it once, as somebody who may (iam:CreateServiceLinkedRole): {create}",),
        )
    if hit.found["profile"]:
        return Finding(
            "the nodes' instance profile does not exist, or EMR may not pass its role to the nodes",
            proven(hit),
            (
                f"{_SAME_AGAIN}: check the profile's name and that it holds a role that trusts ec2.amazonaws.com, and "
                "allow EMR's service role iam:PassRole on that role",
            ),
        )
    return Finding(
        f"EMR's service role {hit.found['role']} may not do on EC2 what EMR needs",
        proven(hit),
        (
            f"{_SAME_AGAIN}: attach the managed policy AmazonEMRServicePolicy_v2 to that role, and let it trust "
            "elasticmapreduce.amazonaws.com",
            "that policy allows only what has the tag for-use-with-amazon-emr-managed-policies=true: set it on the "
            "cluster, and on the VPC, the subnet and security groups that you made",
        ),
    )


# The network that the cluster was to use cannot be used.
wrong_network = told_by(
    r"(?i)(?P<why>(subnet|VPC)[\w/ ]* (configuration )?(was|is) (invalid|not valid).*|supplied ec?2?SubnetId .*not "
    r"valid.*|"
    r"cannot find route to InternetGateway.*|(subnet|security group)s? .{0,60}(does|do) not exist.*|"
    r"InsufficientFreeAddressesInSubnet.*|subnet .{0,60}(not enough|no(t enough)? (free|available)) .{0,20}addresses.*|"
    r"(DNS (hostnames|resolution)) .{0,60}(disabled|must be enabled|not enabled).*)",
    "the network that the cluster was to use does not fit: {why}",
    "the same cluster would fail again: give it a subnet of one VPC with a route to S3 and to EMR (an internet "
    "gateway for a public one; NAT or VPC endpoints for a private one), free addresses for all nodes, and DNS "
    "hostnames and resolution enabled in the VPC",
    "infrastructure/ makes such a network; check the route table of the cluster's subnet, and that its security groups "
    "exist in the same VPC",
    where=OF_CLUSTER,
)
