"""The command group `cluster`: what a team does around its experiments. Each module adds its own commands."""

import typer

from launcher.commands.check import app as check_commands
from launcher.commands.clusters import app as cluster_commands
from launcher.commands.cost import app as cost_commands
from launcher.commands.lifecycle import app as lifecycle_commands
from launcher.commands.logs import app as log_commands
from launcher.commands.steps import app as step_commands
from launcher.commands.ui import app as ui_commands

app = typer.Typer(name="cluster", no_args_is_help=True)
app.add_typer(cluster_commands)
app.add_typer(cost_commands)
app.add_typer(step_commands)
app.add_typer(log_commands)
app.add_typer(check_commands)
app.add_typer(ui_commands)
app.add_typer(lifecycle_commands)


@app.callback()
def cluster() -> None:
    """Make, check, watch and end EMR clusters."""
