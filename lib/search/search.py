"""The search: every candidate is fitted on the training part, scored on the validation part, and logged at once."""

import json
from collections.abc import Sequence
from contextlib import closing
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

from lib.artifacts import SEARCH_METRICS
from lib.errors import InputError
from lib.search.engine import Engine, Score
from lib.search.families import Candidate
from lib.split import VAL, Split
from lib.storage import Storage


@dataclass(frozen=True)
class Search:
    """Scores of all candidates on the validation part, in the grid's order, and the metric they are compared by.

    `reused` counts the scores taken from the earlier run that this one resumes.
    """

    scores: tuple[Score, ...]
    metric: str
    reused: int = 0

    @property
    def models(self) -> list[str]:
        """The searched families, in the grid's order."""
        return list(dict.fromkeys(score.candidate.model for score in self.scores))

    def best(self, model: str | None = None) -> Score:
        """The best score overall, or of one family; the earlier candidate wins a tie."""
        considered = [s for s in self.scores if model in (None, s.candidate.model)]
        return max(considered, key=lambda s: (s.metrics[self.metric], -s.candidate.index))

    def records(self) -> list[dict[str, Any]]:
        """A record a candidate, as in search.jsonl, in the grid's order."""
        return [as_record(score) for score in self.scores]


class SearchLog:
    """`search.jsonl`: one line per candidate, readable by others as soon as it is scored."""

    def __init__(self, storage: Storage, uri: str, done: Sequence[Score] = ()):
        self._storage, self._uri = storage, uri
        self._lines = [self._line(score) for score in done]

    def append(self, score: Score) -> None:
        """Add a line. The file is rewritten: an object store cannot append, and readers must never see half a line."""
        self._lines.append(self._line(score))
        self._storage.write_text(self._uri, "\n".join(self._lines) + "\n")

    @staticmethod
    def _line(score: Score) -> str:
        return json.dumps({**as_record(score), "scored_at": datetime.now(UTC).isoformat(timespec="milliseconds")})


def search(
    split: Split,
    candidates: Sequence[Candidate],
    engine: Engine,
    metric: str,
    log: SearchLog | None = None,
    done: Sequence[Score] = (),
) -> Search:
    """Fit and score all candidates, except those `done` in an earlier run.

    Raises:
        InputError: a search cannot select by `metric`.
    """
    check_metric(metric)
    scored = {score.candidate.index: score for score in done}
    missing = [candidate for candidate in candidates if candidate.index not in scored]
    if missing:
        with closing(engine.score(missing, split, VAL)) as scores:
            for score in scores:
                if log:
                    log.append(score)
                scored[score.candidate.index] = score
    return Search(tuple(scored[candidate.index] for candidate in candidates), metric, len(done))


def check_metric(metric: str) -> None:
    """Raise InputError unless a search can select by `metric`."""
    if metric not in SEARCH_METRICS:
        raise InputError(f"metric={metric!r}: choose {' or '.join(SEARCH_METRICS)}")


def as_record(score: Score) -> dict[str, Any]:
    """A score as plain values."""
    candidate = asdict(score.candidate)
    return {
        "index": candidate["index"],
        "model": candidate["model"],
        "params": dict(candidate["params"]),
        "val_metrics": dict(score.metrics),
        "seconds": round(score.seconds, 3),
    }
