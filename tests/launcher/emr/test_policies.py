"""ARNs and statements: the check and the diagnosis name the same resource for the same refusal, in every partition."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from launcher.emr.diagnosis.causes import ranked
from launcher.emr.policies import needed_on, partition_of, statements
from tests.launcher.emr.diagnosis.failures import STEP_LOG, cluster, evidence

PARTITIONS = ("aws", "aws-cn", "aws-us-gov")
NAMES = st.from_regex(r"[a-z0-9]{3,8}", fullmatch=True)


@pytest.mark.parametrize("partition", PARTITIONS)
@given(bucket=NAMES, folders=st.lists(NAMES, max_size=3), action=st.sampled_from(["s3:GetObject", "s3:PutObject"]))
def test_what_is_to_be_allowed_is_the_same_whoever_says_it(partition, bucket, folders, action):
    key = "/".join([*folders, "table.parquet"])
    who = f"arn:{partition}:sts::123456789012:assumed-role/nodes/i-1"
    line = f"{who} is not authorized to perform: {action} on resource: arn:{partition}:s3:::{bucket}/{key}"
    on = cluster(arn=f"arn:{partition}:elasticmapreduce:xx-1:123456789012:cluster/j-1ABC")
    _, finding = ranked(evidence((STEP_LOG, line), on=on))[0]
    expected = needed_on(partition, action, bucket, key)
    assert json.loads(statements([(action, expected)])) == finding.statement
    assert expected.startswith(f"arn:{partition}:s3:::{bucket}/")


@pytest.mark.parametrize("partition", PARTITIONS)
def test_a_refusal_that_names_no_resource_is_of_the_clusters_partition(partition):
    on = cluster(arn=f"arn:{partition}:elasticmapreduce:xx-1:123456789012:cluster/j-1ABC")
    line = "An error occurred (AccessDenied) when calling the GetObject operation: Access Denied"
    _, finding = ranked(evidence((STEP_LOG, f"reading s3://bucket/tables/a.csv\n{line}"), on=on))[0]
    assert finding.statement["Resource"] == f"arn:{partition}:s3:::bucket/tables/*"


def test_without_an_arn_it_is_the_usual_partition():
    assert [partition_of(arn) for arn in ("", "nodes", "arn:aws-cn:iam::1:role/x")] == ["aws", "aws", "aws-cn"]
