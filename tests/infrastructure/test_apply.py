"""Terraform's whole life against moto's server: apply, a second plan without changes, destroy."""

import io
import json
import zipfile
from types import SimpleNamespace

import pytest

from launcher.emr.design import configurations, design
from launcher.emr.lifecycle.request import NewCluster, Surroundings, request
from launcher.emr.policies import glue_arns
from tests.aws.moto_server import client, moto_process
from tests.infrastructure.called_rights import operators_rights, submitters_rights

_BOUNDARY = "arn:aws:iam::123456789012:policy/boundary"
_KEY = "arn:aws:kms:us-east-1:123456789012:key/disks"
_SERVICES = ("budgets", "ec2", "emr", "iam", "s3", "sts")


@pytest.fixture(scope="module")
def applied(terraform):
    """What stands after `apply` with Spot nodes and scaling: Terraform, its outputs, and clients to look with."""
    with moto_process() as endpoint:
        (terraform.folder / "moto_override.tf.json").write_text(json.dumps(_provider(endpoint)))
        (terraform.folder / "terraform.tfvars").write_text(
            'budget_emails = ["someone@example.org"]\nemr_task_instance_count = 1\nemr_scaling_max_instances = 6\n'
            'glue_databases = ["geology"]\ntags = { Owner = "geology" }\nrole_path = "/mineria/"\n'
            f'permissions_boundary_arn = "{_BOUNDARY}"\ndisk_kms_key_arn = "{_KEY}"\nwheelhouse = true\n'
        )
        terraform("apply", "-auto-approve", "-input=false")
        clients = {name: client(name, endpoint) for name in _SERVICES}
        yield SimpleNamespace(terraform=terraform, outputs=terraform.outputs(), **clients)
        for name in ("moto_override.tf.json", "terraform.tfvars"):
            (terraform.folder / name).unlink()


def _provider(endpoint: str) -> dict:
    """An override file: Terraform merges it into the provider block of the root."""
    aws = {
        "access_key": "testing",
        "secret_key": "testing",
        "max_retries": 2,  # moto answers 500 to what it does not know
        "s3_use_path_style": True,
        "skip_credentials_validation": True,
        "skip_metadata_api_check": True,
        "endpoints": [dict.fromkeys(_SERVICES, endpoint)],
    }
    return {"provider": {"aws": aws}}


def test_the_second_plan_is_empty(applied):
    output = applied.terraform("plan", "-detailed-exitcode", "-input=false")
    assert "No changes" in output


def test_the_cluster(applied):
    cluster = applied.emr.describe_cluster(ClusterId=applied.outputs["emr_cluster_id"])["Cluster"]
    assert cluster["Name"] == "mineria-ml-cluster"
    assert cluster["Status"]["State"] == "WAITING"
    assert {each["Name"] for each in cluster["Applications"]} == {"Spark", "Hadoop", "Livy", "JupyterEnterpriseGateway"}
    assert cluster["LogUri"] == applied.outputs["log_uri"]
    livy = next(each for each in cluster["Configurations"] if each["Classification"] == "livy-conf")
    assert livy["Properties"]["livy.server.session.timeout"] == "8h"
    policy = applied.emr.get_auto_termination_policy(ClusterId=cluster["Id"])
    assert policy["AutoTerminationPolicy"] == {"IdleTimeout": 3600}
    scaling = applied.emr.get_managed_scaling_policy(ClusterId=cluster["Id"])["ManagedScalingPolicy"]
    assert scaling["ComputeLimits"]["MaximumCapacityUnits"] == 6


