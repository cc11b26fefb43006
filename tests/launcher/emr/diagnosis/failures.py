"""Evidence made by hand: a cluster, a step, and logs as the real ones look."""

from datetime import UTC, datetime, timedelta
from typing import Any

from launcher.emr.clusters import Cluster, Group, Life
from launcher.emr.diagnosis.evidence import OF_CLUSTER, OF_STEP, Evidence, Source, said, telling
from launcher.emr.steps import Step

NOW = datetime(2026, 11, 25, 4, 0, tzinfo=UTC)
FOLDER = "s3://bucket/logs/emr/j-1ABC/"
STEP_LOG = FOLDER + "steps/s-1/stderr.gz"
CONTROLLER = FOLDER + "steps/s-1/controller.gz"
DRIVER_LOG = FOLDER + "containers/application_1764042000000_0003/container_1764042000000_0003_01_000001/stderr.gz"
EXECUTOR_LOG = DRIVER_LOG.replace("_000001/", "_000004/")


def cluster(state: str = "WAITING", reason: str = "", **changes: Any) -> Cluster:
    """The project's cluster: an m5.xlarge and two m5.2xlarge."""
    groups = (
        Group("ig-1", "MASTER", "m5.xlarge", "ON_DEMAND", 1, 1, "RUNNING", (64,)),
        Group("ig-2", "CORE", "m5.2xlarge", "ON_DEMAND", 2, 2, "RUNNING", (128, 128)),
    )
    given: dict[str, Any] = {
        "id": "j-1ABC",
        "name": "mineria-ml-cluster",
        "life": Life(state, reason, NOW, NOW, None),
        "release": "emr-7.13.0",
        "applications": {"Spark": "3.5.6", "Livy": "0.8.0"},
        "groups": groups,
        "uses_fleets": False,
        "log_uri": "s3://bucket/logs/emr/",
        "auto_termination_seconds": 3600,
        "scaling": {},
        "step_concurrency": 1,
        "termination_protected": False,
        "ends_after_steps": False,
        "configurations": [],
        "instance_profile": "arn:aws:iam::123456789012:instance-profile/mineria-ml-nodes",
        "service_role": "service",
        "subnet": "subnet-1",
        "zone": "us-east-1a",
        "root_gb": 30,
        "security_groups": (),
        "primary_dns": "ip-10-0-0-5.ec2.internal",
        "tags": {},
    }
    return Cluster(**{**given, **changes})


def step(state: str = "FAILED", **changes: Any) -> Step:
    """A step that ran for a minute."""
    given: dict[str, Any] = {
        "id": "s-1",
        "name": "experiment",
        "state": state,
        "reason": "",
        "failure": {},
        "action_on_failure": "CONTINUE",
        "jar": "command-runner.jar",
        "args": ("spark-submit", "--deploy-mode", "cluster", "s3://bucket/code/train.py"),
        "created_at": NOW,
        "started_at": NOW + timedelta(minutes=1),
        "ended_at": NOW + timedelta(minutes=2),
    }
    return Step(**{**given, **changes})


def evidence(*logs: tuple[str, str], of: Step | None = None, on: Cluster | None = None, **more: Any) -> Evidence:
    """Logs (name and text) of a step on a cluster; those of the step and of the driver end with the failure."""
    of, on = of or step(), on or cluster()
    sources = [
        Source(name, telling(text.strip("\n").splitlines()), ends="/steps/" in name or "_000001/" in name)
        for name, text in logs
    ]
    words = (
        said(OF_CLUSTER, f"{on.life.state}: {on.life.reason}" if on.life.reason else on.life.state),
        said(OF_STEP, f"{of.state}: {of.reason}", *of.failure.values()),
    )
    return Evidence(on, of, (*sources, *words), **more)
