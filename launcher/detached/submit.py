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
from launcher.emr.steps import unfinished_if_told
from launcher.experiment.plan import Plan
from launcher.parameters.cluster import RunOptions
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
    step_ids = submit(session, cluster_id, plans)
    for number, (plan, step_id, cost) in enumerate(zip(plans, step_ids, costs, strict=True)):
        _tell(plan, step_id, cluster, before + number, cost, console)
    if not cluster.log_uri:
        console.print(f"Cluster {cluster_id} keeps no logs: failures will be hard to diagnose.", style="yellow")
    if options.wait:
        _follow_all(session, cluster_id, step_ids, options.debug, console)


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
    rows = [
        ("step", f"{step_id} on cluster {cluster.id} ({cluster.name}, {cluster.life.state}){turn}"),
        ("follow", follow_command(cluster.id, step_id)),
        ("cost", cost),
        ("cancel", command_line("cluster", "step", step_id, cluster=cluster.id, options="--cancel")),
        *plan.folders.items(),
    ]
    print_pairs(rows, console)


def _follow_all(
    session: boto3.Session, cluster_id: str, step_ids: Sequence[str], debug: bool, console: Console
) -> None:
    def follow_one(step_id: str) -> None:
        if len(step_ids) > 1:
            console.print(f"\n[bold]{step_ids.index(step_id) + 1}/{len(step_ids)}[/bold]  step {step_id}")
        follow(session, cluster_id, step_id, console)

    one_after_the_other([partial(follow_one, step_id) for step_id in step_ids], debug)