def test_glue_is_that_of_cluster_create_and_of_its_check(applied):
    cluster = applied.emr.describe_cluster(ClusterId=applied.outputs["emr_cluster_id"])["Cluster"]
    assert _sorted(cluster["Configurations"]) == _sorted(configurations(glue=True))
    profile = applied.iam.get_instance_profile(InstanceProfileName=applied.outputs["instance_profile"])
    role = profile["InstanceProfile"]["Roles"][0]["RoleName"]
    (allowed,) = applied.iam.get_role_policy(RoleName=role, PolicyName="glue")["PolicyDocument"]["Statement"]
    account = applied.sts.get_caller_identity()["Account"]
    assert set(allowed["Resource"]) == set(glue_arns("aws", "us-east-1", account, "geology", "*"))
    assert allowed["Action"] == design()["glue"]["actions"]


def test_the_nodes(applied):
    groups = applied.emr.list_instance_groups(ClusterId=applied.outputs["emr_cluster_id"])["InstanceGroups"]
    seen = {
        each["InstanceGroupType"]: (
            each["InstanceType"],
            each["RequestedInstanceCount"],
            each["Market"],
            [volume["VolumeSpecification"]["SizeInGB"] for volume in each["EbsBlockDevices"]],
        )
        for each in groups
    }
    assert seen == {
        "MASTER": ("m5.xlarge", 1, "ON_DEMAND", [64]),
        "CORE": ("m5.2xlarge", 2, "ON_DEMAND", [128, 128]),
        "TASK": ("m5.2xlarge", 1, "SPOT", [128, 128]),
    }


def test_what_was_made_is_named_for_other_tools(applied):
    outputs, emr = applied.outputs, applied.emr
    cluster = emr.describe_cluster(ClusterId=outputs["emr_cluster_id"])["Cluster"]
    assert outputs["emr_cluster_arn"] == cluster["ClusterArn"]
    groups = emr.list_instance_groups(ClusterId=cluster["Id"])["InstanceGroups"]
    assert outputs["instance_group_ids"] == {each["InstanceGroupType"].lower(): each["Id"] for each in groups}
    assert outputs["role_arns"]["service"].endswith(f"/{outputs['service_role']}")
    profile = applied.iam.get_instance_profile(InstanceProfileName=outputs["instance_profile"])["InstanceProfile"]
    assert outputs["role_arns"]["nodes"] == profile["Roles"][0]["Arn"]


def test_the_bootstrap_action_finds_its_files(applied):
    action = applied.emr.list_bootstrap_actions(ClusterId=applied.outputs["emr_cluster_id"])["BootstrapActions"][0]
    bucket = applied.outputs["bucket"]
    place = f"s3://{bucket}/bootstrap/"
    asked = request(NewCluster(wheelhouse=True), Surroundings(bucket, "", "", ""), place)["BootstrapActions"][0]
    assert asked == {
        "Name": action["Name"],
        "ScriptBootstrapAction": {"Path": action["ScriptPath"], "Args": action["Args"]},
    }
    files = {"bootstrap.sh", "requirements-cluster.txt", "requirements-master.txt"}
    wheels = {"wheels-aarch64.tar", "wheels-x86_64.tar"}
    assert {key for key in _keys(applied) if key.startswith("bootstrap/")} == {
        f"bootstrap/{name}" for name in files | wheels
    }


def test_code_is_uploaded(applied):
    assert {"code/scripts/06_entrenar_modelos_spark.py", "code/scripts/07_evaluar_modelos.py"} < _keys(applied)
    body = applied.s3.get_object(Bucket=applied.outputs["bucket"], Key="code/lib.zip")["Body"].read()
    assert "lib/training.py" in zipfile.ZipFile(io.BytesIO(body)).namelist()


def test_the_bucket(applied):
    bucket = {"Bucket": applied.outputs["bucket"]}
    assert applied.s3.get_bucket_versioning(**bucket)["Status"] == "Enabled"
    rules = applied.s3.get_bucket_encryption(**bucket)["ServerSideEncryptionConfiguration"]["Rules"]
    assert rules[0]["ApplyServerSideEncryptionByDefault"]["SSEAlgorithm"] == "aws:kms"
    assert all(applied.s3.get_public_access_block(**bucket)["PublicAccessBlockConfiguration"].values())
    statement = json.loads(applied.s3.get_bucket_policy(**bucket)["Policy"])["Statement"][0]
    assert (statement["Effect"], statement["Condition"]) == ("Deny", {"Bool": {"aws:SecureTransport": "false"}})
    lifecycle = {each["ID"]: each for each in applied.s3.get_bucket_lifecycle_configuration(**bucket)["Rules"]}
    assert lifecycle["logs"]["Expiration"]["Days"] == 90
    assert lifecycle["logs"]["Filter"] == {"Prefix": "logs/"}


