"""Steps that really run: what EMR does with the steps of moto's clusters, on this machine.

While `running_steps` is on, a step's arguments run as a local process, one after the other or as many side by side as
the cluster's step concurrency allows. States, times, failure details, logs in S3 and what follows a failure are as EMR
has them; CancelSteps, which moto lacks, is there. As on a primary node, `command-runner.jar` is the parent of what
runs and hands no signal on.
"""

import contextlib
import gzip
import io
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest import mock
from urllib.parse import urlsplit

from moto.backends import get_backend
from moto.core.responses import ActionResult
from moto.core.utils import utcnow
from moto.emr.models import Cluster, Step
from moto.emr.responses import ElasticMapReduceResponse

from tests.aws.moto_server import client

# The cluster's Python, as infrastructure/cluster.tf names it.
PYTHON = "/opt/mineria-ml/venv/bin/python"
_PAUSE = 0.03
_RUNNER = "import subprocess, sys; sys.exit(subprocess.run(sys.argv[1:]).returncode)"
_ENDED_CLUSTER = ("TERMINATING", "TERMINATED", "TERMINATED_WITH_ERRORS")
_STEPS_FOLDER = "/mnt/var/lib/hadoop/steps"


@dataclass
class Node:
    """The primary node that all clusters here share.

    `folder` is its disk. `names` are texts in a step's arguments that mean something else here (the cluster's Python,
    the URL of its Livy); `environment` goes over this process's own. Logs arrive `logs_after` seconds after a step's
    end, minutes on real EMR.
    """

    endpoint: str
    folder: Path
    names: dict[str, str] = field(default_factory=dict)
    environment: dict[str, str] = field(default_factory=dict)
    logs_after: float = 0.0
    running: dict[str, "_Running"] = field(default_factory=dict)
    problems: list[BaseException] = field(default_factory=list)
    uploads: list[threading.Timer] = field(default_factory=list)

    def lose(self, step_id: str) -> None:
        """The node is lost under a step, which EMR calls interrupted."""
        running = self.runs(step_id)
        running.stopped_as = ("INTERRUPTED", "The master node was lost")
        running.kill()

    def runs(self, step_id: str) -> "_Running":
        """What a step runs; moto calls one RUNNING a moment before it does."""
        while step_id not in self.running:
            time.sleep(0.01)
        return self.running[step_id]

    def arguments(self, step: Step) -> list[str]:
        """A step's arguments as they are meant here."""
        return [self._here(argument) for argument in step.args]

    def variables(self, step: Step) -> dict[str, str]:
        """The environment of a step: nothing of the user's own, who is not on the node."""
        hidden = ("AWS_", "EMR_", "XDG_", "PYTHON", "SPARK_", "LIVY_")
        inherited = {name: value for name, value in os.environ.items() if not name.startswith(hidden)}
        home = self.folder / "home"
        home.mkdir(parents=True, exist_ok=True)
        return {
            **inherited,
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_ACCESS_KEY_ID": "testing",
            "AWS_SECRET_ACCESS_KEY": "testing",
            "AWS_EC2_METADATA_DISABLED": "true",
            "HOME": str(home),
            # Compiled code, to save time.
            "XDG_CACHE_HOME": os.environ.get("XDG_CACHE_HOME", str(Path.home() / ".cache")),
            "EMR_STEP_ID": step.id,
            **self.environment,
        }

    def _here(self, argument: str) -> str:
        for name, meant in {PYTHON: sys.executable, **self.names}.items():
            argument = argument.replace(name, meant)
        return argument


@contextmanager
def running_steps(endpoint: str, folder: Path) -> Iterator[Node]:
    """Run the steps of all clusters of the server at `endpoint`, in processes whose files are below `folder`."""
    node, over = Node(endpoint, folder), threading.Event()

    def watch() -> None:
        try:
            while not over.wait(_PAUSE):
                for cluster in _clusters():
                    _look_after(cluster, node)
        except BaseException as error:  # shown at the end, where the test sees it
            node.problems.append(error)

    patches = [
        mock.patch.object(Cluster, "add_steps", _add_steps),
        mock.patch.object(Step, "start"),
        mock.patch.object(Step, "status", property(_status)),
        mock.patch.object(ElasticMapReduceResponse, "cancel_steps", _cancel_steps, create=True),
    ]
    watcher = threading.Thread(target=watch, name="steps", daemon=True)
    with contextlib.ExitStack() as stack:
        for patch in patches:
            stack.enter_context(patch)
        watcher.start()
        try:
            yield node
        finally:
            over.set()
            watcher.join()
            for each in node.running.values():
                each.kill()
            for upload in node.uploads:  # the server that they are for may be gone next
                upload.cancel()
                upload.join()
    if node.problems:
        raise node.problems[0]


