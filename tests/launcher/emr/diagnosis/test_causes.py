"""Each cause of failure, on log text of the shape that EMR, Spark, YARN and S3 write (files/failures.yaml)."""

import traceback
from dataclasses import replace
from pathlib import Path

import pytest
import yaml
from papermill.exceptions import PapermillExecutionError

from launcher.emr.clusters import Group
from launcher.emr.diagnosis.causes import CAUSES, out_of_memory, ranked
from launcher.emr.diagnosis.evidence import OF_NODES, Evidence, Source, Stated, said, telling
from launcher.running.gate import GateFailed
from launcher.targets.livy import failures
from launcher.targets.livy.failures import OutOfMemory
from lib.errors import InputError, MissingInputError
from tests.launcher.emr.diagnosis.failures import (
    CONTROLLER,
    DRIVER_LOG,
    EXECUTOR_LOG,
    FOLDER,
    NOW,
    STEP_LOG,
    cluster,
    evidence,
    step,
)
from tests.launcher.emr.diagnosis.posted import UNKNOWN, posted

CASES = yaml.safe_load((Path(__file__).parent / "files" / "failures.yaml").read_text())
LOGS = {
    "step": STEP_LOG,
    "controller": CONTROLLER,
    "driver": DRIVER_LOG,
    "driver's stdout": DRIVER_LOG.replace("stderr", "stdout"),
    "executor": EXECUTOR_LOG,
}
STATUS = "s3://bucket/experiments/steps/20261125_034500/status.json"
GIVEN = {"spark.executor.memory": "8g", "spark.driver.memory": "4g"}

STAGE_FAILURE = """
26/11/25 04:01:30 ERROR TaskSetManager: Task 3 in stage 12.0 failed 4 times; aborting job
Traceback (most recent call last):
  File "/mnt/tmp/spark-1/06_entrenar_modelos_spark.py", line 41, in <module>
    main()
  File "/mnt/tmp/spark-1/lib.zip/lib/training.py", line 88, in train
    rows = parts.train.count()
py4j.protocol.Py4JJavaError: An error occurred while calling o91.count.
: org.apache.spark.SparkException: Job aborted due to stage failure: Task 3 in stage 12.0 failed 4 times, most recent \
failure: Lost task 3.3 in stage 12.0 (TID 61) (ip-10-0-0-7.ec2.internal executor 4): {reason}
Driver stacktrace:
        at org.apache.spark.scheduler.DAGScheduler.failJobAndIndependentStages(DAGScheduler.scala:2856)
"""
HEAP = "26/11/25 04:00:20 WARN TaskSetManager: Lost task 1.0 in stage 2.0: java.lang.OutOfMemoryError: Java heap space"
ENDS = {
    "bootstrap-failed": (
        "TERMINATED_WITH_ERRORS",
        "On the master instance (i-0aa11bb22), bootstrap action 1 returned a non-zero return code",
    ),
    "no-capacity": (
        "TERMINATED_WITH_ERRORS",
        "us-east-1a does not have sufficient capacity for m5.2xlarge instances. Choose a different instance type.",
    ),
    "wrong-network": (
        "TERMINATED_WITH_ERRORS",
        "The subnet configuration was invalid: Cannot find route to InternetGateway in main RouteTable rtb-1 for vpc "
        "vpc-1",
    ),
}


def since(reason):
    return STAGE_FAILURE.replace("{reason}", reason)


def first(found):
    """The first cause's name, and its finding."""
    cause, finding = ranked(found)[0]
    return cause.name, finding


def with_status(found, error, cause, settings=None):
    """The same evidence with what a run of ours left in its status.json."""
    words = replace(said(STATUS, f"Error: {error}"), stated=Stated(cause, settings or {}))
    return replace(found, sources=(words, *found.sources))


@pytest.mark.parametrize("name", CASES)
def test_a_cause_is_told_from_its_lines(name):
    case = CASES[name]
    texts = {
        LOGS[each["log"]]: (each["text"] if "text" in each else since(each["stage_failed_since"])).replace(
            " " * 8, "\t"
        )
        for each in case.get("logs", ())
    }
    found = evidence(*texts.items(), settings=GIVEN, params="status" in case)
    if "status" in case:
        found = with_status(found, **case["status"])
        texts[STATUS] = f"Error: {case['status']['error']}"
    cause, finding = first(found)
    assert cause == case["cause"]
    assert case["sentence"] in finding.sentence
    assert case["what_to_do"] in " ".join(finding.remedy)
    assert {hit.source.name for hit in finding.proof} <= set(texts)
    for hit in finding.proof:
        assert texts[hit.source.name].strip("\n").splitlines()[hit.line.number - 1].startswith(hit.line.text)


