"""The command `runs diff`: two runs on the same test rows, and which is better."""

from typing import Annotated

import typer

from launcher.commands.options import AsJson, Debug
from launcher.commands.runs_options import Out, Params, place_of
from launcher.leaderboard.finding import HELP, RunsBelow
from launcher.support.console import err, print_json, say
from launcher.support.files import local_path, nearest_existing
from launcher.support.outcomes import command_body
from lib.errors import InputError

EPILOG = "Exit codes: 0 compared; 2 wrong usage, or runs that cannot be compared."

_SAVE_HELP = "also write comparison.json, comparison.md and a picture of the curves to this folder or URI"


def diff(
    a: Annotated[str, typer.Argument(metavar="A", help=HELP, show_default=False)],
    b: Annotated[str, typer.Argument(metavar="B", help="the other run, named in the same way", show_default=False)],
    out: Out = None,
    params: Params = None,
    save: Annotated[str | None, typer.Option(metavar="FOLDER", help=_SAVE_HELP)] = None,
    as_json: AsJson = False,
    debug: Debug = False,
) -> None:
    """Compare two runs on the same test rows: is B better than A, and by more than chance?

    Both must have been evaluated on the same rows. Differences are B - A, with 95 % intervals that are paired: both
    models are measured on the same draws of the rows.
    """
    with command_body(debug):
        _check_folder(save)
        place = place_of(out, params)
        # They take a while to import, which other commands of the group need not wait for.
        from launcher.commands.diff_screen import show
        from launcher.leaderboard.comparison import compare, record
        from launcher.leaderboard.evaluations import read
        from launcher.leaderboard.saving import save as save_files

        below = RunsBelow(place)
        with err().status("Comparing the rows of A and B"):  # a minute where there are 200,000
            compared = compare(read(a, below), read(b, below))
        written = save_files(compared, save) if save else []
        if as_json:
            print_json(record(compared))
        else:
            show(compared)
        for each in written:
            say(f"Written: {each}", err())


def _check_folder(save: str | None) -> None:
    """Check what can be known before a minute of computing."""
    if save == "":
        raise typer.BadParameter("is empty", param_hint="--save")
    here = local_path(save) if save else None
    if here and (there := nearest_existing(here)).is_file():
        raise InputError(f"--save {save}: {there} is a file, not a folder; give another")
