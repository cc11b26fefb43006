"""What sparkmagic and Livy say, put in words."""

import nbformat
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from launcher.emr.clusters import UNKNOWN
from launcher.emr.diagnosis import causes
from launcher.emr.diagnosis.evidence import Evidence as Gathered
from launcher.emr.diagnosis.evidence import Source, telling
from launcher.parameters.cluster import Cluster, Spark
from launcher.targets.cell_failure import CellFailure, NotebookFailed, NotebookRefused
from launcher.targets.livy.failures import Evidence, OutOfMemory, SessionFailed, explain, remote
from launcher.targets.livy.session_log import SessionLog
from launcher.targets.livy.target import LivyTarget, tidy

HEAD = "Traceback (most recent call last):\n"
LOST = "Job aborted due to stage failure: Lost task 0.3 in stage 1.0 (TID 7) (ip-10-0-0-7 executor 2): "


def raised(evalue: str, ename: str = "SparkStatementException") -> CellFailure:
    return CellFailure(4, "found = search()", ename, evalue, "frames of sparkmagic")


def told(failure: CellFailure, state: str | None = "idle", log=(), **spark) -> Exception:
    return explain("02_train.ipynb", failure, Evidence("j-ABC", Spark(**spark), 3, state, SessionLog(log)))


@pytest.mark.parametrize(
    ("text", "name", "message"),
    [
        (f"'GBT'\n{HEAD}KeyError: 'GBT'\n", "KeyError", "'GBT'"),
        (f"\n{HEAD}AssertionError\n", "AssertionError", ""),
        (f'one\ntwo\n{HEAD}  File "x", line 1, in f\nlib.errors.InputError: one\ntwo\n', "InputError", "one\ntwo"),
        (
            f'from a worker:\n{HEAD}ValueError: x\n\n{HEAD}  File "y"\npyspark.errors.PythonException: from a worker:\n'
            f"{HEAD}ValueError: x\n",
            "PythonException",
            f"from a worker:\n{HEAD}ValueError: x",
        ),
        ('invalid syntax (<stdin>, line 1)\n  File "<stdin>", line 1\nSyntaxError: invalid syntax\n', None, None),
    ],
)
def test_a_remote_error_is_taken_out_of_sparkmagics(text, name, message):
    failure = remote(raised(text))
    assert "sparkmagic" not in failure.traceback
    if name:
        assert (failure.ename, failure.evalue) == (name, message)
        assert failure.traceback.startswith(HEAD)
    else:
        assert "SyntaxError: invalid syntax" in failure.traceback


def test_errors_of_lib_keep_their_meaning():
    refused = told(raised(f"no column y\n{HEAD}lib.errors.InputError: no column y\n"))
    assert isinstance(refused, NotebookRefused)
    assert str(refused) == "no column y"
    failed = told(raised(f"'x'\n{HEAD}KeyError: 'x'\n"))
    assert isinstance(failed, NotebookFailed)
    assert str(failed) == "02_train.ipynb failed in cell In [4] (found = search()): KeyError: 'x'"


@pytest.mark.parametrize(
    ("text", "spark", "sentence"),
    [
        (
            "java.lang.OutOfMemoryError: Java heap space",
            {"driver_memory": "4g"},
            "the driver's Java heap was full: raise spark.driver_memory (params file, or -p) from 4g to 6g",
        ),
        (
            f"{LOST}java.lang.OutOfMemoryError: GC overhead limit exceeded",
            {"executor_memory": "6144m"},
            "an executor's Java heap was full: raise spark.executor_memory (params file, or -p) from 6144m to 9g",
        ),
        (
            f"{LOST}ExecutorLostFailure (executor 2 exited caused by one of the running tasks) Reason: Container "
            "killed by YARN for exceeding physical memory limits. 5.5 GB of 5.5 GB physical memory used.",
            {"conf": {"spark.executor.memoryOverhead": "1024"}},
            "spark.conf.spark.executor.memoryOverhead (params file, or -p) from 1024 to 2g",
        ),
        (
            "java.lang.OutOfMemoryError: Java heap space",
            {},
            "raise spark.driver_memory (params file, or -p) from 2g to 3g",
        ),
    ],
)
def test_out_of_memory_says_what_to_raise(text, spark, sentence):
    error = told(raised(f"{text}\n{HEAD}py4j.protocol.Py4JJavaError: {text}\n"), **spark)
    assert isinstance(error, OutOfMemory)
    assert sentence in str(error)


