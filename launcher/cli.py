"""The command line: options in, one experiment run, results or one clear message out."""

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from launcher.commands.cluster import app as cluster_commands
from launcher.commands.sessions import app as session_commands
from launcher.experiment import preflight
from launcher.experiment.plan import Plan, make_plan, recorded_parameters, this_command, with_distinct_ids
from launcher.parameters import schema
from launcher.parameters.cluster import TARGETS, RunOptions
from launcher.parameters.schema import Parameters
from launcher.parameters.sources import OPTIONS, gather
from launcher.running.left_over import warn_of_leftovers
from launcher.running.screens import show_plan
from launcher.support.outcomes import EXIT_CODES, command_body
from lib.errors import InputError

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None)
app.add_typer(session_commands)
app.add_typer(cluster_commands)

_ASSIGNMENT_HELP = "any parameter, over those of the file: -p split_by=zone -p grid.GBT.maxIter=[100]"

_PARAMS_HELP = "YAML file of parameters; several files are several experiments, run in this order"

_CONCURRENCY_HELP = "let the cluster run N steps side by side from now on, 256 at most"

_RESUME_HELP = "go on with an experiment that died (model_YYYYMMDD_HHMMSS), with the parameters it was begun with"


def _option(name: str, metavar: str | None = None) -> Any:
    """The option of a parameter. Its value stays as typed: the schema reads it, as it reads every source."""
    flag = f"--{name.replace('_', '-')}"
    if metavar is None:
        return typer.Option(f"{flag}/--no-{flag[2:]}", help=schema.meaning(name))
    return typer.Option(flag, metavar=metavar, help=schema.meaning(name))


def _setting(name: str, metavar: str) -> Any:
    """The option of a setting in a section."""
    return typer.Option(f"--{OPTIONS[name]}", metavar=metavar, help=schema.meaning(name))


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
    target: Annotated[str | None, _setting("cluster.target", "|".join(TARGETS))] = None,
    livy_url: Annotated[str | None, _setting("cluster.livy_url", "URL")] = None,
    cluster_id: Annotated[str | None, _setting("cluster.id", "ID")] = None,
    reach: Annotated[str | None, _setting("cluster.reach", "direct|ssh|ssm")] = None,
    ssh_key: Annotated[str | None, _setting("cluster.ssh_key", "FILE")] = None,
    resume_model: Annotated[str | None, typer.Option("--resume", metavar="MODEL", help=_RESUME_HELP)] = None,
    params: Annotated[list[str] | None, typer.Option(metavar="FILE", help=_PARAMS_HELP)] = None,
    assign: Annotated[list[str] | None, typer.Option("-p", metavar="NAME=VALUE", help=_ASSIGNMENT_HELP)] = None,
    wait: Annotated[bool, typer.Option("--wait", help="follow a step until it ends, with its exit code")] = False,
    step_concurrency: Annotated[int | None, typer.Option(metavar="N", min=1, max=256, help=_CONCURRENCY_HELP)] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="say what would run, and touch nothing")] = False,
    no_check: Annotated[bool, typer.Option("--no-check", help="do not check the EMR cluster before")] = False,
    debug: Annotated[bool, typer.Option("--debug", help="show tracebacks")] = False,
) -> None:
    """Train, evaluate and report a binary classifier: four notebooks, one command.

    A PLACE is a path or a URI; options that take one may be given several times for input and test data.
    """
    if context.invoked_subcommand != "sessions":
        warn_of_leftovers()
    if context.invoked_subcommand is not None:
        return
    with command_body(debug):
        typed = {name: context.params.get(name) for name in schema.NAMES}
        typed |= {name: context.params[option.replace("-", "_")] for name, option in OPTIONS.items()}
        if resume_model is not None and len(params or []) > 1:
            raise InputError("--resume takes up one experiment: give one --params file")
        wanted = [_wanted(file, assign or [], typed, resume_model) for file in params or (None,)]
        plans = [make_plan(each, argv=this_command()) for each in wanted]
        plans = with_distinct_ids(plans)
        for plan in plans:
            preflight.check(plan)
        options = RunOptions(wait, step_concurrency, debug)
        preflight.check_together(plans, options)
        if dry_run:
            for plan in plans:
                show_plan(Console(highlight=False), plan, _estimate(plan))
            return
        if not no_check:
            for plan in plans:
                _check_cluster(plan)
        plans[0].parameters.cluster.runs_on.start(plans, options)


def _wanted(file: str | None, assign: list[str], typed: dict[str, Any], resume_model: str | None) -> Parameters:
    wanted = gather(file, assign, typed, cwd=Path.cwd())
    if resume_model is None:
        return wanted
    return gather(file, assign, typed, cwd=Path.cwd(), recorded=recorded_parameters(wanted.out, resume_model))


def _check_cluster(plan: Plan) -> None:
    """Where it runs on an EMR cluster: the checklist, before anything costs money."""
    if not plan.cluster_id:
        return
    import boto3

    from launcher.emr.checks.checklist import check_before_submission

    check_before_submission(plan, boto3.Session(), Console(highlight=False))


def _estimate(plan: Plan) -> str | None:
    """What a run will cost on the EMR cluster that it is for, if it is for one."""
    if not plan.cluster_id:
        return None
    import boto3

    from launcher.emr.cost.estimates import estimate_line

    return estimate_line(plan, boto3.Session())
