"""The folders in a user's home: on Linux they must not move, for records are there."""

import sys
from pathlib import Path

import pytest

from launcher.emr.cost import prices
from launcher.targets.livy import records
from lib.trees import compiled

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the folders of Linux")


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("XDG_STATE_HOME", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


def folders() -> tuple[Path, Path, Path]:
    return records._home(), prices._file("here"), compiled._cache_folders()[0]


@pytest.mark.parametrize("empty", [False, True])
def test_without_xdg_they_are_where_they_were(home, monkeypatch, empty):
    if empty:
        monkeypatch.setenv("XDG_STATE_HOME", "")
        monkeypatch.setenv("XDG_CACHE_HOME", "")
    cache = home / ".cache" / "mineria-ml-emr"
    state = home / ".local" / "state" / "mineria-ml-emr" / "sessions"
    assert folders() == (state, cache / "prices-here.json", cache)


def test_with_xdg_they_are_where_it_says(home, monkeypatch):
    monkeypatch.setenv("XDG_STATE_HOME", str(home / "state"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(home / "cache"))
    cache = home / "cache" / "mineria-ml-emr"
    assert folders() == (home / "state" / "mineria-ml-emr" / "sessions", cache / "prices-here.json", cache)


def test_the_records_are_for_this_user_alone(home):
    assert records._home().stat().st_mode & 0o777 == 0o700
