"""Submits experiments to a cluster as EMR steps, each with the code and the notebooks of exactly this version."""

from collections.abc import Sequence
from typing import Any

import boto3

from launcher.emr.clusters import ACTIVE, PYTHON, Cluster, ClusterNotReady
from launcher.emr.steps import SCORING
from launcher.emr.watching import patiently
from launcher.experiment.claims import release
from launcher.experiment.plan import Plan
from launcher.experiment.submitted import StepFiles
from launcher.support import aws
from launcher.support.endpoint import LIVY_PORT
from launcher.support.files import files_at
from launcher.support.packaging import Archive, upload_project
from lib.errors import InputError

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
    steps = []
    for plan in plans:
        out = plan.parameters.out
        archive = upload_project(files_at(out), out)
        step_files = StepFiles.of(out, plan.run_id)
        step_files.submit(plan)
        release(plan)  # the step claims its id where it runs
        steps.append(_step(plan, archive, step_files.folder, session.region_name or ""))
    # A request that timed out may have been carried out: it is not sent twice.
    emr = aws.client("emr", session, attempts=1)

    def add() -> list[str]:
        with aws.translated_errors(f"cannot submit to cluster {cluster_id}"):
            return list(emr.add_job_flow_steps(JobFlowId=cluster_id, Steps=steps)["StepIds"])

    return patiently(add, passing=aws.AwsBusy)


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