def test_no_security_group_lets_the_world_in(applied):
    groups = applied.ec2.describe_security_groups(Filters=[{"Name": "vpc-id", "Values": [_vpc(applied)]}])
    ours = [group for group in groups["SecurityGroups"] if group["GroupName"].startswith("mineria-ml-")]
    assert len(ours) == 2
    sources = [
        source["CidrIp"] for group in ours for rule in group["IpPermissions"] for source in rule.get("IpRanges", [])
    ]
    assert sources == []


def test_the_roles(applied):
    service = applied.outputs["service_role"]
    attached = applied.iam.list_attached_role_policies(RoleName=service)["AttachedPolicies"]
    assert [each["PolicyName"] for each in attached] == ["AmazonEMRServicePolicy_v2"]
    profile = applied.iam.get_instance_profile(InstanceProfileName=applied.outputs["instance_profile"])
    nodes = profile["InstanceProfile"]["Roles"][0]
    passing = applied.iam.get_role_policy(RoleName=service, PolicyName="pass-role-to-nodes")["PolicyDocument"]
    assert passing["Statement"][0]["Resource"] == nodes["Arn"]
    assert applied.iam.list_attached_role_policies(RoleName=nodes["RoleName"])["AttachedPolicies"] == []
    assert set(applied.iam.list_role_policies(RoleName=nodes["RoleName"])["PolicyNames"]) == {
        "cost",
        "disks",
        "glue",
        "session-manager",
        "storage",
    }


# Rights that no request of the launcher's is named after => the right that brings them.
_BROUGHT = {"iam:PassRole": "elasticmapreduce:RunJobFlow"}


@pytest.mark.parametrize(("role", "called"), [("submitter", submitters_rights), ("operator", operators_rights)])
def test_a_users_policy_allows_what_the_launcher_calls_and_no_more(applied, role, called):
    allowed = {action for each in _policy(applied, role) for action in each["Action"]}
    wanted = called()
    assert {right: places for right, places in wanted.items() if right not in allowed} == {}
    assert {right for right in allowed - set(wanted) if _BROUGHT.get(right) not in wanted} == set()


@pytest.mark.parametrize("role", ["submitter", "operator"])
def test_a_users_policy_is_one_that_iam_takes(applied, role):
    applied.iam.create_policy(PolicyName=role, PolicyDocument=applied.outputs[f"{role}_policy"])
    assert len(applied.outputs[f"{role}_policy"]) <= 6144  # IAM's limit for a managed policy
    sids = [each["Sid"] for each in _policy(applied, role)]
    assert len(sids) == len(set(sids))
    # A right that is not bound to a resource only looks.
    looks = ("Describe", "Get", "List")
    unbound = [action for each in _policy(applied, role) if each["Resource"] == "*" for action in each["Action"]]
    assert [action for action in unbound if not action.split(":")[1].startswith(looks)] == []


def test_an_operator_passes_the_roles_of_terraform_alone(applied):
    passing = {
        each["Resource"]: each["Condition"]["StringEquals"]["iam:PassedToService"]
        for each in _policy(applied, "operator")
        if each["Action"] == ["iam:PassRole"]
    }
    roles = applied.outputs["role_arns"]
    assert passing == {roles["service"]: "elasticmapreduce.amazonaws.com", roles["nodes"]: "ec2.amazonaws.com"}


