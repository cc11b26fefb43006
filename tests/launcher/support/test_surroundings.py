"""Odd machines: no home, one that cannot be written to, a folder that is gone, another user's links."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from launcher import cli
from launcher.support import surroundings
from launcher.support.project import PROJECT
from lib.errors import InputError
from lib.support.private_folders import is_private, private_folder


@pytest.fixture
def env(monkeypatch, tmp_path):
    """The environment of a command, with a temporary folder of its own."""
    monkeypatch.setenv("TMPDIR", str(tmp_path / "tmp"))
    (tmp_path / "tmp").mkdir()
    return {**os.environ, "TMPDIR": str(tmp_path / "tmp")}


def typed(env, *arguments, cwd=None, interpreter=()):
    command = [sys.executable, *interpreter, str(PROJECT / "run_experiment.py"), *arguments]
    return subprocess.run(command, env=env, cwd=cwd, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("home", ["/proc/nonexistent", "/proc", "file"])
def test_without_a_home_a_command_works_and_says_so(env, tmp_path, home):
    if home == "file":
        (tmp_path / "file").touch()
        home = str(tmp_path / "file")
    done = typed({**env, "HOME": home, "XDG_STATE_HOME": f"{home}/state"}, "--dry-run")
    assert done.returncode == 0, done.stderr
    assert f"The home {home} cannot be written to: {tmp_path}/tmp/mineria-ml-emr-home-" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("blocked", "arguments"),
    [
        (".local", ["--dry-run"]),
        (".local/state/mineria-ml-emr", ["sessions"]),
        (".cache", ["cluster", "list", "--days", "x"]),
        (".local/share/jupyter", ["sessions"]),
    ],
)
def test_a_home_in_which_our_folders_cannot_be_made_is_as_none(env, tmp_path, blocked, arguments):
    (tmp_path / "home" / blocked).parent.mkdir(parents=True)
    (tmp_path / "home" / blocked).touch()
    env = {name: value for name, value in env.items() if not name.startswith("XDG_")}
    done = typed({**env, "HOME": str(tmp_path / "home")}, *arguments)
    assert done.returncode == (2 if "x" in arguments else 0), done.stderr
    said = f"{tmp_path}/home/{blocked} in the home {tmp_path}/home cannot be written to: {tmp_path}/tmp/mineria"
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_a_named_folder_in_which_ours_cannot_be_made_is_left_out(env, tmp_path):
    (tmp_path / "state").mkdir()
    (tmp_path / "state" / "mineria-ml-emr").touch()
    done = typed({**env, "XDG_STATE_HOME": str(tmp_path / "state"), "HOME": str(tmp_path)}, "sessions")
    assert (done.returncode, done.stdout, done.stderr) == (0, "There are no sessions.\n", "")


def test_what_goes_wrong_before_a_command_is_one_sentence(monkeypatch):
    def fail():
        raise InputError("it is damaged")

    monkeypatch.setattr(cli, "warn_of_leftovers", fail)
    said = CliRunner().invoke(cli.app, ["--dry-run"])
    assert (said.exit_code, said.stderr) == (2, "Error: it is damaged\n")


def test_a_folder_that_was_deleted_is_one_sentence(env, tmp_path):
    code = "import os, sys; os.rmdir(os.getcwd()); os.execv(sys.executable, [sys.executable, *sys.argv[1:]])"
    (tmp_path / "gone").mkdir()
    command = [sys.executable, "-c", code, str(PROJECT / "run_experiment.py"), "--dry-run"]
    done = subprocess.run(command, env=env, cwd=tmp_path / "gone", capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (2, "Error: the current folder has been deleted: change to another one\n")


def test_isolated_python_finds_the_project(env, tmp_path):
    assert typed(env, "--dry-run", cwd=tmp_path, interpreter=["-I"]).returncode == 0
    assert typed({**env, "PYTHONSAFEPATH": "1"}, "--dry-run", cwd=tmp_path).returncode == 0


def test_a_working_folder_is_where_we_are(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert surroundings.working_folder() == tmp_path
    tmp_path.rmdir()
    with pytest.raises(InputError, match="the current folder has been deleted"):
        surroundings.working_folder()


def test_no_link_and_no_other_users_folder_is_used(tmp_path, monkeypatch):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)
    victim = tmp_path / "victim"
    victim.mkdir()
    (victim / "a.log").touch()
    (tmp_path / "link").symlink_to(victim)
    (tmp_path / "open").mkdir()
    (tmp_path / "open").chmod(0o777)
    (tmp_path / "file").touch()
    for name in ("link", "open", "file"):
        found = private_folder([tmp_path / name], "ours-")
        assert found.parent == tmp_path
        assert found.name.startswith("ours-")
        assert found.stat().st_mode & 0o777 == 0o700
    made = private_folder([tmp_path / "link", tmp_path / "new"], "ours-")
    assert (made, is_private(made)) == (tmp_path / "new", True)
    assert (victim / "a.log").exists()
    if os.getuid() == 0:  # only root can give a folder away
        os.chown(made, 65534, 65534)
        assert not is_private(made)
        assert Path(private_folder([made], "ours-")) != made
