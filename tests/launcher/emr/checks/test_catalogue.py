"""Tables of the catalogue: whether the cluster's Spark uses Glue, and what the nodes' role may read in it."""

import json

import boto3
import pytest

from launcher.emr.checks.catalogue import catalogue
from launcher.emr.design import configurations, design
from launcher.emr.policies import glue_arns
from tests.launcher.emr.checks.subjects import make_bucket, make_cluster, make_role, subject

pytestmark = pytest.mark.usefixtures("emr")
ACCOUNT = "123456789012"


@pytest.fixture
def bucket(endpoint):
    return make_bucket()


def looked_at(bucket, *databases, glue=True, place="table://geology.pixels"):
    """What the check finds on a cluster whose role may read these databases."""
    role = make_role(bucket)
    arns = [arn for name in databases for arn in glue_arns("aws", "us-east-1", ACCOUNT, name, "*")]
    if arns:
        statement = {"Effect": "Allow", "Action": design()["glue"]["actions"], "Resource": arns}
        policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        boto3.client("iam").put_role_policy(RoleName=role, PolicyName="glue", PolicyDocument=policy)
    cluster = make_cluster(role=role, Configurations=configurations(glue))
    return catalogue(subject(cluster, input_data=["s3://b/a", place], out=f"s3://{bucket}/out"))


def test_without_such_a_table_nothing_is_asked(bucket):
    found = looked_at(bucket, glue=False, place="s3://b/c")
    assert (found.level, found.found) == ("ok", "no table of it is read")


def test_a_cluster_that_does_not_use_glue_is_told(bucket):
    found = looked_at(bucket, "geology", glue=False)
    assert found.level == "warning"
    assert "does not use the Glue Data Catalog: table://geology.pixels must be in" in found.found
    assert "cluster create -p glue=true" in found.remedy


def test_the_role_may_read_the_database(bucket):
    found = looked_at(bucket, "soil", "geology")
    assert (found.level, found.found) == (
        "ok",
        "Glue; the policies of the nodes' role allow it: table://geology.pixels",
    )


@pytest.mark.parametrize("databases", [(), ("soil",)])
def test_a_role_that_may_not_is_refused_with_the_statement_to_add(bucket, databases):
    found = looked_at(bucket, *databases)
    assert found.level == "fail"
    lacking = json.loads(found.remedy[found.remedy.index("{") :])
    wanted = glue_arns("aws", "us-east-1", ACCOUNT, "geology", "pixels")
    assert lacking["Resource"] == (wanted[2:] if databases else wanted)
    assert (lacking["Effect"], lacking["Action"]) == ("Allow", design()["glue"]["actions"])
