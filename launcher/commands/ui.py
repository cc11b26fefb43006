"""The command `cluster ui`: the pages of Spark and YARN."""

import signal
import sys
import time
from typing import Annotated, Literal

import typer

from launcher.commands.options import AsJson, ClusterId, Debug, the_cluster
from launcher.emr import web_pages
from launcher.emr.clusters import describe, require_ready
from launcher.emr.tunnels import require_program
from launcher.emr.web_pages import OpenPages
from launcher.support import aws
from launcher.support.console import print_links, print_pairs
from launcher.support.endpoint import Endpoint
from launcher.support.interrupts import Interrupted
from launcher.support.outcomes import command_body
from lib.errors import InputError

app = typer.Typer()

_REACH = "a tunnel, or the node's own addresses, instead of EMR's links"


@app.command()
def ui(
    cluster_id: ClusterId = None,
    on_cluster: Annotated[
        bool, typer.Option("--on-cluster", help="EMR's links to the pages on the cluster, including YARN")
    ] = False,
    reach: Annotated[
        Literal["direct", "ssh", "ssm"] | None, typer.Option(metavar="direct|ssh|ssm", help=_REACH)
    ] = None,
    ssh_key: Annotated[str, typer.Option(metavar="FILE", help="private key, for --reach ssh")] = "",
    as_json: AsJson = False,
    debug: Debug = False,
) -> None:
    """Open the pages of the Spark History Server and of YARN.

    EMR keeps Spark's history off the cluster, even after its end, and gives a link to it that is good for a while:
    nothing is needed here. With --reach ssh or ssm tunnels stay open until Ctrl-C.
    """
    with command_body(debug):
        if on_cluster and reach:
            raise InputError("use either --on-cluster (EMR's link) or --reach (your own tunnel)")
        require_program(reach or "")
        emr = aws.client("emr")
        cluster = describe(emr, the_cluster(emr, cluster_id, or_last=True))
        show = print_links if as_json else lambda urls: print_pairs(list(urls.items()))
        if reach is None and not on_cluster:
            show(web_pages.persistent_links(emr, cluster))
            return
        require_ready(cluster)
        if on_cluster:
            show(web_pages.on_cluster_links(emr, cluster.id))
            return
        with web_pages.opened_pages(Endpoint(cluster_id=cluster.id, reach=str(reach), ssh_key=ssh_key)) as pages:
            show(pages.urls)
            if pages.tunnels:
                _stay(pages)


def _stay(pages: OpenPages) -> None:
    """Keep the tunnels open until Ctrl-C, which is how this ends."""
    print("Ctrl-C closes the tunnels.", file=sys.stderr)  # stdout may be for a program
    sys.stdout.flush()
    try:
        while True:
            pages.check()
            time.sleep(0.5)
    except Interrupted as stop:
        if stop.signal is not signal.SIGINT:
            raise
        stop.accept()
