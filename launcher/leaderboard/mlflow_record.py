"""What MLflow is told of a run: parameters, metrics, tags and files, taken from the run's own files."""

import math
import posixpath
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from launcher.leaderboard.details import Details
from launcher.leaderboard.runs import Run
from launcher.support.files import files_at, resolved
from launcher.support.masking import masked
from launcher.support.project import PROJECT_NAME
from lib import artifacts

RUN_ID, PLACE = "run_id", "place"
"""The tags by which a run is found again."""
_COMMIT = "mlflow.source.git.commit"  # which MLflow shows itself
# Beside the pictures of an evaluation; what MLflow shows is the report, and the records are small.
_OF_EVALUATION = (artifacts.REPORT, artifacts.REPORT_HTML, artifacts.EVAL_METRICS, artifacts.EVAL_CURVES)
_OF_MODEL = (artifacts.EXPERIMENT, artifacts.SUMMARY)


@dataclass(frozen=True)
class ToLog:
    """A run as MLflow has it. `places` are where it may be known from: its evaluation's folder, and its model's.

    `files` are places by the folder that they have in MLflow. Times are in milliseconds since 1970, None if unknown.
    """

    name: str
    run_id: str
    places: tuple[str, ...]
    params: Mapping[str, str]
    metrics: Mapping[str, float]
    tags: Mapping[str, str]
    files: tuple[tuple[str, str], ...]
    started: int | None
    finished: int | None


def to_log(found: Details) -> ToLog:
    """What is logged of a run.

    Raises:
        ExperimentError: its folders cannot be listed.
    """
    run = found.run
    places = tuple(resolved(each) for each in (run.eval_dir, run.model_dir) if each)
    return ToLog(
        name=run.name,
        run_id=run.run_id or run.name,
        places=places,
        params={_key(name): str(value) for name, value in _params(found).items() if value is not None},
        metrics={_key(name): float(value) for name, value in _metrics(found) if _is_number(value)},
        tags={name: value for name, value in _tags(found, places[0]).items() if value},
        files=tuple(_files(run)),
        started=_moment(run.started_at or found.experiment.get("started_at")),
        finished=_moment(found.experiment.get("finished_at")),
    )


def _params(found: Details) -> dict[str, Any]:
    """The parameters of the training, and, over those of a same name, the winner's."""
    run = found.run
    return {**masked(dict(run.parameters)), "winner": run.winner or None, **run.params}


def _metrics(found: Details) -> Iterator[tuple[str, Any]]:
    run = found.run
    yield from run.metrics.items()
    for name, bounds in (found.metrics.get("intervals") or {}).items():
        if bounds:
            yield from zip((f"{name}_lower", f"{name}_upper"), bounds, strict=True)
    for which in ("mean", "worst"):
        for name, value in (run.zones.get(which) or {}).items():
            yield f"zones_{which}_{name}", value
    for name in artifacts.LOSSES:
        yield name, found.metrics.get(name)
    yield "minutes", None if run.seconds is None else run.seconds / 60
    yield "usd", run.usd
    yield "test_rows", run.test.rows if run.test else None


def _tags(found: Details, place: str) -> dict[str, str]:
    run, commit = found.run, found.run.commit or {}
    parts = (found.experiment.get("split") or {}).get("parts") or {}
    return {
        RUN_ID: run.run_id or run.name,
        PLACE: place,
        "model_dir": resolved(run.model_dir) if run.model_dir else "",
        "tags": " ".join(run.tags),
        "data": ", ".join(run.inputs),
        "data_fingerprint": str((found.experiment.get("data") or {}).get("fingerprint") or ""),
        **{f"{part}_fingerprint": str(facts.get("fingerprint") or "") for part, facts in parts.items()},
        # Of the rows that were measured, which runs must share to be compared.
        "test_fingerprint": run.test.fingerprint if run.test else "",
        "test_weight": (run.test.weight if run.test else None) or "",
        "split": run.split,
        "state": run.state,
        _COMMIT: str(commit.get("sha") or ""),
        "commit_dirty": str(bool(commit["dirty"])).lower() if "dirty" in commit else "",
        "mlflow.source.name": PROJECT_NAME,
        "mlflow.source.type": "PROJECT",
    }


def _files(run: Run) -> Iterator[tuple[str, str]]:
    if run.eval_dir:
        names = files_at(run.eval_dir).names(run.eval_dir)
        wanted = [name for name in names if name in _OF_EVALUATION or name.endswith(".png")]
        yield from ((f"{run.eval_dir}/{name}", "evaluation") for name in wanted)
    if run.model_dir:
        files = files_at(run.model_dir)
        for place in (f"{run.model_dir}/{name}" for name in _OF_MODEL):
            if files.exists(place):
                yield place, "model"


def _key(name: str) -> str:
    """A name that MLflow takes: of letters, digits and some signs, and no path that leaves its folder."""
    kept = "".join(sign if sign.isalnum() or sign in "_-. /" else "_" for sign in name)[:250].strip()
    return kept if posixpath.normpath(kept) == kept and not kept.startswith(("/", ".")) else kept.replace("/", "_")


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and math.isfinite(value)


def _moment(text: Any) -> int | None:
    return int(datetime.fromisoformat(text).timestamp() * 1000) if text else None
