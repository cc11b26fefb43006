"""What the commands about clusters share: which cluster is meant, and its options."""

import os
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from launcher.emr.clusters import ENDED, Listed, listed
from launcher.support.command_lines import command_line
from launcher.support.console import err, say
from lib.errors import InputError

if TYPE_CHECKING:
    from mypy_boto3_emr import EMRClient

# Read last: what was typed, and what a params file says, goes over it. It never sends an experiment away
# (`launcher.commands.experiment`): that costs money, and is said with --cluster-id.
CLUSTER_VARIABLE = "EMR_CLUSTER_ID"
_REMEMBERED = timedelta(days=30)  # that long EMR keeps the pages of a cluster that has ended
ClusterId = Annotated[
    str | None,
    typer.Option(
        "--cluster-id", metavar="ID", help=f"cluster; default: that of {CLUSTER_VARIABLE}, or the only active one"
    ),
]
AllSteps = Annotated[
    bool, typer.Option("--all", help="include the small steps by which `cluster check` tests the nodes' permissions")
]
AsJson = Annotated[bool, typer.Option("--json", help="print JSON, for programs")]
Debug = Annotated[bool, typer.Option("--debug", help="show tracebacks")]


def the_cluster(emr: "EMRClient", given: str | None, or_last: bool = False) -> str:
    """The id of the cluster that is meant: given, in the environment, or the only active one. `emr` is a boto3 client.

    With `or_last`, for what can be asked of a cluster that has ended: if none is active, the last that was.

    Raises:
        InputError: none is given, and there is none or more than one to choose from.
    """
    named = given or os.environ.get(CLUSTER_VARIABLE)
    if named:
        return named
    found = listed(emr)
    if len(found) == 1:
        return found[0].id
    if found:
        names = ", ".join(f"{each.id} ({each.name})" for each in found)
        raise InputError(f"{len(found)} clusters are active: {names}; choose one with --cluster-id")
    last = _last_ended(emr)
    if last and or_last:
        say(f"No cluster is active; this is the last one, {_named(last)}.", err(), "yellow")
        return last.id
    before = f" (the last one was {_named(last)})" if last else ""
    create = command_line("cluster", "create")
    raise InputError(f"no cluster is active{before}; name one with --cluster-id, or create one: {create}")


def _last_ended(emr: "EMRClient") -> Listed | None:
    ended = listed(emr, ENDED, datetime.now(UTC) - _REMEMBERED)
    return max(ended, key=lambda each: each.life.ended_at or datetime.min.replace(tzinfo=UTC), default=None)


def _named(found: Listed) -> str:
    when = f", ended {found.life.ended_at:%Y-%m-%d %H:%M} UTC" if found.life.ended_at else ""
    return f"{found.id} ({found.name}{when})"
