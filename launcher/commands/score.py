"""The command `score`: a model's scores of a table, or its maps of rasters, on any target."""

from typing import Annotated, Any

import typer

from launcher.commands.for_programs import RunAsJson, body
from launcher.commands.parameter_options import option, setting, typed
from launcher.parameters.cluster import TARGETS, RunOptions
from launcher.support.outcomes import EXIT_CODES
from lib.scoring.to_score import run_to_resume

app = typer.Typer(rich_markup_mode=None)

_MODEL_HELP = "a model's folder, its pipeline_best, a tag (runs tag), or latest: the newest complete one in --out"
_ASSIGNMENT_HELP = "any parameter, overriding the file: -p id_cols=[pixel] -p missing=drop"

_RESUME_HELP = "go on with maps of a run that died (score_YYYYMMDD_HHMMSS); give the same model and input again"


@app.command(epilog=EXIT_CODES.replace("the experiment", "the scoring"))
def score(
    context: typer.Context,
    model: Annotated[str, typer.Argument(metavar="MODEL", help=_MODEL_HELP, show_default=False)],
    input_data: Annotated[list[str], typer.Option(metavar="PLACE", help="table or raster: file, folder or URI")],
    out: Annotated[str | None, option("out", "PLACE")] = None,
    language: Annotated[str | None, option("language", "en|es")] = None,
    target: Annotated[str | None, setting("cluster.target", "|".join(TARGETS))] = None,
    livy_url: Annotated[str | None, setting("cluster.livy_url", "URL")] = None,
    cluster_id: Annotated[str | None, setting("cluster.id", "ID")] = None,
    reach: Annotated[str | None, setting("cluster.reach", "direct|ssh|ssm")] = None,
    ssh_key: Annotated[str | None, setting("cluster.ssh_key", "FILE")] = None,
    run_id: Annotated[str | None, option("run_id", "ID")] = None,
    resume: Annotated[str | None, typer.Option(metavar="SCORE", help=_RESUME_HELP)] = None,
    params: Annotated[str | None, typer.Option(metavar="FILE", help="YAML file of parameters")] = None,
    assign: Annotated[list[str] | None, typer.Option("-p", metavar="NAME=VALUE", help=_ASSIGNMENT_HELP)] = None,
    wait: Annotated[bool, typer.Option("--wait", help="follow a step until it ends, with its exit code")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="show what would run, and change nothing")] = False,
    no_check: Annotated[bool, typer.Option("--no-check", help="do not check the EMR cluster first")] = False,
    as_json: RunAsJson = False,
    debug: Annotated[bool, typer.Option("--debug", help="show tracebacks")] = False,
) -> None:
    """Score a table or raster tiles with a trained model, and report on them.

    MODEL may also be a forest or GBT that plain Spark ML saved as a pipeline with a VectorAssembler. A PLACE is a path
    or a URI; --input-data may be given several times.
    """
    options = RunOptions(wait, None, debug)
    with body(debug, as_json, options.records):
        from launcher.commands.experiment import Wanted, experiments

        if not model:
            raise typer.BadParameter("is empty", param_hint="MODEL")
        wanted = Wanted([params] if params else [], assign or [], {**typed(context.params), **_resumed(resume)})
        experiments(wanted, options, is_dry=dry_run, is_checked=not no_check)


def _resumed(name: str | None) -> dict[str, Any]:
    """The parameters that go on with a scoring."""
    return {} if name is None else {"run_id": run_to_resume(name), "resume": True}
