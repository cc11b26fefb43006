"""Failures that people posted (public/*.yaml), and whether what the diagnosis says of each is right."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from launcher.emr.clusters import UNKNOWN as UNKNOWN_CLUSTER
from launcher.emr.diagnosis.causes import CAUSES
from launcher.emr.diagnosis.diagnose import Diagnosis, concluded
from launcher.emr.diagnosis.evidence import Evidence, Source, telling
from tests.launcher.emr.diagnosis.failures import CONTROLLER, DRIVER_LOG, EXECUTOR_LOG, FOLDER, STEP_LOG
from tests.launcher.emr.diagnosis.failures import cluster as project_cluster
from tests.launcher.emr.diagnosis.failures import evidence as gathered
from tests.launcher.emr.diagnosis.failures import step as project_step

PUBLIC = Path(__file__).parent / "public"
RIGHT, PARTLY, UNKNOWN, WRONG = VERDICTS = ("right", "partly", "unknown", "wrong")
PLACES = {
    "step": STEP_LOG,
    "controller": CONTROLLER,
    "driver": DRIVER_LOG,
    "driver's stdout": DRIVER_LOG.replace("stderr", "stdout"),
    "executor": EXECUTOR_LOG,
    "bootstrap": f"{FOLDER}node/i-0aa11bb22/bootstrap-actions/1/stderr.gz",
}
_CONSEQUENCES = {cause.name for cause in CAUSES if cause.is_consequence}


@dataclass(frozen=True)
class Posted:
    """One failure; `says` and `never_says` are patterns of its advice, `held_out` those written down first."""

    name: str
    group: str
    source: str
    true_cause: str
    cause: str
    also_partly: tuple[str, ...]
    says: tuple[str, ...]
    never_says: tuple[str, ...]
    logs: tuple[tuple[str, str], ...]
    cluster: tuple[str, str] | None
    first_sight: Mapping[str, str]

    @property
    def text(self) -> str:
        """All of it as one log, as somebody keeps it in a file."""
        reason = [f"{self.cluster[0]}: {self.cluster[1]}"] if self.cluster else []
        return "\n".join([*reason, *(text for _, text in self.logs)])

    def evidence(self) -> Evidence:
        """Its texts in the logs that they come from, on a cluster of this project."""
        named = [(PLACES[log], text) for log, text in self.logs]
        if self.cluster is None:
            return gathered(*named)
        on = project_cluster(*self.cluster)
        logs = tuple(Source(name, telling(text.splitlines()), ends=True) for name, text in named)
        words = gathered(on=on, of=project_step()).sources[:1]
        return Evidence(on, None, (*logs, *words))


@dataclass(frozen=True)
class Told:
    """What is said of a failure: the name of the cause ("" where none is), and all advice in one text."""

    cause: str
    sentence: str
    advice: str


def posted() -> Iterator[Posted]:
    """All failures, file by file."""
    for path in sorted(PUBLIC.glob("*.yaml")):
        for name, case in yaml.safe_load(path.read_text()).items():
            yield _read(name, path.stem, case)


def told_of(failure: Posted) -> Told:
    """What the diagnosis says where it has the logs with their places."""
    return _told(concluded(failure.evidence()))


def told_of_its_file(failure: Posted) -> Told:
    """What the diagnosis says where it has the text alone, in one file."""
    source = Source(f"{failure.name}.log", telling(failure.text.splitlines()), ends=True, is_any=True)
    return _told(concluded(Evidence(UNKNOWN_CLUSTER, None, (source,)), files=(source.name,)))


def _told(diagnosis: Diagnosis) -> Told:
    said = diagnosis.as_json()
    statement = json.dumps(said["statement"]) if said["statement"] else ""
    cause = "" if said["cause"] == UNKNOWN else said["cause"]
    return Told(cause, said["sentence"] or "", "\n".join([*said["what_to_do"], statement]))


def cause_verdict(failure: Posted, told: Told) -> str:
    """Whether the cause is right; what follows from the true one, or is near it, is partly right."""
    expected = "" if failure.cause == UNKNOWN else failure.cause
    if told.cause == expected:
        return RIGHT
    if not told.cause:
        return UNKNOWN
    return PARTLY if told.cause in _CONSEQUENCES or told.cause in failure.also_partly else WRONG


def advice_verdict(failure: Posted, told: Told) -> str:
    """Whether the advice holds what helps, and nothing that does not."""
    if any(re.search(pattern, told.advice) for pattern in failure.never_says):
        return WRONG
    held = [bool(re.search(pattern, told.advice)) for pattern in failure.says]
    if all(held):
        return RIGHT
    return PARTLY if any(held) else UNKNOWN


def _read(name: str, group: str, case: Mapping[str, Any]) -> Posted:
    return Posted(
        name=name,
        group=group,
        source=case["source"],
        true_cause=case["true_cause"],
        cause=case["cause"],
        also_partly=tuple(case.get("also_partly", ())),
        says=tuple(case["advice_says"]),
        never_says=tuple(case.get("advice_never_says", ())),
        logs=tuple((each["log"], each["text"].replace(" " * 8, "\t")) for each in case.get("logs", ())),
        cluster=tuple(case["cluster"]) if "cluster" in case else None,
        first_sight=case.get("first_sight", {}),
    )
