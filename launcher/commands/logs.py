"""The commands about what happened: `cluster logs` and `cluster diagnose`."""

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.filesize import decimal

from launcher.commands.diagnosis_screen import show_diagnosis
from launcher.commands.log_printing import folders, follow_step, print_logs, save_logs
from launcher.commands.options import AllSteps, AsJson, ClusterId, Debug, the_cluster
from launcher.emr.clusters import Cluster, describe
from launcher.emr.diagnosis.diagnose import Diagnosis, NothingFailed, diagnose_files
from launcher.emr.diagnosis.diagnose import diagnose as diagnosis_of
from launcher.emr.logs import LogFile, Logs, not_arrived
from launcher.emr.steps import describe_step, list_steps
from launcher.support import aws
from launcher.support.command_lines import command_line
from launcher.support.console import err, out, print_json, print_table, say
from launcher.support.masking import masked_text
from launcher.support.outcomes import command_body
from lib.errors import ExperimentError, InputError

if TYPE_CHECKING:
    from mypy_boto3_emr import EMRClient

app = typer.Typer()

_SPOKEN = ("stdout", "stderr")
# So many logs are listed one by one; of more than that, the folders.
_FEW = 40
_What = Annotated[
    str | None,
    typer.Argument(
        metavar="STEP|APPLICATION|NODE|NAME",
        help="a step (s-…), a YARN application (application_…), a node (i-…), or a name as the list shows them; "
        "default: list what there is",
        show_default=False,
    ),
]
_Kind = Annotated[
    list[str] | None,
    typer.Option("--kind", metavar="controller|stderr|stdout|syslog", help="which logs; default: stdout and stderr"),
]
_Steps = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="STEP",
        help="default: the last one that failed; after --file, more logs",
        show_default=False,
    ),
]
_Files = Annotated[
    list[str] | None,
    typer.Option(
        "--file",
        metavar="LOG",
        help="diagnose logs that you have, without AWS: any log of Spark, YARN, EMR or Livy, gzipped or not; "
        "- is standard input",
        show_default=False,
    ),
]


@app.command(no_args_is_help=False)
def logs(
    what: _What = None,
    cluster_id: ClusterId = None,
    kind: _Kind = None,
    bootstrap: Annotated[
        bool, typer.Option("--bootstrap", help="logs of the bootstrap actions, on all nodes or one")
    ] = False,
    tail: Annotated[int | None, typer.Option("--tail", metavar="LINES", min=1, help="only the last lines")] = None,
    checks: AllSteps = False,
    save: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="write them below this folder, unzipped, instead of printing them"),
    ] = None,
    follow: Annotated[bool, typer.Option("--follow", help="keep printing while the step runs")] = False,
    as_json: AsJson = False,
    debug: Debug = False,
) -> None:
    """Show logs: of a step, of a YARN application's containers, of a node, or the list of them.

    They are read from S3, where EMR copies them every few minutes.
    """
    with command_body(debug):
        if follow and not (what or "").startswith("s-"):
            raise InputError(f"--follow needs a step: {command_line('cluster', 'logs', 'STEP', '--follow')}")
        emr = aws.client("emr")
        cluster = describe(emr, the_cluster(emr, cluster_id, or_last=True))
        found = Logs(aws.client("s3"), cluster)
        if save:
            if follow:
                raise InputError("use either --save or --follow")
            kept = _chosen(found, what or "", kind, bootstrap, spoken=())
            if not kept:
                raise _nothing(emr, found, cluster, what or "", kind)
            say(f"{len(kept)} logs are below {save_logs(found, kept, save, tail)}")
            return
        if what is None and not bootstrap:
            hidden = [] if checks else _checks(emr, cluster)
            _list(found, [each for each in found.below("") if each.folder not in hidden], as_json)
            return
        wanted = what or ""
        files = _chosen(found, wanted, kind, bootstrap)
        nothing = None if files else _nothing(emr, found, cluster, wanted, kind)
        if follow:
            _follow(emr, found, cluster, wanted, kind, tail, nothing)
        elif nothing:
            raise nothing
        elif as_json or _is_much(wanted, bootstrap, files):
            _list(found, files, as_json)
        else:
            print_logs(found, files, tail, _print)


@app.command()
def diagnose(
    step: _Steps = None,
    cluster_id: ClusterId = None,
    file: _Files = None,
    as_json: AsJson = False,
    debug: Debug = False,
) -> None:
    """Say why a step (or the cluster, if it never ran one) failed, with the evidence and the remedy.

    Exit codes: 0 the cause is known, or nothing has failed; 1 it is not known; 2 wrong usage.
    """
    with command_body(debug):
        steps = step or []
        found = _of_files([*file, *steps], cluster_id) if file else _of_cluster(steps, cluster_id)
        if as_json:
            print_json(found.as_json())
        elif isinstance(found, NothingFailed):
            say(f"{found.sentence[0].upper()}{found.sentence[1:]}.")
        else:
            show_diagnosis(out(), found)
        if not isinstance(found, NothingFailed) and found.cause is None:
            raise typer.Exit(1)