# ---- What moto's answers lack


_FAILURE, _REASON, _CANCEL = "failure_details", "last_state_change_reason", "cancel_option"


def _add_steps(self: Cluster, steps: list[dict[str, Any]]) -> list[Step]:
    """None runs before it is run."""
    added = [Step(state="PENDING", **step) for step in steps]
    self.steps.extend(added)
    return added


def _status(self: Step) -> dict[str, Any]:
    times = {"CreationDateTime": self.creation_date_time}
    times |= {"StartDateTime": self.start_date_time} if self.start_date_time else {}
    times |= {"EndDateTime": self.end_date_time} if self.end_date_time else {}
    reason = getattr(self, _REASON, None)
    status = {"State": self.state, "Timeline": times, "StateChangeReason": {"Message": reason} if reason else {}}
    failure = getattr(self, _FAILURE, None)
    return {**status, **({"FailureDetails": failure} if failure else {})}


def _cancel_steps(self: ElasticMapReduceResponse) -> ActionResult:
    """A step that waits is cancelled at once; one that runs is asked to end, or ended (`StepCancellationOption`)."""
    cluster = self.backend.describe_cluster(self._get_param("ClusterId"))
    option = self._get_param("StepCancellationOption") or "SEND_INTERRUPT"
    answers = []
    for step_id in self._get_param("StepIds"):
        step = next((each for each in cluster.steps if each.id == step_id), None)
        if step is None or step.state not in ("PENDING", "RUNNING", "CANCEL_PENDING"):
            state = step.state if step else "unknown"
            answers.append({"StepId": step_id, "Status": "FAILED", "Reason": f"Cannot cancel a step that is {state}"})
            continue
        if step.state == "PENDING":
            _end(step, "CANCELLED", "Cancelled by user")
        else:
            step.state = "CANCEL_PENDING"
            setattr(step, _CANCEL, option)
        answers.append({"StepId": step_id, "Status": "SUBMITTED"})
    return ActionResult({"CancelStepsInfoList": answers})


# ---- What EMR does


def _clusters() -> list[Cluster]:
    backends = get_backend("emr")
    regions = [region for account in list(backends.values()) for region in list(account.values())]
    return [cluster for region in regions for cluster in list(region.clusters.values())]


def _look_after(cluster: Cluster, node: Node) -> None:
    if cluster.state in _ENDED_CLUSTER:
        _end_all(cluster, node)
        return
    for step in cluster.steps:
        if step.id in node.running:
            _follow(step, cluster, node)
    waiting = [step for step in cluster.steps if step.state == "PENDING"]
    active = [step for step in cluster.steps if step.state in ("RUNNING", "CANCEL_PENDING")]
    for step in waiting[: max(0, (cluster.step_concurrency_level or 1) - len(active))]:
        step.state, step.start_date_time = "RUNNING", utcnow()
        node.running[step.id] = _Running(step, node)
    if cluster.state in _ENDED_CLUSTER:  # meanwhile, by a step that failed
        return
    cluster.state = "RUNNING" if any(step.end_date_time is None for step in cluster.steps) else "WAITING"
    if cluster.state == "WAITING" and cluster.steps and not cluster.keep_job_flow_alive_when_no_steps:
        cluster.terminate()


def _follow(step: Step, cluster: Cluster, node: Node) -> None:
    running = node.running[step.id]
    option = getattr(step, _CANCEL, None)
    if option and running.stopped_as is None:
        running.stopped_as = ("CANCELLED", "Cancelled by user")
        running.process.send_signal(signal.SIGKILL if option == "TERMINATE_PROCESS" else signal.SIGTERM)
    code = running.process.poll()
    if code is None:
        return
    del node.running[step.id]
    state, reason = running.stopped_as or ("COMPLETED" if code == 0 else "FAILED", "")
    logs = f"{cluster.log_uri.rstrip('/')}/{cluster.id}/steps/{step.id}" if cluster.log_uri else ""
    if state == "FAILED":
        where = {"LogFile": f"{logs}/stderr.gz"} if logs else {}
        setattr(step, _FAILURE, {"Reason": "Unknown Error.", "Message": running.last_line(), **where})
    if logs:
        running.upload(logs, code, node)
    _end(step, state, reason)
    if state == "FAILED":
        _after_failure(step, cluster)