def test_there_is_a_case_for_each_cause():
    of_the_cluster = {"step-cancelled", "cluster-ended", "cluster-not-ready", *ENDS}
    public = {each.cause for each in posted()} - {UNKNOWN}
    assert {case["cause"] for case in CASES.values()} | public | of_the_cluster | {"run-failed"} == {
        each.name for each in CAUSES
    }


@pytest.mark.parametrize("cause", ENDS)
def test_a_cluster_that_did_not_start(cause):
    state, reason = ENDS[cause]
    on = cluster(state, reason)
    log = Source(
        f"{FOLDER}node/i-0aa11bb22/bootstrap-actions/1/stderr.gz",
        telling(["Looking for packages", "bootstrap.sh: ERROR: pip cannot install requirements-cluster.txt"]),
        ends=True,
    )
    name, finding = first(Evidence(on, None, (said("EMR, of the cluster", f"{state}: {reason}"), log)))
    assert name == cause
    if cause == "bootstrap-failed":
        assert "bootstrap action 1 returned a non-zero return code on the master node i-0aa11bb22" in finding.sentence
        assert "cluster logs i-0aa11bb22 --bootstrap --cluster-id j-1ABC" in finding.remedy[0]
        assert finding.proof[1].line.text.endswith("pip cannot install requirements-cluster.txt")


@pytest.mark.parametrize(
    ("state", "reason", "sentence"),
    [
        ("TERMINATED", "Terminated by user request", "somebody terminated the cluster while the step waited or ran"),
        ("TERMINATED", "Cluster auto-terminated: idle", "the cluster ended itself after 60 min without work"),
        ("TERMINATED_WITH_ERRORS", "Master node lost", "the cluster ended: Master node lost"),
    ],
)
def test_a_cluster_that_ended_under_the_step(state, reason, sentence):
    name, finding = first(evidence(of=step("CANCELLED"), on=cluster(state, reason)))
    assert name == "cluster-ended"
    assert sentence in finding.sentence


def test_a_cluster_that_is_not_available_is_told_with_its_state():
    name, finding = first(evidence(of=step("PENDING", started_at=None, ended_at=None), on=cluster("BOOTSTRAPPING")))
    assert name == "cluster-not-ready"
    assert finding.sentence == "the cluster is not available: it is BOOTSTRAPPING"
    assert finding.remedy[0].startswith("wait")


@pytest.mark.parametrize(("started", "sentence"), [(None, "never ran"), (NOW, "cancelled while it ran")])
def test_a_step_that_was_cancelled(started, sentence):
    name, finding = first(evidence(of=step("CANCELLED", started_at=started)))
    assert name == "step-cancelled"
    assert sentence in finding.sentence


def test_a_step_that_failed_before_its_cluster_ended_is_not_blamed_on_that():
    error = "ModuleNotFoundError: No module named 'sklearn'"
    for state in ("TERMINATING", "TERMINATED"):
        assert (
            first(evidence((STEP_LOG, error), on=cluster(state, "Terminated by user request")))[0] == "missing-package"
        )


def test_a_spot_interruption_is_told_from_the_node():
    found = evidence((STEP_LOG, since("ExecutorLostFailure (executor 4 exited) Reason: Executor decommission: worker")))
    spot = Group("ig-3", "TASK", "m5.2xlarge", "SPOT", 2, 1, "RUNNING")
    node = said(OF_NODES, "i-0cc33 (SPOT): Instance was terminated due to Spot interruption")
    on = cluster(groups=(*found.cluster.groups, spot))
    name, finding = first(Evidence(on, found.step, (*found.sources, node)))
    assert name == "lost-node"
    assert finding.sentence.startswith("a Spot node was taken back")
    assert "Spot only in the task group" in finding.remedy[1]
    assert any("i-0cc33" in hit.line.text for hit in finding.proof)


