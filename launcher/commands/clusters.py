"""The commands that look: `cluster list` and `cluster status`."""

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from launcher.commands.cluster_screens import list_rows, listed_record, node_rows, status_pairs, status_record
from launcher.commands.options import AsJson, ClusterId, Debug, the_cluster
from launcher.emr.clusters import ACTIVE, ENDED, Cluster, Instance, describe, idle_seconds, instances, listed
from launcher.emr.steps import unfinished_if_told
from launcher.support import aws
from launcher.support.command_lines import command_line
from launcher.support.console import print_json, print_pairs, print_table, say
from launcher.support.outcomes import command_body

if TYPE_CHECKING:
    from mypy_boto3_emr import EMRClient

app = typer.Typer()

_MOST_NODES = 20
_NODES = ("node", "group", "type", "state", "private IP")
_LIST = ("cluster", "name", "state", "made (UTC)", "up", "why")


@app.command("list")
def list_clusters(
    ended: Annotated[bool, typer.Option("--all", help="include those that have ended")] = False,
    days: Annotated[int, typer.Option(metavar="N", min=1, help="with --all: created in the last N days")] = 7,
    as_json: AsJson = False,
    debug: Debug = False,
) -> None:
    """List the active clusters of the region."""
    with command_body(debug):
        emr, active = aws.client("emr"), (*ACTIVE, "TERMINATING")
        found = listed(emr, active)
        if ended:
            found += listed(emr, ENDED, datetime.now(UTC) - timedelta(days=days))
        if as_json:
            print_json([listed_record(each) for each in found])
        elif found:
            print_table(_LIST, list_rows(found))
        else:
            when = f"was active in the last {days} days" if ended else "is active"
            create = command_line("cluster", "create")
            say(f"No cluster {when} in {emr.meta.region_name}; create one with: {create}")


@app.command()
def status(cluster_id: ClusterId = None, as_json: AsJson = False, debug: Debug = False) -> None:
    """Show one cluster: state, nodes, uptime, idle time, what terminates it, the settings in force."""
    with command_body(debug):
        emr = aws.client("emr")
        cluster = describe(emr, the_cluster(emr, cluster_id, or_last=True))
        waits = cluster.life.state == "WAITING"
        idle = idle_seconds(aws.client("cloudwatch"), cluster.id) if waits else None
        unfinished = [] if cluster.has_ended else unfinished_if_told(emr, cluster.id)
        there = [] if cluster.has_ended else _nodes(emr, cluster)
        if as_json:
            print_json(status_record(cluster, idle, unfinished, there))
            return
        print_pairs(status_pairs(cluster, idle, unfinished))
        if there:
            print()
            print_table(_NODES, node_rows(cluster, there[:_MOST_NODES]))
        if len(there) > _MOST_NODES:
            print(f"… and {len(there) - _MOST_NODES} more nodes (--json has all)")


def _nodes(emr: "EMRClient", cluster: Cluster) -> list[Instance]:
    """The nodes that are there; none where they may not be listed, which is no reason to show nothing."""
    try:
        return [each for each in instances(emr, cluster.id) if each.life.state not in ENDED]
    except aws.AwsRefused:
        return []
