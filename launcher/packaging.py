"""`lib` where a cluster finds it: as a zip file beside the results, named by what is in it."""

import tempfile
from pathlib import Path

from launcher.files import Files
from lib.version import code_hash
from tools.lib_zip import lib_zip

NAME = "lib.zip"


def place(out: str) -> str:
    """Where `lib` of this very version is, or will be."""
    return f"{out.rstrip('/')}/source/{code_hash()}/{NAME}"


def upload(files: Files, out: str) -> str:
    """Make sure that `lib` of this very version is at `<out>/source/<hash>/lib.zip`; return that place.

    The hash is the one that `experiment.json` gives as the version of `lib`.
    """
    target = place(out)
    if not files.exists(target):
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder, NAME)
            file.write_bytes(lib_zip())
            files.put(file, target)
    return target
