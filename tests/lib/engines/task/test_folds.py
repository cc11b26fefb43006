"""Fits on folds: the same as on tables that have only their rows, whatever the engine, the pieces and the slots."""

import numpy as np
import pytest

from lib import dataset
from lib.engines.spark import SparkEngine
from lib.engines.task import binned_rows, fold_rows
from lib.engines.task import forests as task_forests
from lib.engines.task.engine import TaskEngine
from lib.engines.task.memory import GB, TaskMemory
from lib.metrics import ScoreCounts
from lib.search.candidates import expand
from lib.search.engine import in_order
from lib.search.folds import Fold, group_zones, leave_out
from lib.split import TRAIN, VAL, split
from tests.lib.tables import make_table, write

GRID = {
    "RandomForest": {"numTrees": [5, 12], "maxDepth": [0, 4, 8], "maxBins": [16, 300]},
    "GBT": {"maxDepth": [2], "maxIter": [2, 5], "stepSize": [0.1, 0.3]},
}
CANDIDATES = expand(GRID)
ZONES = ("a", "b", "c", "d")


def engine():
    return TaskEngine(TaskMemory(GB, 2 * GB))


def itself(counts: ScoreCounts) -> ScoreCounts:
    return counts


@pytest.fixture(scope="module")
def parts(spark, tmp_path_factory):
    table = make_table(rows=1200, features=4)
    table["zone"] = np.random.default_rng(1).choice(ZONES, len(table), p=[0.4, 0.3, 0.2, 0.1])
    path = write(table, tmp_path_factory.mktemp("table") / "table.parquet")
    return split(dataset.load(spark, path), seed=3)


def folds(parts):
    counts = parts.count_by_zone()
    return leave_out(group_zones(counts), counts)


def by_place(found):
    return {(score.fold, score.candidate.index): score.by_zone for score in found}


@pytest.fixture(scope="module")
def found(parts):
    return by_place(engine().score_folds(CANDIDATES, parts, folds(parts), ScoreCounts.summary))


def test_each_candidate_is_measured_in_each_zone_left_out(found):
    assert set(found) == {(fold, c.index) for fold in range(4) for c in CANDIDATES}
    assert all(set(by_zone) == {ZONES[fold]} for (fold, _), by_zone in found.items())


def test_the_fold_of_the_search_gives_the_scores_of_the_search(parts):
    fold = Fold(ZONES, ZONES, (TRAIN,), (VAL,), by_zone=False)
    found = by_place(engine().score_folds(CANDIDATES, parts, [fold], ScoreCounts.summary))
    for score in in_order(engine().score(CANDIDATES, parts, VAL), CANDIDATES):
        assert found[0, score.candidate.index] == {"": score.metrics}


def test_a_fold_is_as_a_table_of_its_training_rows(spark, parts, tmp_path):
    fold = Fold(("a", "c"), ("b",), (TRAIN, VAL), (TRAIN,))
    boosted = [c for c in CANDIDATES if c.model == "GBT"]
    ours = by_place(engine().score_folds(boosted, parts, [fold], ScoreCounts.summary))
    theirs = by_place(SparkEngine().score_folds(boosted, parts, [fold], ScoreCounts.summary))
    assert set(ours) == set(theirs)
    for key, by_zone in ours.items():
        assert by_zone["b"] == pytest.approx(theirs[key]["b"], abs=1e-9)


def test_a_zone_has_its_own_rows_and_classes(parts):
    counts = parts.count_by_zone()
    measured = engine().score_folds(CANDIDATES[:1], parts, folds(parts), itself)
    for score in measured:
        ((zone, scored),) = score.by_zone.items()
        assert scored.rows == sum(c.rows for c in counts[zone].values())
        assert scored.n_positives == sum(c.positives for c in counts[zone].values())


@pytest.mark.parametrize("slots", [1, 16])
def test_scores_are_the_same_however_the_work_and_the_rows_are_cut(found, parts, monkeypatch, slots):
    usual = task_forests.forest_tasks
    monkeypatch.setattr(task_forests, "MIN_TREES_PER_TASK", 1)
    monkeypatch.setattr(task_forests, "forest_tasks", lambda forests, _, folds: usual(forests, slots, folds))
    monkeypatch.setattr(binned_rows, "ROWS_PER_PIECE", 10_000 // slots)
    monkeypatch.setattr(fold_rows, "BYTES_PER_PIECE", 320_000 // slots)
    assert by_place(engine().score_folds(CANDIDATES, parts, folds(parts), ScoreCounts.summary)) == found


@pytest.mark.parametrize("made", [engine, SparkEngine])
def test_a_search_that_is_left_early_leaves_no_job_behind(made, parts):
    scores = made().score_folds(CANDIDATES[:2], parts, folds(parts), ScoreCounts.summary)
    next(scores)
    scores.close()
    assert not parts.spark.sparkContext.statusTracker().getActiveJobsIds()


def test_a_table_without_zones_is_one_zone(spark, tmp_path):
    path = write(make_table(rows=400, features=3), tmp_path / "table.parquet")
    parts = split(dataset.load(spark, path, exclude_cols=["zone"]), seed=1)
    assert list(parts.count_by_zone()) == [""]
    fold = Fold(("",), ("",), (TRAIN,), (VAL,), by_zone=False)
    (score,) = engine().score_folds(CANDIDATES[:1], parts, [fold], ScoreCounts.summary)
    (other,) = engine().score(CANDIDATES[:1], parts, VAL)
    assert score.by_zone == {"": other.metrics}
