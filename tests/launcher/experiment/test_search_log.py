import json

import pytest

from launcher.experiment.search_log import SearchLog, SearchState, describe
from launcher.support.files import LocalFiles
from lib.search.candidates import expand
from tests.lib import records

CANDIDATES = expand({"RandomForest": {"numTrees": [5, 10]}, "GBT": {"maxIter": [3, 6]}})


def line(index: int, value: float, seconds: float = 10, second: int = 10) -> dict:
    candidate = CANDIDATES[index]
    return {
        "index": index,
        "model": candidate.model,
        "params": dict(candidate.params),
        "val_metrics": {**records.NUMBERS, "areaUnderPR": value},
        "seconds": seconds,
        "scored_at": f"2026-01-31T12:00:{second:02}+00:00",
    }


@pytest.fixture
def log(tmp_path):
    return SearchLog(LocalFiles(), str(tmp_path / "search.jsonl"))


def test_a_search_that_has_not_begun_has_no_lines(log):
    assert log.read() == []


def test_a_half_written_last_line_waits_for_its_end(log, tmp_path):
    text = json.dumps(line(0, 0.5)) + "\n" + json.dumps(line(1, 0.6)) + "\n"
    for length in range(len(text)):
        (tmp_path / "search.jsonl").write_text(text[:length])
        assert [read["index"] for read in log.read()] == [0, 1][: text[:length].count("\n")]


def test_lines_that_are_no_records_are_passed_over_and_a_repeated_candidate_counts_once(log, tmp_path):
    lines = ["", "{", '{"index": 1}', "[]", json.dumps(line(0, 0.5)), json.dumps(line(0, 0.7))]
    (tmp_path / "search.jsonl").write_text("\n".join(lines) + "\n")
    assert log.read() == [line(0, 0.7)]


def test_the_best_is_the_highest_and_the_earlier_wins_a_tie():
    assert SearchState(CANDIDATES, "areaUnderPR").best is None
    state = SearchState(CANDIDATES, "areaUnderPR", [line(3, 0.7), line(1, 0.7), line(0, 0.6)])
    assert describe(state.best) == "RandomForest numTrees=10"


def test_time_left_is_by_model_and_by_how_many_fits_run_side_by_side():
    assert SearchState(CANDIDATES, "areaUnderPR").seconds_left() is None
    only_forests = [line(0, 0.6, 10, 10), line(1, 0.6, 10, 10)]  # which says nothing of what boosted trees take
    assert SearchState(CANDIDATES, "areaUnderPR", only_forests).seconds_left() is None
    of_one_model = SearchState(CANDIDATES[:2], "areaUnderPR", [line(0, 0.6, seconds=10, second=10)])
    assert of_one_model.seconds_left() == pytest.approx(10)
    # A forest took 10 s and a boosted ensemble 20 s, both from 12:00:00 on: 30 s of fits in 20 s of time.
    both = SearchState(CANDIDATES, "areaUnderPR", [line(0, 0.6, 10, 10), line(2, 0.6, 20, 20)])
    assert both.seconds_left() == pytest.approx((10 + 20) * 20 / 30)
    done = SearchState(CANDIDATES, "areaUnderPR", [line(index, 0.6) for index in range(4)])
    assert done.is_done
    assert done.seconds_left() == 0
