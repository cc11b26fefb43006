"""A cluster on which an experiment may run, and the experiment, as the checks see them; tests spoil one thing each."""

import io
import json
import uuid
from typing import Any

import boto3
import pyarrow as pa
import pyarrow.parquet as pq

from launcher.emr.checks.subject import Subject
from launcher.emr.clusters import describe
from launcher.parameters.schema import check
from tests.launcher.requests import request

BOOTSTRAP = {"Name": "Python", "ScriptBootstrapAction": {"Path": "s3://bucket/bootstrap/bootstrap.sh"}}
APPLICATIONS = [{"Name": name} for name in ("Hadoop", "JupyterEnterpriseGateway", "Livy", "Spark")]
TABLE = pa.table({"B02": [0.1, 0.2, 0.3], "B03": [1, 2, 3], "zone": ["a", "b", "b"], "label": [0, 1, 1]})


def make_bucket(**tables: pa.Table) -> str:
    """A bucket of its own name with one table, or those named, below `data/`."""
    bucket, s3 = f"bucket-{uuid.uuid4().hex[:8]}", boto3.client("s3")
    s3.create_bucket(Bucket=bucket)
    for name, table in (tables or {"pixels": TABLE}).items():
        s3.put_object(Bucket=bucket, Key=f"data/{name}.parquet", Body=parquet(table))
    return bucket


def parquet(table: pa.Table) -> bytes:
    """A table as a parquet file."""
    content = io.BytesIO()
    pq.write_table(table, content)
    return content.getvalue()


def deny(bucket: str, action: str, key: str) -> None:
    """A bucket policy that denies it to everybody."""
    statement = {"Effect": "Deny", "Principal": "*", "Action": action, "Resource": f"arn:aws:s3:::{bucket}/{key}"}
    policy = {"Version": "2012-10-17", "Statement": [statement]}
    boto3.client("s3").put_bucket_policy(Bucket=bucket, Policy=json.dumps(policy))


def make_role(bucket: str, *actions: str) -> str:
    """An instance profile whose role may do these to a bucket (nothing named: all that is needed); its name."""
    iam, name = boto3.client("iam"), f"nodes-{uuid.uuid4().hex[:8]}"
    iam.create_role(RoleName=name, AssumeRolePolicyDocument="{}")
    allowed = list(actions or ("s3:ListBucket", "s3:GetObject", "s3:PutObject", "s3:DeleteObject"))
    resources = [f"arn:aws:s3:::{bucket}", f"arn:aws:s3:::{bucket}/*"]
    policy = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": allowed, "Resource": resources}]}
    iam.put_role_policy(RoleName=name, PolicyName="storage", PolicyDocument=json.dumps(policy))
    iam.create_instance_profile(InstanceProfileName=name)
    iam.add_role_to_instance_profile(InstanceProfileName=name, RoleName=name)
    return name


def make_security_group(*permissions: dict[str, Any]) -> str:
    """A security group with these rules for what comes in; its id."""
    ec2 = boto3.client("ec2")
    group = ec2.create_security_group(GroupName=uuid.uuid4().hex, Description="nodes")["GroupId"]
    if permissions:
        ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=list(permissions))
    return group


def make_cluster(*, role: str = "nodes", group: str | None = None, **changes: Any) -> str:
    """A cluster with all that an experiment needs; `changes` go over the request for it."""
    whole = {"BootstrapActions": [BOOTSTRAP], "Applications": APPLICATIONS, "JobFlowRole": role}
    given = request(**(whole | changes))
    group = group or make_security_group()
    given["Instances"] |= {"EmrManagedMasterSecurityGroup": group, "EmrManagedSlaveSecurityGroup": group}
    return boto3.client("emr").run_job_flow(**given)["JobFlowId"]


def subject(cluster_id: str, *, probes: bool = True, **parameters: Any) -> Subject:
    """What the checks look at."""
    session = boto3.Session()
    return Subject(describe(session.client("emr"), cluster_id), check(parameters), session, probes=probes)
