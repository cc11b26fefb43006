"""Causes of failure in YARN and between a cluster's services: what ended, refused or could not be reached."""

from launcher.emr.diagnosis.evidence import Evidence, Finding, proven, told_by
from launcher.support.command_lines import command_line
from launcher.support.endpoint import HISTORY_PORT, LIVY_PORT

# The services of a cluster by their ports, and how each is called.
_PORTS = {
    "8020": ("HDFS's name node", "hadoop-hdfs-namenode"),
    "9000": ("HDFS's name node", "hadoop-hdfs-namenode"),
    "8032": ("YARN's ResourceManager", "hadoop-yarn-resourcemanager"),
    "8030": ("YARN's ResourceManager", "hadoop-yarn-resourcemanager"),
    "8025": ("YARN's ResourceManager", "hadoop-yarn-resourcemanager"),
    "9083": ("Hive's metastore", "hive-hcatalog-server"),
    "10000": ("HiveServer2", "hive-server2"),
    str(LIVY_PORT): ("Livy", "livy-server"),
    str(HISTORY_PORT): ("Spark's history server", "spark-history-server"),
}


# An application that somebody ended.
application_killed = told_by(
    r"finished with killed status|\(state: KILLED\)|final status: KILLED|was killed by user (?P<user>\w+)|"
    r"Application (has been )?killed by user",
    "the YARN application was killed from outside: by somebody, or by a step that was cancelled",
    "yarn application -status APPLICATION on the primary node says by whom; so does YARN's page: {cluster ui}",
    "submit it again; an experiment goes on with --resume",
)

# Another queue, or a larger application, took the containers.
preempted = told_by(
    r"[Ee]xit ?([Ss]tatus|[Cc]ode):? -102\b|[Cc]ontainer preempted|preempted by (the )?scheduler",
    "YARN took containers away for another queue or application (preemption)",
    "run it when the cluster is less busy, in a queue of more capacity (spark.yarn.queue), or add nodes",
)

# YARN knows no such queue, or does not let the user in.
wrong_queue = told_by(
    r"(submitted|submit .*) (by user \S+ )?to (an )?unknown queue:? ?(?P<queue>\S+)?|queue (?P<named>\S+) (doesn't|"
    r"does not) exist|"
    r"cannot submit applications? to queue (?P<refused>\S+)",
    "YARN has no such queue, or does not let this user submit to it",
    "set spark.yarn.queue (--queue) to a queue that the cluster has: yarn queue -status default on the primary node; "
    "EMR has default alone",
)

# The service on each node that keeps shuffled blocks.
shuffle_service = told_by(
    r"auxService:? ?spark_shuffle does not exist|Unable to register with external shuffle server",
    "the nodes' shuffle service for Spark does not run or does not answer",
    "EMR starts it by itself: take what replaces yarn.nodemanager.aux-services out of the cluster's yarn-site, or keep "
    "spark_shuffle in it",
    "or go without it: spark.shuffle.service.enabled=false and spark.dynamicAllocation.enabled=false",
)

# No Kerberos ticket.
no_ticket = told_by(
    r"GSSException: No valid credentials|Failed to find any Kerberos (tgt|credential)|Can't get Master Kerberos "
    r"principal|"
    r"Client cannot authenticate via:\s?\[TOKEN, KERBEROS\]",
    "the cluster asks for a Kerberos ticket, and the program has none",
    "get one first (kinit), or give spark-submit --principal and --keytab; steps of such a cluster need a runtime role",
)

# A port that is taken, or an address that is not the node's.
no_port = told_by(
    # Until it gives up, Spark tries one port after the other.
    r"BindException: .*(Address already in use|Cannot assign requested address)|"
    r"could not bind on (a random free )?port(?!.*Attempting)",
    "Spark could not open a port on its node: it is in use, or the address is not the node's own",
    "end what uses it, or let Spark choose (spark.ui.port=0, spark.port.maxRetries=64); many sessions on one node "
    "take many",
    "if it is the address, take spark.driver.host, spark.driver.bindAddress and SPARK_LOCAL_IP out of the settings",
)

# An object that cannot be sent to executors.
not_serializable = told_by(
    r"Task not serializable|NotSerializableException: (?P<class>[\w.$]+)",
    "the program sends executors an object that cannot be sent (not serializable)",
    "make that object inside the function that runs on executors, or mark it @transient lazy val; connections and "
    "sessions cannot be sent",
)

