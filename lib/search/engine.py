"""The seam between the search and what fits models: two verbs, and no knowledge of grids or files."""

from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from lib.search.families import Candidate
from lib.split import Split

if TYPE_CHECKING:
    from pyspark.ml import PipelineModel  # half a second that workers, which handle scores, can do without


@dataclass(frozen=True)
class Score:
    """A candidate fitted on the training part and what it reached on another part.

    `metrics` holds `lib.artifacts.METRICS`, `seconds` the time of its fit (its share of it, where several candidates
    share one).
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
        the Spark jobs that are running for it.
        """

    def retrain(self, candidate: Candidate, split: Split, path: str) -> "PipelineModel":
        """Fit on train + validation, save a standard PipelineModel at `path` and return it as loaded from there."""
