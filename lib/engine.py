"""The seam between the search and what fits models: two verbs, and no knowledge of grids or files."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from lib.candidates import Candidate
from lib.split import Split

if TYPE_CHECKING:
    from pyspark.ml import PipelineModel  # half a second that workers, which handle scores, can do without


@dataclass(frozen=True)
class Score:
    """A candidate fitted on the training part and what it reached on another part.

    `metrics` holds areaUnderROC, areaUnderPR, accuracy and f1 (`lib.metrics`), `seconds` the time of its fit
    (its share of it, where several candidates share one).
    """

    candidate: Candidate
    metrics: Mapping[str, float]
    seconds: float


class Engine(Protocol):
    """Fits RandomForest and GBT candidates on a split."""

    name: str

    def score(
        self,
        candidates: Sequence[Candidate],
        split: Split,
        part: str,
        on_score: Callable[[Score], None] = ...,
    ) -> list[Score]:
        """Fit each candidate on the training part, score it on `part` ("val" or "test").

        `on_score` is called on the driver as each candidate is done, in any order, never twice at once; the list
        returned is in the candidates' order.
        """

    def retrain(self, candidate: Candidate, split: Split, path: str) -> "PipelineModel":
        """Fit on train + validation, save a standard PipelineModel at `path` and return it as loaded from there."""
