"""`cluster diagnose --file` as a user types it: on logs that lie here, without AWS."""

import json

import pytest
from typer.testing import CliRunner

from launcher.cli import app

THREADS = (
    'Exception in thread "dispatcher-event-loop-0" java.lang.OutOfMemoryError: unable to create new native thread\n'
)
REFUSED = (
    "java.nio.file.AccessDeniedException: s3://other/out/_temporary: innerMkdirs on s3://other/out/_temporary: "
    "S3Exception: "
    "null (Service: S3, Status Code: 403)\n"
)


@pytest.fixture(autouse=True)
def no_aws(monkeypatch):
    """No client may be made."""

    def refuse(*_arguments, **_options):
        raise AssertionError("AWS was asked")

    monkeypatch.setattr("launcher.support.aws.client", refuse)


def typed(*words, given=None):
    result = CliRunner().invoke(app, ["cluster", "diagnose", *words], input=given)
    assert result.exception is None or isinstance(result.exception, SystemExit)
    return result


@pytest.fixture
def log(tmp_path):
    (tmp_path / "stderr").write_text(THREADS)
    return str(tmp_path / "stderr")


def test_a_file_is_diagnosed(log):
    result = typed("--file", log)
    assert result.exit_code == 0
    assert f"In {log}:" in result.stdout
    assert "[out-of-threads]" in result.stdout
    assert "a larger heap makes it worse" in result.stdout


def test_standard_input_is_diagnosed_for_a_program():
    result = typed("--file", "-", "--json", given=THREADS)
    told = json.loads(result.stdout)
    assert (result.exit_code, told["cause"], told["files"]) == (0, "out-of-threads", ["standard input"])
    assert told["proof"] == [{"file": "standard input", "line": 1, "text": THREADS.strip()}]
    assert told["cluster_id"] is told["step_id"] is None
    assert told["is_consequence"] is False


def test_several_files_follow_one_option(log, tmp_path):
    other = tmp_path / "stdout"
    other.write_text("26/11/25 04:00:01 INFO SparkContext: started\n")
    assert json.loads(typed("--file", str(other), log, "--json").stdout)["cause"] == "out-of-threads"
    assert json.loads(typed("--file", str(other), "--file", log, "--json").stdout)["cause"] == "out-of-threads"


def test_a_statement_is_printed_whole(tmp_path):
    (tmp_path / "log").write_text(REFUSED)
    shown = typed("--file", str(tmp_path / "log")).stdout
    statement = json.loads(shown[shown.index("  {") :])
    assert statement["Action"] == ["s3:PutObject"]
    assert statement["Resource"] == "arn:aws:s3:::other/out/*"


def test_an_unknown_failure_says_how_far_it_came_and_where_to_look():
    result = typed("--file", "-", given="26/11/25 04:00:01 ERROR TaskSetManager: Task 3 in stage 1.0: odd\n")
    assert result.exit_code == 1
    assert "Cause: not known." in result.stdout
    assert "It came as far as: executors. Look next" in result.stdout
    assert "cluster logs APPLICATION" in result.stdout


def test_a_consequence_is_called_one():
    line = "ERROR YarnScheduler: Lost executor 4 on ip-10-0-0-7: Executor heartbeat timed out after 124251 ms\n"
    shown = typed("--file", "-", given=line).stdout
    assert "It followed from something that these lines do not show." in shown


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--file", "absent.log"), "there is no file absent.log"),
        (("--file", "-", "--cluster-id", "j-1"), "either --file or --cluster-id"),
        (("s-1", "s-2"), "one step at a time"),
        (("pyproject.toml",), "pyproject.toml is a file: give it with --file pyproject.toml"),
    ],
)
def test_what_cannot_be_is_refused_in_one_sentence(words, told):
    result = typed(*words)
    assert result.exit_code == 2
    assert told in result.stderr
    assert "Traceback" not in result.stderr
