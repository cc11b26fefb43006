"""The diagnosis is right on failures that people posted (public/*.yaml), with their logs' places and as one file."""

from pathlib import Path

import pytest

from benchmarks.diagnosis import GROUPS, WAYS, Scored
from launcher.emr.clusters import UNKNOWN as UNKNOWN_CLUSTER
from launcher.emr.diagnosis.diagnose import concluded
from launcher.emr.diagnosis.evidence import Evidence, Source, telling
from tests.launcher.emr.diagnosis.posted import RIGHT, UNKNOWN, VERDICTS, posted

FAILURES = [*posted()]
# Lines that healthy runs print, with words of failures.
HARMLESS = (Path(__file__).parent / "files" / "harmless.log").read_text()
NAMES = [each.name for each in FAILURES]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("failure", FAILURES, ids=NAMES)
def test_cause_and_advice_are_right(failure, way):
    scored = Scored.of(failure, WAYS[way](failure))
    assert (scored.cause, scored.advice) == (RIGHT, RIGHT), scored.told


@pytest.mark.parametrize("failure", FAILURES, ids=NAMES)
def test_a_cause_is_stated_with_lines_that_are_in_the_logs(failure):
    diagnosis = concluded(failure.evidence())
    if failure.cause == UNKNOWN:
        assert diagnosis.cause is None
        assert diagnosis.looks
        return
    assert diagnosis.finding.proof
    lines = {line for _, text in failure.logs for line in text.splitlines()}
    lines |= {f"{failure.cluster[0]}: {failure.cluster[1]}"} if failure.cluster else set()
    assert all(any(line.startswith(hit.line.text) for line in lines) for hit in diagnosis.finding.proof)


def told_in_one_log(*texts):
    """The cause that is stated of such a log."""
    source = Source("stderr", telling("\n".join(texts).splitlines()), ends=True, is_any=True)
    return concluded(Evidence(UNKNOWN_CLUSTER, None, (source,))).as_json()["cause"]


@pytest.mark.parametrize("failure", FAILURES, ids=NAMES)
def test_harmless_lines_around_it_change_no_cause(failure):
    assert told_in_one_log(HARMLESS, failure.text) == failure.cause
    assert told_in_one_log(failure.text, *HARMLESS.splitlines()[:3]) == failure.cause
    assert told_in_one_log(HARMLESS, failure.text, HARMLESS) in (failure.cause, "unknown")


@pytest.mark.parametrize("line", HARMLESS.splitlines())
def test_a_harmless_line_is_no_cause(line):
    assert told_in_one_log("26/11/25 04:00:00 WARN SparkContext: started", line, *[HARMLESS] * 2) == UNKNOWN


@pytest.mark.parametrize("failure", FAILURES, ids=NAMES)
def test_no_text_is_left_open_in_what_is_said(failure):
    told = WAYS["with their places"](failure)
    said = "\n".join([told.sentence, told.advice.partition('{"Effect"')[0].replace("%%configure -f {", "")])
    assert not any(mark in said for mark in ("{cluster", "{sessions", "None", "''"))


def test_each_failure_has_a_source_a_group_and_honest_verdicts():
    assert {each.group for each in FAILURES} == set(GROUPS)
    assert all(each.source.startswith("https://") for each in FAILURES)
    assert len(NAMES) == len(set(NAMES))
    seen = [each.first_sight for each in FAILURES if each.group == "held_out"]
    assert all(set(verdicts) == {"cause", "advice"} for verdicts in seen)
    assert {verdict for verdicts in seen for verdict in verdicts.values()} <= set(VERDICTS)


def test_forty_failures_beyond_the_first_are_kept():
    assert sum(each.group != "first" for each in FAILURES) >= 40
