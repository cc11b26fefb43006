"""Ending Livy sessions of ours: at the end of a run, and those that an earlier run left behind."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby

from launcher.targets.livy.client import LivyClient
from launcher.targets.livy.records import Record, records
from launcher.targets.livy.road import connected
from lib.errors import ExperimentError

NOT_REACHED = "not reached"
CLEAN = "run_experiment.py sessions --clean"


@dataclass(frozen=True)
class Found:
    """A session of ours and its state: Livy's word, or `not reached`, or `deleted` by us just now."""

    number: int | None
    state: str
    record: Record


def end_sessions(client: LivyClient, record: Record) -> list[str]:
    """End all sessions on a record and forget it.

    Where Livy cannot be asked, the record stays, and a sentence that says so is returned.
    """
    try:
        for number in _sessions_of(record, client):
            client.delete(number)
    except ExperimentError as error:
        which = ", ".join(map(str, record.sessions)) or record.name
        return [
            f"Livy session {which} at {record.endpoint} could not be ended ({error}). It keeps the cluster busy until "
            f"it is: {CLEAN}"
        ]
    record.remove()
    return []


def survey(clean: bool = False) -> Iterator[Found]:
    """What became of the sessions on record; `clean` ends those whose process is gone.

    Records of which nothing is left are forgotten on the way.
    """
    by_place = sorted(records(), key=lambda record: repr(record.endpoint))
    for endpoint, group in groupby(by_place, key=lambda record: record.endpoint):
        here = list(group)
        try:
            with connected(endpoint) as (client, _):
                for record in here:
                    yield from _survey(client, record, clean)
        except ExperimentError:
            for record in here:
                numbers: list[int | None] = [*record.sessions] or [None]
                yield from (Found(number, NOT_REACHED, record) for number in numbers)


def _survey(client: LivyClient, record: Record, clean: bool) -> Iterator[Found]:
    states = {each["id"]: each["state"] for each in client.sessions() if record.has_made(each)}
    there = sorted(states)
    cleaned = clean and not record.is_active and not end_sessions(client, record)
    for number in there:
        yield Found(number, "deleted" if cleaned else states[number], record)
    if not there and not record.is_active:
        record.remove()


def _sessions_of(record: Record, client: LivyClient) -> list[int]:
    """Ids of a record's sessions that are there, also of one whose creation was never answered."""
    return sorted(each["id"] for each in client.sessions() if record.has_made(each))
