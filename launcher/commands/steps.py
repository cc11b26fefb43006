"""The commands about steps: `cluster steps` and `cluster step`."""

import sys
from typing import Annotated

import typer

from launcher.commands.cluster_screens import step_pairs, step_record, step_rows
from launcher.commands.options import AllSteps, AsJson, ClusterId, Debug, the_cluster
from launcher.detached.follow import follow
from launcher.emr.steps import Step, cancel_step, describe_step, list_steps, wait_for_step
from launcher.support import aws
from launcher.support.console import err, out, print_json, print_pairs, print_table
from launcher.support.outcomes import command_body
from lib.errors import ExperimentError, InputError

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
    as_json: AsJson = False,
    debug: Debug = False,
) -> None:
    """Show one step: state, times, failure, command."""
    with command_body(debug):
        if (force or of_others) and not cancel:
            raise InputError(f"{'--force' if force else '--of-others'} needs --cancel")
        emr = aws.client("emr")
        cluster = the_cluster(emr, cluster_id, or_last=not cancel)
        if cancel:
            cancel_step(emr, cluster, step_id, force, of_others)
        found = describe_step(emr, cluster, step_id)
        if not wait:
            _show(found, cluster, as_json)
            return
        try:
            if found.run_id:
                follow(aws.session(), cluster, step_id, err() if as_json else out())
            else:
                wait_for_step(emr, cluster, step_id, lambda seen: print(seen.state, file=sys.stderr))
        except (aws.AwsRefused, aws.AwsUnavailable, aws.NotLoggedIn):
            raise  # the step cannot be asked for either
        except ExperimentError:
            if as_json:
                print_json(step_record(describe_step(emr, cluster, step_id)))
            raise
        if as_json or not found.run_id:
            _show(describe_step(emr, cluster, step_id), cluster, as_json)


def _show(found: Step, cluster: str, as_json: bool) -> None:
    if as_json:
        print_json(step_record(found))
    else:
        print_pairs(step_pairs(found, cluster))
