"""The evaluations to compare: where they are, by whatever name a user gives, and what they left."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from launcher.leaderboard.finding import HELP, RunsBelow
from launcher.support.files import Files, files_at
from lib import artifacts
from lib.errors import InputError
from lib.records import model_files
from lib.records.door import Kind
from lib.records.evaluation import METRICS
from lib.records.model import EXPERIMENT, SUMMARY


@dataclass(frozen=True)
class Evaluation:
    """An evaluation: its `folder`, metrics.json, and experiment.json and summary.json of its model where they are."""

    folder: str
    metrics: Mapping[str, Any]
    experiment: Mapping[str, Any] | None
    summary: Mapping[str, Any] | None

    @property
    def run_id(self) -> str:
        """The evaluation's id."""
        return str(self.metrics["run_id"])

    @property
    def metric(self) -> str | None:
        """The metric that the run's search selected by, None where that is not known."""
        return str(self.summary["metric_used"]) if self.summary else None


def read(given: str, below: RunsBelow) -> Evaluation:
    """Read the evaluation that a user names: see `locate`.

    Raises:
        InputError: there is none, or its files are damaged.
    """
    folder = locate(given, below)
    files = files_at(folder)
    metrics = _record(files, f"{folder}/{artifacts.EVAL_METRICS}", METRICS)
    if metrics is None:
        raise InputError(f"no complete evaluation at {folder}: {artifacts.EVAL_METRICS} is missing")
    experiment, summary = _model_of(files, folder, metrics)
    return Evaluation(folder, metrics, experiment, summary)


def locate(given: str, below: RunsBelow) -> str:
    """The folder of an evaluation: at a place, which may be anywhere, of it or of its model, or of a run `below`.

    Raises:
        InputError: there is none.
    """
    place = given.rstrip("/")
    if place and place != artifacts.LATEST and files_at(place).exists(place):
        return _at(place)
    run = below.named(place)
    if not run.eval_dir and not run.has_model:
        raise InputError(f"run {run.name} has no evaluation to compare: its state is {run.standing}")
    return _at(run.eval_dir or run.model_dir)


def _at(place: str) -> str:
    """The evaluation at a place, or of the model there."""
    files = files_at(place)
    if files.exists(f"{place}/{artifacts.EVAL_METRICS}"):
        return place
    model, _ = model_files.parts_of(files.exists, place)
    if files.exists(f"{model}/{artifacts.SUMMARY}"):
        folder = _beside(model)
        if folder and files.exists(f"{folder}/{artifacts.EVAL_METRICS}"):
            return folder
        raise _not_evaluated(model, folder)
    why = f"{artifacts.EVAL_METRICS} is missing" if files.exists(place) else "it does not exist"
    raise InputError(f"no complete evaluation at {place}: {why}; give {HELP}")


def _beside(model: str) -> str | None:
    """Where the evaluation of a model is, if they are below the same folder; None if the model's name does not say."""
    run_id = artifacts.run_id_of(model)
    models, _, _ = model.rpartition("/")
    above, _, name = models.rpartition("/")
    out = above or ("/" if models.startswith("/") else ".")
    is_below_out = artifacts.models_dir(out) == f"{out.rstrip('/')}/{name}"
    return artifacts.eval_dir(out, run_id) if run_id and is_below_out else None


def _not_evaluated(model: str, folder: str | None) -> InputError:
    missing = f" (there is no {artifacts.EVAL_METRICS} in {folder})" if folder else ""
    return InputError(
        f"the model {model} has no evaluation that its name leads to{missing}: evaluate it, or give the folder of its "
        "evaluation"
    )


def _model_of(
    files: Files, folder: str, metrics: Mapping[str, Any]
) -> tuple[Mapping[str, Any] | None, Mapping[str, Any] | None]:
    """experiment.json and summary.json of the model that was evaluated, None where they are not to be found.

    Beside the evaluation first: a whole folder may have been copied here from where the model was trained.
    """
    trained_at = str(metrics["model_dir"]).rstrip("/")
    name = trained_at.rpartition("/")[2]
    out = folder.rpartition("/")[0].rpartition("/")[0] or "."
    copied = f"{artifacts.models_dir(out)}/{name}"
    for place in (copied, trained_at):
        try:
            there = files if place == copied else files_at(place)
            experiment = _record(there, f"{place}/{artifacts.EXPERIMENT}", EXPERIMENT)
            if experiment is not None:
                return experiment, _record(there, f"{place}/{artifacts.SUMMARY}", SUMMARY)
        except InputError:
            # The comparison needs the rows alone; without these it says that the parameters are not known.
            continue
    return None, None


def _record(files: Files, place: str, kind: Kind) -> Any:
    text = files.read_text(place)
    return None if text is None else kind.parse(text, place)
