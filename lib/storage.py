"""Small files anywhere the Spark driver can reach: a local folder, `hdfs:`, `s3:` on EMR, `s3a:` elsewhere.

Everything goes through Hadoop's FileSystem, so a path that Spark can read is a path that works here, with the same
credentials. Spark itself reads and writes tables and models; this module is for JSON, Markdown and plots.
"""

import json
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from py4j.protocol import Py4JError, Py4JJavaError
from pyspark.errors import PySparkException
from pyspark.sql import SparkSession

from lib.errors import ExperimentError, InputError
from lib.model_files import Folders
from lib.support import s3_uri
from lib.support.atomic_write import write_whole


class Storage:
    """Reads and writes files by URI on behalf of one Spark session.

    Each method raises InputError if a place does not exist, is not permitted or has no file system in this Spark, and
    ExperimentError if its file system fails.
    """

    def __init__(self, spark: SparkSession):
        self._jvm: Any = spark.sparkContext._jvm
        self._conf = spark.sparkContext._jsc.hadoopConfiguration()

    def exists(self, uri: str) -> bool:
        """Whether there is a file or a folder at `uri`."""
        with _explained(uri, "look at"):
            fs, path = self._open(uri)
            return fs.exists(path)

    def size(self, uri: str) -> int:
        """Bytes of a file, or of all files below a folder."""
        with _explained(uri, "look at"):
            fs, path = self._open(uri)
            return fs.getContentSummary(path).getLength()

    def glob(self, uri: str) -> list[str]:
        """Matches of a pattern in Spark's syntax (`*`, `?`, `{a,b}`), sorted; a plain existing URI matches itself."""
        with _explained(uri, "look at"):
            fs, path = self._open(uri)
            return sorted(status.getPath().toString() for status in fs.globStatus(path) or [])

    def list(self, uri: str) -> list[str]:
        """Names of the files and folders directly below `uri`, sorted; empty if there is no such folder."""
        with _explained(uri, "list"):
            fs, path = self._open(uri)
            if not fs.exists(path):
                return []
            return sorted(status.getPath().getName() for status in fs.listStatus(path))

    def read_bytes(self, uri: str) -> bytes:
        """The whole content of one file."""
        with _explained(uri, "read"):
            fs, path = self._open(uri)
            stream = fs.open(path)
            try:
                return bytes(self._jvm.org.apache.commons.io.IOUtils.toByteArray(stream))
            finally:
                stream.close()

    def read_text(self, uri: str) -> str:
        """The whole content of one UTF-8 file."""
        return self.read_bytes(uri).decode()

    def read_json(self, uri: str) -> Any:
        """The content of one JSON file.

        Raises:
            InputError: it is not JSON, too.
        """
        try:
            return json.loads(self.read_text(uri))
        except ValueError as error:
            raise InputError(f"{uri} is damaged: it is not JSON; copy it again") from error

    def write_bytes(self, uri: str, content: bytes) -> None:
        """Write a file so that it appears completely or not at all, replacing any existing one.

        An object store shows an object only once it is complete; elsewhere a hidden file in the same folder is written
        first and then renamed over the target.
        """
        with _explained(uri, "write"):
            fs, path = self._open(uri)
            scheme = fs.getScheme()
            if scheme == "file":
                # Hadoop's local file system would leave a .crc file next to each file.
                write_whole(Path(path.toUri().getPath()), content)
            elif scheme in s3_uri.SCHEMES:
                self._write(fs, path, content)
            else:
                self._replace(fs, path, content)

    def write_text(self, uri: str, content: str) -> None:
        """Write one UTF-8 file, completely or not at all."""
        self.write_bytes(uri, content.encode())

    def write_json(self, uri: str, content: Any) -> None:
        """Write one indented JSON file, completely or not at all."""
        self.write_text(uri, json.dumps(content, indent=2, ensure_ascii=False) + "\n")

    def check_writable(self, folder: str) -> None:
        """Raise InputError unless files can be written below `folder` (it writes one, the only reliable test)."""
        probe = join(folder, f".probe-{uuid.uuid4().hex[:8]}")
        self.write_bytes(probe, b"")
        self.delete(probe)

    def delete(self, uri: str) -> None:
        """Remove a file, or a folder with everything in it; does nothing if there is none."""
        with _explained(uri, "delete"):
            fs, path = self._open(uri)
            fs.delete(path, True)

    @property
    def folders(self) -> Folders:
        """What `lib.model_files` asks."""
        return Folders(self.list, self.read_text, self.exists)

    def _path(self, uri: str) -> Any:
        return self._jvm.org.apache.hadoop.fs.Path(uri)

    def _open(self, uri: str) -> tuple[Any, Any]:
        path = self._path(uri)
        return path.getFileSystem(self._conf), path

    def _replace(self, fs: Any, path: Any, content: bytes) -> None:
        """What `atomic_write` does, through Hadoop."""
        hidden = self._path(f"{path.getParent()}/.{uuid.uuid4().hex}.part")
        try:
            self._write(fs, hidden, content)
            if fs.exists(path):
                fs.setPermission(hidden, fs.getFileStatus(path).getPermission())
            self._rename_over(fs, hidden, path)
        except BaseException:
            with suppress(Py4JError):  # the original error is more informative
                fs.delete(hidden, False)
            raise

    def _rename_over(self, fs: Any, source: Any, target: Any) -> None:
        # FileContext replaces an existing target in one step; FileSystem's rename refuses it.
        overwrite = self._jvm.org.apache.hadoop.fs.Options.Rename.OVERWRITE
        options = self._jvm.java.lang.reflect.Array.newInstance(overwrite.getDeclaringClass(), 1)
        self._jvm.java.lang.reflect.Array.set(options, 0, overwrite)
        context = self._jvm.org.apache.hadoop.fs.FileContext.getFileContext(target.toUri(), self._conf)
        context.rename(fs.makeQualified(source), fs.makeQualified(target), options)

    @staticmethod
    def _write(fs: Any, path: Any, content: bytes) -> None:
        stream = fs.create(path, True)
        stream.write(bytearray(content))
        # Not in a `finally`: closing makes an object appear in an object store, and an incomplete one must not.
        stream.close()


