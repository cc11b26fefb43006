"""A whole experiment through Livy and S3: the unchanged notebooks, the same figures as on one machine."""

import dataclasses
import json
import stat
import threading
from pathlib import Path

import pytest

from launcher import session_records
from launcher.files import files_at
from launcher.kernels import LOCAL
from launcher.livy_client import LivyClient, LivyLogin
from launcher.parameters import check
from launcher.plan import make_plan
from launcher.runner import Run
from launcher.search_log import SearchLog
from launcher.targets import LocalTarget
from lib import artifacts
from lib.version import code_hash
from tests.livy.conftest import BUCKET
from tests.livy.runs import RUN_ID, TINY_GRID, Steps, run, sessions

LOGIN, PASSWORD = "analyst", "not-to-be-found-anywhere"
OUT = f"s3://{BUCKET}/whole"


@dataclasses.dataclass
class Whole:
    """An experiment that ran through Livy, and what was to be seen while it did."""

    results: dict
    code: str
    asked: list
    private: str
    lines: int
    records_left: list
    sessions_left: list


@pytest.fixture(scope="module")
def whole(livy_url, s3, spark_settings, sample, tmp_path_factory):
    """Behind a gateway that asks for a login, on a server that answers 500 now and then."""
    from tests.livy.faults import FaultyProxy

    proxy = FaultyProxy(livy_url)
    proxy.faults.login, proxy.faults.fails_every = f"{LOGIN}:{PASSWORD}", 25
    s3.upload_file(sample, BUCKET, "data/sample.parquet")
    before = sessions(livy_url)
    plan = make_plan(parameters([f"s3://{BUCKET}/data/sample.parquet"], OUT, proxy.url, spark_settings))
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("XDG_STATE_HOME", str(tmp_path_factory.mktemp("state")))
        environment.setenv("LIVY_USER", LOGIN)
        environment.setenv("LIVY_PASSWORD", PASSWORD)
        spy = Spy(plan)
        code = code_hash()
        results = run(plan, Steps(spy.look))
        spy.over.set()
        yield Whole(
            results,
            code,
            proxy.faults.asked,
            spy.private,
            spy.lines,
            session_records.records(),
            [number for number in sessions(livy_url) if number not in before],
        )
    proxy.close()


class Spy:
    """Looks at the private folder at each cell, and at the search's log all the time."""

    def __init__(self, plan):
        self.private, self.lines, self.over = "", 0, threading.Event()
        self._log = SearchLog(files_at(OUT), f"{plan.model_dir}/{artifacts.SEARCH_LOG}")
        self._summary = f"{plan.model_dir}/{artifacts.SUMMARY}"
        threading.Thread(target=self._follow, daemon=True).start()

    def look(self, number):
        for record in session_records.records():
            for file in [record.folder, *(each for each in record.folder.rglob("*") if each.is_file())]:
                private = 0o700 if file.is_dir() else 0o600
                # What sparkmagic makes itself is private by the folder it is in.
                if file.parent == record.folder or file == record.folder:
                    assert stat.S_IMODE(file.stat().st_mode) == private, file
                self.private += file.read_text() if file.is_file() else ""

    def _follow(self):
        while not self.over.wait(2) and not files_at(OUT).exists(self._summary):
            self.lines = max(self.lines, len(self._log.read()))


def parameters(inputs, out, url="", settings=None):
    cluster = {"cluster": {"livy_url": url, "auth": "basic"}} if url else {}
    return check(
        {
            "input_data": inputs,
            "out": out,
            "run_id": RUN_ID,
            "grid": TINY_GRID,
            "engine": "spark",
            "spark": {"driver_memory": "1g", "conf": settings or {}},
            **cluster,
        }
    )


def test_the_figures_are_those_of_one_machine(whole, sample, tmp_path, s3):
    plan = make_plan(parameters([sample], str(tmp_path / "out")))
    plan = dataclasses.replace(plan, steps=plan.steps[1:2])
    local = Run(plan, Steps(), LocalTarget(LOCAL))()
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


def test_everything_is_in_s3_and_named_as_the_user_wrote_it(whole, s3):
    keys = {each["Key"] for each in s3.list_objects_v2(Bucket=BUCKET, Prefix="whole/")["Contents"]}
    model, evaluation = f"whole/models/model_{RUN_ID}", f"whole/results/eval_{RUN_ID}"
    assert {f"{model}/{name}" for name in (artifacts.EXPERIMENT, artifacts.SUMMARY, artifacts.SEARCH_LOG)} <= keys
    assert {f"{evaluation}/{name}" for name in (artifacts.EVAL_METRICS, artifacts.REPORT)} <= keys
    for place, names in ((model, ("01_explore", "02_train")), (evaluation, ("03_evaluate", "04_report"))):
        assert {f"{place}/notebooks/{n}{end}" for n in names for end in (".ipynb", ".html")} <= keys
    assert f"whole/source/{whole.code}/lib.zip" in keys
    assert not [key for key in keys if key.endswith(".part") or "/failed/" in key]
    record = json.loads(text(s3, f"{model}/{artifacts.EXPERIMENT}"))
    assert record["data"]["inputs"] == [f"s3://{BUCKET}/data/sample.parquet"]
    assert record["versions"]["lib"] == whole.code
    assert s3.head_object(Bucket=BUCKET, Key=f"{model}/{artifacts.SUMMARY}")["LastModified"] == max(
        each["LastModified"]
        for each in s3.list_objects_v2(Bucket=BUCKET, Prefix=f"{model}/")["Contents"]
        if "/notebooks/" not in each["Key"]
    )


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
    assert len(creations) == 4
    assert len({body["name"] for body in creations}) == 4
    for body in creations:
        assert body["kind"] == "pyspark"
        assert body["pyFiles"] == [f"{OUT}/source/{whole.code}/lib.zip"]
        assert body["heartbeatTimeoutInSecond"] == 120
        assert body["driverMemory"] == "1g"
        assert f"mineria-ml-emr-{RUN_ID}" in body["name"]
    assert whole.sessions_left == []
    assert whole.records_left == []


def test_the_search_can_be_followed_in_s3(whole):
    assert whole.lines == 2


def test_the_password_is_nowhere_and_the_configuration_is_private(whole, s3):
    assert '"url"' in whole.private
    assert PASSWORD not in whole.private
    for each in s3.list_objects_v2(Bucket=BUCKET, Prefix="whole/")["Contents"]:
        assert PASSWORD.encode() not in s3.get_object(Bucket=BUCKET, Key=each["Key"])["Body"].read()


def test_a_wrong_login_says_where_the_right_one_goes(livy, monkeypatch):
    livy.faults.login = f"{LOGIN}:{PASSWORD}"
    monkeypatch.setenv("LIVY_USER", LOGIN)
    monkeypatch.setenv("LIVY_PASSWORD", "wrong")
    with pytest.raises(LivyLogin, match=r"refuses the login \(status 401\).*LIVY_USER and LIVY_PASSWORD"):
        LivyClient(livy.url, "basic").check()


def test_no_notebook_configures_a_session():
    for notebook in (Path(__file__).resolve().parents[2] / "notebooks").glob("*.ipynb"):
        assert "%%configure" not in notebook.read_text()
