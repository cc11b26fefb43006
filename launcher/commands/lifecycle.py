"""The commands that change costs: `cluster create`, `resize` and `terminate`."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Annotated, Literal

import typer

from launcher.commands.cluster_screens import nodes
from launcher.commands.options import ClusterId, Debug, the_cluster
from launcher.emr.clusters import UNKNOWN, Cluster, describe, idle_seconds
from launcher.emr.cost.spending import usd_per_hour
from launcher.emr.design import design
from launcher.emr.lifecycle import change as changing
from launcher.emr.lifecycle import create as creation
from launcher.emr.lifecycle import resize as resizing
from launcher.emr.lifecycle import terminate as termination
from launcher.emr.lifecycle.bootstrap import bootstrap_place
from launcher.emr.lifecycle.infrastructure import find
from launcher.emr.lifecycle.request import NewCluster, as_groups, request, settings
from launcher.emr.steps import UNFINISHED_STEP, list_steps
from launcher.support import aws
from launcher.support.aws import AwsRefused, AwsUnavailable, NotLoggedIn
from launcher.support.command_lines import command_line
from launcher.support.console import duration, print_json, say
from launcher.support.interrupts import Interrupted
from launcher.support.outcomes import command_body
from lib.errors import ExperimentError, InputError

app = typer.Typer()

_SETTING = "any setting, as in core_count=4 (docs/cluster.md lists them)"
# A price that rises by more than this factor, or by so many USD an hour, is asked about.
_MUCH, _MUCH_USD = 2.0, 5.0
Wait = Annotated[bool, typer.Option("--wait", help="wait until it is done")]


@app.command()
def create(
    assign: Annotated[list[str] | None, typer.Option("-p", metavar="NAME=VALUE", help=_SETTING)] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="print the request, and create nothing")] = False,
    wait: Wait = False,
    debug: Debug = False,
) -> None:
    """Create a cluster without Terraform, in the bucket, network and roles that Terraform made."""
    with command_body(debug):
        wanted = settings(assign or [])
        around = find(wanted)
        if dry_run:
            print_json(request(wanted, around, bootstrap_place(around.bucket)))
            return
        cluster_id = creation.create(wanted, around)
        idle = duration(wanted.idle_timeout)
        say(f"{wanted.project}-cluster is {cluster_id}, ready in about ten minutes. It terminates after {idle} idle.")
        say(price_of_new(wanted))
        look = command_line("cluster", "status", cluster=cluster_id)
        if wait:
            with _goes_on(f"The cluster keeps starting: {look}"):
                creation.wait_until_ready(aws.client("emr"), cluster_id, show_state)
            say(f"Run an experiment on it: {command_line(cluster=cluster_id, options='--input-data s3://…')}")
        else:
            say(f"Look at it: {look}")


@app.command()
def resize(
    count: Annotated[int, typer.Argument(metavar="N", min=0, help="the new number of nodes")],
    group: Annotated[Literal["core", "task"], typer.Option(metavar="core|task", help="which nodes")] = "core",
    cluster_id: ClusterId = None,
    wait: Wait = False,
    yes: Annotated[bool, typer.Option("--yes", help="do not ask, though the price rises much")] = False,
    debug: Debug = False,
) -> None:
    """Change the number of nodes of the core or task group."""
    with command_body(debug):
        emr = aws.client("emr")
        planned = resizing.plan_resize(emr, the_cluster(emr, cluster_id), group.upper(), count)
        if planned.before == count:
            say(f"The {group} group of {planned.cluster.id} already has {count} nodes.")
            return
        price, is_much = _price_of(planned)
        if is_much and not yes:
            what = f"resizing the {group} group of {planned.cluster.id} from {planned.before} to {count} nodes"
            _ask(what, f"{what[0].upper()}{what[1:]}: {price}. Go on?")
        resizing.resize(emr, planned)
        change = f"goes from {planned.before} to {count} nodes: {price}"
        say(f"The {group} group of {planned.cluster.id} {change}. {planned.remark}".strip())
        if wait:
            with _goes_on(f"The resize continues: {command_line('cluster', 'status', cluster=planned.cluster.id)}"):
                resizing.wait_until_resized(
                    emr, planned, lambda seen: print(f"{seen.running} of {count} running", flush=True)
                )


@app.command("set")
def set_(
    step_concurrency: Annotated[
        int | None, typer.Option(metavar="N", min=1, max=256, help="steps that may run at the same time")
    ] = None,
    idle_timeout: Annotated[
        str | None, typer.Option(metavar="SECONDS|never", help="idle seconds until it terminates itself, from 60")
    ] = None,
    protect: Annotated[
        bool | None, typer.Option("--protect/--no-protect", help="termination protection", show_default=False)
    ] = None,
    cluster_id: ClusterId = None,
    debug: Debug = False,
) -> None:
    """Change a running cluster: steps at the same time, idle timeout, termination protection."""
    with command_body(debug):
        wanted = changing.Change(step_concurrency, changing.idle_seconds(idle_timeout), protect)
        if wanted == changing.Change():
            raise InputError("say what to change: --step-concurrency, --idle-timeout or --protect")
        emr = aws.client("emr")
        cluster = describe(emr, the_cluster(emr, cluster_id))
        for done in changing.change(emr, cluster, wanted):
            say(done)


@app.command()
def terminate(
    cluster_id: ClusterId = None,
    yes: Annotated[bool, typer.Option("--yes", help="do not ask")] = False,
    force: Annotated[
        bool, typer.Option("--force", help="also while steps run, and in spite of termination protection")
    ] = False,
    debug: Debug = False,
) -> None:
    """Terminate a cluster. What is in S3 stays; HDFS and running steps are lost."""
    with command_body(debug):
        emr = aws.client("emr")
        cluster = describe(emr, the_cluster(emr, cluster_id))
        if cluster.has_ended or cluster.life.state == "TERMINATING":
            say(f"Cluster {cluster.id} is already {cluster.life.state}.")
            return
        unfinished = list_steps(emr, cluster.id, UNFINISHED_STEP)
        if not force:
            termination.check(cluster, unfinished)
        work = termination.said(unfinished) if unfinished else _other_work(cluster)
        if not yes:
            _ask(f"terminating {_named(cluster)}", f"Terminate {_named(cluster)}? It has {work}.")
        termination.terminate(emr, cluster)
        say(f"{_named(cluster)} is being terminated; it had {work}.")
        if cluster.log_place:
            say(f"Its logs are in {cluster.log_place}")


@contextmanager
def _goes_on(note: str) -> Iterator[None]:
    """While this waits: interrupting the wait does not stop what is waited for, and the message says so."""
    try:
        yield
    except (Interrupted, AwsRefused, AwsUnavailable, NotLoggedIn) as stop:
        stop.add_note(note)
        raise


def _other_work(cluster: Cluster) -> str:
    """What CloudWatch knows about work that is not a step."""
    idle = idle_seconds(aws.client("cloudwatch"), cluster.id)
    if idle is None:
        return "no unfinished step"
    if idle == 0:
        return "no unfinished step, but CloudWatch reports it busy: perhaps a Livy session or a notebook"
    return f"no unfinished step and has been idle for {duration(idle)}"


def price_of_new(wanted: NewCluster) -> str:
    """What an hour of a new cluster costs."""
    cluster = replace(UNKNOWN, root_gb=design()["root_volume_gb"])
    try:
        usd = usd_per_hour(aws.session(), cluster, as_groups(wanted))
    except ExperimentError as error:
        return f"What it costs is not known: {error}"
    return f"It costs about {usd:.2f} USD an hour (list prices of nodes and disks, not the bill)."


def _price_of(planned: resizing.Resize) -> tuple[str, bool]:
    """What an hour costs before and after, and whether that is much more."""
    try:
        session = aws.session()
        before = usd_per_hour(session, planned.cluster, planned.cluster.groups)
        after = usd_per_hour(session, planned.cluster, planned.groups_after)
    except ExperimentError as error:
        return f"price not known ({error})", planned.count > _MUCH * max(planned.before, 1)
    is_much = after > _MUCH * before or after - before > _MUCH_USD
    return f"about {before:.2f} USD an hour before, {after:.2f} after", is_much


def _ask(what: str, question: str) -> None:
    if not _has_somebody_to_ask():
        raise InputError(f"{what} needs confirmation, and stdin is not a terminal: add --yes")
    typer.confirm(question, abort=True)


def _has_somebody_to_ask() -> bool:
    return sys.stdin.isatty()


def _named(cluster: Cluster) -> str:
    up = f", up {duration(cluster.life.seconds)}" if cluster.life.seconds is not None else ""
    return f"{cluster.name} ({cluster.id}, {nodes(cluster)}{up})"


def show_state(cluster: Cluster) -> None:
    """A cluster that starts: for how long, its state and the reason."""
    print(
        f"{duration(cluster.life.seconds or 0):>12}  {cluster.life.state}  {cluster.life.reason}".rstrip(), flush=True
    )
