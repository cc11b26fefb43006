"""The commands about Livy sessions: `sessions` and `lab`."""

import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from pkgutil import resolve_name
from typing import Annotated

import typer

from launcher.parameters.sources import gather
from launcher.support.console import err, print_table, say
from launcher.support.outcomes import command_body
from launcher.support.project import PROJECT
from launcher.support.surroundings import working_folder
from launcher.targets.livy.records import damaged
from launcher.targets.livy.sessions import NOT_REACHED, survey
from launcher.targets.livy.target import configure_cell
from lib.errors import ExperimentError, InputError

app = typer.Typer(add_completion=False)

_Params = Annotated[str | None, typer.Option(metavar="FILE", help="YAML file of parameters")]
_Assign = Annotated[list[str] | None, typer.Option("-p", metavar="NAME=VALUE", help="a parameter, overriding the file")]


@app.command()
def sessions(
    clean: Annotated[bool, typer.Option("--clean", help="end the sessions of runs that are over")] = False,
) -> None:
    """List the Livy sessions of this user's runs, also those left behind; a session costs money while it lives."""
    with command_body(debug=False):
        rows, notes = [], []
        for found in survey(clean):
            record = found.record
            number = "?" if found.number is None else str(found.number)
            run = "running" if record.is_active else "over"
            rows.append((number, found.state, record.endpoint, record.purpose, record.made_at, run))
            notes += [found.note] if found.note else []
        unread = damaged()
        if rows:
            print_table(("session", "state", "at", "for", "since", "run"), rows)
        elif not unread:
            print("There are no sessions.")
        for note in notes:
            say(note, err(), "yellow")
        away = dict.fromkeys(str(endpoint) for _, state, endpoint, *_ in rows if state == NOT_REACHED)
        if clean and away:
            raise ExperimentError(
                f"sessions at {', '.join(away)} could not be ended, for nothing answers there: start Livy, or the "
                "tunnel to it, and try again"
            )
        if unread:
            raise InputError("; ".join(map(str, unread)))


@app.command()
def lab(
    params: _Params = None,
    assign: _Assign = None,
    livy_url: Annotated[str | None, typer.Option(metavar="URL", help="Livy's URL")] = None,
    cluster_id: Annotated[str | None, typer.Option(metavar="ID", help="EMR cluster")] = None,
    reach: Annotated[str | None, typer.Option(metavar="direct|ssh|ssm", help="connection to the cluster")] = None,
    ssh_key: Annotated[str | None, typer.Option(metavar="FILE", help="private key")] = None,
    out: Annotated[
        str | None, typer.Option(metavar="PLACE", help="bucket and prefix where lib.zip is uploaded")
    ] = None,
    browser: Annotated[bool, typer.Option(help="open a browser")] = True,
    cell: Annotated[
        bool, typer.Option("--cell", help="print the first cell for a Jupyter on the cluster, and open nothing")
    ] = False,
) -> None:
    """Open JupyterLab with the notebooks, their Spark on this machine or on the cluster that is given, with `lib`.

    Sessions on a cluster end with JupyterLab.
    """
    with command_body(debug=False):
        typed = {"cluster.livy_url": livy_url, "cluster.id": cluster_id, "cluster.reach": reach}
        typed |= {"cluster.ssh_key": ssh_key, "out": out}
        parameters = gather(params, assign or [], typed, cwd=working_folder())
        if cell:
            typer.echo(configure_cell(parameters))
            return
        with resolve_name(parameters.cluster.runs_on.kernels)(parameters) as environment:
            command = [sys.executable, "-m", "jupyter", "lab", f"--ServerApp.root_dir={PROJECT}"]
            command += [] if browser else ["--no-browser"]
            _serve([*command, str(PROJECT / "notebooks" / "02_train.ipynb")], environment)


def _serve(command: list[str], environment: Mapping[str, str]) -> None:
    """Run JupyterLab until it ends. Ctrl-C goes to Jupyter, which asks for confirmation; other signals end it."""
    server = subprocess.Popen(command, env={**os.environ, **environment})
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        server.wait()
    finally:
        server.terminate()
        server.wait()
    if server.returncode:
        raise typer.Exit(server.returncode)
