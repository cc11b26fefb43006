"""Jars that tests need beside Spark's own: fetched from Maven Central once, and kept in the user's cache folder.

`python -m tests.jars` fetches all of them ahead.
"""

import hashlib
import os
import subprocess
import tempfile
from pathlib import Path

import pyspark

from launcher.local_spark import find_java
from launcher.support.project import PROJECT_NAME

TESTS = Path(__file__).parent
SPARK_JARS = Path(pyspark.__file__).parent / "jars"
_SECONDS = 600


class JarsNotFetched(Exception):
    """Maven Central was not reached, or does not have what was asked for."""


def fetched(coordinates: Path) -> Path:
    """The folder of the jars that an Ivy file lists, resolved by the Ivy that Spark brings.

    Raises:
        JarsNotFetched: they are not in the cache and could not be fetched.
    """
    kept = _cache() / f"{coordinates.stem}-{hashlib.sha256(coordinates.read_bytes()).hexdigest()[:12]}"
    if kept.exists():
        return kept
    kept.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=kept.parent) as scratch:
        (ivy,) = SPARK_JARS.glob("ivy-*.jar")
        command = [find_java() / "bin" / "java", "-cp", ivy, "org.apache.ivy.Main", "-error", "-ivy", coordinates]
        command += [
            "-cache",
            f"{scratch}/cache",
            "-retrieve",
            f"{scratch}/jars/[artifact]-[revision](-[classifier]).[ext]",
        ]
        try:
            subprocess.run(command, check=True, capture_output=True, text=True, timeout=_SECONDS)
        except subprocess.TimeoutExpired:
            raise JarsNotFetched(f"the jars of {coordinates.name} were not fetched in {_SECONDS} s") from None
        except subprocess.CalledProcessError as error:
            raise JarsNotFetched(f"the jars of {coordinates.name} cannot be fetched: {error.stdout[-500:]}") from None
        try:
            Path(scratch, "jars").rename(kept)
        except OSError:
            if not kept.exists():  # another test run was faster
                raise
    return kept


def _cache() -> Path:
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / PROJECT_NAME / "jars"


if __name__ == "__main__":
    for each in sorted(TESTS.glob("*/*jars.xml")):
        print(fetched(each))
