"""Gathers what is known of a failure: EMR's words, the step's logs, those of its YARN applications, the kept run."""

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from launcher.emr.clusters import Cluster, Instance, instances
from launcher.emr.diagnosis.evidence import OF_CLUSTER, OF_NODES, OF_STEP, Evidence, Source, Stated, said, telling
from launcher.emr.logs import LATE, LogFile, Logs, NoLogs, not_arrived
from launcher.emr.steps import Step
from launcher.experiment.submitted import STATUS, StepFiles
from launcher.support import aws
from launcher.support.s3_files import S3Files
from lib import artifacts
from lib.errors import ExperimentError
from lib.support.s3_uri import bucket_and_key

if TYPE_CHECKING:
    from mypy_boto3_emr import EMRClient
    from mypy_boto3_s3 import S3Client

# Of a step's applications, so many are looked at, and so many logs of executors; all of drivers.
_APPLICATIONS, _EXECUTOR_LOGS, _AT_ONCE = 5, 60, 8
_APPLICATION = re.compile(r"application_\d+_\d+")
_DRIVERS = re.compile(r"_000001/[^/]+$")
# An application's logs come some minutes after the step has ended.
_LATE = timedelta(minutes=LATE + 5)


@dataclass
class Gathering:
    """Looks for evidence in one cluster; `notes` say what could not be had. `emr` and `s3` are boto3 clients."""

    emr: "EMRClient"
    s3: "S3Client"
    cluster: Cluster
    notes: list[str] = field(default_factory=list)

    def of_step(self, step: Step) -> Evidence:
        """All that is known of a step that failed."""
        own, settings = self._own_records(step)
        sources = list(own)
        logs = self._logs()
        if logs and step.started_at:
            sources += self._noted(lambda: self._of_process(logs, step))
            sources += self._noted(lambda: self._of_applications(logs, step, sources))
        # EMR's own words come last: they quote what stands in full in the logs.
        sources += [_of_step(step), *self._of_nodes(step), self._of_cluster()]
        kept_at = next((source.stated.kept_at for source in own if source.stated), "")
        return Evidence(self.cluster, step, tuple(sources), settings or _given(step.args), bool(settings), kept_at)

    def of_cluster(self) -> Evidence:
        """All that is known of a cluster that failed by itself."""
        sources = [self._of_cluster()]
        logs = self._logs()
        if logs:
            node = re.search(r"i-\w+", self.cluster.life.reason)
            sources += self._noted(lambda: _read(logs, logs.of_bootstrap(node[0] if node else ""), ends=True))
        return Evidence(self.cluster, None, tuple(sources))

    def _of_cluster(self) -> Source:
        life = self.cluster.life
        return said(OF_CLUSTER, f"{life.state}: {life.reason}" if life.reason else life.state)

    def _of_nodes(self, step: Step) -> Iterator[Source]:
        """The nodes that were lost while the step ran; when the cluster ends all of them do, which proves nothing."""
        nodes = self._noted(lambda: instances(self.emr, self.cluster.id))
        gone = [each for each in nodes if _went_away(each, step, self.cluster)]
        if gone:
            yield said(OF_NODES, *(f"{each.ec2_id} ({each.market}): {each.life.reason}" for each in gone))

    def _logs(self) -> Logs | None:
        try:
            return Logs(self.s3, self.cluster)
        except NoLogs as error:
            self.notes.append(str(error))
            return None

    def _of_process(self, logs: Logs, step: Step) -> list[Source]:
        """What the step's own process and its controller said."""
        read = _read(logs, logs.of_step(step.id), ends=True)
        if not read:
            self.notes.append(not_arrived(step, logs, self.cluster))
        return read

    def _of_applications(self, logs: Logs, step: Step, so_far: Sequence[Source]) -> list[Source]:
        """The logs of the step's YARN applications: those its logs name, or else those of its time."""
        named = {name for source in so_far for line in source.lines for name in _APPLICATION.findall(line.text)}
        wanted = sorted(named, reverse=True) or logs.applications()
        files = [file for each in wanted[:_APPLICATIONS] for file in logs.of_application(each)]
        if not named and step.started_at:
            since = step.started_at.replace(microsecond=0)  # S3 reports whole seconds
            until = (step.ended_at or datetime.now(UTC)) + _LATE
            files = [file for file in files if since <= file.arrived_at <= until]
        spoken = [file for file in files if file.kind in ("stderr", "stdout")]
        drivers = [file for file in spoken if _DRIVERS.search(file.name)]
        executors = [file for file in spoken if not _DRIVERS.search(file.name)]
        unread = len(executors[_EXECUTOR_LOGS:])
        if unread:
            self.notes.append(f"{unread} more logs of executors were not read")
        return [*_read(logs, drivers, ends=True), *_read(logs, executors[:_EXECUTOR_LOGS])]

    def _noted(self, ask: Callable[[], list[Any]]) -> list[Any]:
        """The result of `ask`, or nothing and a note why: the other evidence may be enough."""
        try:
            return ask()
        except ExperimentError as error:
            self.notes.append(str(error))
            return []

    def _own_records(self, step: Step) -> tuple[list[Source], Mapping[str, str]]:
        """What a run of ours left: its last words, the errors in its kept notebooks, and the Spark it asked for."""
        if not step.out or not step.run_id:
            return [], {}
        run = StepFiles.of(step.out, step.run_id)
        settings: Mapping[str, str] = {}
        with suppress(ExperimentError):  # then the advice uses Spark's names
            settings = run.plan().parameters.spark.properties()
        words = self._noted(lambda: list(_last_words(run)))
        kept = artifacts.failed_dir(step.out, step.run_id)
        notebooks = self._noted(lambda: list(self._kept_notebooks(kept)))
        return [*words, *notebooks], settings

    def _kept_notebooks(self, folder: str) -> Iterator[Source]:
        bucket, prefix = bucket_and_key(folder)
        with aws.translated_errors(f"cannot look at {folder}"):
            found = self.s3.list_objects_v2(Bucket=bucket, Prefix=f"{prefix}/").get("Contents", [])
        for key in (each["Key"] for each in found if each["Key"].endswith(".ipynb")):
            text = S3Files(self.s3).read_text(f"s3://{bucket}/{key}")
            outputs = [output for cell in _json(text).get("cells", []) for output in cell.get("outputs", [])]
            errors = [line for each in outputs for line in each.get("traceback", [])]
            if errors:
                yield Source(f"s3://{bucket}/{key}", telling("\n".join(errors).splitlines()), decides=True)


