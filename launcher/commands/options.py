"""What the commands about clusters share: which cluster is meant, and its options."""

import os
from typing import TYPE_CHECKING, Annotated

import typer

from launcher.emr.clusters import listed
from launcher.support.command_lines import command_line
from lib.errors import InputError

if TYPE_CHECKING:
    from mypy_boto3_emr import EMRClient

# Read last: what was typed, and what a params file says, goes over it. It never sends an experiment away
# (`launcher.commands.experiment`): that costs money, and is said with --cluster-id.
CLUSTER_VARIABLE = "EMR_CLUSTER_ID"
ClusterId = Annotated[
    str | None,
    typer.Option(
        "--cluster-id", metavar="ID", help=f"cluster; default: that of {CLUSTER_VARIABLE}, or the only active one"
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="print JSON, for programs")]
Debug = Annotated[bool, typer.Option("--debug", help="show tracebacks")]


def the_cluster(emr: "EMRClient", given: str | None) -> str:
    """The id of the cluster that is meant: given, in the environment, or the only active one. `emr` is a boto3 client.

    Raises:
        InputError: none is given, and there is none or more than one to choose from.
    """
    named = given or os.environ.get(CLUSTER_VARIABLE)
    if named:
        return named
    found = listed(emr)
    if len(found) == 1:
        return found[0].id
    if not found:
        remedy = f"name one with --cluster-id, or create one: {command_line('cluster', 'create')}"
        raise InputError(f"no cluster is active; {remedy}")
    names = ", ".join(f"{each.id} ({each.name})" for each in found)
    raise InputError(f"{len(found)} clusters are active: {names}; choose one with --cluster-id")