def _after_failure(step: Step, cluster: Cluster) -> None:
    if step.action_on_failure in ("TERMINATE_CLUSTER", "TERMINATE_JOB_FLOW"):
        cluster.terminate()
        cluster.state = "TERMINATED_WITH_ERRORS"
        cluster.last_state_change_reason = "Shut down as step failed"
    elif step.action_on_failure == "CANCEL_AND_WAIT":
        for each in cluster.steps:
            if each.state == "PENDING":
                _end(each, "CANCELLED", f"Cancelled since step {step.id} failed")


def _end_all(cluster: Cluster, node: Node) -> None:
    """With the cluster go its processes; whatever was not over is cancelled."""
    for step in cluster.steps:
        if running := node.running.pop(step.id, None):
            running.kill()
        if step.end_date_time is None:
            _end(step, "CANCELLED", "Job terminated")


def _end(step: Step, state: str, reason: str) -> None:
    if reason:
        setattr(step, _REASON, reason)
    # The state last: who sees it sees the rest.
    step.end_date_time = utcnow()
    step.state = state


class _Running:
    """The process of a step."""

    def __init__(self, step: Step, node: Node):
        self.step = step
        self.stopped_as: tuple[str, str] | None = None  # state and reason, where the process is not to blame
        self.folder = node.folder / "steps" / step.id
        self.folder.mkdir(parents=True)
        self._started = time.monotonic()
        with self._log("stdout").open("wb") as out, self._log("stderr").open("wb") as err:
            self.process = subprocess.Popen(
                [sys.executable, "-S", "-c", _RUNNER, *node.arguments(step)],
                cwd=self.folder,
                env=node.variables(step),
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=err,
                start_new_session=True,
            )

    def kill(self) -> None:
        """End the process and all it started."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def last_line(self) -> str:
        """What EMR quotes of a step that failed."""
        lines = self._log("stderr").read_text(errors="replace").split("\n")
        return next((line for line in reversed(lines) if line.strip()), "")

    def upload(self, place: str, code: int, node: Node) -> None:
        """Put the logs, compressed, to S3, when it is time."""
        logs = {name: self._log(name).read_bytes() for name in ("stdout", "stderr")}
        logs["controller"] = self._controller(code).encode()

        def put() -> None:
            parts = urlsplit(place)
            s3 = client("s3", node.endpoint)
            for name, content in logs.items():
                body = io.BytesIO(gzip.compress(content))
                s3.put_object(Bucket=parts.netloc, Key=f"{parts.path.strip('/')}/{name}.gz", Body=body)

        if node.logs_after:
            later = threading.Timer(node.logs_after, put)
            later.daemon = True
            node.uploads.append(later)
            later.start()
        else:
            put()

    def _log(self, name: str) -> Path:
        return self.folder / name

    def _controller(self, code: int) -> str:
        """The log of EMR's step runner, in its own words."""
        now = utcnow().isoformat(timespec="milliseconds") + "Z"
        command = f"hadoop jar /var/lib/aws/emr/step-runner/hadoop-jars/{self.step.jar} {' '.join(self.step.args)}"
        seconds = round(time.monotonic() - self._started)
        ending = (
            "INFO Step succeeded with exitCode 0" if code == 0 else f"WARN Step failed with exitCode {code}"
        ) + f" and took {seconds} seconds"
        return "\n".join(
            [
                f"{now} INFO Ensure step 1 jar file {self.step.jar}",
                f"{now} INFO StepRunner: Created Runner for step 1",
                f"INFO startExec '{command}'",
                "INFO Environment:",
                "  LOGNAME=hadoop",
                f"INFO redirectOutput to /mnt/var/log/hadoop/steps/{self.step.id}/stdout",
                f"INFO redirectError to /mnt/var/log/hadoop/steps/{self.step.id}/stderr",
                f"INFO Working dir {_STEPS_FOLDER}/{self.step.id}",
                f"INFO ProcessRunner started child process {self.process.pid}",
                f"{now} INFO HadoopJarStepRunner.Runner: startRun() called for {self.step.id} "
                f"Child Pid: {self.process.pid}",
                f"INFO Synchronously wait child process to complete : {command[:60]}...",
                f"INFO waitProcessCompleted ended with exit code {code} : {command[:60]}...",
                f"INFO total process run time: {seconds} seconds",
                f"{now} INFO Step created jobs: ",
                f"{now} {ending}",
                "",
            ]
        )