@pytest.mark.parametrize(
    ("log", "where"),
    [
        (["Container exited with a non-zero exit code 52. "], "the driver's Java heap was full"),
        (["ApplicationMaster: Final app status: FAILED, exitCode: 52"], "the driver's Java heap was full"),
        (["java.lang.OutOfMemoryError: Java heap space", "-XX:OnOutOfMemoryError"], "the driver's Java heap was full"),
        (
            ["Container [pid=1] is running beyond physical memory limits."],
            "the driver took more memory beside its heap",
        ),
        (["Container killed on request. Exit code is 137"], "the driver was killed (exit code 137)"),
        (["ApplicationMaster: Final app status: FAILED, exitCode: 15"], None),
    ],
)
def test_a_session_that_ended_for_want_of_memory(log, where):
    inactive = 'Invalid status code \'400\' from http://x/sessions/3/statements/2 with error payload: {"msg": "no"}'
    error = told(raised(inactive, "HttpClientException"), "dead", log)
    assert isinstance(error, SessionFailed)
    assert log[-1].strip() in str(error)
    assert (where or "ended during 02_train.ipynb, cell In [4]") in str(error)


@pytest.mark.parametrize(
    ("ename", "text", "state", "sentence"),
    [
        (
            "LivyClientTimeoutException",
            "Session 3 did not start up in 600 seconds.",
            None,
            "Livy session 3 did not start in 600 s: raise cluster.start_timeout",
        ),
        (
            "LivyUnexpectedStatusException",
            "Session 3 unexpectedly reached final status 'dead'. See logs:\nstdout: \nwhy",
            None,
            "Livy session 3 ended while it started\nFrom its log:\n    why",
        ),
        (
            "LivyUnexpectedStatusException",
            "Session 3 unexpectedly reached final status 'dead'. See logs:\nstdout: \nwhy",
            "dead",
            "Livy session 3 ended during 02_train.ipynb",
        ),
        (
            "HttpClientException",
            'Invalid status code \'400\' from http://x/sessions with error payload: {"msg":"too many sessions"}',
            None,
            'Livy at j-ABC refuses the session (status 400): {"msg":"too many sessions"}',
        ),
        (
            "HttpClientException",
            "Invalid status code '500' from http://x/sessions/3/statements with error payload: "
            '{"msg":"java.lang.IllegalStateException: Session is in state dead"}',
            "dead",
            "Livy session 3 ended during 02_train.ipynb, cell In [4] (found = search()): its state is dead",
        ),
        (
            "HttpClientException",
            "Invalid status code '404' from http://x/sessions/3 with error payload: {}",
            None,
            "Livy at j-ABC has lost Livy session 3",
        ),
        (
            "HttpClientException",
            "Invalid status code '503' from http://x/sessions/3 with error payload: {}",
            None,
            "Livy at j-ABC stopped answering (02_train.ipynb, cell In [4] (found = search())): it answers status 503",
        ),
        (
            "HttpClientException",
            "Error sending http request and maximum retry encountered.",
            None,
            "stopped answering (02_train.ipynb, cell In [4] (found = search())): the connection was lost",
        ),
    ],
)
def test_trouble_with_livy(ename, text, state, sentence):
    error = told(raised(text, ename), state)
    assert isinstance(error, SessionFailed)
    assert sentence in str(error)


def test_trouble_on_this_side_stays_what_it_is():
    assert isinstance(told(raised("x", "NameError")), NotebookFailed)


def test_a_kept_notebook_shows_the_error_of_the_cluster(tmp_path):
    cell = nbformat.v4.new_code_cell("1 / 0")
    text = f"division by zero\n{HEAD}ZeroDivisionError: division by zero\n"
    cell.outputs = [nbformat.v4.new_output("error", ename="SparkStatementException", evalue=text, traceback=["sm"])]
    nbformat.write(nbformat.v4.new_notebook(cells=[cell]), tmp_path / "x.ipynb")
    tidy(tmp_path / "x.ipynb")
    (output,) = nbformat.read(tmp_path / "x.ipynb", 4).cells[0].outputs
    assert (output.ename, output.evalue) == ("ZeroDivisionError", "division by zero")
    assert output.traceback == [HEAD.strip(), "ZeroDivisionError: division by zero"]


