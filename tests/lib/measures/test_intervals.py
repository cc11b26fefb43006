import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lib import artifacts
from lib.measures import intervals
from lib.measures.calibration import brier, log_loss
from lib.measures.intervals import (
    bootstrap_zones,
    pr_area_interval,
    roc_area_error,
    roc_area_interval,
    share_interval,
)
from lib.metrics import ScoreCounts

BY_CLASS = [f"{figure}.{of}" for figure in ("precision", "recall", "f1") for of in ("0", "1")]


class TestFormulas:
    def test_roc_area_against_simulation(self):
        """Scores of both classes exponential, the model behind Hanley and McNeil's formula."""
        rng = np.random.default_rng(3)
        positives, negatives = rng.exponential(4, (4000, 51, 1)), rng.exponential(1, (4000, 1, 58))
        areas = (positives > negatives).mean(axis=(1, 2))
        assert roc_area_error(areas.mean(), 51, 58) == pytest.approx(areas.std(), rel=0.05)

    def test_roc_area_has_none_where_the_formula_would_be_sure(self):
        assert roc_area_interval(0.9, 20, 30) is not None
        assert roc_area_interval(1.0, 20, 30) is None
        assert roc_area_interval(0.0, 20, 30) is None
        assert roc_area_interval(0.9, 0, 30) is None

    def test_wilson_against_a_known_value(self):
        assert share_interval(10, 100) == pytest.approx((0.0552, 0.1744), abs=1e-4)
        assert share_interval(0, 0) is None

    def test_pr_area_stays_inside_0_and_1(self):
        low, high = pr_area_interval(0.98, 250)
        assert 0 < low < 0.98 < high < 1

    def test_pr_area_has_none_where_the_logit_interval_explodes(self):
        assert pr_area_interval(0.98, 249) is None
        assert pr_area_interval(0.999, 54) is None
        assert pr_area_interval(0.04, 100) is None
        assert pr_area_interval(1.0, 12) is None
        assert pr_area_interval(0.5, 0) is None


def some_zones(seed, zones=6, rows=30, grid=20, one_class=()):
    rng = np.random.default_rng(seed)
    result = {}
    for number in range(zones):
        scores = rng.integers(0, grid + 1, rows) / grid
        labels = (rng.random(rows) < scores).astype(float)
        if number in one_class:
            labels[:] = number % 2
        result[f"zone {number}"] = ScoreCounts.from_arrays(labels, scores)
    return result


def figures(counts, threshold):
    """What `ScoreCounts` itself says, as the bootstrap names it; NaN where a figure is undefined."""
    confusion = counts.confusion(threshold)
    tn, fp, fn, tp = confusion.as_dict().values()
    both = counts.n_positives > 0 and counts.n_negatives > 0
    areas = (counts.area_under_roc(), counts.area_under_pr(), counts.average_precision())
    single = (
        confusion.accuracy,
        *(confusion.weighted(x) for x in (confusion.f1, confusion.precision, confusion.recall)),
    )
    rows = {"0": tn + fp, "1": tp + fn}
    predicted = {"0": tn + fn, "1": tp + fp}
    by_class = [
        values[of] if defined[of] else np.nan
        for values, defined in ((confusion.precision, predicted), (confusion.recall, rows), (confusion.f1, rows))
        for of in ("0", "1")
    ]
    names = [*artifacts.OVERALL_METRICS, *BY_CLASS, *artifacts.LOSSES]
    losses = [brier(counts), log_loss(counts)]  # held against scikit-learn in test_calibration
    return dict(zip(names, [*(areas if both else [np.nan] * 3), *single, *by_class, *losses], strict=True))


def one_by_one(by_zone, seed, threshold, draws):
    """The same bootstrap, each draw put together and measured on its own."""
    names = sorted(by_zone)
    chosen = np.random.default_rng(seed).integers(len(names), size=(draws, len(names)))
    measured = [figures(ScoreCounts.sum(by_zone[names[zone]] for zone in draw), threshold) for draw in chosen]
    bounds = {}
    for name in measured[0]:
        values = np.array([draw[name] for draw in measured])
        values = values[~np.isnan(values)]
        low, high = np.percentile(values, [2.5, 97.5]) if len(values) else (0, 0)
        bounds[name] = (low, high) if low < high else None
    return bounds


def assert_close(ours, expected, abs=1e-9):
    assert list(ours) == list(expected)
    for name, bounds in expected.items():
        if bounds is None or bounds[1] - bounds[0] < abs:
            assert ours[name] is None or ours[name][1] - ours[name][0] < abs
        else:
            assert ours[name] == pytest.approx(bounds, abs=abs), name


