"""All that the files of one run say: its records, as far as they can be read."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from launcher.leaderboard.runs import Run
from launcher.support.files import files_at
from lib import artifacts
from lib.errors import InputError
from lib.records.door import Kind
from lib.records.evaluation import METRICS
from lib.records.model import EXPERIMENT, SUMMARY


@dataclass(frozen=True)
class Details:
    """A run and its records; one that is not there, or cannot be read, is empty, and `damage` says why."""

    run: Run
    experiment: Mapping[str, Any]
    summary: Mapping[str, Any]
    metrics: Mapping[str, Any]
    damage: tuple[str, ...]

    def require_experiment(self) -> Mapping[str, Any]:
        """What the training recorded.

        Raises:
            InputError: that is not there, or damaged.
        """
        if self.experiment:
            return self.experiment
        why = next(
            (each for each in self.damage if artifacts.EXPERIMENT in each), f"{artifacts.EXPERIMENT} is not there"
        )
        raise InputError(f"it is not known how run {self.run.name} was made: {why}")


def details(run: Run) -> Details:
    """Read the records of a run.

    Raises:
        ExperimentError: its place cannot be read.
    """
    damage: list[str] = []

    def record(folder: str, name: str, kind: Kind) -> Mapping[str, Any]:
        place = f"{folder}/{name}"
        try:
            text = files_at(folder).read_text(place) if folder else None
            return {} if text is None else kind.parse(text, place)
        except InputError as error:
            damage.append(str(error))
            return {}

    return Details(
        run,
        record(run.model_dir, artifacts.EXPERIMENT, EXPERIMENT),
        record(run.model_dir, artifacts.SUMMARY, SUMMARY),
        record(run.eval_dir, artifacts.EVAL_METRICS, METRICS),
        tuple(damage),
    )
