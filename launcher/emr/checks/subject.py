"""What checks look at, and what they find."""

import threading
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import boto3

from launcher.emr.clusters import Cluster
from launcher.parameters.schema import Parameters
from launcher.support import aws
from launcher.support.files import local_path
from lib import artifacts
from lib.support.s3_uri import is_s3
from lib.support.tables import is_in_catalogue


class Level(StrEnum):
    """The severity. A warning stops nothing; a failure would waste money."""

    OK = "ok"
    WARNING = "warning"
    FAIL = "fail"


@dataclass(frozen=True)
class CheckResult:
    """What the check of this name found, and what to do about it where something is to be done.

    A check does not know its name; the checklist gives it.
    """

    name: str
    level: Level
    found: str
    remedy: str = ""

    def __str__(self) -> str:
        """Everything on one line."""
        found = self.found.replace("\n", "; ")
        return f"{self.name}: {found}" + (f" → {self.remedy}" if self.remedy else "")


def ok(found: str) -> CheckResult:
    """Nothing to do."""
    return CheckResult("", Level.OK, found)


def warning(found: str, remedy: str = "") -> CheckResult:
    """Something to know, or something that could not be checked."""
    return CheckResult("", Level.WARNING, found, remedy)


def fail(found: str, remedy: str = "") -> CheckResult:
    """The experiment would fail, or the cluster is open to others."""
    return CheckResult("", Level.FAIL, found, remedy)


class Subject:
    """A cluster and the experiment that is to run on it.

    `probes` says whether a step may be run to try what the nodes' role may do. `stopped` is set when nobody waits for
    the checks any more.
    """

    def __init__(self, cluster: Cluster, parameters: Parameters, session: boto3.Session, *, probes: bool = True):
        self.cluster, self.parameters, self.probes = cluster, parameters, probes
        self.stopped = threading.Event()
        self._session, self._clients = session, dict[str, Any]()
        self._lock = threading.Lock()

    @property
    def region(self) -> str:
        """The cluster's region."""
        return str(self._session.region_name)

    def client(self, service: str) -> Any:
        """A boto3 client, made once: clients may be shared by threads, but not made by several at once."""
        with self._lock:
            if service not in self._clients:
                self._clients[service] = aws.client(service, self._session)
            return self._clients[service]

    @property
    def inputs(self) -> list[str]:
        """All files and folders that the experiment reads, or the scoring; a table of the catalogue is neither."""
        return [place for place in self._tables if not is_in_catalogue(place)]

    @property
    def in_catalogue(self) -> list[str]:
        """All tables of Spark's catalogue that it reads."""
        return [place for place in self._tables if is_in_catalogue(place)]

    @property
    def _tables(self) -> list[str]:
        tested = [] if self.parameters.model else self.parameters.test_data or []
        return [*self.parameters.input_data, *tested]

    @property
    def read(self) -> list[str]:
        """All places that the cluster reads: the inputs, and the model to score with."""
        model = self.parameters.model
        is_looked_for = model == artifacts.LATEST or artifacts.is_tag(model)
        place = artifacts.models_dir(self.parameters.out) if is_looked_for else model
        return [*self.inputs, *([place] if is_s3(place) else [])]

    def not_in_s3(self, *names: str) -> CheckResult | None:
        """What to say instead of looking at `input_data` or `out` where one of them is not in S3."""
        for name in names:
            for place in self.inputs if name == "input_data" else [self.parameters.out]:
                if not is_s3(place):
                    where = "on this machine, where no cluster can read it" if local_path(place) else "not in S3"
                    option = f"--{name.replace('_', '-')}"
                    return warning(f"not checked: {place} is {where}", f"give --params or {option} s3://…")
        return None
