"""What went wrong on a cluster, in one sentence with a next step, from what sparkmagic raised and what Livy says.

sparkmagic hands over text: its own exceptions for trouble with Livy, and `SparkStatementException` for an error of
the code that ran there, whose text is the remote error's message followed by the remote traceback.
"""

import json
import re
from dataclasses import dataclass, field

from launcher.emr.clusters import UNKNOWN
from launcher.emr.diagnosis import causes
from launcher.emr.diagnosis.evidence import Cause, Finding, Source, telling
from launcher.emr.diagnosis.evidence import Evidence as Gathered
from launcher.parameters.cluster import Spark
from launcher.targets.cell_failure import CellFailure, NotebookFailed, NotebookRefused
from launcher.targets.livy.session_log import SessionLog
from lib.errors import ExperimentError, InputError

_TRACEBACK = "Traceback (most recent call last):\n"
_SPARK_CODE = "SparkStatementException"
_OVER = ("dead", "killed", "error", "shutting_down")
# Names of causes in `launcher.emr.diagnosis.causes`.
_OF_LIVY = ("livy-version", "livy-no-sql", "livy-too-many-sessions")
_NOT_STARTED, _GONE_CAUSE = "livy-session-did-not-start", "livy-session-died"


@dataclass(frozen=True)
class Evidence:
    """What was known of a session when a cell failed; `state` is None where Livy has no such session (any more)."""

    livy: str
    spark: Spark
    session: int | None = None
    state: str | None = None
    log: SessionLog = field(default=SessionLog())


class SessionFailed(ExperimentError):
    """A session did not start or did not live; quotes what its log says."""

    def __init__(self, sentence: str, log: SessionLog | None = None, cause: str = ""):
        self.cause = cause
        quoted = "".join(f"\n    {line}" for line in (log or SessionLog()).quoted())
        super().__init__(sentence + (f"\nFrom its log:{quoted}" if quoted else ""))


class Explained(SessionFailed):
    """The diagnosis knows what it was; says so in its words, with what helps first, and where it was."""

    def __init__(self, cause: Cause, finding: Finding, log: SessionLog | None = None, where: str = ""):
        self.settings = dict(finding.settings)
        allow = f"\n{json.dumps(finding.statement)}" if finding.statement else ""
        super().__init__(f"{finding.told}{f' ({where})' if where else ''}{allow}", log, cause.name)


class OutOfMemory(Explained):
    """Memory ran out; says of what, and names the setting to raise."""


def explain(notebook: str, failure: CellFailure, evidence: Evidence) -> ExperimentError:
    """The error of ours for a cell that failed on a cluster."""
    if failure.ename == _SPARK_CODE and evidence.state not in ("dead", "killed", "error"):
        return _of_code(notebook, remote(failure), evidence)
    if failure.ename not in _LIVY_TROUBLE:
        return NotebookFailed(notebook, failure)
    return _of_session(notebook, failure, evidence)


def remote(failure: CellFailure) -> CellFailure:
    """The error as it was raised on the cluster, with the traceback there and nothing of sparkmagic's."""
    message, trace = _parted(failure.evalue)
    last = trace.rstrip("\n").removesuffix(message.rstrip("\n")).rstrip(": \n").splitlines()
    name = last[-1].strip().rsplit(".", 1)[-1] if last else ""
    known = re.fullmatch(r"\w+", name)
    return CellFailure(failure.count, failure.source, name if known else "Error", message.strip("\n"), trace)


def _parted(text: str) -> tuple[str, str]:
    """Message and traceback. A message may hold a traceback, too; the true one ends with the message."""
    cuts = [found.start() for found in re.finditer(re.escape(_TRACEBACK), text)]
    for cut in cuts:
        message, trace = text[:cut].removesuffix("\n"), text[cut:]
        if trace.rstrip("\n").endswith(message.rstrip("\n")):
            return message, trace
    return (text[: cuts[-1]], text[cuts[-1] :]) if cuts else (text, text)


