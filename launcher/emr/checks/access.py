"""Whether the role of a cluster's nodes may read the input and write the output: tested by a step if one can run.

A step tells nothing while it runs, and its log comes minutes later. So the program it runs (`access_probe`) leaves its
verdict below the output, from where it is fetched. What cannot be tried is read from the role's policies.
"""

import contextlib
import json
import time
import uuid
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from launcher.emr.checks import access_probe
from launcher.emr.checks.subject import CheckResult, Subject, fail, ok, warning
from launcher.emr.clusters import PYTHON
from launcher.emr.policies import needed_on, s3_arn, statements
from launcher.emr.steps import LIST_STEPS, PROBE_NAME, Step, describe_step, unfinished_if_told
from launcher.support import aws
from launcher.support.command_lines import command_line
from launcher.support.s3_files import S3Files
from lib.errors import ExperimentError, InputError
from lib.support.s3_uri import bucket_and_key

# An argument stays whole on one line, and a character of ASCII everywhere, so the program travels as JSON.
_RUN = "import json, sys; exec(json.loads(sys.argv.pop(1)))"
_LIMIT, _PAUSE = 90.0, 2.0  # seconds


def nodes_role(subject: Subject) -> CheckResult:
    """The nodes' role reads every input, and writes and removes below the output."""
    elsewhere = subject.not_in_s3("input_data", "out")
    if elsewhere:
        return elsewhere
    if not subject.probes:
        return _only_read(subject, "--no-probe")
    unfinished = unfinished_if_told(subject.client("emr"), subject.cluster.id)
    if unfinished is None:  # nobody knows how long a step would wait
        return _only_read(subject, f"the cluster's steps may not be listed, which needs {LIST_STEPS}")
    if not subject.cluster.is_ready or len(unfinished) >= subject.cluster.step_concurrency:
        return _only_read(subject, "no step can start now")
    verdict = f"{subject.parameters.out.rstrip('/')}/.probe-nodes-{uuid.uuid4().hex[:8]}.json"
    try:
        step = _run_probe(subject, verdict)
    except aws.AwsRefused as error:
        return _only_read(subject, str(error))
    files = S3Files(subject.client("s3"))
    text = files.read_text(verdict)
    if text is not None:
        with contextlib.suppress(ExperimentError):  # another check tests these credentials
            for left in (verdict, access_probe.tried(verdict)):
                files.remove(left)
        refused = json.loads(text)
        if refused:
            return _refused(subject, refused)
        return ok(f"step {step.id} read the input, and wrote and removed below the output")
    if step.is_unfinished:
        return _only_read(subject, f"step {step.id} did not end in {_LIMIT:.0f} s")
    return _of_failed_probe(subject, step)


def _run_probe(subject: Subject, verdict: str) -> Step:
    """Run the probe as a step, and wait for its end; what does not end in time is cancelled."""
    emr, cluster = subject.client("emr"), subject.cluster.id
    program = Path(access_probe.__file__).read_text(encoding="utf-8")
    arguments = [PYTHON, "-c", _RUN, json.dumps(program), subject.region, verdict, *subject.read]
    jar = {"Jar": "command-runner.jar", "Args": arguments}
    request = {"Name": PROBE_NAME, "ActionOnFailure": "CONTINUE", "HadoopJarStep": jar}
    with aws.translated_errors(f"cannot run a step on cluster {cluster}"):
        step_id = emr.add_job_flow_steps(JobFlowId=cluster, Steps=[request])["StepIds"][0]
    end = time.monotonic() + _LIMIT
    step = None
    try:
        while True:
            step = describe_step(emr, cluster, step_id)
            if not step.is_unfinished or time.monotonic() > end or subject.stopped.wait(_PAUSE):
                return step
    finally:
        if step is None or step.is_unfinished:
            with contextlib.suppress(ExperimentError), aws.translated_errors(f"cannot cancel step {step_id}"):
                emr.cancel_steps(ClusterId=cluster, StepIds=[step_id], StepCancellationOption="TERMINATE_PROCESS")


