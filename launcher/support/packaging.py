"""The code where a cluster finds it: zip files beside the results, named by what is in them."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from launcher.support.files import Files, put_content
from launcher.support.project import PROJECT
from launcher.support.zips import lib_zip, zip_of
from lib import artifacts
from lib.support.version import code_hash

_LIB, _PROJECT = "lib.zip", "project.zip"


@dataclass(frozen=True)
class Archive:
    """The project in a zip file: where it is, and its SHA-256."""

    place: str
    digest: str


def place(out: str) -> str:
    """Where `lib` of this very version is, or will be."""
    return f"{artifacts.source_dir(out, code_hash())}/{_LIB}"


def upload(files: Files, out: str) -> str:
    """Make sure that `lib` of this very version is at `<out>/source/<hash>/lib.zip`; return that place.

    The hash is the one that `experiment.json` gives as the version of `lib`.
    """
    target = place(out)
    if not files.exists(target):
        put_content(files, lib_zip(), target)
    return target


def upload_project(files: Files, out: str) -> Archive:
    """Make sure that what runs an experiment, as it stands here, is at `<out>/source/<its hash>/project.zip`."""
    archive, content = project(out)
    if not files.exists(archive.place):
        put_content(files, content, archive.place)
    return archive


def project(out: str) -> tuple[Archive, bytes]:
    """What runs an experiment, as it stands here: where it is, or will be, and its content."""
    content = zip_of(_sources())
    digest = hashlib.sha256(content).hexdigest()
    return Archive(f"{artifacts.source_dir(out, digest[:12])}/{_PROJECT}", digest), content


def _sources() -> Iterator[Path]:
    """The files that a run needs: the launcher with its templates and tables, `lib`, and the notebooks."""
    yield PROJECT / "run_experiment.py"
    yield from (PROJECT / "lib").rglob("*.py")
    yield from (PROJECT / "notebooks").glob("*.ipynb")
    for path in (PROJECT / "launcher").rglob("*"):
        if path.is_file() and "__pycache__" not in path.parts:
            yield path
