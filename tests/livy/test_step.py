"""A detached run: a real step that runs papermill with what the primary node has, and Spark through Livy."""

import importlib.metadata
import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd
import pytest
import yaml

from launcher.detached.emr_step import LIVY_URL
from launcher.experiment.plan import commit
from launcher.experiment.submitted import StepFiles
from lib import artifacts
from lib.support.version import code_hash
from tests.aws.clusters import made_cluster
from tests.aws.moto_server import moto_server
from tests.lib.tables import write
from tests.livy.conftest import BUCKET
from tests.livy.runs import RUN_ID, sessions

ROOT = Path(__file__).resolve().parents[2]
COMMAND = [sys.executable, "run_experiment.py"]
CANCELLED = "20260301_000000"
# What `python -m venv` puts there.
_VENV = {"pip", "setuptools", "wheel"}
_ABSENT = """
import sys
from importlib.machinery import PathFinder

class OnTheNode(PathFinder):
    @classmethod
    def find_spec(cls, name, path=None, target=None):
        return None if name.split(".")[0] in {names!r} else super().find_spec(name, path, target)

sys.meta_path[sys.meta_path.index(PathFinder)] = OnTheNode
"""


@pytest.fixture(scope="module")
def cluster(s3, s3_endpoint, livy_url, tmp_path_factory):
    """A cluster whose steps find the packages of requirements-master.txt alone, and the Livy of the tests."""
    with moto_server(), made_cluster(s3_endpoint, tmp_path_factory.mktemp("node"), BUCKET) as made:
        site = tmp_path_factory.mktemp("site")
        (site / "sitecustomize.py").write_text(_ABSENT.format(names=absent_on_the_master()))
        made.node.names[LIVY_URL] = livy_url
        made.node.environment["PYTHONPATH"] = str(site)
        yield made


def absent_on_the_master() -> set[str]:
    """The modules that are here, but not in the Python that the bootstrap script makes."""
    pinned = (ROOT / "infrastructure" / "requirements-master.txt").read_text()
    there = {plain(name) for name in re.findall(r"^([\w.-]+)==", pinned, re.M)} | _VENV
    modules = importlib.metadata.packages_distributions()
    return {module for module, names in modules.items() if not there & {plain(name) for name in names}}


def plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


@pytest.fixture(scope="module")
def params(cluster, s3, sample, spark_settings, tmp_path_factory):
    folder = tmp_path_factory.mktemp("step")
    s3.upload_file(sample, BUCKET, "data/sample.parquet")
    file = folder / "params.yaml"
    content = {
        "input_data": f"s3://{BUCKET}/data/sample.parquet",
        "out": f"s3://{BUCKET}/{folder.name}",
        "run_id": RUN_ID,
        "grid": {"GBT": {"maxIter": [2], "maxDepth": [2]}},
        "engine": "spark",
        "language": "es",
        "cluster": {"id": cluster.id},
        "spark": {"driver_memory": "1g", "conf": spark_settings},
    }
    file.write_text(yaml.safe_dump(content))
    return file


@pytest.fixture(scope="module")
def experiment(cluster, params, livy_url):
    """An experiment that ran as a step: what its command printed."""
    before = sessions(livy_url)
    done = typed("--params", str(params), "--wait", "--no-check")
    assert done.returncode == 0, done.stdout + done.stderr
    assert sessions(livy_url) == before
    return done.stdout


def typed(*arguments: str) -> subprocess.CompletedProcess:
    environment = {**os.environ, "COLUMNS": "200"}
    return subprocess.run(
        [*COMMAND, *arguments], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=500
    )


def test_an_experiment_runs_as_a_step(experiment, cluster, params, s3):
    assert s3.get_bucket_versioning(Bucket=BUCKET)["Status"] == "Enabled"  # as that of Terraform
    for shown in ("1/4 explore", "2/4 train", "1/1 candidates", "4/4 report", "Winner", "EVALUATION_REPORT.md"):
        assert shown in experiment
    out = yaml.safe_load(params.read_text())["out"]
    report = text(s3, f"{out}/results/eval_{RUN_ID}/{artifacts.REPORT}")
    assert "\n# Informe" in report
    record = json.loads(text(s3, f"{out}/models/model_{RUN_ID}/{artifacts.EXPERIMENT}"))
    # Those of here: the node has neither git nor this command.
    assert record["command"].startswith(f"python run_experiment.py --params {params}")
    assert record["commit"] == commit(ROOT)
    assert record["versions"]["lib"] == code_hash()
    # The node works out what the run cost until its report, and at its end.
    cost = record["cost"]
    assert (cost["cluster"], cost["step"]) == (
        cluster.id,
        cluster.emr.list_steps(ClusterId=cluster.id)["Steps"][-1]["Id"],
    )
    assert cost["actual"]["usd"] > 0
    assert f"Cost: {cost['actual']['usd']:.2f} USD; plus " in experiment
    assert "for the cluster's start and" in experiment
    assert "### Lo que costó" in report
    assert "a precios de lista" in report
    for place in (f"models/model_{RUN_ID}/notebooks/02_train.html", f"results/eval_{RUN_ID}/notebooks/04_report.ipynb"):
        assert text(s3, f"{out}/{place}")
    status = StepFiles.of(out, RUN_ID).status()
    assert [step.name for step in status.steps] == ["explore", "train", "evaluate", "report"]
    assert status.exit_code == 0


