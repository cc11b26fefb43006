import pytest

from benchmarks.arithmetic import Line
from benchmarks.grid import depths, figures, lines, total
from lib.search.candidates import expand
from lib.search.families import GBT, RANDOM_FOREST


def test_the_total_is_the_sum_over_all_72_candidates():
    each_tree = {(RANDOM_FOREST, depth): Line(1.0, 0.01) for depth in depths(RANDOM_FOREST)}
    each_round = {(GBT, depth): Line(0.0, 0.1) for depth in depths(GBT)}
    forests = 36 * 1.0 + 12 * (200 + 400 + 600) * 0.01
    boosted = 18 * (100 + 200) * 0.1
    assert total(expand(), {**each_tree, **each_round}) == pytest.approx(forests + boosted)


def test_lines_are_by_model_and_depth():
    assert lines({(GBT, 6): {10: 4.0, 30: 10.0}})[GBT, 6].at(100) == pytest.approx(31.0)


def test_ratios_are_against_the_median_warm_search():
    task = {"cold": 30.0, "new session": 14.0, "warm": [9.0, 10.0, 50.0]}
    rows = [f.row() for f in figures(task, {"Spark ML": 2900.0, "exact": 300.0, "histogram": 100.0})]
    assert "290x (2,900 s) | ≥ 300x | **missed**" in rows[3]
    assert "30x (300 s) | ≥ 20x | reached" in rows[4]
    assert "10x (100 s) |  |  |" in rows[5]
