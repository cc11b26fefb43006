"""What `runs show` prints of one run."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from rich.console import Console

from launcher.leaderboard import again
from launcher.leaderboard.details import Details
from launcher.leaderboard.rows import said
from launcher.support.console import duration, print_pairs, print_table
from launcher.support.files import shown
from lib import artifacts
from lib.errors import some

Pairs = Iterator[tuple[str, str]]

_LOZO = "new zones"
_AT_HALF = "at threshold 0.5"


def show_details(console: Console, found: Details) -> None:
    """Everything of one run on one screen."""
    print_pairs([*_head(found), *_data(found.experiment), *_model(found)], console)
    if columns := _figures(found):
        console.print()
        names = [name for name in artifacts.OVERALL_METRICS if any(name in values for values in columns.values())]
        rows = [(name, *(values.get(name) for values in columns.values())) for name in names]
        print_table(("", *(f"{name}>" for name in columns)), rows, console)
        console.print()
    if rest := [*_evaluation(found), *_made(found.experiment), *_places(found)]:
        print_pairs(rest, console)


def command_lines(found: Details, out: str) -> list[str]:
    """What makes a run again, for a shell.

    Raises:
        InputError: it is not known, or this version of the project has other parameters.
    """
    record = found.require_experiment()
    has_source = artifacts.SOURCE_ZIP in found.run.model_others
    lines = again.code_of(record, found.run.model_dir, has_source)
    if record.get("command"):
        lines.append(f"# as it was typed: {' '.join(record['command'].split())}")
    return [*lines, again.command_of(record, out)]


def _head(found: Details) -> Pairs:
    run = found.run
    state = f"{run.state}: {run.why}" if run.why else run.state
    yield "run", " ".join((run.name, *run.tags))
    yield "state", f"{state}, resumed" if run.is_resumed else state
    for each in found.damage:
        if each != run.why:
            yield "damaged", each
    if run.started_at:
        yield "started", run.started_at[:19].replace("T", " ") + " UTC"


def _data(experiment: Mapping[str, Any]) -> Pairs:
    if not experiment:
        return
    data, split = experiment["data"], experiment["split"]
    classes = data["class_counts"]
    yield "data", some(data["inputs"], 5)
    yield "rows", f"{data['rows']:,}, {classes['1']:,} of class 1; {len(data['features'])} features"
    parts = ", ".join(f"{name} {split['parts'][name]['rows']:,}" for name in ("train", "val", "test"))
    yield "split", f"by {split['split_by']}, seed {split['seed']}: {parts}"


def _model(found: Details) -> Pairs:
    experiment, run = found.experiment, found.run
    if experiment:
        reused = f", {experiment['reused_candidates']} of them from before it was resumed" if run.is_resumed else ""
        count = experiment["candidates"]
        candidates = f"{count} candidate{'s' if count != 1 else ''}"
        yield "search", f"{candidates} by the {experiment['engine']['name']} engine{reused}"
    if run.winner:
        yield "winner", f"{run.winner}: {said(run.params)}" if run.params else run.winner


def _figures(found: Details) -> dict[str, dict[str, str]]:
    """The columns of the table of metrics, each with its figures as text."""
    winner, columns = found.summary.get("winner", {}), dict[str, dict[str, str]]()
    if winner:
        columns["validation"] = _texts(winner["val_metrics"])
        columns["test"] = _texts(winner["test_metrics_retrained"])
    if found.metrics:
        columns["evaluation"] = _texts(found.metrics)
        intervals = found.metrics.get("intervals") or {}
        columns["95 %"] = {name: f"{each[0]:.3f}–{each[1]:.3f}" for name, each in intervals.items() if each}
    if zones := found.summary.get("leave_one_zone_out") or found.metrics.get("leave_one_zone_out"):
        columns[_LOZO] = _texts(zones["mean"])
        columns["worst zone"] = _texts(zones["worst"])
    return columns


def _evaluation(found: Details) -> Pairs:
    metrics = found.metrics
    if not metrics:
        return
    measured = metrics["measured_on"]
    yield "measured on", f"{measured['count']:,} rows, {measured['positives']:,} of class 1: {measured['rows']}"
    if measured["rows"] != artifacts.HELD_OUT:
        yield "", some(measured["inputs"], 5)
    yield "fingerprint", measured["fingerprint"]
    yield "threshold", f"{metrics['threshold']:.4g}, of the evaluation; validation and test {_AT_HALF}"
    if found.run.gate_failed:
        yield "gate", "failed: see the report"


def _made(experiment: Mapping[str, Any]) -> Pairs:
    if not experiment:
        return
    until_now = "" if experiment.get("finished_at") else " so far"
    yield "took", duration(sum(experiment["timings"].values())) + until_now
    cost = experiment.get("cost") or {}
    if actual := cost.get("actual"):
        yield "cost", f"{actual['usd']:.2f} USD on {cost['cluster']}"
    elif unknown := cost.get("unknown"):
        yield "cost", f"not known: {unknown}"
    if commit := experiment.get("commit"):
        yield "commit", commit["sha"] + (" with changes" if commit["dirty"] else "")
    if experiment.get("command"):
        yield "command", experiment["command"]


def _places(found: Details) -> Pairs:
    run = found.run
    if run.report:
        yield "report", shown(run.report)
    for folder, others in ((run.model_dir, run.model_others), (run.eval_dir, run.eval_others)):
        if any(name.startswith(f"{artifacts.NOTEBOOKS}/") for name in others):
            yield "notebooks", shown(f"{folder}/{artifacts.NOTEBOOKS}")
    if run.model_dir:
        yield "model", shown(run.model_dir)
    if artifacts.SOURCE_ZIP in run.model_others:
        yield "source", shown(f"{run.model_dir}/{artifacts.SOURCE_ZIP}")


def _texts(values: Mapping[str, Any]) -> dict[str, str]:
    return {name: f"{values[name]:.4f}" for name in artifacts.OVERALL_METRICS if values.get(name) is not None}


def as_json(found: Details, entry: Mapping[str, Any]) -> dict[str, Any]:
    """What programs read of one run: what the list says of it, and its records."""
    records: Sequence[tuple[str, Mapping[str, Any]]] = (
        ("experiment", found.experiment),
        ("summary", found.summary),
        ("evaluation", found.metrics),
    )
    return {**entry, "damage": list(found.damage), **{name: record or None for name, record in records}}
