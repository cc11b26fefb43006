"""What scores are measured against in a task."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

import numpy as np
import numpy.typing as npt

from lib.metrics import ScoreCounts
from lib.trees.binning import Floats

T = TypeVar("T")
Labels = npt.NDArray[np.uint8]


@dataclass(frozen=True)
class Truth(Generic[T]):
    """The labels of the rows to score, and how scores are measured: by zone, or all rows together (zone "").

    `zone_of` is the place of each row's zone in `zones`; without it all rows are in one zone, "". `weights` are those
    of the rows, if metrics are weighted.
    """

    labels: Labels
    measure: Callable[[ScoreCounts], T]
    zone_of: npt.NDArray[np.int64] | None = None
    zones: tuple[str, ...] = ("",)
    weights: Floats | None = None

    def __len__(self) -> int:
        """Number of rows to score."""
        return len(self.labels)

    def measured(self, scores: Floats) -> Mapping[str, T]:
        """What the scores, one a row, measure in each zone that has rows."""
        if self.zone_of is None:
            return {"": self.measure(ScoreCounts.from_arrays(self.labels, scores, self.weights))}
        found = {}
        for place in np.unique(self.zone_of):
            here = self.zone_of == place
            weights = None if self.weights is None else self.weights[here]
            found[self.zones[place]] = self.measure(ScoreCounts.from_arrays(self.labels[here], scores[here], weights))
        return found
