"""Starting Spark on one machine: what it needs, what it is told, and what it says when it cannot."""

import subprocess
import sys
from pathlib import Path

import pytest

from launcher import local_spark
from launcher.local_spark import SparkStartError, find_java, settings_from_environment
from launcher.support.project import PROJECT
from lib.errors import InputError
from lib.support import machine


def a_java(home: Path, version: str) -> Path:
    (home / "bin").mkdir(parents=True)
    (home / "bin" / "java").touch(mode=0o755)
    (home / "release").write_text(f'IMPLEMENTOR="Someone"\nJAVA_VERSION="{version}"\n')
    return home


@pytest.fixture
def no_java(monkeypatch, tmp_path):
    monkeypatch.delenv("JAVA_HOME", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.setattr(sys, "prefix", str(tmp_path / "environment"))
    monkeypatch.setattr(local_spark, "_JAVA_FOLDERS", (str(tmp_path / "jvm"),))
    return tmp_path


def test_java_home_goes_first_if_it_is_the_right_version(no_java, monkeypatch):
    system = a_java(no_java / "jvm" / "java-17-openjdk", "17.0.15")
    own = a_java(no_java / "own", "17")
    monkeypatch.setenv("JAVA_HOME", str(own))
    assert find_java() == own
    monkeypatch.setenv("JAVA_HOME", str(a_java(no_java / "newer", "25.0.1")))
    assert find_java() == system


def test_java_is_found_in_the_environment_and_on_the_path(no_java):
    on_path = a_java(no_java, "17.0.2")
    assert find_java() == on_path
    in_environment = a_java(no_java / "environment" / "lib" / "jvm", "17.0.2")
    assert find_java() == in_environment


def test_without_java_17_the_error_says_what_to_install(no_java):
    a_java(no_java / "jvm" / "java-1.17-not-quite", "11.0.2")
    with pytest.raises(SparkStartError, match="apt-get install openjdk-17"):
        find_java()


def test_settings_come_from_the_environment(monkeypatch):
    monkeypatch.setenv("SPARK_SETTINGS", '{"spark.driver.memory": "2g", "spark.sql.shuffle.partitions": 2}')
    assert settings_from_environment() == {"spark.driver.memory": "2g", "spark.sql.shuffle.partitions": "2"}
    monkeypatch.setenv("SPARK_SETTINGS", "spark.driver.memory=2g")
    with pytest.raises(InputError, match="SPARK_SETTINGS is not JSON"):
        settings_from_environment()
    monkeypatch.setenv("SPARK_SETTINGS", "[1]")
    with pytest.raises(InputError, match="JSON object"):
        settings_from_environment()


FAILING_START = """
from pathlib import Path
from launcher.support.project import PROJECT
from launcher.local_spark import build_session
from lib.errors import ExperimentError
try:
    build_session("local[1]", {"spark.driver.memory": "lots"}, Path("java.log"))
except ExperimentError as error:
    print(error)
"""


def test_a_failed_start_quotes_the_log_and_keeps_the_terminal_clean(tmp_path):
    """In a process of its own, since there is one JVM a process."""
    ran = subprocess.run(
        [sys.executable, "-c", FAILING_START],
        cwd=tmp_path,
        env={"PATH": "/usr/bin:/bin", "PYTHONPATH": str(PROJECT)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert ran.stdout.startswith("Spark did not start:")
    assert "-Xmxlots" in ran.stdout
    assert "java.log" in ran.stdout
    assert ran.stderr == ""


LIMITED_START = """
import resource, sys
limit = int(float(sys.argv[1]) * 2**30)
resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
from launcher.local_spark import build_session
spark = build_session("local[1]")
print(spark.conf.get("spark.driver.memory"), spark.range(7).count())
"""


def test_the_heap_fits_into_a_limit_of_the_address_space():
    """Without one, Java's "Could not reserve enough space" would end the run."""
    ran = subprocess.run([sys.executable, "-c", LIMITED_START, "4.5"], cwd=PROJECT, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.split() == ["1g", "7"]


@pytest.mark.parametrize(("limit", "gigabytes"), [(None, 4), (100, 4), (6.5, 3), (4.1, 1), (2, 1)])
def test_the_heap_is_a_quarter_of_the_memory_or_what_a_process_may_have(monkeypatch, limit, gigabytes):
    monkeypatch.setattr(machine, "memory_bytes", lambda: 16 * 2**30)
    monkeypatch.setattr(machine, "process_bytes", lambda: None if limit is None else int(limit * 2**30))
    assert local_spark._driver_gigabytes() == gigabytes


def test_new_log_files_are_named_by_time_and_old_ones_go(monkeypatch, tmp_path):
    monkeypatch.delenv("SPARK_LOG_FILE", raising=False)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    folder = local_spark.new_log_file().parent
    for second in range(25):
        (folder / f"20200101_0000{second:02d}_1.log").touch()
    assert local_spark.new_log_file().parent.parent == tmp_path
    left = sorted(file.name for file in folder.iterdir())
    assert len(left) == 19
    assert left[0] == "20200101_000006_1.log"
    monkeypatch.setenv("SPARK_LOG_FILE", str(tmp_path / "run" / "spark.log"))
    assert local_spark.new_log_file() == tmp_path / "run" / "spark.log"
    assert (tmp_path / "run").is_dir()
