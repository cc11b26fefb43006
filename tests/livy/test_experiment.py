"""A whole experiment through Livy and S3: the unchanged notebooks, the same figures as on one machine.

It dies in the middle of its search and is taken up, so that all it leaves is also what a resumed one leaves.
"""

import base64
import contextlib
import dataclasses
import json
import os
import signal
import stat
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import numpy as np
import pandas as pd
import psutil
import pytest
import rasterio
import yaml
from rio_cogeo.cogeo import cog_validate

from launcher.experiment.plan import commit, make_plan, recorded_parameters
from launcher.experiment.search_log import SearchLog
from launcher.kernels import LOCAL
from launcher.parameters.schema import check
from launcher.parameters.sources import gather
from launcher.running.runner import Run
from launcher.support.files import files_at
from launcher.support.project import PROJECT
from launcher.targets.livy import records
from launcher.targets.livy.client import LivyClient, LivyLogin
from launcher.targets.livy.failures import SessionFailed
from launcher.targets.target import LocalTarget
from lib import artifacts
from lib.scoring import scoring
from lib.support.version import code_hash
from tests.lib.rasters.make import raster
from tests.lib.tables import make_table, write
from tests.livy.conftest import BUCKET, DRIVER_MEMORY
from tests.livy.faults import FaultyProxy
from tests.livy.runs import RUN_ID, TINY_GRID, Steps, run, sessions

LOGIN, PASSWORD = "analyst", "not-to-be-found-anywhere"
OUT = f"s3://{BUCKET}/whole"
LATER = "20260404_000000"


@dataclasses.dataclass
class Whole:
    """An experiment that ran through Livy in two runs, and what was to be seen while it did."""

    table: str
    died: SessionFailed
    begun: list
    results: dict
    code: str
    asked: list
    seen: str
    lines: list
    records_left: list
    sessions_left: list


@pytest.fixture(scope="module")
def whole(livy_url, s3, spark_settings, tmp_path_factory):
    """Behind a gateway that asks for a login, on a server that answers 500 now and then and loses a session."""
    proxy, scratch = FaultyProxy(livy_url), tmp_path_factory.mktemp("scratch")
    proxy.faults.login, proxy.faults.fails_every = f"{LOGIN}:{PASSWORD}", 25
    table = write(make_table(600), tmp_path_factory.mktemp("data") / "table.parquet")
    s3.upload_file(table, BUCKET, "data/table.parquet")
    before = sessions(livy_url)
    plan = make_plan(parameters([f"s3://{BUCKET}/data/table.parquet"], OUT, proxy.url, spark_settings))
    spy = Spy(plan, scratch)
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("XDG_STATE_HOME", str(tmp_path_factory.mktemp("state")))
        environment.setenv("LIVY_USER", LOGIN)
        environment.setenv("LIVY_PASSWORD", PASSWORD)
        environment.setattr(tempfile, "tempdir", str(scratch))
        code = code_hash()
        with spy.ending(LivyClient(livy_url)), pytest.raises(SessionFailed) as died:
            run(dataclasses.replace(plan, steps=plan.steps[1:2]), Steps(spy.look))
        begun = spy.log.read()
        results = run(taken_up(plan), Steps(spy.look))
        yield Whole(
            table,
            died.value,
            begun,
            results,
            code,
            proxy.faults.asked,
            spy.seen,
            spy.log.read(),
            records.records(),
            [number for number in sessions(livy_url) if number not in before],
        )
    proxy.close()


