"""The commands about steps: `cluster steps` and `cluster step`."""

import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer

from launcher.commands.cluster_screens import step_pairs, step_record, step_rows
from launcher.commands.for_programs import RunAsJson, body
from launcher.commands.options import AllSteps, AsJson, ClusterId, Debug, the_cluster
from launcher.detached.follow import follow
from launcher.emr.steps import Step, cancel_step, describe_step, list_steps, wait_for_step
from launcher.experiment.submitted import StepFiles
from launcher.running.run_record import recorded, so_far
from launcher.support import aws
from launcher.support.console import out, print_json, print_pairs, print_table
from launcher.support.outcomes import command_body
from lib.errors import ExperimentError, InputError

if TYPE_CHECKING:
    from mypy_boto3_emr import EMRClient

app = typer.Typer()

_STEPS = ("step", "state", "run", "started (UTC)", "took", "what")


@app.command()
def steps(
    cluster_id: ClusterId = None,
    last: Annotated[int, typer.Option(metavar="N", min=1, help="how many, the newest first")] = 20,
    checks: AllSteps = False,
    as_json: AsJson = False,
    debug: Debug = False,
) -> None:
    """List the steps of a cluster, and the experiments they run."""
    with command_body(debug):
        emr = aws.client("emr")
        cluster = the_cluster(emr, cluster_id, or_last=True)
        found = [each for each in list_steps(emr, cluster) if checks or not each.is_check]
        if as_json:
            print_json([step_record(each) for each in found[:last]])
            return
        if not found:
            print(f"Cluster {cluster} has had no step yet.")
            return
        print_table(_STEPS, step_rows(found[:last]))
        if len(found) > last:
            print(f"… and {len(found) - last} earlier ones (--last {len(found)})")


@app.command()
def step(
    step_id: Annotated[str, typer.Argument(metavar="STEP", help="its id, as in s-1A2B3C4D5E6F7")],
    cluster_id: ClusterId = None,
    cancel: Annotated[bool, typer.Option("--cancel", help="cancel it; the step may clean up first")] = False,
    force: Annotated[
        bool, typer.Option("--force", help="with --cancel: kill it; its Livy sessions stay behind")
    ] = False,
    of_others: Annotated[
        bool, typer.Option("--of-others", help="with --cancel: also if it is no run of this project")
    ] = False,
    wait: Annotated[bool, typer.Option("--wait", help="follow it until it ends, with its exit code")] = False,
    as_json: RunAsJson = False,
    debug: Debug = False,
) -> None:
    """Show one step: state, times, failure, command."""
    records: list[dict[str, Any]] = []
    with body(debug, as_json, records):
        if (force or of_others) and not cancel:
            raise InputError(f"{'--force' if force else '--of-others'} needs --cancel")
        emr = aws.client("emr")
        cluster = the_cluster(emr, cluster_id, or_last=not cancel)
        if cancel:
            cancel_step(emr, cluster, step_id, force, of_others)
        found = describe_step(emr, cluster, step_id)
        if wait:
            _follow(emr, found, cluster, records)
            found = describe_step(emr, cluster, step_id)
        if as_json:
            run = records[0] if records else _run_of(found)
            records[:] = [{**step_record(found), **run, "cluster": cluster}]
        if not (as_json or (wait and found.run_id)):
            print_pairs(step_pairs(found, cluster))


def _follow(emr: "EMRClient", found: Step, cluster: str, records: list[dict[str, Any]]) -> None:
    """Follow a step to its end; what EMR says of it then is in its record, too."""
    files = _files_of(found)
    try:
        if files:
            with recorded(records, files.plan(), cluster=cluster, step=found.id):
                follow(aws.session(), cluster, found.id, out())
        else:
            wait_for_step(emr, cluster, found.id, lambda seen: print(seen.state, file=sys.stderr))
    except (aws.AwsRefused, aws.AwsUnavailable, aws.NotLoggedIn):
        raise  # the step cannot be asked for either
    except ExperimentError as error:
        ended = step_record(describe_step(emr, cluster, found.id))
        told = records or [{"cluster": cluster, "error": str(error), "exit_code": error.exit_code}]
        records[:] = [{**ended, **each} for each in told]
        raise


def _files_of(found: Step) -> StepFiles | None:
    """The files of the run that a step is; None of another's step."""
    return StepFiles.of(found.out, found.run_id) if found.out and found.run_id else None


def _run_of(found: Step) -> dict[str, Any]:
    """The record of the run that a step is, as far as it has come; nothing of another's step."""
    files = _files_of(found)
    if files is None:
        return {}
    try:
        return so_far(files.plan(), files.status(), found.is_unfinished, step=found.id)
    except ExperimentError:  # submitted by a version that knows other parameters, or removed
        return {}