def _of_files(files: Sequence[str], cluster_id: str | None) -> Diagnosis | NothingFailed:
    if cluster_id:
        raise InputError("use either --file or --cluster-id: a log that you have is read without its cluster")
    return diagnose_files(files)


def _of_cluster(steps: Sequence[str], cluster_id: str | None) -> Diagnosis | NothingFailed:
    if len(steps) > 1:
        raise InputError(f"one step at a time: {command_line('cluster', 'diagnose', steps[0])}; logs follow --file")
    if steps and Path(steps[0]).is_file():
        raise InputError(f"{steps[0]} is a file: give it with --file {steps[0]}")
    emr = aws.client("emr")
    where = the_cluster(emr, cluster_id, or_last=True)
    return diagnosis_of(emr, aws.client("s3"), where, steps[0] if steps else None)


def _checks(emr: "EMRClient", cluster: Cluster) -> list[str]:
    """The folders of the steps that are checks; none where the steps may not be listed."""
    try:
        return [f"steps/{each.id}" for each in list_steps(emr, cluster.id) if each.is_check]
    except aws.AwsRefused:
        return []


def _chosen(
    logs: Logs,
    what: str,
    kinds: Sequence[str] | None,
    bootstrap: bool = False,
    spoken: Sequence[str] = _SPOKEN,
) -> list[LogFile]:
    """The logs that are meant; where no kind is, those that are `spoken` (none: all) of steps and applications."""
    if bootstrap:
        found = logs.of_bootstrap(what)
    elif what.startswith("s-"):
        found, kinds = logs.of_step(what), kinds or spoken
    elif what.startswith("application_"):
        found, kinds = logs.of_application(what), kinds or spoken
    else:
        found = logs.below(f"node/{what}/" if what.startswith("i-") else what)
    return [file for file in found if not kinds or file.kind in kinds]


def _follow(
    emr: "EMRClient",
    logs: Logs,
    cluster: Cluster,
    step_id: str,
    kinds: Sequence[str] | None,
    tail: int | None,
    nothing: ExperimentError | None,
) -> None:
    """Print a step's logs until it has ended; everything else goes to stderr."""
    aside = err(markup=False)
    if nothing:
        say(f"Waiting: {nothing}", aside)
    step = follow_step(
        logs, lambda: describe_step(emr, cluster.id, step_id), lambda: _chosen(logs, step_id, kinds), tail, _print
    )
    aside.print(f"Step {step.id} is {step.state}.")


def _is_much(what: str, bootstrap: bool, files: list[LogFile]) -> bool:
    """Whether to list logs rather than print them: all of a node's, or a folder that was named by its beginning."""
    return not bootstrap and not what.startswith(("s-", "application_")) and len(files) > 1


def _nothing(emr: "EMRClient", logs: Logs, cluster: Cluster, what: str, kinds: Sequence[str] | None) -> ExperimentError:
    """The reason why there is nothing to show."""
    if not what.startswith("s-"):
        return ExperimentError(
            f"there is no log of {what or 'bootstrap actions'} in {logs.place} (yet: EMR copies logs there every few "
            f"minutes); {command_line('cluster', 'logs', cluster=cluster.id)} lists what there is"
        )
    step = describe_step(emr, cluster.id, what)
    there = [file.kind for file in logs.of_step(what)]
    if there:
        return ExperimentError(
            f"step {what} has no {' or '.join(kinds or _SPOKEN)} log: it has {', '.join(there)} (--kind)"
        )
    if step.started_at is None:
        return ExperimentError(f"step {what} is {step.state} and has not started, so it has no logs")
    return ExperimentError(not_arrived(step, logs, cluster))


def _list(logs: Logs, files: list[LogFile], as_json: bool) -> None:
    files = sorted(files, key=lambda each: each.arrived_at, reverse=True)
    if as_json:
        print_json(
            [{"uri": each.uri, "kind": each.kind, "bytes": each.size, "arrived_at": each.arrived_at} for each in files]
        )
        return
    if not files:
        say(f"No logs have arrived in {logs.place} yet: EMR copies them there every few minutes.")
        return
    shown = f"{logs.place} (this command accepts the names below)"
    print(shown)
    rows = (
        [(each.name, decimal(each.size), f"{each.arrived_at:%Y-%m-%d %H:%M}") for each in files]
        if len(files) <= _FEW
        else [(f"{name}/ ({count})", decimal(size), f"{at:%Y-%m-%d %H:%M}") for name, count, size, at in folders(files)]
    )
    print_table(("log", "zipped", "arrived (UTC)"), rows)


def _print(line: str) -> None:
    try:
        print(masked_text(line), flush=True)
    except BrokenPipeError:  # the reader has closed the pipe, as `head` does
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise typer.Exit from None
