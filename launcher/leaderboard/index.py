"""The files of all runs below an output folder, read once: a cache remembers what each version of a file says.

The cache is never trusted over the files. What is there, and in which version, is asked each time; an entry counts only
for a file of the same path and version, and for the same code. Without a cache everything is read.
"""

import hashlib
import json
from collections.abc import Collection, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from launcher.experiment.claims import is_over
from launcher.leaderboard.excerpts import DAMAGE, EVALUATION_FILES, MODEL_FILES, Excerpt, of_file
from launcher.leaderboard.tags import TAG_FILES
from launcher.support.files import Files, files_at, resolved
from launcher.support.project import cache_folder
from lib import artifacts
from lib.errors import InputError
from lib.support.atomic_write import write_whole
from lib.support.version import code_hash

_AT_ONCE = 10
# What a page links to.
_PAGES = [f"{artifacts.NOTEBOOKS}/{name}.html" for name in ("01_explore", "02_train", "03_evaluate", "04_report")]
_TO_OPEN = {artifacts.REPORT, artifacts.REPORT_HTML, artifacts.SOURCE_ZIP, *_PAGES}


@dataclass(frozen=True)
class Folder:
    """A model's or evaluation's folder: its place, and the excerpts of its files by their names there.

    `others` are those of `_TO_OPEN` that are there.
    """

    place: str
    files: Mapping[str, Excerpt]
    others: frozenset[str] = frozenset()

    @property
    def name(self) -> str:
        """The name of the folder."""
        return self.place.rpartition("/")[2]


@dataclass(frozen=True)
class Found:
    """What stands below an output folder."""

    models: tuple[Folder, ...]
    evaluations: tuple[Folder, ...]
    failed: frozenset[str]
    claimed: frozenset[str]
    """Run ids that failed, and that a process has: one of another machine may have been killed."""


def found_below(out: str) -> Found:
    """Look at all runs below an output folder.

    Raises:
        ExperimentError: the place cannot be listed.
    """
    files = files_at(out)
    remembered = _Cache.of(out)
    with ThreadPoolExecutor() as pool:
        models = pool.submit(_folders, files, artifacts.models_dir(out), {*MODEL_FILES, *TAG_FILES}, remembered)
        evaluations = pool.submit(_folders, files, artifacts.results_dir(out), EVALUATION_FILES.keys(), remembered)
        names = pool.map(files.names, (artifacts.failures_dir(out), artifacts.claims_dir(out)))
        failed, claimed = (frozenset(each) for each in names)
        claimed = frozenset(each for each in claimed if artifacts.run_id_of(each) == each and not is_over(out, each))
        found = Found(models.result(), evaluations.result(), failed, claimed)
    remembered.save()
    return found


def _folders(files: Files, root: str, names: Collection[str], remembered: "_Cache") -> tuple[Folder, ...]:
    all_below = [name for name in files.names(root) if not name.startswith(".")]
    below = [name for name in all_below if name.isprintable()]
    there = files.versions(root, below, {*names, *_TO_OPEN})
    versions = {path: version for path, version in there.items() if path.partition("/")[2] in names}
    known = {path: remembered.get(f"{root}/{path}", version) for path, version in versions.items()}
    unknown = [path for path, excerpt in known.items() if excerpt is None]
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        read = dict(zip(unknown, pool.map(lambda path: _read(files, root, path), unknown), strict=True))
    content: dict[str, dict[str, Excerpt]] = {name: {} for name in below}
    others: dict[str, set[str]] = {name: set() for name in below}
    for path in there:
        folder, _, name = path.partition("/")
        if path not in versions:
            others[folder].add(name)
        elif excerpt := known[path] or read[path]:  # None: removed meanwhile
            remembered.put(f"{root}/{path}", versions[path], excerpt)
            content[folder][name] = excerpt
    found = [Folder(f"{root}/{name}", content[name], frozenset(others[name])) for name in below]
    found += [_unprintable(root, name) for name in all_below if not name.isprintable()]
    return tuple(sorted(found, key=lambda folder: folder.place))


def _unprintable(root: str, name: str) -> Folder:
    """A folder that no run of this project made, and whose name would break a table, or cannot be printed at all."""
    place = f"{root}/{name.encode('unicode_escape').decode()}"
    why = f"{place} has characters in its name that cannot be shown: rename it"
    return Folder(place, {artifacts.EXPERIMENT: {DAMAGE: why}})


def _read(files: Files, root: str, path: str) -> Excerpt | None:
    place = f"{root}/{path}"
    try:
        text = files.read_text(place)
    except InputError as error:  # it may not be read, or is no text
        return {DAMAGE: str(error)}
    if text is None:
        return None
    name = path.partition("/")[2]
    return TAG_FILES[name](text, place) if name in TAG_FILES else of_file(name, text, place)


class _Cache:
    """What the files of one output folder said when they were last looked at, in a file of this machine."""

    def __init__(self, file: Path, before: Mapping[str, Any]):
        self._file, self._before = file, before
        self._now: dict[str, Any] = {}

    @classmethod
    def of(cls, out: str) -> "_Cache":
        """That of an output folder; empty if there is none, or another version of the code made it."""
        name = hashlib.sha256(resolved(out).encode()).hexdigest()[:20]
        file = cache_folder() / "leaderboard" / f"{name}.json"
        with suppress(OSError, ValueError):
            code, digest, content = file.read_bytes().split(b"\n", 2)
            if code == _code() and digest == _digest(content):
                return cls(file, json.loads(content))
        return cls(file, {})

    def get(self, place: str, version: str) -> Excerpt | None:
        known, excerpt = self._before.get(place, ("", None))
        return excerpt if version and known == version else None

    def put(self, place: str, version: str, excerpt: Excerpt) -> None:
        # A file that may not be read may become readable without another version.
        if version and DAMAGE not in excerpt:
            self._now[place] = [version, excerpt]

    def save(self) -> None:
        """Write it, if something has changed; a cache that cannot be written is no fault."""
        if self._now != self._before:
            content = json.dumps(self._now).encode()
            with suppress(OSError):
                write_whole(self._file, b"\n".join((_code(), _digest(content), content)), private=True)


def _digest(content: bytes) -> bytes:
    return hashlib.sha256(content).hexdigest().encode()


@cache
def _code() -> bytes:
    """A hash of the code that makes excerpts."""
    own = b"".join(path.read_bytes() for path in sorted(Path(__file__).parent.glob("*.py")))
    return f"{code_hash()} {hashlib.sha256(own).hexdigest()}".encode()
