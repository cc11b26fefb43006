"""Each check of a cluster as it was made: green, and everything else."""

import boto3
import pytest
from moto.core import DEFAULT_ACCOUNT_ID as ACCOUNT_ID
from moto.emr.models import emr_backends

from launcher.emr.checks import cluster as checks_cluster
from launcher.emr.checks.subject import CheckResult, ok
from tests.aws.moto_server import REGION, moto_server
from tests.launcher.emr.checks.subjects import make_cluster, make_security_group, subject

pytestmark = pytest.mark.usefixtures("emr")


def _tcp(low: int, high: int, **source: object) -> dict:
    return {"IpProtocol": "tcp", "FromPort": low, "ToPort": high, **source}


WORLD = {"IpRanges": [{"CidrIp": "0.0.0.0/0"}]}


def test_a_cluster_as_the_project_makes_it_passes():
    this = subject(make_cluster())
    assert checks_cluster.state(this) == ok("WAITING: it takes work")
    assert checks_cluster.release(this) == ok("emr-7.13.0: Spark 3.5, Python 3.11")
    assert checks_cluster.applications(this).level == "ok"
    assert checks_cluster.bootstrap(this) == ok("done: s3://bucket/bootstrap/bootstrap.sh")
    assert checks_cluster.auto_termination(this) == ok("terminates after 1 h 00 min idle")
    assert checks_cluster.logs(this) == ok("s3://bucket/logs/emr/")
    assert checks_cluster.security_groups(this) == ok("1 closed to the internet")


def test_a_cluster_that_has_ended_fails(emr):
    cluster = make_cluster()
    emr.terminate_job_flows(JobFlowIds=[cluster])
    found = checks_cluster.state(subject(cluster))
    assert (found.level, found.remedy) == ("fail", "use another cluster: give its id with --cluster-id")
    assert found.found.startswith("TERMINATED")


@pytest.mark.parametrize(("target", "level"), [("step", "warning"), ("livy", "fail")])
def test_a_cluster_that_starts_takes_steps_but_no_sessions(target, level):
    cluster = make_cluster()
    emr_backends[ACCOUNT_ID][REGION].clusters[cluster].state = "STARTING"
    this = subject(cluster, cluster={"target": target})
    assert (checks_cluster.state(this).level, checks_cluster.bootstrap(this).level) == (level, "warning")


@pytest.mark.parametrize(
    ("release", "level"),
    [("emr-6.15.0", "fail"), ("emr-7.0.0", "fail"), ("emr-7.1.0", "ok"), ("emr-spark-8.0.0", "warning")],
)
def test_the_release_decides_the_python(release, level):
    assert checks_cluster.release(subject(make_cluster(ReleaseLabel=release))).level == level


def test_programs_that_are_missing_are_named():
    spark = subject(make_cluster(Applications=[{"Name": "Spark"}, {"Name": "Hadoop"}]))
    assert checks_cluster.applications(spark).found == "Livy missing"
    assert checks_cluster.applications(spark).level == "fail"
    without = subject(make_cluster(Applications=[{"Name": "Spark"}, {"Name": "Livy"}, {"Name": "Hadoop"}]))
    found = checks_cluster.applications(without)
    assert (found.level, found.found) == ("warning", "JupyterEnterpriseGateway missing; experiments run without it")


def test_nodes_without_our_python_are_told_apart():
    assert checks_cluster.bootstrap(subject(make_cluster(BootstrapActions=[]))).level == "fail"
    other = {"Name": "x", "ScriptBootstrapAction": {"Path": "s3://bucket/own.sh"}}
    found = checks_cluster.bootstrap(subject(make_cluster(BootstrapActions=[other])))
    assert (found.level, found.found) == ("warning", "none is bootstrap.sh (s3://bucket/own.sh)")


def test_what_nobody_would_notice_is_a_warning():
    this = subject(make_cluster(AutoTerminationPolicy={}, LogUri=""))
    assert checks_cluster.logs(this).level == "warning"
    found = checks_cluster.auto_termination(this)
    assert found.level == "warning"
    assert found.remedy.endswith(f"cluster set --idle-timeout 3600 --cluster-id {this.cluster.id}")


