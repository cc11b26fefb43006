"""How much of a long list a report and its pictures show; the files of the evaluation have all of it."""

from collections.abc import Mapping, Sequence
from typing import Any

ZONES_DRAWN = 24  # in a picture, which then fits on a printed page
ZONES_LISTED = 40  # in a table
NAMED = 12  # in a sentence

Record = Mapping[str, Any]


def largest(zones: Sequence[Record], most: int) -> list[Record]:
    """The `most` zones with the most rows, in the order given."""
    by_rows = sorted(range(len(zones)), key=lambda place: -zones[place]["rows"])
    return [zones[place] for place in sorted(by_rows[:most])]
