"""What `runs diff` prints for people."""

from rich.text import Text

from launcher.leaderboard.comparison import Comparison
from launcher.leaderboard.comparison_text import (
    COLUMNS,
    cells,
    differing_rows,
    notes,
    nothing_differs,
    rows_line,
    run_line,
)
from launcher.support.console import out, print_table, say


def show(compared: Comparison) -> None:
    """Print a comparison: the runs, their figures, the verdict, how it was found, and what differs."""
    console = out()
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
