"""What the command line prints before and after a run."""

from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.table import Table

from launcher.experiment.plan import Plan
from launcher.parameters.schema import Parameters
from launcher.support.console import duration, print_pairs
from launcher.support.files import shown
from lib import artifacts
from lib.artifacts import ZONES
from lib.errors import some
from lib.search.candidates import candidates_of
from lib.search.families import Candidate
from lib.search.shared_fits import shared_fits
from lib.support import tables


def show_plan(console: Console, plan: Plan, cost: str | None = None) -> None:
    """Show what a run would do, and what it would cost if that is known."""
    console.print("Dry run: nothing is run and nothing is written.\n")
    print_pairs(_scoring_plan(plan, cost) if plan.is_scoring else _experiment_plan(plan, cost), console)


def _scoring_plan(plan: Plan, cost: str | None) -> list[tuple[str, str]]:
    p = plan.parameters
    return [
        ("model", shown(p.model)),
        ("input", "\n".join(map(shown, p.input_data))),
        *_how_it_runs(plan, cost),
        ("scores", shown(plan.score_dir)),
    ]


def _how_it_runs(plan: Plan, cost: str | None) -> list[tuple[str, str]]:
    p = plan.parameters
    where = p.cluster.runs_on.where(p.cluster, p.out, plan.run_id)
    steps = [(f"step {n}", shown(str(s.notebook))) for n, s in enumerate(plan.steps, start=1)]
    return [*((("where", where),) if where else ()), *((("cost", cost),) if cost else ()), *steps]


def _experiment_plan(plan: Plan, cost: str | None) -> list[tuple[str, str]]:
    p = plan.parameters
    rows = [
        ("input", "\n".join(map(shown, p.input_data))),
        *(_training(p) if plan.trains else ()),
        *_how_it_runs(plan, cost),
        ("model", shown(plan.model_dir) + ("" if plan.trains else " (complete)")),
    ]
    if p.evaluate:
        on = ", ".join(map(shown, p.test_data)) if p.test_data else "the held-out rows"
        rows += [("evaluation", f"on {on}"), ("results", shown(plan.eval_dir))]
    return rows


def _training(p: Parameters) -> list[tuple[str, str]]:
    candidates = candidates_of(p)
    models = list(dict.fromkeys(candidate.model for candidate in candidates))
    counts = ", ".join(f"{sum(c.model == name for c in candidates)} {name}" for name in models)
    fits = _fits(candidates, p.engine)
    tests = f"the best of each model again for its test ({len(models)}), the winner on train + validation (1)"
    return [
        ("label", p.label_col),
        ("split", f"test {p.test_frac:g}, validation {p.val_frac:g}, by {p.split_by}, seed {p.seed}"),
        ("search", f"{len(candidates)} candidates ({counts}) by {p.metric}, engine {p.engine}"),
        ("fits", f"at most {fits + len(models) + 1}: the candidates, which share fits ({fits}), {tests}"),
        ("zones", _zones(p)),
    ]


def _zones(p: Parameters) -> str:
    """What is fitted without a zone, for each zone, if the table has three or more."""
    fits = ["the best of each model"]
    if p.select_by == ZONES:
        fits.insert(0, "every candidate")
    if p.nested:
        fits.append("the whole search again (nested)")
    return f"each left out in turn, for {some(fits)}"


def _fits(candidates: Sequence[Candidate], engine: str) -> int:
    """How many fits give all candidates, before the data tell which featureSubsetStrategies mean the same."""
    # With so many features they all differ.
    fits = shared_fits(candidates, 1_000)
    in_tasks = engine != "spark" and all(fit.in_tasks for fit in fits)
    return len(fits) if in_tasks else sum(len(fit.in_spark_ml()) for fit in fits)


def show_results(console: Console, plan: Plan, results: dict[str, Any], seconds: float) -> None:
    """Show the results and where they are."""
    if plan.is_scoring:
        _show_scores(console, plan, results["score"])
    else:
        _show_models(console, plan, results)
    console.print(f"\nDone in {duration(seconds)}.", highlight=False)


