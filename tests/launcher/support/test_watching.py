"""Looking again and again, for as long as it takes."""

import signal
import subprocess
import sys
import time
from itertools import islice
from pathlib import Path
from types import SimpleNamespace

import pytest
import tenacity

from launcher.support import watching
from launcher.support.aws import AwsBusy, AwsRefused, AwsUnavailable, NotLoggedIn
from launcher.support.interrupts import Interrupted
from launcher.support.watching import patiently, watch
from lib.errors import ExperimentError, InputError

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def clock(monkeypatch):
    """Time that passes by pauses alone."""
    passed = [0.0]
    clock = SimpleNamespace(
        sleep=lambda seconds: passed.__setitem__(0, passed[0] + seconds), monotonic=lambda: passed[0]
    )
    monkeypatch.setattr(watching, "time", clock)
    monkeypatch.setattr(tenacity, "time", clock)
    return passed


def test_a_watch_outlasts_the_waiters_of_boto3(clock):
    looks = list(islice(watch(lambda: clock[0]), 500))
    assert looks[-1] > 2 * 30 * 60
    assert looks[1] == watching.PAUSE


def test_aws_may_be_away_for_some_minutes(clock):
    def look():
        if 60 < clock[0] < 600:
            raise AwsUnavailable("cannot look")
        return clock[0]

    seen = list(islice(watch(look, 30), 5))
    assert seen == [0, 30, 60, 600, 630]


def test_aws_that_stays_away_ends_the_watch(clock):
    def look():
        raise AwsUnavailable("cannot look: Could not connect")

    with pytest.raises(AwsUnavailable, match="cannot look: Could not connect"):
        next(watch(look))
    assert 600 <= clock[0] < 700


@pytest.mark.parametrize(
    "error",
    [
        AwsRefused("access denied"),
        NotLoggedIn("expired"),
        InputError("no such cluster"),
        ExperimentError("who knows"),
        KeyboardInterrupt(),
        Interrupted(signal.SIGINT),
    ],
)
def test_what_will_not_pass_ends_it_at_once(clock, error):
    asked = []

    def request():
        asked.append(clock[0])
        raise error

    with pytest.raises(type(error)) as raised:
        patiently(request)
    assert raised.value is error
    assert (asked, clock[0]) == ([0.0], 0.0)


def test_a_request_that_must_not_be_carried_out_twice_is_made_again_only_where_it_was_turned_away(clock):
    errors = [AwsBusy("too many requests"), AwsUnavailable("timed out")]

    def request():
        raise errors.pop(0)

    with pytest.raises(AwsUnavailable, match="timed out"):
        patiently(request, passing=AwsBusy)
    assert errors == []


def test_it_is_said_once_and_not_where_results_go(clock, capsys):
    errors = [AwsUnavailable(f"no network [{number}]") for number in range(5)]

    def request():
        if errors:
            raise errors.pop(0)
        return "answer"

    assert patiently(request) == "answer"
    said = capsys.readouterr()
    assert (said.out, said.err) == ("", "no network [0] (retrying)\n")


def test_ctrl_c_ends_a_pause_at_once():
    script = """
from launcher.support.aws import AwsUnavailable
from launcher.support.watching import patiently
from launcher.support.interrupts import Interrupted, interruptible

def request():
    raise AwsUnavailable("no network")

try:
    with interruptible():
        patiently(request)
except Interrupted as stopped:
    raise SystemExit(stopped.exit_code)
"""
    with subprocess.Popen([sys.executable, "-c", script], cwd=ROOT, stderr=subprocess.PIPE, text=True) as process:
        assert "no network (retrying)" in process.stderr.readline()
        started = time.monotonic()
        process.send_signal(signal.SIGINT)
        assert process.wait(30) == 130
    assert time.monotonic() - started < 5
