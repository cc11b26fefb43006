"""What turns a model's score into a probability and a decision: its calibration and its threshold.

Both are learnt from the validation rows, scored by the winner as the search fitted it, on training rows alone: the
saved model has seen the validation rows. Saved with the model as calibration.json.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from lib import artifacts
from lib.measures import thresholds
from lib.measures.calibration import Isotonic
from lib.metrics import THRESHOLD, ScoreCounts
from lib.records.model import CALIBRATION
from lib.storage import Storage, join


@dataclass(frozen=True)
class Decision:
    """Calibration and threshold of a model; `validation` has what the threshold does on the validation rows.

    A row is predicted as class 1 when its score, not its calibrated probability, is above the threshold.
    """

    calibration: Isotonic | None
    threshold: float
    rule: Any
    validation: Mapping[str, float]

    @classmethod
    def fit(cls, counts: ScoreCounts, rule: Any) -> "Decision":
        """Learn both from the validation rows' scores.

        Raises:
            InputError: the rule is malformed.
        """
        threshold = thresholds.choose(rule, counts)
        return cls(Isotonic.fit(counts), threshold, rule, at(counts, threshold))

    @classmethod
    def none(cls, threshold: float = THRESHOLD) -> "Decision":
        """That of a model without calibration.json: Spark ML's own threshold, and no calibration."""
        return cls(None, threshold, threshold, {})

    @classmethod
    def read(cls, storage: Storage, model_dir: str) -> "Decision":
        """That of the model in a folder.

        Raises:
            InputError: its file is damaged.
        """
        place = join(model_dir, artifacts.CALIBRATION)
        return cls.from_dict(storage.read_record(place, CALIBRATION)) if storage.exists(place) else cls.none()

    def as_dict(self) -> dict[str, Any]:
        """The content of calibration.json."""
        assert self.calibration is not None  # only a decision that was fitted is saved
        return {
            "isotonic": self.calibration.as_dict(),
            "threshold": self.threshold,
            "rule": self.rule,
            "validation": dict(self.validation),
        }

    @classmethod
    def from_dict(cls, record: Mapping[str, Any]) -> "Decision":
        """The decision in a calibration.json."""
        isotonic = Isotonic.from_dict(record["isotonic"])
        return cls(isotonic, record["threshold"], record["rule"], record["validation"])


def at(counts: ScoreCounts, threshold: float) -> dict[str, float]:
    """What a threshold does on some rows: precision, recall and F1 of class 1, and the rows it gets wrong.

    Where rows are weighted, `FN` and `FP` are weights, and `TP` is the weight of class 1 that is found.
    """
    confusion = counts.confusion(threshold)
    return {
        "rows": counts.rows,
        "precision": confusion.precision["1"],
        "recall": confusion.recall["1"],
        "f1": confusion.f1["1"],
        "FN": confusion.fn,
        "FP": confusion.fp,
        **({"TP": confusion.tp} if counts.is_weighted else {}),
    }
