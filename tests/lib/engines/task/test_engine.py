import numpy as np
import pytest
from pyspark.ml import PipelineModel
from pyspark.ml.classification import GBTClassificationModel, RandomForestClassificationModel
from pyspark.ml.feature import VectorAssembler

from lib import dataset
from lib.engines.saved_models import SCORE_COL, load_ensemble, with_score
from lib.engines.spark import SparkEngine
from lib.engines.task import binned_rows
from lib.engines.task import forests as task_forests
from lib.engines.task.engine import TaskEngine
from lib.engines.task.memory import GB, TaskMemory
from lib.errors import SavedModelError
from lib.search.candidates import expand
from lib.search.shared_fits import shared_fits
from lib.split import TEST, VAL, split
from lib.trees import growing
from tests.lib.tables import make_table, write

GRID = {
    "RandomForest": {
        "numTrees": [7, 20],
        "maxDepth": [0, 3, 9],
        "maxBins": [16, 300],
        "featureSubsetStrategy": ["sqrt", "all"],
    },
    "GBT": {"maxDepth": [1, 3], "maxIter": [2, 5], "stepSize": [0.1, 0.3]},
}


def engine():
    return TaskEngine(TaskMemory(GB, 2 * GB))


@pytest.fixture(scope="module")
def parts(spark, tmp_path_factory):
    path = write(make_table(rows=1500, features=5), tmp_path_factory.mktemp("table") / "table.parquet")
    return split(dataset.load(spark, path), seed=3)


@pytest.fixture(scope="module")
def scores(parts):
    return in_order(engine().score(expand(GRID), parts, VAL))


def in_order(scores):
    return sorted(scores, key=lambda score: score.candidate.index)


def test_a_score_for_each_candidate_in_their_order(scores):
    assert [score.candidate for score in scores] == expand(GRID)
    for score in scores:
        assert set(score.metrics) == {"areaUnderROC", "areaUnderPR", "accuracy", "f1"}
        assert score.seconds > 0
    # A tree without splits knows nothing, a deep one something.
    assert {s.metrics["areaUnderROC"] for s in scores if s.candidate.params["maxDepth"] == 0} == {0.5}
    assert all(s.metrics["areaUnderROC"] > 0.7 for s in scores if s.candidate.params["maxDepth"] == 9)


def test_gbts_score_as_spark_mls_own(scores, parts):
    gbts = [score for score in scores if score.candidate.model == "GBT"][:4]
    theirs = in_order(SparkEngine().score([score.candidate for score in gbts], parts, VAL))
    for ours, other in zip(gbts, theirs, strict=True):
        assert ours.metrics == pytest.approx(other.metrics, abs=1e-9)


def test_forests_score_about_as_spark_mls_own(parts):
    grid = {"RandomForest": {"numTrees": [40], "maxDepth": [4, 9]}}
    ours = in_order(engine().score(expand(grid), parts, VAL))
    theirs = in_order(SparkEngine().score(expand(grid), parts, VAL))
    for one, other in zip(ours, theirs, strict=True):
        assert one.metrics["areaUnderROC"] == pytest.approx(other.metrics["areaUnderROC"], abs=0.02)
        assert one.metrics["areaUnderPR"] == pytest.approx(other.metrics["areaUnderPR"], abs=0.05)


