"""`cluster create`, `resize` and `terminate`, as a user types them."""

import json
import re
import time
from types import SimpleNamespace

import boto3
import pytest
from botocore.exceptions import ReadTimeoutError
from moto.backends import get_backend
from typer.testing import CliRunner

from launcher.cli import app
from launcher.emr.clusters import describe
from launcher.emr.design import DESIGN
from launcher.emr.lifecycle import create
from launcher.emr.lifecycle.bootstrap import REQUIREMENTS
from launcher.emr.lifecycle.request import EMR_TAG, NewCluster, Surroundings, settings
from launcher.support import watching
from launcher.support.aws import AwsUnavailable
from launcher.support.project import PROJECT
from lib.errors import InputError
from tests.aws.clusters import made_cluster
from tests.aws.steps import PYTHON
from tests.launcher.commands.conftest import ACCOUNT
from tests.launcher.requests import request

SLEEP = (PYTHON, "-c", "import time; time.sleep(60)")


def run(*words: str, expect: int = 0, answer: str | None = None) -> str:
    """What a command says; on stderr where it fails."""
    done = CliRunner().invoke(app, ["cluster", *words], input=answer)
    assert done.exit_code == expect, done.output
    return " ".join(done.stderr.split()) if expect else done.stdout


def model(cluster_id):
    """Moto's own cluster, whose state a test may set."""
    return get_backend("emr")[ACCOUNT]["us-east-1"].clusters[cluster_id]


@pytest.fixture
def cluster_id(emr):
    return emr.run_job_flow(**request())["JobFlowId"]


@pytest.fixture
def quick(monkeypatch):
    """No pauses; what is put here is called in the place of each."""
    happens = []
    clock = SimpleNamespace(sleep=lambda seconds: happens.pop(0)() if happens else None, monotonic=time.monotonic)
    monkeypatch.setattr(watching, "time", clock)
    return happens


def test_create_makes_the_cluster_that_terraform_makes(account, emr, quick):
    said = run("create", "--wait")
    cluster_id = re.search(r"j-\w+", said).group()
    assert "It terminates after 1 h 00 min idle" in said
    assert "WAITING" in said
    assert f"run_experiment.py --cluster-id {cluster_id}" in said
    # By hand, of the project's table: EC2, EMR's quarter, gp3 disks of 730 hours a month.
    hour = (0.192 + 2 * 0.384) * 1.25 + (64 + 2 * 256 + 3 * describe(emr, cluster_id).root_gb) * 0.08 / 730
    assert f"It costs about {hour:.2f} USD an hour" in said
    cluster = describe(emr, cluster_id)
    assert (cluster.name, cluster.release) == ("mineria-ml-cluster", "emr-7.13.0")
    assert {"Hadoop", "JupyterEnterpriseGateway", "Livy", "Spark"} == set(cluster.applications)
    assert [(each.instance_type, each.running, each.ebs_gb) for each in cluster.groups] == [
        ("m5.xlarge", 1, (64,)),
        ("m5.2xlarge", 2, (128, 128)),
    ]
    assert cluster.settings("livy-conf")["livy.server.session.timeout"] == "8h"
    assert cluster.settings("spark") == {"maximizeResourceAllocation": "true"}
    assert cluster.auto_termination_seconds == 3600
    assert (cluster.service_role, cluster.instance_profile) == ("mineria-ml-emr-1", "mineria-ml-nodes-1")
    assert cluster.subnet == account["subnet"]
    assert set(cluster.security_groups) == {account["master"], account["core"]}
    assert cluster.log_uri == f"s3://{account['bucket']}/logs/emr/"
    assert cluster.tags[EMR_TAG[0]] == EMR_TAG[1]
    described = emr.describe_cluster(ClusterId=cluster_id)["Cluster"]
    assert described["SecurityConfiguration"] == "mineria-ml-2"
    (action,) = emr.list_bootstrap_actions(ClusterId=cluster_id)["BootstrapActions"]
    bucket, folder = action["Args"][0].removeprefix("s3://").split("/", 1)
    assert action["ScriptPath"] == f"s3://{bucket}/{folder}bootstrap.sh"
    stored = boto3.client("s3").list_objects_v2(Bucket=bucket, Prefix=folder)["Contents"]
    assert {each["Key"].removeprefix(folder) for each in stored} == {
        "bootstrap.sh",
        "requirements-cluster.txt",
        "requirements-master.txt",
    }


