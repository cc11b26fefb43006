"""The command `cluster cost`: what a cluster and its runs have cost, or will."""

from typing import Annotated, Any

import typer

from launcher.commands.cost_screens import show_cluster, show_run
from launcher.commands.options import AllSteps, AsJson, ClusterId, Debug, the_cluster
from launcher.emr.cost import records
from launcher.emr.cost.earlier_runs import Ran, earlier_runs, earlier_scorings, ran_through_livy
from launcher.emr.cost.estimates import estimate
from launcher.emr.cost.spending import NOT_INCLUDED, Spending, spending
from launcher.emr.steps import Step, list_steps
from launcher.parameters.schema import Parameters
from launcher.parameters.sources import gather
from launcher.support import aws
from launcher.support.command_lines import command_line
from launcher.support.console import out, print_json, say
from launcher.support.files import files_at
from launcher.support.outcomes import command_body
from launcher.support.surroundings import working_folder
from lib import artifacts
from lib.errors import InputError
from lib.search.candidates import candidates_of

app = typer.Typer()


@app.command()
def cost(
    run: Annotated[
        str | None, typer.Argument(metavar="[STEP|RUN_ID|MODEL|SCORES]", help="a single run instead of the cluster")
    ] = None,
    estimate: Annotated[bool, typer.Option("--estimate", help="estimate a future run with these parameters")] = False,
    params: Annotated[str | None, typer.Option(metavar="FILE", help="YAML file of parameters")] = None,
    assign: Annotated[list[str] | None, typer.Option("-p", metavar="NAME=VALUE", help="any parameter")] = None,
    out: Annotated[
        str | None, typer.Option(metavar="PLACE", help="folder or URI with the records of earlier runs")
    ] = None,
    rows: Annotated[int | None, typer.Option(min=1, metavar="N", help="rows of the table, for --estimate")] = None,
    price: Annotated[
        list[str] | None, typer.Option(metavar="TYPE=USD", help="price per hour of an instance type")
    ] = None,
    cluster_id: ClusterId = None,
    checks: AllSteps = False,
    as_json: AsJson = False,
    debug: Debug = False,
) -> None:
    """Show what a cluster has cost so far: start-up, each run, idle time; or one run; or (--estimate) a future run.

    List prices of instances, EMR's fee and disks. It is not the bill: no S3, data transfer, tax or discounts.
    """
    with command_body(debug):
        wanted = gather(params, assign or [], {"out": out}, cwd=working_folder())
        given = _prices(price or [])
        if estimate and run:
            raise InputError(f"--estimate is for a future run: leave out {run}")
        if rows and not estimate:
            raise InputError("--rows needs --estimate")
        if estimate:
            _estimate(wanted, cluster_id, rows, given, as_json)
        else:
            _actual(wanted, cluster_id, run, given, as_json, checks)


def _estimate(
    wanted: Parameters, cluster_id: str | None, rows: int | None, given: dict[str, float], as_json: bool
) -> None:
    session = aws.session()
    cluster = the_cluster(aws.client("emr", session), cluster_id or wanted.cluster.id)
    made = estimate(wanted, session, cluster, rows, given)
    if as_json:
        print_json({"cluster": cluster, "currency": "USD", **records.of_estimate(made)})
    else:
        say(f"{len(candidates_of(wanted))} candidates on {cluster}: {made}")


def _actual(
    wanted: Parameters,
    cluster_id: str | None,
    run: str | None,
    given: dict[str, float],
    as_json: bool,
    show_checks: bool,
) -> None:
    session = aws.session()
    emr = aws.client("emr", session)
    files = files_at(wanted.out)
    earlier: list[Ran] = [*earlier_runs(files, wanted.out), *earlier_scorings(files, wanted.out)]
    recorded = next((each for each in earlier if run and each.run_id == artifacts.run_id_of(run)), None)
    on_record = recorded.cluster if recorded else ""
    cluster = the_cluster(emr, cluster_id or wanted.cluster.id or on_record, or_last=True)
    spent = spending(session, cluster, ran_through_livy(earlier, cluster), given)
    steps = list_steps(emr, cluster)
    names = {step.id: step.name for step in steps}
    name = _activity(run, spent, steps, recorded, wanted.out) if run else None
    if as_json:
        print_json(_record(spent, name, names))
    elif name:
        show_run(out(), spent, name, names.get(name, ""))
    else:
        show_cluster(out(), spent, names, show_checks)


def _activity(run: str, spent: Spending, steps: list[Step], recorded: Ran | None, out: str) -> str:
    """The name under which a run is in the account."""
    run_id = artifacts.run_id_of(run)
    step = next((each for each in steps if each.id == run or (run_id and each.run_id == run_id)), None)
    name = step.id if step else run_id
    if name in spent.account.runs:
        return name
    if step:
        raise InputError(f"{step.id} cost nothing: it is {step.state} and never ran")
    if recorded:
        raise InputError(f"run {run_id} did not run on cluster {spent.cluster.id}, or its cost was not recorded")
    listing = command_line("cluster", "steps", cluster=spent.cluster.id)
    raise InputError(
        f"{run} is neither a step of cluster {spent.cluster.id} ({listing} lists them) nor a "
        f"complete run below {out}: name another --cluster-id or --out"
    )


def _record(spent: Spending, name: str | None, names: dict[str, str]) -> dict[str, Any]:
    """What programs read: one run, or the cluster with all of them."""
    cluster = {"cluster": spent.cluster.id, "state": spent.cluster.life.state, "currency": "USD"}
    if name:
        what = {"run": name, "name": names.get(name), **records.of_run(spent, name)}
    else:
        runs = [{"run": each, "name": names.get(each), **records.of_run(spent, each)} for each in spent.account.runs]
        what = {"until": spent.until, "usd_per_hour": round(spent.hourly.total, 4)}
        what |= {**records.of_usage(spent.account.whole), "is_bound": spent.has_spot, "runs": runs}
    totals = {"cluster_so_far": records.of_cluster(spent), "prices": records.of_prices(spent)}
    return {**cluster, **what, **totals, "not_included": NOT_INCLUDED}


def _prices(typed: list[str]) -> dict[str, float]:
    """The `TYPE=USD` of --price."""
    found = {}
    for each in typed:
        instance_type, _, usd = each.partition("=")
        try:
            found[instance_type] = float(usd)
        except ValueError:
            found[instance_type] = -1.0
        if not instance_type or not 0 <= found[instance_type] < float("inf"):
            raise InputError(f"--price {each}: must be TYPE=USD for an hour, as in m5.xlarge=0.192")
    return found
