"""The command `sessions`: what it says, and when it fails."""

import json
import re
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from typer.testing import CliRunner

from launcher.commands.sessions import app
from launcher.emr.tunnels import _free_port
from launcher.running.left_over import warn_of_leftovers
from launcher.support.endpoint import Endpoint
from launcher.targets.livy import records


def test_what_could_not_be_ended_is_no_success(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    record = records.make(Endpoint(url=f"http://127.0.0.1:{_free_port()}"), "JupyterLab")
    records.note_session(record.folder, 3, "mineria-ml-emr-lab-1")
    listed = CliRunner().invoke(app, ["sessions"])
    assert (listed.exit_code, "not reached" in listed.stdout) == (0, True)
    cleaned = CliRunner().invoke(app, ["sessions", "--clean"])
    assert cleaned.exit_code == 1
    assert "could not be ended, for nothing answers there: start Livy" in cleaned.stderr
    assert records.records() == [record]


@pytest.fixture
def livy():
    """A server that knows the sessions of `livy.known`."""

    class Handler(BaseHTTPRequestHandler):
        def _answer(self):
            content = json.dumps({"sessions": self.server.known}).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_DELETE = _answer

        def log_message(self, *args):
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.known = []
        server.url = f"http://127.0.0.1:{server.server_address[1]}"
        threading.Thread(target=server.serve_forever, args=[0.05], daemon=True).start()
        yield server
        server.shutdown()


def left_behind(livy):
    """The record of a run that was killed, with session 3 and its application."""
    record = records.make(Endpoint(url=livy.url), "run x, train", "name-1")
    records.note_session(record.folder, 3, "name-1")
    records.note_application(record.folder, 3, "application_1_0007")
    about = record.folder / "about.json"
    about.write_text(json.dumps({**json.loads(about.read_text()), "pid": 2**30}))
    return record


def test_a_session_that_livy_forgot_stays_on_record_until_it_is_cleaned(tmp_path, monkeypatch, livy):
    """As after `kill -9` of Livy, whose drivers live on; another's session has the same number by now."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    left_behind(livy)
    livy.known = [{"id": 3, "name": "another's", "state": "idle"}]
    for _ in range(2):
        listed = CliRunner().invoke(app, ["sessions"])
        assert listed.exit_code == 0
        assert re.search(r"3 +unknown to Livy .* over", listed.stdout)
        assert (
            f"Livy at {livy.url} no longer knows session 3 (run x, train); its driver may still be run" in listed.stderr
        )
        assert "`yarn application -kill application_1_0007` ends it" in listed.stderr
    warn_of_leftovers()
    cleaned = CliRunner().invoke(app, ["sessions", "--clean"])
    assert "-kill application_1_0007" in cleaned.stderr
    assert CliRunner().invoke(app, ["sessions"]).stdout == "There are no sessions.\n"


def test_a_run_that_was_killed_before_it_had_a_session_leaves_nothing(tmp_path, monkeypatch, livy):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    (left_behind(livy).folder / "session-3").unlink()
    assert CliRunner().invoke(app, ["sessions"]).stdout == "There are no sessions.\n"
    assert records.records() == []


@pytest.mark.parametrize("content", ["", "{", "[]", '{"purpose": "x"}', '{"format": 99}', "\x80"])
def test_a_damaged_record_is_told_and_never_taken_for_none(tmp_path, monkeypatch, capsys, content):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    about = records.make(Endpoint(url="http://127.0.0.1:9"), "JupyterLab").folder / "about.json"
    about.write_text(content, encoding="latin-1")
    listed = CliRunner().invoke(app, ["sessions"])
    assert (listed.exit_code, listed.stdout) == (2, "")
    assert f"Error: {about} " in listed.stderr
    warn_of_leftovers()
    assert str(about) in capsys.readouterr().err
