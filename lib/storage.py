"""Small files anywhere the Spark driver can reach: a local folder, `hdfs:`, `s3:` on EMR, `s3a:` elsewhere.

Everything goes through Hadoop's FileSystem, so a path that Spark can read is a path that works here, with the same
credentials. Spark itself reads and writes tables and models; this module is for JSON, Markdown and plots.
"""

import io
import json
import re
import shutil
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from py4j.protocol import Py4JError, Py4JJavaError
from pyspark.errors import PySparkException
from pyspark.sql import SparkSession

from lib.errors import Damaged, ExperimentError, InputError
from lib.records.door import Kind
from lib.records.model_files import Folders
from lib.support import s3_uri
from lib.support.atomic_write import make_new, replacing_path, write_whole
from lib.support.tables import start_of
from lib.support.texts import decoded

# What Hadoop says of a file name with a colon.
_COLON = re.compile(r"Relative path in absolute URI: (.*)")


class Storage:
    """Reads and writes files by URI on behalf of one Spark session.

    Each method raises InputError if a place does not exist, is not permitted or has no file system in this Spark, and
    ExperimentError if its file system fails.
    """

    def __init__(self, spark: SparkSession):
        self._jvm: Any = spark.sparkContext._jvm
        self._conf = spark.sparkContext._jsc.hadoopConfiguration()

    @classmethod
    def over(cls, jvm: Any, conf: Any) -> "Storage":
        """The same without Spark, by Hadoop's configuration in a Java that has its classes."""
        storage = cls.__new__(cls)
        storage._jvm, storage._conf = jvm, conf
        return storage

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

    def stamp(self, uri: str) -> tuple[int, int]:
        """Bytes of a file, and when it was last modified (milliseconds since 1970)."""
        with _explained(uri, "look at"):
            fs, path = self._open(uri)
            status = fs.getFileStatus(path)
            return status.getLen(), status.getModificationTime()

    def glob(self, uri: str) -> list[str]:
        """Matches of a pattern in Spark's syntax (`*`, `?`, `{a,b}`), sorted; a plain existing URI matches itself."""
        with _explained(uri, "look at"):
            fs, path = self._open(uri)
            if fs.exists(path):  # its name may have brackets, too
                return [fs.getFileStatus(path).getPath().toString()]
            return sorted(status.getPath().toString() for status in fs.globStatus(path) or [])

    def list(self, uri: str) -> list[str]:
        """Names of the files and folders directly below `uri`, sorted; empty if there is no such folder."""
        with _explained(uri, "list"):
            fs, path = self._open(uri)
            if not fs.exists(path):
                return []
            return sorted(status.getPath().getName() for status in fs.listStatus(path))

    def files(self, uri: str) -> dict[str, dict[str, tuple[str, int]]]:
        """The file or folder at `uri`, or what it matches as a pattern; and of each all files at or below it: the path
        below the folder (or below the part of the pattern without wildcards), and the bytes.
        """
        with _explained(uri, "look at"):
            fs, path = self._open(uri)
            if fs.exists(path):
                start, roots = path, [path]
            else:
                start = self._path(f"{start_of(uri)}/")
                roots = [status.getPath() for status in fs.globStatus(path) or []]
            folder = fs.makeQualified(start).toString().rstrip("/")
            found: dict[str, dict[str, tuple[str, int]]] = {}
            for root in roots:
                of_root: dict[str, tuple[str, int]] = {}
                each = fs.listFiles(root, True)
                while each.hasNext():
                    status = each.next()
                    file = status.getPath().toString()
                    below = file.removeprefix(folder).lstrip("/") or file.rpartition("/")[2]
                    of_root[file] = (below, status.getLen())
                found[fs.makeQualified(root).toString().rstrip("/")] = dict(sorted(of_root.items()))
            return dict(sorted(found.items()))

    def open(self, uri: str, size: int) -> "StoredFile":
        """A file of `size` bytes, to be read piece by piece."""
        with _explained(uri, "read"):
            fs, path = self._open(uri)
            return StoredFile(
                uri.removeprefix("file:"), size, fs.open(path), self._jvm.org.apache.commons.io.IOUtils.toByteArray
            )

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
        return decoded(self.read_bytes(uri), uri)

    def read_record(self, uri: str, kind: Kind) -> Any:
        """The content of a JSON file that an earlier run left.

        Raises:
            InputError: it is not there, or not such a file.
        """
        return kind.parse(self.read_text(uri), uri)

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
                self._replace(fs, path, lambda hidden: self._write(fs, hidden, content))

    def upload(self, local: Path, uri: str) -> None:
        """Move a file of this machine to `uri`, where it appears completely or not at all, replacing any there."""
        with _explained(uri, "write"):
            fs, path = self._open(uri)
            scheme, source = fs.getScheme(), self._path(local.as_uri())
            if scheme == "file":
                with replacing_path(Path(path.toUri().getPath())) as hidden:
                    shutil.move(local, hidden)
            elif scheme in s3_uri.SCHEMES:
                fs.copyFromLocalFile(True, True, source, path)
            else:
                self._replace(fs, path, lambda hidden: fs.copyFromLocalFile(True, True, source, hidden))

    def write_text(self, uri: str, content: str) -> None:
        """Write one UTF-8 file, completely or not at all."""
        self.write_bytes(uri, content.encode())

    def write_json(self, uri: str, content: Any) -> None:
        """Write one indented JSON file, completely or not at all."""
        self.write_text(uri, _as_json(content))

    def write_record(self, uri: str, kind: Kind, content: Mapping[str, Any]) -> dict[str, Any]:
        """Write a JSON file for later runs, completely or not at all; returns what is in it."""
        record = kind.stamped(content)
        self.write_json(uri, record)
        return record

    def claim(self, uri: str, content: bytes) -> bool:
        """Make a file, and tell whether there was none: HDFS and disks tell one of several who do so at once."""
        with _explained(uri, "write"):
            fs, path = self._open(uri)
            if fs.getScheme() == "file":  # Hadoop would leave a .crc file there, which a later version does not match
                return make_new(Path(path.toUri().getPath()), content)
            try:
                stream = fs.create(path, False)
                stream.write(content)
                stream.close()
            except Py4JJavaError as error:
                if "FileAlreadyExists" in java_cause(error):
                    return False
                raise
        return True

    def claim_record(self, uri: str, kind: Kind, content: Mapping[str, Any]) -> bool:
        """Make a JSON file for later runs, and tell whether there was none."""
        return self.claim(uri, _as_json(kind.stamped(content)).encode())

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
        """What `lib.records.model_files` asks."""
        return Folders(self.list, self.read_text, self.exists)

    def _path(self, uri: str) -> Any:
        return self._jvm.org.apache.hadoop.fs.Path(uri)

    def _open(self, uri: str) -> tuple[Any, Any]:
        path = self._path(uri)
        return path.getFileSystem(self._conf), path

    def _replace(self, fs: Any, path: Any, write: Callable[[Any], None]) -> None:
        """What `atomic_write` does, through Hadoop."""
        hidden = self._path(f"{path.getParent()}/.{uuid.uuid4().hex}.part")
        try:
            write(hidden)
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


