"""Runs as the leaderboard shows them: what stands in a model's and an evaluation's folder, put together.

A run is an evaluation with its model, or a model that has no evaluation of its own. It is named by its id, or, where
its folder has another name or two folders have one id, by its folder's name.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from launcher.leaderboard import tags
from launcher.leaderboard.excerpts import DAMAGE, Excerpt
from launcher.leaderboard.index import Folder, Found
from lib import artifacts

State = Literal["complete", "not evaluated", "incomplete", "failed", "under way", "damaged"]
WITH_RESULTS = ("complete", "not evaluated")
"""The states of runs that have figures."""


@dataclass(frozen=True)
class MeasuredRows:
    """The rows that a run's figures were measured on, and the column of their weights, if metrics are weighted."""

    fingerprint: str
    rows: int
    weight: str | None = None

    @property
    def key(self) -> tuple[str, str | None]:
        """What two runs must share, so that their figures may be compared."""
        return self.fingerprint, self.weight


@dataclass(frozen=True, kw_only=True)
class Run:
    """One run. What its files do not say, or lack, is None or empty."""

    name: str
    run_id: str
    state: State
    why: str = ""
    model_dir: str = ""
    eval_dir: str = ""
    tags: tuple[str, ...] = ()
    started_at: str = ""
    inputs: tuple[str, ...] = ()
    split: str = ""
    winner: str = ""
    params: Mapping[str, str]
    parameters: Mapping[str, Any]
    metric_used: str = ""
    metrics: Mapping[str, float]
    intervals: Mapping[str, Sequence[float] | None]
    zones: Mapping[str, Mapping[str, Any]]
    test: MeasuredRows | None = None
    which: str = ""
    seen: int | None = None
    is_resumed: bool = False
    gate_failed: bool = False
    seconds: float | None = None
    usd: float | None = None
    commit: Mapping[str, Any] | None = None
    roc: Sequence[Sequence[float]] = ()
    model_others: frozenset[str] = frozenset()
    eval_others: frozenset[str] = frozenset()
    """What else can be opened in the folder of the model, and of the evaluation."""

    @property
    def has_model(self) -> bool:
        """Whether its model is complete, and below the output folder."""
        return bool(self.metric_used) and self.state in WITH_RESULTS  # the first is of the model's summary

    @property
    def standing(self) -> str:
        """Its state, and the reason if it is not complete."""
        return f"{self.state} ({self.why})" if self.why else self.state

    @property
    def is_measured(self) -> bool:
        """Whether it has figures."""
        return bool(self.metrics) and self.test is not None

    @property
    def report(self) -> str:
        """Where its report is, "" if it has none."""
        return f"{self.eval_dir}/{artifacts.REPORT}" if artifacts.REPORT in self.eval_others else ""

    def of_zones(self, which: str, metric: str) -> float | None:
        """Mean or worst of the zones left out, of a metric that is known of them."""
        value: float | None = (self.zones.get(which) or {}).get(metric)
        return value

    @property
    def is_of_other_rows(self) -> bool:
        """Whether it was measured on a table of its own and not on what training held out."""
        return self.which not in ("", artifacts.HELD_OUT)


def runs_of(found: Found) -> list[Run]:
    """All runs, the newest first."""
    histories = {each.place: each.files.get(artifacts.TAGS, {}).get("history", []) for each in found.models}
    has = tags.holders(histories)
    by_name = {each.name: each for each in found.models}
    taken: set[str] = set()
    runs = []
    for evaluation in found.evaluations:
        model = _model_of(evaluation, by_name)
        if model and _stands_for(evaluation, model):
            taken.add(model.name)
        runs.append(_run(model, evaluation, found, has))
    runs += [_run(model, None, found, has) for model in found.models if model.name not in taken]
    known = {each.run_id for each in runs}
    runs += [
        _nothing(run_id, "failed") for run_id in found.failed if artifacts.run_id_of(run_id) and run_id not in known
    ]
    return sorted(_told_apart(runs), key=lambda run: (run.run_id, run.name), reverse=True)


def _model_of(evaluation: Folder, models: Mapping[str, Folder]) -> Folder | None:
    """The model of an evaluation: the one it names, or, where it says nothing, that of its id."""
    named = evaluation.files.get(artifacts.EVAL_METRICS, {}).get("model_dir")
    if named:
        return models.get(named.rstrip("/").rpartition("/")[2])
    run_id = artifacts.run_id_of(evaluation.name)
    return models.get(artifacts.model_name(run_id)) if run_id else None


def _stands_for(evaluation: Folder, model: Folder) -> bool:
    """Whether an evaluation shows its model: it is the model's own, or of the rows that its training held out."""
    is_own = artifacts.run_id_of(evaluation.name) == artifacts.run_id_of(model.name) != ""
    return is_own or evaluation.files.get(artifacts.EVAL_METRICS, {}).get("which") == artifacts.HELD_OUT


