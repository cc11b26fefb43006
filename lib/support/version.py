"""The code and software versions of an experiment."""

from __future__ import annotations

import hashlib
import platform
from collections.abc import Iterator
from importlib import metadata, resources
from importlib.resources.abc import Traversable
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # the launcher computes the hash without Spark
    from pyspark.sql import SparkSession


def code_hash() -> str:
    """A short hash of this package's source, wherever it was imported from (a folder or a lib.zip)."""
    digest = hashlib.sha256()
    for name, content in sorted(_sources(resources.files("lib"))):
        digest.update(name.encode() + b"\0" + content + b"\0")
    return digest.hexdigest()[:12]


def _sources(folder: Traversable, above: str = "") -> Iterator[tuple[str, bytes]]:
    for entry in folder.iterdir():
        if entry.is_dir():
            yield from _sources(entry, f"{above}{entry.name}/")
        elif entry.name.endswith(".py"):
            yield above + entry.name, entry.read_bytes()


def versions(spark: SparkSession) -> dict[str, str]:
    """Versions on the driver: Python, Spark, Java, the numeric libraries, and the hash of `lib`."""
    jvm = spark.sparkContext._jvm
    assert jvm is not None  # a stopped session has none
    return {
        "python": platform.python_version(),
        "spark": spark.version,
        "java": str(jvm.java.lang.System.getProperty("java.version")),
        "numpy": metadata.version("numpy"),
        "numba": metadata.version("numba"),
        "lib": code_hash(),
    }
