"""A cluster's logs in S3: which there are, and their lines, unzipped while they are read.

EMR's layout below `<LogUri>/<cluster>/`:

    steps/<step>/{controller,stderr,stdout,syslog}.gz
    node/<EC2 instance>/bootstrap-actions/<number>/{controller,stderr,stdout}.gz   beside them its daemons' logs
    containers/<application>/<container>/{stderr,stdout}.gz                        Spark's driver and executors

EMR copies them there every few minutes and once more after the end, so that they are late.
"""

import gzip
import io
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from launcher.emr.clusters import Cluster
from launcher.emr.steps import Step
from launcher.support import aws
from lib.errors import InputError
from lib.support.s3_uri import bucket_and_key

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

# Where they are until EMR has copied them, and after that.
ON_PRIMARY = "/mnt/var/log/hadoop/steps"
# Minutes after which a missing log will probably never arrive.
LATE = 10


class NoLogs(InputError):
    """The cluster was created without a place for its logs."""

    def __init__(self, cluster_id: str):
        super().__init__(
            f"cluster {cluster_id} keeps no logs in S3 (it has no LogUri, which cannot be added later): while it runs "
            f"they are on its primary node, in {ON_PRIMARY}/<step>/; `cluster create` and infrastructure/ create "
            "clusters that keep them"
        )


@dataclass(frozen=True)
class LogFile:
    """One log in S3: its name below the cluster's folder, its size in bytes as it is there (zipped), when it came."""

    uri: str
    name: str
    size: int
    arrived_at: datetime
    version: str  # changes with the content

    @property
    def kind(self) -> str:
        """What it is: controller, stderr, stdout, syslog, …, without the dates of logs that EMR has rotated."""
        return self.name.rsplit("/", 1)[-1].split(".")[0]

    @property
    def folder(self) -> str:
        """What it belongs to, as in `steps/s-1` or `containers/application_1_0001/container_1_0001_01_000002`."""
        return self.name.rsplit("/", 1)[0]


class Logs:
    """The logs of one cluster; `s3` is a boto3 client.

    Raises:
        NoLogs: the cluster keeps none.
    """

    def __init__(self, s3: "S3Client", cluster: Cluster):
        if not cluster.log_place:
            raise NoLogs(cluster.id)
        self._s3, self.place = s3, cluster.log_place
        self._bucket, folder = bucket_and_key(self.place)
        self._root = f"{folder}/"

    def of_step(self, step_id: str) -> list[LogFile]:
        """The logs of a step's process and its controller."""
        return self.below(f"steps/{step_id}/")

    def of_bootstrap(self, instance: str = "") -> list[LogFile]:
        """The logs of the bootstrap actions, on one node or on all."""
        found = self.below(f"node/{instance}/" if instance else "node/")
        return [file for file in found if "/bootstrap-actions/" in file.name]

    def applications(self) -> list[str]:
        """The YARN applications that left logs, the newest first: their ids count up."""
        with aws.translated_errors(f"cannot list the logs in {self.place}"):
            pages = self._pages("containers/", Delimiter="/")
            folders = [each["Prefix"] for page in pages for each in page.get("CommonPrefixes", [])]
        return sorted((folder.rstrip("/").rsplit("/", 1)[-1] for folder in folders), reverse=True)

    def of_application(self, application: str) -> list[LogFile]:
        """The logs of the driver and the executors of a YARN application."""
        return self.below(f"containers/{application}/")

    def below(self, folder: str) -> list[LogFile]:
        """All logs below a folder of the cluster, by name."""
        with aws.translated_errors(f"cannot list the logs in {self.place}{folder}"):
            found = [each for page in self._pages(folder) for each in page.get("Contents", [])]
        return [
            LogFile(
                uri=f"s3://{self._bucket}/{each['Key']}",
                name=each["Key"].removeprefix(self._root),
                size=each["Size"],
                arrived_at=each["LastModified"].astimezone(UTC),
                version=each["ETag"],
            )
            for each in sorted(found, key=lambda each: each["Key"])
            if not each["Key"].endswith("/")
        ]

    def lines(self, file: LogFile) -> Iterator[str]:
        """The lines of a log, one by one: a long log is never in memory as a whole.

        Raises:
            InputError: no right to read it.
            ExperimentError: the connection was lost.
        """
        with aws.translated_errors(f"cannot read {file.uri}"):
            body: Any = self._s3.get_object(Bucket=self._bucket, Key=self._root + file.name)["Body"]
            with body:
                content = gzip.GzipFile(fileobj=body) if file.name.endswith(".gz") else io.BufferedReader(body)
                try:
                    for line in io.TextIOWrapper(content, encoding="utf-8", errors="replace"):
                        yield line.rstrip("\n")
                except (EOFError, gzip.BadGzipFile, zlib.error) as error:
                    yield f"[the rest of {file.name} cannot be read: {error}]"

    def _pages(self, folder: str, **options: Any) -> Any:
        listing = self._s3.get_paginator("list_objects_v2")
        return listing.paginate(Bucket=self._bucket, Prefix=self._root + folder, **options)


def not_arrived(step: Step, logs: Logs, cluster: Cluster) -> str:
    """The message for a step without logs in S3: what that means, and where the logs are meanwhile."""
    if step.ended_at and datetime.now(UTC) - step.ended_at > timedelta(minutes=LATE):
        return (
            f"there are no logs of step {step.id} in {logs.place}steps/{step.id}/: the cluster ended before it copied "
            "them, or the nodes' role may not write there"
        )
    if cluster.has_ended:
        return (
            f"the logs of step {step.id} have not arrived in {logs.place}steps/{step.id}/, and the cluster is "
            f"{cluster.life.state}: they come within {LATE} minutes after its end, or are lost with it"
        )
    return (
        f"the logs of step {step.id} have not arrived yet: EMR copies them to {logs.place}steps/{step.id}/ every few "
        f"minutes; try again in five, or read them on the primary node: "
        f"ssh hadoop@{cluster.primary_dns} tail -F {ON_PRIMARY}/{step.id}/stderr"
    )