def _run(model: Folder | None, evaluation: Folder | None, found: Found, has: Mapping[str, str]) -> Run:
    experiment = _whole(model, artifacts.EXPERIMENT)
    summary = _whole(model, artifacts.SUMMARY)
    metrics = _whole(evaluation, artifacts.EVAL_METRICS)
    named = evaluation or model
    assert named is not None
    own = metrics if evaluation else summary or experiment
    run_id = str(own.get("run_id") or artifacts.run_id_of(named.name))
    state, why = _state(model, evaluation, found, run_id)
    measured = metrics or (_areas(summary) if state == "not evaluated" else {})
    return Run(
        name=run_id if run_id and named.name in _usual_names(run_id) else named.name,
        run_id=run_id,
        state=state,
        why=why,
        model_dir=model.place if model else str(metrics.get("model_dir", "")),
        eval_dir=evaluation.place if evaluation else "",
        tags=tuple(tag for tag, place in has.items() if model and place == model.place),
        started_at=_started(run_id, experiment, evaluation),
        inputs=tuple((metrics or experiment).get("inputs", ())),
        split=experiment.get("split", ""),
        winner=summary.get("winner") or metrics.get("model", ""),
        params=summary.get("best_params", {}),
        parameters=experiment.get("parameters", {}),
        metric_used=summary.get("metric_used", ""),
        metrics=measured.get("metrics", {}),
        intervals=metrics.get("intervals", {}),
        zones=measured.get("zones") or summary.get("zones") or {},
        test=_rows(measured, experiment),
        which=metrics.get("which", ""),
        seen=metrics.get("seen") if metrics.get("seen_rows") == "keep" else 0,
        is_resumed=bool(experiment.get("reused")),
        gate_failed=metrics.get("gate_failed", False),
        seconds=experiment.get("seconds"),
        usd=experiment.get("usd"),
        commit=experiment.get("commit"),
        roc=_whole(evaluation, artifacts.EVAL_CURVES).get("roc", ()),
        model_others=model.others if model else frozenset(),
        eval_others=evaluation.others if evaluation else frozenset(),
    )


def _state(model: Folder | None, evaluation: Folder | None, found: Found, run_id: str) -> tuple[State, str]:
    """How a run stands, and why it is not complete."""
    for folder in (model, evaluation):
        for name, content in folder.files.items() if folder else ():
            if DAMAGE in content and name != artifacts.EVAL_CURVES:
                return "damaged", content[DAMAGE]
    if model and artifacts.SUMMARY in model.files and artifacts.EXPERIMENT not in model.files:
        return "damaged", f"{model.place}/{artifacts.EXPERIMENT} is missing; copy the whole folder"
    is_measured = evaluation is not None and artifacts.EVAL_METRICS in evaluation.files
    if is_measured:
        return "complete", "" if model else "its model is not here"
    if run_id in found.claimed:
        return "under way", "a process has its id"
    if evaluation is not None and (model is None or artifacts.SUMMARY in model.files):
        return "incomplete", f"the evaluation did not finish ({artifacts.EVAL_METRICS} is missing)"
    if model is not None and artifacts.SUMMARY in model.files:
        return "not evaluated", "it has no evaluation of its own"
    if run_id in found.failed:
        return "failed", "the training did not finish"
    if model is not None and not model.files:
        return "incomplete", "its folder has no record"
    return "incomplete", f"the training did not finish ({artifacts.SUMMARY} is missing)"


def _nothing(run_id: str, state: State) -> Run:
    """A run that left only what a failed one leaves."""
    return Run(
        name=run_id,
        run_id=run_id,
        state=state,
        why="it left no model",
        started_at=_moment_of(run_id),
        params={},
        parameters={},
        metrics={},
        intervals={},
        zones={},
    )


def _areas(summary: Excerpt) -> Excerpt:
    """What a training measured on its test rows, without what an evaluation measures at another threshold."""
    return {**summary, "metrics": {name: summary["metrics"][name] for name in artifacts.SEARCH_METRICS}}


def _whole(folder: Folder | None, name: str) -> Excerpt:
    """The excerpt of a file that can be read; empty if there is none."""
    content = folder.files.get(name, {}) if folder else {}
    return {} if DAMAGE in content else content


def _rows(measured: Mapping[str, Any], experiment: Mapping[str, Any]) -> MeasuredRows | None:
    """The rows that were measured: by the evaluation, or, without one, at the end of the training."""
    found = measured.get("test") or experiment.get("test")
    return MeasuredRows(found["fingerprint"], found["rows"], found["weight"]) if found and measured else None


def _started(run_id: str, experiment: Mapping[str, Any], evaluation: Folder | None) -> str:
    """When it started: an id is that; an evaluation is not as old as the model it is of."""
    return _moment_of(run_id) or ("" if evaluation else str(experiment.get("started_at", "")))


def _moment_of(run_id: str) -> str:
    if not artifacts.run_id_of(run_id):
        return ""
    return f"{run_id[:4]}-{run_id[4:6]}-{run_id[6:8]}T{run_id[9:11]}:{run_id[11:13]}:{run_id[13:15]}+00:00"


def _usual_names(run_id: str) -> tuple[str, ...]:
    return (f"model_{run_id}", f"eval_{run_id}")


def _told_apart(runs: Sequence[Run]) -> Sequence[Run]:
    """The runs with names that differ: of several of one name, those of their folders, as far as it takes."""
    for parts in (1, 2):
        often = Counter(run.name for run in runs)
        runs = [replace(run, name=_folder(run, parts) if often[run.name] > 1 else run.name) for run in runs]
    return runs


def _folder(run: Run, parts: int) -> str:
    """The last parts of the place of a run."""
    return "/".join((run.eval_dir or run.model_dir or run.name).split("/")[-parts:])
