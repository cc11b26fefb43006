"""AWS on this machine: moto's server, with what Terraform and the cluster commands need and moto lacks.

Added: EMR's auto-termination and managed scaling policies (kept from RunJobFlow too), subscribers and tags of budgets,
IAM's simulation of a role's policies.
Mended: what moto forgets of clusters, volumes and security group rules, bucket policies under a condition, puts under a
condition, which S3 looks at and carries out in one step, and folders of a versioned bucket whose objects are deleted.
"""

import json
import logging
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest import mock

import boto3
from botocore.config import Config
from moto.budgets.responses import BudgetsResponse
from moto.core.responses import ActionResult, EmptyResult
from moto.ec2.exceptions import EC2ClientError, InvalidPermissionNotFoundError
from moto.ec2.models.security_groups import SecurityGroupBackend, SecurityGroupRule
from moto.emr.exceptions import InvalidRequestException
from moto.emr.models import ElasticMapReduceBackend, InstanceGroup
from moto.emr.responses import ElasticMapReduceResponse
from moto.iam.access_control import IAMPolicy, PermissionResult
from moto.iam.responses import IamResponse
from moto.s3.models import FakeBucket, FakeDeleteMarker, S3Backend
from moto.s3.responses import S3Response
from moto.server import ThreadedMotoServer

REGION = "us-east-1"
ROOT = Path(__file__).resolve().parents[2]

# Attributes of moto's clusters that hold the policies as they came in.
_POLICIES = {"AutoTerminationPolicy": "auto_termination_policy", "ManagedScalingPolicy": "managed_scaling_policy"}


@contextmanager
def moto_server() -> Iterator[str]:
    """Run the server and give its URL. All servers of one process share what is done with them."""
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    with _extended_moto():
        server.start()
        host, port = server.get_host_and_port()
        try:
            yield f"http://{host}:{port}"
        finally:
            server.stop()


@contextmanager
def moto_process() -> Iterator[str]:
    """The same in a process of its own, for tests that need an account in which nothing is."""
    command = [sys.executable, "-m", "tests.aws.moto_server"]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield process.stdout.readline().strip()
        finally:
            process.kill()


def client(service: str, endpoint: str) -> Any:
    """A boto3 client of the server that fails at once where moto knows no answer."""
    return boto3.client(
        service,
        endpoint_url=endpoint,
        region_name=REGION,
        aws_access_key_id="testing",
        aws_secret_access_key="testing",
        config=Config(retries={"max_attempts": 0}),
    )


@contextmanager
def _extended_moto() -> Iterator[None]:
    actions = {
        ElasticMapReduceResponse: {
            "add_instance_groups": _add_instance_groups,
            "run_job_flow": _run_job_flow,
            "list_instance_fleets": _list_instance_fleets,
            "list_security_configurations": _list_security_configurations,
            "create_persistent_app_ui": _create_persistent_app_ui,
            "describe_persistent_app_ui": _describe_persistent_app_ui,
            "get_persistent_app_ui_presigned_url": _persistent_app_ui_link,
            "get_on_cluster_app_ui_presigned_url": _on_cluster_app_ui_link,
            **{f"put_{name}": _put(name) for name in _POLICIES.values()},
            **{f"get_{name}": _get(name) for name in _POLICIES.values()},
            **{f"remove_{name}": _remove(name) for name in _POLICIES.values()},
        },
        ElasticMapReduceBackend: {
            "_manage_security_groups": _manage_security_groups,
            "describe_step": _describe_step,
        },
        InstanceGroup: {"ebs_block_devices": property(_ebs_block_devices)},
        SecurityGroupRule: {"description": property(_description)},
        SecurityGroupBackend: {
            name: _revoke(getattr(SecurityGroupBackend, name))
            for name in ("revoke_security_group_ingress", "revoke_security_group_egress")
        },
        BudgetsResponse: {
            "create_budget": _create_budget,
            "describe_subscribers_for_notification": _describe_subscribers,
            "list_tags_for_resource": _list_budget_tags,
        },
        FakeBucket: {"get_permission": _get_permission},
        IamResponse: {"simulate_principal_policy": _simulate_principal_policy},
        S3Backend: {"list_objects": _list_objects},
        S3Response: {"put_object": _put_object},
    }
    before = {(owner, name): getattr(owner, name, None) for owner in actions for name in actions[owner]}
    try:
        for owner, methods in actions.items():
            for name, method in methods.items():
                setattr(owner, name, method)
        yield
    finally:
        for (owner, name), method in before.items():
            setattr(owner, name, method) if method else delattr(owner, name)


# ---- EMR