def join(folder: str, *names: str) -> str:
    """A URI below `folder`."""
    return "/".join([folder.rstrip("/"), *names])


def java_cause(error: Py4JJavaError) -> str:
    """The root cause of a Java exception as `Class: message`, on one line."""
    cause = error.java_exception
    while cause.getCause() is not None:
        cause = cause.getCause()
    return " ".join(cause.toString().split())


@contextmanager
def _explained(uri: str, verb: str) -> Iterator[None]:
    """Turn a Java exception into one sentence that names the place and what to check."""
    try:
        yield
    except OSError as error:
        raise InputError(f"cannot {verb} {uri}: {error.strerror}; check the path and its permissions") from error
    except PySparkException as error:
        # PySpark has its own classes for two Java exceptions: an invalid URI, and an unsupported operation.
        cause = getattr(error, "desc", None) or "its file system does not support folders"
        raise InputError(
            f"cannot {verb} {uri}: {cause}; give a path, or a URI such as file:/data/x, hdfs:///data/x or s3://bucket/x"
        ) from error
    except Py4JJavaError as error:
        cause = java_cause(error)
        if "UnsupportedFileSystemException" in cause or "ClassNotFoundException" in cause:
            raise InputError(
                f"cannot {verb} {uri}: this Spark has no file system for that scheme ({cause}); "
                "outside EMR, s3: needs the hadoop-aws package"
            ) from error
        denied = any(sign in cause for sign in ("AccessControl", "AccessDenied", "Permission denied", "403"))
        hint = "check the permissions of the user or role that runs Spark" if denied else "check the path"
        failure = InputError if denied or "FileNotFound" in cause else ExperimentError
        raise failure(f"cannot {verb} {uri}: {cause}; {hint}") from error
