"""Imports the compiled modules so that they are compiled once per machine, not once per application.

numba caches compiled code next to its source. On a cluster, `lib` is imported from a zip in a folder that changes with
every application, where nothing can be cached. So the source is copied to the user's cache folder under a name that
contains its hash, and is always imported from there.
"""

import hashlib
import importlib.util
import os
import sys
import tempfile
from importlib import resources
from pathlib import Path
from types import ModuleType

from lib.support.atomic_write import write_whole
from lib.support.private_folders import is_private, shared_choice


def _load(kernels: str) -> ModuleType:
    source = resources.files("lib.trees").joinpath(f"{kernels}.py").read_bytes()
    name = f"{kernels}_{hashlib.sha256(source).hexdigest()[:16]}"
    if name in sys.modules:
        return sys.modules[name]
    spec = importlib.util.spec_from_file_location(name, _stable_copy(source, f"{name}.py"))
    assert spec is not None  # a path that ends with .py always has one
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def _stable_copy(source: bytes, name: str) -> Path:
    """The source in the first cache folder that can be written: the user's, or one in the temporary folder.

    A missing or read-only home is common on clusters; in the worst case each process compiles for itself.
    """
    for base in _cache_folders():
        try:
            base.mkdir(mode=0o700, parents=True, exist_ok=True)
            if is_private(base):  # never run other users' code
                return _write_once(base / name, source)
        except OSError:
            continue
    return _write_once(Path(tempfile.mkdtemp(prefix="mineria-ml-emr-")) / name, source)


def _cache_folders() -> list[Path]:
    home = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")  # noqa: PTH111
    return [
        Path(home) / "mineria-ml-emr",
        shared_choice("mineria-ml-emr"),
    ]


def _write_once(file: Path, source: bytes) -> Path:
    """Write a file unless it exists already: a new modification time would make numba compile again."""
    if not file.exists() or file.read_bytes() != source:
        write_whole(file, source, private=True)
    if not os.access(file.parent, os.W_OK):
        raise PermissionError(f"{file.parent} cannot be written")
    return file


growing = _load("kernels_growing")
applying = _load("kernels_applying")
scoring = _load("kernels_scoring")
nearest = _load("kernels_nearest")
