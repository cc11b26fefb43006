"""The interface between the task engine and the kinds of fits that it can grow."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from pyspark import Accumulator, SparkContext
from pyspark.rdd import RDD

from lib.engines.task.binned_rows import TaskData
from lib.engines.task.scores import Scores
from lib.engines.task.truth import Truth
from lib.search.engine import FoldScore
from lib.search.families.family import Fit
from lib.trees.binning import Bins, Floats
from lib.trees.growing import TrainingRows

F = TypeVar("F", contravariant=True)


class TreesFit(Fit, Protocol):
    """A fit that the task engine can grow: an ensemble of trees on binned features."""

    @property
    def max_bins(self) -> int:
        """Maximum number of bins per feature."""

    @property
    def sizes(self) -> list[int]:
        """The numbers of trees of its candidates, ascending; the last is that of the fit itself."""


@dataclass(frozen=True)
class Memory:
    """The memory that a fit needs in a task.

    `depth` is the depth of its trees, `beside` the bytes per training row in addition to its bins, and `results` the
    bytes per scored row.
    """

    depth: int
    beside: int
    results: int


@dataclass(frozen=True)
class Grown:
    """What a task returns: a tree (its number and the bytes of its pruned nodes), or its result."""

    tree: int | None = None
    nodes: bytes | None = None
    result: bytes | None = None


class FoldRows(Protocol):
    """Rows to fit and rows to score, as tasks read them."""

    def load(self, max_bins: int) -> tuple[TrainingRows, Bins]:
        """The training rows, and the bins of the rows to score (rows × features), in the memory of a task."""

    def truth(self) -> Truth[Any]:
        """What the scores of the rows to score are measured against."""


class Kind(Protocol[F]):
    """How fits of one kind are grown in tasks and scored."""

    def memory(self, fit: F) -> Memory:
        """The memory that the fit needs in a task."""

    def score(
        self,
        context: SparkContext,
        folds: Sequence[FoldRows],
        fits: Sequence[Any],
        seed: int,
        arrivals: Accumulator[Scores],
    ) -> RDD[FoldScore[Any]]:
        """The scores of all candidates of one or more fits on all folds; each task adds its own to `arrivals` too."""

    def tasks(self, fit: F, slots: int) -> list[range]:
        """The numbers of the trees that each task of a fit grows, for a number of slots."""

    def grow(self, fit: F, numbers: range, data: TaskData, seed: int) -> Iterator[Grown]:
        """The trees of one task of a fit, then their combined result on the rows to score."""

    def probabilities(self, fit: F, results: Iterable[bytes]) -> Floats:
        """Probability of class 1 of the rows to score, from the results of all tasks of a fit."""

    def tree_weights(self, fit: F) -> list[float] | None:
        """The weight of each tree in the saved model; None if all count the same."""
