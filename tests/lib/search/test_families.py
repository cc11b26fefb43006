"""A third family is one record and its registration: a logistic regression, fitted by Spark ML alone."""

import json

import numpy as np
import pytest
from pyspark.ml import PipelineModel
from pyspark.ml.classification import LogisticRegression, LogisticRegressionModel
from rich.console import Console

from launcher.experiment.plan import make_plan
from launcher.parameters.schema import Parameters
from launcher.running.screens import show_plan
from lib.engines.choice import choose_engine
from lib.engines.task.kinds import KINDS
from lib.errors import InputError
from lib.evaluation import evaluate
from lib.reporting import report
from lib.search.candidates import expand
from lib.search.families import FAMILIES, Candidate, Family
from lib.search.families.family import number, single_fits, whole_number
from lib.search.shared_fits import shared_fits
from lib.training import Settings, Training
from tests.lib.tables import make_table, write

NAME = "LogisticRegression"
GRID = {
    NAME: {"regParam": [0.0, 0.1], "elasticNetParam": [0.5]},
    "GBT": {"maxIter": [2], "maxDepth": [2]},
}


def estimator(params, columns, seed):
    return LogisticRegression(labelCol=columns.label, featuresCol=columns.features, weightCol=columns.weight, **params)


def importances(model):
    sizes = np.abs(model.coefficients.toArray())
    return list(sizes / sizes.sum())


@pytest.fixture
def logistic_regression(monkeypatch):
    family = Family(
        name=NAME,
        parameters={
            "regParam": number(0.0, lambda value: value >= 0, "from 0", ("regularization", "regularización")),
            "elasticNetParam": number(0.0, lambda value: 0 <= value <= 1, "from 0 to 1", ("L1 share", "parte L1")),
            "maxIter": whole_number(100, 1, 10_000, ("iterations at most", "iteraciones como máximo")),
        },
        full_grid={},
        fits=single_fits,
        estimator=estimator,
        importances=importances,
        words=("Logistic regression", "Regresión logística"),
        words_in_text=("logistic regression", "regresión logística"),
        importance_words=("An importance is a share of the coefficients.", "Una importancia es parte de la suma."),
        colour="green",
        marker="s",
    )
    monkeypatch.setitem(FAMILIES, NAME, family)


@pytest.fixture
def table(tmp_path):
    return write(make_table(600), tmp_path / "table.parquet")


def test_what_the_registry_says_of_growing_in_tasks_is_what_the_task_engine_can():
    for fit in shared_fits(expand(), 15):
        assert fit.in_tasks == (type(fit) in KINDS)


def test_a_family_is_searched_only_once_it_is_registered(logistic_regression):
    assert [c.params for c in expand(GRID)][:2] == [
        {"regParam": 0.0, "elasticNetParam": 0.5},
        {"regParam": 0.1, "elasticNetParam": 0.5},
    ]
    with pytest.raises(InputError, match="regParam=-1 is not a number from 0"):
        expand({NAME: {"regParam": [-1]}})
    with pytest.raises(
        InputError, match="no parameter 'maxDepth' to search: it has regParam, elasticNetParam, maxIter"
    ):
        expand({NAME: {"maxDepth": [1]}})
    with pytest.raises(InputError, match="models are RandomForest, GBT, LogisticRegression"):
        expand({"SVM": {}})


def test_an_unregistered_family_is_unknown():
    with pytest.raises(InputError, match="unknown model 'LogisticRegression': the models are RandomForest, GBT"):
        expand(GRID)


def test_a_dry_run_counts_its_fits(logistic_regression, tmp_path):
    parameters = Parameters(input_data=["x.parquet"], grid=GRID, out=str(tmp_path))
    console = Console(width=120, record=True)
    show_plan(console, make_plan(parameters, argv=[]))
    assert "3 candidates (2 LogisticRegression, 1 GBT)" in console.export_text()


def test_the_engine_is_spark_mls_as_soon_as_one_candidate_needs_it(logistic_regression):
    class Parts:
        features = ("a", "b")

    engine, reason = choose_engine("auto", Parts(), expand(GRID))
    assert (engine.name, reason) == ("spark", "the search has LogisticRegression, which only Spark ML fits")
    with pytest.raises(InputError, match="engine: task fits only trees, not LogisticRegression"):
        choose_engine("task", Parts(), expand(GRID))


def test_from_the_search_to_the_report(logistic_regression, spark, table, tmp_path):
    grid = {NAME: GRID[NAME]}
    training = Training(spark, Settings(input_data=table, grid=grid), str(tmp_path / "out"))
    training.load()
    training.split()
    found = training.search()
    assert [score.candidate.model for score in found.scores] == [NAME, NAME]
    training.leave_zones_out()
    training.retrain()
    summary = training.finish()
    assert summary["winner"]["name"] == NAME
    assert sum(entry["importance"] for entry in summary["feature_importances"]) == pytest.approx(1)
    assert isinstance(PipelineModel.load(f"{training.folder}/pipeline_best").stages[-1], LogisticRegressionModel)

    evaluation = evaluate(spark, training.folder, str(tmp_path / "out"))
    assert evaluation.metrics["areaUnderROC"] == summary["winner"]["test_metrics_retrained"]["areaUnderROC"]
    report.write(spark, evaluation.folder, "es")
    text = (tmp_path / "out" / "results" / evaluation.folder.rsplit("/")[-1] / "EVALUATION_REPORT.md").read_text()
    for words in ("Regresión logística", "regularización", "Una importancia es parte de la suma."):
        assert words in text


def test_it_is_resumed_like_any_other(logistic_regression, spark, table, tmp_path):
    settings = Settings(input_data=table, grid=GRID)
    begun = Training(spark, settings, str(tmp_path))
    begun.load()
    begun.split()
    whole = begun.search()
    log = tmp_path / "models" / f"model_{begun.run_id}" / "metrics" / "search.jsonl"
    log.write_text("".join(line + "\n" for line in log.read_text().splitlines()[:1]))

    resumed = Training(spark, settings, str(tmp_path), begun.run_id, continues=True)
    resumed.load()
    resumed.split()
    again = resumed.search()
    assert again.reused == 1
    assert [s.metrics for s in again.scores] == [s.metrics for s in whole.scores]
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    assert sorted(line["index"] for line in lines) == [0, 1, 2]
    assert str(Candidate(0, NAME, {"regParam": 0.0})) == "LogisticRegression regParam=0.0"
