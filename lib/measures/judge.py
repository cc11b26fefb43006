"""All that a model says about a row: its score, how far the trees agree, and whether the model applies to it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from lib.measures.applicability import Applicability
from lib.measures.decision import Decision
from lib.metrics import Array
from lib.trees.scoring import Ensemble

SCORE, CALIBRATED, CLASS = "score", "calibrated", "class"
SPREAD, DISSIMILARITY, APPLICABLE = "spread", "dissimilarity", "applicable"
Columns = dict[str, npt.NDArray[Any]]
NAMES = (SCORE, CALIBRATED, CLASS, SPREAD, DISSIMILARITY, APPLICABLE)


def beside(column: str, own: Sequence[str] = NAMES) -> str:
    """The name of a column that is kept beside `own` ones: with an underscore if it is one of theirs (in any case)."""
    return f"{column}_" if column.lower() in own else column


@dataclass(frozen=True)
class Judge:
    """A model's trees, its calibration and threshold, and its area of applicability; what is not known is None.

    `spread_limit` is the spread above which the trees disagree more than they do on training rows.
    """

    ensemble: Ensemble
    decision: Decision
    area: Applicability | None
    spread_limit: float | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """The columns that it gives, in their order."""
        known = {
            SCORE: True,
            CALIBRATED: self.decision.calibration is not None,
            CLASS: True,
            SPREAD: self.ensemble.kind == "forest",
            DISSIMILARITY: self.area is not None,
            APPLICABLE: self.area is not None,
        }
        return tuple(name for name in NAMES if known[name])

    def __call__(self, values: Array) -> Columns:
        """The columns of some rows (rows × features): probabilities from 0 to 1, `class` 0 or 1, `applicable` a bool.

        `spread` is the standard deviation of the trees' votes for class 1, `dissimilarity` that of
        `lib.measures.applicability`. The same rows give the same figures, however they are divided.
        """
        score, spread = self.ensemble.score_and_spread(values)
        columns: Columns = {SCORE: score}
        if self.decision.calibration is not None:
            columns[CALIBRATED] = self.decision.calibration(score)
        columns[CLASS] = (score > self.decision.threshold).astype(np.int32)
        if spread is not None:
            columns[SPREAD] = spread
        if self.area is not None:
            index = self.area.index(values)
            columns |= {DISSIMILARITY: index, APPLICABLE: index <= self.area.threshold}
        return columns
