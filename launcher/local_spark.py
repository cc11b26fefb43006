"""The Spark session of one machine: driver and executors in this process's JVM.

The launcher hands a run's Spark settings to the kernel through environment variables, since a kernel takes no
arguments: `SPARK_MASTER`, `SPARK_SETTINGS` (a JSON object of Spark properties) and `SPARK_LOG_FILE`.
"""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import pyspark
from py4j.java_gateway import JavaGateway
from py4j.protocol import Py4JError, Py4JJavaError
from pyspark import SparkConf, SparkContext
from pyspark.java_gateway import launch_gateway
from pyspark.sql import SparkSession

from launcher.support import class_archive
from launcher.support.project import PROJECT, PROJECT_NAME
from lib.errors import ExperimentError, InputError
from lib.support import machine
from lib.support.private_folders import private_folder, shared_choice

MASTER_VARIABLE = "SPARK_MASTER"
SETTINGS_VARIABLE = "SPARK_SETTINGS"
LOG_VARIABLE = "SPARK_LOG_FILE"

# For sessions of a minute or two, most of whose time would go to compiling code that runs a few times: the JVM's quick
# compiler alone halves the processor time of a notebook. Long fits inside the JVM want its slow one.
SHORT_SESSION = {"spark.driver.extraJavaOptions": "-XX:TieredStopAtLevel=1"}

JAVA_VERSION = "17"
_JAVA_FOLDERS = ("/usr/lib/jvm", "/usr/java", "/opt/java", "/Library/Java/JavaVirtualMachines")
_LOGS_KEPT = 20
_PATIENCE = 30.0
_GIGABYTE = 2**30
# Address space that a JVM of ours reserves beside its heap (measured: 2.98 GB, classes, code and threads).
_BESIDE_HEAP = 3 * _GIGABYTE
# What Spark says when a worker is gone: its own words, or the exception of the thread that was writing to it.
_WORKER_DIED = re.compile(
    r"Python worker exited unexpectedly|SocketException: (Broken pipe|Connection reset)[\s\S]*\bapi\.python\.\w*Python"
)


class SparkStartError(ExperimentError):
    """Spark did not start: Java is missing, or the JVM ended before it could be used."""


class SparkDied(ExperimentError):
    """Java, or a Python worker of Spark, ended in the middle: what called it sees a lost connection and no more."""


def build_session(
    master: str | None = None, settings: Mapping[str, str] | None = None, log_file: Path | None = None
) -> SparkSession:
    """Start Spark in this process, or return the session that runs already.

    `master`, `settings` (Spark properties) and `log_file` go before the environment variables of the same
    meaning, and those before `local[*]`, the defaults below and a file in the temporary folder. Everything that Spark
    and Java print goes to the log file and nowhere else.

    Raises:
        SparkStartError: no Java 17, or the JVM did not start; quotes the end of its log.
        InputError: `SPARK_SETTINGS` is not a JSON object.
    """
    running = SparkSession.getActiveSession()
    if running is not None:
        return running
    conf = SparkConf(loadDefaults=False)
    conf.setMaster(master or os.environ.get(MASTER_VARIABLE) or "local[*]")
    conf.setAll([*{**_defaults(), **settings_from_environment(), **(settings or {})}.items()])
    os.environ.update(environment_of(find_java()))
    log_file = log_file or new_log_file()
    try:
        with log_file.open("ab") as log:
            gateway = SparkContext._gateway or launch_gateway(conf, {"stdout": log, "stderr": log})
        return SparkSession(SparkContext(conf=conf, gateway=gateway))
    except Exception as error:
        _end_jvm()
        raise SparkStartError(_start_failure(error, log_file)) from error


def stop_session(spark: SparkSession, patience: float = _PATIENCE) -> None:
    """Stop Spark and its JVM, so that the next session may have other memory settings.

    Java has `patience` seconds to end.
    """
    spark.stop()
    _end_jvm(patience)


def what_died(error: BaseException) -> SparkDied | None:
    """What ended while the code ran that raised an error, or None where the error speaks for itself.

    Nobody says why a process was killed. That memory ran out is likely, and only that.
    """
    gateway = SparkContext._gateway
    if gateway is not None and (code := _exit_code(gateway.proc, error)) is not None:
        return SparkDied(
            f"Java, which runs Spark here, ended in the middle ({_how(code)}). The system may have ended it because "
            "memory ran out: close other programs, or use fewer cores (SPARK_MASTER=local[1]); if its log tells of a "
            "full heap, raise spark.driver_memory. Then run again in a new kernel"
        )
    text = str(error)
    if _WORKER_DIED.search(text) and "PythonException: Traceback" not in text:
        return SparkDied(
            "a Python worker of Spark ended in the middle, without an error of its own. The system may have ended it "
            "because memory ran out: close other programs, or use fewer cores (SPARK_MASTER=local[1]), so that fewer "
            "workers run at the same time"
        )
    return None


def new_log_file() -> Path:
    """Where the next session's Spark and Java write to: `SPARK_LOG_FILE`, or a file in the temporary folder."""
    named = os.environ.get(LOG_VARIABLE)
    if named:
        Path(named).parent.mkdir(parents=True, exist_ok=True)
        return Path(named)
    scratch = _scratch()
    for old in sorted(scratch.glob("*.log"))[: 1 - _LOGS_KEPT]:
        old.unlink(missing_ok=True)
    return scratch / f"{datetime.now(UTC):%Y%m%d_%H%M%S}_{os.getpid()}.log"


