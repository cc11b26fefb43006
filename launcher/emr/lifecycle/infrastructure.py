"""Find the infrastructure of a new cluster: bucket, network and roles, by Terraform's names."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import boto3

from launcher.emr.lifecycle.bootstrap import wheels
from launcher.emr.lifecycle.request import EMR_TAG, NewCluster, Surroundings
from launcher.support import aws
from lib.errors import InputError

if TYPE_CHECKING:
    from mypy_boto3_ec2 import EC2Client
    from mypy_boto3_ec2.type_defs import FilterTypeDef
    from mypy_boto3_emr import EMRClient
    from mypy_boto3_iam import IAMClient


class NotFound(InputError):
    """Nothing has the project's names, or more than one thing has."""

    def __init__(self, what: str, setting: str, names: str, found: list[str]):
        problem = f"{len(found)} {what}s are called {names} ({', '.join(found)})" if found else f"no {what} {names}"
        super().__init__(
            f"{problem}: name the one to use, -p {setting}=…"
            + ("" if found else ", or create it with the rest: terraform apply in infrastructure/")
        )


def find(wanted: NewCluster, session: boto3.Session | None = None) -> Surroundings:
    """What is named in the settings, and the rest from the account.

    Raises:
        InputError: something that is needed is not there, or not to be told apart, or may not be looked for.
    """
    if wanted.wheelhouse:
        wheels()  # are on this machine
    project = wanted.project
    iam, ec2 = aws.client("iam", session), aws.client("ec2", session)
    with aws.translated_errors("cannot look up what a cluster needs"):
        subnet = wanted.subnet or _subnet(ec2, project)
        (network,) = ec2.describe_subnets(SubnetIds=[subnet])["Subnets"]
        groups = {}
        for name in ("master", "core", "service"):
            given = getattr(wanted, f"{name}_group")
            groups[f"{name}_group"] = given or _security_group(ec2, project, name, network["VpcId"])
        return Surroundings(
            bucket=wanted.bucket or _bucket(project, session),
            subnet=subnet,
            service_role=wanted.service_role
            or _one(_roles(iam, f"{project}-emr-"), "role", "service_role", f"{project}-emr-…"),
            instance_profile=wanted.instance_profile
            or _one(_profiles(iam, f"{project}-nodes-"), "instance profile", "instance_profile", f"{project}-nodes-…"),
            security_configuration=_security_configuration(aws.client("emr", session), project),
            **groups,
        )


def _one(found: Iterator[str], what: str, setting: str, names: str) -> str:
    names_found = sorted(found)
    if len(names_found) != 1:
        raise NotFound(what, setting, names, names_found)
    return names_found[0]


def _bucket(project: str, session: boto3.Session | None) -> str:
    account = aws.client("sts", session).get_caller_identity()["Account"]
    s3 = aws.client("s3", session)
    name = f"{project}-{account}-{s3.meta.region_name}"
    return _one(
        (each["Name"] for each in s3.list_buckets()["Buckets"] if each["Name"] == name), "bucket", "bucket", name
    )


def _subnet(ec2: "EC2Client", project: str) -> str:
    tags = [("Name", f"{project}-cluster"), EMR_TAG]
    filters: list[FilterTypeDef] = [{"Name": f"tag:{key}", "Values": [value]} for key, value in tags]
    found = ec2.describe_subnets(Filters=filters)["Subnets"]
    return _one((each["SubnetId"] for each in found), "subnet", "subnet", f"{project}-cluster")


def _security_group(ec2: "EC2Client", project: str, name: str, vpc: str) -> str:
    """Empty if there is none: EMR then creates its own."""
    filters: list[FilterTypeDef] = [
        {"Name": "vpc-id", "Values": [vpc]},
        {"Name": "group-name", "Values": [f"{project}-{name}-*"]},
    ]
    found = [each["GroupId"] for each in ec2.describe_security_groups(Filters=filters)["SecurityGroups"]]
    return _one(iter(found), "security group", f"{name}_group", f"{project}-{name}-…") if found else ""


def _roles(iam: "IAMClient", prefix: str) -> Iterator[str]:
    for page in iam.get_paginator("list_roles").paginate():
        yield from (each["RoleName"] for each in page["Roles"] if each["RoleName"].startswith(prefix))


def _profiles(iam: "IAMClient", prefix: str) -> Iterator[str]:
    for page in iam.get_paginator("list_instance_profiles").paginate():
        names = (each["InstanceProfileName"] for each in page["InstanceProfiles"])
        yield from (name for name in names if name.startswith(prefix))


def _security_configuration(emr: "EMRClient", project: str) -> str:
    """The newest of the project's; it has the nodes' programs use version 2 of the metadata service. Empty: none."""
    pages = emr.get_paginator("list_security_configurations").paginate()
    found = [
        each for page in pages for each in page["SecurityConfigurations"] if each["Name"].startswith(f"{project}-")
    ]
    return max(found, key=lambda each: each["CreationDateTime"])["Name"] if found else ""
