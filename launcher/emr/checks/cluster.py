"""Checks of a cluster as it was created: state, software, network, and what keeps its cost in bounds."""

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from launcher.emr.checks.subject import CheckResult, Subject, fail, ok, warning
from launcher.emr.clusters import ACTIVE, IDLE_POLICY, PYTHON
from launcher.support import aws
from launcher.support.command_lines import aws_command, command_line
from launcher.support.console import duration
from launcher.support.endpoint import HISTORY_PORT, LIVY_PORT, YARN_PORT

if TYPE_CHECKING:
    from mypy_boto3_budgets import BudgetsClient

_NEEDED, _USEFUL = ("Spark", "Livy"), ("Hadoop", "JupyterEnterpriseGateway")
_BOOTSTRAP = "bootstrap.sh"
_WORLD = ("0.0.0.0/0", "::/0")
_PORTS = {22: "SSH", YARN_PORT: "YARN", LIVY_PORT: "Livy", HISTORY_PORT: "Spark History"}


def _make() -> str:
    return f"create a cluster with Terraform (infrastructure/) or {command_line('cluster', 'create')}"


def state(subject: Subject) -> CheckResult:
    """The cluster exists and accepts work."""
    cluster, life = subject.cluster, subject.cluster.life
    if cluster.is_ready:
        return ok(f"{life.state}: it takes work")
    if life.state in ACTIVE and not subject.parameters.cluster.runs_on.in_sessions:
        return warning(
            f"{life.state}: a step waits until the cluster has started", "nothing, or wait until it is WAITING"
        )
    reason = f" ({life.reason})" if life.reason else ""
    remedy = (
        "wait until it is WAITING" if life.state in ACTIVE else "use another cluster: give its id with --cluster-id"
    )
    return fail(f"{life.state}{reason}", remedy)


def release(subject: Subject) -> CheckResult:
    """An EMR release with Spark 3.5 and Python 3.11."""
    label = subject.cluster.release
    found = re.fullmatch(r"emr-(\d+)\.(\d+)\.\d+", label)
    if found is None or int(found[1]) > 7:
        return warning(
            f"{label or 'no release label'}: this release has not been tested; its Spark may not be 3.5", _make()
        )
    if (int(found[1]), int(found[2])) < (7, 1):
        return fail(f"{label} has no Python 3.11", f"{_make()}, with a release from emr-7.1.0 on")
    return ok(f"{label}: Spark 3.5, Python 3.11")


def applications(subject: Subject) -> CheckResult:
    """The programs that an experiment needs."""
    there = subject.cluster.applications
    missing = [name for name in _NEEDED if name not in there]
    if missing:
        return fail(f"{' and '.join(missing)} missing", f"applications are chosen when a cluster is created: {_make()}")
    absent = [name for name in _USEFUL if name not in there]
    if absent:
        needs = "notebooks in EMR Studio need JupyterEnterpriseGateway" if _USEFUL[1] in absent else _make()
        return warning(f"{' and '.join(absent)} missing; experiments run without it", needs)
    return ok(", ".join(f"{name} {version}".strip() for name, version in sorted(there.items())))


def bootstrap(subject: Subject) -> CheckResult:
    """Python and its packages were installed on the nodes when they started."""
    cluster = subject.cluster
    with aws.translated_errors(f"cannot list the bootstrap actions of {cluster.id}"):
        pages = subject.client("emr").get_paginator("list_bootstrap_actions").paginate(ClusterId=cluster.id)
        scripts = [action["ScriptPath"] for page in pages for action in page["BootstrapActions"]]
    ours = [script for script in scripts if script.rsplit("/", 1)[-1] == _BOOTSTRAP]
    if not scripts:
        return fail("no bootstrap action: the nodes lack Python 3.11 and its packages", _make())
    if not ours:
        return warning(f"none is {_BOOTSTRAP} ({', '.join(scripts)})", f"make sure that one of them installs {PYTHON}")
    if cluster.life.state in ACTIVE and not cluster.is_ready:
        return warning(f"{ours[0]} has not ended yet", "nothing: the cluster is WAITING when it has finished")
    if cluster.has_ended:
        return warning(f"{ours[0]}; EMR does not report whether it succeeded", "see `cluster diagnose`")
    return ok(f"done: {ours[0]}")


def auto_termination(subject: Subject) -> CheckResult:
    """The cluster terminates by itself if it is forgotten."""
    cluster = subject.cluster
    if cluster.auto_termination_seconds is not None:
        return ok(f"terminates after {duration(cluster.auto_termination_seconds)} idle")
    if IDLE_POLICY in cluster.not_told:
        return warning(f"could not be checked: needs the right {IDLE_POLICY}", "allow it to this user or role")
    if cluster.ends_after_steps:
        return ok("terminates after its last step")
    command = command_line("cluster", "set", "--idle-timeout", "3600", cluster=cluster.id)
    return warning("not set: the cluster costs money until somebody terminates it", command)


def logs(subject: Subject) -> CheckResult:
    """There will be logs to read if a run fails."""
    if subject.cluster.log_uri:
        return ok(subject.cluster.log_uri)
    return warning("no logs are kept: `cluster diagnose` will have little to read", f"{_make()}, with a log place")


