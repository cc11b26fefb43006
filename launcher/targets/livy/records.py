"""A private folder for each kernel that may start Livy sessions: sparkmagic's configuration, and which sessions it has.

A folder is made before the first session is and removed once its sessions are gone. One that is still there when its
process is not tells of sessions that may have leaked.
"""

import json
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, fields
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from launcher.support.endpoint import Endpoint
from launcher.support.files import LocalFiles
from launcher.support.processes import Process, runs
from launcher.support.project import state_folder
from lib.errors import InputError
from lib.records.door import Kind, Number
from lib.records.door import Record as Fields
from lib.records.parts import Moment
from lib.support.atomic_write import write_whole

CONFIG = "config.json"
_ABOUT = "about.json"
_SESSION, _APPLICATION = "session-", "application-"


class _About(Fields):
    """What a folder's own file says of it."""

    endpoint: dict[str, str]
    purpose: str
    name: str
    pid: int
    process_started: Number
    made_at: Moment


_ABOUTS = Kind(_About, "look on Livy's page for a session that this user left there, end it, and remove the folder")


@dataclass(frozen=True)
class Record:
    """One folder: what the sessions are for, where, and whose they are."""

    folder: Path
    endpoint: Endpoint
    purpose: str
    name: str
    pid: int
    process_started: float
    made_at: str

    @property
    def sessions(self) -> list[int]:
        """Ids of the sessions that were made. A Livy that was restarted gives them to others; see `has_made`."""
        names = [file.name.removeprefix(_SESSION) for file in self.folder.glob(f"{_SESSION}*")]
        return sorted(int(name) for name in names if name.isdecimal())

    def application(self, number: int) -> str:
        """YARN's id of a session's driver; "" if Livy has not told it."""
        file = self.folder / f"{_APPLICATION}{number}"
        return file.read_text(errors="replace") if file.exists() else ""

    def has_made(self, session: Mapping[str, Any]) -> bool:
        """Whether a session, as Livy describes it, was made for this record."""
        names = {self.name, *(file.read_text(errors="replace") for file in self.folder.glob(f"{_SESSION}*"))} - {""}
        return session.get("name") in names

    @property
    def is_active(self) -> bool:
        """Whether the process that made it still runs."""
        return runs(self.pid, self.process_started)

    def write_config(self, config: Mapping[str, Any]) -> None:
        """Write sparkmagic's configuration."""
        _write(self.folder / CONFIG, config)

    def remove(self) -> None:
        """Forget it; its sessions are gone."""
        shutil.rmtree(self.folder, ignore_errors=True)


def make(endpoint: Endpoint, purpose: str, name: str = "") -> Record:
    """Make a folder that only this user can look into. `name` is the sessions' own, where each has one."""
    folder = Path(tempfile.mkdtemp(prefix="", dir=_home()))  # of mode 700
    made_at = datetime.now(UTC).isoformat(timespec="seconds")
    mine = Process.this()
    record = Record(folder, endpoint, purpose, name, mine.pid, mine.process_started, made_at)
    _write(folder / _ABOUT, _ABOUTS.stamped({**asdict(record), "folder": str(folder)}))
    return record


def note_session(folder: Path, number: int, name: str) -> None:
    """Note that a session of this id and name was made."""
    write_whole(folder / f"{_SESSION}{number}", name.encode(), private=True)


def note_application(folder: Path, number: int, application: str) -> None:
    """Note the id by which YARN knows a session's driver, for the day when Livy knows it no longer."""
    file = folder / f"{_APPLICATION}{number}"
    if not file.exists():
        write_whole(file, application.encode(), private=True)


def note_end(folder: Path, number: int) -> None:
    """Note that Livy has ended a session."""
    (folder / f"{_SESSION}{number}").unlink(missing_ok=True)


def records() -> list[Record]:
    """All folders there are, the eldest first, without those whose description is damaged."""
    found = [each for each in _read_all() if isinstance(each, Record)]
    return sorted(found, key=lambda record: record.made_at)


def damaged() -> list[InputError]:
    """What is wrong with descriptions that cannot be read."""
    return [each for each in _read_all() if isinstance(each, InputError)]


def _read_all() -> Iterator[Record | InputError]:
    files = LocalFiles()
    # A folder without one is of a process that was killed before it had a session.
    for file in sorted(_home().glob(f"*/{_ABOUT}")):
        try:
            text = files.read_text(str(file))
            if text is None:  # removed meanwhile
                continue
            about = _About.model_validate(_ABOUTS.parse(text, str(file)))
        except InputError as error:
            yield error
            continue
        known = {each.name for each in fields(Endpoint)}
        endpoint = Endpoint(**{name: value for name, value in about.endpoint.items() if name in known})
        whose = (about.pid, about.process_started, about.made_at)
        yield Record(file.parent, endpoint, about.purpose, about.name, *whose)


def _home() -> Path:
    home = state_folder() / "sessions"
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    return home


def _write(file: Path, content: Mapping[str, Any]) -> None:
    write_whole(file, json.dumps(content, indent=1).encode(), private=True)