@pytest.mark.parametrize("slots", [1, 16])
def test_scores_are_the_same_however_the_work_and_the_rows_are_cut(scores, parts, monkeypatch, slots):
    usual = task_forests.forest_tasks
    monkeypatch.setattr(task_forests, "MIN_TREES_PER_TASK", 1)
    monkeypatch.setattr(task_forests, "forest_tasks", lambda forests, _, folds=1: usual(forests, slots, folds))
    monkeypatch.setattr(binned_rows, "ROWS_PER_PIECE", 10_000 // slots)
    again = in_order(engine().score(expand(GRID), parts, VAL))
    assert [score.metrics for score in again] == [score.metrics for score in scores]


def test_forests_are_spread_over_tasks(parts):
    grid = {"RandomForest": {"numTrees": [200, 600], "maxDepth": [5], "maxBins": [8, 9]}}
    forests = shared_fits(expand(grid), len(parts.features))
    tasks = task_forests.forest_tasks(forests, 16)
    assert len(tasks) >= 64
    for number in (0, 1):
        spans = [(t.first, t.last) for t in tasks if t.fit == number]
        assert [first for first, _ in spans] == [0, *(last for _, last in spans[:-1])]
        assert spans[-1][1] == 600
    assert {t.step for t in tasks if t.last <= 200} == {0}
    assert {t.step for t in tasks if t.first >= 200} == {1}


def test_scores_come_one_by_one_and_once_each(parts):
    candidates = expand(GRID)[10:]
    seen = [score.candidate.index for score in engine().score(candidates, parts, VAL)]
    assert sorted(seen) == [candidate.index for candidate in candidates]


@pytest.mark.parametrize("made", [engine, SparkEngine])
def test_a_search_that_is_left_early_leaves_no_job_behind(made, parts):
    grid = {"RandomForest": {"numTrees": [1, 300], "maxDepth": [4]}}
    scores = made().score(expand(grid), parts, VAL)
    next(scores)
    scores.close()
    tracker = parts.spark.sparkContext.statusTracker()
    assert not tracker.getActiveJobsIds()
    # The session is as good as new.
    assert len(list(made().score(expand(grid)[:1], parts, VAL))) == 1


@pytest.mark.parametrize(
    ("params", "kind"),
    [
        ({"model": "RandomForest", "numTrees": 12, "maxDepth": 8, "maxBins": 300}, RandomForestClassificationModel),
        ({"model": "RandomForest", "numTrees": 1, "maxDepth": 0}, RandomForestClassificationModel),
        ({"model": "GBT", "maxIter": 6, "maxDepth": 4, "stepSize": 0.2}, GBTClassificationModel),
    ],
)
def test_the_saved_model_is_a_genuine_one(parts, tmp_path, params, kind):
    (candidate,) = expand(candidates=[params])
    path = str(tmp_path / "model")
    engine().retrain(candidate, parts, path)

    loaded = PipelineModel.load(path)
    assembler, model = loaded.stages
    assert isinstance(assembler, VectorAssembler)
    assert isinstance(model, kind)
    assert assembler.getInputCols() == list(parts.features)
    for name, value in candidate.params.items():
        assert model.getOrDefault(name) == value
    assert (model.getOrDefault("seed"), model.getOrDefault("labelCol")) == (3, "label")
    n_trees = params.get("numTrees") or params["maxIter"]
    assert model.getNumTrees == len(model.trees) == n_trees
    assert model.numFeatures == 5
    assert model.treeWeights == ([1.0] * n_trees if params["model"] != "GBT" else [1.0] + [0.2] * 5)
    importances = model.featureImportances.toArray()
    assert importances.sum() == pytest.approx(1 if params["maxDepth"] else 0)
    assert max(tree.depth for tree in model.trees) <= params["maxDepth"]
    assert "Tree 0" in model.toDebugString

    rows = parts.rows(TEST)
    leaves = model.setLeafCol("leaves").transform(assembler.transform(rows)).select("leaves").head()
    assert len(leaves["leaves"]) == n_trees
    again = str(tmp_path / "again")
    loaded.write().save(again)
    scores = probabilities(loaded, rows)
    np.testing.assert_array_equal(probabilities(PipelineModel.load(again), rows), scores)
    values = rows.select(*parts.features).toPandas().to_numpy()
    np.testing.assert_allclose(load_ensemble(parts.spark, path).ensemble.score(values), scores, rtol=0, atol=1e-12)


def probabilities(model, rows):
    return with_score(model.transform(rows)).select(SCORE_COL).toPandas()[SCORE_COL].to_numpy()


def test_a_retrained_gbt_is_spark_mls_own(parts, tmp_path):
    (candidate,) = expand(candidates=[{"model": "GBT", "maxIter": 8, "maxDepth": 6, "maxBins": 64}])
    ours = engine().retrain(candidate, parts, str(tmp_path / "ours"))
    theirs = SparkEngine().retrain(candidate, parts, str(tmp_path / "theirs"))
    rows = parts.rows(TEST)
    np.testing.assert_allclose(probabilities(ours, rows), probabilities(theirs, rows), rtol=0, atol=1e-9)


def test_a_saved_model_that_predicts_otherwise_stops_the_run(parts, tmp_path, monkeypatch):
    usual = growing.margin_probabilities
    monkeypatch.setattr(growing, "margin_probabilities", lambda margins: usual(margins) + 2e-9)
    (candidate,) = expand(candidates=[{"model": "GBT", "maxIter": 2}])
    with pytest.raises(SavedModelError, match=r"differ by up to 2e-09 .* on 225 held-out rows"):
        engine().retrain(candidate, parts, str(tmp_path / "model"))