def settings_from_environment() -> dict[str, str]:
    """Spark properties that the launcher hands over in `SPARK_SETTINGS`.

    Raises:
        InputError: it is no JSON object.
    """
    text = os.environ.get(SETTINGS_VARIABLE) or "{}"
    try:
        settings = json.loads(text)
    except ValueError as error:
        raise InputError(f"{SETTINGS_VARIABLE} is not JSON ({error}): {text}") from None
    if not isinstance(settings, dict):
        raise InputError(f'{SETTINGS_VARIABLE} must be a JSON object such as {{"spark.driver.memory": "4g"}}')
    return {name: str(value) for name, value in settings.items()}


def find_java() -> Path:
    """The home of a Java 17: `JAVA_HOME`, this environment's own, the one on the PATH, the system's.

    Raises:
        SparkStartError: there is none; says what to install.
    """
    on_path = shutil.which("java")
    candidates = [
        *filter(None, [os.environ.get("JAVA_HOME")]),
        f"{sys.prefix}/lib/jvm",  # where conda puts it
        *([str(Path(on_path).resolve().parents[1])] if on_path else []),
        *(str(home) for folder in _JAVA_FOLDERS for home in sorted(Path(folder).glob(f"*{JAVA_VERSION}*"))),
    ]
    for home in candidates:
        for place in (Path(home), Path(home, "Contents", "Home")):  # the second is macOS's
            if _java_version(place) == JAVA_VERSION:
                return place
    raise SparkStartError(
        f"Spark needs Java {JAVA_VERSION} and there is none here: install it (Debian and Ubuntu: "
        f"apt-get install openjdk-{JAVA_VERSION}-jre-headless, conda: openjdk={JAVA_VERSION}, macOS: "
        f"brew install openjdk@{JAVA_VERSION}) or point JAVA_HOME at it"
    )


def last_lines(log_file: Path, count: int = 20) -> str:
    """The end of a log."""
    try:
        return "\n".join(log_file.read_text(errors="replace").splitlines()[-count:])
    except OSError:
        return ""


def _exit_code(java: subprocess.Popen[bytes], error: BaseException) -> int | None:
    """The exit code of a Java that has ended; one whose connection was lost a moment ago may be about to."""
    is_lost = isinstance(error, Py4JError | ConnectionError | EOFError) and not isinstance(error, Py4JJavaError)
    try:
        return java.wait(2 if is_lost else 0)
    except subprocess.TimeoutExpired:
        return None


def _how(code: int) -> str:
    return f"killed by {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"


def _java_version(home: Path) -> str | None:
    """The major version of the Java at `home`, from the `release` file every JDK and JRE has."""
    try:
        found = re.search(r'^JAVA_VERSION="?(\d+)', (home / "release").read_text(), re.MULTILINE)
    except OSError:
        return None
    return found.group(1) if found and (home / "bin" / "java").exists() else None


def _defaults() -> dict[str, str]:
    return {
        "spark.app.name": PROJECT_NAME,
        "spark.driver.memory": f"{_driver_gigabytes()}g",
        # Everything stays on this machine, whatever its host name resolves to.
        "spark.driver.host": "127.0.0.1",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        # Spark's 200 are for clusters; here a shuffle of a small table would be all scheduling.
        "spark.sql.shuffle.partitions": "4",
        # On one machine no place is better than another, and tasks keep their order: forests are scored first.
        "spark.shuffle.reduceLocality.enabled": "false",
        "spark.sql.session.timeZone": "UTC",
        "spark.sql.execution.arrow.pyspark.enabled": "true",
        # Spark's own default is /tmp, whatever TMPDIR says.
        "spark.local.dir": tempfile.gettempdir(),
        "spark.sql.warehouse.dir": (_scratch() / f"warehouse_{os.getpid()}").as_uri(),
        # Python workers import the project's modules as the driver does.
        "spark.executorEnv.PYTHONPATH": str(PROJECT),
    }


def _driver_gigabytes() -> int:
    """A quarter of the memory, from 1 to 8 GB: driver and executors share the one JVM.

    Less, where a limit of each process's address space leaves less beside what a JVM reserves for other things.
    """
    sizes = [8, machine.memory_bytes() // 4 // _GIGABYTE]
    if (limit := machine.process_bytes()) is not None:
        sizes.append((limit - _BESIDE_HEAP) // _GIGABYTE)
    return max(1, min(sizes))


def environment_of(java: Path) -> dict[str, str]:
    """What PySpark needs in the environment to start this Java, with the Spark of this environment."""
    return {
        "JAVA_HOME": str(java),
        # The Spark of this environment, not that of other software.
        "SPARK_HOME": str(Path(pyspark.__file__).parent),
        "SPARK_LOCAL_IP": "127.0.0.1",
        "PYSPARK_PYTHON": sys.executable,
        "PYSPARK_DRIVER_PYTHON": sys.executable,
        **class_archive.environment(java),
    }


def _scratch() -> Path:
    return private_folder([shared_choice("spark-local")], "spark-local-")


def _end_jvm(patience: float = _PATIENCE) -> None:
    # PySpark keeps the JVM of the first session for all later ones of the process.
    gateway = SparkContext._gateway
    if gateway is not None:
        SparkContext._gateway = SparkContext._jvm = None
        end_java(gateway, patience)


def end_java(gateway: JavaGateway, patience: float = _PATIENCE) -> None:
    """End the Java that a gateway leads to, within so many seconds."""
    gateway.shutdown()
    gateway.proc.stdin.close()  # the JVM ends when its input does
    gateway.proc.wait(timeout=patience)


def _start_failure(error: Exception, log_file: Path) -> str:
    cause = error.java_exception.toString() if isinstance(error, Py4JJavaError) else str(error)
    reason = cause.strip().split("\n", 1)[0]
    return f"Spark did not start: {reason}\nThe end of its log, {log_file}:\n{last_lines(log_file)}"
