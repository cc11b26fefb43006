import json

import pytest

from lib.errors import InputError
from lib.search.engine import Score
from lib.search.families import GBT, RANDOM_FOREST, Candidate
from lib.search.search import Search, SearchLog, search
from lib.storage import Storage

CANDIDATES = [
    Candidate(0, RANDOM_FOREST, {"numTrees": 5}),
    Candidate(1, RANDOM_FOREST, {"numTrees": 9}),
    Candidate(2, GBT, {"maxIter": 5}),
    Candidate(3, GBT, {"maxIter": 9}),
]
AREAS = [0.7, 0.8, 0.8, 0.6]


class KnownScores:
    """An engine that knows its scores, and what it was asked for."""

    name = "known"

    def __init__(self):
        self.asked = []

    def score(self, candidates, split, part):
        self.asked += candidates
        for c in reversed(candidates):
            yield Score(c, {"areaUnderPR": AREAS[c.index], "areaUnderROC": 1 - AREAS[c.index]}, 0.5)


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
        scored_at = line.pop("scored_at")
        assert scored_at.startswith("20")
        assert scored_at.endswith("+00:00")
        assert line == whole.records()[line["index"]]


def test_an_unknown_metric_is_refused():
    with pytest.raises(InputError, match="metric='auc': choose areaUnderPR or areaUnderROC"):
        search(None, CANDIDATES, KnownScores(), "auc")
