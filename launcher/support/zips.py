"""Zip files of the project whose bytes depend on its sources alone, so that a file's hash names the code.

Standard library only: `tools/lib_zip.py` packs `lib` before anything is installed.
"""

import io
import zipfile
from collections.abc import Iterable
from pathlib import Path

from launcher.support.project import PROJECT

_EPOCH = (1980, 1, 1, 0, 0, 0)  # the earliest a zip file knows


def lib_zip() -> bytes:
    """Zip the Python files of `lib`."""
    return zip_of((PROJECT / "lib").rglob("*.py"))


def zip_of(files: Iterable[Path]) -> bytes:
    """Zip files of the project, without anything that differs from one checkout to the next."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(files):
            entry = zipfile.ZipInfo(path.relative_to(PROJECT).as_posix(), _EPOCH)
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, path.read_bytes(), zipfile.ZIP_DEFLATED)
    return buffer.getvalue()