def test_the_statement_to_add_is_for_the_folder():
    denied = "(AccessDenied) when calling the {} operation: Access Denied"
    upload = evidence(
        (STEP_LOG, f"uploading s3://other/runs/a/x.json\nClientError: An error {denied.format('PutObject')}")
    )
    assert first(upload)[1].statement == {
        "Effect": "Allow",
        "Action": ["s3:PutObject"],
        "Resource": "arn:aws:s3:::other/runs/a/*",
    }
    listing = evidence((STEP_LOG, f"reading s3://other/data\nClientError: An error {denied.format('ListObjectsV2')}"))
    assert first(listing)[1].statement == {
        "Effect": "Allow",
        "Action": ["s3:ListBucket"],
        "Resource": "arn:aws:s3:::other",
    }


def test_the_action_is_that_of_the_java_call():
    """EMRFS names neither the operation nor the place in the line of the error."""
    stack = (
        "26/11/25 04:01:20 ERROR FileFormatWriter: Aborting job for s3://other/models/best.\n"
        "com.amazon.ws.emr.hadoop.fs.shaded.com.amazonaws.services.s3.model.AmazonS3Exception: Access Denied (Service: "
        "Amazon S3; Status Code: 403; Error Code: AccessDenied; Request ID: 7NZB; Proxy: null)\n"
        "\tat com.amazon.ws.emr.hadoop.fs.shaded.com.amazonaws.http.AmazonHttpClient.execute(AmazonHttpClient.java:1)\n"
        "\tat com.amazon.ws.emr.hadoop.fs.shaded.com.amazonaws.services.s3.AmazonS3Client.initiateMultipartUpload("
        "AmazonS3Client.java:3585)"
    )
    _, finding = first(evidence((STEP_LOG, stack)))
    assert "may not s3:PutObject on arn:aws:s3:::other/models/best" in finding.sentence


def test_an_explicit_denial_has_no_statement():
    line = (
        "User: arn:aws:sts::123456789012:assumed-role/nodes/i is not authorized to perform: s3:PutObject on resource: "
        '"arn:aws:s3:::other/x" with an explicit deny in a resource-based policy'
    )
    name, finding = first(evidence((STEP_LOG, line)))
    assert (name, finding.statement) == ("access-denied", None)
    assert "check the bucket's policy" in finding.remedy[0]


def test_a_run_of_ours_is_advised_in_the_words_of_its_params_file():
    _, finding = first(evidence((STEP_LOG, since(HEAP)), settings=GIVEN, params=True))
    assert finding.settings == {"spark.executor_memory": "12g"}
    assert finding.remedy[0].startswith("raise spark.executor_memory (params file, or -p) from 8g to 12g")


def test_memory_that_no_node_has_is_said_to_be_too_much():
    _, finding = first(evidence((STEP_LOG, since(HEAP)), settings={"spark.executor.memory": "20g"}))
    assert "takes 35.6 GB of the 24 GB of YARN memory on each m5.2xlarge, which is too much" in finding.remedy[0]
    assert "(heap at most 20g): use nodes with more memory, as r5.2xlarge" in finding.remedy[0]
    fleet = cluster(groups=(Group("if-1", "CORE", "x1e.xlarge", "SPOT", 2, 2, "RUNNING"),))
    _, finding = first(evidence((STEP_LOG, since(HEAP)), on=fleet))
    assert finding.remedy[0].endswith("the size of the nodes is not known here")


def test_memory_that_emr_itself_set_is_a_whole_nodes():
    on = cluster(configurations=[{"Classification": "spark", "Properties": {"maximizeResourceAllocation": "true"}}])
    _, finding = first(evidence((STEP_LOG, since(HEAP)), on=on))
    assert finding.remedy[0].startswith("raise spark.executor.memory from 20g to 30g")
    assert finding.remedy[0].endswith("use nodes with more memory, as r5.2xlarge")
    _, finding = first(evidence((STEP_LOG, 'Exception in thread "main" java.lang.OutOfMemoryError: Java heap'), on=on))
    assert finding.remedy[0].startswith("raise spark.driver.memory from 10g to 15g")


def test_a_long_line_is_shown_around_what_was_found():
    hit = evidence((STEP_LOG, "x" * 500 + " NEEDLE " + "y" * 500)).first("NEEDLE")
    shown = hit.shown(100)
    assert "NEEDLE" in shown
    assert (len(shown), shown[0], shown[-1]) == (102, "…", "…")


