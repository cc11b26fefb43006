"""One experiment from its plan to its results, as a person sees it."""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from functools import partial
from typing import TYPE_CHECKING, Any

from launcher.experiment.plan import Plan
from launcher.experiment.search_log import SearchLog
from launcher.leaderboard import mlflow, page
from launcher.parameters.cluster import RunOptions
from launcher.parameters.sources import OPTIONS
from launcher.running.gate import check_gate
from launcher.running.left_over import warn_of_leftovers
from launcher.running.progress import Progress
from launcher.running.run_record import recorded
from launcher.running.screens import show_results
from launcher.running.source import SourceKeeper
from launcher.support.command_lines import command_line
from launcher.support.console import out, say
from launcher.support.files import files_at, shown
from launcher.support.interrupts import Interrupted, TimeUp, limited
from launcher.support.outcomes import one_after_the_other
from lib import artifacts
from lib.errors import ExperimentError, InputError

if TYPE_CHECKING:
    from launcher.emr.cost.watch import CostWatch
    from launcher.running.runner import Observer
    from launcher.targets.target import Target


def run_all(plans: Sequence[Plan], options: RunOptions) -> None:
    """Run experiments from here, one after the other.

    Raises:
        typer.Exit: one of several failed; with the worst of their exit codes.
    """

    def run_one(plan: Plan) -> None:
        with recorded(options.records, plan):
            run(plan)

    if len(plans) == 1:
        run_one(plans[0])
    else:
        one_after_the_other([partial(run_one, plan) for plan in plans], options.debug)


def run(plan: Plan, target: "Target | None" = None, observers: "Sequence[Observer]" = ()) -> None:
    """Run a planned experiment (on the target it names), show it while it runs, and say what came out.

    `observers` are told how it goes, beside the display.

    Raises:
        ExperimentError: it failed, or (`GateFailed`) is complete and not good enough.
    """
    console = out()
    say(f"{plan.title} → {shown(plan.parameters.out)}", console)
    cost = _cost_watch(plan)
    if cost:
        say(f"Cost: {cost.estimate()}", console)
    # papermill and nbconvert take seconds to import, which a run that is refused need not wait for.
    from launcher.running.runner import Run
    from launcher.targets.target import target_of

    started = time.monotonic()
    log = SearchLog(files_at(plan.parameters.out), f"{plan.model_dir}/{artifacts.SEARCH_LOG}")
    opened = nullcontext(target) if target else target_of(plan)
    source = SourceKeeper(plan)
    with _no_longer_than(plan), opened as reached, Progress(plan, log, console) as progress:
        experiment_run = Run(plan, (*observers, *([cost] if cost else []), source, progress), reached)
        try:
            results = experiment_run()
        except (Interrupted, ExperimentError) as stop:
            if not isinstance(stop, InputError):
                stop.add_note(what_is_left(plan, is_trained="train" in experiment_run.results))
            raise
        finally:
            source.keep()
    show_results(console, plan, results, time.monotonic() - started)
    if cost:
        from launcher.emr.cost.records import sentence

        say(f"Cost: {sentence(cost.cost)}", console)
    if not plan.is_scoring:
        page.make_again(plan.parameters.out)
        mlflow.log_finished(plan.parameters.out, plan.run_id, (plan.model_dir, plan.eval_dir))
    warn_of_leftovers()
    check_gate(results)


class TookTooLong(ExperimentError):
    """A run was stopped at its time limit."""

    cause = "time-limit"


@contextmanager
def _no_longer_than(plan: Plan) -> Iterator[None]:
    """Stop a run, as Ctrl-C does, when it has taken as long as it may.

    Raises:
        TookTooLong: it did.
    """
    hours = plan.parameters.cluster.max_hours
    try:
        with limited(None if hours is None else hours * 3600):
            yield
    except TimeUp as up:
        late = TookTooLong(f"the run was stopped after {hours:g} hours, its time limit (cluster.max_hours)")
        for note in getattr(up, "__notes__", []):
            late.add_note(note)
        raise late from None


def _cost_watch(plan: Plan) -> "CostWatch | None":
    """The observer that keeps account of the EMR cluster that a plan runs on, if it runs on one."""
    if not plan.cluster_id:
        return None
    from launcher.emr.cost.watch import CostWatch
    from launcher.support import aws

    return CostWatch(plan, aws.session())


def what_is_left(plan: Plan, is_trained: bool) -> str:
    """What a run that was stopped or failed leaves for resuming, if anything."""
    if plan.is_scoring:
        return _what_is_left_of_scores(plan)
    if is_trained and not plan.parameters.evaluate:
        return f"The model is complete: {shown(plan.model_dir)}"
    if is_trained:
        return f"The model is complete: {shown(plan.model_dir)}. Evaluate it with: {_resuming(plan)}"
    if not _is_there(plan, f"{plan.model_dir}/{artifacts.EXPERIMENT}"):
        return "Nothing is complete, and there is nothing to resume."
    return f"The scored candidates are kept. Resume with: {_resuming(plan)}"


def _resuming(plan: Plan) -> str:
    """The command that goes on with an experiment."""
    cluster = plan.parameters.cluster
    where = cluster.runs_on.resume_options(cluster).items()
    options = ["--out", shown(plan.parameters.out), *(word for name, value in where for word in _option(name, value))]
    model = artifacts.model_name(plan.run_id)
    return command_line(*options, "--resume", model)


def _what_is_left_of_scores(plan: Plan) -> str:
    """Maps that are not finished can be resumed; of a table nothing is kept."""
    if not _is_there(plan, f"{plan.score_dir}/{artifacts.WINDOWS}"):
        return "No scores are kept: they would not be complete."
    name = plan.score_dir.rpartition("/")[2]
    return f"What is finished of the maps is kept. Go on with the same command and --resume {name}"


def _is_there(plan: Plan, place: str) -> bool:
    """Whether a run has left something, as far as can be seen."""
    try:
        return files_at(plan.parameters.out).exists(place)
    except ExperimentError:  # the message is about what stopped the run
        return False


def _option(setting: str, value: Any) -> tuple[str, str]:
    """The option for a setting of `cluster`: its own, or -p."""
    name = f"cluster.{setting}"
    return (f"--{OPTIONS[name]}", value) if name in OPTIONS else ("-p", f"{name}={value}")
