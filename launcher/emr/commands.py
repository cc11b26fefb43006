"""The command group `cluster`: what a team does around its experiments. Each module adds its own commands."""

import typer

app = typer.Typer(name="cluster", no_args_is_help=True)


@app.callback()
def cluster() -> None:
    """Make, check, watch and end EMR clusters."""
