"""Importances and partial dependences are scikit-learn's, but for the draws."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.stats import spearmanr
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.inspection import partial_dependence as sklearn_dependence
from sklearn.inspection import permutation_importance
from sklearn.metrics import auc, precision_recall_curve, roc_auc_score

from lib.measures.importance import (
    _permutation,
    correlated_groups,
    partial_dependence,
    permutation_importances,
)


def score(values):
    """A model of features 0 to 2; feature 1 matters most, feature 3 not at all."""
    return 1 / (1 + np.exp(-(0.5 * values[:, 0] + 2 * values[:, 1] * (values[:, 2] > 0))))


class Model(ClassifierMixin, BaseEstimator):
    """The same for scikit-learn."""

    def fit(self, values, labels=None):
        self.classes_, self.n_features_in_ = np.array([0, 1]), values.shape[1]
        return self

    def predict_proba(self, values):
        return np.column_stack([1 - score(values), score(values)])


def area_under_pr(labels, scores):
    """Spark's: the curve starts at recall 0 with the precision of the highest score, where scikit-learn's has 1."""
    precision, recall, _ = precision_recall_curve(labels, scores)
    return auc(np.append(recall[:-1], 0.0), np.append(precision[:-1], precision[-2]))


AREAS = {"areaUnderROC": roc_auc_score, "areaUnderPR": area_under_pr}


@pytest.fixture(scope="module")
def table():
    rng = np.random.default_rng(0)
    values = rng.normal(size=(400, 4)).round(2)
    return values, (rng.random(400) < score(values)).astype(np.uint8)


@pytest.mark.parametrize("metric", AREAS)
def test_importances_are_drops_of_scikit_learns_metric(table, metric):
    values, labels = table
    groups, seed = [[0], [2, 1], [3]], -(2**40) + 3
    mean, std = permutation_importances(score, values, labels, metric, groups, seed, repeats=4)
    for number, group in enumerate(groups):
        drops = []
        for repetition in range(4):
            permuted = values.copy()
            order = _permutation(400, seed, min(group), repetition)
            for feature in group:
                permuted[:, feature] = values[order, feature]
            drops.append(AREAS[metric](labels, score(values)) - AREAS[metric](labels, score(permuted)))
        assert mean[number] == pytest.approx(np.mean(drops), abs=1e-9)
        assert std[number] == pytest.approx(np.std(drops), abs=1e-9)
    assert mean[2] == std[2] == 0  # the model does not use it


def test_importances_are_scikit_learns_but_for_the_draws(table):
    values, labels = table
    groups = [[feature] for feature in range(4)]
    ours = permutation_importances(score, values, labels, "areaUnderROC", groups, seed=1, repeats=200)
    model = Model().fit(values)
    theirs = permutation_importance(model, values, labels, scoring="roc_auc", n_repeats=200, random_state=1)
    np.testing.assert_allclose(ours.mean, theirs.importances_mean, atol=0.005)
    np.testing.assert_allclose(ours.std, theirs.importances_std, atol=0.005)


def test_a_groups_importance_does_not_depend_on_the_others_or_on_their_order(table):
    values, labels = table
    given = (score, values, labels, "areaUnderPR")
    together = permutation_importances(*given, [[0], [1, 2], [3]], seed=7)
    other_way = permutation_importances(*given, [[2, 1], [0]], seed=7)
    assert together.mean[[1, 0]].tolist() == other_way.mean.tolist()
    assert together.std[[1, 0]].tolist() == other_way.std.tolist()
    assert together.mean[0] != permutation_importances(*given, [[0]], seed=8).mean[0]


def test_draws_stay_the_same():
    assert _permutation(8, 2026, 3, 1).tolist() == [0, 6, 4, 1, 2, 7, 3, 5]
    draws = {tuple(_permutation(30, *key)) for key in [(1, 0, 0), (2, 0, 0), (1, 1, 0), (1, 0, 1), (1 + 2**32, 0, 0)]}
    assert len(draws) == 5


def test_the_values_given_stay_as_they_are(table):
    values, labels = table
    before = values.copy()
    permutation_importances(score, values, labels, "areaUnderPR", [[0, 1]], seed=1, repeats=2)
    partial_dependence(score, values, 1)
    np.testing.assert_array_equal(values, before)


def components(linked):
    """Connected components by following links until nothing changes."""
    reached = linked | np.eye(len(linked), dtype=bool)
    for _ in linked:
        reached = (reached.astype(int) @ reached.astype(int)) > 0
    return sorted({tuple(np.flatnonzero(row)) for row in reached})


@settings(deadline=None, max_examples=50)
@given(
    values=arrays(np.float64, st.tuples(st.integers(3, 12), st.integers(2, 6)), elements=st.integers(-3, 3)),
    limit=st.sampled_from([0.3, 0.6, 0.9, 1.0]),
)
def test_groups_are_components_of_spearmans_correlations(values, limit):
    rho = np.zeros((values.shape[1], values.shape[1]))
    for i, j in np.ndindex(rho.shape):
        if np.ptp(values[:, i]) > 0 and np.ptp(values[:, j]) > 0:
            rho[i, j] = abs(spearmanr(values[:, i], values[:, j]).statistic)
    groups = correlated_groups(values, limit)
    assert [tuple(group) for group in groups] == components(rho >= limit - 1e-12)


def test_correlation_passes_through_a_feature_between_two_others():
    rng = np.random.default_rng(1)
    middle, noise = rng.normal(size=(2, 2000))
    values = np.column_stack([middle + 0.4 * noise, noise * 0, -np.exp(middle), rng.normal(size=2000), noise * 0])
    values = np.column_stack([values, middle - 0.4 * noise])
    assert abs(spearmanr(values[:, 0], values[:, 5]).statistic) < 0.9
    assert correlated_groups(values) == [[0, 2, 5], [1], [3], [4]]
    assert correlated_groups(values, 0.999) == [[feature] for feature in range(6)]


@pytest.mark.parametrize("feature", range(5))
def test_partial_dependence_is_scikit_learns(table, feature):
    values = np.column_stack([table[0], table[0][:, 0].round()])  # the last one has few values
    grid, means = partial_dependence(score, values, feature)
    theirs = sklearn_dependence(
        Model().fit(values),
        values,
        [feature],
        grid_resolution=20,
        percentiles=(0.05, 0.95),
        method="brute",
        kind="average",
        response_method="predict_proba",
    )
    np.testing.assert_allclose(grid, theirs["grid_values"][0], rtol=0, atol=1e-9)
    np.testing.assert_allclose(means, theirs["average"][0], rtol=0, atol=1e-9)


def test_partial_dependence_of_the_first_rows(table):
    values, _ = table
    some = partial_dependence(score, values, 0, 7, max_rows=150)
    np.testing.assert_array_equal(some, partial_dependence(score, values[:150], 0, 7))


def test_a_feature_that_is_nearly_always_zero_has_a_grid():
    values = np.zeros((1000, 3))
    values[:30, 0] = np.arange(30)
    grid, _ = partial_dependence(score, values, 0)
    np.testing.assert_allclose(grid, np.linspace(0, 29, 20))
