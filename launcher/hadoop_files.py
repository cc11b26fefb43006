"""The files of HDFS and its like, from the user's side: what a Spark driver reads, Hadoop reads on this machine, too.

PySpark brings Hadoop's client. It runs in a Java of its own, without Spark, that ends with this process, and finds a
cluster by the URI's host or by the files in HADOOP_CONF_DIR.
"""

import atexit
import os
from collections.abc import Collection, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from pyspark import SparkConf
from pyspark.java_gateway import launch_gateway

from launcher.local_spark import end_java, environment_of, find_java, new_log_file
from lib.storage import Storage


class HadoopFiles:
    """Files by URI (`launcher.support.files.Files`); a file appears whole or not at all.

    Each method raises what `lib.storage.Storage` does.
    """

    pause = 1.0

    def __init__(self) -> None:
        self._storage = _storage()

    def read_text(self, place: str) -> str | None:
        """The text of a file, or None where there is none."""
        return self._storage.read_text(place) if self._storage.exists(place) else None

    def read_bytes(self, place: str) -> bytes | None:
        """The content of a file, or None where there is none."""
        return self._storage.read_bytes(place) if self._storage.exists(place) else None

    def exists(self, place: str) -> bool:
        """Whether there is a file or folder."""
        return self._storage.exists(place)

    def names(self, folder: str) -> list[str]:
        """The names in a folder, in order; none where there is no such folder."""
        return self._storage.list(folder)

    def versions(self, folder: str, below: Sequence[str], names: Collection[str]) -> dict[str, str]:
        """The files of these names in folders directly `below` one; nothing tells their versions."""
        places = [f"{each}/{name}" for each in below for name in names]
        return {place: "" for place in places if self.exists(f"{folder}/{place}")}

    def put(self, file: Path, place: str) -> None:
        """Copy a file of this machine to a place, whole or not at all."""
        self._storage.write_bytes(place, file.read_bytes())

    def claim(self, place: str, content: bytes) -> bool:
        """Make a file, and tell whether it was not there: of several who do so at once, one is told."""
        return self._storage.claim(place, content)

    def replace_claim(self, place: str, old: str, content: bytes) -> bool:
        """Tell that it was not done: HDFS replaces nothing under a condition, so a person must remove the claim."""
        return False

    def remove(self, place: str) -> None:
        """Remove a file or a folder with what is in it, where there is one."""
        self._storage.delete(place)


@cache
def _storage() -> Storage:
    os.environ.update(environment_of(find_java()))
    with new_log_file().open("ab") as log:
        gateway: Any = launch_gateway(SparkConf(loadDefaults=False), {"stdout": log, "stderr": log})
    atexit.register(end_java, gateway)
    return Storage.over(gateway.jvm, gateway.jvm.org.apache.hadoop.conf.Configuration())
