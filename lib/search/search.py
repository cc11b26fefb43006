"""The search: every candidate is fitted, scored and logged at once.

It is fitted on the training part and scored on the validation part. To select by zones it is also fitted on the
training and validation rows of all zones but one, and scored on those of that one, for each zone. Test rows play no
part.
"""

import json
from collections.abc import Generator, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from typing import Any

from lib.artifacts import SEARCH_METRICS, VALIDATION, ZONES
from lib.errors import InputError
from lib.metrics import ScoreCounts
from lib.records.search_log import LINE
from lib.search.engine import Engine, FoldScore, Score, in_order
from lib.search.families import Candidate
from lib.search.folds import FEWEST_ZONES, Fold, group_zones, leave_out, mean_areas, measurable
from lib.split import TRAIN, VAL, Split, ZoneCounts
from lib.storage import Storage


@dataclass(frozen=True)
class Search:
    """Scores of all candidates, in the grid's order, and the metric they are compared by.

    That of the zones left out where the scores have it, else that of the validation part.

    `reused` counts the scores taken from the earlier run that this one resumes; `is_cut` says that the last line of its
    log was cut off, and is not among them.
    """

    scores: tuple[Score, ...]
    metric: str
    reused: int = 0
    is_cut: bool = False

    @property
    def models(self) -> list[str]:
        """The searched families, in the grid's order."""
        return list(dict.fromkeys(score.candidate.model for score in self.scores))

    def best(self, model: str | None = None) -> Score:
        """The best score overall, or of one family; the earlier candidate wins a tie."""
        considered = [s for s in self.scores if model in (None, s.candidate.model)]
        return max(considered, key=lambda s: (self.figure(s), -s.candidate.index))

    def figure(self, score: Score) -> float:
        """What a candidate is compared by: its mean over zones left out where it has one, else that on validation."""
        return (score.zones or score.metrics)[self.metric]

    def best_on_validation(self) -> Score:
        """The candidate that the validation rows would select."""
        return max(self.scores, key=lambda s: (s.metrics[self.metric], -s.candidate.index))

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
        scored_at = datetime.now(UTC).isoformat(timespec="milliseconds")
        return json.dumps(LINE.stamped({**as_record(score), "scored_at": scored_at}))


def search(
    split: Split,
    candidates: Sequence[Candidate],
    engine: Engine,
    metric: str,
    log: SearchLog | None = None,
    done: Sequence[Score] = (),
    select_by: str = VALIDATION,
) -> Search:
    """Fit and score all candidates, except those `done` in an earlier run.

    Raises:
        InputError: a search cannot select by `metric`, or not by zones, for want of them.
    """
    check_metric(metric)
    folds = zone_folds(split.count_by_zone()) if select_by == ZONES else None
    scored = {score.candidate.index: score for score in done}
    missing = [candidate for candidate in candidates if candidate.index not in scored]
    if missing:
        with closing(_score(missing, split, engine, folds)) as scores:
            for score in scores:
                if log:
                    log.append(score)
                scored[score.candidate.index] = score
    return Search(tuple(scored[candidate.index] for candidate in candidates), metric, len(done))


def zone_folds(counts: ZoneCounts) -> list[Fold]:
    """The folds of a search that selects by zones.

    Raises:
        InputError: too few zones have rows of both classes in training and validation.
    """
    folds = leave_out(group_zones(counts), counts, (TRAIN, VAL))
    scored = {zone for fold in folds for zone in fold.score_zones}
    both = [zone for zone in measurable(counts, (TRAIN, VAL)) if zone in scored]
    if len(both) < FEWEST_ZONES:
        raise InputError(
            f"select_by: zones needs at least {FEWEST_ZONES} zones with training or validation rows of both classes; "
            f"there are {len(both)}: use select_by: validation, or give more zones with zone_col, or with block_cols "
            "and block_size"
        )
    return folds


def _score(
    candidates: Sequence[Candidate], split: Split, engine: Engine, folds: Sequence[Fold] | None
) -> Generator[Score, None, None]:
    if folds is None:
        yield from engine.score(candidates, split, VAL)
        return
    on_val = {score.candidate.index: score for score in in_order(engine.score(candidates, split, VAL), candidates)}
    found: dict[int, list[FoldScore[dict[str, float]]]] = {}
    with closing(engine.score_folds(candidates, split, folds, ScoreCounts.summary)) as scores:
        for score in scores:
            of_candidate = found.setdefault(score.candidate.index, [])
            of_candidate.append(score)
            if len(of_candidate) == len(folds):
                yield _with_zones(on_val[score.candidate.index], of_candidate)


def _with_zones(score: Score, folds: Sequence[FoldScore[dict[str, float]]]) -> Score:
    by_zone = {zone: metrics for fold in folds for zone, metrics in fold.by_zone.items()}
    seconds = score.seconds + sum(fold.seconds for fold in folds)
    return replace(score, zones=mean_areas(by_zone, SEARCH_METRICS), seconds=seconds)


def check_metric(metric: str) -> None:
    """Raise InputError unless a search can select by `metric`."""
    if metric not in SEARCH_METRICS:
        raise InputError(f"metric={metric!r}: choose {' or '.join(SEARCH_METRICS)}")


def as_record(score: Score) -> dict[str, Any]:
    """A score as plain values."""
    candidate = asdict(score.candidate)
    zones = {} if score.zones is None else {ZONES: dict(score.zones)}
    return {
        "index": candidate["index"],
        "model": candidate["model"],
        "params": dict(candidate["params"]),
        "val_metrics": dict(score.metrics),
        **zones,
        "seconds": round(score.seconds, 3),
    }