@pytest.mark.parametrize(
    ("rule", "what", "remedy"),
    [
        (_tcp(8998, 8998, **WORLD), "allows 0.0.0.0/0 to connect to Livy (8998)", "IpRanges=[{CidrIp=0.0.0.0/0}]"),
        (
            _tcp(22, 22, Ipv6Ranges=[{"CidrIpv6": "::/0"}]),
            "allows ::/0 to connect to SSH (22)",
            "Ipv6Ranges=[{CidrIpv6=::/0}]",
        ),
        (
            _tcp(8000, 9000, **WORLD),
            "allows 0.0.0.0/0 to connect to ports 8000-9000 with YARN (8088), Livy (8998)",
            "ToPort=9000",
        ),
        (_tcp(1234, 1234, **WORLD), "allows 0.0.0.0/0 to connect to port 1234", "FromPort=1234"),
        ({"IpProtocol": "-1", **WORLD}, "allows 0.0.0.0/0 to connect to every port", "IpProtocol=-1"),
    ],
)
def test_a_port_that_is_open_to_the_world_fails(rule, what, remedy):
    group = make_security_group(rule)
    found = checks_cluster.security_groups(subject(make_cluster(group=group)))
    assert (found.level, found.found) == ("fail", f"{group} {what}")
    assert f"revoke-security-group-ingress --group-id {group}" in found.remedy
    assert remedy in found.remedy


def test_a_network_of_ones_own_is_not_the_world():
    group = make_security_group(_tcp(8998, 8998, IpRanges=[{"CidrIp": "10.0.0.0/8"}]))
    assert checks_cluster.security_groups(subject(make_cluster(group=group))).level == "ok"


def test_the_accounts_own_guard_is_looked_at(emr):
    this = subject(make_cluster())
    assert checks_cluster.public_access(this).found.startswith("off: ")
    ssh = {"MinRange": 22, "MaxRange": 22}
    for ports, expected in (
        ([ssh], ok("on for this account")),
        ([ssh, {"MinRange": 8000, "MaxRange": 9000}], "on, but not for ports 8000-9000"),
    ):
        emr.put_block_public_access_configuration(
            BlockPublicAccessConfiguration={
                "BlockPublicSecurityGroupRules": True,
                "PermittedPublicSecurityGroupRuleRanges": ports,
            }
        )
        found = checks_cluster.public_access(this)
        assert expected in (found, found.found)


def test_a_budget_counts_when_somebody_is_told(monkeypatch):
    with moto_server() as empty:  # of an account without budgets
        monkeypatch.setenv("AWS_ENDPOINT_URL", empty)
        this = subject(make_cluster())
        assert _budget(this).found == "no cost budget"
        _make_budget("silent")
        assert _budget(this).found == "no budget has an alert with a recipient"
        _make_budget("monthly", {"SubscriptionType": "EMAIL", "Address": "someone@example.org"})
        assert _budget(this) == ok("monthly: 100 USD monthly, mail at 50 %, 100 %")


def _budget(this) -> CheckResult:
    found = checks_cluster.budget(this)
    assert found.level == ("ok" if found.remedy == "" else "warning")
    return found


def _make_budget(name: str, *subscribers: dict) -> None:
    budget = {"BudgetName": name, "BudgetLimit": {"Amount": "100", "Unit": "USD"}, "BudgetType": "COST"}
    alert = {"NotificationType": "ACTUAL", "ComparisonOperator": "GREATER_THAN", "ThresholdType": "PERCENTAGE"}
    boto3.client("budgets").create_budget(
        AccountId=ACCOUNT_ID,
        Budget={**budget, "TimeUnit": "MONTHLY"},
        NotificationsWithSubscribers=[
            {"Notification": {**alert, "Threshold": share}, "Subscribers": list(subscribers)} for share in (100, 50)
        ]
        if subscribers
        else [],
    )
