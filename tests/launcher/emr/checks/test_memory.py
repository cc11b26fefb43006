"""Whether Spark's sizes fit the nodes: two m5.2xlarge, of which YARN has 24 GB each."""

import pytest

from launcher.emr.checks.memory import memory
from tests.launcher.emr.checks.subjects import make_cluster, subject
from tests.launcher.requests import request

pytestmark = pytest.mark.usefixtures("emr")


@pytest.fixture(scope="module")
def cluster(aws_here):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ENDPOINT_URL", aws_here)
        return make_cluster()


def _spark(cluster: str, **settings: object):
    return memory(subject(cluster, spark=settings))


@pytest.mark.parametrize(
    ("spark", "level", "found"),
    [
        ({}, "ok", "the cluster's own sizes"),
        # 8 GB of heap take 9.5 GB: two a node, and one beside the driver's 4.4 GB fewer
        ({"driver_memory": "4g", "executor_memory": "8g", "executor_cores": 4}, "ok", ": 4 executors fit at once"),
        ({"driver_memory": "8g", "executor_memory": "8g"}, "ok", ": 3 executors fit at once"),
        ({"executor_memory": "8g", "num_executors": 6}, "warning", ": 4 of 6 executors fit at once"),
        ({"executor_memory": "24g"}, "fail", "executor of 28.5 GB with its overhead does not fit a node: m5.2xlarge"),
        ({"driver_memory": "30g"}, "fail", "driver of 33.0 GB with its overhead does not fit a node"),
        ({"conf": {"spark.executor.memory": "8g", "spark.executor.memoryOverhead": "20g"}}, "fail", "executor of 28.0"),
        ({"executor_cores": 4}, "ok", "the cluster's own sizes, with 4 of a node's 8 cores an executor"),
        ({"executor_cores": 9}, "fail", "spark.executor_cores=9 is more than the 8 of a node"),
        ({"executor_memory": "4g", "executor_cores": 9}, "fail", "spark.executor_cores=9 is more than the 8 of a node"),
    ],
)
def test_what_is_asked_for_is_compared_with_the_nodes(cluster, spark, level, found):
    result = _spark(cluster, **spark)
    assert result.level == level
    assert found in result.found


def test_the_way_out_is_a_size_that_fits(cluster):
    assert (
        "lower spark.executor_memory (params file, or -p spark.executor_memory=…) to 20g"
        in _spark(cluster, executor_memory="24g").remedy
    )


def test_no_room_beside_the_driver_fails(emr):
    instances = request()["Instances"]
    instances["InstanceGroups"][1]["InstanceCount"] = 1
    cluster = make_cluster(Instances=instances)
    result = _spark(cluster, driver_memory="10g", executor_memory="16g")
    assert result.level == "fail"
    assert "no executor fits beside the driver, on 1 × m5.2xlarge (24 GB for YARN)" in result.found


def test_of_an_unknown_type_nothing_is_claimed(emr):
    instances = request()["Instances"]
    instances["InstanceGroups"][1]["InstanceType"] = "p3.2xlarge"
    result = _spark(make_cluster(Instances=instances), executor_memory="8g")
    assert (result.level, result.found) == ("warning", "unknown YARN memory: p3.2xlarge")
