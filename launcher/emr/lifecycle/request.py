"""What a new cluster is to be: its settings, what they may be, and the request to EMR that follows from them.

The settings are those of Terraform's variables, with the same defaults; what both have in common beyond them is in
infrastructure/cluster.json.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from launcher.emr.clusters import Group
from launcher.emr.design import configurations, design
from launcher.parameters.fields import allowed, described
from lib.errors import InputError, not_among

# AWS's policy for EMR's role reaches only what carries it.
EMR_TAG = ("for-use-with-amazon-emr-managed-policies", "true")

_InstanceType = Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]*\.[a-z0-9-]+$")]
_Size = Annotated[int, Field(ge=10, le=16384)]
_INSTANCE_TYPE, _SIZE = "an EC2 instance type, as in m5.xlarge", "from 10 to 16384"
_FOUND = "default: found by Terraform's names"


class NewCluster(BaseModel):
    """The settings of `cluster create`. None: found in the account, or left out where it is not needed."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    project: Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{1,22}[a-z0-9]$")] = described(
        "mineria-ml", "the cluster is named <project>-cluster", "3 to 24 lower-case letters, digits and dashes"
    )
    release: Annotated[str, Field(pattern=r"^emr-7\.([1-9]|[1-9][0-9])\.[0-9]+$")] = described(
        "emr-7.13.0", "EMR release", "a 7.x release from emr-7.1.0 on, for its Python 3.11"
    )
    master_type: _InstanceType = described("m5.xlarge", "instance type of the primary node", _INSTANCE_TYPE)
    master_ebs: _Size = described(64, "GB of the primary node's EBS volume", _SIZE)
    core_type: _InstanceType = described("m5.2xlarge", "instance type of the core nodes", _INSTANCE_TYPE)
    core_count: Annotated[int, Field(ge=1)] = described(2, "core nodes", "a whole number from 1")
    core_ebs: _Size = described(128, "GB of each EBS volume of a core or task node", _SIZE)
    core_volumes: Annotated[int, Field(ge=1, le=25)] = described(2, "EBS volumes per node", "from 1 to 25")
    task_type: _InstanceType = described("m5.2xlarge", "instance type of the Spot task nodes", _INSTANCE_TYPE)
    task_count: Annotated[int, Field(ge=0)] = described(0, "Spot task nodes", "a whole number from 0")
    scaling_max: Annotated[int, Field(ge=2)] | None = described(
        None, "maximum of core and task nodes under managed scaling", "a whole number above core_count"
    )
    idle_timeout: Annotated[int, Field(ge=60, le=604800)] = described(
        3600, "idle seconds after which the cluster terminates", "from 60 to 604800 (7 days)"
    )
    step_concurrency: Annotated[int, Field(ge=1, le=256)] = described(
        1, "steps that run at the same time", "from 1 to 256"
    )
    glue: bool = described(False, "the Glue Data Catalog is Spark's, for table://database.table", "true or false")
    wheelhouse: bool = described(
        False, "nodes install the packages of `make wheelhouse`, without a package index", "true or false"
    )
    bucket: str | None = described(None, f"bucket for logs and for what the nodes install; {_FOUND}", "a bucket's name")
    subnet: Annotated[str, Field(pattern=r"^subnet-[0-9a-f]+$")] | None = described(
        None, _FOUND, "an id, as in subnet-0123456789abcdef0"
    )
    service_role: str | None = described(None, f"EMR's role; {_FOUND}", "a role's name")
    instance_profile: str | None = described(None, f"the nodes'; {_FOUND}", "an instance profile's name")
    master_group: str | None = described(
        None, f"security group of the primary node; {_FOUND}", "an id, as in sg-0123456789"
    )
    core_group: str | None = described(
        None, f"security group of the core and task nodes; {_FOUND}", "an id, as in sg-0123456789"
    )
    service_group: str | None = described(
        None, f"EMR's service access group, in a private subnet; {_FOUND}", "an id, as in sg-0123456789"
    )
    log_kms_key_arn: Annotated[str, Field(pattern=r"^arn:[a-z-]+:kms:[a-z0-9-]+:\d{12}:key/[\w-]+$")] | None = (
        described(
            None,
            "KMS key for the logs that EMR writes to S3; default: the bucket's encryption",
            "a key's ARN, not an alias's",
        )
    )
    key_name: str | None = described(None, "EC2 key pair, for SSH", "a key pair's name")


@dataclass(frozen=True)
class Surroundings:
    """What a cluster stands in: names and ids, empty where there is none and none is needed."""

    bucket: str
    subnet: str
    service_role: str
    instance_profile: str
    master_group: str = ""
    core_group: str = ""
    service_group: str = ""
    security_configuration: str = ""


def settings(assignments: Iterable[str]) -> NewCluster:
    """Read the `name=value` of `-p`.

    Raises:
        InputError: an assignment that is none, a name that is not known, a value that may not be.
    """
    values = {}
    for assignment in assignments:
        name, equals, text = assignment.partition("=")
        if not equals or not name:
            raise InputError(f"-p {assignment}: must be name=value, as in -p core_count=4")
        values[name.strip()] = text.strip()
    try:
        wanted = NewCluster.model_validate(values)
    except ValidationError as error:
        raise InputError(_refusal(str(error.errors()[0]["loc"][0]), values)) from None
    if wanted.scaling_max is not None and wanted.scaling_max < wanted.core_count + max(wanted.task_count, 1):
        raise InputError(
            f"scaling_max={wanted.scaling_max}: must be more than core_count ({wanted.core_count}), and no less than "
            f"core and task nodes together ({wanted.core_count + wanted.task_count})"
        )
    return wanted


