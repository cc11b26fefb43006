"""A detached run on the primary node: what the step of `launcher.detached.emr_step` runs there.

It follows the plan that was submitted, with the Livy of this node, and keeps its status where watchers find it.
"""

import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace

import typer

from launcher.experiment import preflight
from launcher.experiment.claims import held
from launcher.experiment.plan import Plan
from launcher.experiment.resuming import what_is_missing
from launcher.experiment.submitted import StatusWriter, StepFiles
from launcher.parameters.cluster import LIVY
from launcher.running.run import run
from launcher.support.files import files_at
from launcher.support.interrupts import Interrupted
from launcher.support.outcomes import command_body
from launcher.targets.livy.client import LivyUnreachable
from launcher.targets.livy.target import livy_target
from launcher.targets.target import Target
from lib.errors import ExperimentError

_LOOK = 1.0  # seconds


def main(folder: str, livy_url: str) -> int:
    """Run what was submitted in `<out>/steps/<run_id>/`; return the exit code."""
    _end_with_parent()
    step_files = StepFiles(files_at(folder), folder.rstrip("/"))
    status = StatusWriter(step_files)
    try:
        with command_body(debug=True), _kept(status):
            submitted = step_files.plan()
            with held(submitted.parameters.out, submitted.run_id):
                plan = what_is_missing(submitted)
                preflight.check(plan)  # the same run submitted twice is refused here
                with _livy_here(plan, livy_url) as target:
                    run(plan, target, [status])
    except typer.Exit as stop:
        return stop.exit_code
    return 0


@contextmanager
def _livy_here(plan: Plan, url: str) -> Iterator[Target]:
    """The Livy of this node, for a plan that knows it by its cluster."""
    here = {"target": LIVY.name, "id": "", "livy_url": url, "reach": "direct"}
    cluster = plan.parameters.cluster.model_copy(update=here)
    parameters = plan.parameters.model_copy(update={"cluster": cluster})
    with ExitStack() as stack:
        try:
            target = stack.enter_context(livy_target(replace(plan, parameters=parameters)))
        except LivyUnreachable as error:
            remedy = "Livy runs on the cluster's primary node: check that it is installed and ready"
            raise LivyUnreachable(url, error.problem, remedy) from None
        yield target


@contextmanager
def _kept(status: StatusWriter) -> Iterator[None]:
    """Record how the run ends."""
    try:
        yield
    except BaseException as error:
        status.over(*_ending(error), error if isinstance(error, ExperimentError) else None)
        raise
    status.over(0)


def _ending(error: BaseException) -> tuple[int, str]:
    notes = "".join(f"\n{note}" for note in getattr(error, "__notes__", []))
    if isinstance(error, Interrupted):
        return error.exit_code, f"stopped by {error.name}{notes}"
    if isinstance(error, ExperimentError):
        return error.exit_code, f"{error}{notes}"
    return 1, f"{type(error).__name__}: {error}{notes}"


def _end_with_parent() -> None:
    """End as on SIGTERM, with all sessions, when EMR's runner ends: it passes no signal on when a step is cancelled."""
    parent = os.getppid()

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(_LOOK)
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=watch, name="parent", daemon=True).start()
