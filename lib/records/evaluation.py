"""What an evaluation leaves."""

from sys import float_info
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from lib import artifacts
from lib.records.door import Count, Figure, Kind, Number, Record
from lib.records.model import Classes
from lib.records.parts import AtThreshold, Bounds, Confusion, Filled, Importance, LeftOut, Rule

_REMEDY = "restore it from a copy, or evaluate the model again"


def _known_rows(name: str) -> str:
    known = (artifacts.HELD_OUT, artifacts.WHOLE_TABLE, artifacts.SHARE_OF_TABLE)
    if name not in known:
        raise ValueError(f"should be one of {', '.join(known)}")
    return name


class MeasuredOn(Record):
    """Which rows were measured."""

    rows: Annotated[str, AfterValidator(_known_rows)]
    inputs: list[str]
    count: Annotated[int, Field(ge=1)]
    positives: Count
    fingerprint: str
    verified: bool
    distinct: Annotated[int, Field(ge=1)] | None = None
    distinct_by_class: Classes | None = None
    zones: Count | None = None
    new_zones: Count | None = None
    filled: Filled | None = None
    seen: Count | None = None
    seen_rows: Literal["drop", "keep"] | None = None


class ScoreColumns(Record):
    """Which column of scores.parquet is what, None where there is none."""

    row_hash: str
    label: str
    score: str
    of_class: str = Field(alias="class")
    calibrated: str | None = None
    zone: str | None = None
    weight: str | None = None


class ScoredRows(Record):
    """What scores.parquet has: of so many `rows` those `kept`."""

    rows: Annotated[int, Field(ge=1)]
    kept: Count
    columns: ScoreColumns


class OfClasses(Record):
    """A figure of each class."""

    zeros: Figure = Field(alias="0")
    ones: Figure = Field(alias="1")


class WeightsHere(Record):
    """The weights of the measured rows."""

    column: str
    weight: Number
    effective: Number
    base_rate: Number


class ThresholdChosen(Record):
    """How the threshold was chosen, and what it does."""

    rule: Rule
    rule_in_words: str | None = None
    validation: AtThreshold | dict[str, Any]
    here: AtThreshold
    here_at_half: AtThreshold


class Best(Record):
    """Share of the rows, best first, and share of class 1 found."""

    rows: Number
    found: Number


class Intersection(Best):
    """Where the curves of the prediction-area plot meet."""

    threshold: Number


class Capture(Record):
    """The success-rate curve in figures."""

    area: Number
    best: list[Best]
    intersection: Intersection | None = None


class Probabilities(Record):
    """How far scores are from what they promise."""

    brier: Figure
    log_loss: Figure


class Zone(Record):
    """Figures of the model itself in a zone."""

    zone: str
    rows: Count
    positives: Count
    base_rate: Figure = None
    areaUnderROC: Figure
    areaUnderPR: Figure
    accuracy: Number
    f1: Number


class Permuted(Record):
    """What the model loses without a feature."""

    feature: str
    mean: Figure
    std: Figure
    group: list[str] = Field([])


class Applicability(Record):
    """Which rows are like the training rows."""

    threshold: Number
    inside: Number
    rows: Count
    training_rows: Count | None = None  # earlier versions did not tell
    quantiles: dict[str, Number]


class Moved(Record):
    """How far a feature has moved."""

    feature: str
    wasserstein: Number
    by_chance: Figure = None
    ks: Number
    psi: Number
    level: str
    outside: Number
    marked: bool


class BothTables(Record):
    """How many rows were compared."""

    training: Count
    new: Count


class Drift(Record):
    """How far the features have moved."""

    features: list[Moved]
    importance_moved: Number
    drifted: bool
    rows: BothTables


class Adversarial(Record):
    """How well a forest tells new rows from training rows."""

    area: Figure
    rows: Count
    features: list[Importance]


class Missed(Record):
    """A figure that is lower than it must be, or not known."""

    metric: str
    value: Figure
    below: Number
    all_small: bool = False