class Spy:
    """Looks at everything of a run at each cell, and at the search's log while it grows."""

    def __init__(self, plan, scratch):
        self.seen = ""
        self.log = SearchLog(files_at(OUT), f"{plan.model_dir}/{artifacts.SEARCH_LOG}")
        self._scratch = scratch

    def look(self, number):
        for record in records.records():
            for file in [record.folder, *(each for each in record.folder.rglob("*") if each.is_file())]:
                private = 0o700 if file.is_dir() else 0o600
                # What sparkmagic makes itself is private by the folder it is in.
                if file.parent == record.folder or file == record.folder:
                    assert stat.S_IMODE(file.stat().st_mode) == private, file
                self.seen += file.read_text() if file.is_file() else ""
        self.seen += "".join(file.read_text(errors="replace") for file in self._scratch.rglob("*") if file.is_file())
        for process in psutil.Process().children(recursive=True):
            with contextlib.suppress(psutil.NoSuchProcess):
                self.seen += "\n".join(process.cmdline())

    @contextlib.contextmanager
    def ending(self, client):
        """Follow the search from outside, and end its session as soon as there is a score."""
        over = threading.Event()

        def follow():
            while not over.wait(0.1):
                if self.log.read():
                    (record,) = records.records()
                    client.delete(record.sessions[0])
                    return

        follower = threading.Thread(target=follow)
        follower.start()
        try:
            yield
        finally:
            over.set()
            follower.join()


def taken_up(plan):
    """What `--resume` makes of a plan that was begun, from what is in S3."""
    recorded = recorded_parameters(OUT, f"model_{RUN_ID}")
    where = {name: json.dumps(getattr(plan.parameters, name).model_dump()) for name in ("cluster", "spark")}
    assignments = [f"{name}={value}" for name, value in where.items()]
    return make_plan(gather(None, assignments, {"out": OUT}, cwd=Path.cwd(), recorded=recorded))


def parameters(inputs, out, url="", settings=None):
    cluster = {"cluster": {"livy_url": url, "auth": "basic"}} if url else {}
    return check(
        {
            "input_data": inputs,
            "out": out,
            "run_id": RUN_ID,
            "grid": TINY_GRID,
            "engine": "spark",
            "spark": {"driver_memory": DRIVER_MEMORY, "conf": settings or {}},
            **cluster,
        }
    )


def test_a_run_that_died_is_taken_up_where_it_was(whole, s3):
    assert "has lost Livy session" in str(whole.died)
    assert "(02_train.ipynb, cell In [" in str(whole.died)
    assert 1 <= len(whole.begun) <= len(whole.lines) == 2
    for before, after in zip(whole.begun, whole.lines, strict=False):
        assert {**before, "scored_at": ""} == {**after, "scored_at": ""}
    record = json.loads(text(s3, f"whole/models/model_{RUN_ID}/{artifacts.EXPERIMENT}"))
    assert record["reused_candidates"] == len(whole.begun)


def test_the_figures_are_those_of_one_machine(whole, tmp_path):
    plan = make_plan(parameters([whole.table], str(tmp_path / "out")))
    plan = dataclasses.replace(plan, steps=plan.steps[1:2])
    local = Run(plan, [Steps()], LocalTarget(LOCAL))()
    assert_equal(whole.results["train"], local["train"])
    # Evaluation measures the model as it was saved, on the rows that training tested it on.
    tested, evaluated = local["train"]["winner"]["test_metrics_retrained"], whole.results["evaluate"]
    assert_equal({name: evaluated[name] for name in tested}, tested)
    assert evaluated["confusion_matrix"] == local["train"]["confusion_matrix"]


def assert_equal(there, here, name=""):
    """Nested values are the same, numbers to 1e-12."""
    if isinstance(here, dict | list):
        keys = here.keys() if isinstance(here, dict) else range(len(here))
        assert len(there) == len(here), name
        for key in keys:
            assert_equal(there[key], here[key], f"{name}.{key}")
    elif isinstance(here, float):
        assert abs(there - here) <= 1e-12, name
    else:
        assert there == here, name