def security_groups(subject: Subject) -> CheckResult:
    """Nobody outside can reach a port of the nodes: Livy, YARN and Spark ask for no password."""
    ids = list(subject.cluster.security_groups)
    if not ids:
        return warning("EMR names no security group of this cluster", "check its nodes in EC2")
    with aws.translated_errors(f"cannot look at the security groups {', '.join(ids)}"):
        groups = subject.client("ec2").describe_security_groups(GroupIds=ids)["SecurityGroups"]
    open_rules = [(group["GroupId"], *rule) for group in groups for rule in _open_to_the_world(group)]
    if not open_rules:
        return ok(f"{len(ids)} closed to the internet")
    found = "; ".join(f"{group} allows {source} to connect to {_ports(rule)}" for group, rule, source in open_rules)
    commands = "; ".join(_revocation(*each) for each in open_rules)
    return fail(found, f"remove the rules and use --reach ssm: {commands}")


def public_access(subject: Subject) -> CheckResult:
    """The account refuses clusters whose security groups are open."""
    with aws.translated_errors("cannot look at EMR's block public access"):
        answer = subject.client("emr").get_block_public_access_configuration()
    blocked = answer["BlockPublicAccessConfiguration"]
    ranges = blocked.get("PermittedPublicSecurityGroupRuleRanges", [])
    allowed = [(each["MinRange"], each.get("MaxRange", each["MinRange"])) for each in ranges]
    more = [f"{low}-{high}" if low != high else str(low) for low, high in allowed if (low, high) != (22, 22)]
    remedy = "turn it on in the EMR console under Block public access, with port 22 as the only exception"
    if not blocked.get("BlockPublicSecurityGroupRules"):
        return warning("off: this account may create clusters that are open to the internet", remedy)
    return warning(f"on, but not for ports {', '.join(more)}", remedy) if more else ok("on for this account")


def budget(subject: Subject) -> CheckResult:
    """Somebody is notified if the account spends more than intended."""
    with aws.translated_errors("cannot look at the account's budgets"):
        account = subject.client("sts").get_caller_identity()["Account"]
        client = subject.client("budgets")
        pages = client.get_paginator("describe_budgets").paginate(AccountId=account)
        budgets = [each for page in pages for each in page.get("Budgets", []) if each["BudgetType"] == "COST"]
        for each in budgets:
            alerts = _alerts(client, account, each["BudgetName"])
            if alerts:
                limit = each.get("BudgetLimit", {})
                amount = f"{float(limit.get('Amount', 0)):,.0f} {limit.get('Unit', '')}"
                return ok(f"{each['BudgetName']}: {amount} {each['TimeUnit'].lower()}, mail at {', '.join(alerts)}")
    found = "no cost budget" if not budgets else "no budget has an alert with a recipient"
    return warning(found, "Terraform can create one (infrastructure/budget.tf: budget_emails), or use AWS Budgets")


def _alerts(client: "BudgetsClient", account: str, name: str) -> list[str]:
    """The thresholds of a budget's alerts that have a recipient."""
    named: Any = {"AccountId": account, "BudgetName": name}
    reached = []
    for alert in client.describe_notifications_for_budget(**named).get("Notifications", []):
        answer = client.describe_subscribers_for_notification(**named, Notification=alert)
        if answer.get("Subscribers"):
            unit = " %" if alert.get("ThresholdType", "PERCENTAGE") == "PERCENTAGE" else ""
            reached.append((alert["Threshold"], f"{alert['Threshold']:g}{unit}"))
    return [text for _, text in sorted(reached)]


def _open_to_the_world(group: dict[str, Any]) -> Iterator[tuple[dict[str, Any], str]]:
    for rule in group["IpPermissions"]:
        sources = [each["CidrIp"] for each in rule.get("IpRanges", [])]
        sources += [each["CidrIpv6"] for each in rule.get("Ipv6Ranges", [])]
        yield from ((rule, source) for source in sources if source in _WORLD)


def _ports(rule: dict[str, Any]) -> str:
    if "FromPort" not in rule or rule["FromPort"] == -1:
        return "every port"
    low, high = rule["FromPort"], rule["ToPort"]
    known = [f"{name} ({port})" for port, name in _PORTS.items() if low <= port <= high]
    if low == high:
        return known[0] if known else f"port {low}"
    return f"ports {low}-{high}" + (f" with {', '.join(known)}" if known else "")


def _revocation(group: str, rule: dict[str, Any], source: str) -> str:
    ports = f"FromPort={rule['FromPort']},ToPort={rule['ToPort']}," if "FromPort" in rule else ""
    ranges = f"Ipv6Ranges=[{{CidrIpv6={source}}}]" if ":" in source else f"IpRanges=[{{CidrIp={source}}}]"
    permission = f"IpProtocol={rule['IpProtocol']},{ports}{ranges}"
    return aws_command("ec2", "revoke-security-group-ingress", "--group-id", group, "--ip-permissions", permission)
