"""Clusters and steps as facts."""

from datetime import UTC, datetime, timedelta

import boto3
import pytest
from botocore.stub import Stubber

from launcher.emr.clusters import ENDED, ClusterNotReady, describe, find_primary, instances, listed, require_ready
from launcher.emr.steps import describe_step, list_steps
from lib.errors import InputError
from tests.launcher.requests import STEP, request


def test_a_cluster_is_described(emr):
    limits = {"UnitType": "Instances", "MinimumCapacityUnits": 2, "MaximumCapacityUnits": 6}
    cluster_id = emr.run_job_flow(**request(ManagedScalingPolicy={"ComputeLimits": limits}))["JobFlowId"]
    cluster = describe(emr, cluster_id)
    assert (cluster.id, cluster.name, cluster.life.state) == (cluster_id, "mineria-ml-cluster", "WAITING")
    assert cluster.life.created_at.tzinfo is UTC
    assert 0 <= cluster.life.seconds < 600
    assert list(cluster.applications) == ["Hadoop", "Livy", "Spark"]
    assert [(group.role, group.instance_type, group.running) for group in cluster.groups] == [
        ("MASTER", "m5.xlarge", 1),
        ("CORE", "m5.2xlarge", 2),
    ]
    assert cluster.of_role("CORE")[0].ebs_gb == (128, 128)
    assert cluster.log_uri == "s3://bucket/logs/emr/"
    assert cluster.auto_termination_seconds == 3600
    assert cluster.scaling == limits
    assert cluster.settings("spark") == {"maximizeResourceAllocation": "true"}
    assert cluster.settings("livy-conf") == {}
    assert (cluster.service_role, cluster.instance_profile) == ("service", "nodes")
    assert cluster.tags == {"Project": "mineria-ml"}
    require_ready(cluster)
    nodes = instances(emr, cluster_id)
    assert sorted(node.instance_type for node in nodes) == ["m5.2xlarge", "m5.2xlarge", "m5.xlarge"]
    assert {node.group_id for node in nodes} == {group.id for group in cluster.groups}


def test_a_cluster_without_policies_has_none(emr):
    cluster = describe(emr, emr.run_job_flow(**request(AutoTerminationPolicy={}))["JobFlowId"])
    assert cluster.auto_termination_seconds is None
    assert cluster.scaling == {}


def test_a_cluster_that_ended_is_described_and_refused(emr):
    cluster_id = emr.run_job_flow(**request())["JobFlowId"]
    emr.terminate_job_flows(JobFlowIds=[cluster_id])
    cluster = describe(emr, cluster_id)
    assert cluster.has_ended
    assert cluster.life.ended_at >= cluster.life.created_at
    with pytest.raises(ClusterNotReady, match=f"cluster {cluster_id} is TERMINATED.*use another cluster") as refused:
        require_ready(cluster)
    with pytest.raises(ClusterNotReady) as on_the_way:  # who goes to its primary node is told the same
        find_primary(cluster_id, emr)
    assert str(on_the_way.value) == str(refused.value)


def test_no_such_cluster(emr):
    with pytest.raises(InputError, match="cannot look at cluster j-NONE: Cluster id 'j-NONE' is not valid"):
        describe(emr, "j-NONE")


def test_clusters_are_listed_by_state_and_age(emr):
    first, second = (emr.run_job_flow(**request(name))["JobFlowId"] for name in ("first", "second"))
    emr.terminate_job_flows(JobFlowIds=[first])
    assert [each.id for each in listed(emr)] == [second]
    yesterday = datetime.now(UTC) - timedelta(days=1)
    assert first in [each.id for each in listed(emr, ENDED, yesterday)]
    assert listed(emr, ENDED, yesterday + timedelta(days=2)) == []


def test_fleets_are_groups_too():
    emr = boto3.client("emr")
    fleet = {
        "Id": "if-1",
        "InstanceFleetType": "CORE",
        "TargetOnDemandCapacity": 1,
        "TargetSpotCapacity": 3,
        "ProvisionedOnDemandCapacity": 1,
        "ProvisionedSpotCapacity": 2,
        "InstanceTypeSpecifications": [
            {
                "InstanceType": "m5.2xlarge",
                "EbsBlockDevices": [{"VolumeSpecification": {"VolumeType": "gp3", "SizeInGB": 64}}],
            },
            {"InstanceType": "m5a.2xlarge"},
        ],
    }
    cluster = {"Id": "j-A", "Name": "x", "InstanceCollectionType": "INSTANCE_FLEET", "Status": {"State": "RUNNING"}}
    with Stubber(emr) as stub:
        stub.add_response("describe_cluster", {"Cluster": cluster})
        stub.add_response("list_instance_fleets", {"InstanceFleets": [fleet]})
        stub.add_response("get_auto_termination_policy", {})
        stub.add_response("get_managed_scaling_policy", {})
        (group,) = describe(emr, "j-A").groups
    assert (group.instance_type, group.market) == ("m5.2xlarge, m5a.2xlarge", "ON_DEMAND, SPOT")
    assert (group.requested, group.running, group.ebs_gb) == (4, 3, (64,))


def test_steps_are_described_and_ours_are_known(emr):
    other = {**STEP, "Name": "theirs", "HadoopJarStep": {"Jar": "s3://bucket/their.jar"}}
    cluster_id = emr.run_job_flow(**request(Steps=[STEP, other]))["JobFlowId"]
    theirs, ours = list_steps(emr, cluster_id)
    assert (ours.run_id, ours.model) == ("20261125_120000", "s3://bucket/experiments/models/model_20261125_120000")
    assert (theirs.run_id, theirs.model, theirs.seconds) == (None, None, None)
    assert (ours.state, theirs.state, theirs.is_unfinished) == ("RUNNING", "PENDING", True)
    assert [each.id for each in list_steps(emr, cluster_id, ["PENDING"])] == [theirs.id]
    assert describe_step(emr, cluster_id, ours.id).args == tuple(STEP["HadoopJarStep"]["Args"])
    assert describe_step(emr, cluster_id, ours.id).action_on_failure == "CONTINUE"
