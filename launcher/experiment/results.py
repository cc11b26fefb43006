"""The result records: what must be there, complete and of this run, before a run counts as passed.

papermill's exit and a notebook's metadata are no evidence: a cell can be cut short and still be called completed.
"""

from typing import Any

from launcher.support.files import Files
from lib import artifacts
from lib.errors import Damaged, ExperimentError
from lib.records.door import Kind
from lib.records.evaluation import METRICS
from lib.records.model import SUMMARY
from lib.records.scores import SCORES


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
    content = _record(files, f"{model_dir}/{artifacts.SUMMARY}", run_id, SUMMARY)
    pipeline = f"{model_dir}/{artifacts.PIPELINE}"
    if not files.exists(f"{pipeline}/metadata"):
        raise MissingResult(pipeline, "is not there")
    return content


def metrics(files: Files, eval_dir: str, run_id: str) -> dict[str, Any]:
    """Read the record of a complete evaluation; raises MissingResult as `summary` does."""
    return _record(files, f"{eval_dir}/{artifacts.EVAL_METRICS}", run_id, METRICS)


def scores(files: Files, score_dir: str, run_id: str) -> dict[str, Any]:
    """Read the record of complete scores; raises MissingResult as `summary` does, also if they are not beside it."""
    content = _record(files, f"{score_dir}/{artifacts.SCORES_RECORD}", run_id, SCORES)
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


def _record(files: Files, place: str, run_id: str, kind: Kind) -> dict[str, Any]:
    text = files.read_text(place)
    if text is None:
        raise MissingResult(place, "is not there")
    try:
        content: dict[str, Any] = kind.parse(text, place)
    except Damaged as error:
        raise MissingResult(place, f"is not whole: {error.why}") from None
    if content.get("run_id") != run_id:
        raise MissingResult(place, f"is of run {content.get('run_id')}, not of {run_id}")
    return content