def test_everything_is_in_s3_and_named_as_the_user_wrote_it(whole, s3, written):
    keys = {each["Key"] for each in s3.list_objects_v2(Bucket=BUCKET, Prefix="whole/")["Contents"]}
    model, evaluation = f"whole/models/model_{RUN_ID}", f"whole/results/eval_{RUN_ID}"
    assert {f"{model}/{name}" for name in (artifacts.EXPERIMENT, artifacts.SUMMARY, artifacts.SEARCH_LOG)} <= keys
    assert {f"{evaluation}/{name}" for name in (artifacts.EVAL_METRICS, artifacts.REPORT)} <= keys
    for place, names in ((model, ("01_explore", "02_train")), (evaluation, ("03_evaluate", "04_report"))):
        assert {f"{place}/notebooks/{n}{end}" for n in names for end in (".ipynb", ".html")} <= keys
    assert f"whole/source/{whole.code}/lib.zip" in keys
    # What ran before it died is evidence, and there is nothing else.
    places = ("whole/models/", "whole/results/", "whole/source/", f"whole/failed/{RUN_ID}/02_train.ipynb")
    logs = {f"whole/failed/{RUN_ID}/kernel.log"}
    assert {key for key in keys if not key.startswith(places)} <= logs
    record = json.loads(text(s3, f"{model}/{artifacts.EXPERIMENT}"))
    assert record["data"]["inputs"] == [f"s3://{BUCKET}/data/table.parquet"]
    assert record["versions"]["lib"] == whole.code
    assert record["commit"] == commit(PROJECT)  # and whether there are changes beyond it
    # The summary says that a model is complete: of what training leaves it is the last to appear.
    mine = [key for key in written if key.startswith(f"{model}/") and "/notebooks/" not in key]
    assert mine.index(f"{model}/{artifacts.SUMMARY}") == len(mine) - 1


def text(s3, key) -> str:
    return s3.get_object(Bucket=BUCKET, Key=key)["Body"].read().decode()


def test_pages_show_results_and_no_noise(whole, s3):
    page = text(s3, f"whole/models/model_{RUN_ID}/notebooks/02_train.html")
    assert "RandomForest" in page
    assert "data:image/png;base64," in page
    for noise in ("FloatProgress", "Starting Spark application", "YARN Application ID"):
        assert noise not in page


def test_each_session_is_asked_for_as_it_should_be_and_ended(whole):
    creations = [body for method, path, body in whole.asked if (method, path) == ("POST", "/sessions")]
    assert len({body["name"] for body in creations}) == len(creations) == 5
    for body in creations:
        assert body["kind"] == "pyspark"
        assert body["pyFiles"] == [f"{OUT}/source/{whole.code}/lib.zip"]
        assert body["heartbeatTimeoutInSecond"] == 120
        assert body["driverMemory"] == DRIVER_MEMORY
        assert f"mineria-ml-emr-{RUN_ID}" in body["name"]
    assert whole.sessions_left == []
    # Livy forgot the first training's session, whose driver may live on; all others were ended.
    (left,) = whole.records_left
    (number,) = left.sessions
    assert f"has lost Livy session {number}" in str(whole.died)


def test_the_password_is_nowhere_and_the_configuration_is_private(whole, s3):
    assert '"url"' in whole.seen  # sparkmagic's configuration
    assert "sparkmagic.kernels" in whole.seen  # the kernels' command line
    places = [whole.seen, str(whole.died), *whole.died.__notes__, json.dumps(whole.asked)]
    for each in s3.list_objects_v2(Bucket=BUCKET, Prefix="whole/")["Contents"]:
        places.append(s3.get_object(Bucket=BUCKET, Key=each["Key"])["Body"].read().decode(errors="replace"))
    for secret in (PASSWORD, base64.b64encode(f"{LOGIN}:{PASSWORD}".encode()).decode()):
        assert not [place for place in places if secret in place]


@dataclasses.dataclass
class Scoring:
    """Types `score` for the model of `whole`, as a process of its own."""

    params: Path

    def __call__(self, *arguments):
        process = self.begin(*arguments)
        try:
            out, errors = process.communicate(timeout=200)
        finally:
            process.kill()
        return subprocess.CompletedProcess(process.args, process.returncode, out, errors)

    def begin(self, *arguments):
        command = [sys.executable, "run_experiment.py", "score", "latest", "--params", self.params, "--target", "livy"]
        environment = {**os.environ, "COLUMNS": "200"}
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True, "start_new_session": True}
        return subprocess.Popen([*command, *arguments], cwd=PROJECT, env=environment, **pipes)


@pytest.fixture
def score(whole, livy_url, spark_settings, tmp_path):
    content = {"cluster": {"livy_url": livy_url}, "spark": {"driver_memory": DRIVER_MEMORY, "conf": spark_settings}}
    (tmp_path / "params.yaml").write_text(yaml.safe_dump({"out": OUT, **content}))
    return Scoring(tmp_path / "params.yaml")


