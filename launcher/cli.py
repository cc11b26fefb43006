"""The command line: options in, one experiment run, results or one clear message out."""

import shlex
import time
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape

from launcher import parameters, preflight
from launcher.emr.commands import app as cluster_commands
from launcher.files import files_at, shown
from launcher.interrupts import Interrupted
from launcher.outcomes import EXIT_CODES, explained
from launcher.plan import Plan, make_plan, this_command
from launcher.progress import Progress
from launcher.resuming import recorded_parameters
from launcher.screens import show_plan, show_results
from launcher.search_log import SearchLog
from launcher.session_commands import app as session_commands
from launcher.session_commands import warn_of_leftovers
from launcher.sources import OPTIONS, gather
from lib import artifacts
from lib.errors import ExperimentError, InputError

if TYPE_CHECKING:
    from launcher.targets import Target

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None)
app.add_typer(session_commands)
app.add_typer(cluster_commands)

_ASSIGNMENT_HELP = "any parameter, over those of the file: -p search=random -p grid.GBT.maxIter=[100]"

_RESUME_HELP = "go on with an experiment that died (model_YYYYMMDD_HHMMSS), with the parameters it was begun with"


def _option(name: str, metavar: str | None = None) -> Any:
    """The option of a parameter. Its value stays as typed: the schema reads it, as it reads every source."""
    flag = f"--{name.replace('_', '-')}"
    if metavar is None:
        return typer.Option(f"{flag}/--no-{flag[2:]}", help=parameters.meaning(name))
    return typer.Option(flag, metavar=metavar, help=parameters.meaning(name))


def _setting(name: str, metavar: str) -> Any:
    """The option of a setting in a section."""
    return typer.Option(f"--{OPTIONS[name]}", metavar=metavar, help=parameters.meaning(name))


# Every parameter is named here once; what it means and may be stands in the schema.
@app.callback(invoke_without_command=True, epilog=EXIT_CODES)
def experiment(
    context: typer.Context,
    input_data: Annotated[list[str] | None, _option("input_data", "PLACE")] = None,
    test_frac: Annotated[str | None, _option("test_frac", "FRACTION")] = None,
    val_frac: Annotated[str | None, _option("val_frac", "FRACTION")] = None,
    metric: Annotated[str | None, _option("metric", "areaUnderPR|areaUnderROC")] = None,
    label_col: Annotated[str | None, _option("label_col", "COLUMN")] = None,
    seed: Annotated[str | None, _option("seed", "NUMBER")] = None,
    evaluate: Annotated[bool | None, _option("evaluate")] = None,
    out: Annotated[str | None, _option("out", "PLACE")] = None,
    test_data: Annotated[list[str] | None, _option("test_data", "PLACE")] = None,
    language: Annotated[str | None, _option("language", "en|es")] = None,
    engine: Annotated[str | None, _option("engine", "auto|task|spark")] = None,
    target: Annotated[str | None, _setting("cluster.target", "local|livy|step")] = None,
    livy_url: Annotated[str | None, _setting("cluster.livy_url", "URL")] = None,
    cluster_id: Annotated[str | None, _setting("cluster.id", "ID")] = None,
    reach: Annotated[str | None, _setting("cluster.reach", "direct|ssh|ssm")] = None,
    ssh_key: Annotated[str | None, _setting("cluster.ssh_key", "FILE")] = None,
    resume_model: Annotated[str | None, typer.Option("--resume", metavar="MODEL", help=_RESUME_HELP)] = None,
    params: Annotated[str | None, typer.Option(metavar="FILE", help="YAML file of parameters")] = None,
    assign: Annotated[list[str] | None, typer.Option("-p", metavar="NAME=VALUE", help=_ASSIGNMENT_HELP)] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="say what would run, and touch nothing")] = False,
    debug: Annotated[bool, typer.Option("--debug", help="show tracebacks")] = False,
) -> None:
    """Train, evaluate and report a binary classifier: four notebooks, one command.

    A PLACE is a path or a URI; options that take one may be given several times for input and test data.
    """
    if context.invoked_subcommand != "sessions":
        warn_of_leftovers()
    if context.invoked_subcommand is not None:
        return
    with explained(debug):
        typed = {name: context.params.get(name) for name in parameters.NAMES}
        typed |= {name: context.params[option.replace("-", "_")] for name, option in OPTIONS.items()}
        wanted = gather(params, assign or [], typed, cwd=Path.cwd())
        if resume_model is not None:
            recorded = recorded_parameters(wanted.out, resume_model)
            wanted = gather(params, assign or [], typed, cwd=Path.cwd(), recorded=recorded)
        plan = make_plan(wanted, argv=this_command())
        preflight.check(plan)
        if dry_run:
            show_plan(Console(highlight=False), plan)
        else:
            run(plan)


def run(plan: Plan, target: "Target | None" = None) -> None:
    """Run a planned experiment (on the target it names), show it while it runs, and say what came out."""
    console = Console(highlight=False)
    console.print(f"Experiment {plan.run_id} → {escape(shown(plan.parameters.out))}", soft_wrap=True)
    # papermill and nbconvert take seconds to import, which --help need not wait for.
    from launcher.runner import Run
    from launcher.targets import target_of

    started = time.monotonic()
    log = SearchLog(files_at(plan.parameters.out), f"{plan.model_dir}/{artifacts.SEARCH_LOG}")
    opened = nullcontext(target) if target else target_of(plan)
    with opened as reached, Progress(plan, log, console) as progress:
        experiment_run = Run(plan, progress, reached)
        try:
            results = experiment_run()
        except (Interrupted, ExperimentError) as stop:
            if not isinstance(stop, InputError):
                stop.add_note(_what_is_left(plan, is_trained="train" in experiment_run.results))
            raise
    show_results(console, plan, results, time.monotonic() - started)
    warn_of_leftovers()


def _what_is_left(plan: Plan, is_trained: bool) -> str:
    """What a run that was stopped or failed leaves to go on with, if anything."""
    if is_trained:
        return f"The model is complete: {shown(plan.model_dir)}"
    try:
        begun = files_at(plan.parameters.out).exists(f"{plan.model_dir}/{artifacts.EXPERIMENT}")
    except ExperimentError:  # what stopped the run is what there is to say
        begun = False
    if not begun:
        return "Nothing is complete."
    cluster = plan.parameters.cluster
    place = {"out": shown(plan.parameters.out)}
    if cluster.runs_on != "local":
        place |= {"target": cluster.runs_on, "livy-url": cluster.livy_url, "cluster-id": cluster.id}
        place |= {"reach": cluster.reach, "ssh-key": cluster.ssh_key}
    options = " ".join(f"--{name} {shlex.quote(value)}" for name, value in place.items() if value)
    return f"What was scored is kept; go on with: run_experiment.py {options} --resume model_{plan.run_id}"