# YARN did not start the application's master, or it ended before the driver spoke with it.
application_ended = told_by(
    r"[Yy]arn application has already ended!",
    "YARN could not start the application's master, or ended it; no executor ever ran, and its own log says why",
    "read the log of its first container: {cluster logs APPLICATION}, or yarn logs -applicationId APPLICATION on the "
    "primary node",
    "mostly it is memory (spark.yarn.am.memory), a file that the nodes cannot fetch, or an option of Java's "
    "(spark.yarn.am.extraJavaOptions)",
)

# YARN could not fetch the files of a container.
files_not_fetched = told_by(
    r"[Ee]xit ?[Cc]ode: +-1000\b",
    "YARN could not bring the files of the application to a node (exit code -1000); the lines after it say which",
    "check the jars, archives and files that the step names, and that the nodes' role may read them",
    "files that begin with file: are on one node alone: put them in S3",
)


def unreachable_service(evidence: Evidence) -> Finding | None:
    """A service of the cluster, or a host, did not answer."""
    hit = evidence.first(
        r"Call From \S+ to (?P<host>[\w.-]+):(?P<port>\d+) failed on (connection|socket timeout|local) exception|"
        r"Retrying connect to server: (?P<server>[\w.-]+)/[\d.]+:(?P<its>\d+)\. Already tried (9|[1-9]\d) time|"
        r"Unable to connect to the server (?P<meta>[\w.-]+)"
    )
    if hit is None:
        return _unknown_host(evidence)
    host, port = hit.found["host"] or hit.found["server"] or hit.found["meta"], hit.found["port"] or hit.found["its"]
    service, unit = _PORTS.get(port or "", ("the service", "SERVICE"))
    return Finding(
        f"{service} at {host}{f':{port}' if port else ''} did not answer",
        proven(hit),
        (
            f"look whether it runs, on that node: systemctl status {unit}; its log says why it ended "
            f"({command_line('cluster', 'logs', 'NODE', cluster=evidence.cluster.id)})",
            "if the address is of another cluster, take it out of the settings (fs.defaultFS, hive.metastore.uris, a "
            "path that begins with hdfs://); between networks the security groups must let it through",
        ),
    )


def _unknown_host(evidence: Evidence) -> Finding | None:
    hit = evidence.first(r"UnknownHostException: \"?(?P<host>[\w.-]+)")
    if hit is None:
        return None
    return Finding(
        f"no node knows the host {hit.found['host']}",
        proven(hit),
        (
            "check its name: for a bucket that was written like a host, s3://BUCKET/… has two slashes, and hdfs:///… "
            "three",
            "names of the VPC need DNS resolution and DNS hostnames enabled in it; names of another network a rule in "
            "Route 53",
        ),
    )


# What YARN says of a container that it, or Spark, ended: Hadoop's ContainerExitStatus.
_ENDED = {
    "1": (
        "an executor ended by an error of its own (exit code 1)",
        "read the end of its stderr: {logs}",
    ),
    "-105": (
        "Spark's application master ended an executor",
        "the driver's log says why; dynamic allocation takes idle executors away, which is no failure: {logs}",
    ),
    "-106": (
        "YARN's ResourceManager ended an executor",
        "see whether somebody killed the application, and whether its node was being taken away: {logs}",
    ),
    "-107": (
        "an executor was ended because its application had ended before it",
        "see why the application ended, in the driver's log: {logs}",
    ),
    "-108": (
        "a node ended an executor to make room for a container with guaranteed resources",
        "run it again, or switch opportunistic containers off (yarn.resourcemanager.opportunistic-container-allocation"
        ".enabled)",
    ),
}


def executor_ended(evidence: Evidence) -> Finding | None:
    """YARN's exit code of an executor says who ended it, or that it ended by itself."""
    hit = evidence.first(
        r"(?:ExecutorLostFailure|Container (?:from a bad node|marked as failed)).*?"
        r"[Ee]xit ?(?:[Ss]tatus|[Cc]ode):? (?P<code>1|-10[5-8])\b"
    )
    if hit is None:
        return None
    sentence, remedy = _ENDED[hit.found["code"]]
    logs = command_line("cluster", "logs", "APPLICATION", cluster=evidence.cluster.id)
    return Finding(sentence, proven(hit), (remedy.format(logs=logs),))
