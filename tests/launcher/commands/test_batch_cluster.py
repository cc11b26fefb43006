"""--create-cluster: a cluster for one batch, which is gone whatever becomes of the batch."""

import json
import os
import re
import signal
import time

import boto3
import pytest
import yaml
from typer.testing import CliRunner

from launcher import cli
from launcher.commands import batch_cluster
from launcher.detached import submit
from launcher.detached.follow import _Look
from launcher.emr.clusters import describe
from launcher.emr.steps import list_steps
from launcher.support import watching
from lib.errors import ExperimentError
from tests.launcher.runs import OUT

PLACES = ("--input-data", "s3://bucket/data/x.parquet", "--out", OUT, "--no-check", "--json")


@pytest.fixture
def batch(account, emr, monkeypatch):
    """Type a command with --create-cluster; gives how it ended, and the clusters that it made."""
    monkeypatch.setattr(watching, "PAUSE", 0.01)
    boto3.client("s3").create_bucket(Bucket="bucket")
    before = {each["Id"] for each in emr.list_clusters()["Clusters"]}

    def run(*more):
        done = CliRunner().invoke(cli.app, ["--create-cluster", *PLACES, *more], env={"COLUMNS": "200"})
        made = [each["Id"] for each in emr.list_clusters()["Clusters"] if each["Id"] not in before]
        return done, [describe(emr, each) for each in made]

    return run


def test_a_batch_has_a_cluster_of_its_own_that_ends_with_it(batch, emr, monkeypatch, tmp_path):
    followed = []
    monkeypatch.setattr(
        submit, "follow", lambda session, cluster, step, console, stays: followed.append((cluster, step))
    )
    files = [tmp_path / f"{seed}.yaml" for seed in (1, 2)]
    for seed, file in enumerate(files, start=1):
        file.write_text(yaml.safe_dump({"seed": seed, "grid": {"GBT": {"maxIter": [3]}}}))
    params = [word for file in files for word in ("--params", str(file))]
    done, (cluster,) = batch(*params, "--cluster-setting", "core_count=3")
    assert done.exit_code == 0, done.output
    assert cluster.life.state == "TERMINATED"
    assert cluster.auto_termination_seconds == 600
    assert [group.requested for group in cluster.groups if group.role == "CORE"] == [3]
    assert followed == [(cluster.id, each.id) for each in reversed(list_steps(emr, cluster.id))]
    records = [json.loads(line) for line in done.stdout.splitlines()]
    assert [(each["cluster"], each["outcome"]) for each in records] == [(cluster.id, "done")] * 2
    assert re.search(r"The batch will take about \d+ min \d\d s, with 10 min 00 s to start the cluster", done.stderr)
    assert f"Cluster {cluster.id} is being terminated." in done.stderr


def test_the_cluster_ends_when_an_experiment_fails(batch, monkeypatch):
    def fail(*given):
        raise ExperimentError("step s-1 failed: no reason")

    monkeypatch.setattr(submit, "follow", fail)
    done, (cluster,) = batch()
    assert (done.exit_code, cluster.life.state) == (1, "TERMINATED")
    assert json.loads(done.stdout)["error"] == "step s-1 failed: no reason"


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_the_cluster_ends_when_the_batch_is_stopped(batch, monkeypatch, number, code):
    def stop(look):
        os.kill(os.getpid(), number)
        time.sleep(30)

    monkeypatch.setattr(_Look, "again", stop)
    done, (cluster,) = batch()
    assert (done.exit_code, cluster.life.state) == (code, "TERMINATED")
    assert f"Cluster {cluster.id} is being terminated." in done.stderr
    assert "continues" not in done.stderr


def test_the_cluster_ends_when_the_checklist_refuses(batch, monkeypatch):
    def refuse(plan, session, console):
        raise ExperimentError("the cluster is open to the internet")

    monkeypatch.setattr("launcher.commands.experiment.check_before_submission", refuse)
    monkeypatch.setattr(
        "tests.launcher.commands.test_batch_cluster.PLACES", tuple(p for p in PLACES if p != "--no-check")
    )
    done, (cluster,) = batch()
    assert (done.exit_code, cluster.life.state) == (1, "TERMINATED")


def test_a_cluster_that_cannot_be_terminated_is_named(batch, monkeypatch):
    def refuse(emr, cluster):
        raise ExperimentError("no connection")

    monkeypatch.setattr(submit, "follow", lambda *given: None)
    monkeypatch.setattr(batch_cluster, "terminate", refuse)
    done, (cluster,) = batch()
    assert (
        f"Cluster {cluster.id} could not be terminated (no connection), and terminates itself after 10 min"
        in done.stderr
    )
    assert f"run_experiment.py cluster terminate --cluster-id {cluster.id}" in done.stderr


@pytest.mark.parametrize(
    ("more", "says"),
    [
        (("--cluster-id", "j-ABC"), "leave out --cluster-id"),
        (("--run-id", "20260101_000000"), "leave out --run-id"),
        (("--cluster-setting", "core_cout=3"), "did you mean core_count?"),
        (("--seed", "many"), "seed"),
        (("--input-data", "here.csv"), "a cluster cannot see the files of this machine"),
    ],
)
def test_what_is_wrong_costs_no_cluster(batch, more, says):
    done, made = batch(*more)
    assert (done.exit_code, made) == (2, [])
    assert says in " ".join(done.stderr.split())


def test_a_dry_run_makes_none(batch):
    done, made = batch("--dry-run")
    assert (done.exit_code, made) == (0, [])
    record = json.loads(done.stdout)
    assert (record["outcome"], record["cluster"]) == ("planned", None)


def test_settings_need_it():
    done = CliRunner().invoke(cli.app, ["--cluster-setting", "core_count=3"])
    assert (done.exit_code, "needs --create-cluster" in " ".join(done.stderr.split())) == (2, True)
