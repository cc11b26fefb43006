"""Causes of failure in Livy and its sessions, as sparkmagic and Livy word them."""

from launcher.emr.diagnosis.evidence import Evidence, Finding, proven, told_by


def livy_session_did_not_start(evidence: Evidence) -> Finding | None:
    """The session was requested and did not start."""
    hit = evidence.first(r"Session \d+ did not start up in \d+ seconds|Error while processing.*session.*start")
    hit = evidence.stated("livy-session-did-not-start") or hit
    if hit is None:
        return None
    return Finding(
        "the Livy session did not start",
        proven(hit, evidence.first(r"YARN Diagnostics|Exception in thread|SparkException", r"/containers/|/steps/")),
        ("raise cluster.start_timeout, request less (spark.*), or check whether other applications use the cluster",),
    )


# The session, or Livy itself, was lost during the run.
livy_session_died = told_by(
    r"Session isn't active|Session '?\d+'? not found|Session \d+ unexpectedly reached final status|"
    r"Session is in state (dead|error|killed)",
    "the run's Livy session, or Livy itself, was gone",
    "Livy ends sessions that are unused for livy.server.session.timeout (1h): set it longer in the cluster's "
    "livy-conf, or "
    "livy.server.session.timeout-check to false, if the run was still at work",
    "submit it again with --resume; if it happens again, read Livy's own log: {cluster logs NODE} lists those of the "
    "primary node",
    stated="livy-session-died",
)


def livy_version(evidence: Evidence) -> Finding | None:
    """Livy and sparkmagic do not know each other's words."""
    hit = evidence.first(
        r"UnrecognizedPropertyException: Unrecognized field \\?\"(?P<field>\w+)|Status '(?P<state>\w+)' not supported "
        r"by session"
    )
    if hit is None:
        return None
    field, state = hit.found["field"], hit.found["state"]
    told = (
        f"Livy is older than sparkmagic and does not know the field {field} of its request"
        if field
        else f"sparkmagic is older than Livy and does not know that a session can be {state}"
    )
    older = (
        f"take {field} out of sparkmagic's configuration (heartbeatTimeoutInSecond is set by "
        "livy_server_heartbeat_timeout_seconds: "
        "0 leaves it out), or use the sparkmagic that this project pins with Livy 0.8 (EMR 7)"
    )
    newer = (
        f"use the sparkmagic that this project pins; {state} passes by itself after a restart of Livy: run again then"
    )
    return Finding(told, proven(hit), (older if field else newer,))


# The session started, and has no way to SQL, mostly since Hive's part of Spark could not be set up.
livy_no_sql = told_by(
    r"Neither SparkSession nor HiveContext/SqlContext is available",
    "the Livy session has no SparkSession to run SQL with",
    "set livy.repl.enable-hive-context to false in the cluster's livy-conf if the catalogue of tables is not needed, "
    "or add the application Hive or the Glue Data Catalog, which Spark could not reach",
    "read the session's log for the error at its start: {sessions}, {cluster logs APPLICATION}",
)

# Livy starts only so many sessions at a time.
livy_too_many = told_by(
    r"Rejected, too many sessions are being created",
    "Livy refused the session: it already starts, or has, as many as it may",
    "end sessions that nobody uses ({sessions}), or raise livy.server.session.max-creation (100) in the cluster's "
    "livy-conf",
)
