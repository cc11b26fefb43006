"""The command without a name: experiments, from what was typed to their start."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from launcher.commands.options import CLUSTER_VARIABLE
from launcher.detached.emr_step import require_usable
from launcher.detached.repeats import is_repeatable, once, submitted_step
from launcher.detached.submit import attach
from launcher.emr.checks.checklist import check_before_submission
from launcher.emr.clusters import describe, require_ready
from launcher.emr.cost.estimates import estimate_line
from launcher.emr.tunnels import require_program
from launcher.experiment import preflight
from launcher.experiment.claims import claimed
from launcher.experiment.plan import Plan, make_plan, recorded_parameters, this_command, with_distinct_ids
from launcher.experiment.resuming import what_is_missing
from launcher.experiment.scoring import chosen
from launcher.leaderboard.tags import with_tagged_model
from launcher.parameters.cluster import LOCAL, RunOptions
from launcher.parameters.schema import Parameters
from launcher.parameters.sources import gather
from launcher.running.run_record import PLANNED, record_of
from launcher.running.screens import show_plan
from launcher.support import aws
from launcher.support.console import err, out
from launcher.support.surroundings import working_folder
from lib.errors import InputError


@dataclass(frozen=True)
class Wanted:
    """What was typed: `files` of parameters (an experiment each), `-p` assignments, options, a model to resume."""

    files: Sequence[str]
    assignments: Sequence[str]
    options: Mapping[str, Any]
    resume: str | None = None

    def parameters(self) -> list[Parameters]:
        """The parameters of each experiment.

        Raises:
            InputError: a parameter is wrong, or several experiments are to be one that is resumed.
        """
        if self.resume is not None and self.options.get("run_id"):
            raise InputError("--resume names the run that goes on: leave out --run-id")
        if self.resume is not None and len(self.files) > 1:
            raise InputError("--resume continues one experiment: give one --params file")
        return [self._of(file) for file in self.files or (None,)]

    def _of(self, file: str | None) -> Parameters:
        given = gather(file, list(self.assignments), dict(self.options), cwd=working_folder())
        if self.resume is None:
            return given
        recorded = recorded_parameters(given.out, self.resume)
        return gather(file, list(self.assignments), dict(self.options), cwd=working_folder(), recorded=recorded)


def experiments(wanted: Wanted, options: RunOptions, is_dry: bool, is_checked: bool) -> None:
    """Plan experiments, check them, and start them on their target; a dry run only says what would run.

    Raises:
        ExperimentError: one cannot run as wanted, or failed.
    """
    plans = planned(wanted)
    start = partial(_check_and_start, plans, options, is_dry, is_checked)
    repeatable = [] if is_dry else [plan for plan in plans if is_repeatable(plan)]
    if not repeatable:
        start()
        return
    if len(plans) > 1:
        raise InputError(
            f"run_id={repeatable[0].run_id}: an experiment with an id of its own is submitted by a command of its own, "
            "which can be repeated; give one --params file"
        )
    (plan,) = plans
    emr = aws.client("emr")
    once(lambda: submitted_step(emr, plan), lambda step_id: attach(plan, step_id, options), start)


def planned(wanted: Wanted) -> list[Plan]:
    """What was typed, planned; nothing is looked at yet."""
    return with_distinct_ids([make_plan(each, argv=this_command()) for each in wanted.parameters()])


def checked(plans: Sequence[Plan], options: RunOptions) -> list[Plan]:
    """The plans as they will run, after all checks that need no cluster.

    Raises:
        InputError: one cannot run as wanted.
    """
    ready = [what_is_missing(replace(plan, parameters=chosen(with_tagged_model(plan.parameters)))) for plan in plans]
    for plan in ready:
        preflight.check(plan)
    preflight.check_together(ready, options)
    return ready


def _check_and_start(made: Sequence[Plan], options: RunOptions, is_dry: bool, is_checked: bool) -> None:
    plans = checked(made, options)
    _say_where(plans)
    for plan in plans:
        _require_way(plan)
    if is_dry:
        for plan in plans:
            show_plan(out(), plan, _estimate(plan))
            options.records.append(record_of(plan, PLANNED))
        return
    if is_checked:
        for plan in plans:
            _check_cluster(plan)
    with claimed(plans) as plans:
        # What is missing of one that is taken up may have been made just before the claim.
        plans = [what_is_missing(plan) for plan in plans]
        plans[0].parameters.cluster.runs_on.start(plans, options)


def _say_where(plans: Sequence[Plan]) -> None:
    """Where a cluster is in the environment, that the experiment runs here all the same, unless that was said."""
    named = os.environ.get(CLUSTER_VARIABLE)
    places = [plan.parameters.cluster for plan in plans]
    if named and all(each.target is None and each.runs_on is LOCAL for each in places):
        err().print(
            f"This runs here: {CLUSTER_VARIABLE} is for the commands `cluster …` alone. To run it on that cluster, add "
            f"--cluster-id {named}",
            style="yellow",
            markup=False,
        )


def _require_way(plan: Plan) -> None:
    """Where it runs on an EMR cluster, that there is one and that this machine can reach it; a dry run looks too.

    Raises:
        InputError: there is none of this id, it takes no work, or a program that the road needs is not installed.
    """
    if not plan.cluster_id:
        return
    where = plan.parameters.cluster
    if where.runs_on.in_sessions:
        require_program(where.reach)
    cluster = describe(aws.client("emr"), plan.cluster_id)
    if where.runs_on.in_steps:
        require_usable(cluster)
    else:
        require_ready(cluster)


def _check_cluster(plan: Plan) -> None:
    """Where it runs on an EMR cluster: the checklist, before anything costs money."""
    if plan.cluster_id:
        check_before_submission(plan, aws.session(), out())


def _estimate(plan: Plan) -> str | None:
    """What a run will cost on the EMR cluster that it is for, if it is for one."""
    return estimate_line(plan, aws.session()) if plan.cluster_id else None
