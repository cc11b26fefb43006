"""Logs in S3, in EMR's layout, and how they are shown."""

import dataclasses
import gzip
import io
import tracemalloc
from datetime import UTC, datetime, timedelta

import boto3
import pytest
from botocore.response import StreamingBody

from launcher.commands import log_printing
from launcher.commands.log_printing import folders, follow_step, print_logs
from launcher.emr.logs import LogFile, Logs, NoLogs
from launcher.support.aws import AwsUnavailable
from tests.launcher.emr.diagnosis.failures import NOW, cluster, step

DRIVER = "containers/application_1764042000000_0009/container_1764042000000_0009_01_000001"


@pytest.fixture
def s3(endpoint, request):
    """A client, with a bucket of the test's own."""
    client = boto3.client("s3")
    client.create_bucket(Bucket="logs-" + str(abs(hash(request.node.name))))
    return client


@pytest.fixture
def put(s3, request):
    bucket = "logs-" + str(abs(hash(request.node.name)))

    def put_log(name, text):
        body = gzip.compress(text.encode()) if name.endswith(".gz") else text.encode()
        s3.put_object(Bucket=bucket, Key=f"emr/j-1ABC/{name}", Body=body)

    put_log.logs = Logs(s3, cluster(log_uri=f"s3n://{bucket}/emr/"))
    put_log.place = f"s3://{bucket}/emr/j-1ABC/"
    return put_log


def test_logs_are_found_by_what_they_belong_to(put):
    put("steps/s-1/stderr.gz", "x")
    put("steps/s-1/controller.gz", "x")
    put("steps/s-10/stderr.gz", "not this one")
    put("node/i-1/bootstrap-actions/1/stderr.gz", "x")
    put("node/i-2/bootstrap-actions/1/stderr.gz", "x")
    put("node/i-1/applications/livy/livy-livy-server.out.gz", "x")
    put(f"{DRIVER}/stdout.gz", "x")
    put("containers/application_1764042000000_0010/container_1764042000000_0010_01_000001/stdout.gz", "x")
    logs = put.logs
    assert logs.place == put.place
    assert [(file.kind, file.folder) for file in logs.of_step("s-1")] == [
        ("controller", "steps/s-1"),
        ("stderr", "steps/s-1"),
    ]
    assert [file.folder for file in logs.of_bootstrap()] == [f"node/i-{n}/bootstrap-actions/1" for n in (1, 2)]
    assert [file.folder for file in logs.of_bootstrap("i-2")] == ["node/i-2/bootstrap-actions/1"]
    assert logs.applications() == ["application_1764042000000_0010", "application_1764042000000_0009"]
    assert [file.folder for file in logs.of_application("application_1764042000000_0009")] == [DRIVER]
    assert [(name, count) for name, count, _, _ in folders(logs.below("node/"))] == [
        ("node/i-1/applications", 1),
        ("node/i-1/bootstrap-actions", 1),
        ("node/i-2/bootstrap-actions", 1),
    ]


def test_lines_are_unzipped_where_they_are_zipped(put):
    put("steps/s-1/stderr.gz", "one\ntwö\n")
    put("steps/s-1/stdout", "three\nfour")
    stderr, stdout = put.logs.of_step("s-1")
    assert list(put.logs.lines(stderr)) == ["one", "twö"]
    assert list(put.logs.lines(stdout)) == ["three", "four"]
    assert stderr.uri == put.place + "steps/s-1/stderr.gz"


def test_a_log_that_was_cut_off_says_so(put, s3):
    put("steps/s-1/stderr.gz", "one\n" * 1000)
    (file,) = put.logs.of_step("s-1")
    bucket, key = file.uri.removeprefix("s3://").split("/", 1)
    whole = s3.get_object(Bucket=bucket, Key=key)["Body"].read()
    s3.put_object(Bucket=bucket, Key=key, Body=whole[:-12])
    lines = list(put.logs.lines(file))
    assert lines[0] == "one"
    assert lines[-1].startswith("[the rest of steps/s-1/stderr.gz cannot be read: ")


def test_a_long_log_is_never_in_memory_whole():
    zipped = gzip.compress(b"a line of some length, again and again\n" * 500_000)  # 20 MB

    class S3:
        def get_object(self, **asked):
            return {"Body": StreamingBody(io.BytesIO(zipped), len(zipped))}

    file, printed = LogFile("s3://bucket/x.gz", "steps/s-1/stderr.gz", len(zipped), NOW, "1"), []
    tracemalloc.start()
    try:
        print_logs(Logs(S3(), cluster()), [file], 2, printed.append)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert len(printed) == 2
    assert peak < 1e6


def test_a_cluster_without_a_place_for_logs_says_what_to_do(s3):
    with pytest.raises(
        NoLogs, match=r"j-1ABC keeps no logs in S3 .* on its primary node, in /mnt/var/log/hadoop/steps"
    ):
        Logs(s3, cluster(log_uri=""))


def test_several_logs_have_headings(put):
    put("steps/s-1/stderr.gz", "bad")
    put("steps/s-1/stdout.gz", "good\nbetter")
    printed = []
    print_logs(put.logs, put.logs.of_step("s-1"), 1, printed.append)
    assert printed == ["==> steps/s-1/stderr.gz <==", "bad", "==> steps/s-1/stdout.gz <==", "better"]


def test_following_prints_what_is_new_until_the_last_logs_have_come(put, monkeypatch):
    """The step ends before its last lines are in S3, as on EMR; what is there then is older than its end."""
    runs = step("RUNNING", ended_at=None)
    only_just = dataclasses.replace(runs, state="FAILED", ended_at=datetime.now(UTC) + timedelta(seconds=60))
    ended = dataclasses.replace(runs, state="FAILED", ended_at=datetime.now(UTC))
    looks = iter(
        [
            (runs, None),
            (runs, "one\ntwo\n"),
            (runs, None),
            (only_just, None),
            (ended, "one\ntwo\nthree\n"),
        ]
    )
    monkeypatch.setattr(log_printing, "PAUSE", 0)

    def look():
        now, written = next(looks)
        if written:
            put("steps/s-1/stdout.gz", written)
        return now

    printed = []
    last = follow_step(put.logs, look, lambda: put.logs.of_step("s-1"), None, printed.append)
    assert last is ended
    assert printed == ["one", "two", "three"]
    assert list(looks) == []


def test_following_gives_up_on_logs_that_do_not_come(put):
    ended = step(ended_at=datetime.now(UTC) - timedelta(minutes=30))
    assert follow_step(put.logs, lambda: ended, lambda: [], None, print) is ended


def test_following_outlasts_a_network_that_is_away(put, monkeypatch):
    monkeypatch.setattr(log_printing, "PAUSE", 0)
    put("steps/s-1/stdout.gz", "one\n")
    ended = step(ended_at=datetime.now(UTC))
    away = {"look": 2, "wanted": 2}

    def answer(asked, what):
        if away[asked]:
            away[asked] -= 1
            raise AwsUnavailable("no network")
        return what()

    def look():
        return answer("look", lambda: ended)

    def wanted():
        return answer("wanted", lambda: put.logs.of_step("s-1"))

    printed = []
    assert follow_step(put.logs, look, wanted, None, printed.append) is ended
    assert printed == ["one"]