# Of the request, kept by moto under no name: the cluster's attribute for each.
_FORGOTTEN = {
    **_POLICIES,
    "ScaleDownBehavior": "scale_down_behavior",
    "Instances.UnhealthyNodeReplacement": "unhealthy_node_replacement",
}

_moto_run_job_flow = ElasticMapReduceResponse.run_job_flow
_moto_manage_security_groups = ElasticMapReduceBackend._manage_security_groups


def _run_job_flow(self: ElasticMapReduceResponse) -> ActionResult:
    result = _moto_run_job_flow(self)
    cluster = self.backend.describe_cluster(result._result["JobFlowId"])
    for field, name in _FORGOTTEN.items():
        setattr(cluster, name, self._get_param(field))
    return result


def _add_instance_groups(self: ElasticMapReduceResponse) -> ActionResult:
    cluster = self._get_param("JobFlowId")
    groups = self.backend.add_instance_groups(cluster, self._get_param("InstanceGroups", []))
    return ActionResult({"JobFlowId": cluster, "InstanceGroupIds": [group.id for group in groups]})


def _list_instance_fleets(self: ElasticMapReduceResponse) -> ActionResult:
    """Moto's clusters all have instance groups, of which EMR says this."""
    raise InvalidRequestException("Instance fleets and instance groups are mutually exclusive.")


def _list_security_configurations(self: ElasticMapReduceResponse) -> ActionResult:
    found = self.backend.security_configurations.values()
    named = [{"Name": each.name, "CreationDateTime": each.creation_date_time} for each in found]
    return ActionResult({"SecurityConfigurations": named})


# An interface takes a while until it is attached, and a link until it is ready: the first look comes too early.
_looked_at: set[str] = set()


def _is_ready(name: str) -> bool:
    seen = name in _looked_at
    _looked_at.add(name)
    return seen


def _create_persistent_app_ui(self: ElasticMapReduceResponse) -> ActionResult:
    cluster = self.backend.describe_cluster(self._get_param("TargetResourceArn").rsplit("/", 1)[1])
    return ActionResult({"PersistentAppUIId": f"p-{cluster.id}", "RuntimeRoleEnabledCluster": False})


def _describe_persistent_app_ui(self: ElasticMapReduceResponse) -> ActionResult:
    name = self._get_param("PersistentAppUIId")
    state = "ATTACHED" if _is_ready(name) else "CREATING"
    return ActionResult({"PersistentAppUI": {"PersistentAppUIId": name, "PersistentAppUIStatus": state}})


def _persistent_app_ui_link(self: ElasticMapReduceResponse) -> ActionResult:
    name, kind = self._get_param("PersistentAppUIId"), self._get_param("PersistentAppUIType")
    return _link(f"https://{name}.emrappui-prod.us-east-1.amazonaws.com/{kind.lower()}")


def _on_cluster_app_ui_link(self: ElasticMapReduceResponse) -> ActionResult:
    cluster = self.backend.describe_cluster(self._get_param("ClusterId"))
    return _link(f"https://{cluster.id}.emrappui-prod.us-east-1.amazonaws.com/{self._get_param('OnClusterAppUIType')}")


def _link(url: str) -> ActionResult:
    return ActionResult(
        {"PresignedURLReady": True, "PresignedURL": url} if _is_ready(url) else {"PresignedURLReady": False}
    )


def _field(name: str) -> str:
    return next(field for field, attribute in _POLICIES.items() if attribute == name)


def _put(name: str) -> Any:
    def put(self: ElasticMapReduceResponse) -> EmptyResult:
        setattr(self.backend.describe_cluster(self._get_param("ClusterId")), name, self._get_param(_field(name)))
        return EmptyResult()

    return put


def _get(name: str) -> Any:
    def get(self: ElasticMapReduceResponse) -> ActionResult:
        policy = getattr(self.backend.describe_cluster(self._get_param("ClusterId")), name, None)
        return ActionResult({_field(name): policy} if policy else {})

    return get


def _remove(name: str) -> Any:
    def remove(self: ElasticMapReduceResponse) -> EmptyResult:
        setattr(self.backend.describe_cluster(self._get_param("ClusterId")), name, None)
        return EmptyResult()

    return remove


def _manage_security_groups(self: ElasticMapReduceBackend, **attributes: Any) -> tuple[str, str, str]:
    """EMR uses a service access group in private subnets only: none given, none reported."""
    master, core, service = _moto_manage_security_groups(self, **attributes)
    return master, core, service if attributes["service_access_security_group"] else ""


_moto_describe_step = ElasticMapReduceBackend.describe_step


