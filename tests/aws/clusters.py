"""A cluster whose steps run, made in a moment, for tests of what its users do."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3

from tests.aws.steps import Node, running_steps
from tests.launcher.requests import request

_STEP_ENDS = ("COMPLETED", "FAILED", "CANCELLED", "INTERRUPTED")


@dataclass(frozen=True)
class MadeCluster:
    """A cluster of the project's shape; `node` runs its steps, `bucket` takes its logs and what they write."""

    id: str
    bucket: str
    node: Node
    emr: Any
    s3: Any

    def submit(self, *args: str, name: str = "a step", action: str = "CONTINUE") -> str:
        """Add a step that runs `args`; return its id."""
        jar = {"Jar": "command-runner.jar", "Args": list(args)}
        step = {"Name": name, "ActionOnFailure": action, "HadoopJarStep": jar}
        return self.emr.add_job_flow_steps(JobFlowId=self.id, Steps=[step])["StepIds"][0]

    def state(self, step_id: str) -> str:
        """A step's state."""
        return self.step(step_id)["Status"]["State"]

    def step(self, step_id: str) -> dict[str, Any]:
        """What EMR says of a step."""
        return self.emr.describe_step(ClusterId=self.id, StepId=step_id)["Step"]

    def wait(self, step_id: str, *states: str, seconds: float = 60) -> str:
        """Wait until a step is over, or in one of `states`; return its state."""
        deadline = time.monotonic() + seconds
        while (state := self.state(step_id)) not in (states or _STEP_ENDS):
            assert state not in _STEP_ENDS, f"{step_id} is {state}"
            assert time.monotonic() < deadline, f"{step_id} is {state} still"
            time.sleep(0.02)
        return state


@contextmanager
def made_cluster(endpoint: str, folder: Path, bucket: str = "bucket", **changes: Any) -> Iterator[MadeCluster]:
    """Make a bucket and a cluster, and run its steps; `changes` go over what RunJobFlow is asked.

    boto3's clients must talk to `endpoint` by themselves (AWS_ENDPOINT_URL), as those of the code under test do.
    """
    s3, emr = boto3.client("s3"), boto3.client("emr")
    s3.create_bucket(Bucket=bucket)
    with running_steps(endpoint, folder) as node:
        asked = request(**{"LogUri": f"s3n://{bucket}/logs/emr/", **changes})
        cluster_id = emr.run_job_flow(**asked)["JobFlowId"]
        yield MadeCluster(cluster_id, bucket, node, emr, s3)
        emr.set_termination_protection(JobFlowIds=[cluster_id], TerminationProtected=False)
        emr.terminate_job_flows(JobFlowIds=[cluster_id])
