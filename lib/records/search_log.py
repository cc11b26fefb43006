"""search.jsonl: a line for each scored candidate.

A run that reads it again takes only scores of its own candidates, each once.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Protocol

from pydantic import Field

from lib.errors import InputError
from lib.records.door import Count, Kind, Number, Record
from lib.records.parts import Metrics, Moment

Share = Annotated[Number, Field(ge=0, le=1)]


class Scored(Metrics):
    """The figures of a candidate; each is a share."""

    areaUnderROC: Share
    areaUnderPR: Share
    accuracy: Share
    f1: Share


class MeanAreas(Record):
    """The means over zones left out."""

    areaUnderROC: Share
    areaUnderPR: Share


class Line(Record):
    """A line."""

    index: Count
    model: str
    params: dict[str, Any]
    val_metrics: Scored
    zones: MeanAreas | None = None
    seconds: Annotated[Number, Field(ge=0)]
    scored_at: Moment


LINE = Kind(Line, "remove it (its candidate is then fitted again), or start a new experiment")


class Candidate(Protocol):
    """One of the search's (`lib.search.families.Candidate`)."""

    @property
    def index(self) -> int: ...  # noqa: D102

    @property
    def model(self) -> str: ...  # noqa: D102

    @property
    def params(self) -> Mapping[str, Any]: ...  # noqa: D102


@dataclass(frozen=True)
class Lines:
    """The lines of a log, each candidate once, and whether the last was cut off and is not among them."""

    records: tuple[Mapping[str, Any], ...]
    is_cut: bool = False


def read(text: str, place: str) -> Lines:
    """The lines of a log. Of a candidate that stands there twice, the last counts.

    Raises:
        InputError: one is damaged, but for the last if it was cut off.
    """
    found: dict[int, Mapping[str, Any]] = {}
    is_cut = False
    for number, line, is_whole in _numbered(text):
        try:
            record = LINE.parse(line, f"line {number} of {place}")
        except InputError:
            if is_whole or _is_json(line):
                raise
            is_cut = True  # what is left by a writer that was killed, or of a file that was not copied whole
            continue
        found[record["index"]] = record
    return Lines(tuple(found.values()), is_cut)


def check_candidates(lines: Lines, candidates: Sequence[Candidate], place: str, by_zones: bool) -> None:
    """Check that the lines are of these candidates, and have figures of zones left out if these select.

    Raises:
        InputError: one is not.
    """
    by_index = {candidate.index: candidate for candidate in candidates}
    for record in lines.records:
        index, candidate = record["index"], by_index.get(record["index"])
        where = f"the line of candidate {index} in {place}"
        if candidate is None:
            raise LINE.damaged(where, f"the search has no candidate {index}")
        if record["model"] != candidate.model or record["params"] != _plain(candidate.params):
            raise LINE.damaged(where, f"candidate {index} of the search is {candidate}")
        if bool(record.get("zones")) != by_zones:
            raise LINE.damaged(where, f"it has {'no ' if by_zones else ''}figures of zones left out")


def _numbered(text: str) -> Iterator[tuple[int, str, bool]]:
    """The lines that are not empty, with their numbers, and whether they end as lines do."""
    lines = text.split("\n")
    for number, line in enumerate(lines, 1):
        if line.strip():
            yield number, line, number < len(lines)


def _is_json(line: str) -> bool:
    try:
        json.loads(line)
    except (ValueError, RecursionError):
        return False
    return True


def _plain(params: Mapping[str, Any]) -> Any:
    """Parameters as they are read back from JSON."""
    return json.loads(json.dumps(dict(params)))
