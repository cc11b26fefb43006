import json
import math

import numpy as np
import pytest

from lib import artifacts
from lib.errors import InputError
from lib.search import resume
from lib.search.engine import FoldScore, Score
from lib.search.families import GBT, RANDOM_FOREST, Candidate
from lib.search.search import Search, SearchLog, search
from lib.split import PARTS, TEST, TRAIN, VAL, Count
from lib.storage import Storage
from tests.lib import records

CANDIDATES = [
    Candidate(0, RANDOM_FOREST, {"numTrees": 5}),
    Candidate(1, RANDOM_FOREST, {"numTrees": 9}),
    Candidate(2, GBT, {"maxIter": 5}),
    Candidate(3, GBT, {"maxIter": 9}),
]
AREAS = [0.7, 0.8, 0.8, 0.6]
OTHERS = {"accuracy": 0.9, "f1": 0.8}


class KnownScores:
    """An engine that knows its scores, and what it was asked for."""

    name = "known"

    def __init__(self):
        self.asked = []

    def score(self, candidates, split, part):
        self.asked += candidates
        for c in reversed(candidates):
            yield Score(c, {**OTHERS, "areaUnderPR": AREAS[c.index], "areaUnderROC": 1 - AREAS[c.index]}, 0.5)


@pytest.fixture
def storage(spark):
    return Storage(spark)


def test_the_best_of_all_and_of_each_family_and_ties_go_to_the_earlier():
    found = search(None, CANDIDATES, KnownScores(), "areaUnderPR")
    assert found.models == [RANDOM_FOREST, GBT]
    assert found.best().candidate.index == 1
    assert found.best(GBT).candidate.index == 2
    assert search(None, CANDIDATES, KnownScores(), "areaUnderROC").best().candidate.index == 3


def test_each_score_is_a_line_and_an_earlier_runs_scores_are_kept(storage, tmp_path):
    uri = str(tmp_path / "metrics" / "search.jsonl")
    first = search(None, CANDIDATES[:2], KnownScores(), "areaUnderPR", SearchLog(storage, uri))
    engine = KnownScores()
    log = SearchLog(storage, uri, first.scores)
    whole = search(None, CANDIDATES, engine, "areaUnderPR", log, first.scores)
    assert [c.index for c in engine.asked] == [2, 3]
    assert whole == Search(search(None, CANDIDATES, KnownScores(), "areaUnderPR").scores, "areaUnderPR", reused=2)
    lines = [json.loads(line) for line in storage.read_text(uri).splitlines()]
    assert [line["index"] for line in lines] == [0, 1, 3, 2]
    for line in lines:
        assert line.pop("format") == 1
        scored_at = line.pop("scored_at")
        assert scored_at.startswith("20")
        assert scored_at.endswith("+00:00")
        assert line == whole.records()[line["index"]]


def test_an_unknown_metric_is_refused():
    with pytest.raises(InputError, match="metric='auc': choose areaUnderPR or areaUnderROC"):
        search(None, CANDIDATES, KnownScores(), "auc")


ZONES = ("a", "b", "c", "d")
BOTH = Count(20, 8)
# The area under ROC of each candidate in each zone; candidates 1 and 2 have the same mean, 3 is best on validation.
IN_ZONES = {
    0: (0.9, 0.6, 0.5, 0.6),
    1: (0.7, 0.8, 0.7, 0.8),
    2: (0.8, 0.7, 0.8, 0.7),
    3: (0.7, 0.7, 0.7, 0.7),
}


class Cut:
    """A split of which only its rows' numbers are asked."""

    def __init__(self, **zones):
        self.zones = zones or dict.fromkeys(ZONES, dict.fromkeys(PARTS, BOTH))

    def count_by_zone(self):
        return self.zones


class KnownZones(KnownScores):
    """Also knows the areas in zones, and yields them candidate after candidate or fold after fold."""

    def __init__(self, by_fold=False):
        super().__init__()
        self.by_fold, self.folds = by_fold, []

    def score_folds(self, candidates, split, folds, measure):
        self.asked += candidates
        self.folds += folds
        pairs = [(c, number) for c in reversed(candidates) for number in range(len(folds))]
        for c, number in sorted(pairs, key=lambda pair: pair[1]) if self.by_fold else pairs:
            by_zone = {}
            for zone in folds[number].score_zones:
                area = IN_ZONES[c.index][ZONES.index(zone)] if zone in ZONES else math.nan
                by_zone[zone] = {"areaUnderROC": area, "areaUnderPR": 1 - area}
            yield FoldScore(number, c, by_zone, 0.25)


def by_zones(engine, cut=None, metric="areaUnderROC", **more):
    return search(cut or Cut(), CANDIDATES, engine, metric, select_by="zones", **more)