def test_scorings_run_as_steps_and_one_that_is_refused_is_told(
    experiment, cluster, params, s3, sample, livy_url, tmp_path
):
    """Two in the queue: the first, whose table has no usable row, is only submitted; the second is followed."""
    before, out = sessions(livy_url), yaml.safe_load(params.read_text())["out"]
    holes = pd.read_parquet(sample).head(30).assign(B02_med=float("nan"))
    s3.upload_file(write(holes, tmp_path / "holes.parquet"), BUCKET, "data/holes.parquet")
    refused, scored = "20260201_000000", "20260202_000000"
    score = ("score", "latest", "--params", str(params), "--no-check")
    first = typed(*score, "--input-data", f"s3://{BUCKET}/data/holes.parquet", "-p", f"run_id={refused}")
    assert first.returncode == 0, first.stderr
    (step_id,) = re.findall(r"^step +(s-[A-Z0-9]+)", first.stdout, re.M)
    done = typed(*score, "--input-data", f"s3://{BUCKET}/data/sample.parquet", "-p", f"run_id={scored}", "--wait")
    assert done.returncode == 0, done.stdout + done.stderr
    assert sessions(livy_url) == before

    place = f"{out}/scores/score_{scored}"
    record = json.loads(text(s3, f"{place}/scores.json"))
    assert (record["rows"], record["model"]) == (8008, f"{out}/models/model_{RUN_ID}")
    for shown in ("; 1 step before it", "1/1 score", "8,008 rows scored by", f"{place}/SCORING_REPORT.md"):
        assert shown in done.stdout
    assert record["cost"]["actual"]["usd"] > 0
    assert f"Cost: {record['cost']['actual']['usd']:.2f} USD; plus " in done.stdout
    assert text(s3, f"{place}/SCORING_REPORT.md").startswith("# Informe de puntuación")
    assert text(s3, f"{place}/notebooks/05_score.html")

    said = "30 of 30 rows have a null, NaN or infinite value, in: B02_med (30); fix them, or choose another table"
    status = StepFiles.of(out, refused).status()
    assert (status.exit_code, status.error[: len(said)], status.cause) == (2, said, "refused")
    assert cluster.state(step_id) == "FAILED"
    bucket, _, prefix = f"{out}/scores/score_{refused}".removeprefix("s3://").partition("/")
    assert "Contents" not in s3.list_objects_v2(Bucket=bucket, Prefix=prefix)
    followed = typed("cluster", "step", step_id, "--cluster-id", cluster.id, "--wait")
    assert followed.returncode == 2
    assert f"Error: step {step_id} failed: {said}" in followed.stderr
    diagnosed = typed("cluster", "diagnose", step_id, "--cluster-id", cluster.id)
    assert diagnosed.returncode == 0, diagnosed.stdout + diagnosed.stderr
    assert said in diagnosed.stdout


def text(s3, place: str) -> str:
    bucket, _, key = place.removeprefix("s3://").partition("/")
    return s3.get_object(Bucket=bucket, Key=key)["Body"].read().decode()


def test_a_step_that_is_cancelled_ends_its_session(cluster, params, livy_url):
    before = sessions(livy_url)
    printed = typed("--params", str(params), "--no-check", "-p", f"run_id={CANCELLED}").stdout
    step_id = re.search(r"s-[A-Z0-9]{5,}", printed).group()
    until(lambda: len(sessions(livy_url)) > len(before))
    cluster.emr.cancel_steps(ClusterId=cluster.id, StepIds=[step_id])
    assert cluster.wait(step_id) == "CANCELLED"
    until(lambda: sessions(livy_url) == before)
    status_of = StepFiles.of(yaml.safe_load(params.read_text())["out"], CANCELLED).status
    until(lambda: status_of().exit_code is not None)
    assert status_of().error.startswith("stopped by SIGTERM")


def until(is_so, seconds: float = 120) -> None:
    deadline = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.2)
