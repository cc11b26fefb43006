"""A run on a cluster keeps what it costs in its record."""

import json

import boto3
import pytest
from moto.backends import get_backend

from launcher.emr.cost.records import sentence
from launcher.emr.cost.watch import CostWatch
from launcher.experiment.plan import make_plan
from launcher.parameters.sources import gather
from tests.launcher.emr.cost.test_earlier_runs import leave, record, scored
from tests.launcher.requests import STEP, request

RUN_ID = "20261125_120000"


@pytest.fixture
def cluster_id(emr, monkeypatch):
    monkeypatch.setenv("AWS_ENDPOINT_URL_PRICING", "http://127.0.0.1:9")  # nobody is there: the table holds
    return emr.run_job_flow(**request())["JobFlowId"]


def watched(folder, cluster_id: str, *more: str, is_begun: bool = True):
    """A watch of a run whose training has left its record, and a way to read that."""
    if is_begun:
        leave(folder, record(RUN_ID))
    typed = {"cluster.id": cluster_id, "cluster.target": "livy", "out": str(folder), "run_id": f'"{RUN_ID}"'}
    plan = make_plan(gather(None, more, typed, cwd=folder))
    place = folder / "models" / f"model_{RUN_ID}" / "experiment.json"
    return plan, CostWatch(plan, boto3.Session()), lambda: json.loads(place.read_text())


def test_the_cost_stands_in_the_record_before_the_report_and_at_the_end(cluster_id, tmp_path):
    plan, watch, read = watched(tmp_path, cluster_id)
    assert watch.estimate().startswith("about ")
    for number, step in enumerate(plan.steps, start=1):
        watch.step_started(step, number)
        watch.cell_started(1)
        assert ("cost" in read()) == (step.name == "report")
        if step.name == "report":
            before = read()["cost"]["actual"]
        watch.step_done(step)
    kept = read()
    cost = kept.pop("cost")
    assert kept == record(RUN_ID)  # nothing else is lost
    assert (cost["cluster"], cost["step"], cost["currency"]) == (cluster_id, None, "USD")
    assert cost["actual"]["from"] == before["from"]
    assert cost["actual"]["usd"] >= before["usd"] >= 0
    assert [group["role"] for group in cost["actual"]["groups"]] == ["CORE", "MASTER"]
    assert cost["estimate"]["earlier_runs"] == 1
    assert cost["prices"]["as_of"] == "2026-11-25"
    assert cost["not_included"].startswith("not the bill")
    assert "for its idle time so far; not the bill" in sentence(watch.cost)


def test_a_run_that_is_a_step_is_that_step(cluster_id, emr, tmp_path):
    step_id = emr.add_job_flow_steps(JobFlowId=cluster_id, Steps=[STEP])["StepIds"][0]
    get_backend("emr")["123456789012"]["us-east-1"].clusters[cluster_id].steps[0].start()  # RUNNING, as moto has it
    plan, watch, read = watched(tmp_path, cluster_id)
    watch.step_done(plan.steps[-1])
    assert read()["cost"]["step"] == step_id


def test_a_run_without_evaluation_has_it_at_its_end(cluster_id, tmp_path):
    plan, watch, read = watched(tmp_path, cluster_id, "evaluate=false")
    watch.step_done(plan.steps[0])
    assert "cost" not in read()
    watch.step_done(plan.steps[1])
    assert read()["cost"]["actual"]["usd"] >= 0


def test_a_scoring_has_its_cost_in_its_own_record_and_no_estimate(cluster_id, tmp_path):
    scored(tmp_path, RUN_ID)
    leave(tmp_path, record("20261125_110000"))
    typed = {"cluster.id": cluster_id, "cluster.target": "livy", "out": str(tmp_path), "run_id": f'"{RUN_ID}"'}
    typed |= {"model": str(tmp_path / "models/model_20261125_110000"), "input_data": "table.parquet"}
    plan = make_plan(gather(None, [], typed, cwd=tmp_path))
    watch = CostWatch(plan, boto3.Session())
    assert watch.estimate() == "not estimated for a scoring; what it costs stands in its record"
    watch.step_done(plan.steps[-1])
    kept = json.loads((tmp_path / "scores" / f"score_{RUN_ID}" / "scores.json").read_text())
    assert kept["rows"] == 8
    assert (kept["cost"]["cluster"], kept["cost"]["step"]) == (cluster_id, None)
    assert kept["cost"]["actual"]["usd"] >= 0


def test_a_run_does_not_fail_for_a_cost_that_is_not_known(emr, tmp_path):
    plan, watch, read = watched(tmp_path, "j-NONE")
    assert watch.estimate().startswith("not known: cannot look at cluster j-NONE")
    watch.step_done(plan.steps[-1])
    assert read()["cost"]["unknown"].startswith("cannot list the steps of cluster j-NONE")
    assert sentence(watch.cost).startswith("not known: ")


def test_a_record_that_is_not_there_is_not_made_up(cluster_id, tmp_path):
    plan, watch, _ = watched(tmp_path, cluster_id, is_begun=False)
    watch.step_done(plan.steps[-1])
    assert "it could not be recorded" in sentence(watch.cost)
    assert not list(tmp_path.rglob("experiment.json"))
