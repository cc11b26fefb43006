"""Whether the cluster's Spark knows the Glue Data Catalog, and the nodes' role may read the tables in it."""

import json

from launcher.emr.checks.access import role_of_nodes
from launcher.emr.checks.subject import CheckResult, Subject, fail, ok, warning
from launcher.emr.design import design
from launcher.emr.policies import glue_arns, statement
from launcher.support import aws
from launcher.support.command_lines import command_line
from lib.support import tables

_FACTORY = "hive.metastore.client.factory.class"


def catalogue(subject: Subject) -> CheckResult:
    """The tables that are named as `table://database.table` can be found."""
    if not subject.in_catalogue:
        return ok("no table of it is read")
    glue = design()["glue"]
    (ours,) = (each["Properties"] for each in glue["configurations"])
    create = command_line("cluster", "create", "-p", "glue=true")
    if subject.cluster.settings("spark-hive-site").get(_FACTORY) != ours[_FACTORY]:
        return warning(
            f"the cluster's Spark does not use the Glue Data Catalog: {', '.join(subject.in_catalogue)} must be in a "
            "catalogue that its sessions have otherwise",
            f"create the cluster with Terraform's glue_databases, or {create}",
        )
    role = role_of_nodes(subject)
    denied = _denied(subject, role["Arn"], glue["actions"])
    if not denied:
        return ok(f"Glue; the policies of the nodes' role allow it: {', '.join(subject.in_catalogue)}")
    lacking = json.dumps(statement(glue["actions"], denied))
    return fail(
        f"the policies of the nodes' role do not allow it to read the Glue Data Catalog: {', '.join(denied)}",
        f"add the databases to Terraform's glue_databases, or to the role {role['RoleName']}: {lacking}",
    )


def _denied(subject: Subject, role: str, actions: list[str]) -> list[str]:
    """The resources on which IAM's simulator says that the role lacks a right."""
    iam = subject.client("iam")
    partition, account = role.split(":")[1], role.split(":")[4]
    wanted: dict[str, None] = {}
    for place in subject.in_catalogue:
        *of, table = tables.catalogue_name(place) or ()
        database = of[-1] if of else "default"
        wanted |= dict.fromkeys(glue_arns(partition, subject.region, account, database, table))
    refused = []
    with aws.translated_errors(f"cannot ask IAM about the role {role}"):
        for arn in wanted:
            asked = iam.simulate_principal_policy(PolicySourceArn=role, ActionNames=actions, ResourceArns=[arn])
            if any(each["EvalDecision"] != "allowed" for each in asked["EvaluationResults"]):
                refused.append(arn)
    return refused
