"""The command `cluster check`: the checklist, as a table or as JSON."""

from dataclasses import asdict
from typing import Annotated

import typer
from rich.text import Text

from launcher.commands.options import AsJson, ClusterId, Debug, the_cluster
from launcher.commands.parameter_options import option
from launcher.emr.checks import checklist
from launcher.emr.checks.subject import CheckResult, Level, Subject
from launcher.emr.clusters import describe
from launcher.parameters.sources import gather
from launcher.support import aws
from launcher.support import console as tables
from launcher.support.console import err, out, print_hanging
from launcher.support.masking import masked_text
from launcher.support.outcomes import command_body
from launcher.support.surroundings import working_folder

app = typer.Typer(add_completion=False)

_STYLES = {"ok": "green", "warning": "yellow", "fail": "bold red"}
_EXIT_CODES = (
    "Exit codes: 0 nothing failed (warnings do not stop a run); 1 a check failed; 2 wrong usage or no such cluster."
)


@app.command(epilog=_EXIT_CODES)
def check(
    cluster_id: ClusterId = None,
    params: Annotated[str | None, typer.Option(metavar="FILE", help="YAML file of parameters")] = None,
    assign: Annotated[list[str] | None, typer.Option("-p", metavar="NAME=VALUE", help="any parameter")] = None,
    input_data: Annotated[list[str] | None, option("input_data", "PLACE")] = None,
    out: Annotated[str | None, option("out", "PLACE")] = None,
    label_col: Annotated[str | None, option("label_col", "COLUMN")] = None,
    probe: Annotated[
        bool, typer.Option("--probe/--no-probe", help="run a step of a few seconds that tests the nodes' permissions")
    ] = True,
    as_json: AsJson = False,
    debug: Debug = False,
) -> None:
    """Check that a cluster and an experiment's data are ready: green, yellow and red, each with the remedy.

    The parameters are those of the experiment. It runs by itself before each submission.
    """
    with command_body(debug):
        typed = {"input_data": input_data, "out": out, "label_col": label_col}
        wanted = gather(params, assign or [], typed, cwd=working_folder())
        session = aws.session()
        emr = aws.client("emr", session)
        cluster = describe(emr, the_cluster(emr, cluster_id or wanted.cluster.id))
        with err().status(f"Checking cluster {cluster.id} …"):
            results = checklist.run(Subject(cluster, wanted, session, probes=probe), checklist.CHECKS)
        worst = checklist.worst(results)
        if as_json:
            tables.print_json({"cluster_id": cluster.id, "level": worst, "checks": [asdict(each) for each in results]})
        else:
            _show(f"Cluster {cluster.id} ({cluster.name})", results)
        if worst == Level.FAIL:
            raise typer.Exit(1)


def _show(title: str, results: list[CheckResult]) -> None:
    """Print the checklist; what was found wraps under its column, and commands can be copied."""
    console = out()
    console.print(f"{title}\n", markup=False)
    width = max(len(each.name) for each in results)
    for each in results:
        head = Text.assemble((f"{each.level:9}", _STYLES[each.level]), f"{each.name:{width}}  ")
        remedy = f"\n→ {each.remedy}" if each.remedy else ""
        print_hanging(head, masked_text(each.found + remedy), console)
    counts = [(level, sum(each.level == level for each in results)) for level in _STYLES]
    console.print("\n" + ", ".join(f"{count} {level}" for level, count in counts if count))
