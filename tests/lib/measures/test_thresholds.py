import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics as sk

from lib.errors import InputError
from lib.measures.thresholds import candidates, choose, marked
from lib.metrics import ScoreCounts

# Scores on a coarse grid, so that ties are common; at least one row of class 1.
with_positives = st.lists(st.tuples(st.integers(0, 1), st.integers(0, 20)), min_size=1, max_size=50).filter(
    lambda rows: any(label for label, _ in rows)
)
shares = st.sampled_from([0.1, 0.25, 0.3, 0.5, 2 / 3, 0.75, 0.8, 0.9, 0.95, 1.0])
costs = st.integers(1, 9)


def arrays(rows):
    labels, scores = np.array(rows, dtype=float).T
    return labels, scores / 20


def every_way(labels, scores):
    """Threshold, rows found, false alarms and missed rows of every threshold that matters, the highest first."""
    distinct = np.unique(scores)[::-1]
    for threshold in [*distinct, -1.0]:
        predicted = scores > threshold
        yield threshold, (predicted & (labels == 1)).sum(), (predicted & (labels == 0)).sum()


@given(with_positives, shares, costs, costs)
@settings(max_examples=300, deadline=None)
def test_each_rule_finds_the_best_of_all_ways(rows, share, missed, alarm):
    labels, scores = arrays(rows)
    counts = ScoreCounts.from_arrays(labels, scores)
    ways = list(every_way(labels, scores))
    positives = labels.sum()

    def result(rule):
        predicted = scores > choose(rule, counts)
        return (predicted & (labels == 1)).sum(), (predicted & (labels == 0)).sum()

    # max and min keep the first of equals, which is the highest threshold.
    assert result("f1") == max(ways, key=lambda way: 2 * way[1] / (way[1] + way[2] + positives))[1:]
    assert result({"recall": share}) == next(way for way in ways if way[1] / positives >= share)[1:]
    cheapest = min(ways, key=lambda way: missed * (positives - way[1]) + alarm * way[2])
    assert result({"costs": {"fn": missed, "fp": alarm}}) == cheapest[1:]
    precise = [way for way in ways if way[1] and way[1] / (way[1] + way[2]) >= share]
    if not precise:  # then those that come closest
        best = max(way[1] / (way[1] + way[2]) for way in ways if way[1])
        precise = [way for way in ways if way[1] and way[1] / (way[1] + way[2]) == best]
    assert result({"precision": share}) == max(precise, key=lambda way: way[1])[1:]


@given(with_positives)
@settings(max_examples=100, deadline=None)
def test_the_best_f1_is_that_of_scikit_learns_curve(rows):
    labels, scores = arrays(rows)
    precision, recall, _ = sk.precision_recall_curve(labels, scores)
    best = max(2 * p * r / (p + r) if p + r else 0 for p, r in zip(precision, recall, strict=True))
    predicted = scores > choose("f1", ScoreCounts.from_arrays(labels, scores))
    assert sk.f1_score(labels, predicted) == pytest.approx(best)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=30))
@settings(max_examples=200, deadline=None)
def test_candidates_divide_the_rows_in_every_way(scores):
    counts = ScoreCounts.from_arrays(np.ones(len(scores)), scores)
    thresholds = candidates(counts)
    found, alarms = marked(counts)
    assert [(np.array(scores) > threshold).sum() for threshold in thresholds] == found.tolist()
    assert not alarms.any()


def test_thresholds_are_in_the_middle():
    counts = ScoreCounts.from_arrays([0, 1, 1], [0.2, 0.6, 0.8])
    assert candidates(counts) == pytest.approx([0.8, 0.7, 0.4, 0.1])
    assert choose("f1", counts) == pytest.approx(0.4)
    assert choose({"recall": 0.5}, counts) == pytest.approx(0.7)
    zero = ScoreCounts.from_arrays([1, 0], [0.0, 0.5])
    assert choose({"recall": 1}, zero) == pytest.approx(0, abs=1e-5)
    assert choose({"recall": 1}, zero) < 0


def test_a_number_is_itself_whatever_the_rows():
    assert choose(0.3, ScoreCounts.from_arrays([], [])) == 0.3
    assert choose(1, ScoreCounts.from_arrays([0], [0.2])) == 1.0


def test_what_cannot_be_chosen_is_refused_with_the_remedy():
    counts = ScoreCounts.from_arrays([0, 1, 1, 0], [0.9, 0.6, 0.6, 0.1])
    assert choose({"precision": 0.8}, counts) == pytest.approx(0.35)  # a precision of 2 / 3 is the best there is
    with pytest.raises(InputError, match="none of class 1; give the threshold as a number"):
        choose("f1", ScoreCounts.from_arrays([0], [0.2]))
    with pytest.raises(InputError, match="unknown threshold rule 'f2'"):
        choose({"f2": 1}, counts)
