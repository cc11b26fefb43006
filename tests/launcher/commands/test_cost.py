"""`cluster cost`, as a user types it."""

import json
import re
from datetime import UTC, datetime, timedelta

import boto3
import pytest
from moto.backends import get_backend
from typer.testing import CliRunner

from launcher.cli import app
from tests.launcher.emr.cost.test_earlier_runs import leave, record, scored
from tests.launcher.requests import STEP, request


def ago(minutes: float) -> datetime:
    return datetime.now(UTC).replace(microsecond=0) - timedelta(minutes=minutes)


def minutes_ago(minutes: float) -> datetime:
    """As moto keeps times, without a zone."""
    return ago(minutes).replace(tzinfo=None)


@pytest.fixture
def cost(endpoint, tmp_path, monkeypatch):
    """Type `cluster cost …` in an empty folder; gives the exit code and what was printed."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("AWS_ENDPOINT_URL_PRICING", "http://127.0.0.1:9")  # nobody is there: the table holds

    def typed(*words: str):
        done = CliRunner().invoke(app, ["cluster", "cost", *words])
        return done.exit_code, done.output

    return typed


@pytest.fixture
def cluster(emr):
    """A cluster that came up in 10 minutes, two hours ago; it ran two steps, of which the second is ours."""
    made = request(StepConcurrencyLevel=2)
    made["Instances"]["InstanceGroups"][0]["EbsConfiguration"] = {"EbsBlockDeviceConfigs": []}
    cluster_id = emr.run_job_flow(**made, EbsRootVolumeSize=30)["JobFlowId"]
    other = {**STEP, "Name": "another", "HadoopJarStep": {**STEP["HadoopJarStep"], "Args": ["true"]}}
    first, second, _ = emr.add_job_flow_steps(JobFlowId=cluster_id, Steps=[other, STEP, other])["StepIds"]
    kept = get_backend("emr")["123456789012"]["us-east-1"].clusters[cluster_id]
    kept.creation_datetime, kept.ready_datetime = minutes_ago(120), minutes_ago(110)
    for group in kept.instance_groups:
        group.creation_date_time = minutes_ago(120)
    for step, began, ended in zip(kept.steps, (90, 60, None), (30, 30, None), strict=True):
        step.state = "COMPLETED" if began else "PENDING"
        step.start_date_time = minutes_ago(began) if began else None
        step.end_date_time = minutes_ago(ended) if ended else None
    return cluster_id, first, second


@pytest.fixture
def s3_bucket(endpoint):
    """A bucket, as what puts a text in it."""
    s3 = boto3.client("s3")
    s3.create_bucket(Bucket="costs")
    return lambda key, text: s3.put_object(Bucket="costs", Key=key, Body=text.encode())


def numbers(text: str, start: str):
    """The numbers of a row, give or take what the cluster costs in the seconds that a test takes."""
    found = re.search(f"^{start} ([ 0-9.%]+)$", text, re.M)
    assert found, text
    return pytest.approx([float(each) for each in found[1].split() if "%" not in each], abs=0.03)


HOUR = 1.20 + (30 + 2 * (256 + 30)) * 0.08 / 730


def test_a_cluster_by_what_it_did(cost, cluster):
    cluster_id, first, second = cluster
    code, text = cost()
    assert code == 0, text
    assert f"mineria-ml-cluster ({cluster_id}), RUNNING, up 2 h 00 min: 2.5" in text
    assert "plus 1.27 USD per further hour" in text
    assert numbers(text, "primary  +m5.xlarge  +on demand") == [2.00, 0.38, 0.10, 0.01, 0.49]
    assert numbers(text, "core  +m5.2xlarge  +on demand") == [4.00, 1.54, 0.38, 0.13, 2.05]
    assert numbers(text, "start-up") == [0.50, 0.21]
    assert numbers(text, "runs") == [3.00, 1.27]
    assert numbers(text, f"  {first}  +another") == [2.25, 0.95]  # half an hour alone, half an hour shared
    assert numbers(text, f"  {second}  +experiment 20261125_120000") == [0.75, 0.32]
    assert numbers(text, "idle") == [2.50, 1.06]
    assert "Prices as of 2026-11-25 for us-east-1, from the project's table" in text
    assert "AWS's price list could not be read: cannot ask for prices" in text
    assert "Not the bill: no S3" in text


def test_a_cluster_for_programs(cost, cluster):
    found = json.loads(cost("--json")[1])
    assert found["usd_per_hour"] == pytest.approx(HOUR, abs=1e-4)
    assert found["usd"] == pytest.approx(2 * HOUR, abs=0.03)
    so_far = found["cluster_so_far"]
    assert sum(so_far[f"{part}_usd"] for part in ("startup", "runs", "idle")) == pytest.approx(
        so_far["whole_usd"], abs=2e-4
    )
    assert [each["run"] for each in found["runs"]] == [cluster[2], cluster[1]]
    assert found["not_included"].startswith("not the bill")


@pytest.mark.parametrize("name", ["20261125_120000", "model_20261125_120000", None])
def test_one_run_by_its_step_its_id_or_its_model(cost, cluster, name):
    _, first, second = cluster
    code, text = cost(name or second)
    assert code == 0, text
    assert f"{second} (experiment 20261125_120000)" in text
    assert "30 min 00 s: 0.32 USD" in text
    assert f"{first} ran at the same time" in text
    assert re.search(r"start-up, 0.21 USD, and its idle time so far, 1.0\d USD", text)


def test_a_run_through_livy_is_known_by_its_record(cost, cluster, tmp_path):
    span = {"from": ago(20).isoformat(), "to": ago(10).isoformat()}
    ours = record("20261125_130000", cost={"cluster": cluster[0], "step": None, "actual": span})
    leave(tmp_path / "experiments", ours)
    found = json.loads(cost("model_20261125_130000", "--out", "experiments", "--json")[1])
    assert (found["run"], found["usd"], found["beside"]) == ("20261125_130000", pytest.approx(HOUR / 6, abs=1e-3), [])
    assert found["cluster_so_far"]["idle_usd"] == pytest.approx(HOUR * 40 / 60, abs=0.03)


def test_a_scoring_through_livy_is_known_by_its_record_and_is_not_idle_time(cost, cluster, tmp_path):
    span = {"from": ago(20).isoformat(), "to": ago(10).isoformat()}
    scored(tmp_path / "experiments", "20261125_130000", cost={"cluster": cluster[0], "step": None, "actual": span})
    whole = json.loads(cost("--out", "experiments", "--json")[1])
    assert "20261125_130000" in [each["run"] for each in whole["runs"]]
    assert whole["cluster_so_far"]["idle_usd"] == pytest.approx(HOUR * 40 / 60, abs=0.03)
    found = json.loads(cost("score_20261125_130000", "--out", "experiments", "--json")[1])
    assert found["usd"] == pytest.approx(HOUR / 6, abs=1e-3)


def test_an_estimate_from_earlier_runs(cost, cluster, tmp_path):
    leave(tmp_path / "experiments", record("20261125_130000"), record("20261125_140000"))
    few = ("--out", "experiments", "-p", "grid={GBT: {maxIter: [10, 20], maxDepth: [3, 4, 5, 6, 7]}}")
    code, text = cost("--estimate", *few, "--rows", "16000")
    assert code == 0, text
    assert f"10 candidates on {cluster[0]}: about 0.13 USD (1.27 USD/h × 6 min, from 2 earlier runs)" in text
    assert "not the bill" in text
    found = json.loads(cost("--estimate", *few, "--json")[1])
    assert (found["seconds"], found["earlier_runs"]) == (330, 2)
    assert found["usd"] == pytest.approx(HOUR * 330 / 3600, abs=1e-3)


def test_an_estimate_with_nothing_to_go_by_says_it_is_a_guess(cost, cluster):
    text = cost("--estimate", "--out", "experiments")[1]
    assert "a rough guess, because there is no earlier run to estimate from: 4 Spark sessions" in text


def test_a_dry_run_for_a_cluster_says_what_it_will_cost(cost, cluster, s3_bucket):
    s3_bucket("experiments/models/model_20261125_130000/experiment.json", json.dumps(record("20261125_130000")))
    s3_bucket("experiments/models/notes.txt", "no model")
    places = ("--out", "s3://costs/experiments", "--input-data", "s3://costs/pixels/")
    candidate = ("-p", "candidates=[{model: GBT, maxIter: 10}]")
    words = ["--dry-run", "--cluster-id", cluster[0], "--target", "livy", *places, *candidate]
    done = CliRunner().invoke(app, words)
    assert done.exit_code == 0, done.output
    # 280 s around the search, and a twentieth of its 100 s.
    assert "about 0.10 USD (1.27 USD/h × 5 min, from 1 earlier run, as if on as many rows)" in done.output


def test_spot_nodes_make_it_a_bound(cost, emr):
    made = request()
    made["Instances"]["InstanceGroups"][1] |= {"Market": "SPOT", "BidPrice": "0.1"}
    emr.run_job_flow(**made)
    found = json.loads(cost("--json")[1])
    assert found["is_bound"]
    assert found["usd_per_hour"] == pytest.approx(HOUR - 2 * (0.384 - 0.1), abs=0.02)
    assert "Spot nodes are counted at their maximum price" in cost()[1]


def test_a_cluster_that_has_ended_costs_nothing_more(cost, cluster, emr):
    emr.terminate_job_flows(JobFlowIds=[cluster[0]])
    text = cost("--cluster-id", cluster[0])[1]
    assert "TERMINATED" in text
    assert "for each hour more" not in text
    code, text = cost("--estimate", "--cluster-id", cluster[0], "--out", "experiments")
    assert (code, "is TERMINATED and has no nodes" in text) == (2, True)


def test_a_price_may_be_given(cost, emr):
    made = request()
    made["Instances"]["InstanceGroups"][0]["InstanceType"] = "m7i.xlarge"
    emr.run_job_flow(**made)
    code, text = cost()
    assert code == 2
    assert "no price known for m7i.xlarge in us-east-1" in text
    assert "give it with --price m7i.xlarge=USD" in text
    assert cost("--price", "m7i.xlarge=0.2016")[0] == 0


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (["--price", "m5.xlarge"], "must be TYPE=USD for an hour"),
        (["--price", "m5.xlarge=-1"], "must be TYPE=USD for an hour"),
        (["--estimate", "s-1"], "--estimate is for a future run: leave out s-1"),
        (["--rows", "5"], "--rows needs --estimate"),
        (["s-NONE"], "s-NONE is neither a step of cluster"),
    ],
)
def test_what_makes_no_sense_is_refused(cost, cluster, words, problem):
    code, text = cost(*words)
    assert code == 2
    assert problem in text


def test_a_step_that_never_ran_cost_nothing(cost, cluster, emr):
    waiting = emr.list_steps(ClusterId=cluster[0])["Steps"][0]["Id"]
    code, text = cost(waiting)
    assert (code, f"{waiting} cost nothing: it is PENDING" in text) == (2, True)


def test_without_a_region_it_says_so(cost, cluster, monkeypatch):
    monkeypatch.delenv("AWS_DEFAULT_REGION")
    code, text = cost("--cluster-id", cluster[0])
    assert (code, "no AWS region is set" in text) == (2, True)


def test_the_session_names_the_region():
    from launcher.emr.cost.spending import region_of

    assert region_of(boto3.Session(region_name="eu-west-1")) == "eu-west-1"
