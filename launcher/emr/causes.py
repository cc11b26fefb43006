"""All causes of failure that we know, and which of those that are found is the one.

The order of the list is that of telling: what explains more stands first. A cause whose lines are about the end goes
before one that is only seen somewhere on the way, for Spark may well have recovered from that; so Python's own errors
stand before what lost executors leave, which comes as an error of Java's. What is a consequence of something else (an
executor lost, a session gone) is named where nothing else is found.
"""

from collections.abc import Sequence

from launcher.emr import causes_cluster, causes_code, causes_memory, causes_storage
from launcher.emr.evidence import Cause, Evidence, Finding

CAUSES = (
    Cause("bootstrap-failed", causes_cluster.bootstrap_failed),
    Cause("no-capacity", causes_cluster.capacity_or_quota),
    Cause("step-cancelled", causes_cluster.step_cancelled),
    Cause("cluster-ended", causes_cluster.cluster_ended),
    Cause("cluster-not-ready", causes_cluster.cluster_not_ready),
    Cause("asked-too-much", causes_memory.asked_too_much),
    Cause("heap-too-small", causes_memory.heap_too_small),
    Cause("access-denied", causes_storage.access_denied),
    Cause("missing-bucket", causes_storage.missing_bucket),
    Cause("missing-input", causes_storage.missing_input),
    Cause("missing-package", causes_code.missing_package),
    Cause("python-versions-differ", causes_code.python_versions_differ),
    Cause("disk-full", causes_storage.disk_full),
    Cause("python-memory", causes_memory.python_out_of_memory),
    Cause("throttled", causes_storage.throttled_by_s3),
    Cause("expired-credentials", causes_storage.expired_credentials),
    Cause("wrong-arguments", causes_code.wrong_arguments),
    Cause("refused", causes_code.refused_by_the_run),
    Cause("python-error", causes_code.python_error),
    Cause("kryo-buffer", causes_memory.kryo_buffer),
    Cause("result-too-large", causes_memory.result_too_large),
    Cause("out-of-threads", causes_memory.out_of_threads),
    Cause("executor-heap", causes_memory.executor_heap),
    Cause("driver-heap", causes_memory.driver_heap),
    Cause("executor-beyond-limit", causes_memory.executor_beyond_limit),
    Cause("driver-beyond-limit", causes_memory.driver_beyond_limit),
    Cause("lost-node", causes_cluster.lost_node),
    Cause("no-room", causes_cluster.no_room_for_application),
    Cause("executor-killed", causes_memory.executor_killed, is_consequence=True),
    Cause("python-worker-died", causes_memory.python_worker_died, is_consequence=True),
    Cause("livy-session-did-not-start", causes_cluster.livy_session_did_not_start, is_consequence=True),
    Cause("livy-session-died", causes_cluster.livy_session_died, is_consequence=True),
    Cause("executor-lost", causes_cluster.executor_lost, is_consequence=True),
    Cause("run-failed", causes_code.run_failed, is_consequence=True),
    Cause("spark-job-failed", causes_code.spark_job_failed, is_consequence=True),
)


def out_of_memory(evidence: Evidence) -> tuple[Cause, Finding] | None:
    """The kind of memory that ran out, if any did: the one rule of that, for runs through Livy and for steps."""
    causes = [cause for cause in CAUSES if cause.find in causes_memory.OUT_OF_MEMORY]
    return next(iter(ranked(evidence, causes)), None)


def ranked(evidence: Evidence, causes: Sequence[Cause] = CAUSES) -> list[tuple[Cause, Finding]]:
    """What the causes find, the most likely first; nothing where none knows the failure."""
    found = [(cause, finding) for cause in causes if (finding := cause.find(evidence))]
    return sorted(found, key=lambda each: (each[0].is_consequence, not each[1].is_decisive))