def test_an_error_that_sparkmagic_only_prints_fails_the_run(tmp_path):
    cell = nbformat.v4.new_code_cell("%%configure\n{}")
    printed = "A session has already been started. If you intend to recreate the session with new configurations, …"
    cell.outputs = [nbformat.v4.new_output("stream", name="stderr", text=printed)]
    nbformat.write(nbformat.v4.new_notebook(cells=[cell]), tmp_path / "x.ipynb")
    target = LivyTarget(Cluster(livy_url="http://x"), Spark(), "", None, [])
    with pytest.raises(SessionFailed, match=r"x\.ipynb continued after a sparkmagic error: A session has already"):
        target.check_executed(tmp_path / "x.ipynb")


LOST_TASKS = st.sampled_from(["", LOST])
WORDINGS = st.sampled_from(
    [
        "java.lang.OutOfMemoryError: Java heap space",
        "java.lang.OutOfMemoryError: GC overhead limit exceeded",
        "java.lang.OutOfMemoryError: unable to create new native thread",
        "Container killed by YARN for exceeding physical memory limits. 5.5 GB of 5.5 GB physical memory used.",
        "Exit status: 137",
        "java.lang.ArithmeticException: / by zero",
    ]
)
SIZES = st.one_of(st.none(), st.sampled_from(["1g", "1536m", "4g", "8g", "40g"]))


@given(lost=LOST_TASKS, wording=WORDINGS, driver=SIZES, executor=SIZES)
@example(LOST, "java.lang.OutOfMemoryError: Java heap space", None, "8g")
@example("", "java.lang.OutOfMemoryError: Unable to create new native thread", "4g", None)
def test_a_run_through_livy_and_a_diagnosed_step_say_the_same_of_memory(lost, wording, driver, executor):
    spark = Spark(driver_memory=driver, executor_memory=executor)
    text = f"{lost}{wording}"
    through_livy = explain("02_train.ipynb", raised(f"{text}\n{HEAD}py4j.protocol.Py4JJavaError: {text}\n"), on(spark))
    lines = (Source("s3://logs/steps/s-1/stderr.gz", telling([text]), ends=True),)
    found = causes.out_of_memory(Gathered(UNKNOWN, None, lines, spark.properties(), params=True))
    assert isinstance(through_livy, OutOfMemory) == (found is not None)
    if found:
        cause, finding = found
        assert (through_livy.cause, through_livy.settings) == (cause.name, finding.settings)
        assert str(through_livy).startswith(finding.sentence)


def on(spark):
    return Evidence("j-ABC", spark, 3, "idle")


@pytest.mark.parametrize(
    ("ename", "text", "state", "cause", "said"),
    [
        (
            "LivyUnexpectedStatusException",
            "Status 'recovering' not supported by session",
            "idle",
            "livy-version",
            "older",
        ),
        (
            "SqlContextNotFoundException",
            "Neither SparkSession nor HiveContext/SqlContext is available.",
            "idle",
            "livy-no-sql",
            "enable-hive-context",
        ),
        (
            "SparkStatementException",
            f"{LOST}java.lang.OutOfMemoryError: unable to create new native "
            f"thread\n{HEAD}py4j.protocol.Py4JJavaError: x\n",
            "idle",
            "out-of-threads",
            "a larger heap makes it worse",
        ),
        (
            "SparkStatementException",
            "java.nio.file.AccessDeniedException: s3://other/x: innerMkdirs on s3://other/x: S3Exception: null "
            "(Service: S3, "
            f"Status Code: 403)\n{HEAD}py4j.protocol.Py4JJavaError: x\n",
            "idle",
            "access-denied",
            '"s3:PutObject"',
        ),
        ("HttpClientException", "gone", "dead", "livy-session-died", "livy.server.session.timeout"),
    ],
)
def test_what_people_posted_is_told_in_the_words_of_the_diagnosis(ename, text, state, cause, said):
    error = told(raised(text, ename), state)
    assert isinstance(error, SessionFailed)
    assert error.cause == cause
    assert said in str(error)


def test_a_cell_is_named_where_the_diagnosis_knows_the_cause():
    missing = "[PATH_NOT_FOUND] Path does not exist: s3://bucket/x.parquet."
    error = told(raised(f"{missing}\n{HEAD}pyspark.errors.AnalysisException: {missing}\n"))
    assert error.cause == "missing-input"
    assert "s3://bucket/x.parquet does not exist" in str(error)
    assert "02_train.ipynb, cell In [4]" in str(error)
