"""The command `score`: a model's scores of a table, on any target."""

from pathlib import Path
from typing import Annotated, Any

import typer

from launcher.parameters import schema
from launcher.parameters.cluster import TARGETS, RunOptions
from launcher.support.outcomes import command_body
from lib.artifacts import LATEST

app = typer.Typer()


def _option(name: str, metavar: str) -> Any:
    return typer.Option(f"--{name.replace('_', '-')}", metavar=metavar, help=schema.meaning(name))


@app.command()
def score(
    model: Annotated[str, typer.Argument(help="a model's folder, its pipeline_best, or latest: the newest in --out")],
    input_data: Annotated[list[str], _option("input_data", "PLACE")],
    out: Annotated[str | None, _option("out", "PLACE")] = None,
    language: Annotated[str | None, _option("language", "en|es")] = None,
    target: Annotated[str | None, typer.Option(metavar="|".join(TARGETS), help="where it runs")] = None,
    livy_url: Annotated[str | None, typer.Option(metavar="URL", help="Livy's URL")] = None,
    cluster_id: Annotated[str | None, typer.Option(metavar="ID", help="EMR cluster")] = None,
    reach: Annotated[str | None, typer.Option(metavar="direct|ssh|ssm", help="connection to the cluster")] = None,
    ssh_key: Annotated[str | None, typer.Option(metavar="FILE", help="private key")] = None,
    params: Annotated[str | None, typer.Option(metavar="FILE", help="YAML file of parameters")] = None,
    assign: Annotated[
        list[str] | None, typer.Option("-p", metavar="NAME=VALUE", help="any parameter, as in -p id_cols=[pixel]")
    ] = None,
    wait: Annotated[bool, typer.Option("--wait", help="follow a step until it ends, with its exit code")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="show what would run, and change nothing")] = False,
    no_check: Annotated[bool, typer.Option("--no-check", help="do not check the EMR cluster first")] = False,
    debug: Annotated[bool, typer.Option("--debug", help="show tracebacks")] = False,
) -> None:
    """Score the rows of a table with a trained model, and report on them."""
    with command_body(debug):
        from launcher.commands.experiment import Wanted, experiments

        typed = {
            "model": model if model == LATEST or "://" in model else str(Path(model).absolute()),
            "input_data": input_data,
            "out": out,
            "language": language,
            "cluster.target": target,
            "cluster.livy_url": livy_url,
            "cluster.id": cluster_id,
            "cluster.reach": reach,
            "cluster.ssh_key": ssh_key,
        }
        wanted = Wanted([params] if params else [], assign or [], typed)
        experiments(wanted, RunOptions(wait, None, debug), is_dry=dry_run, is_checked=not no_check)
