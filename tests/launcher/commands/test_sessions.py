"""The command `sessions`: what it says, and when it fails."""

from typer.testing import CliRunner

from launcher.commands.sessions import app
from launcher.emr.tunnels import _free_port
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
