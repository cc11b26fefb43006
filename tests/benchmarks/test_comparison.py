import numpy as np
import pytest

from benchmarks import comparison
from benchmarks.comparison import CASES, LEAST, MOST, Case


def test_an_interval_that_holds_everything_is_seen_as_such_and_one_that_holds_nothing(monkeypatch):
    monkeypatch.setattr(comparison, "TRUE_ROWS", 2_000)
    bounds = {"areaUnderROC": (-1.0, 1.0), "areaUnderPR": (5.0, 6.0), "brier": None}
    monkeypatch.setattr(comparison.paired_draws, "differences", lambda *given, **options: bounds)
    found = comparison.measure(Case(100), pairs=4, draws=1)["coverage"]
    assert {name: found[name] for name in bounds} == {"areaUnderROC": 1.0, "areaUnderPR": 0.0, "brier": 0.0}


def test_what_it_promises_is_judged_by_the_target(monkeypatch):
    measured = {"12 zones": {"coverage": {"f1": LEAST - 0.01, "brier": MOST, "DeLong": 0.8}, "width": 0.1}}
    found = {figure.what: figure.reached for figure in comparison._figures(measured)}
    assert found["12 zones: f1"] is False
    assert found["12 zones: brier"] is True
    assert found["12 zones: DeLong, which takes them for independent"] is None
    (by_rows,) = [each for each in comparison._figures({"rows": {**measured["12 zones"]}}) if "DeLong" in each.what]
    assert by_rows.reached is False


@pytest.mark.parametrize("case", CASES)
def test_rows_are_as_their_case_says(case):
    labels, a, b, clusters = CASES[case].make(np.random.default_rng(1))
    assert len(labels) == len(a.scores) == len(b.scores) == len(clusters) == CASES[case].rows
    assert len(set(clusters)) == (CASES[case].zones or CASES[case].rows)
    assert 0.1 < labels.mean() < 0.5
    again, *_ = CASES[case].make(np.random.default_rng(1))
    np.testing.assert_array_equal(labels, again)