def test_logs_are_encrypted_with_a_key_of_ones_own(account, emr):
    key = "arn:aws:kms:us-east-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab"
    assert json.loads(run("create", "--dry-run", "-p", f"log_kms_key_arn={key}"))["LogEncryptionKmsKeyId"] == key
    assert "LogEncryptionKmsKeyId" not in json.loads(run("create", "--dry-run"))
    assert "a key's ARN, not an alias's" in run("create", "--dry-run", "-p", "log_kms_key_arn=alias/logs", expect=2)


@pytest.fixture
def wheelhouse(tmp_path, monkeypatch):
    """What `make wheelhouse` leaves, without wheels."""
    monkeypatch.setattr("launcher.emr.lifecycle.bootstrap.WHEELHOUSE", tmp_path)
    (tmp_path / REQUIREMENTS.name).write_bytes(REQUIREMENTS.read_bytes())
    for machine in ("aarch64", "x86_64"):
        (tmp_path / f"wheels-{machine}.tar").write_text(f"wheels for {machine}")
    return tmp_path


def test_a_wheelhouse_is_uploaded_once_for_nodes_without_an_index(account, emr, wheelhouse):
    asked = json.loads(run("create", "--dry-run", "-p", "wheelhouse=true"))
    (action,) = asked["BootstrapActions"]
    place, origin = action["ScriptBootstrapAction"]["Args"]
    assert origin == "wheelhouse"
    for _ in range(2):
        run("create", "-p", "wheelhouse=true")
        (wheelhouse / "wheels-x86_64.tar").write_text("as good: the hashes decide")
    bucket, folder = place.removeprefix("s3://").split("/", 1)
    stored = boto3.client("s3").get_object(Bucket=bucket, Key=f"{folder}wheels-x86_64.tar")["Body"].read()
    assert stored == b"wheels for x86_64"


@pytest.mark.parametrize("further", [(), ("--dry-run",)])
def test_a_wheelhouse_of_other_requirements_is_refused(account, emr, wheelhouse, further):
    (wheelhouse / REQUIREMENTS.name).write_text("tiny==1.0")
    said = run("create", "-p", "wheelhouse=true", *further, expect=2)
    assert "wheelhouse does not exist yet, or is of other requirements: run `make wheelhouse`" in said
    assert emr.list_clusters(ClusterStates=["WAITING"])["Clusters"] == []


def test_graviton_types_are_taken(account, emr):
    given = ("master_type=m6g.xlarge", "core_type=r7g.2xlarge", "task_type=m7gd.2xlarge", "task_count=1")
    asked = json.loads(run("create", "--dry-run", *(word for each in given for word in ("-p", each))))
    types = [each["InstanceType"] for each in asked["Instances"]["InstanceGroups"]]
    assert types == ["m6g.xlarge", "r7g.2xlarge", "m7gd.2xlarge"]


def test_the_settings_have_the_defaults_of_terraform():
    text = (PROJECT / "infrastructure" / "variables.tf").read_text()
    theirs = dict(re.findall(r'variable "emr_(\w+)" {.*?default += "?([^"\n]+)"?\n', text, re.DOTALL))
    ours = NewCluster()
    names = {
        "release_label": "release",
        "master_instance_type": "master_type",
        "master_ebs_size": "master_ebs",
        "core_instance_type": "core_type",
        "core_instance_count": "core_count",
        "core_ebs_size": "core_ebs",
        "core_ebs_volumes": "core_volumes",
        "task_instance_type": "task_type",
        "task_instance_count": "task_count",
        "idle_timeout": "idle_timeout",
        "step_concurrency": "step_concurrency",
    }
    assert {name: theirs[name] for name in names} == {name: str(getattr(ours, our)) for name, our in names.items()}