def test_its_model_scores_a_table_through_livy(whole, score, s3, livy_url, written, spark, tmp_path):
    before, begun = sessions(livy_url), len(written)
    table = f"s3://{BUCKET}/data/table.parquet"
    done = score("--input-data", table, "-p", f"run_id={RUN_ID}", "-p", "id_cols=[f0]")
    assert done.returncode == 0, done.stdout + done.stderr
    assert sessions(livy_url) == before
    place = f"{OUT}/scores/score_{RUN_ID}"
    for said in (f"Scoring {RUN_ID}", "600 rows scored by", "of the rows, above", f"{place}/SCORING_REPORT.md"):
        assert said in done.stdout
    mine = [key for key in written[begun:] if key.startswith(f"whole/scores/score_{RUN_ID}/")]
    results = [key.split(RUN_ID)[1] for key in mine if "/notebooks/" not in key]
    assert results[-1] == "/scores.json"
    assert {"/SCORING_REPORT.md", "/SCORING_REPORT.html", "/scores/_SUCCESS"} < set(results)
    assert {key.split("/notebooks/")[1] for key in mine if "/notebooks/" in key} == {"05_score.ipynb", "05_score.html"}
    record = json.loads(text(s3, f"whole/scores/score_{RUN_ID}/scores.json"))
    assert (record["rows"], record["model"], record["inputs"]) == (600, f"{OUT}/models/model_{RUN_ID}", [table])

    # The same model scores the same rows alike on one machine.
    for number, bucket_key in enumerate(key for key in mine if "/scores/part-" in key):
        s3.download_file(BUCKET, bucket_key, str(tmp_path / f"{number}.parquet"))
    there = scores_below(tmp_path)
    model = download(s3, f"whole/models/model_{RUN_ID}", tmp_path / f"model_{RUN_ID}")
    here = scoring.score(spark, str(model), whole.table, str(tmp_path / "out"), id_cols=["f0"])
    found = pd.read_parquet(f"{here.folder}/scores").sort_values("f0")
    pd.testing.assert_frame_equal(there, found.reset_index(drop=True), rtol=0, atol=1e-12)


def test_a_scoring_that_is_stopped_leaves_no_session_and_nothing_that_looks_whole(score, s3, livy_url, written):
    before, begun = sessions(livy_url), len(written)
    place = f"whole/scores/score_{LATER}/"
    stopped = score.begin("--input-data", f"s3://{BUCKET}/data/table.parquet", "-p", f"run_id={LATER}")
    deadline = time.monotonic() + 120
    while not any(key.startswith(place) for key in written[begun:]):  # it has begun to score
        assert stopped.poll() is None, stopped.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.05)
    stopped.send_signal(signal.SIGINT)
    _, errors = stopped.communicate(timeout=60)
    assert (stopped.returncode, "Stopped by Ctrl-C." in errors) == (130, True)
    assert sessions(livy_url) == before
    assert records.records() == []
    assert f"{place}scores.json" not in written[begun:]


