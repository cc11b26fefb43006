"""The command `runs export --mlflow`: runs of before on an MLflow server."""

from collections import Counter
from collections.abc import Sequence

from launcher.leaderboard.finding import RunsBelow
from launcher.leaderboard.mlflow import MlflowFailed, Server
from launcher.leaderboard.runs import WITH_RESULTS, Run
from launcher.support.console import err, say
from launcher.support.files import shown
from lib.errors import ExperimentError, InputError

EPILOG = "Exit codes: 0 all are on the server; 1 the server failed, or files of a run are damaged; 2 wrong usage."


def export(place: str, names: Sequence[str]) -> None:
    """Log runs below an output folder, by their names or all that have results, the oldest first.

    Raises:
        InputError: a named run has no results, or no server is named.
        MlflowFailed: the server did not take them.
        ExperimentError: some runs could not be read; the others are logged.
    """
    runs = _chosen(RunsBelow(place), names)
    server = Server()
    done: Counter[str] = Counter()
    failed = []
    for run in runs:
        try:
            done[server.log(run)] += 1
        except MlflowFailed:
            raise
        except ExperimentError as error:
            failed.append(run.name)
            say(f"{run.name} is not logged: {error}", err(), "yellow")
    if not runs:
        say(f"There is no complete run in {shown(place)} to log.")
        return
    said = ", ".join(f"{count} {what}" for what, count in done.items()) or "none"
    say(f"Runs of {shown(place)} in MLflow at {server.shown_uri}: {said}.")
    if failed:
        raise ExperimentError(f"{len(failed)} of {len(runs)} runs are not logged, for the reasons above")


def _chosen(below: RunsBelow, names: Sequence[str]) -> list[Run]:
    if not names:
        return [run for run in reversed(below.runs) if run.state == "complete"]
    chosen = [below.named(name) for name in names]
    for run in chosen:
        if run.state not in WITH_RESULTS:
            raise InputError(f"run {run.name} has no results to log: its state is {run.standing}")
    return list({run.name: run for run in chosen}.values())
