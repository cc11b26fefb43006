"""A session's log, as a real Livy 0.8.0 lists it: all of stdout, then all of stderr, 200 lines of each."""

from hypothesis import given
from hypothesis import strategies as st

from launcher.targets.livy.session_log import SessionLog

INFO = [f"26/11/26 10:00:{second:02} INFO Utils: Fetching spark://x/lib.zip" for second in range(60)]
OUT_OF_MEMORY = "Terminating due to java.lang.OutOfMemoryError: Java heap space"
LINES = st.lists(st.text(st.characters(exclude_categories=["C", "Z"]), min_size=1), max_size=9)


def entries(stdout=(), stderr=(), diagnostics=()):
    return ["stdout: ", *stdout, "\nstderr: ", *stderr, "\nYARN Diagnostics: ", *diagnostics]


@given(LINES, LINES, LINES)
def test_no_line_is_lost_or_taken_for_another_streams(stdout, stderr, diagnostics):
    log = SessionLog.parse(entries(stdout, stderr, diagnostics))
    assert (log.stdout, log.stderr, log.diagnostics) == (stdout, stderr, diagnostics)
    assert SessionLog.parse(["\n".join(entries(stdout, stderr, diagnostics))]) == log  # as sparkmagic quotes it


def test_what_is_no_routine_is_quoted_the_jvms_last_words_too():
    traces = [f"\tat org.apache.spark.Frame{number}.call(Frame.scala:1)" for number in range(40)]
    log = SessionLog.parse(entries([OUT_OF_MEMORY], [*INFO, *traces, *INFO], ["exitCode: 137"]))
    assert log.quoted() == [OUT_OF_MEMORY, *traces[-6:], "exitCode: 137"]
    assert log.lines.index(OUT_OF_MEMORY) > log.lines.index(INFO[-1])


def test_where_all_is_routine_the_last_lines_are_quoted():
    assert SessionLog.parse(entries(stderr=INFO)).quoted() == INFO[-3:]
    assert SessionLog().quoted() == []