def _of_code(notebook: str, failure: CellFailure, evidence: Evidence) -> ExperimentError:
    raised = Source("the error", telling((failure.traceback + failure.evalue).splitlines()), decides=True)
    memory = _out_of_memory(raised, evidence.spark, evidence.log)
    if memory:
        return memory
    missing = re.fullmatch(r"No module named '(lib[.\w]*)'", failure.evalue)
    inside = "/lib.zip/" in failure.traceback or "/lib/" in failure.traceback
    if failure.ename in ("ModuleNotFoundError", "ImportError") and (missing or inside):
        return SessionFailed(
            f"lib does not import on the cluster ({failure.ename}: {failure.evalue}): its Python needs the packages "
            "that the bootstrap script installs, and the cluster's role read access to <out>/source/; "
            f"{notebook}, {failure.cell}",
            cause="missing-package",
        )
    if failure.kind and issubclass(failure.kind, InputError):
        return NotebookRefused(notebook, failure)
    known = None if failure.kind else _explained(raised, evidence.spark, where=f"{notebook}, {failure.cell}")
    return known or NotebookFailed(notebook, failure)


def _of_session(notebook: str, failure: CellFailure, evidence: Evidence) -> ExperimentError:
    text, livy = failure.evalue, evidence.livy
    log = evidence.log if evidence.log.lines else _quoted_log(text)
    in_log = Source("the session's log", telling(log.lines), ends=True, of_driver=True)
    said = _explained(Source("Livy", telling(text.splitlines()), decides=True), evidence.spark, log)
    if said and said.cause in _OF_LIVY:
        return said
    session = "the Livy session" if evidence.session is None else f"Livy session {evidence.session}"
    late = re.search(r"did not start up in (\d+) seconds", text)
    if late:
        return SessionFailed(
            f"{session} did not start in {late[1]} s: raise cluster.start_timeout, request less (spark.*), or check "
            "whether other applications hold the cluster",
            log,
            _NOT_STARTED,
        )
    if "unexpectedly reached final status" in text and evidence.state is None:
        ended = SessionFailed(f"{session} ended while it started", log, _NOT_STARTED)
        return _out_of_memory(in_log, evidence.spark, log) or _explained(in_log, evidence.spark, log) or ended
    status = re.search(r"Invalid status code '(\d+)' from (\S+) with error payload: (.*)", text, re.DOTALL)
    if status and status[2].endswith("/sessions"):
        refusal = f"Livy at {livy} refuses the session (status {status[1]}): {status[3].strip()[:400]}"
        return SessionFailed(refusal, cause=_NOT_STARTED)
    where = f"{notebook}, {failure.cell}"
    if evidence.state in _OVER:
        known = _out_of_memory(in_log, evidence.spark, log) or _explained(in_log, evidence.spark, log)
        told = f"{session} ended during {where}: its state is {evidence.state}"
        idle = "" if log.lines else "; Livy ends sessions after livy.server.session.timeout"
        return known or SessionFailed(f"{told}{idle}", log, _GONE_CAUSE)
    if evidence.state is None and status and int(status[1]) < 500:
        return SessionFailed(
            f"Livy at {livy} has lost {session} ({where}): it was deleted, timed out (livy.server.session.timeout) "
            "or Livy was restarted; run again",
            cause=_GONE_CAUSE,
        )
    problem = f"it answers status {status[1]}" if status else "the connection was lost"
    return SessionFailed(
        f"Livy at {livy} stopped answering ({where}): {problem}; check whether the cluster is still running",
        cause=_GONE_CAUSE,
    )


def _explained(source: Source, spark: Spark, log: SessionLog | None = None, where: str = "") -> Explained | None:
    """What the diagnosis says of `source`, if it knows it."""
    found = causes.of_run(Gathered(UNKNOWN, None, (source,), spark.properties(), params=True))
    return Explained(*found, log, where) if found else None


def _out_of_memory(source: Source, spark: Spark, log: SessionLog) -> OutOfMemory | None:
    """The kind of memory that ran out according to `source`, by the rule of the diagnosis; quotes `log`."""
    found = causes.out_of_memory(Gathered(UNKNOWN, None, (source,), spark.properties(), params=True))
    return OutOfMemory(*found, log) if found else None


def _quoted_log(text: str) -> SessionLog:
    _, _, log = text.partition("See logs:\n")
    return SessionLog.parse([log])


_LIVY_TROUBLE = (
    _SPARK_CODE,
    "HttpClientException",
    "LivyClientTimeoutException",
    "LivyUnexpectedStatusException",
    "SessionManagementException",
    "SqlContextNotFoundException",
)
