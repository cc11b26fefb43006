"""The commands `runs …`: all runs side by side, one of them, its tags, the page of all, and making one again."""

from typing import Annotated

import typer

from launcher.commands.options import Debug
from launcher.commands.runs_screens import show_board
from launcher.leaderboard import filters, rows
from launcher.leaderboard.index import found_below
from launcher.leaderboard.ranking import board
from launcher.leaderboard.runs import runs_of
from launcher.parameters.sources import gather
from launcher.support.console import out as stdout
from launcher.support.console import print_json
from launcher.support.outcomes import command_body
from launcher.support.surroundings import working_folder
from lib.errors import InputError

app = typer.Typer(rich_markup_mode=None)
runs_app = typer.Typer(rich_markup_mode=None, no_args_is_help=False)
app.add_typer(runs_app, name="runs")

Out = Annotated[str | None, typer.Option("--out", metavar="PLACE", help="folder or URI of the runs")]
Params = Annotated[str | None, typer.Option("--params", metavar="FILE", help="YAML file of parameters, for its out")]

_FILTER_HELP = "only runs that are so: 'metric.areaUnderPR > 0.6 and winner = GBT'; `and` joins conditions"
_SORT_HELP = "order: metric.NAME (also ranks by it), when, minutes, usd, rows, winner, zones.worst.NAME, param.NAME, …"


@runs_app.callback(invoke_without_command=True)
def runs(
    context: typer.Context,
    out: Out = None,
    params: Params = None,
    conditions: Annotated[str | None, typer.Option("--filter", metavar="CONDITIONS", help=_FILTER_HELP)] = None,
    sort: Annotated[str | None, typer.Option(metavar="NAME", help=_SORT_HELP)] = None,
    as_json: Annotated[bool, typer.Option("--json", help="print JSON, for programs")] = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="print CSV, for spreadsheets")] = False,
    as_markdown: Annotated[bool, typer.Option("--md", help="print Markdown, for documents")] = False,
    debug: Debug = False,
) -> None:
    """List all runs in --out, the best first: runs are ranked only among those measured on the same rows.

    The others stand apart with the reason, and so do runs that failed or did not finish.
    """
    with command_body(debug):
        if context.invoked_subcommand is not None:
            return
        if as_json + as_csv + as_markdown > 1:
            raise InputError("use one of --json, --csv and --md")
        place = place_of(out, params)
        found = runs_of(found_below(place))
        if sort:
            filters.require_field(sort, "--sort", found)
        if conditions is not None:
            wanted = filters.parsed(conditions, found)
            found = [run for run in found if all(condition.holds(run) for condition in wanted)]
        metric = sort.removeprefix("metric.") if sort and sort.startswith("metric.") else None
        shown = board(found, metric)
        if sort:
            shown = rows.ordered(shown, sort)
        if as_json:
            print_json(rows.as_json(shown))
        elif as_csv:
            print(rows.as_csv(shown), end="")
        elif as_markdown:
            print(rows.as_markdown(shown))
        else:
            show_board(stdout(), shown, place)


def place_of(out: str | None, params: str | None = None) -> str:
    """The output folder that is meant: given, that of a params file, or the default."""
    return gather(params, [], {"out": out}, cwd=working_folder()).out
