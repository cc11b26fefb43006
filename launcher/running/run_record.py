"""What a program is told of a run: one record, on every target, of what the run left and how it ended."""

import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, redirect_stdout
from typing import Any

import typer

from launcher.emr.cost import records as cost_records
from launcher.experiment import results
from launcher.experiment.plan import Plan
from launcher.experiment.submitted import Status
from launcher.running.gate import GateFailed
from launcher.support.console import print_json_lines
from launcher.support.files import files_at
from launcher.support.interrupts import Interrupted
from launcher.support.outcomes import command_body
from lib import artifacts
from lib.errors import ExperimentError, InputError

# How a run stands, for programs. One that is submitted may be waiting or running.
PLANNED, SUBMITTED, DONE, BELOW_GATE = "planned", "submitted", "done", "below gate"
_FAILED, _REFUSED, _STOPPED = "failed", "refused", "stopped"
_KEYS = ("run", "kind", "outcome", "target", "cluster", "step", "attached", "out", "model", "results", "scores")
_NOTHING: dict[str, Any] = {
    **dict.fromkeys(_KEYS),
    "complete": [],
    **dict.fromkeys(("metrics", "cost", "error", "cause")),
    "remedy": [],
    "settings": {},
    "kept_at": None,
    "exit_code": 0,
}


@contextmanager
def command_with_records(debug: bool, records: list[dict[str, Any]]) -> Iterator[None]:
    """The body of a command that starts, ends or follows runs and prints their `records` when it ends.

    They are alone on stdout, one on a line; all else that is printed goes to stderr. A command that was refused before
    any run has a record, too.
    """
    stdout = sys.stdout
    with redirect_stdout(sys.stderr):
        try:
            with command_body(debug), _refusal(records):
                yield
        finally:
            print_json_lines(records, stdout)


def record_of(plan: Plan, outcome: str, **known: Any) -> dict[str, Any]:
    """A run's record; `known` is what else there is to say of it, such as its `step`."""
    return {**_NOTHING, **_planned(plan), "outcome": outcome, **known}


def so_far(plan: Plan, status: Status, is_unfinished: bool, **known: Any) -> dict[str, Any]:
    """The record of a run elsewhere, from what it left until now."""
    if is_unfinished:
        return record_of(plan, SUBMITTED, **known)
    left = _left_by(plan)
    if status.exit_code == 0:
        return record_of(plan, DONE, **known, **left)
    told = {"error": status.error or None, "cause": status.cause or None, "kept_at": status.kept_at or None}
    outcome = BELOW_GATE if status.cause == GateFailed.cause else _FAILED
    return record_of(
        plan, outcome, **known, **left, **told, settings=dict(status.settings), exit_code=status.exit_code or 1
    )


@contextmanager
def recorded(records: list[dict[str, Any]], plan: Plan, **known: Any) -> Iterator[None]:
    """Add the record of a run that begins, or is followed, and ends in the block."""
    try:
        yield
    except BaseException as error:
        records.append(record_of(plan, _outcome(error), **known, **_left_by(plan), **_failure(error)))
        raise
    records.append(record_of(plan, DONE, **known, **_left_by(plan)))


@contextmanager
def _refusal(records: list[dict[str, Any]]) -> Iterator[None]:
    try:
        yield
    except BaseException as error:
        if not records:
            records.append({**_NOTHING, "outcome": _outcome(error), **_failure(error)})
        raise


def _planned(plan: Plan) -> dict[str, Any]:
    cluster = plan.parameters.cluster
    return {
        "run": plan.run_id,
        "kind": "scoring" if plan.is_scoring else "experiment",
        "target": cluster.runs_on.name,
        "cluster": plan.cluster_id or None,
        "attached": False,
        "out": plan.parameters.out,
        **plan.folders,
    }


def _left_by(plan: Plan) -> dict[str, Any]:
    """Which of its folders are complete, its figures and its cost; what is not there or cannot be read is null."""
    files, run_id = files_at(plan.parameters.out), plan.run_id
    complete: list[str] = []
    figures: dict[str, Any] = {}
    if plan.is_scoring:
        if scores := _if_there(lambda: results.scores(files, plan.score_dir, run_id)):
            complete.append("scores")
            figures |= _of_scores(scores)
    else:
        if summary := _if_there(lambda: results.summary(files, plan.model_dir, run_id)):
            complete.append("model")
            figures |= _of_model(summary)
        if measured := _if_there(lambda: results.metrics(files, plan.eval_dir, run_id)):
            complete.append("results")
            figures["evaluation"] = {name: measured.get(name) for name in artifacts.METRICS}
    cost = _if_there(lambda: cost_records.kept(files, plan.record))
    return {"complete": complete, "metrics": figures or None, "cost": cost or None}


def _of_model(summary: Mapping[str, Any]) -> dict[str, Any]:
    winner = summary["winner"]
    found = {
        "metric": summary["metric_used"],
        "validation": winner["val_metrics"],
        "test": winner["test_metrics_retrained"],
    }
    zones = summary.get("leave_one_zone_out")
    return found | ({"leave_one_zone_out": {"mean": zones["mean"], "worst": zones.get("worst")}} if zones else {})


def _of_scores(record: Mapping[str, Any]) -> dict[str, Any]:
    return {name: record[name] for name in ("rows", "threshold", "share_marked", "share_applicable") if name in record}


def _if_there(read: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    try:
        return read()
    except ExperimentError:  # how the run ended is told all the same
        return {}


def _outcome(error: BaseException) -> str:
    if isinstance(error, Interrupted):
        return _STOPPED
    if isinstance(error, GateFailed):
        return BELOW_GATE
    return _REFUSED if isinstance(error, InputError | typer.BadParameter) else _FAILED


def _failure(error: BaseException) -> dict[str, Any]:
    told = {
        "error": str(error) if isinstance(error, Interrupted) else f"{type(error).__name__}: {error}",
        "remedy": list(getattr(error, "__notes__", [])),
        "exit_code": getattr(error, "exit_code", 1),
    }
    if not isinstance(error, ExperimentError):
        return told
    of_ours = {"cause": error.cause or None, "settings": dict(error.settings), "kept_at": error.kept_at or None}
    return told | of_ours | {"error": str(error)}
