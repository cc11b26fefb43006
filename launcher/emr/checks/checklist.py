"""The checklist for a cluster: what must be right before an experiment costs money.

The checks are small functions with a name. They wait for AWS side by side; what they found is told in a fixed order,
and one that cannot look, or breaks, is a line of its own and no end of the others.
"""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import boto3
from rich.console import Console

from launcher.emr.checks import access, catalogue, data, memory
from launcher.emr.checks import cluster as checks_cluster
from launcher.emr.checks.subject import CheckResult, Level, Subject, fail, warning
from launcher.emr.clusters import describe
from launcher.experiment.plan import Plan
from launcher.support import aws
from launcher.support.console import say
from launcher.support.masking import masked_text
from lib.errors import ExperimentError, InputError

Check = Callable[[Subject], CheckResult]

CHECKS: Mapping[str, Check] = {
    "state": checks_cluster.state,
    "release": checks_cluster.release,
    "applications": checks_cluster.applications,
    "bootstrap": checks_cluster.bootstrap,
    "memory": memory.memory,
    "code": data.code,
    "data": data.data,
    "catalogue": catalogue.catalogue,
    "output": data.output,
    "nodes' role": access.nodes_role,
    "region": data.region,
    "security groups": checks_cluster.security_groups,
    "public access": checks_cluster.public_access,
    "auto-termination": checks_cluster.auto_termination,
    "logs": checks_cluster.logs,
    "budget": checks_cluster.budget,
}


class ClusterNotFit(InputError):
    """An experiment would fail on this cluster, or the cluster is open to others; carries the failed checks."""

    def __init__(self, cluster_id: str, failed: Sequence[CheckResult]):
        self.cluster_id, self.failed = cluster_id, tuple(failed)
        lines = "".join(f"\n  {each}" for each in failed)
        super().__init__(f"cluster {cluster_id} cannot run this experiment (--no-check skips the checks):{lines}")


def run(subject: Subject, checks: Mapping[str, Check]) -> list[CheckResult]:
    """Run all checks concurrently; the results are in the order of `checks`."""
    with ThreadPoolExecutor(len(checks)) as pool:
        findings = {name: pool.submit(_finding, check, subject) for name, check in checks.items()}
        try:
            return [replace(future.result(), name=name) for name, future in findings.items()]
        finally:
            subject.stopped.set()  # after Ctrl-C nobody waits for the checks any more


def worst(results: Sequence[CheckResult]) -> Level:
    """The level of a whole checklist."""
    return max((each.level for each in results), key=list(Level).index, default=Level.OK)


def check_before_submission(plan: Plan, session: boto3.Session, console: Console) -> None:
    """Run the checklist for an experiment about to go to the cluster it names; warnings are printed, a line each.

    Raises:
        ClusterNotFit: something would make it fail, or the cluster is open to the world.
    """
    cluster_id = plan.parameters.cluster.id
    with console.status(f"Checking cluster {cluster_id} …"):
        cluster = describe(aws.client("emr", session), cluster_id)
        # The submission itself uploads the code.
        checks = {name: check for name, check in CHECKS.items() if name != "code"}
        results = run(Subject(cluster, plan.parameters, session), checks)
    for each in results:
        if each.level == Level.WARNING:
            say(masked_text(f"Warning, {each}"), console, "yellow")
    failed = [each for each in results if each.level == Level.FAIL]
    if failed:
        raise ClusterNotFit(cluster_id, failed)


def _finding(check: Check, subject: Subject) -> CheckResult:
    try:
        return check(subject)
    except aws.AwsRefused as error:
        return warning(f"could not be checked: {error}")
    except InputError as error:
        return fail(str(error))
    except ExperimentError as error:
        return warning(f"could not be checked: {error}")
    except Exception as error:
        return warning(f"the check itself failed: {type(error).__name__}: {error}", "report this")