@pytest.mark.parametrize("by_fold", [False, True])
def test_the_mean_over_zones_decides_and_ties_go_to_the_earlier(by_fold):
    found = by_zones(KnownZones(by_fold))
    for score in found.scores:
        assert score.zones["areaUnderROC"] == pytest.approx(np.mean(IN_ZONES[score.candidate.index]), abs=1e-12)
        area = AREAS[score.candidate.index]
        assert score.metrics == {**OTHERS, "areaUnderPR": area, "areaUnderROC": 1 - area}
        assert score.seconds == pytest.approx(0.5 + 4 * 0.25)
    assert found.best().candidate.index == 1
    assert found.best(GBT).candidate.index == 2
    assert found.best_on_validation().candidate.index == 3
    assert by_zones(KnownZones(), metric="areaUnderPR").best().candidate.index == 0


def test_no_fit_has_its_zone_or_a_test_row():
    engine = KnownZones()
    by_zones(engine)
    assert [fold.score_zones for fold in engine.folds] == [(zone,) for zone in ZONES]
    for fold in engine.folds:
        assert set(fold.train_zones) == set(ZONES) - set(fold.score_zones)
        assert fold.train == fold.score == (TRAIN, VAL)
        assert fold.by_zone


def test_a_zone_of_one_class_has_no_part_in_the_mean_and_one_of_test_rows_no_fold():
    one_class = {TRAIN: Count(9, 0), VAL: Count(3, 0), TEST: BOTH}
    only_test = {TRAIN: Count(0, 0), VAL: Count(0, 0), TEST: BOTH}
    engine = KnownZones()
    found = by_zones(engine, Cut(**Cut().zones, one=one_class, test=only_test))
    assert found.best().candidate.index == 1
    assert [score.zones["areaUnderROC"] for score in found.scores] == pytest.approx(
        [np.mean(IN_ZONES[number]) for number in range(4)], abs=1e-12
    )
    assert ("test",) not in [fold.score_zones for fold in engine.folds]


@pytest.mark.parametrize(
    "zones",
    [
        {"": dict.fromkeys(PARTS, BOTH)},
        {**dict.fromkeys("ab", dict.fromkeys(PARTS, BOTH)), "c": dict.fromkeys(PARTS, Count(9, 9))},
        {**dict.fromkeys("ab", dict.fromkeys(PARTS, BOTH)), "c": {TRAIN: Count(9, 0), VAL: Count(3, 0), TEST: BOTH}},
        # All zones with both classes are left out together, so nothing is learnt to measure there.
        {
            **{zone: dict.fromkeys(PARTS, Count(2, 1)) for zone in ("x1", "x2", "x3")},
            **{f"big {n}": dict.fromkeys(PARTS, Count(100, 0)) for n in range(9)},
            **{f"huge {n}": dict.fromkeys(PARTS, Count(1000, 0)) for n in range(9)},
        },
    ],
)
def test_too_few_zones_are_refused_before_any_fit(zones):
    engine = KnownZones()
    with pytest.raises(InputError) as refused:
        by_zones(engine, Cut(**zones))
    assert "select_by: zones needs at least 3 zones with training or validation rows of both" in str(refused.value)
    assert "use select_by: validation, or give more zones with zone_col, or with block_cols" in str(refused.value)
    assert engine.asked == []


def test_lines_have_the_zones_and_a_resumed_search_reads_them_back(storage, tmp_path):
    folder = str(tmp_path)
    uri = f"{folder}/metrics/search.jsonl"
    whole = by_zones(KnownZones(), log=SearchLog(storage, uri))
    lines = [json.loads(line) for line in storage.read_text(uri).splitlines()]
    assert len(lines) == 4
    for line in lines:
        score = whole.scores[line["index"]]
        assert line["zones"] == dict(score.zones)
        assert line["val_metrics"] == dict(score.metrics)
        for metric in ("areaUnderROC", "areaUnderPR"):
            assert artifacts.selecting(line, metric) == score.zones[metric]
        assert artifacts.selecting({**line, "zones": None}, "areaUnderPR") == score.metrics["areaUnderPR"]
        del line["zones"]
        assert artifacts.selecting(line, "areaUnderPR") == score.metrics["areaUnderPR"]
    record = records.experiment(parameters={"select_by": "zones"})
    storage.write_json(f"{folder}/experiment.json", record)
    earlier = resume.scores_so_far(storage, folder, record, CANDIDATES).scores
    assert sorted(earlier, key=lambda s: s.candidate.index) == list(whole.scores)
    # The earlier run died after two of the four.
    storage.write_text(uri, "".join(line + "\n" for line in storage.read_text(uri).splitlines()[:2]))
    done = resume.scores_so_far(storage, folder, record, CANDIDATES).scores
    engine = KnownZones()
    again = by_zones(engine, log=SearchLog(storage, uri, done), done=done)
    assert {c.index for c in engine.asked} == {0, 1}
    assert (again.scores, again.reused) == (whole.scores, 2)
    assert again.best() == whole.best()
    assert len(storage.read_text(uri).splitlines()) == 4
