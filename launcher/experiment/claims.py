"""Run ids that belong to one run: claimed before anything is written, so that two runs never share a folder.

A run's id is the second it started in, and two may start in one. The first to make the file of an id has it; whoever
comes second takes the next second. The file goes with the run, whose folders then show that the id is taken.
"""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import replace

from launcher.experiment.plan import Plan
from launcher.support.files import Files, files_at
from lib import artifacts
from lib.errors import ExperimentError, InputError


@contextmanager
def claimed(plans: Sequence[Plan]) -> Iterator[list[Plan]]:
    """The plans with run ids that no other run has, or gets while the block lasts. One that is resumed keeps its own.

    Raises:
        InputError: an id that was asked for is another run's.
    """
    with ExitStack() as stack:
        yield [plan if plan.parameters.resume else _claim(plan, stack) for plan in plans]


def _claim(plan: Plan, stack: ExitStack) -> Plan:
    out = plan.parameters.out
    files = files_at(out)
    while True:
        place = artifacts.claim(out, plan.run_id)
        if files.claim(place):
            stack.callback(_give_up, files, place)
            if not any(files.exists(folder) for folder in _folders(plan)):
                return plan
        if plan.parameters.run_id:
            raise InputError(f"run_id={plan.run_id}: another run has that id in {out}; leave it empty for a new run")
        plan = replace(plan, run_id=artifacts.next_run_id(plan.run_id))


def _folders(plan: Plan) -> tuple[str, ...]:
    """Where a run of this id leaves something: of any kind, unless the id was asked for (scores may have a model's)."""
    if plan.parameters.run_id:
        return (plan.score_dir,) if plan.is_scoring else (plan.model_dir, plan.eval_dir)
    return (plan.model_dir, plan.eval_dir, plan.score_dir, artifacts.step_dir(plan.parameters.out, plan.run_id))


def _give_up(files: Files, place: str) -> None:
    with suppress(ExperimentError, OSError):  # what is left of it only makes the next run take the next second
        files.remove(place)