def _read(logs: Logs, files: Iterable[LogFile], ends: bool = False) -> list[Source]:
    def source(file: LogFile) -> Source:
        return Source(file.uri, telling(logs.lines(file)), ends=ends)

    with ThreadPoolExecutor(_AT_ONCE) as pool:
        return [each for each in pool.map(source, files) if each.lines]


def _of_step(step: Step) -> Source:
    account = (step.failure.get("Reason", ""), step.failure.get("Message", ""))
    return said(OF_STEP, f"{step.state}: {step.reason}" if step.reason else step.state, *account)


def _last_words(run: StepFiles) -> Iterator[Source]:
    status = run.status()
    if status.error:
        words = said(f"{run.folder}/{STATUS}", f"Error: {status.error}", f"exit code {status.exit_code}")
        yield replace(words, stated=Stated(status.cause, status.settings, status.kept_at))


def _went_away(node: Instance, step: Step, cluster: Cluster) -> bool:
    ended = node.life.ended_at
    if ended is None or step.started_at is None or cluster.has_ended:
        return False
    return step.started_at <= ended <= (step.ended_at or datetime.now(UTC)) + timedelta(minutes=2)


def _json(text: str | None) -> Mapping[str, Any]:
    try:
        read = json.loads(text or "{}")
    except ValueError:  # half a file is no evidence
        return {}
    return read if isinstance(read, dict) else {}


def _given(args: Sequence[str]) -> Mapping[str, str]:
    """The Spark properties that spark-submit's arguments ask for."""
    options = {
        "--driver-memory": "spark.driver.memory",
        "--executor-memory": "spark.executor.memory",
        "--executor-cores": "spark.executor.cores",
        "--num-executors": "spark.executor.instances",
    }
    found: dict[str, str] = {}
    for option, value in pairwise(args):
        if option in options:
            found[options[option]] = value
        elif option in ("--conf", "-c") and "=" in value:
            name, _, found[name.strip()] = value.partition("=")
    return found
