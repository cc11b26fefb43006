"""Spark's classes, loaded and verified once for all: half the processor time of a start goes into that.

Java calls it class data sharing (JEP 350). An archive belongs to one Java, one Spark and the place of its jars, and
stands in the environment that has them; `make setup` makes it (`tools.prepare_java`). Without it, or with one that
does not fit, Java loads its classes as always.
"""

import hashlib
import os
import sys
from pathlib import Path

import pyspark

from launcher.support.project import PROJECT_NAME

# Options in this variable go to the Java of spark-submit, before those of the session's settings.
VARIABLE = "SPARK_SUBMIT_OPTS"


def archive_of(java: Path) -> Path:
    """Where the archive of the Java at this home is, made or not."""
    jars = Path(pyspark.__file__).parent / "jars"
    known = (java / "release").read_bytes(), os.fsencode(jars), str(jars.stat().st_mtime_ns).encode()
    return Path(sys.prefix, "share", PROJECT_NAME, f"spark_{hashlib.sha256(b' '.join(known)).hexdigest()[:16]}.jsa")


def environment(java: Path) -> dict[str, str]:
    """What makes spark-submit use the archive; nothing if there is none."""
    archive, given = archive_of(java), os.environ.get(VARIABLE, "")
    # Spark's own reading of this variable knows no way to write a quote.
    if not archive.is_file() or "SharedArchiveFile" in given or not {'"', "\\"}.isdisjoint(str(archive)):
        return {}
    return {VARIABLE: f'{given} -XX:SharedArchiveFile="{archive}"'.strip()}
