"""The result records: what must be there, complete and of this run, before a run counts as passed.

papermill's exit and a notebook's metadata are no evidence: a cell can be cut short and still be called completed.
"""

import json
from collections.abc import Sequence
from typing import Any

from launcher.support.files import Files
from lib import artifacts
from lib.errors import ExperimentError

_SUMMARY_KEYS = (
    "metric_used",
    "train_samples",
    "val_samples",
    "test_samples",
    "n_features",
    "class_weights",
    "models",
    "winner",
    "confusion_matrix",
    "feature_importances",
)
_SCORES_KEYS = ("model", "rows", "threshold", "share_marked", "histogram")
_METRICS_KEYS = ("model", "measured_on", *artifacts.METRICS, "confusion_matrix")


class MissingResult(ExperimentError):
    """A notebook ran to its end and its result record is absent, incomplete or another run's."""

    def __init__(self, place: str, problem: str):
        self.place, self.problem = place, problem
        super().__init__(f"the notebook ran to the end, but its result {place} {problem}: the run has failed")


def summary(files: Files, model_dir: str, run_id: str) -> dict[str, Any]:
    """Read the record of a complete model.

    Raises:
        MissingResult: it is absent, incomplete, carries another run's id, or the model is not beside it.
    """
    content = _record(files, f"{model_dir}/{artifacts.SUMMARY}", run_id, _SUMMARY_KEYS)
    pipeline = f"{model_dir}/{artifacts.PIPELINE}"
    if not files.exists(f"{pipeline}/metadata"):
        raise MissingResult(pipeline, "is not there")
    return content


def metrics(files: Files, eval_dir: str, run_id: str) -> dict[str, Any]:
    """Read the record of a complete evaluation; raises MissingResult as `summary` does."""
    return _record(files, f"{eval_dir}/{artifacts.EVAL_METRICS}", run_id, _METRICS_KEYS)


def scores(files: Files, score_dir: str, run_id: str) -> dict[str, Any]:
    """Read the record of complete scores; raises MissingResult as `summary` does, also if they are not beside it."""
    content = _record(files, f"{score_dir}/{artifacts.SCORES_RECORD}", run_id, _SCORES_KEYS)
    tiles = [f"{artifacts.MAPS}/{tile['tile']}/{content['maps'][0]}.tif" for tile in content.get("tiles", [])]
    for name in tiles or [f"{artifacts.SCORES}/_SUCCESS"]:
        place = f"{score_dir}/{name}"
        if not files.exists(place):
            raise MissingResult(place, "is not there: the scores are not complete")
    return content


def report(files: Files, eval_dir: str, run_id: str) -> str:
    """Read the report of an evaluation; raises MissingResult where there is none."""
    place = f"{eval_dir}/{artifacts.REPORT}"
    text = files.read_text(place)
    if not text:
        raise MissingResult(place, "is not there" if text is None else "is empty")
    return text


def _record(files: Files, place: str, run_id: str, keys: Sequence[str]) -> dict[str, Any]:
    text = files.read_text(place)
    if text is None:
        raise MissingResult(place, "is not there")
    try:
        content = json.loads(text)
    except ValueError:
        raise MissingResult(place, "is not JSON") from None
    if not isinstance(content, dict):
        raise MissingResult(place, "is not a JSON object")
    missing = [key for key in keys if key not in content]
    if missing:
        raise MissingResult(place, f"lacks {', '.join(missing)}")
    if content.get("run_id") != run_id:
        raise MissingResult(place, f"is of run {content.get('run_id')}, not of {run_id}")
    return content
