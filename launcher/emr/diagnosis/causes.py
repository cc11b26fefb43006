"""All known causes of failure, and which of those found is the cause.

The order of the list is that of telling: what explains more stands first. A cause whose lines are about the end goes
before one that is only seen somewhere on the way, for Spark may well have recovered from that; so Python's own errors
stand before what lost executors leave, which comes as an error of Java's. What is a consequence of something else (an
executor lost, a session gone) is named where nothing else is found.
"""

from collections.abc import Sequence
from dataclasses import replace

from launcher.emr.diagnosis import (
    classes,
    cluster,
    code,
    java,
    livy,
    memory,
    python_environment,
    refusals,
    starting,
    storage,
    tables,
    yarn,
)
from launcher.emr.diagnosis.evidence import Cause, Evidence, Finding
from launcher.emr.diagnosis.memory_advice import ways_to_set

CAUSES = (
    Cause("bootstrap-failed", starting.bootstrap_failed),
    Cause("wrong-instance-type", starting.wrong_instance_type),
    Cause("service-role", starting.service_role),
    Cause("wrong-network", starting.wrong_network),
    Cause("no-capacity", starting.capacity_or_quota),
    Cause("step-cancelled", cluster.step_cancelled),
    Cause("cluster-ended", cluster.cluster_ended),
    Cause("cluster-not-ready", cluster.cluster_not_ready),
    Cause("asked-too-much", memory.asked_too_much),
    Cause("heap-too-small", memory.heap_too_small),
    Cause("wrong-region", storage.wrong_region),
    Cause("wrong-credentials", storage.wrong_credentials),
    Cause("access-denied", refusals.access_denied),
    Cause("missing-bucket", storage.missing_bucket),
    Cause("too-many-open-files", storage.too_many_open_files),
    Cause("staging-lost", storage.staging_lost),
    Cause("missing-input", storage.missing_input),
    Cause("package-versions", python_environment.package_versions),
    Cause("missing-package", python_environment.missing_package),
    Cause("python-versions-differ", python_environment.python_versions_differ),
    Cause("disk-full", storage.disk_full),
    Cause("python-memory", memory.python_out_of_memory),
    Cause("hdfs-permission", tables.hdfs_permission),
    Cause("hdfs-unavailable", tables.hdfs_unavailable),
    Cause("wrong-filesystem", tables.wrong_filesystem),
    Cause("output-exists", tables.output_exists),
    Cause("write-conflict", tables.write_conflict),
    Cause("broken-input", tables.broken_input),
    Cause("mixed-schema", tables.mixed_schema),
    Cause("missing-table", tables.missing_table),
    Cause("broadcast-timeout", tables.broadcast_timeout),
    Cause("throttled", storage.throttled_by_s3),
    Cause("s3-connections", storage.s3_connections),
    Cause("s3-unreachable", storage.s3_unreachable),
    Cause("expired-credentials", storage.expired_credentials),
    Cause("missing-python", python_environment.missing_python),
    Cause("wrong-arguments", code.wrong_arguments),
    Cause("refused", code.refused_by_the_run),
    Cause("gate", code.gate_not_passed),
    Cause("python-error", code.python_error),
    Cause("missing-column", tables.missing_column),  # where no Python is seen that asked for it
    Cause("context-not-initialized", code.context_not_initialized),
    Cause("kryo-buffer", memory.kryo_buffer),
    Cause("java-version", java.java_version),
    Cause("jvm-crash", java.jvm_crash),
    Cause("native-memory", java.native_memory),
    Cause("metaspace", java.metaspace),
    Cause("direct-memory", java.direct_memory),
    Cause("array-too-large", java.array_too_large),
    Cause("native-library", classes.native_library),
    Cause("class-versions", classes.class_versions),
    Cause("missing-jar", classes.missing_jar),
    Cause("result-too-large", memory.result_too_large),
    Cause("out-of-threads", memory.out_of_threads),
    Cause("executor-heap", memory.executor_heap),
    Cause("driver-heap", memory.driver_heap),
    Cause("executor-beyond-limit", memory.executor_beyond_limit),
    Cause("driver-beyond-limit", memory.driver_beyond_limit),
    Cause("wrong-queue", yarn.wrong_queue),
    Cause("shuffle-service", yarn.shuffle_service),
    Cause("no-kerberos-ticket", yarn.no_ticket),
    Cause("no-port", yarn.no_port),
    Cause("not-serializable", yarn.not_serializable),
    Cause("preempted", yarn.preempted),
    Cause("application-killed", yarn.application_killed),
    Cause("unreachable-service", yarn.unreachable_service),
    Cause("livy-version", livy.livy_version),
    Cause("livy-no-sql", livy.livy_no_sql),
    Cause("livy-too-many-sessions", livy.livy_too_many),
    Cause("lost-node", cluster.lost_node),
    Cause("no-room", cluster.no_room_for_application),
    Cause("class-not-set-up", classes.class_not_set_up, is_consequence=True),
    Cause("executor-killed", memory.executor_killed, is_consequence=True),
    Cause("python-worker-died", memory.python_worker_died, is_consequence=True),
    Cause("livy-session-did-not-start", livy.livy_session_did_not_start, is_consequence=True),
    Cause("livy-session-died", livy.livy_session_died, is_consequence=True),
    Cause("files-not-fetched", yarn.files_not_fetched, is_consequence=True),
    Cause("executors-failing", code.executors_failing, is_consequence=True),
    Cause("executor-ended", yarn.executor_ended, is_consequence=True),
    Cause("executor-lost", memory.executor_lost, is_consequence=True),
    Cause("context-not-initialized", code.exit_code_13, is_consequence=True),
    Cause("driver-died", memory.driver_died, is_consequence=True),
    Cause("application-ended", yarn.application_ended, is_consequence=True),
    Cause("program-error", code.program_error, is_consequence=True),
    Cause("run-failed", code.run_failed, is_consequence=True),
    Cause("spark-job-failed", code.spark_job_failed, is_consequence=True),
)


def out_of_memory(evidence: Evidence) -> tuple[Cause, Finding] | None:
    """The kind of memory that ran out, if any: the one rule for runs through Livy and for steps."""
    causes = [cause for cause in CAUSES if cause.find in memory.OUT_OF_MEMORY]
    return next(iter(ranked(evidence, causes)), None)


def of_run(evidence: Evidence) -> tuple[Cause, Finding] | None:
    """What a cluster's part in a notebook's failure was, if any; an error of the code itself is told from its cell."""
    causes = [cause for cause in CAUSES if cause.name not in _TOLD_FROM_THE_CELL]
    return next(iter(ranked(evidence, causes)), None)


# What a message about a notebook's cell says better, or has its own words for.
_TOLD_FROM_THE_CELL = (
    *("python-error", "run-failed", "spark-job-failed", "refused", "gate", "executor-lost", "wrong-arguments"),
    *("livy-session-did-not-start", "livy-session-died", "no-room"),
)


def ranked(evidence: Evidence, causes: Sequence[Cause] = CAUSES) -> list[tuple[Cause, Finding]]:
    """What the causes find, the most likely first; empty if no cause matches."""
    if evidence.is_foreign:
        return []
    found = [(cause, _completed(finding, evidence)) for cause in causes if (finding := cause.find(evidence))]
    return sorted(found, key=lambda each: (each[0].is_consequence, not each[1].is_decisive))


def _completed(finding: Finding, evidence: Evidence) -> Finding:
    """A finding whose remedy also says how to give its settings."""
    if not finding.settings:
        return finding
    return replace(finding, remedy=(*finding.remedy, ways_to_set(evidence, finding.settings)))
