"""The command group `cluster`: what a team does around its experiments. Each module adds its own commands."""

import typer

from launcher.emr.check_commands import app as check_commands
from launcher.emr.cluster_commands import app as cluster_commands
from launcher.emr.cost_commands import app as cost_commands
from launcher.emr.lifecycle_commands import app as lifecycle_commands
from launcher.emr.log_commands import app as log_commands
from launcher.emr.step_commands import app as step_commands
from launcher.emr.ui_commands import app as ui_commands

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
