"""How long a cluster has had nothing to do, by EMR's own figures in CloudWatch."""

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from launcher import aws

if TYPE_CHECKING:
    from mypy_boto3_cloudwatch import CloudWatchClient
    from mypy_boto3_cloudwatch.type_defs import DatapointTypeDef

# EMR reports every five minutes. The first is what auto-termination goes by; clusters without it have the second.
METRICS = ("AutoTerminationIsClusterIdle", "IsIdle")
_PERIOD = timedelta(minutes=5)
_LOOK_BACK = timedelta(days=5)  # as many points as one answer may hold


def idle_seconds(cloudwatch: "CloudWatchClient", cluster_id: str) -> float | None:
    """Seconds without work until now, 0 while it works; None where CloudWatch has no figures yet, or may not be asked.

    `cloudwatch` is a boto3 client.
    """
    now = datetime.now(UTC)
    try:
        with aws.explained("cannot read CloudWatch"):
            for metric in METRICS:
                points = _points(cloudwatch, metric, cluster_id, now)
                if points:
                    return _idle_since(points, now)
    except (aws.AwsRefused, aws.AwsUnavailable):  # a detail that is not worth failing for
        return None
    return None


def _points(cloudwatch: "CloudWatchClient", metric: str, cluster_id: str, now: datetime) -> list["DatapointTypeDef"]:
    points = cloudwatch.get_metric_statistics(
        Namespace="AWS/ElasticMapReduce",
        MetricName=metric,
        Dimensions=[{"Name": "JobFlowId", "Value": cluster_id}],
        StartTime=now - _LOOK_BACK,
        EndTime=now,
        Period=int(_PERIOD.total_seconds()),
        Statistics=["Minimum"],
    )["Datapoints"]
    return sorted(points, key=lambda point: point["Timestamp"])


def _idle_since(points: list["DatapointTypeDef"], now: datetime) -> float:
    busy = [point["Timestamp"] for point in points if point["Minimum"] < 1]
    if busy and busy[-1] == points[-1]["Timestamp"]:
        return 0.0
    since = busy[-1] + _PERIOD if busy else points[0]["Timestamp"]
    return (now - since).total_seconds()
