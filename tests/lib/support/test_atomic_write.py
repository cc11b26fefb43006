"""A file is written whole or not at all, whoever writes it."""

import os
import signal
import stat
import subprocess
import sys
import time
from datetime import date
from pathlib import Path

import pytest

from launcher.emr.cost import prices
from launcher.support.files import LocalFiles, put_content
from launcher.targets.livy import records
from lib.storage import Storage
from lib.support import atomic_write
from lib.support.atomic_write import replacing, replacing_path, write_whole
from lib.trees import compiled

ROOT = Path(__file__).resolve().parents[3]


def mode(file: Path) -> int:
    return stat.S_IMODE(file.stat().st_mode)


def test_a_file_is_replaced_and_keeps_its_permissions(tmp_path):
    file = tmp_path / "below" / "x"
    write_whole(file, b"old")
    file.chmod(0o640)
    write_whole(file, b"new")
    assert (file.read_bytes(), mode(file)) == (b"new", 0o640)
    assert list(file.parent.iterdir()) == [file]


@pytest.mark.parametrize(("private", "expected"), [(False, 0o644), (True, 0o600)])
def test_a_new_file_has_the_usual_permissions_or_is_private(tmp_path, private, expected):
    before = os.umask(0o022)
    try:
        write_whole(tmp_path / "x", b"", private)
    finally:
        os.umask(before)
    assert mode(tmp_path / "x") == expected


def test_a_private_file_is_private_even_where_the_one_before_was_not(tmp_path):
    (tmp_path / "x").touch(mode=0o644)
    write_whole(tmp_path / "x", b"", private=True)
    assert mode(tmp_path / "x") == 0o600


@pytest.mark.parametrize("error", [OSError("disk full"), KeyboardInterrupt()])
@pytest.mark.parametrize("before", [b"old", None])
def test_what_fails_half_way_leaves_the_old_file_and_nothing_else(tmp_path, error, before):
    file = tmp_path / "x"
    if before is not None:
        file.write_bytes(before)

    def fail():
        with replacing(file) as stream:
            stream.write(b"half")
            raise error

    with pytest.raises(type(error)):
        fail()
    assert [each.read_bytes() for each in tmp_path.iterdir()] == ([] if before is None else [before])


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_leaves_the_old_file_and_nothing_else(tmp_path, number):
    file = tmp_path / "x"
    file.write_bytes(b"old")
    script = f"""
import pathlib, time
from launcher.support.interrupts import interruptible
from lib.support.atomic_write import replacing
with interruptible(), replacing(pathlib.Path({str(file)!r})) as stream:
    stream.write(b"half")
    stream.flush()
    print("writing", flush=True)
    time.sleep(60)
"""
    command = [sys.executable, "-c", script]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        assert process.stdout.readline() == "writing\n"
        started = time.monotonic()
        process.send_signal(number)
        process.wait(30)
    assert time.monotonic() - started < 10
    assert {each.name: each.read_bytes() for each in tmp_path.iterdir()} == {"x": b"old"}


@pytest.fixture(scope="module")
def writers(spark):
    """What writes our files, by name; each takes the file and its content."""
    some_prices = prices.Prices("here", date(2026, 1, 1), "", {}, {}, 0.0)
    return {
        "files": lambda file, content: put_content(LocalFiles(), content, str(file)),
        "session_records": lambda file, content: records._write(file, {"content": content.decode()}),
        "prices": lambda file, content: prices._keep(some_prices),
        "compiled": lambda file, content: compiled._write_once(file, content),
        "storage": lambda file, content: Storage(spark).write_bytes(str(file), content),
    }


@pytest.mark.parametrize("writer", ["files", "session_records", "prices", "compiled", "storage"])
def test_each_of_our_writers_does_it_so(tmp_path, monkeypatch, writers, writer):
    file = tmp_path / "x"
    monkeypatch.setattr(prices, "_file", lambda region: file)
    file.write_bytes(b"old")

    def interrupted(_descriptor):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(atomic_write.os, "fsync", interrupted)
        with pytest.raises(KeyboardInterrupt):
            writers[writer](file, b"new")
    assert {each.name: each.read_bytes() for each in tmp_path.iterdir()} == {"x": b"old"}
    writers[writer](file, b"new")
    assert [each.name for each in tmp_path.iterdir()] == ["x"]
    assert file.read_bytes() != b"old"


@pytest.mark.parametrize("fails", [False, True])
def test_a_library_that_writes_by_itself_is_given_a_path(tmp_path, fails):
    file = tmp_path / "below" / "x"

    def write():
        with replacing_path(file) as hidden:
            assert not hidden.exists()
            hidden.write_bytes(b"new")
            if fails:
                raise KeyboardInterrupt

    if fails:
        with pytest.raises(KeyboardInterrupt):
            write()
    else:
        write()
    assert [each.name for each in file.parent.iterdir()] == ([] if fails else ["x"])
