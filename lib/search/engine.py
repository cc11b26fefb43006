"""The interface between the search and the engines: two methods, without knowledge of grids or files."""

from collections.abc import Generator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from lib.search.families import Candidate
from lib.split import Split

if TYPE_CHECKING:
    from pyspark.ml import PipelineModel  # its import takes half a second, and workers need only scores


@dataclass(frozen=True)
class Score:
    """The metrics of a candidate that was fitted on the training part and scored on another part.

    `metrics` has the keys `lib.artifacts.METRICS`; `seconds` is the time of its fit, or its share of a fit that several
    candidates share.
    """

    candidate: Candidate
    metrics: Mapping[str, float]
    seconds: float


class Engine(Protocol):
    """Fits candidates on a split."""

    name: str

    def score(self, candidates: Sequence[Candidate], split: Split, part: str) -> Generator[Score, None, None]:
        """Fit each candidate on the training part and score it on `part` ("val" or "test").

        Yields each candidate's score once, as soon as it is known, in any order. Closing the generator early cancels
        its running Spark jobs.
        """

    def retrain(self, candidate: Candidate, split: Split, path: str) -> "PipelineModel":
        """Fit on training and validation rows, save a standard PipelineModel at `path`, load it back and return it."""


def in_order(scores: Generator[Score, None, None], candidates: Sequence[Candidate]) -> list[Score]:
    """All scores of an engine, in the order of the candidates."""
    with closing(scores):
        by_index = {score.candidate.index: score for score in scores}
    return [by_index[candidate.index] for candidate in candidates]
