"""What the commands about clusters share: which cluster is meant, and its options."""

from typing import TYPE_CHECKING, Annotated

import typer

from launcher.emr.clusters import listed
from lib.errors import InputError

if TYPE_CHECKING:
    from mypy_boto3_emr import EMRClient

ClusterId = Annotated[
    str | None,
    typer.Option("--cluster-id", metavar="ID", envvar="EMR_CLUSTER_ID", help="cluster; default: the only active one"),
]
AsJson = Annotated[bool, typer.Option("--json", help="print JSON, for programs")]
Debug = Annotated[bool, typer.Option("--debug", help="show tracebacks")]


def the_cluster(emr: "EMRClient", given: str | None) -> str:
    """The id of the cluster that is meant: the one given, or else the only active one. `emr` is a boto3 client.

    Raises:
        InputError: none is given, and there is none or more than one to choose from.
    """
    if given:
        return given
    found = listed(emr)
    if len(found) == 1:
        return found[0].id
    if not found:
        remedy = "name one with --cluster-id, or create one: run_experiment.py cluster create"
        raise InputError(f"no cluster is active; {remedy}")
    names = ", ".join(f"{each.id} ({each.name})" for each in found)
    raise InputError(f"{len(found)} clusters are active: {names}; choose one with --cluster-id")
