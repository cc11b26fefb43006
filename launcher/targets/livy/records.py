"""A private folder for each kernel that may start Livy sessions: sparkmagic's configuration, and which sessions it has.

A folder is made before the first session is and removed once its sessions are gone. One that is still there when its
process is not tells of sessions that may have leaked.
"""

import json
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from launcher.support.endpoint import Endpoint
from launcher.support.processes import Process, runs
from launcher.support.project import state_folder
from lib.support.atomic_write import write_whole

CONFIG = "config.json"
_ABOUT = "about.json"
_SESSION = "session-"


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
        return sorted(int(file.name.removeprefix(_SESSION)) for file in self.folder.glob(f"{_SESSION}*"))

    def has_made(self, session: Mapping[str, Any]) -> bool:
        """Whether a session, as Livy describes it, was made for this record."""
        names = {self.name, *(file.read_text() for file in self.folder.glob(f"{_SESSION}*"))} - {""}
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
    _write(folder / _ABOUT, {**asdict(record), "folder": str(folder)})
    return record


def note_session(folder: Path, number: int, name: str) -> None:
    """Note that a session of this id and name was made."""
    write_whole(folder / f"{_SESSION}{number}", name.encode(), private=True)


def records() -> list[Record]:
    """All folders there are, the eldest first."""
    found = []
    for about in _home().glob(f"*/{_ABOUT}"):
        try:
            fields = json.loads(about.read_text())
            fields |= {"folder": about.parent, "endpoint": Endpoint(**fields["endpoint"])}
            found.append(Record(**fields))
        except (OSError, ValueError, TypeError, KeyError):
            continue  # removed meanwhile, or half written by a process that was killed before it had a session
    return sorted(found, key=lambda record: record.made_at)


def _home() -> Path:
    home = state_folder() / "sessions"
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    return home


def _write(file: Path, content: Mapping[str, Any]) -> None:
    write_whole(file, json.dumps(content, indent=1).encode(), private=True)
