"""The command `runs diff`: two runs on the same test rows, and which is better."""

from typing import Annotated

import typer
from rich.text import Text

from launcher.commands.options import AsJson, Debug
from launcher.leaderboard.comparison import Comparison, compare, record
from launcher.leaderboard.comparison_text import (
    COLUMNS,
    cells,
    differing_rows,
    notes,
    nothing_differs,
    rows_line,
    run_line,
)
from launcher.leaderboard.evaluations import read
from launcher.leaderboard.saving import save as save_files
from launcher.parameters.schema import Parameters
from launcher.support.console import err, print_json, print_table, say
from launcher.support.console import out as console_out
from launcher.support.outcomes import command_body

app = typer.Typer(rich_markup_mode=None)

_RUN_HELP = "a run's id, the folder of a model or of an evaluation, or latest"
_OUT_HELP = f"folder or URI with the runs; default: {Parameters.model_fields['out'].default}"
_SAVE_HELP = "also write comparison.json, comparison.md and a picture of the curves to this folder or URI"


@app.command(epilog="Exit codes: 0 compared; 2 wrong usage, or runs that cannot be compared.")
def diff(
    a: Annotated[str, typer.Argument(metavar="A", help=_RUN_HELP, show_default=False)],
    b: Annotated[str, typer.Argument(metavar="B", help="the other run, named in the same way", show_default=False)],
    out: Annotated[str | None, typer.Option(metavar="PLACE", help=_OUT_HELP)] = None,
    save: Annotated[str | None, typer.Option(metavar="FOLDER", help=_SAVE_HELP)] = None,
    as_json: AsJson = False,
    debug: Debug = False,
) -> None:
    """Compare two runs on the same test rows: is B better than A, and by more than chance?

    Both must have been evaluated on the same rows. Differences are B - A, with 95 % intervals that are paired: both
    models are measured on the same draws of the rows.
    """
    with command_body(debug):
        place = out or Parameters.model_fields["out"].default
        with err().status("Comparing the rows of A and B"):  # a minute or two where there are 200,000
            compared = compare(read(a, place), read(b, place))
        written = save_files(compared, save) if save else []
        if as_json:
            print_json(record(compared))
            return
        show(compared)
        for each in written:
            say(f"Written: {each}", err())


def show(compared: Comparison) -> None:
    """Print a comparison for people."""
    console = console_out()
    for line in (run_line("A", compared.a), run_line("B", compared.b), rows_line(compared)):
        say(line, console)
    console.print()
    chosen = {figure.name for figure in compared.chosen}
    rows = [
        [Text(cell, "bold" if figure.name in chosen else "") for cell in cells(figure)] for figure in compared.figures
    ]
    print_table(COLUMNS, rows, console)
    console.print()
    for line in compared.verdicts():
        say(line, console, "bold")
    console.print()
    for line in notes(compared):
        say(line, console)
    console.print()
    if compared.differing:
        print_table(("differs", "A", "B"), differing_rows(compared), console)
    else:
        say(nothing_differs(compared), console)