def test_a_dry_run_prints_the_request_and_makes_nothing(account, emr):
    given = ("core_count=4", "task_count=2", "scaling_max=8", "key_name=mine", "step_concurrency=3")
    asked = json.loads(run("create", "--dry-run", *(word for each in given for word in ("-p", each))))
    assert asked["Configurations"] == json.loads(DESIGN.read_text())["configurations"]
    groups = asked["Instances"]["InstanceGroups"]
    assert [(each["InstanceRole"], each["InstanceCount"], each["Market"]) for each in groups] == [
        ("MASTER", 1, "ON_DEMAND"),
        ("CORE", 4, "ON_DEMAND"),
        ("TASK", 2, "SPOT"),
    ]
    limits = asked["ManagedScalingPolicy"]["ComputeLimits"]
    assert (limits["MinimumCapacityUnits"], limits["MaximumCapacityUnits"]) == (4, 8)
    assert (asked["Instances"]["Ec2KeyName"], asked["StepConcurrencyLevel"]) == ("mine", 3)
    assert emr.list_clusters(ClusterStates=["WAITING"])["Clusters"] == []


def test_a_dry_run_with_glue(account, emr):
    asked = json.loads(run("create", "--dry-run", "-p", "glue=true"))
    assert "spark-hive-site" in {each["Classification"] for each in asked["Configurations"]}


def test_glue_is_the_catalogue_if_that_is_asked():
    around = Surroundings("bucket", "subnet-1", "role", "profile")
    plain, asked = (
        create.request(settings(given), around, "s3://bucket/bootstrap/")["Configurations"]
        for given in ([], ["glue=true"])
    )
    client = "com.amazonaws.glue.catalog.metastore.AWSGlueDataCatalogHiveClientFactory"
    factory = {"hive.metastore.client.factory.class": client}
    assert asked.pop() == {"Classification": "spark-hive-site", "Properties": factory}
    of = {each["Classification"]: each for each in asked}
    assert of["spark-defaults"]["Properties"].pop("spark.sql.catalogImplementation") == "hive"
    assert asked == plain


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ("core_cuont=4", "unknown setting 'core_cuont' (from -p core_cuont=4): did you mean core_count? the settings"),
        ("core_count=0", "-p core_count=0: must be a whole number from 1"),
        ("release=emr-6.15.0", "-p release=emr-6.15.0: must be a 7.x release"),
        ("scaling_max=2", "scaling_max=2: must be more than core_count (2)"),
        ("core_count", "-p core_count: must be name=value, as in -p core_count=4"),
    ],
)
def test_settings_are_checked(given, message):
    with pytest.raises(InputError) as caught:
        settings([given])
    assert str(caught.value).startswith(message)


def test_what_is_not_found_is_to_be_named(account, emr):
    said = run("create", "-p", "project=another", expect=2)
    assert "no subnet another-cluster: name the one to use, -p subnet=…, or create it" in said
    names = ("subnet=" + account["subnet"], "service_role=a", "instance_profile=b", "bucket=c", "project=another")
    asked = json.loads(run("create", "--dry-run", *(word for each in names for word in ("-p", each))))
    assert (asked["ServiceRole"], asked["JobFlowRole"], asked["LogUri"]) == ("a", "b", "s3://c/logs/emr/")
    assert "EmrManagedMasterSecurityGroup" not in asked["Instances"]
    boto3.client("iam").create_role(RoleName="mineria-ml-emr-2", AssumeRolePolicyDocument="{}")
    said = run("create", expect=2)
    boto3.client("iam").delete_role(RoleName="mineria-ml-emr-2")
    assert "2 roles are called mineria-ml-emr-… (mineria-ml-emr-1, mineria-ml-emr-2): name the one to use" in said


