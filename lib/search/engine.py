"""The interface between the search and the engines: three methods, without knowledge of grids or files."""

from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, Protocol, TypeVar

from lib.metrics import ScoreCounts
from lib.search.families import Candidate
from lib.search.folds import Fold
from lib.split import Split

if TYPE_CHECKING:
    from pyspark.ml import PipelineModel  # its import takes half a second, and workers need only scores


T = TypeVar("T")


@dataclass(frozen=True)
class Score:
    """The metrics of a candidate that was fitted on the training part and scored on another part.

    `metrics` has the keys `lib.artifacts.METRICS`; `seconds` is the time of its fit, or its share of a fit that several
    candidates share. `zones` has the means of both areas over zones left out, if the search selects by them.
    """

    candidate: Candidate
    metrics: Mapping[str, float]
    seconds: float
    zones: Mapping[str, float] | None = None


@dataclass(frozen=True)
class FoldScore(Generic[T]):
    """What was measured of a candidate on a fold: by zone, or under "" for all of its rows together.

    `fold` is the place of the fold among those that were asked for; `seconds` as in `Score`.
    """

    fold: int
    candidate: Candidate
    by_zone: Mapping[str, T]
    seconds: float


class Engine(Protocol):
    """Fits candidates on a split."""

    name: str

    def score(self, candidates: Sequence[Candidate], split: Split, part: str) -> Generator[Score, None, None]:
        """Fit each candidate on the training part and score it on `part` ("val" or "test").

        Yields each candidate's score once, as soon as it is known, in any order. Closing the generator early cancels
        its running Spark jobs.
        """

    def score_folds(
        self,
        candidates: Sequence[Candidate],
        split: Split,
        folds: Sequence[Fold],
        measure: Callable[[ScoreCounts], T],
    ) -> Generator[FoldScore[T], None, None]:
        """Fit each candidate on each fold and measure it there; class weights follow from the fold's own rows.

        `measure` runs on the cluster. Every fold must have rows of both classes to fit, and rows to score. Yields as
        `score` does.
        """

    def retrain(self, candidate: Candidate, split: Split, path: str) -> "PipelineModel":
        """Fit on training and validation rows, save a standard PipelineModel at `path`, load it back and return it."""


def in_order(scores: Generator[Score, None, None], candidates: Sequence[Candidate]) -> list[Score]:
    """All scores of an engine, in the order of the candidates."""
    with closing(scores):
        by_index = {score.candidate.index: score for score in scores}
    return [by_index[candidate.index] for candidate in candidates]
