"""A cluster for one batch: created for some experiments, and terminated after them, however they end."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace

from launcher.commands.experiment import Wanted, checked, experiments, planned
from launcher.commands.lifecycle import price_of_new, show_state
from launcher.emr.clusters import describe
from launcher.emr.cost.earlier_runs import earlier_runs, expected
from launcher.emr.cost.records import of_cluster
from launcher.emr.cost.spending import spending
from launcher.emr.lifecycle.create import create, wait_until_ready
from launcher.emr.lifecycle.infrastructure import find
from launcher.emr.lifecycle.request import NewCluster, Surroundings, settings
from launcher.emr.lifecycle.terminate import terminate
from launcher.experiment.plan import Plan
from launcher.parameters.cluster import RunOptions
from launcher.running.run_record import PLANNED, record_of
from launcher.running.screens import show_plan
from launcher.support import aws
from launcher.support.command_lines import command_line
from launcher.support.console import duration, err, out, say
from launcher.support.files import files_at
from launcher.support.interrupts import Interrupted
from launcher.support.watching import patiently
from lib.errors import ExperimentError, InputError
from lib.search.candidates import candidates_of

# Seconds without work after which the cluster ends by itself: what kills this program leaves it no longer running.
_IDLE = 600
_START = 600.0  # seconds that a cluster takes to be ready, for the estimate
_NOT_YET = "j-NEW"


def run_on_new_cluster(
    wanted: Wanted, assigned: Sequence[str], options: RunOptions, is_dry: bool, is_checked: bool
) -> None:
    """Check experiments, create a cluster of the settings `assigned`, run them there, and terminate it.

    Raises:
        InputError: an experiment or a setting is wrong: nothing was created.
        ExperimentError: the cluster did not start, or an experiment failed; the cluster is terminated.
    """
    for option, name in (("cluster.id", "--cluster-id"), ("run_id", "--run-id")):
        if wanted.options.get(option):
            raise InputError(f"--create-cluster runs everything on a new cluster: leave out {name}")
    new = settings([f"idle_timeout={_IDLE}", *assigned])
    plans = checked(planned(_on(wanted, _NOT_YET)), options)
    around = find(new)
    say(f"{price_of_new(new)} {_expected(plans)}")
    if is_dry:
        for plan in plans:
            show_plan(out(), plan)
            options.records.append(record_of(plan, PLANNED, cluster=None))
        return
    with _batch_cluster(new, around) as cluster_id:
        here = replace(options, wait=True, cluster_stays=False)
        experiments(_on(wanted, cluster_id), here, is_dry=False, is_checked=is_checked)


def _on(wanted: Wanted, cluster_id: str) -> Wanted:
    return replace(wanted, options={**wanted.options, "cluster.id": cluster_id})


def _expected(plans: Sequence[Plan]) -> str:
    """How long the batch will take, from the start of the cluster on."""
    times = [
        expected(earlier_runs(files_at(p.out), p.out), len(candidates_of(p)), p.engine, None)
        for p in (plan.parameters for plan in plans)
    ]
    seconds = _START + sum(each.seconds for each in times)
    bases = ", ".join(dict.fromkeys(each.basis for each in times))
    return f"The batch will take about {duration(seconds)}, with {duration(_START)} to start the cluster ({bases})."


@contextmanager
def _batch_cluster(new: NewCluster, around: Surroundings) -> Iterator[str]:
    """A new cluster that is ready, until the block ends."""
    try:
        cluster_id = create(new, around)
    except Interrupted as stop:
        stop.add_note(
            f"The cluster may have been created all the same: look with {command_line('cluster', 'list')}. It "
            f"terminates itself after {duration(new.idle_timeout)} idle."
        )
        raise
    try:
        say(
            f"Cluster {cluster_id} is for this batch alone. It is terminated afterwards, and terminates itself after "
            f"{duration(new.idle_timeout)} idle."
        )
        wait_until_ready(aws.client("emr"), cluster_id, show_state)
        yield cluster_id
    finally:
        _end(cluster_id, new.idle_timeout)


def _end(cluster_id: str, idle: int) -> None:
    """Terminate the cluster and say what it cost; what went wrong before is the error, not what goes wrong here."""
    emr = aws.client("emr")
    try:
        patiently(lambda: terminate(emr, describe(emr, cluster_id)))
    except ExperimentError as error:
        now = command_line("cluster", "terminate", cluster=cluster_id)
        say(
            f"Cluster {cluster_id} could not be terminated ({error}), and terminates itself after {duration(idle)} "
            f"idle. To do it now: {now}",
            err(),
            "bold red",
        )
        return
    say(f"Cluster {cluster_id} is being terminated. {_cost(cluster_id)}")


def _cost(cluster_id: str) -> str:
    try:
        usd = of_cluster(spending(aws.session(), cluster_id))["whole_usd"]
    except ExperimentError as error:
        return f"What it cost is not known: {error}"
    details = command_line("cluster", "cost", cluster=cluster_id)
    return f"It has cost about {usd:.2f} USD (list prices of nodes and disks, not the bill; details: {details})."