def test_a_bootstrap_that_fails_is_reported(account, emr, quick, monkeypatch):
    made = []

    def starting(self):
        made.append(self)
        self.state = "STARTING"

    monkeypatch.setattr("moto.emr.models.Cluster.run_bootstrap_actions", starting)

    def fails():
        made[0].state = "TERMINATED_WITH_ERRORS"
        made[
            0
        ].last_state_change_reason = "On the master instance (i-1), bootstrap action 1 returned a non-zero return code"

    quick.append(fails)
    said = run("create", "--wait", expect=1)
    assert (
        "did not start, it is TERMINATED_WITH_ERRORS: On the master instance (i-1), bootstrap action 1 returned" in said
    )
    assert f"cluster diagnose --cluster-id {made[0].id}" in said
    assert f"its logs arrive in s3://{account['bucket']}/logs/emr/{made[0].id}/" in said


def test_who_stops_waiting_does_not_stop_the_cluster(account, emr, quick, ctrl_c):
    quick.append(ctrl_c)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("moto.emr.models.Cluster.run_bootstrap_actions", lambda self: setattr(self, "state", "STARTING"))
        said = run("create", "--wait", expect=130)
    assert (
        "Stopped by Ctrl-C. The cluster keeps starting: python run_experiment.py cluster status --cluster-id j-" in said
    )


def test_a_request_that_timed_out_is_not_repeated(account, emr, monkeypatch):
    asked = []

    def times_out(**request):
        asked.append(request)
        raise ReadTimeoutError(endpoint_url="https://elasticmapreduce")

    clients = {("emr", 1): boto3.client("emr"), ("s3", None): boto3.client("s3")}
    monkeypatch.setattr(clients["emr", 1], "run_job_flow", times_out)
    monkeypatch.setattr(create.aws, "client", lambda service, session=None, attempts=None: clients[service, attempts])
    with pytest.raises(AwsUnavailable, match="Read timeout") as caught:
        create.create(settings([]), Surroundings(account["bucket"], account["subnet"], "role", "profile"))
    assert "check python run_experiment.py cluster list before you repeat the command" in caught.value.__notes__[0]
    assert len(asked) == 1


def test_resize_and_wait(emr, cluster_id, quick):
    said = run("resize", "4", "--wait")
    (price,) = re.findall(rf"The core group of {cluster_id} goes from 2 to 4 nodes: about (\S+) USD an hour", said)
    assert price == "1.26"
    assert "4 of 4 run" in said
    assert describe(emr, cluster_id).of_role("CORE")[0].running == 4
    assert "already has 4 nodes" in run("resize", "4")
    assert "core nodes first pass on their part of HDFS" in run("resize", "1")


def test_resize_makes_a_task_group(emr, cluster_id, quick):
    assert f"The task group of {cluster_id} goes from 0 to 3 nodes: about" in run(
        "resize", "3", "--group", "task", "--wait", "--yes"
    )
    (group,) = describe(emr, cluster_id).of_role("TASK")
    assert (group.instance_type, group.market, group.ebs_gb) == ("m5.2xlarge", "SPOT", (128, 128))
    run("resize", "0", "--group", "task")
    assert describe(emr, cluster_id).of_role("TASK")[0].requested == 0


def test_resize_refuses_what_cannot_be(emr, cluster_id):
    assert "a cluster needs a core node" in run("resize", "0", expect=2)
    model(cluster_id).state = "BOOTSTRAPPING"
    assert "is BOOTSTRAPPING: wait until it is WAITING" in run("resize", "3", expect=2)
    model(cluster_id).state = "WAITING"


def test_resize_says_what_managed_scaling_will_do(emr):
    limits = {"UnitType": "Instances", "MinimumCapacityUnits": 2, "MaximumCapacityUnits": 6}
    emr.run_job_flow(**request(ManagedScalingPolicy={"ComputeLimits": limits}))
    said = run("resize", "3")
    assert "Managed scaling keeps core and task nodes between 2 and 6 instances: it changes the number again" in said
    assert "between 2 and 6 instances, and the new number is outside these limits" in run("resize", "9", "--yes")