def test_its_model_makes_a_map_of_a_raster_in_s3(whole, score, s3, s3_endpoint, livy_url, spark, tmp_path):
    before = sessions(livy_url)
    bands = np.random.default_rng(8).normal(size=(4, 40, 60)).round(3)
    bands[1, :5, :9] = np.nan
    north = raster(tmp_path / "north.tif", bands, [f"f{i}" for i in range(4)], tiled=True, blockxsize=16, blockysize=16)
    s3.upload_file(north, BUCKET, "data/tiles/north.tif")
    # On EMR, GDAL takes the node's own credentials and AWS's addresses.
    gdal = {"AWS_S3_ENDPOINT": s3_endpoint.removeprefix("http://"), "AWS_HTTPS": "NO", "AWS_VIRTUAL_HOSTING": "FALSE"}
    gdal |= {"AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testing", "AWS_REGION": "us-east-1"}
    params = yaml.safe_load(score.params.read_text())
    params["spark"]["conf"] |= {f"spark.yarn.appMasterEnv.{name}": value for name, value in gdal.items()}
    score.params.write_text(yaml.safe_dump(params))

    done = score("--input-data", f"s3://{BUCKET}/data/tiles", "-p", "run_id=20260303_000000", "--language", "es")
    assert done.returncode == 0, done.stdout + done.stderr
    assert sessions(livy_url) == before
    for said in ("2,355 pixels scored by", "best_areas.geojson"):
        assert said in done.stdout
    place = download(s3, "whole/scores/score_20260303_000000", tmp_path / "score_20260303_000000")
    assert not (place / "windows").exists()
    model = download(s3, f"whole/models/model_{RUN_ID}", tmp_path / f"model_{RUN_ID}")
    here = scoring.score(spark, str(model), north, str(tmp_path / "out"))
    for name in here.record["maps"]:
        with rasterio.open(place / "maps" / "north" / f"{name}.tif") as there:
            assert cog_validate(there.name, quiet=True)[0]
            with rasterio.open(f"{here.folder}/maps/north/{name}.tif") as ours:
                assert np.array_equal(there.read(masked=True).filled(9), ours.read(masked=True).filled(9))
    assert "map_north.png" in (place / "SCORING_REPORT.md").read_text()


def scores_below(folder):
    parts = [pd.read_parquet(file) for file in folder.glob("*.parquet")]
    return pd.concat(parts).sort_values("f0").reset_index(drop=True)


def download(s3, prefix, folder):
    for each in s3.list_objects_v2(Bucket=BUCKET, Prefix=f"{prefix}/")["Contents"]:
        file = folder / each["Key"].removeprefix(f"{prefix}/")
        file.parent.mkdir(parents=True, exist_ok=True)
        s3.download_file(BUCKET, each["Key"], str(file))
    return folder


def test_a_table_that_the_notebook_refuses_leaves_neither_session_nor_scores(score, s3, livy_url, tmp_path):
    before = sessions(livy_url)
    holes = make_table(50).assign(f1=float("nan"))
    s3.upload_file(write(holes, tmp_path / "holes.parquet"), BUCKET, "data/holes.parquet")
    done = score(
        "--input-data", f"s3://{BUCKET}/data/holes.parquet", "-p", "missing=drop", "-p", "run_id=20260202_000000"
    )
    assert done.returncode == 2, done.stdout + done.stderr
    assert done.stderr.startswith("Error: 50 of 50 rows have a null, NaN or infinite value, in: f1 (50); fix them, or")
    assert done.stderr.count("\n") == 1
    assert sessions(livy_url) == before
    assert "Contents" not in s3.list_objects_v2(Bucket=BUCKET, Prefix="whole/scores/score_20260202_000000")


def test_what_can_be_known_before_opens_no_session(whole, score, livy, s3):
    def refused(says, *arguments):
        done = score("--livy-url", livy.url, *arguments)
        assert (done.returncode, done.stdout) == (2, "")
        assert says in done.stderr

    table = ("--input-data", f"s3://{BUCKET}/data/table.parquet")
    refused("there is no complete model in s3://", *table, "--out", f"s3://{BUCKET}/nothing")
    elsewhere = ("--livy-url", "http://livy.elsewhere:8998")
    refused("a cluster cannot see the files of this machine", "--input-data", whole.table, *elsewhere)
    assert livy.faults.requests("POST", "/sessions") == []


def test_a_wrong_login_says_where_the_right_one_goes(livy, monkeypatch):
    livy.faults.login = f"{LOGIN}:{PASSWORD}"
    monkeypatch.setenv("LIVY_USER", LOGIN)
    monkeypatch.setenv("LIVY_PASSWORD", "wrong")
    with pytest.raises(LivyLogin, match=r"refuses the login \(status 401\).*LIVY_USER and LIVY_PASSWORD"):
        LivyClient(livy.url, "basic").check()


def test_no_notebook_configures_a_session():
    for notebook in (Path(__file__).resolve().parents[2] / "notebooks").glob("*.ipynb"):
        assert "%%configure" not in notebook.read_text()