class Drifted(Record):
    """The features that moved, None if that is not known."""

    drift: list[str] | None


class Gate(Record):
    """What was asked for, and what failed."""

    fail_below: dict[str, Number]
    fail_on_drift: bool
    failed: list[Missed | Drifted]


class Metrics(Record):
    """metrics.json."""

    run_id: str
    model_dir: str
    model: str
    model_verified: bool | None = None
    measured_on: MeasuredOn
    scored_rows: ScoredRows | None = None
    weights: WeightsHere | None = None
    areaUnderROC: Number
    areaUnderPR: Number
    average_precision: Number
    accuracy: Number
    f1: Number
    weightedPrecision: Number
    weightedRecall: Number
    precision: OfClasses
    recall: OfClasses
    f1_by_class: OfClasses
    threshold: Number
    confusion_matrix: Confusion
    threshold_chosen: ThresholdChosen | None = None
    capture: Capture | None = None
    brier: Figure = None
    log_loss: Figure = None
    calibrated: Probabilities | None = None
    intervals: dict[str, Bounds | None] | None = None
    intervals_from: Literal["zones", "rows", "none"] | None = None
    zones: list[Zone] = Field([])
    leave_one_zone_out: LeftOut | None = None
    permutation_importances: list[Permuted] | None = None
    nearest_training_row: dict[str, Number] | None = None
    applicability: Applicability | None = None
    drift: Drift | None = None
    adversarial: Adversarial | None = None
    gate: Gate | None = None

    @model_validator(mode="after")
    def _later_figures_are_numbers(self) -> Self:
        for name in artifacts.OVERALL_METRICS:  # earlier versions lack those that have no field here
            value = (self.model_extra or {}).get(name, 0.0)
            if isinstance(value, bool) or not isinstance(value, float | int) or not abs(value) <= float_info.max:
                raise ValueError(f"{name} should be a finite number")
        return self


class Roc(Record):
    """The ROC curve."""

    fpr: list[Number]
    tpr: list[Number]


class Pr(Record):
    """The precision-recall curve."""

    recall: list[Number]
    precision: list[Number]


class Histogram(Record):
    """Scores of each class."""

    edges: Annotated[list[Number], Field(min_length=2)]
    zeros: list[Count] = Field(alias="0")
    ones: list[Count] = Field(alias="1")


class AtOne(Record):
    """What one of many thresholds does."""

    threshold: Number
    calibrated: Number | None = None
    precision: Figure
    recall: Figure
    f1: Figure
    predicted_positive: Number
    TN: Number
    FP: Number
    FN: Number
    TP: Number


class Bin(Record):
    """A bin of the reliability diagram."""

    low: Number = Field(alias="from")
    high: Number = Field(alias="to")
    rows: Count
    mean: Number
    share: Number


class Reliability(Record):
    """Of the raw score, and of the calibrated probability."""

    score: list[Bin]
    calibrated: list[Bin] = Field([])


class SuccessRate(Record):
    """Share of the rows marked, and share of class 1 found."""

    rows: list[Number]
    found: list[Number]


class PredictionArea(SuccessRate):
    """The same by threshold."""

    threshold: list[Number]


class Effect(Record):
    """The mean score at values of a feature."""

    feature: str
    values: list[Number]
    mean: list[Number]


class Curves(Record):
    """curves.json."""

    roc: Roc
    pr: Pr
    scores: Histogram
    thresholds: list[AtOne]
    reliability: Reliability | None = None
    success_rate: SuccessRate | None = None
    prediction_area: PredictionArea | None = None
    partial_dependence: list[Effect] | None = None


METRICS = Kind(Metrics, _REMEDY)
CURVES = Kind(Curves, _REMEDY)
IMPORTANCES = Kind(list[Importance], _REMEDY)

BY_NAME = {
    artifacts.EVAL_METRICS: METRICS,
    artifacts.EVAL_CURVES: CURVES,
    artifacts.EVAL_IMPORTANCES: IMPORTANCES,
}
"""The kind of each file of an evaluation."""