def test_a_price_that_rises_much_is_asked_about(emr, cluster_id, monkeypatch):
    def count():
        return describe(emr, cluster_id).of_role("CORE")[0].requested

    said = run("resize", "200", expect=2)
    assert f"resizing the core group of {cluster_id} from 2 to 200 nodes needs confirmation" in said
    monkeypatch.setattr("launcher.commands.lifecycle._has_somebody_to_ask", lambda: True)
    said = run("resize", "200", expect=1, answer="n\n")
    assert count() == 2
    said = run("resize", "20", answer="y\n")
    before, after = re.search(r"about (\S+) USD an hour before, (\S+) after. Go on\?", said).groups()
    # By hand, of the project's table for us-east-1: EC2, EMR's quarter, gp3 disks of 730 hours a month.
    node, primary = 0.384 * 1.25 + 271 * 0.08 / 730, 0.192 * 1.25 + 15 * 0.08 / 730
    assert float(before) == pytest.approx(2 * node + primary, abs=0.006)
    assert float(after) == pytest.approx(20 * node + primary, abs=0.006)
    assert count() == 20
    run("resize", "1")  # what costs less is not asked about
    assert count() == 1


def test_a_price_that_is_not_known_is_asked_about_by_the_number_of_nodes(emr):
    made = request()
    made["Instances"]["InstanceGroups"][1]["InstanceType"] = "x9.huge"
    emr.run_job_flow(**made)
    assert "needs confirmation" in run("resize", "5", expect=2)
    assert "goes from 2 to 3 nodes: price not known (no price known for x9.huge" in run("resize", "3")


def test_a_running_cluster_is_changed(emr, cluster_id):
    said = run("set", "--step-concurrency", "3", "--idle-timeout", "7200", "--protect")
    assert "runs up to 3 steps at the same time" in said
    assert "terminates itself after 2 h 00 min idle." in said
    assert "Termination protection" in said
    found = describe(emr, cluster_id)
    assert (found.step_concurrency, found.auto_termination_seconds, found.termination_protected) == (3, 7200, True)
    run("set", "--idle-timeout", "never", "--no-protect")
    found = describe(emr, cluster_id)
    assert (found.auto_termination_seconds, found.termination_protected) == (None, False)
    assert "say what to change" in run("set", expect=2)
    for wrong in ("59", "604801", "1h", "-1", "٣٦٠٠"):
        assert f"--idle-timeout {wrong}: must be seconds from 60 to 604800, or never" in run(
            "set", f"--idle-timeout={wrong}", expect=2
        )
    emr.terminate_job_flows(JobFlowIds=[cluster_id])
    assert "is TERMINATED" in run("set", "--protect", "--cluster-id", cluster_id, expect=2)


def test_what_terraform_will_set_again_is_said(emr):
    emr.run_job_flow(**request(Tags=[{"Key": "ManagedBy", "Value": "terraform"}]))
    assert "next terraform apply sets it to emr_idle_timeout again" in run("set", "--idle-timeout", "7200")


def test_terraform_leaves_what_is_changed_by_hand():
    text = (PROJECT / "infrastructure" / "cluster.tf").read_text()
    assert "ignore_changes = [core_instance_group[0].instance_count, step_concurrency_level]" in text


def test_a_number_that_managed_scaling_changes_ends_the_wait(emr, cluster_id, quick, monkeypatch):
    core = describe(emr, cluster_id).of_role("CORE")[0]
    monkeypatch.setattr("moto.emr.models.InstanceGroup.set_instance_count", lambda self, count: None)
    groups = get_backend("emr")[ACCOUNT]["us-east-1"].instance_groups
    quick.append(lambda: setattr(groups[core.id], "num_instances", 6))
    assert "the target of the core group is now 6 nodes, not 3" in run("resize", "3", "--wait", expect=1)


def test_a_cluster_that_ends_ends_the_wait(emr, cluster_id, quick, monkeypatch):
    monkeypatch.setattr("moto.emr.models.InstanceGroup.set_instance_count", lambda self, count: None)
    quick.append(model(cluster_id).terminate)
    said = run("resize", "3", "--wait", expect=1)
    assert f"cluster {cluster_id} is TERMINATED" in said


