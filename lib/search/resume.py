"""Resuming an interrupted experiment: what can be reused, or why nothing can."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from lib import artifacts
from lib.errors import InputError
from lib.records import search_log
from lib.records.model import EXPERIMENT
from lib.search.engine import Score
from lib.search.families import Candidate
from lib.storage import Storage, join

# These may differ as long as the data and the engine used are the same.
_FREE_PARAMETERS = ("input_data", "out", "engine")


@dataclass(frozen=True)
class Earlier:
    """What an earlier run has scored, and whether the last line of its log was cut off and is left out."""

    scores: tuple[Score, ...] = ()
    is_cut: bool = False


def check_unfinished(storage: Storage, folder: str) -> None:
    """Raise InputError unless `folder` contains an experiment that was started and not finished."""
    if not storage.exists(join(folder, artifacts.EXPERIMENT)):
        raise InputError(f"cannot resume {folder}: no experiment was started there ({artifacts.EXPERIMENT} is missing)")
    if storage.exists(join(folder, artifacts.SUMMARY)):
        raise InputError(f"cannot resume {folder}: that experiment is complete")


def scores_so_far(storage: Storage, folder: str, record: Mapping[str, Any], candidates: Sequence[Candidate]) -> Earlier:
    """The scores of an earlier run in `folder`, if it is the same experiment as `record` (an experiment.json).

    Raises:
        InputError: data, parameters, split, engine or code differ, or a file is damaged; the message says what.
    """
    before = storage.read_record(join(folder, artifacts.EXPERIMENT), EXPERIMENT)
    for what, old, new in _identity(before, record):
        if old != new:
            raise InputError(
                f"cannot resume {folder}: {what} was {_short(old)} and is now {_short(new)}; restore it, or "
                "start a new experiment"
            )
    log = join(folder, artifacts.SEARCH_LOG)
    if not storage.exists(log):
        return Earlier()
    lines = search_log.read(storage.read_text(log), log)
    by_zones = record["parameters"].get("select_by") == artifacts.ZONES
    search_log.check_candidates(lines, candidates, log, by_zones)
    by_index = {candidate.index: candidate for candidate in candidates}
    scores = [
        Score(by_index[line["index"]], line["val_metrics"], line["seconds"], line.get(artifacts.ZONES))
        for line in lines.records
    ]
    return Earlier(tuple(scores), lines.is_cut)


def _identity(before: Mapping[str, Any], now: Mapping[str, Any]) -> list[tuple[str, Any, Any]]:
    """Names and pairs of values that must be equal, the most informative first."""
    plain = json.loads(json.dumps(now))  # as if read back: lists instead of tuples, keys as text
    names = sorted((set(before["parameters"]) | set(plain["parameters"])) - set(_FREE_PARAMETERS))
    return [
        ("the number of rows", before["data"]["rows"], plain["data"]["rows"]),
        ("the list of features", before["data"]["features"], plain["data"]["features"]),
        ("the data's fingerprint", before["data"]["fingerprint"], plain["data"]["fingerprint"]),
        *((f"parameter {n}", before["parameters"].get(n), plain["parameters"].get(n)) for n in names),
        ("the split", before["split"], plain["split"]),
        ("the engine", before["engine"]["name"], plain["engine"]["name"]),
        ("the hash of the code (lib)", before["versions"]["lib"], plain["versions"]["lib"]),
    ]


def _short(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 200 else text[:197] + "..."