def _refused(subject: Subject, refused: Sequence[dict[str, str]]) -> CheckResult:
    found = "; ".join(f"{each['action']} on {each['uri']}: {each['message']}" for each in refused)
    return fail(f"the nodes' role is denied {found}", _remedy(subject, [(r["action"], r["uri"]) for r in refused]))


def _denied(subject: Subject, denied: Sequence[tuple[str, str]]) -> CheckResult:
    found = "; ".join(f"{action} on {uri}" for action, uri in denied)
    return fail(f"the policies of the nodes' role do not allow {found}", _remedy(subject, denied))


def _of_failed_probe(subject: Subject, step: Step) -> CheckResult:
    """The probe left no verdict: it may not write, or it never ran. The role's policies show which."""
    with contextlib.suppress(ExperimentError):
        denied = _simulated(subject)
        if denied:
            return _denied(subject, denied)
    why = step.failure.get("Message") or step.failure.get("Reason") or step.reason or "EMR gives no reason"
    found = f"step {step.id} is {step.state} and wrote nothing below {subject.parameters.out}: {why}"
    return fail(found, command_line("cluster", "diagnose", step.id, cluster=subject.cluster.id))


def _only_read(subject: Subject, why: str) -> CheckResult:
    denied = _simulated(subject)
    if denied:
        return _denied(subject, denied)
    found = f"its policies allow it; not tested by a step ({why}): a KMS key or a bucket policy may still deny it"
    return warning(found, "check again without --no-probe when no step is running")


def _simulated(subject: Subject) -> list[tuple[str, str]]:
    """Ask IAM what the role's policies say; returns the actions and places that they do not allow."""
    role, out = role_of_nodes(subject)["Arn"], subject.parameters.out.rstrip("/")
    objects = [uri if "." in uri.rsplit("/", 1)[-1] else f"{uri.rstrip('/')}/*" for uri in subject.read]
    asked = [("s3:ListBucket", uri) for uri in subject.read] + [("s3:GetObject", uri) for uri in objects]
    asked += [(action, f"{out}/*") for action in ("s3:PutObject", "s3:DeleteObject")]
    denied, partition = [], subject.client("s3").meta.partition
    with aws.translated_errors(f"cannot ask IAM about the role {role}"):
        for action, uri in asked:
            bucket, key = bucket_and_key(uri)
            # The simulator wants the name of an object, which any will do.
            resource = s3_arn(partition, bucket, "" if action == "s3:ListBucket" else key.replace("*", "any"))
            answer = subject.client("iam").simulate_principal_policy(
                PolicySourceArn=role, ActionNames=[action], ResourceArns=[resource]
            )
            if any(each["EvalDecision"] != "allowed" for each in answer["EvaluationResults"]):
                denied.append((action, uri))
    return denied


def _remedy(subject: Subject, refused: Sequence[tuple[str, str]]) -> str:
    """The role, and the statement that it lacks: on the bucket for what lists, on the object's folder for all else."""
    lacking, partition = [], subject.client("s3").meta.partition
    for action, uri in refused:
        lacking.append((action, needed_on(partition, action, *bucket_and_key(uri))))
    try:
        role = f"the role {role_of_nodes(subject)['RoleName']}"
    except ExperimentError:
        role = f"the role of the instance profile {subject.cluster.instance_profile}"
    return f"add to {role}: {statements(lacking)}"


def role_of_nodes(subject: Subject) -> dict[str, Any]:
    """The nodes' role, as IAM describes it.

    Raises:
        InputError: their instance profile has none, or may not be looked at.
    """
    # EMR gives the profile's name, or its ARN, as it was given.
    profile = subject.cluster.instance_profile.rsplit("/", 1)[-1]
    with aws.translated_errors(f"cannot look at the nodes' instance profile {profile}"):
        roles = subject.client("iam").get_instance_profile(InstanceProfileName=profile)["InstanceProfile"]["Roles"]
    if not roles:
        raise InputError(f"the nodes' instance profile {profile} has no role")
    return roles[0]
