"""The commands `runs …`: all runs side by side, one of them, tags, the page of all, making one again, and MLflow."""

from typing import Annotated, Any

import typer

from launcher.commands import runs_diff, runs_export, runs_show
from launcher.commands.options import AsJson, Debug
from launcher.commands.runs_options import Out, Params, place_of
from launcher.commands.runs_screens import show_board
from launcher.commands.runs_show import command_lines
from launcher.leaderboard import filters, page, rows, tags
from launcher.leaderboard.details import details
from launcher.leaderboard.finding import HELP, complete_model, run_below
from launcher.leaderboard.index import found_below
from launcher.leaderboard.ranking import board, only
from launcher.leaderboard.runs import runs_of
from launcher.support.command_lines import command_line
from launcher.support.console import out as stdout
from launcher.support.console import print_json, say
from launcher.support.files import shown
from launcher.support.outcomes import command_body
from lib.errors import InputError

app = typer.Typer(rich_markup_mode=None)
runs_app = typer.Typer(rich_markup_mode=None, no_args_is_help=False)
app.add_typer(runs_app, name="runs")

RUN: Any = typer.Argument(metavar="RUN", help=HELP, show_default=False)

_EXPORTED_HELP = f"{HELP}; without any, all that are complete"
_FILTER_HELP = "only runs that match: 'metric.areaUnderPR > 0.6 and winner = GBT'; `and` joins conditions"
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
    """List all runs side by side, ranked among those of the same test rows; show, tag or repeat one.

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
        wanted = filters.parsed(conditions, found) if conditions is not None else []
        metric = sort.removeprefix("metric.") if sort and sort.startswith("metric.") else None
        shown_board = only(board(found, metric), lambda run: all(condition.holds(run) for condition in wanted))
        if sort:
            shown_board = rows.ordered(shown_board, sort)
        if as_json:
            print_json(rows.as_json(shown_board))
        elif as_csv:
            print(rows.as_csv(shown_board), end="")
        elif as_markdown:
            print(rows.as_markdown(shown_board))
        else:
            show_board(stdout(), shown_board, place, is_filtered=bool(wanted))


@runs_app.command()
def show(
    run: Annotated[str, RUN],
    out: Out = None,
    params: Params = None,
    command: Annotated[
        bool, typer.Option("--command", help="print what makes it again: its code, its parameters")
    ] = False,
    as_json: AsJson = False,
    debug: Debug = False,
) -> None:
    """Show everything of one run on one screen."""
    with command_body(debug):
        place = place_of(out, params)
        named = run_below(place, run)
        found = details(named)
        if command:
            for line in command_lines(found, place):
                print(line)
        elif as_json:
            print_json(runs_show.as_json(found, rows.entry(named)))
        else:
            runs_show.show_details(stdout(), found)


@runs_app.command()
def tag(
    run: Annotated[str, RUN],
    name: Annotated[
        str, typer.Argument(metavar="TAG", help="such as champion: no other model keeps it", show_default=False)
    ] = "",
    remove: Annotated[bool, typer.Option("--remove", help="take TAG away: runs tag --remove TAG")] = False,
    out: Out = None,
    params: Params = None,
    debug: Debug = False,
) -> None:
    """Give a run's model a tag, such as `champion`, which moves if another has it; `score champion` takes that model.

    The history of tags stays beside the models, in tags.json.
    """
    with command_body(debug):
        place = place_of(out, params)
        if remove:
            _remove(run, name, place)
            page.make_again(place)
            return
        if not name:
            raise InputError(
                f"give a run and a tag, as in: {command_line('runs', 'tag', run, 'champion', '--out', place)}"
            )
        named = run_below(place, run)
        moved = tags.add(place, complete_model(named), name)
        if moved.before == moved.model:
            say(f"{shown(moved.model or '')} has the tag {name} already.")
        else:
            before = f"; {shown(moved.before)} had it before" if moved.before else ""
            say(f"{shown(moved.model or '')} has the tag {name}{before}.")
            page.make_again(place)


@runs_app.command("page")
def write_page(out: Out = None, params: Params = None, debug: Debug = False) -> None:
    """Write index.html in --out: all runs as one page, to open in a browser. Each run makes it again by itself."""
    with command_body(debug):
        say(shown(page.write(place_of(out, params))))


runs_app.command(epilog=runs_diff.EPILOG)(runs_diff.diff)


@runs_app.command("verify")
def verify_run(run: Annotated[str, RUN], out: Out = None, params: Params = None, debug: Debug = False) -> None:
    """Train again as a run did, here, and compare: exit code 1 if summary.json differs by more than 1e-12."""
    with command_body(debug):
        # What runs an experiment takes a while to import.
        from launcher.commands.runs_verify import verify

        place = place_of(out, params)
        verify(details(run_below(place, run)))


@runs_app.command("export", epilog=runs_export.EPILOG)
def export_runs(
    runs: Annotated[list[str] | None, typer.Argument(metavar="[RUN]...", help=_EXPORTED_HELP)] = None,
    to_mlflow: Annotated[bool, typer.Option("--mlflow", help="to the server of MLFLOW_TRACKING_URI")] = False,
    out: Out = None,
    params: Params = None,
    debug: Debug = False,
) -> None:
    """Log runs to an MLflow server; those that are there already stay one."""
    with command_body(debug):
        place = place_of(out, params)
        if not to_mlflow:
            raise InputError(f"say where to: {command_line('runs', 'export', '--mlflow', '--out', place)}")
        runs_export.export(place, runs or [])


def _remove(first: str, second: str, place: str) -> None:
    """Take a tag away, whichever model has it, or the one that is named before it."""
    name = second or first
    moved = tags.remove(place, name, of=run_below(place, first).model_dir if second else None)
    say(f"{shown(moved.before or '')} no longer has the tag {name}.")
