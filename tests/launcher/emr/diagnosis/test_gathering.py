"""Which logs a diagnosis looks at, and that it goes on with what it has."""

from datetime import timedelta

import pytest

from launcher.emr.diagnosis import gathering
from launcher.emr.diagnosis.gathering import Gathering
from launcher.emr.logs import LogFile
from lib.errors import InputError
from tests.launcher.emr.diagnosis.failures import FOLDER, NOW, cluster, step

DRIVERS, EXECUTORS = "container_1_01_000001", "container_1_01_{:06}"


class Logs:
    """Logs in memory: when each came, and what it says."""

    place = FOLDER

    def __init__(self, logs=None):
        self.logs = logs or {}

    def below(self, folder):
        found = ((name, when) for name, (when, _) in self.logs.items() if name.startswith(folder))
        return [LogFile(FOLDER + name, name, 1, when, "1") for name, when in found]

    def of_step(self, step_id):
        return self.below(f"steps/{step_id}/")

    def of_application(self, application):
        return self.below(f"containers/{application}/")

    def applications(self):
        return sorted({name.split("/")[1] for name in self.logs if name.startswith("containers/")}, reverse=True)

    def lines(self, file):
        return iter(self.logs[file.name][1].splitlines())


@pytest.fixture
def gathered(monkeypatch):
    """Gather from such logs: the evidence, by the names of its sources, and the notes."""

    def gather(logs, of=None, on=None):
        monkeypatch.setattr(gathering, "Logs", lambda *args: logs)
        monkeypatch.setattr(gathering, "instances", lambda *args: [])
        looking = Gathering(None, None, on or cluster())
        evidence = looking.of_step(of or step())
        return evidence, [each.name.removeprefix(FOLDER) for each in evidence.sources], looking.notes

    return gather


def container(application, name):
    return f"containers/{application}/{name}/stderr.gz"


def test_applications_are_those_of_the_steps_time(gathered):
    during, before = NOW + timedelta(minutes=5), NOW - timedelta(hours=1)
    logs = {
        "steps/s-1/stderr.gz": (during, "Error: it failed"),
        container("application_1_0001", DRIVERS): (before, "of another step"),
        container("application_1_0002", DRIVERS): (during, "of this one"),
    }
    _, names, notes = gathered(Logs(logs))
    assert names[:2] == ["steps/s-1/stderr.gz", container("application_1_0002", DRIVERS)]
    assert not any("application_1_0001" in name for name in names)
    assert notes == []


def test_applications_that_the_step_names_are_taken_with_the_drivers_log_first(gathered):
    named = "SparkException: Application application_1_0001 finished with failed status"
    executors = {container("application_1_0001", EXECUTORS.format(n)): (NOW, "x") for n in range(2, 72)}
    logs = {
        "steps/s-1/stderr.gz": (NOW, named),
        **executors,
        container("application_1_0001", DRIVERS): (NOW, "the driver"),
        container("application_1_0002", DRIVERS): (NOW, "another's"),
    }
    _, names, notes = gathered(Logs(logs))
    assert names[1] == container("application_1_0001", DRIVERS)
    assert container("application_1_0002", DRIVERS) not in names
    assert notes == ["10 more logs of executors were not read"]


def test_what_may_not_be_read_is_noted_and_the_rest_is_used(gathered):
    class Refused(Logs):
        def of_step(self, step_id):
            raise InputError("cannot list the logs: access denied to ListObjectsV2")

    of = step(failure={"Message": "ModuleNotFoundError: No module named 'sklearn'"})
    evidence, _, notes = gathered(Refused(), of)
    assert evidence.first("No module named")
    assert notes == ["cannot list the logs: access denied to ListObjectsV2"]


def test_a_cluster_without_logs_is_judged_by_emrs_words_alone():
    looking = Gathering(None, None, cluster(log_uri=""))
    looking.emr = NoNodes()
    evidence = looking.of_step(step(failure={"Message": "Exception in thread main"}))
    assert [each.name for each in evidence.sources] == ["EMR, of the step", "EMR, of the cluster"]
    assert "keeps no logs in S3" in looking.notes[0]


def test_the_memory_of_a_spark_submit_is_read_from_its_arguments(gathered):
    args = ("spark-submit", "--executor-memory", "8g", "--conf", "spark.driver.memory=4g", "s3://bucket/train.py")
    evidence, _, _ = gathered(Logs(), step(args=args))
    assert evidence.settings == {"spark.executor.memory": "8g", "spark.driver.memory": "4g"}
    assert not evidence.params


class NoNodes:
    """An EMR that knows of no nodes."""

    def get_paginator(self, name):
        return self

    def paginate(self, **asked):
        return []
