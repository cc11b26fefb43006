"""`lib` as one zip file, as Spark ships it to a cluster (`spark.submit.pyFiles`).

The same sources always give the same bytes, so the file's hash names the code. Standard library only:
`python tools/lib_zip.py infrastructure/build/lib.zip` works before anything is installed.
"""

import io
import sys
import zipfile
from collections.abc import Iterable
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent
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


if __name__ == "__main__":
    target = Path(sys.argv[1])
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(lib_zip())
    print(f"lib is packed in {target}")
