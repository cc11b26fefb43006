"""Spark's classes are kept ready, and whatever the archive is like, Spark starts."""

import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from pyspark import SparkContext

from launcher.local_spark import find_java
from launcher.support import class_archive
from tools import prepare_java


@pytest.fixture
def java(tmp_path):
    (tmp_path / "release").write_text('JAVA_VERSION="17.0.1"')
    return tmp_path


@pytest.fixture
def made(monkeypatch, tmp_path, java):
    """An archive for `java`, in an environment with a blank in its path."""
    monkeypatch.setattr(sys, "prefix", str(tmp_path / "with blank"))
    monkeypatch.delenv(class_archive.VARIABLE, raising=False)
    archive = class_archive.archive_of(java)
    archive.parent.mkdir(parents=True)
    archive.write_bytes(b"classes")
    return archive


def test_an_archive_that_was_made_is_used_beside_the_users_own_options(made, java, monkeypatch):
    assert shlex.split(class_archive.environment(java)[class_archive.VARIABLE]) == [f"-XX:SharedArchiveFile={made}"]
    monkeypatch.setenv(class_archive.VARIABLE, "-Da=b")
    assert shlex.split(class_archive.environment(java)[class_archive.VARIABLE])[0] == "-Da=b"
    monkeypatch.setenv(class_archive.VARIABLE, "-XX:SharedArchiveFile=/mine")
    assert class_archive.environment(java) == {}


def test_it_is_that_of_one_java_and_one_spark(made, java, monkeypatch):
    (java / "release").write_text('JAVA_VERSION="17.0.2"')
    assert class_archive.environment(java) == {}
    (java / "release").write_text('JAVA_VERSION="17.0.1"')
    assert class_archive.environment(java)
    jars = java / "pyspark" / "jars"
    jars.mkdir(parents=True)
    monkeypatch.setattr("pyspark.__file__", str(jars.with_name("__init__.py")))
    assert class_archive.environment(java) == {}
    at_first = class_archive.archive_of(java)
    os.utime(jars, (1, 1))
    assert class_archive.archive_of(java) != at_first, "installed again in the same place"


def test_a_place_that_cannot_be_written_in_options_is_not_used(java, monkeypatch, tmp_path):
    monkeypatch.delenv(class_archive.VARIABLE, raising=False)
    monkeypatch.setattr(sys, "prefix", str(tmp_path / 'a "quoted" place'))
    archive = class_archive.archive_of(java)
    archive.parent.mkdir(parents=True)
    archive.write_bytes(b"classes")
    assert class_archive.environment(java) == {}


def test_it_is_made_once(made, java, monkeypatch):
    monkeypatch.setattr(prepare_java, "find_java", lambda: java)
    monkeypatch.setattr(prepare_java, "build_session", lambda **_: pytest.fail("made again"))
    prepare_java.main()


@pytest.mark.skipif(not Path("/proc/self/maps").exists(), reason="needs Linux's /proc")
def test_spark_has_the_archive_that_setup_made(spark):
    if not class_archive.archive_of(find_java()).is_file():
        pytest.skip("python -m tools.prepare_java was not run here")
    java = SparkContext._gateway.proc.pid
    assert str(class_archive.archive_of(find_java())) in Path(f"/proc/{java}/maps").read_text()


def test_java_starts_with_an_archive_that_does_not_fit(made):
    given = shlex.split(f'-XX:SharedArchiveFile="{made}"')
    assert subprocess.run([find_java() / "bin" / "java", *given, "-version"], capture_output=True).returncode == 0