def request(wanted: NewCluster, around: Surroundings, bootstrap: str) -> dict[str, Any]:
    """What RunJobFlow is asked; `bootstrap` is the folder in S3 of what a node runs first."""
    shared = design()
    name = f"{wanted.project}-cluster"
    volumes = (shared["volume"], wanted.core_ebs, wanted.core_volumes)
    groups = [
        _group("MASTER", wanted.master_type, 1, _ebs(shared["volume"], wanted.master_ebs, 1)),
        _group("CORE", wanted.core_type, wanted.core_count, _ebs(*volumes)),
    ]
    if wanted.task_count:
        groups.append({**_group("TASK", wanted.task_type, wanted.task_count, _ebs(*volumes)), "Market": "SPOT"})
    instances = {
        "InstanceGroups": groups,
        "Ec2SubnetId": around.subnet,
        "Ec2KeyName": wanted.key_name,
        "EmrManagedMasterSecurityGroup": around.master_group,
        "EmrManagedSlaveSecurityGroup": around.core_group,
        "ServiceAccessSecurityGroup": around.service_group,
        "KeepJobFlowAliveWhenNoSteps": True,
        "TerminationProtected": False,
        "UnhealthyNodeReplacement": True,
    }
    action = {
        "Path": f"{bootstrap}bootstrap.sh",
        "Args": [bootstrap, "wheelhouse"] if wanted.wheelhouse else [bootstrap],
    }
    tags = {EMR_TAG[0]: EMR_TAG[1], "Name": name, "Project": wanted.project, "ManagedBy": "run_experiment.py"}
    asked = {
        "Name": name,
        "ReleaseLabel": wanted.release,
        "Applications": [{"Name": each} for each in shared["applications"]],
        "Configurations": configurations(wanted.glue),
        "Instances": {key: value for key, value in instances.items() if value not in ("", None)},
        "BootstrapActions": [{"Name": shared["bootstrap"]["name"], "ScriptBootstrapAction": action}],
        "LogUri": f"s3://{around.bucket}/logs/emr/",
        "LogEncryptionKmsKeyId": wanted.log_kms_key_arn,
        "ServiceRole": around.service_role,
        "JobFlowRole": around.instance_profile,
        "SecurityConfiguration": around.security_configuration,
        "StepConcurrencyLevel": wanted.step_concurrency,
        "AutoTerminationPolicy": {"IdleTimeout": wanted.idle_timeout},
        "ManagedScalingPolicy": _scaling(wanted),
        "ScaleDownBehavior": shared["scale_down_behavior"],
        "EbsRootVolumeSize": shared["root_volume_gb"],
        "Tags": [{"Key": key, "Value": value} for key, value in tags.items()],
        "VisibleToAllUsers": True,
    }
    return {key: value for key, value in asked.items() if value not in ("", None)}


def as_groups(wanted: NewCluster) -> tuple[Group, ...]:
    """The groups that it will have, as EMR will describe them."""
    disks = (wanted.core_ebs,) * wanted.core_volumes
    groups = [
        Group("", "MASTER", wanted.master_type, "ON_DEMAND", 1, 0, "", (wanted.master_ebs,)),
        Group("", "CORE", wanted.core_type, "ON_DEMAND", wanted.core_count, 0, "", disks),
        Group("", "TASK", wanted.task_type, "SPOT", wanted.task_count, 0, "", disks),
    ]
    return tuple(group for group in groups if group.requested)


def _group(role: str, instance_type: str, count: int, ebs: dict[str, Any]) -> dict[str, Any]:
    return {
        "Name": role.lower(),
        "InstanceRole": role,
        "InstanceType": instance_type,
        "InstanceCount": count,
        "Market": "ON_DEMAND",
        "EbsConfiguration": ebs,
    }


def _ebs(volume: dict[str, Any], size: int, count: int) -> dict[str, Any]:
    specification = {
        "VolumeType": volume["type"],
        "Iops": volume["iops"],
        "Throughput": volume["throughput"],
        "SizeInGB": size,
    }
    return {"EbsBlockDeviceConfigs": [{"VolumeSpecification": specification, "VolumesPerInstance": count}]}


def _scaling(wanted: NewCluster) -> dict[str, Any] | None:
    """The core group keeps its size: Spot task nodes come and go."""
    if wanted.scaling_max is None:
        return None
    return {
        "ComputeLimits": {
            "UnitType": "Instances",
            "MinimumCapacityUnits": wanted.core_count,
            "MaximumCapacityUnits": wanted.scaling_max,
            "MaximumCoreCapacityUnits": wanted.core_count,
            "MaximumOnDemandCapacityUnits": wanted.core_count,
        }
    }


def _refusal(name: str, values: dict[str, str]) -> str:
    fields = NewCluster.model_fields
    if name in fields:
        return f"-p {name}={values[name]}: must be {allowed(fields[name])}"
    return not_among(f"unknown setting {name!r} (from -p {name}={values[name]})", name, fields, "the settings are")
