"""Detached runs as a person sees them: submitted, and followed if that is wanted."""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

import boto3
from rich.console import Console

from launcher.detached.emr_step import require_usable, set_step_concurrency, submit
from launcher.detached.follow import follow, follow_command
from launcher.emr.clusters import Cluster, describe
from launcher.emr.cost.estimates import estimate_line
from launcher.emr.steps import describe_step, unfinished_if_told
from launcher.experiment.plan import Plan
from launcher.parameters.cluster import RunOptions
from launcher.running.run_record import SUBMITTED, record_of, recorded
from launcher.support import aws
from launcher.support.command_lines import command_line
from launcher.support.console import out, print_pairs, say
from launcher.support.outcomes import one_after_the_other
from lib.errors import InputError


def run_detached(plans: Sequence[Plan], options: RunOptions) -> None:
    """Submit experiments to their cluster in this order; follow them, if wanted, until the last has ended.

    Raises:
        InputError: they name several clusters, or one that cannot take them.
        typer.Exit: one of those followed failed; with the worst of their exit codes.
    """
    session, console = aws.session(), out()
    cluster_id = _the_only_cluster(plans)
    emr = aws.client("emr", session)
    cluster = describe(emr, cluster_id)
    require_usable(cluster)
    if options.step_concurrency is not None:
        _set_concurrency(session, cluster_id, options.step_concurrency, console)
        cluster = replace(cluster, step_concurrency=options.step_concurrency)
    before = len(unfinished_if_told(emr, cluster_id) or ())
    costs = [estimate_line(plan, session) for plan in plans]  # first: nothing may come between a submission and its id
    sent = list(zip(plans, submit(session, cluster_id, plans), strict=True))
    for number, ((plan, step_id), cost) in enumerate(zip(sent, costs, strict=True)):
        _tell(plan, step_id, cluster, before + number, cost, console)
    if not cluster.log_uri:
        console.print(f"Cluster {cluster_id} keeps no logs: failures will be hard to diagnose.", style="yellow")
    _follow_or_leave(session, sent, options, console)


def attach(plan: Plan, step_id: str, options: RunOptions) -> None:
    """Take up a run that was submitted before under the id that was asked for: as `run_detached`, without submitting.

    Raises:
        typer.Exit: it is followed and failed, now or earlier; with its exit code.
    """
    session, console = aws.session(), out()
    cluster_id = plan.cluster_id
    state = describe_step(aws.client("emr", session), cluster_id, step_id).state
    say(f"{plan.title} → {plan.parameters.out} was submitted before: nothing is submitted again.", console)
    print_pairs([("step", f"{step_id} on cluster {cluster_id}: {state}"), *_places(plan, step_id)], console)
    _follow_or_leave(session, [(plan, step_id)], options, console, attached=True)


def _the_only_cluster(plans: Sequence[Plan]) -> str:
    ids = list(dict.fromkeys(plan.parameters.cluster.id for plan in plans))
    if len(ids) > 1:
        raise InputError(f"the experiments name several clusters ({', '.join(ids)}): give one with --cluster-id")
    return ids[0]


def _set_concurrency(session: boto3.Session, cluster_id: str, steps: int, console: Console) -> None:
    set_step_concurrency(session, cluster_id, steps)
    if steps > 1:
        say(
            f"Cluster {cluster_id} now runs up to {steps} steps at the same time. Each has a driver and executors "
            "of its own and papermill on the primary node: the memory settings in the section spark must fit "
            f"{steps} times.",
            console,
        )


def _tell(plan: Plan, step_id: str, cluster: Cluster, before: int, cost: str, console: Console) -> None:
    turn = f"; {before} step{'s' if before > 1 else ''} before it" if before >= cluster.step_concurrency else ""
    say(f"{plan.title} → {plan.parameters.out}", console)
    where = f"{step_id} on cluster {cluster.id} ({cluster.name}, {cluster.life.state}){turn}"
    print_pairs([("step", where), *_places(plan, step_id, [("cost", cost)])], console)


def _places(plan: Plan, step_id: str, cost: Sequence[tuple[str, str]] = ()) -> list[tuple[str, str]]:
    """How to follow and to cancel it, and where its results will be."""
    return [
        ("follow", follow_command(plan.cluster_id, step_id)),
        *cost,
        ("cancel", command_line("cluster", "step", step_id, cluster=plan.cluster_id, options="--cancel")),
        *plan.folders.items(),
    ]


def _follow_or_leave(
    session: boto3.Session,
    sent: Sequence[tuple[Plan, str]],
    options: RunOptions,
    console: Console,
    attached: bool = False,
) -> None:
    def follow_one(number: int, plan: Plan, step_id: str) -> None:
        if len(sent) > 1:
            console.print(f"\n[bold]{number}/{len(sent)}[/bold]  step {step_id}")
        with recorded(options.records, plan, step=step_id, attached=attached):
            follow(session, plan.cluster_id, step_id, console, options.cluster_stays)

    if options.wait:
        bodies = [partial(follow_one, number, *each) for number, each in enumerate(sent, start=1)]
        one_after_the_other(bodies, options.debug)
    else:
        options.records.extend(record_of(plan, SUBMITTED, step=step_id, attached=attached) for plan, step_id in sent)
