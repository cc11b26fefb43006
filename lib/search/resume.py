"""Taking up an experiment that died: what may be reused of it, and why not."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from lib import artifacts
from lib.errors import InputError
from lib.search.engine import Score
from lib.search.families import Candidate
from lib.storage import Storage, join

# Where a run reads and writes may differ as long as the data are the same.
_FREE_PARAMETERS = ("input_data", "out", "engine")


def check_unfinished(storage: Storage, folder: str) -> None:
    """Raise InputError unless `folder` holds an experiment that was begun and not finished."""
    if not storage.exists(join(folder, artifacts.EXPERIMENT)):
        raise InputError(f"cannot resume {folder}: no experiment was begun there ({artifacts.EXPERIMENT} is missing)")
    if storage.exists(join(folder, artifacts.SUMMARY)):
        raise InputError(f"cannot resume {folder}: that experiment is complete")


def scores_so_far(
    storage: Storage, folder: str, record: Mapping[str, Any], candidates: Sequence[Candidate]
) -> list[Score]:
    """The scores that a run left in `folder`, if it is the same experiment as `record` (an experiment.json).

    Raises:
        InputError: data, split, grid, engine or code differ; the message names the difference.
    """
    before = storage.read_json(join(folder, artifacts.EXPERIMENT))
    for what, old, new in _identity(before, record):
        if old != new:
            raise InputError(
                f"cannot resume {folder}: {what} was {_short(old)} and is {_short(new)} now; restore it, or "
                "start a new experiment"
            )
    log = join(folder, artifacts.SEARCH_LOG)
    if not storage.exists(log):
        return []
    by_index = {candidate.index: candidate for candidate in candidates}
    lines = [json.loads(line) for line in storage.read_text(log).splitlines()]
    return [Score(by_index[line["index"]], line["val_metrics"], line["seconds"]) for line in lines]


def _identity(before: Mapping[str, Any], now: Mapping[str, Any]) -> list[tuple[str, Any, Any]]:
    """Pairs of what must be equal, with their names, the most telling first."""
    plain = json.loads(json.dumps(now))  # as it would be read back: lists for tuples, names as text
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