class StoredFile(io.RawIOBase):
    """A file that is read piece by piece, through Hadoop. `failure` keeps the error of a read."""

    def __init__(self, uri: str, size: int, stream: Any, read: Callable[[Any, int], bytes]):
        self.uri, self.size = uri, size
        self.failure: Exception | None = None
        self._stream, self._read, self._place = stream, read, 0

    def readable(self) -> bool:
        """Yes; pyarrow asks."""
        return True

    def seekable(self) -> bool:
        """Yes."""
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Move to a position and return it."""
        self._place = {io.SEEK_SET: 0, io.SEEK_CUR: self._place, io.SEEK_END: self.size}[whence] + offset
        return self._place

    def tell(self) -> int:
        """The position."""
        return self._place

    def readinto(self, buffer: Any) -> int:
        """Fill `buffer` from the position on; return how many bytes it got."""
        count = min(len(buffer), self.size - self._place)
        if count <= 0:
            return 0
        try:
            with _explained(self.uri, "read"):
                self._stream.seek(self._place)
                buffer[:count] = self._read(self._stream, count)
        except Exception as error:
            self.failure = error
            raise
        self._place += count
        return count

    def close(self) -> None:
        """Read no more."""
        if not self.closed:
            self._stream.close()
        super().close()


def _as_json(content: Any) -> str:
    return json.dumps(content, indent=2, ensure_ascii=False) + "\n"


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
        if (found := _COLON.search(cause)) and found[1] != uri:
            raise InputError(
                f"cannot {verb} {uri}: Hadoop does not allow the colon in the name of {found[1]!r} there; rename "
                "it, or give each file by its name"
            ) from error
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
        if "ChecksumException" in cause:
            raise Damaged(uri, "its content is not what its checksum says", "restore it from a copy") from error
        denied = any(sign in cause for sign in ("AccessControl", "AccessDenied", "Permission denied", "403"))
        hint = "check the permissions of the user or role that runs Spark" if denied else "check the path"
        failure = InputError if denied or "FileNotFound" in cause else ExperimentError
        raise failure(f"cannot {verb} {uri}: {cause}; {hint}") from error