def _describe_step(self: ElasticMapReduceBackend, cluster_id: str, step_id: str) -> Any:
    step = _moto_describe_step(self, cluster_id, step_id)
    if step is None:
        raise InvalidRequestException(f"Step id '{step_id}' is not valid.")
    return step


_moto_ebs_block_devices = InstanceGroup.ebs_block_devices.fget


def _ebs_block_devices(self: InstanceGroup) -> list[dict[str, Any]]:
    devices = _moto_ebs_block_devices(self)
    asked = [
        each["volume_specification"].get("throughput")
        for each in (self.ebs_configuration or {}).get("ebs_block_device_configs", [])
        for _ in range(each.get("volumes_per_instance", 0))
    ]
    for device, throughput in zip(devices, asked, strict=True):
        device["VolumeSpecification"]["Throughput"] = throughput
    return devices


# ---- EC2, Budgets, IAM and S3


def _description(self: SecurityGroupRule) -> str | None:
    return self.ip_range.get("Description") or self.source_group.get("Description")


def _revoke(original: Any) -> Any:
    """Two security groups that go together revoke the same rules: AWS has its own code for an id already gone."""

    def revoke(self: SecurityGroupBackend, **arguments: Any) -> None:
        try:
            original(self, **arguments)
        except InvalidPermissionNotFoundError:
            ids = arguments["security_rule_ids"]
            if ids:
                raise EC2ClientError("InvalidSecurityGroupRuleId.NotFound", f"{ids} does not exist") from None
            raise

    return revoke


_moto_create_budget = BudgetsResponse.create_budget


def _create_budget(self: BudgetsResponse) -> str:
    result = _moto_create_budget(self)
    budget = self.backend.budgets[self._get_param("AccountId")][self._get_param("Budget")["BudgetName"]]
    budget.resource_tags = self._get_param("ResourceTags", [])
    return result


def _list_budget_tags(self: BudgetsResponse) -> str:
    account, name = self._get_param("ResourceARN").split("::")[1].split(":budget/")
    return json.dumps({"ResourceTags": self.backend.budgets[account][name].resource_tags})


def _describe_subscribers(self: BudgetsResponse) -> str:
    budget = self.backend.budgets[self._get_param("AccountId")][self._get_param("BudgetName")]
    wanted = self._get_param("Notification")
    found = next(each for each in budget.notifications if each.details == wanted)
    return json.dumps({"Subscribers": found.subscribers})


def _simulate_principal_policy(self: IamResponse) -> ActionResult:
    """Of a role: its own policies and those attached to it."""
    role = self._get_param("PolicySourceArn").split("/")[-1]
    policies = [self.backend.get_role_policy(role, name)[1] for name in self.backend.list_role_policies(role)]
    policies += self.backend.list_attached_role_policies(role)[0]
    results = []
    for action in self._get_param("ActionNames"):
        for resource in self._get_param("ResourceArns"):
            said = {IAMPolicy(policy).is_action_permitted(action, resource) for policy in policies}
            decision = "allowed" if PermissionResult.PERMITTED in said else "implicitDeny"
            decision = "explicitDeny" if PermissionResult.DENIED in said else decision
            results.append({"EvalActionName": action, "EvalResourceName": resource, "EvalDecision": decision})
    return ActionResult({"EvaluationResults": results, "IsTruncated": False})


_moto_put_object, _putting = S3Response.put_object, threading.Lock()


def _put_object(self: S3Response) -> Any:
    with _putting:
        return _moto_put_object(self)


_moto_list_objects = S3Backend.list_objects


def _list_objects(self: S3Backend, bucket: FakeBucket, *args: Any, **kwargs: Any) -> Any:
    """Moto lists the folders of a versioned bucket by all keys, those of deleted objects included."""
    there = {name: key for name, key in bucket.keys.items() if not isinstance(key, FakeDeleteMarker)}
    return _moto_list_objects(self, SimpleNamespace(keys=there), *args, **kwargs)


_moto_get_permission = FakeBucket.get_permission


def _get_permission(self: FakeBucket, action: str, resource: str) -> Any:
    """Moto reads a statement without its condition, and a TLS-only policy as one that denies everything."""
    if self.policy is None:
        return _moto_get_permission(self, action, resource)
    policy = json.loads(self.policy)
    policy["Statement"] = [each for each in policy["Statement"] if "Condition" not in each]
    with mock.patch.object(self, "policy", json.dumps(policy).encode() if policy["Statement"] else None):
        return _moto_get_permission(self, action, resource)


if __name__ == "__main__":
    logging.getLogger("werkzeug").setLevel(logging.WARNING)  # not a line for each request
    with moto_server() as url:
        print(url, flush=True)
        sys.stdin.read()  # until whoever started this ends
