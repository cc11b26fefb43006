"""Why a step or a cluster failed: from the evidence to one sentence, its proof and the remedy."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from launcher.emr.clusters import Cluster, describe
from launcher.emr.diagnosis.causes import ranked
from launcher.emr.diagnosis.evidence import Cause, Evidence, Finding, Hit
from launcher.emr.diagnosis.files import evidence_of
from launcher.emr.diagnosis.gathering import Gathering
from launcher.emr.diagnosis.stages import Stage, stage_of
from launcher.emr.steps import FAILED_STEP, PROBE_NAME, Step, describe_step, list_steps
from launcher.support.command_lines import command_line
from lib.errors import some

if TYPE_CHECKING:
    from mypy_boto3_emr import EMRClient
    from mypy_boto3_s3 import S3Client

UNKNOWN = "unknown"
# What is shown of a failure that no cause knows: so many lines, the last ones, for a log ends with what ended it.
_TELLING = re.compile(r"\b\w*(Error|Exception)\b|\b(ERROR|FATAL|[Ff]ailed|[Kk]illed|denied|refused)\b")
_LINES = 8
_NOT_SPARKS = (
    "these lines do not show that Spark, YARN, EMR or Livy wrote them: give the whole log, from its first line on, and "
    "those of the driver and of the executors"
)


@dataclass(frozen=True)
class Diagnosis:
    """What was found: the cause with its finding, and others that were seen beside it; `cause` is None where unknown.

    `telling`: of an unknown failure, the lines that say most; `stage`: how far it came; `looks`: where to look next.
    `notes`: what could not be looked at, and why. `files`: the logs it was read from, where no cluster was asked.
    """

    cluster: Cluster
    step: Step | None
    cause: Cause | None
    finding: Finding | None
    others: tuple[tuple[Cause, Finding], ...]
    telling: tuple[Hit, ...]
    notes: tuple[str, ...]
    logs: str
    kept_at: str
    stage: str = ""
    looks: tuple[str, ...] = ()
    files: tuple[str, ...] = ()

    @property
    def what(self) -> str:
        """What failed, in a few words."""
        if self.files:
            return some(self.files, 3)
        if self.step is None:
            return f"Cluster {self.cluster.id} ({self.cluster.name})"
        return f"Step {self.step.id} ({self.step.name}) of cluster {self.cluster.id}"

    def as_json(self) -> dict[str, Any]:
        """The same for programs; the keys are stable."""
        finding = self.finding
        proof = finding.proof if finding else self.telling
        return {
            "cluster_id": self.cluster.id or None,
            "cluster_state": self.cluster.life.state or None,
            "step_id": self.step.id if self.step else None,
            "step_name": self.step.name if self.step else None,
            "step_state": self.step.state if self.step else None,
            "cause": self.cause.name if self.cause else UNKNOWN,
            "sentence": finding.sentence if finding else None,
            "proof": [_proof(hit) for hit in proof],
            "is_consequence": bool(self.cause and self.cause.is_consequence),
            "what_to_do": list(finding.remedy if finding else self.looks),
            "settings": dict(finding.settings) if finding else {},
            "statement": finding.statement if finding else None,
            "also": [{"cause": cause.name, "sentence": other.sentence} for cause, other in self.others],
            "notes": list(self.notes),
            "logs": self.logs or None,
            "kept_at": self.kept_at or None,
            "stage": self.stage or None,
            "files": list(self.files),
        }


@dataclass(frozen=True)
class NothingFailed:
    """There is nothing to diagnose; `sentence` says why. `files`: the logs that say so, where no cluster was asked."""

    cluster_id: str
    step_id: str | None
    state: str
    sentence: str
    files: tuple[str, ...] = ()

    def as_json(self) -> Mapping[str, Any]:
        """The same for programs."""
        of = "step_state" if self.step_id else "cluster_state"
        given = {"cluster_id": self.cluster_id or None, "step_id": self.step_id, of: self.state or None}
        return {**given, "cause": None, "sentence": self.sentence, "files": list(self.files)}


def diagnose(emr: "EMRClient", s3: "S3Client", cluster_id: str, step_id: str | None) -> Diagnosis | NothingFailed:
    """Find out why a step failed: the one given, or else the last that failed, or else why the cluster did.

    Raises:
        InputError: no such cluster or step, or no right to look at it.
    """
    cluster = describe(emr, cluster_id)
    step = describe_step(emr, cluster_id, step_id) if step_id else _last_failed(emr, cluster)
    gathering = Gathering(emr, s3, cluster)
    if step is None:
        failed = cluster.life.state == "TERMINATED_WITH_ERRORS" or (
            cluster.life.state == "TERMINATING" and not cluster.life.ready_at
        )
        if not failed:
            return NothingFailed(cluster_id, None, cluster.life.state, _no_step_failed(cluster))
        return concluded(gathering.of_cluster(), gathering.notes)
    waits_in_vain = step.state == "PENDING" and not cluster.is_ready
    if step.state not in FAILED_STEP and not waits_in_vain:
        return NothingFailed(cluster_id, step.id, step.state, _not_failed(step, cluster_id))
    return concluded(gathering.of_step(step), gathering.notes)


def diagnose_files(files: Sequence[str]) -> Diagnosis | NothingFailed:
    """Find out what logs say that somebody kept; asks AWS for nothing.

    Raises:
        InputError: a file is not there, or cannot be read.
    """
    evidence = evidence_of(files)
    names = [source.name for source in evidence.sources]
    found = concluded(evidence, files=names)
    if found.cause or found.telling:
        return found
    return NothingFailed("", None, "", f"nothing in {some(names, 3)} says that anything failed", tuple(names))


def _last_failed(emr: "EMRClient", cluster: Cluster) -> Step | None:
    """The last step that failed while it ran; one that was cancelled before tells less than the one that failed.

    The probe of `cluster check` is not what the user asks about.
    """
    failed = [step for step in list_steps(emr, cluster.id, FAILED_STEP) if step.name != PROBE_NAME]
    ran = next((step for step in failed if step.started_at), None)
    return ran or next(iter(failed), None)


def concluded(evidence: Evidence, notes: Sequence[str] = (), files: Sequence[str] = ()) -> Diagnosis:
    """The diagnosis that follows from evidence, however it was had."""
    found = ranked(evidence)
    stage = None if evidence.is_foreign else stage_of(evidence)
    cause, finding = found[0] if found else (None, None)
    folder = f"steps/{evidence.step.id}/" if evidence.step else "node/"
    place = f"{evidence.cluster.log_place}{folder}" if evidence.cluster.log_place else ""
    return Diagnosis(
        cluster=evidence.cluster,
        step=evidence.step,
        cause=cause,
        finding=finding,
        others=tuple(each for each in found[1:] if not each[0].is_consequence and _says_more(each[1], finding)),
        telling=() if finding else _telling_lines(evidence),
        notes=tuple(dict.fromkeys(notes)),
        logs=place,
        kept_at=evidence.kept_at,
        stage=stage.name if stage else "",
        looks=_looks(stage, evidence) if not finding else (),
        files=tuple(files),
    )


def _looks(stage: Stage | None, evidence: Evidence) -> tuple[str, ...]:
    """Where to look next in a failure that no cause knows."""
    if evidence.is_foreign:
        return (_NOT_SPARKS,)
    return stage.look_next(evidence) if stage else ()


def _telling_lines(evidence: Evidence) -> tuple[Hit, ...]:
    """The lines that say most of an unknown failure: those of the end first, and none twice."""
    told: dict[str, Hit] = {}
    for hit in evidence.hits(_TELLING.pattern):
        told.setdefault(re.sub(r"\d+", "0", hit.line.text), hit)
    return tuple(told.values())[:_LINES]


def _says_more(other: Finding, chosen: Finding | None) -> bool:
    """Whether another finding has proof of its own."""
    lines = {(hit.source.name, hit.line.number) for hit in chosen.proof} if chosen else set()
    return all((hit.source.name, hit.line.number) not in lines for hit in other.proof)


def _no_step_failed(cluster: Cluster) -> str:
    state = f"it is {cluster.life.state}{f' ({cluster.life.reason})' if cluster.life.reason else ''}"
    return f"no step of cluster {cluster.id} ({cluster.name}) has failed; {state}"


def _not_failed(step: Step, cluster_id: str) -> str:
    log = command_line("cluster", "logs", step.id, "--follow", cluster=cluster_id)
    ways = {
        "COMPLETED": "it completed; nothing failed",
        "RUNNING": f"it is still running; read its log: {log}",
        "PENDING": f"it waits for earlier steps: {command_line('cluster', 'steps', cluster=cluster_id)}",
    }
    return f"step {step.id} ({step.name}) is {step.state}: {ways.get(step.state, 'it has not ended yet')}"


def _proof(hit: Hit) -> dict[str, Any]:
    return {"file": hit.source.name, "line": hit.line.number, "text": hit.line.text}
