"""What a scoring leaves."""

from typing import Annotated, Any, Literal

from pydantic import Field

from lib.records.door import Count, Figure, Kind, Number, Record
from lib.records.parts import Filled, Importance, Rule

_REMEDY = "restore it from a copy, or score again"


class Histogram(Record):
    """Rows by score."""

    edges: Annotated[list[Number], Field(min_length=2)]
    rows: list[Count]


class Tile(Record):
    """A tile of the maps."""

    tile: str
    rows: Count


class Scores(Record):
    """scores.json."""

    run_id: str
    inputs: list[str]
    model: str
    model_verified: bool | None = None
    rows: Count
    columns: list[str]
    threshold: Number
    threshold_rule: Rule
    spread_limit: Figure = None
    dissimilarity_limit: Figure = None
    share_marked: Number
    share_applicable: Number | None = None
    share_marked_and_applicable: Number | None = None
    histogram: Histogram
    importances: list[Importance] = Field([])
    filled: Filled | None = None
    dropped: Count | None = None
    seconds: Figure = None
    tiles: list[Tile] | None = None
    maps: list[str] | None = None


class Begun(Record):
    """What was begun of maps: of which model, tiles and files."""

    model: list[Any]
    tiles: list[str]
    missing: Literal["median", "drop"]
    files: dict[str, Any]


SCORES = Kind(Scores, _REMEDY)
BEGUN = Kind(Begun, "start a new run")
