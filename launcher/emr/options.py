"""What the commands about clusters share: which cluster is meant, and how it is said."""

from typing import Annotated, Any

import typer

from lib.errors import InputError

ACTIVE = ("STARTING", "BOOTSTRAPPING", "RUNNING", "WAITING")

ClusterId = Annotated[
    str | None,
    typer.Option("--cluster-id", metavar="ID", envvar="EMR_CLUSTER_ID", help="cluster; default: the only active one"),
]
AsJson = Annotated[bool, typer.Option("--json", help="print JSON, for programs")]
Debug = Annotated[bool, typer.Option("--debug", help="show tracebacks")]


def the_cluster(emr: Any, given: str | None) -> str:
    """The id of the cluster that is meant: the one given, or else the only active one. `emr` is a boto3 client.

    Raises:
        InputError: none is given, and there is none or more than one to choose from.
    """
    if given:
        return given
    from launcher import aws  # botocore takes a while to import, which --help need not wait for

    with aws.explained("cannot list clusters"):
        pages = emr.get_paginator("list_clusters").paginate(ClusterStates=list(ACTIVE))
        found = [cluster for page in pages for cluster in page["Clusters"]]
    if len(found) == 1:
        return found[0]["Id"]
    if not found:
        way_out = "name one with --cluster-id, or make one: run_experiment.py cluster create"
        raise InputError(f"no cluster is active; {way_out}")
    listed = ", ".join(f"{each['Id']} ({each['Name']})" for each in found)
    raise InputError(f"{len(found)} clusters are active: {listed}; say which with --cluster-id")
