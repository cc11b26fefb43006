"""Where a run's files are: what is written is what is found."""

import re
import string
from contextlib import nullcontext

import pytest
from hypothesis import given
from hypothesis import strategies as st
from py4j.protocol import Py4JJavaError
from pyspark.errors import IllegalArgumentException
from pyspark.ml import PipelineModel
from pyspark.ml.feature import VectorAssembler

from launcher.emr.cost.earlier_runs import earlier_runs
from launcher.emr.steps import _step
from launcher.support.packaging import place, project
from lib import artifacts
from lib.errors import InputError
from lib.reporting.report_data import ReportData

RUN_IDS = st.datetimes().map(lambda moment: f"{moment:%Y%m%d_%H%M%S}".zfill(15))
OUTS = st.from_regex(r"s3[an]?://[a-z]{3,8}(/[a-zA-Z0-9_.=-]{1,8}){0,3}", fullmatch=True)


@given(OUTS, RUN_IDS)
def test_a_step_is_known_by_the_place_that_it_was_given(out, run_id):
    described = {"Id": "s-1", "Config": {"Args": ["x", f"{artifacts.step_dir(out, run_id)}/"]}}
    step = _step(described)
    assert (step.out, step.run_id, step.model) == (out, run_id, artifacts.model_dir(out, run_id))


@given(st.text(max_size=30))
def test_other_arguments_tell_of_no_run(text):
    assert artifacts.step_dir_in(text) is None


@given(OUTS, RUN_IDS)
def test_a_run_is_found_where_runs_are_looked_for(out, run_id):
    for folder, of_all in (
        (artifacts.model_dir(out, run_id), artifacts.models_dir(out)),
        (artifacts.eval_dir(out, run_id), artifacts.results_dir(out)),
    ):
        assert folder.rpartition("/")[0] == of_all
        assert artifacts.run_id_of(folder) == run_id
    assert artifacts.model_dir(out, run_id).endswith(f"/{artifacts.model_name(run_id)}")


def test_the_layout_is_a_contract():
    run_id = "20260102_030405"
    assert artifacts.model_dir("out/", run_id) == f"out/models/model_{run_id}"
    assert artifacts.eval_dir("out/", run_id) == f"out/results/eval_{run_id}"
    assert artifacts.failed_dir("out/", run_id) == f"out/failed/{run_id}"
    assert artifacts.step_dir("out/", run_id) == f"out/steps/{run_id}"
    assert artifacts.source_dir("out/", "abc") == "out/source/abc"
    assert place("out/").startswith("out/source/")
    assert project("out/")[0].place.startswith("out/source/")


def test_earlier_runs_are_looked_for_where_models_are():
    looked = []

    class Files:
        def names(self, folder):
            looked.append(folder)
            return []

    assert earlier_runs(Files(), "out") == []
    assert looked == [artifacts.models_dir("out")]


@pytest.mark.parametrize(
    ("rows", "held_out", "whole"),
    [
        (artifacts.HELD_OUT, True, False),
        (artifacts.WHOLE_TABLE, False, True),
        (artifacts.SHARE_OF_TABLE, False, False),
    ],
)
def test_a_report_knows_which_rows_an_evaluation_says_it_measured(rows, held_out, whole):
    facts = ReportData({"measured_on": {"rows": rows}}, {}, [])
    assert (facts.held_out, facts.whole_table) == (held_out, whole)


def test_the_words_for_the_rows_are_a_contract():
    words = (artifacts.HELD_OUT, artifacts.WHOLE_TABLE, artifacts.SHARE_OF_TABLE)
    assert words == ("held-out", "all rows of test_data", "a share of test_data")


@pytest.mark.parametrize("name", [artifacts.model_name, artifacts.next_run_id])
def test_what_is_no_run_id_makes_no_name(name):
    with pytest.raises(InputError, match="does not have the form YYYYMMDD_HHMMSS"):
        name("2026")


def save(place, column):
    PipelineModel(stages=[VectorAssembler(inputCols=[column], outputCol="b")]).write().save(str(place))


def loads(place):
    """Whether the model that Spark saves there is the one that it loads, also beside one that sorts before it."""
    try:
        save(place, "mine")
        save(place.with_name("a b"), "other")
        return PipelineModel.load(str(place)).stages[0].getInputCols() == ["mine"]
    except (Py4JJavaError, IllegalArgumentException):
        return False


@pytest.mark.parametrize("name", [*(f"a{sign}b" for sign in string.punctuation if sign != "/"), "a%41b", "año"])
def test_a_place_is_refused_if_spark_cannot_load_a_model_from_it(spark, tmp_path, name):
    refused = pytest.raises(InputError, match=rf"{re.escape(f'{tmp_path}/{name}')}; choose another folder")
    with nullcontext() if loads(tmp_path / name) else refused:
        artifacts.model_dir(f"{tmp_path}/{name}", "20260131_235959")


@pytest.mark.parametrize(
    "place", ["hdfs://node:8020/x", "s3://bucket/x", "s3://bucket", "file:///tmp/x", "file:/tmp/x", "x"]
)
def test_a_scheme_and_a_host_are_no_names(place):
    artifacts.check_place(place)
