"""Submits experiments to a cluster as EMR steps, each with the code and the notebooks of exactly this version."""

from collections.abc import Sequence
from typing import Any

import boto3

from launcher.detached.repeats import is_repeatable, step_after_lost_answer, submitted_step
from launcher.emr.clusters import ACTIVE, PYTHON, Cluster, ClusterNotReady
from launcher.emr.steps import SCORING
from launcher.experiment.claims import release
from launcher.experiment.plan import Plan
from launcher.experiment.submitted import StepFiles
from launcher.support import aws
from launcher.support.command_lines import command_line
from launcher.support.endpoint import LIVY_PORT
from launcher.support.files import files_at
from launcher.support.interrupts import Interrupted
from launcher.support.packaging import Archive, upload_project
from launcher.support.watching import patiently
from lib.errors import ExperimentError, InputError

LIVY_URL = f"http://localhost:{LIVY_PORT}"
# On one line, because it travels as an argument: fetch the project, verify its hash, and run it.
_BOOTSTRAP = "; ".join(
    [
        "import boto3, hashlib, io, sys, tempfile, zipfile",
        "place, digest, *rest = sys.argv[1:]",
        "bucket, key = place.split('://', 1)[1].split('/', 1)",
        "archive = boto3.client('s3').get_object(Bucket=bucket, Key=key)['Body'].read()",
        "hashlib.sha256(archive).hexdigest() == digest or sys.exit(place + ' is not what was submitted: submit again')",
        "folder = tempfile.TemporaryDirectory(prefix='experiment-')",
        "zipfile.ZipFile(io.BytesIO(archive)).extractall(folder.name)",
        "sys.path[0] = folder.name",
        "from launcher.detached.on_the_node import main",
        "sys.exit(main(*rest))",
    ]
)


def require_usable(cluster: Cluster) -> None:
    """Refuse a cluster that cannot accept an experiment; one that is starting accepts it and runs it later.

    Raises:
        InputError: it is ending or gone, or has no Livy.
    """
    if cluster.life.state not in ACTIVE:
        raise ClusterNotReady(cluster.id, cluster.life.state, cluster.life.reason)
    if "Livy" not in cluster.applications:
        has = ", ".join(cluster.applications) or "nothing"
        raise InputError(f"cluster {cluster.id} has no Livy (it has {has}): create one with Livy")


def submit(session: boto3.Session, cluster_id: str, plans: Sequence[Plan]) -> list[str]:
    """Send experiments, of which each may wait for the one before; return the ids of their steps.

    Raises:
        InputError: this user may not, or the cluster takes no steps.
        ExperimentError: S3 or EMR cannot, or AWS has had no time for it for ten minutes.
    """
    if is_repeatable(plans[0]) and (there := submitted_step(aws.client("emr", session), plans[0])):
        return [there]  # by another process, just before this one got the id
    # A request that timed out may have been carried out: it is not sent twice.
    emr = aws.client("emr", session, attempts=1)
    steps = [_prepared(plan, session.region_name or "") for plan in plans]

    def add() -> list[str]:
        with aws.translated_errors(f"cannot submit to cluster {cluster_id}"):
            return list(emr.add_job_flow_steps(JobFlowId=cluster_id, Steps=steps)["StepIds"])

    try:
        step_ids = patiently(add, passing=aws.AwsBusy)
    except aws.AwsBusy:  # it was not carried out
        raise
    except Interrupted as stop:
        stop.add_note(_not_known(plans))
        raise
    except aws.AwsUnavailable as lost:
        step_ids = _carried_out(session, plans, lost)
    for plan, step_id in zip(plans, step_ids, strict=True):
        StepFiles.of(plan.parameters.out, plan.run_id).note_step(cluster_id, step_id)
        release(plan)
    return step_ids


def _prepared(plan: Plan, region: str) -> dict[str, Any]:
    """A step, for which all that it will read is in place."""
    out = plan.parameters.out
    archive = upload_project(files_at(out), out)
    step_files = StepFiles.of(out, plan.run_id)
    step_files.submit(plan)
    return _step(plan, archive, step_files.folder, region)


def _carried_out(session: boto3.Session, plans: Sequence[Plan], lost: aws.AwsUnavailable) -> list[str]:
    """The steps of a request whose answer was lost; its error, if they are not there or cannot be looked for."""
    emr = aws.client("emr", session)
    try:
        found = [step_after_lost_answer(emr, plan) for plan in plans]
    except ExperimentError:
        found = []
    if not found or not all(found):
        lost.add_note(_not_known(plans))
        raise lost
    return found


def _not_known(plans: Sequence[Plan]) -> str:
    """What to do where it is not known whether steps were added."""
    if len(plans) == 1:
        remedy = f"the same command with --run-id {plans[0].run_id} looks for it before it submits"
        return f"Whether EMR has the step is not known: {remedy}."
    look = command_line("cluster", "steps", cluster=plans[0].cluster_id)
    return f"Whether EMR has the steps is not known: look before you submit again: {look}"


def set_step_concurrency(session: boto3.Session, cluster_id: str, steps: int) -> None:
    """Let a cluster run this many steps at the same time."""
    emr = aws.client("emr", session)
    with aws.translated_errors(f"cannot set the step concurrency of cluster {cluster_id}"):
        emr.modify_cluster(ClusterId=cluster_id, StepConcurrencyLevel=steps)


def _step(plan: Plan, archive: Archive, folder: str, region: str) -> dict[str, Any]:
    # EMR's nodes know their region, boto3 there does not.
    region_there = ["env", f"AWS_DEFAULT_REGION={region}"] if region else []
    args = [*region_there, PYTHON, "-c", _BOOTSTRAP, archive.place, archive.digest, f"{folder}/", LIVY_URL]
    return {
        "Name": f"{SCORING if plan.is_scoring else 'experiment '}{plan.run_id}",
        # The next run in the queue does not depend on this one.
        "ActionOnFailure": "CONTINUE",
        "HadoopJarStep": {"Jar": "command-runner.jar", "Args": args},
    }
