"""How far a failed step or cluster came, and what to look at next where no cause is known."""

import re
from dataclasses import dataclass

from launcher.emr.diagnosis.evidence import OF_STEP, Evidence, with_commands


@dataclass(frozen=True)
class Stage:
    """A stage: its name, what lines or logs show that it was reached, and where to look when it ends in it."""

    name: str
    lines: str
    logs: str
    looks: tuple[str, ...]

    def look_next(self, evidence: Evidence) -> tuple[str, ...]:
        """Where to look next, with the commands for the cluster at hand."""
        return tuple(with_commands(each, evidence) for each in self.looks)


# The last stage first: the one that was reached is the first that shows.
_STAGES = (
    Stage(
        "writing",
        r"Aborting job|FileFormatWriter|FileOutputCommitter|commitJob|InsertIntoHadoopFs|Data source write",
        r"^$",
        (
            "look at the first error of the tasks that wrote: {cluster logs APPLICATION}",
            "check the place that was written to: whether the role may write and delete there, and whether it existed",
        ),
    ),
    Stage(
        "executors",
        r"Lost task|TaskSetManager|ExecutorLost|Lost executor|Executor task launch|Job aborted due to stage failure",
        r"/containers/.*_(?!000001)\d{6}/",
        (
            "read the logs of the executors that failed first, their end and their stdout: {cluster logs APPLICATION}",
            "look in Spark's history for the stage, and for executors that were removed and why: {cluster ui}",
        ),
    ),
    Stage(
        "driver",
        r"ApplicationMaster\b|User class threw|^Traceback|Py4J|SparkContext|User application exited",
        r"_000001/",
        (
            "read the driver's log, stdout too: {cluster logs APPLICATION} in cluster mode, {cluster logs STEP} in "
            "client mode",
            "run the same code on a sample of the data on one machine (--target local), where the whole error shows",
        ),
    ),
    Stage(
        "waiting for room",
        r"waiting for (AM|resources)|state: ACCEPTED|not accepted any resources|not (yet )?activated",
        r"^$",
        (
            "see what holds the cluster's memory and cores: {cluster ui}, {sessions}",
            "end what is not needed, ask for less (spark.executor.memory, spark.executor.instances), or add nodes "
            "(cluster resize)",
        ),
    ),
    Stage(
        "submission",
        r"spark-submit|SparkSubmit|deploy\.yarn\.Client|\bClient:|command-runner|Command exiting",
        r"/steps/",
        (
            "read all of the step's logs, controller and stderr: {cluster logs STEP}",
            "check the step's arguments and that its files are where they say: {cluster step STEP}",
        ),
    ),
    Stage(
        "bootstrap",
        r"(?i)bootstrap[ -]action",
        r"/bootstrap-actions/",
        (
            "read the bootstrap logs of all nodes, the end of each: {cluster logs --bootstrap}",
            "run the script's last command by hand on a node, or on Amazon Linux of the same version",
        ),
    ),
    Stage(
        "cluster start",
        r"\bTERMINAT(ED|ING)\b|TERMINATED_WITH_ERRORS|VALIDATION_ERROR|StateChangeReason",
        r"^$",
        (
            "read the bootstrap logs of its nodes, if any came so far: {cluster logs --bootstrap}, and what installed "
            "the applications after them, under node/NODE/provision-node: {cluster logs}",
            "check the network of its subnet: without a way to S3 and to EMR's service (NAT, or VPC endpoints) nodes "
            "start and are never ready; then the service role and the security groups: {cluster check}",
        ),
    ),
)


def stage_of(evidence: Evidence) -> Stage | None:
    """The last stage that shows; None where the logs speak of none."""
    ended_by_itself = evidence.step is None and not any(source.is_any for source in evidence.sources)
    stages = _STAGES[-2:] if ended_by_itself else _STAGES
    return next((stage for stage in stages if _shows(stage, evidence)), None)


def _shows(stage: Stage, evidence: Evidence) -> bool:
    if any(re.search(stage.logs, source.name) and source.lines for source in evidence.sources):
        return True
    spoken = (source for source in evidence.sources if source.name != OF_STEP)
    wanted = re.compile(stage.lines)
    return any(wanted.search(line.text) for source in spoken for line in source.lines)
