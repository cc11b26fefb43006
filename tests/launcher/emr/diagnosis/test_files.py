"""Logs that somebody kept: read whatever they are, and no cause stated of what is not a cluster's."""

import bz2
import gzip
import io
import lzma
import random
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from launcher.emr.diagnosis.diagnose import _NOT_SPARKS, diagnose_files
from launcher.emr.diagnosis.files import _PACKED, lines
from lib.errors import InputError
from tests.launcher.emr.diagnosis.posted import UNKNOWN, posted

# As other programs write them, with words that failures of a cluster have, too.
OTHERS = {
    "a web server": '10.0.0.9 - - [26/Nov/2026:04:00:01 +0000] "GET /a HTTP/1.1" 403 153 "-" "curl/8"\n'
    "2026/11/26 04:00:01 [error] 31#31: *1 open() failed (13: Permission denied), client: 10.0.0.9\n"
    "2026/11/26 04:00:02 [crit] 31#31: accept4() failed (24: Too many open files)\n",
    "a system": "Nov 26 04:00:01 host kernel: Out of memory: Killed process 4242 (mysqld) total-vm:9G\n"
    "Nov 26 04:00:02 host systemd[1]: backup.service: Main process exited, code=exited, status=137/n/a\n"
    "Nov 26 04:00:03 host rsyslogd: write error: No space left on device\n",
    "a Java server": "26-Nov-2026 04:00:01.000 SEVERE [http-nio-8080-exec-1] "
        "org.apache.catalina.core.StandardWrapperValve\n"
    "java.lang.OutOfMemoryError: Java heap space\n\tat com.example.Shop.load(Shop.java:1)\n"
    "java.lang.ClassNotFoundException: com.example.Missing\n",
    "a Python server": "Traceback (most recent call last):\n  File \"/srv/app/views.py\", line 3, in get\n"
    "    return rows[0]\nIndexError: list index out of range\n",
    "a database": "2026-11-26 04:00:01 UTC [7] FATAL:  password authentication failed for user \"app\"\n"
    "2026-11-26 04:00:02 UTC [7] ERROR:  relation \"orders\" does not exist at character 15\n",
    "an installer": "ERROR: Could not find a version that satisfies the requirement shop==9 (from versions: 1.0)\n"
    "Error: Unable to find a match: libshop\nUsage: yum [options] COMMAND\n",
    "a compiler": "main.c:3:10: fatal error: stdio.h: No such file or directory\nmake: *** [main.o] Error 1\n",
    "nothing": "",
}  # fmt: skip
KNOWN = next(each for each in posted() if each.cause == "out-of-threads")


def cause(path):
    return diagnose_files([str(path)]).as_json()["cause"]


@pytest.mark.parametrize("program", OTHERS)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "latin-1"])
def test_no_cause_is_stated_of_another_program(tmp_path, program, encoding):
    log = tmp_path / "other.log"
    log.write_bytes((OTHERS[program] + "Größe ändern: señal\r\n").encode(encoding))
    found = diagnose_files([str(log)])
    if OTHERS[program]:
        assert (found.stage, found.looks) == ("", (_NOT_SPARKS,))
        assert found.as_json()["cause"] == UNKNOWN
    else:
        assert found.sentence == f"nothing in {log} says that anything failed"


def test_a_log_of_success_is_no_failure(tmp_path):
    log = tmp_path / "stderr"
    log.write_text("26/11/25 04:00:01 INFO SparkContext: Successfully stopped SparkContext\n")
    assert diagnose_files([str(log)]).as_json()["sentence"] == f"nothing in {log} says that anything failed"


def test_standard_input_is_called_so(monkeypatch):
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(KNOWN.text.encode())))
    assert diagnose_files(["-"]).what == "standard input"


def test_a_log_needs_a_name():
    with pytest.raises(InputError, match="a log without a name"):
        diagnose_files([""])


@given(rubbish=st.binary(max_size=4_000))
def test_rubbish_has_lines_of_bounded_length_and_no_cause(tmp_path_factory, rubbish):
    log = tmp_path_factory.mktemp("rubbish") / "log"
    log.write_bytes(rubbish)
    if rubbish.startswith((b"\x1f\x8b", *_PACKED)):
        with pytest.raises(InputError, match=r"cannot read|is packed"):
            cause(log)
    else:
        assert cause(log) in (UNKNOWN, None)  # None: no line looks like a failure