def test_what_ended_it_goes_before_what_was_recovered_from():
    error = 'Traceback (most recent call last):\n  File "/a/b.py", line 3, in f\n    x()\nKeyError: 1'
    routine = "26/11/25 04:00:30 WARN TaskSetManager: all goes on\n" * 200
    found = ranked(evidence((STEP_LOG, f"{HEAP}\n{routine}{error}"), settings=GIVEN))
    assert [cause.name for cause, _ in found[:2]] == ["python-error", "executor-heap"]


def test_the_tracebacks_of_our_own_errors_are_no_errors_of_python():
    """A detached run prints them, with those of papermill and sparkmagic that led to them."""
    try:
        try:
            raise PapermillExecutionError(3, 4, "x()", "SparkStatementException", "gone", ["Traceback …", "gone"])
        except PapermillExecutionError as error:
            given = evidence((STEP_LOG, HEAP), settings=GIVEN, params=True)
            raise OutOfMemory(*out_of_memory(given)) from error
    except OutOfMemory as error:
        printed = "".join(traceback.format_exception(error)) + f"Error: {error}\n"
    found = evidence((STEP_LOG, printed), settings=GIVEN, params=True)
    name, finding = first(with_status(found, "an executor's Java heap was full", "executor-heap"))
    assert name == "executor-heap"
    assert finding.settings == {"spark.executor_memory": "12g"}


def test_the_shortest_traceback_that_is_no_wrapper_is_the_error():
    worker = 'Traceback (most recent call last):\n  File "/lib/x.py", line 7, in grow\n    {}\nValueError: odd'
    longer = worker.format("\n    ".join(["one()", 'File "/lib/y.py", line 8, in g', "two()"]))
    found = evidence((STEP_LOG, since(worker.format("one()"))), (EXECUTOR_LOG, longer))
    name, finding = first(found)
    assert (name, finding.sentence) == ("python-error", "Python raised ValueError: odd in x.py, line 7")


def test_the_error_of_a_kept_notebook_is_read_from_its_cell():
    lines = [
        "---------------------------------------------------------------------------",
        "ValueError                                Traceback (most recent call last)",
        "Cell In[4], line 1",
        "----> 1 found = search(spark)",
        "File /tmp/lib/search/search.py:12, in search(spark)",
        "ValueError: no candidates",
    ]
    kept = Source("s3://bucket/experiments/failed/20261125_034500/02_train.ipynb", telling(lines), decides=True)
    found = evidence(
        (STEP_LOG, "Error: 02_train.ipynb failed in cell In [4] (found = search(spark)): ValueError: no candidates")
    )
    name, finding = first(Evidence(found.cluster, found.step, (*found.sources, kept), kept_at="s3://b/failed/1"))
    assert name == "python-error"
    assert (
        finding.sentence
        == "Python raised ValueError: no candidates in 02_train.ipynb, cell In [4] (found = search(spark))"
    )
    assert [hit.line.text for hit in finding.proof[1:]] == lines[1:]
    assert "s3://b/failed/1" in finding.remedy[0]


def test_what_our_run_says_is_the_cause_where_no_other_is_known():
    name, finding = first(
        evidence((STEP_LOG, "Error: the saved model differs from its trees: train with engine: spark"))
    )
    assert (name, finding.sentence) == (
        "run-failed",
        "the saved model differs from its trees: train with engine: spark",
    )


def test_nothing_is_claimed_of_an_unknown_failure():
    assert ranked(evidence((STEP_LOG, "26/11/25 04:00:01 ERROR Thing: it went wrong"))) == []


@pytest.mark.parametrize(("is_any", "first"), [(False, [3, 4]), (True, [1, 3])])
def test_a_long_log_keeps_its_beginning_and_its_end(is_any, first):
    log = [
        "26/11/25 04:00:01 INFO SparkContext: routine, which tells whose log it is",
        "26/11/25 04:00:01 INFO SparkContext: more routine",
        *(f"ERROR {number}" for number in range(10_000)),
        "the end",
    ]
    lines = telling(log, is_any)
    assert len(lines) == 2_000
    assert [line.number for line in lines[:2]] == first
    assert (lines[-1].number, lines[-1].text) == (10_003, "the end")


def test_what_our_errors_state_is_a_cause_that_a_diagnosis_knows():
    stated = {
        failures._NOT_STARTED,
        failures._GONE_CAUSE,
        *(error.cause for error in (InputError, MissingInputError, GateFailed)),
    }
    assert stated <= {cause.name for cause in CAUSES}