def test_terminate_asks(emr, cluster_id, monkeypatch):
    said = run("terminate", expect=2)
    assert f"terminating mineria-ml-cluster ({cluster_id}, 1 × m5.xlarge, 2 × m5.2xlarge, up " in said
    assert "add --yes" in said
    monkeypatch.setattr("launcher.commands.lifecycle._has_somebody_to_ask", lambda: True)
    run("terminate", expect=1, answer="n\n")
    assert describe(emr, cluster_id).is_ready
    said = run("terminate", answer="y\n")
    assert "It has no unfinished step" in said
    assert "is being terminated; it had no unfinished step." in said
    assert f"Its logs are in s3://bucket/logs/emr/{cluster_id}/" in said
    assert describe(emr, cluster_id).has_ended
    assert f"Cluster {cluster_id} is already TERMINATED." in run("terminate", "--cluster-id", cluster_id, "--yes")


def test_terminate_refuses_while_a_step_runs(endpoint, tmp_path):
    with made_cluster(endpoint, tmp_path) as cluster:
        running, waiting = cluster.submit(*SLEEP, name="long"), cluster.submit(*SLEEP)
        cluster.wait(running, "RUNNING")
        said = run("terminate", "--yes", expect=2)
        assert f"has 2 unfinished steps ({running} 'long' RUNNING for" in said
        wait = f"python run_experiment.py cluster step {running} --cluster-id {cluster.id} --wait"
        assert f"{waiting} 'a step' PENDING): terminate the cluster anyway with --force, or" in said
        assert said.endswith(f"wait for it: {wait}")
        assert cluster.state(running) == "RUNNING"
        said = run("step", running, "--cancel", expect=2)
        assert (
            f"step {running} ('long') is no experiment or scoring of this project, and may be somebody else's" in said
        )
        assert "--of-others needs --cancel" in run("step", running, "--of-others", expect=2)
        assert cluster.state(running) == "RUNNING"
        run("step", running, "--cancel", "--of-others")
        assert cluster.wait(running) == "CANCELLED"
        assert "is CANCELLED: there is nothing to cancel" in run("step", running, "--cancel", expect=2)
        assert "--force needs --cancel" in run("step", waiting, "--force", expect=2)
        said = run("terminate", "--yes", "--force")
        assert "is being terminated; it had 1 unfinished step" in said
        assert cluster.wait(waiting) == "CANCELLED"


def test_a_step_of_this_project_is_cancelled_without_more_words(endpoint, tmp_path):
    with made_cluster(endpoint, tmp_path, "third-bucket") as cluster:
        step = cluster.submit(*SLEEP, "s3://third-bucket/out/steps/20261125_120000/", name="experiment 20261125_120000")
        cluster.wait(step, "RUNNING")
        run("step", step, "--cancel")
        assert cluster.wait(step) == "CANCELLED"


def test_a_step_of_another_kind_is_waited_for(endpoint, tmp_path, monkeypatch):
    monkeypatch.setattr(watching, "PAUSE", 0.1)
    with made_cluster(endpoint, tmp_path, "another-bucket") as cluster:
        good = cluster.submit(PYTHON, "-c", "print('done')")
        assert "COMPLETED" in run("step", good, "--wait")
        failed = cluster.submit(PYTHON, "-c", "import sys; sys.exit('no such table')")
        said = run("step", failed, "--wait", expect=1)
        assert (
            f"step {failed} is FAILED: no such table. Why: python run_experiment.py cluster diagnose {failed}" in said
        )
        for step, state, code in ((good, "COMPLETED", 0), (failed, "FAILED", 1)):
            done = CliRunner().invoke(app, ["cluster", "step", step, "--wait", "--json"])
            assert (done.exit_code, json.loads(done.stdout)["state"]) == (code, state)


def test_terminate_respects_protection(emr, cluster_id):
    emr.set_termination_protection(JobFlowIds=[cluster_id], TerminationProtected=True)
    assert "is protected against termination: --force removes the protection" in run("terminate", "--yes", expect=2)
    run("terminate", "--yes", "--force")
    assert describe(emr, cluster_id).has_ended
