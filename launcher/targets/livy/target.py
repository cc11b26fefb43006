"""The target `livy`: notebooks run here, their Spark code in Livy sessions on a cluster."""

import contextlib
import json
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import nbformat

from launcher.emr.tunnels import Tunnel
from launcher.experiment.plan import Plan, Step
from launcher.kernels import CLUSTER
from launcher.parameters.cluster import Cluster, Spark
from launcher.parameters.schema import Parameters
from launcher.support import packaging
from launcher.support.files import files_at, local_path
from launcher.support.project import PROJECT, PROJECT_NAME
from launcher.targets.cell_failure import CellFailure
from launcher.targets.livy import records
from launcher.targets.livy.client import LivyClient
from launcher.targets.livy.failures import Evidence, SessionFailed, explain, remote
from launcher.targets.livy.records import Record
from launcher.targets.livy.road import connected
from launcher.targets.livy.session_log import SessionLog
from launcher.targets.livy.sessions import end_sessions
from launcher.targets.livy.sparkmagic_config import make_config
from lib.errors import ExperimentError, InputError

# What sparkmagic prints, and goes on after, in spite of `all_errors_are_fatal`.
_SILENT_ERRORS = ("A session has already been started", "The code failed because of a fatal error")


class LivyTarget:
    """Livy, reached and provided with `lib`; made by `livy_target`."""

    kernel = CLUSTER

    def __init__(self, cluster: Cluster, spark: Spark, run_id: str, client: LivyClient, py_files: list[str]):
        self.cell_timeout = cluster.cell_timeout
        self.tunnel: Tunnel | None = None
        self._cluster, self._spark, self._run_id = cluster, spark, run_id
        self._client, self._py_files = client, py_files
        self._record: Record | None = None
        self.problems: list[str] = []  # sessions that could not be ended

    @contextmanager
    def notebook(self, step: Step, scratch: Path) -> Iterator[Mapping[str, str]]:
        """A private configuration for the kernel; however it ends, its session ends too."""
        name = f"{PROJECT_NAME}-{self._run_id}-{step.name}-{uuid.uuid4().hex[:6]}"
        record = records.make(self._cluster.endpoint, f"run {self._run_id}, {step.name}", name)
        record.write_config(make_config(self._client.url, self._cluster, self._spark, self._py_files, name))
        self._record = record
        try:
            yield _environment(record)
        finally:
            self.problems += end_sessions(self._client, record)

    def explain(self, step: Step, failure: CellFailure, executed: Path) -> ExperimentError:
        """What happened, from the error and from what Livy says of the session now."""
        if executed.exists():
            tidy(executed)
        if self.tunnel and self.tunnel.error:
            return self.tunnel.error
        return explain(step.notebook.name, failure, self._evidence())

    def check_executed(self, executed: Path) -> None:
        """Raise where sparkmagic printed an error instead of raising it."""
        for cell in nbformat.read(executed, as_version=4).cells:
            for output in cell.get("outputs", []):
                text = output.get("text", "") if output.get("name") == "stderr" else ""
                if any(error in text for error in _SILENT_ERRORS):
                    raise SessionFailed(f"{executed.name} continued after a sparkmagic error: {text.strip()[:400]}")

    def _evidence(self) -> Evidence:
        number = self._record.sessions[-1] if self._record and self._record.sessions else None
        state, log = None, SessionLog()
        with contextlib.suppress(ExperimentError):  # Livy may be what failed
            found = self._client.session(number) if number is not None else None
            if self._record and number is not None and found and self._record.has_made(found):
                state, log = found["state"], self._client.log(number)
        return Evidence(str(self._cluster.endpoint), self._spark, number, state, log)


@contextmanager
def livy_target(plan: Plan) -> Iterator[LivyTarget]:
    """Reach Livy, upload `lib`, and be ready to run a plan's notebooks.

    Raises:
        InputError: no Livy is named, or this user may not use it or the output's bucket.
        LivyUnreachable: nothing answers.
    """
    parameters = plan.parameters
    with connected(parameters.cluster.endpoint) as (client, tunnel):
        place = packaging.upload(files_at(parameters.out), parameters.out)
        target = LivyTarget(parameters.cluster, parameters.spark, plan.run_id, client, [place])
        target.tunnel = tunnel
        try:
            yield target
        except BaseException as error:
            for problem in target.problems:
                error.add_note(problem)
            raise


@contextmanager
def connected_kernels(parameters: Parameters) -> Iterator[Mapping[str, str]]:
    """Reach Livy for people who explore; gives the environment variables under which a Jupyter server has its kernels.

    Each notebook has a session of its own; all of them end with the context.
    """
    cluster = parameters.cluster
    with connected(cluster.endpoint) as (client, _):
        place = packaging.upload(files_at(parameters.out), parameters.out)
        record = records.make(cluster.endpoint, "JupyterLab")
        config = make_config(client.url, cluster, parameters.spark, [place])
        # A person reads the short message; a traceback of sparkmagic's would only be in the way.
        record.write_config({**config, "all_errors_are_fatal": False})
        try:
            yield _environment(record)
        finally:
            end_sessions(client, record)


def configure_cell(parameters: Parameters) -> str:
    """The cell for a Jupyter on the cluster: `lib`, uploaded for it, and the session's memory.

    sparkmagic takes what such a cell says instead of all that its configuration says of a session.

    Raises:
        InputError: the output, beside which `lib` goes, is on this machine.
    """
    if local_path(parameters.out) is not None:
        raise InputError(f"out={parameters.out}: a Jupyter on the cluster cannot see it; give --out s3://bucket/…")
    place = packaging.upload(files_at(parameters.out), parameters.out)
    session = {**parameters.spark.session(), "pyFiles": [place]}
    return f"%%configure -f\n{json.dumps(session, indent=1)}"


def _environment(record: Record) -> Mapping[str, str]:
    return {"SPARKMAGIC_CONF_DIR": str(record.folder), "PYTHONPATH": str(PROJECT)}


def tidy(executed: Path) -> None:
    """In a notebook that failed, put the error of the cluster in the place of sparkmagic's."""
    content = nbformat.read(executed, as_version=4)
    for cell in content.cells:
        for output in cell.get("outputs", []):
            if output.get("ename") == "SparkStatementException":
                failure = remote(CellFailure(None, cell.source, output.ename, output.evalue))
                output.update(ename=failure.ename, evalue=failure.evalue, traceback=failure.traceback.splitlines())
    nbformat.write(content, executed)