def test_what_a_company_demands(applied):
    wanted = {"Owner": "geology", "Project": "mineria-ml", "ManagedBy": "terraform"}
    role = applied.iam.get_role(RoleName=applied.outputs["service_role"])["Role"]
    assert (role["Path"], role["PermissionsBoundary"]["PermissionsBoundaryArn"]) == ("/mineria/", _BOUNDARY)
    cluster = applied.emr.describe_cluster(ClusterId=applied.outputs["emr_cluster_id"])["Cluster"]
    bucket = applied.s3.get_bucket_tagging(Bucket=applied.outputs["bucket"])["TagSet"]
    (vpc,) = applied.ec2.describe_vpcs(VpcIds=[_vpc(applied)])["Vpcs"]
    for tags in (role["Tags"], cluster["Tags"], bucket, vpc["Tags"]):
        assert wanted.items() <= {each["Key"]: each["Value"] for each in tags}.items()


def test_the_disks_have_their_key(applied):
    cluster = applied.emr.describe_cluster(ClusterId=applied.outputs["emr_cluster_id"])["Cluster"]
    found = applied.emr.describe_security_configuration(Name=cluster["SecurityConfiguration"])
    encryption = json.loads(found["SecurityConfiguration"])["EncryptionConfiguration"]
    disks = encryption["AtRestEncryptionConfiguration"]["LocalDiskEncryptionConfiguration"]
    assert (disks["AwsKmsKey"], disks["EnableEbsEncryption"]) == (_KEY, True)


def test_the_budget(applied):
    account = applied.sts.get_caller_identity()["Account"]
    name = {"AccountId": account, "BudgetName": "mineria-ml-monthly"}
    assert float(applied.budgets.describe_budget(**name)["Budget"]["BudgetLimit"]["Amount"]) == 100
    alerts = applied.budgets.describe_notifications_for_budget(**name)["Notifications"]
    assert sorted((each["NotificationType"], each["Threshold"]) for each in alerts) == [
        ("ACTUAL", 50),
        ("ACTUAL", 80),
        ("ACTUAL", 100),
        ("FORECASTED", 100),
    ]


def test_the_next_command_names_this_cluster(applied):
    cluster, bucket = applied.outputs["emr_cluster_id"], applied.outputs["bucket"]
    start = f"python run_experiment.py --params params/emr.yaml --cluster-id {cluster} "
    assert applied.outputs["next_command"].startswith(start)
    assert f"--out s3://{bucket}/experiments" in applied.outputs["next_command"]


def test_destroy_leaves_nothing(applied):
    """The last of the module: nothing stands after it. A bucket with results is only deleted when that was said."""
    vpc, bucket, cluster = _vpc(applied), applied.outputs["bucket"], applied.outputs["emr_cluster_id"]
    applied.terraform("destroy", "-auto-approve", "-input=false", "-refresh=false")
    assert applied.emr.describe_cluster(ClusterId=cluster)["Cluster"]["Status"]["State"] == "TERMINATED"
    assert bucket not in [each["Name"] for each in applied.s3.list_buckets()["Buckets"]]
    assert vpc not in [each["VpcId"] for each in applied.ec2.describe_vpcs()["Vpcs"]]
    assert [each for each in applied.iam.list_roles()["Roles"] if each["RoleName"].startswith("mineria-ml")] == []


def _sorted(known) -> list:
    plain = [{name: value for name, value in each.items() if value} for each in known]
    return sorted(plain, key=lambda each: each["Classification"])


def _policy(applied, role: str) -> list[dict]:
    return json.loads(applied.outputs[f"{role}_policy"])["Statement"]


def _keys(applied) -> set[str]:
    return {each["Key"] for each in applied.s3.list_objects_v2(Bucket=applied.outputs["bucket"])["Contents"]}


def _vpc(applied) -> str:
    vpcs = applied.ec2.describe_vpcs(Filters=[{"Name": "tag:Name", "Values": ["mineria-ml"]}])["Vpcs"]
    return vpcs[0]["VpcId"]