class TestBootstrapOverZones:
    @given(st.integers(0, 10_000), st.sampled_from([0.0, 0.5, 0.97]), st.sets(st.integers(0, 5), max_size=5))
    @settings(max_examples=12, deadline=None)
    def test_it_equals_draws_that_are_measured_one_by_one(self, seed, threshold, one_class):
        by_zone = some_zones(seed, rows=8, one_class=one_class)
        assert_close(bootstrap_zones(by_zone, threshold, seed, draws=40), one_by_one(by_zone, seed, threshold, 40))

    def test_blocks_of_draws_change_nothing(self, monkeypatch):
        by_zone = some_zones(1)
        whole = bootstrap_zones(by_zone, 0.5, 1)
        monkeypatch.setattr(intervals, "_CELLS", 100)
        assert_close(bootstrap_zones(by_zone, 0.5, 1), whole, abs=1e-12)

    def test_it_depends_on_the_seed_and_not_on_the_order_of_zones(self):
        by_zone = some_zones(2)
        turned = dict(reversed(by_zone.items()))
        assert bootstrap_zones(turned, 0.5, 7) == bootstrap_zones(by_zone, 0.5, 7)
        assert bootstrap_zones(by_zone, 0.5, 8) != bootstrap_zones(by_zone, 0.5, 7)

    def test_few_zones_and_equal_draws_have_no_interval(self):
        by_zone = some_zones(3)
        two = bootstrap_zones(dict(list(by_zone.items())[:2]), 0.5, 1)
        assert list(two) == [*artifacts.OVERALL_METRICS, *BY_CLASS, *artifacts.LOSSES]
        assert set(two.values()) == {None}
        one = by_zone["zone 0"]
        assert set(bootstrap_zones({"a": one, "b": one, "c": one}, 0.5, 1).values()) == {None}
        nothing = ScoreCounts.from_arrays([], [])
        assert set(bootstrap_zones({"a": nothing, "b": nothing, "c": nothing}, 0.5, 1).values()) == {None}

    def test_draws_that_agree_but_for_rounding_have_no_interval(self):
        one = some_zones(3)["zone 0"]
        by_zone = {str(n): ScoreCounts(one.scores, n * one.positives, n * one.negatives) for n in (1, 3, 7, 11)}
        assert set(bootstrap_zones(by_zone, 0.5, 1).values()) == {None}

    def test_a_class_that_is_absent_has_no_area_but_an_accuracy(self):
        by_zone = some_zones(4)
        negatives = {name: ScoreCounts(z.scores, z.positives * 0, z.negatives) for name, z in by_zone.items()}
        bounds = bootstrap_zones(negatives, 0.5, 1)
        assert bounds["areaUnderROC"] is bounds["areaUnderPR"] is bounds["recall.1"] is None
        assert bounds["accuracy"] is not None

    def test_zones_differ_more_than_rows_do(self):
        """The interval covers how zones differ, which a formula for independent rows does not see."""
        rng = np.random.default_rng(5)
        by_zone = {}
        for number in range(20):
            labels = rng.random(2000) < 0.5
            scores = np.clip(rng.normal(0.4 + rng.uniform(0, 0.4) * labels, 0.2), 0, 1).round(2)
            by_zone[str(number)] = ScoreCounts.from_arrays(labels, scores)
        counts = ScoreCounts.sum(by_zone.values())
        low, high = bootstrap_zones(by_zone, 0.5, 1)["areaUnderROC"]
        by_rows = roc_area_interval(counts.area_under_roc(), int(counts.n_positives), int(counts.n_negatives))
        assert low < counts.area_under_roc() < high
        assert high - low > 3 * (by_rows[1] - by_rows[0])

    @pytest.mark.parametrize("power", [1, 12], ids=["spread", "crowded at 0"])
    def test_very_many_scores_are_put_together_and_cost_almost_nothing(self, monkeypatch, power):
        rng = np.random.default_rng(6)
        by_zone = {}
        for number in range(8):
            chance = rng.beta(1, 3, 1000)
            labels = rng.random(1000) < np.clip(chance + 0.02 * number, 0, 1)
            by_zone[str(number)] = ScoreCounts.from_arrays(labels, chance**power)
        together = bootstrap_zones(by_zone, 0.5, 1, draws=200)
        monkeypatch.setattr(intervals, "MAX_SCORES", 10_000)
        exact = bootstrap_zones(by_zone, 0.5, 1, draws=200)
        assert_close(together, exact, abs=1e-3)
        assert {name for name in exact if together[name] != exact[name]} <= set(artifacts.OVERALL_METRICS[:3])

    def test_it_is_quick(self):
        by_zone = some_zones(7, zones=12, rows=5000, grid=1199)
        start = time.perf_counter()
        bootstrap_zones(by_zone, 0.5, 1)
        assert time.perf_counter() - start < 5


class TestDescribe:
    def test_from_zones_if_there_are_three_else_from_rows(self):
        by_zone = some_zones(8)
        told = intervals.describe(by_zone, 0.5, 1)
        assert told["intervals_from"] == "zones"
        expected = {name: list(bounds) for name, bounds in bootstrap_zones(by_zone, 0.5, 1).items()}
        assert told["intervals"] == expected
        two = dict(list(by_zone.items())[:2])
        told = intervals.describe(two, 0.5, 1)
        assert told["intervals_from"] == "rows"
        confusion = ScoreCounts.sum(two.values()).confusion(0.5)
        assert told["intervals"]["recall.1"] == list(share_interval(confusion.tp, confusion.tp + confusion.fn))

    @pytest.mark.parametrize("positives", [4, 5])
    def test_a_figure_of_a_handful_of_rows_has_none(self, positives):
        rng = np.random.default_rng(9)
        scores, labels = rng.random(60), np.repeat([1.0, 0.0], [positives, 60 - positives])
        places = np.arange(60) % 4
        by_zone = {
            str(zone): ScoreCounts.from_arrays(labels[places == zone], scores[places == zone]) for zone in range(4)
        }
        bootstrapped = bootstrap_zones(by_zone, 0.5, 1)
        told = intervals.describe(by_zone, 0.5, 1)["intervals"]
        few = {"areaUnderROC", "areaUnderPR", "average_precision", "recall.1", "f1.1"}
        assert all(bootstrapped[name] for name in few)
        assert {name for name, bounds in told.items() if bounds is None} == (few if positives < 5 else set())

    def test_a_precision_of_a_handful_of_predicted_rows_has_none(self):
        by_zone = some_zones(10)
        high = np.sort(ScoreCounts.sum(by_zone.values()).scores)[-1]
        told = intervals.describe(by_zone, high, 1)["intervals"]
        assert told["precision.1"] is None
        assert told["precision.0"] is not None
