"""The search as seen from outside: what `search.jsonl` says so far, and what follows from it."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from statistics import fmean
from typing import Any

from launcher.support.files import Files
from lib.artifacts import ZONES, selecting
from lib.errors import InputError
from lib.records.search_log import LINE
from lib.search.families import Candidate

Line = Mapping[str, Any]


class SearchLog:
    """Reads `search.jsonl`, wherever it lives, while the search still writes to it."""

    def __init__(self, files: Files, place: str):
        self._files, self._place = files, place
        self.pause = files.pause

    def read(self) -> list[Line]:
        """One record a candidate scored so far; an unfinished last line is left for the next time."""
        text = self._files.read_text(self._place) or ""
        complete = text[: text.rfind("\n") + 1].splitlines()
        by_index = {line["index"]: line for line in map(_parsed, complete) if line is not None}
        return list(by_index.values())


@dataclass(frozen=True)
class SearchState:
    """How far the search of `candidates` by `metric` has come."""

    candidates: Sequence[Candidate]
    metric: str
    scored: Sequence[Line] = ()

    @property
    def best(self) -> Line | None:
        """The record with the highest metric; the earlier candidate wins a tie, as in the search itself."""
        return max(self.scored, key=lambda line: (selecting(line, self.metric), -line["index"]), default=None)

    def figure(self, line: Line) -> str:
        """What the search selects by, of one candidate, as in `areaUnderPR 0.6561 on validation`."""
        on = "zones left out" if ZONES in line else "validation"
        return f"{self.metric} {selecting(line, self.metric):.4f} on {on}"

    @property
    def is_done(self) -> bool:
        """Whether every candidate has its score."""
        return len(self.scored) >= len(self.candidates)

    def seconds_left(self) -> float | None:
        """Estimate the seconds until all candidates are scored; None while a model has no score to go by.

        Each missing candidate is taken to need what those of its model needed on average, shared among as many fits
        as ran side by side so far.
        """
        seconds: dict[str, list[float]] = {}
        for line in self.scored:
            seconds.setdefault(line["model"], []).append(line["seconds"])
        scored = {line["index"] for line in self.scored}
        missing = Counter(c.model for c in self.candidates if c.index not in scored)
        spent = sum(map(sum, seconds.values()))
        if spent == 0 or not missing.keys() <= seconds.keys():
            return None
        left = sum(count * fmean(seconds[model]) for model, count in missing.items())
        return left * self._wall_seconds() / spent

    def _wall_seconds(self) -> float:
        """Seconds from the start of the first fit to the end of the last."""
        ends = [datetime.fromisoformat(line["scored_at"]).timestamp() for line in self.scored]
        starts = [end - line["seconds"] for end, line in zip(ends, self.scored, strict=True)]
        return max(ends) - min(starts)


def describe(line: Line) -> str:
    """The candidate of a record on one line, as in `GBT maxDepth=6 maxBins=64`."""
    return str(Candidate(line["index"], line["model"], line["params"]))


def _parsed(text: str) -> Line | None:
    try:
        line: Line = LINE.parse(text, "")
    except InputError:
        return None
    return line
