"""Ending Livy sessions of ours: at the end of a run, and those that an earlier run left behind."""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import groupby

from launcher.support.command_lines import command_line
from launcher.targets.livy.client import LivyClient
from launcher.targets.livy.records import Record, note_end, records
from launcher.targets.livy.road import connected
from lib.errors import ExperimentError

NOT_REACHED = "not reached"
LOST = "unknown to Livy"


def clean_command() -> str:
    """The command that ends what is left behind."""
    return command_line("sessions", "--clean")


@dataclass(frozen=True)
class Found:
    """A session of ours and its state: Livy's word, or one of ours, or `deleted` by us just now."""

    number: int | None
    state: str
    record: Record
    note: str = ""


def end_sessions(client: LivyClient, record: Record) -> list[str]:
    """End all sessions on a record and forget it.

    Where Livy cannot be asked, or knows a session no longer, the record stays, and a sentence that says so is returned.
    """
    try:
        _end(client, record)
    except ExperimentError as error:
        which = ", ".join(map(str, record.sessions)) or record.name
        return [
            f"Livy session {which} at {record.endpoint} could not be ended ({error}). It keeps the cluster busy until "
            f"it is: {clean_command()}"
        ]
    if record.sessions:
        return [lost(record, number) for number in record.sessions]
    record.remove()
    return []


def lost(record: Record, number: int) -> str:
    """What to do about a session that was made, and that Livy does not know.

    Livy forgets its sessions when it is restarted, and then their drivers live on; and it ends those of which nobody
    has asked for two minutes. Nothing that it answers tells one from the other.
    """
    application = record.application(number) or "ID"
    return (
        f"Livy at {record.endpoint} no longer knows session {number} ({record.purpose}); its driver may still be "
        "running, and cost money. On the cluster `yarn application -list` shows it if it is, and "
        f"`yarn application -kill {application}` ends it; `{clean_command()}` forgets it"
    )


def survey(clean: bool = False) -> Iterator[Found]:
    """What became of the sessions on record; `clean` ends those whose process is gone, and forgets what is lost.

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
    missing = [Found(number, LOST, record, lost(record, number)) for number in record.sessions if number not in states]
    is_over, is_clean = not record.is_active, False
    if clean and is_over:
        with suppress(ExperimentError):
            _end(client, record)
            is_clean = True
    for number in sorted(states):
        yield Found(number, "deleted" if is_clean else states[number], record)
    yield from missing
    if is_over and (is_clean or not (states or missing)):
        record.remove()


def _end(client: LivyClient, record: Record) -> None:
    """End a record's sessions that are there, also one whose creation was never answered."""
    for number in sorted(each["id"] for each in client.sessions() if record.has_made(each)):
        client.delete(number)
        note_end(record.folder, number)
