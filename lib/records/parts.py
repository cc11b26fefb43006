"""What several files hold alike."""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field

from lib.errors import InputError
from lib.records.door import Count, Figure, Number, Record
from lib.support import threshold_rule

Bounds = Annotated[list[Number], Field(min_length=2, max_length=2)]


class Importance(Record):
    """A feature and its importance."""

    feature: str
    importance: Number


class Metrics(Record):
    """The figures of every candidate (`lib.artifacts.METRICS`)."""

    areaUnderROC: Number
    areaUnderPR: Number
    accuracy: Number
    f1: Number


class Areas(Record):
    """Both areas, null where they cannot be measured."""

    areaUnderROC: Figure
    areaUnderPR: Figure


class Confusion(Record):
    """Rows, or their weights, by class and prediction."""

    TN: Number
    FP: Number
    FN: Number
    TP: Number


class AtThreshold(Record):
    """What a threshold does on some rows."""

    rows: Count
    precision: Figure
    recall: Figure
    f1: Figure
    FN: Number
    FP: Number
    TP: Figure = None


class UnseenZone(Areas):
    """A zone that was left out."""

    zone: str
    rows: Count
    positives: Count
    base_rate: Figure = None


class ChosenZone(UnseenZone):
    """A zone that was left out of the search, too."""

    chosen: str


class RowsOfZone(Record):
    """How many rows of a zone."""

    zone: str
    rows: Count


class MeanAndWorst(Record):
    """By metric: the mean over zones left out, and the lowest area."""

    mean: Areas
    worst: Areas


class Nested(MeanAndWorst):
    """Leave-one-zone-out."""

    folds: Count
    interval: dict[str, Bounds | None] | None = None  # earlier versions had none
    worst_zone: dict[str, str | None]
    zones: list[ChosenZone]
    repeated: list[RowsOfZone] = Field([])


class LeftOut(Nested):
    """Leave-one-zone-out of the winner, and of the best of each family."""

    zones: list[UnseenZone]  # type: ignore[assignment]
    models: dict[str, MeanAndWorst]
    nested: Nested | None = None


class SuspiciousColumn(Record):
    """A column that may give the label away or be no feature."""

    column: str
    kind: Literal["row_number", "identifier", "label", "coordinate", "zone"]


class SuspiciousValue(Record):
    """A value that may stand for none."""

    column: str
    kind: Literal["nodata"]
    value: Number


Suspect = Annotated[SuspiciousColumn | SuspiciousValue, Field(discriminator="kind")]


class Filled(Record):
    """Rows with missing values that were filled, and values of each feature."""

    rows: Count
    values: dict[str, Count]


def _rule(value: Any) -> Any:
    try:
        threshold_rule.check(value)
    except InputError as error:
        raise ValueError(str(error)) from None
    return value


Rule = Annotated[Any, AfterValidator(_rule)]
"""How a threshold was chosen."""


def _moment(text: str) -> str:
    datetime.fromisoformat(text)
    return text


Moment = Annotated[str, AfterValidator(_moment)]
"""A time as ISO 8601 writes it."""
