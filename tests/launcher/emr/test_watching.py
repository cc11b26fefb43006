"""Looking again and again, for as long as it takes."""

from itertools import islice
from types import SimpleNamespace

import pytest

from launcher.aws import AwsUnavailable
from launcher.emr import watching
from launcher.emr.watching import watch


@pytest.fixture
def clock(monkeypatch):
    """Time that passes by pauses alone."""
    passed = [0.0]
    clock = SimpleNamespace(
        sleep=lambda seconds: passed.__setitem__(0, passed[0] + seconds), monotonic=lambda: passed[0]
    )
    monkeypatch.setattr(watching, "time", clock)
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
    assert 600 < clock[0] < 700
