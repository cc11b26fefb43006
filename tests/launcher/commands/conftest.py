"""What commands find in an account."""

import boto3
import pytest

from launcher.emr.lifecycle.request import EMR_TAG
from tests.aws.moto_server import moto_server

ACCOUNT = "123456789012"


@pytest.fixture(scope="session")
def account():
    """What Terraform leaves in an account, by its names. All servers of one process show it, so it is made once."""
    with moto_server() as endpoint:
        return _what_terraform_leaves(endpoint)


def _what_terraform_leaves(endpoint):
    s3, ec2, iam, emr = (boto3.client(name, endpoint_url=endpoint) for name in ("s3", "ec2", "iam", "emr"))
    bucket = f"mineria-ml-{ACCOUNT}-us-east-1"
    s3.create_bucket(Bucket=bucket)
    tags = [{"Key": "Name", "Value": "mineria-ml-cluster"}, {"Key": EMR_TAG[0], "Value": EMR_TAG[1]}]
    vpc = ec2.create_vpc(CidrBlock="10.42.0.0/20")["Vpc"]["VpcId"]
    specification = [{"ResourceType": "subnet", "Tags": tags}]
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.42.0.0/24", TagSpecifications=specification)["Subnet"]
    groups = {
        name: ec2.create_security_group(VpcId=vpc, GroupName=f"mineria-ml-{name}-1", Description=name)["GroupId"]
        for name in ("master", "core")
    }
    for role in ("mineria-ml-emr-1", "mineria-ml-nodes-1"):
        iam.create_role(RoleName=role, AssumeRolePolicyDocument="{}")
    iam.create_instance_profile(InstanceProfileName="mineria-ml-nodes-1")
    for name in ("mineria-ml-1", "mineria-ml-2", "other"):
        emr.create_security_configuration(Name=name, SecurityConfiguration="{}")
    return {"bucket": bucket, "subnet": subnet["SubnetId"], **groups}
