"""The command line: the options of an experiment, and the commands beside it."""

from pathlib import Path
from typing import Annotated

import typer

from launcher.commands.lazy import lazy_group
from launcher.commands.parameter_options import option, setting, typed
from launcher.parameters.cluster import TARGETS, RunOptions
from launcher.running.left_over import warn_of_leftovers
from launcher.support.outcomes import EXIT_CODES, command_body
from launcher.support.surroundings import ensure_home
from lib.artifacts import SEARCH_METRICS, SELECT_BY

# Where each command is, and the first paragraph of its help.
COMMANDS = {
    "score": ("launcher.commands.score:app", "Score a table or raster tiles with a trained model, and report on them."),
    "runs": ("launcher.commands.runs_diff:app", "Compare finished runs."),
    "sessions": (
        "launcher.commands.sessions:app",
        "List the Livy sessions of this user's runs, also those left behind; a session costs money while it lives.",
    ),
    "lab": (
        "launcher.commands.sessions:app",
        "Open JupyterLab with the notebooks, their Spark on this machine or on the cluster that is given, with `lib`.",
    ),
    "cluster": ("launcher.commands.cluster:app", "Create, check, watch and terminate EMR clusters."),
}


def _one_place_an_option(name: str) -> str:
    """The remedy where a place stands for a command: the shell made several of a pattern, or several were typed."""
    if "/" not in name and not Path(name).exists():
        return ""
    return (
        "An option takes one place: quote a pattern, so that the shell leaves it as it is "
        "(--input-data 'tables/*.csv'), or repeat the option (--input-data a.csv --input-data b.csv)."
    )


app = typer.Typer(
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    cls=lazy_group(COMMANDS, _one_place_an_option),
)

_ASSIGNMENT_HELP = "any parameter, overriding the file: -p split_by=zone -p grid.GBT.maxIter=[100]"

_PARAMS_HELP = "YAML file of parameters; several files are several experiments, run in this order"

_CONCURRENCY_HELP = "from now on, let the cluster run N steps at the same time (256 at most)"

_RESUME_HELP = "resume an experiment that died (model_YYYYMMDD_HHMMSS), with the parameters it was started with"


# Every parameter is named here once; the schema has its meaning and its allowed values.
@app.callback(invoke_without_command=True, epilog=EXIT_CODES)
def experiment(
    context: typer.Context,
    input_data: Annotated[list[str] | None, option("input_data", "PLACE")] = None,
    test_frac: Annotated[str | None, option("test_frac", "FRACTION")] = None,
    val_frac: Annotated[str | None, option("val_frac", "FRACTION")] = None,
    metric: Annotated[str | None, option("metric", "|".join(SEARCH_METRICS))] = None,
    label_col: Annotated[str | None, option("label_col", "COLUMN")] = None,
    seed: Annotated[str | None, option("seed", "NUMBER")] = None,
    evaluate: Annotated[bool | None, option("evaluate")] = None,
    out: Annotated[str | None, option("out", "PLACE")] = None,
    test_data: Annotated[list[str] | None, option("test_data", "PLACE")] = None,
    select_by: Annotated[str | None, option("select_by", "|".join(SELECT_BY))] = None,
    fail_on_drift: Annotated[bool | None, option("fail_on_drift")] = None,
    language: Annotated[str | None, option("language", "en|es")] = None,
    engine: Annotated[str | None, option("engine", "auto|task|spark")] = None,
    target: Annotated[str | None, setting("cluster.target", "|".join(TARGETS))] = None,
    livy_url: Annotated[str | None, setting("cluster.livy_url", "URL")] = None,
    cluster_id: Annotated[str | None, setting("cluster.id", "ID")] = None,
    reach: Annotated[str | None, setting("cluster.reach", "direct|ssh|ssm")] = None,
    ssh_key: Annotated[str | None, setting("cluster.ssh_key", "FILE")] = None,
    resume_model: Annotated[str | None, typer.Option("--resume", metavar="MODEL", help=_RESUME_HELP)] = None,
    params: Annotated[list[str] | None, typer.Option(metavar="FILE", help=_PARAMS_HELP)] = None,
    assign: Annotated[list[str] | None, typer.Option("-p", metavar="NAME=VALUE", help=_ASSIGNMENT_HELP)] = None,
    wait: Annotated[bool, typer.Option("--wait", help="follow a step until it ends, with its exit code")] = False,
    step_concurrency: Annotated[int | None, typer.Option(metavar="N", min=1, max=256, help=_CONCURRENCY_HELP)] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="show what would run, and change nothing")] = False,
    no_check: Annotated[bool, typer.Option("--no-check", help="do not check the EMR cluster first")] = False,
    debug: Annotated[bool, typer.Option("--debug", help="show tracebacks")] = False,
) -> None:
    """Train, evaluate and report a binary classifier: four notebooks, one command.

    A PLACE is a path or a URI; options that take one may be given several times for input and test data.
    """
    with command_body(debug):
        ensure_home()
        if context.invoked_subcommand != "sessions":
            warn_of_leftovers()
        if context.invoked_subcommand is not None:
            return
        # Neither --help nor another command needs what an experiment imports.
        from launcher.commands.experiment import Wanted, experiments

        wanted = Wanted(params or [], assign or [], typed(context.params), resume_model)
        options = RunOptions(wait, step_concurrency, debug)
        experiments(wanted, options, is_dry=dry_run, is_checked=not no_check)
