"""Spark's classes, loaded and verified once for all: half the processor time of a start goes into that.

Java calls it class data sharing (JEP 350). An archive belongs to one Java, one Spark and the place of its jars, and
stands in the environment that has them; `make setup` makes it (`launcher.prepare_java`). Without it, or with one that
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
    known = (java / "release").read_bytes(), pyspark.__version__.encode(), os.fsencode(Path(pyspark.__file__).parent)
    return Path(sys.prefix, "share", PROJECT_NAME, f"spark_{hashlib.sha256(b' '.join(known)).hexdigest()[:16]}.jsa")


def environment(java: Path) -> dict[str, str]:
    """What makes spark-submit use the archive; nothing if there is none."""
    archive, given = archive_of(java), os.environ.get(VARIABLE, "")
    if not archive.is_file() or "SharedArchiveFile" in given:
        return {}
    return {VARIABLE: f'{given} -XX:SharedArchiveFile="{archive}"'.strip()}
