import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from scipy import stats
from sklearn.metrics import roc_auc_score

from launcher.leaderboard import delong

ROWS = st.integers(4, 40)


@st.composite
def pairs(draw):
    """Labels with two rows of each class or more, and the scores of two models, with many ties."""
    count = draw(ROWS)
    ones = draw(st.integers(2, count - 2))
    labels = np.array(draw(st.permutations([1.0] * ones + [0.0] * (count - ones))))
    scores = st.integers(0, 8).map(lambda value: value / 8)
    a, b = (draw(arrays.arrays(np.float64, count, elements=scores)) for _ in range(2))
    return labels, a, b


def by_hand(labels, a, b):
    """The areas and the variance of their difference by the definition: each row of one class beside each other."""

    def kernel(x, y):
        return 1.0 if x > y else 0.5 if x == y else 0.0

    components, areas = [], []
    for scores in (a, b):
        ones, zeros = ([s for s, label in zip(scores, labels, strict=True) if label == of] for of in (1, 0))
        theta = sum(kernel(x, y) for x, y in itertools.product(ones, zeros)) / (len(ones) * len(zeros))
        v10 = [sum(kernel(x, y) for y in zeros) / len(zeros) for x in ones]
        v01 = [sum(kernel(x, y) for x in ones) / len(ones) for y in zeros]
        areas.append(theta)
        components.append((v10, v01))

    def covariance(r, s, part):
        values = zip(components[r][part], components[s][part], strict=True)
        total = sum((x - areas[r]) * (y - areas[s]) for x, y in values)
        return total / (len(components[r][part]) - 1)

    matrix = [
        [covariance(r, s, 0) / len(components[0][0]) + covariance(r, s, 1) / len(components[0][1]) for s in range(2)]
        for r in range(2)
    ]
    return areas, matrix[0][0] + matrix[1][1] - 2 * matrix[0][1]


@given(pairs())
@settings(max_examples=150, deadline=None)
def test_areas_and_variance_are_those_of_the_definition(pair):
    found = delong.compare(*pair)
    (area_a, area_b), variance = by_hand(*pair)
    assert found.a == pytest.approx(area_a, abs=1e-12)
    assert found.b == pytest.approx(area_b, abs=1e-12)
    assert found.error**2 == pytest.approx(variance, abs=1e-9)


def test_a_case_by_hand():
    """Two rows of class 1 and two of class 0, small enough for paper.

    A puts 0.9 and 0.4 against 0.5 and 0.1: placements of class 1 are 1 and 1/2, of class 0 are 1/2 and 1; area 3/4.
    B has all right: area 1. Differences of placements: 0 and 1/2 in each class, with variance 1/8 each, so the
    variance of the difference is (1/8) / 2 + (1/8) / 2 = 1/8.
    """
    labels = np.array([1.0, 1.0, 0.0, 0.0])
    found = delong.compare(labels, np.array([0.9, 0.4, 0.5, 0.1]), np.array([0.9, 0.8, 0.2, 0.1]))
    assert (found.a, found.b, found.difference) == (0.75, 1.0, 0.25)
    assert found.error**2 == pytest.approx(1 / 8, abs=1e-12)
    assert found.p == pytest.approx(2 * stats.norm.sf(0.25 / math.sqrt(1 / 8)), abs=1e-12)
    assert found.interval == pytest.approx(stats.norm.interval(0.95, loc=0.25, scale=math.sqrt(1 / 8)), abs=1e-6)


@given(pairs())
def test_areas_are_those_of_scikit_learn(pair):
    labels, a, b = pair
    found = delong.compare(labels, a, b)
    assert found.a == pytest.approx(roc_auc_score(labels, a), abs=1e-12)
    assert found.b == pytest.approx(roc_auc_score(labels, b), abs=1e-12)


@given(arrays.arrays(np.float64, st.integers(1, 30), elements=st.integers(0, 5).map(float)))
def test_midranks_are_those_of_scipy(values):
    np.testing.assert_allclose(delong.midranks(values), stats.rankdata(values), rtol=0, atol=1e-12)


@given(pairs())
def test_swapping_the_models_turns_the_sign(pair):
    labels, a, b = pair
    forth, back = delong.compare(labels, a, b), delong.compare(labels, b, a)
    assert back.difference == pytest.approx(-forth.difference, abs=1e-12)
    assert back.error == pytest.approx(forth.error, abs=1e-9)
    assert (back.p is None) == (forth.p is None)
    if forth.p is not None:
        assert back.p == pytest.approx(forth.p, abs=1e-9)


@given(pairs(), st.randoms(use_true_random=False))
def test_the_order_of_the_rows_does_not_matter(pair, random):
    order = list(range(len(pair[0])))
    random.shuffle(order)
    forth, shuffled = delong.compare(*pair), delong.compare(*(values[order] for values in pair))
    assert shuffled.difference == pytest.approx(forth.difference, abs=1e-12)
    assert shuffled.error == pytest.approx(forth.error, abs=1e-9)


@given(pairs())
def test_only_the_order_of_scores_counts(pair):
    labels, a, b = pair
    forth, bent = delong.compare(labels, a, b), delong.compare(labels, np.exp(5 * a), b**3 - 7)
    assert (bent.a, bent.b) == (forth.a, forth.b)
    assert bent.error == forth.error


@given(pairs())
def test_models_that_rank_alike_have_no_error_and_no_p(pair):
    labels, a, _ = pair
    same = delong.compare(labels, a, 2 * a + 1)
    assert (same.difference, same.error, same.interval, same.p) == (0.0, 0.0, None, None)


@given(pairs(), st.integers(2, 4))
def test_rows_that_repeat_others_tell_nothing_new(pair, times):
    """Each row several times, known as one: as if each stood there once."""
    once = delong.compare(*pair)
    clusters = np.tile(np.arange(len(pair[0])), times)
    often = delong.compare(*(np.tile(values, times) for values in pair), clusters)
    assert often.difference == pytest.approx(once.difference, abs=1e-12)
    assert often.error == pytest.approx(once.error, abs=1e-9)


@pytest.mark.parametrize("ones", [0, 1, 5, 6])
def test_too_few_rows_of_a_class_give_nothing(ones):
    labels = np.array([1.0] * ones + [0.0] * (6 - ones))
    assert delong.compare(labels, np.arange(6.0), np.arange(6.0)[::-1].copy()) is None