def _show_scores(console: Console, plan: Plan, record: dict[str, Any]) -> None:
    unit = artifacts.unit_scored(record)
    console.print(f"\n{record['rows']:,} {unit} scored by {shown(record['model'])}", highlight=False, soft_wrap=True)
    marked = f"{record['share_marked']:.1%} of the {unit}, above {record['threshold']:.4g}"
    rows = [("marked", marked)]
    if "share_applicable" in record:
        both = f"{record['share_marked_and_applicable']:.1%} are marked, too"
        rows.append(
            ("applicable", f"{record['share_applicable']:.1%} of the {unit} are like the training rows; {both}")
        )
    if filled := record.get("filled", {}).get("rows"):
        rows.append(("filled", f"{filled:,} {unit} had missing values, which the model filled"))
    if record.get("dropped"):
        rows.append(("left out", f"{record['dropped']:,} rows with missing values"))
    places = {"report": artifacts.SCORING_REPORT, "scores": artifacts.SCORES, "notebooks": artifacts.NOTEBOOKS}
    if "tiles" in record:
        places = {"report": artifacts.SCORING_REPORT, "maps": artifacts.MAPS, "best areas": artifacts.BEST_AREAS}
        places["notebooks"] = artifacts.NOTEBOOKS
    rows += [(name, shown(f"{plan.score_dir}/{place}")) for name, place in places.items()]
    print_pairs(rows, console)


def _show_models(console: Console, plan: Plan, results: dict[str, Any]) -> None:
    summary = results["train"]
    winner = summary["winner"]
    best = Candidate(0, winner["name"], summary["models"][winner["name"]]["best_params"])
    console.print(f"\n[bold]Winner[/bold]  {best}", highlight=False, soft_wrap=True)
    columns = {
        f"validation ({summary['val_samples']:,} rows)": winner["val_metrics"],
        f"test ({summary['test_samples']:,} rows)": winner["test_metrics_retrained"],
    }
    if zones := summary.get("leave_one_zone_out"):
        columns["new zones (mean)"] = zones["mean"]
    if plan.parameters.test_data:
        measured = results["evaluate"]["measured_on"]
        columns[f"test_data ({measured['count']:,} rows)"] = results["evaluate"]
    table = Table(box=None, pad_edge=False, padding=(0, 3, 0, 0))
    table.add_column("")
    for name in columns:
        table.add_column(name, justify="right")
    for metric in artifacts.METRICS:
        style = "bold" if metric == summary["metric_used"] else ""
        table.add_row(metric, *(_number(values.get(metric)) for values in columns.values()), style=style)
    console.print(table)
    console.print(_thresholds(plan.parameters, results.get("evaluate", {})), highlight=False)
    for line in suspicious(summary.get("suspects", [])):
        console.print(line, highlight=False, markup=False, soft_wrap=True)
    notebooks = [f"{folder}/{artifacts.NOTEBOOKS}" for folder in dict.fromkeys(map(plan.folder, plan.steps))]
    rows = [("model", f"{plan.model_dir}/{artifacts.PIPELINE}"), *(("notebooks", place) for place in notebooks)]
    if "report" in results:
        rows.insert(0, ("report", f"{plan.eval_dir}/{artifacts.REPORT}"))
    print_pairs([(name, shown(place)) for name, place in rows], console)


def suspicious(found: Sequence[Mapping[str, Any]]) -> list[str]:
    """What was suspicious of the columns, a line for each option that would leave it out."""
    zones = [each["column"] for each in found if each["kind"] == "zone"]
    columns = [each for each in found if "value" not in each and each["column"] not in zones]
    values = [each for each in found if "value" in each]
    lines = [f"Watch: {name} is a feature; did you mean zone_col: {name}?" for name in zones]
    if columns:
        named = some([f"{each['column']} ({each['kind'].replace('_', ' ')})" for each in columns])
        option = tables.as_list([each["column"] for each in columns])
        lines.append(f"Watch: {named} may be no feature or give the label away; leave out with exclude_cols: {option}")
    if values:
        named = some([f"{each['column']} ({each['value']:g})" for each in values])
        option = ", ".join(f"{value:g}" for value in dict.fromkeys(each["value"] for each in values))
        lines.append(f"Watch: {named} may have values that stand for none; make them missing with nodata: [{option}]")
    return lines


def _thresholds(p: Parameters, evaluated: Mapping[str, Any]) -> str:
    """Which thresholds accuracy and f1 are at, if the model's own decides otherwise than the 0.5 of the search."""
    chosen = evaluated.get("threshold_chosen")
    if not chosen or chosen["here"] == chosen["here_at_half"]:
        return ""
    others = "of test_data and in the report" if p.test_data else "in the report"
    return f"accuracy and f1 are at threshold 0.5; {others} at {evaluated['threshold']:.4g}\n"


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.4f}"