def test_binary_rubbish_without_line_ends_is_cut():
    bytes_ = random.Random(1).randbytes(300_000).replace(b"\n", b"").replace(b"\r", b"")
    assert all(len(line) <= 8_192 for line in lines(io.BytesIO(b"xx" + bytes_)))


@pytest.mark.parametrize("ends", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize(
    ("encoding", "zipped"),
    [("utf-8", False), ("utf-16", False), ("latin-1", False), ("utf-8", True), ("latin-1", True)],
)
def test_a_known_failure_is_known_in_any_encoding(tmp_path, ends, encoding, zipped):
    text = ends.join(["Größe: señal", *KNOWN.text.splitlines(), ""]).encode(encoding)
    log = tmp_path / "stderr.gz"
    log.write_bytes(gzip.compress(text) if zipped else text)
    assert cause(log) == KNOWN.cause


def test_what_lies_deep_in_a_long_log_is_found(tmp_path):
    log = tmp_path / "stderr"
    noise = ["26/11/25 04:00:01 WARN Thing: goes on\n"] * 20_000
    log.write_text("".join([*noise, KNOWN.text, "\n", *noise]))
    assert cause(log) == KNOWN.cause


@pytest.mark.parametrize("word", ["a/", "i-0a,", "module java.base", "spot ", "x: ", "AccessDeniedException: a"])
def test_lines_of_one_word_repeated_take_no_time(tmp_path, word):
    """A pattern that tries each beginning with each end takes minutes for such lines."""
    log = tmp_path / "stderr"
    log.write_text(f"spark {word * 500}\n" * 300)
    start = time.process_time()
    diagnose_files([str(log)])
    assert time.process_time() - start < 10


def test_several_logs_are_read_as_one_failure(tmp_path):
    (tmp_path / "a").write_text("26/11/25 04:00:01 INFO SparkContext: started\n")
    (tmp_path / "b").write_text(KNOWN.text)
    diagnosis = diagnose_files([str(tmp_path / "a"), str(tmp_path / "b")])
    assert diagnosis.as_json()["cause"] == KNOWN.cause
    assert {hit.source.name for hit in diagnosis.finding.proof} == {str(tmp_path / "b")}


@pytest.mark.parametrize("cut", [3, 12, 40])
def test_a_zipped_file_that_is_cut_off_is_refused(tmp_path, cut):
    log = tmp_path / "stderr.gz"
    log.write_bytes(gzip.compress(random.Random(1).randbytes(500))[:cut])
    with pytest.raises(InputError, match="cannot read"):
        diagnose_files([str(log)])


@pytest.mark.parametrize(("name", "told"), [("absent", "there is no file"), (".", "is a folder")])
def test_a_file_that_cannot_be_read_is_refused(tmp_path, name, told):
    with pytest.raises(InputError, match=told):
        diagnose_files([str(tmp_path / name)])


def test_what_spark_says_of_routine_tells_whose_log_it_is(tmp_path):
    log = tmp_path / "stderr"
    log.write_text(
        "26/11/25 04:00:01 INFO SparkContext: Running Spark version 3.5.6\n"
        'Exception in thread "main" java.lang.OutOfMemoryError: Java heap space\n\tat com.acme.Job.main(Job.java:1)\n'
    )
    assert cause(log) == "driver-heap"


@pytest.mark.parametrize(
    ("pack", "tool"), [(bz2.compress, "bunzip2"), (lzma.compress, "unxz"), (lambda text: b"PK\x03\x04" + text, "unzip")]
)
def test_a_log_packed_in_another_way_is_refused_with_the_tool(tmp_path, pack, tool):
    log = tmp_path / "log"
    log.write_bytes(pack(KNOWN.text.encode()))
    with pytest.raises(InputError, match=f"log is packed: unpack it with {tool} first"):
        diagnose_files([str(log)])


def test_signs_that_steer_a_terminal_are_not_shown(tmp_path):
    log = tmp_path / "stderr"
    log.write_text("\x1b[2J\x1b]0;title\x07ERROR Client: \x1b[31modd\x1b[0m\x00\n")
    (hit,) = diagnose_files([str(log)]).telling
    assert hit.shown(300) == "ERROR Client: odd"
