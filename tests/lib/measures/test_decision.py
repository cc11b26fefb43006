import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics as sk
from sklearn.isotonic import IsotonicRegression

from lib.errors import InputError
from lib.measures.decision import Decision, at
from lib.metrics import ScoreCounts

RULES = [0.5, 0, 1, "f1", {"recall": 0.9}, {"precision": 0.8}, {"costs": {"fn": 5, "fp": 1}}]
rows = st.lists(st.tuples(st.sampled_from([0.0, 0.1, 0.25, 0.5, 0.9, 1.0]), st.booleans()), min_size=1, max_size=40)


def counts(drawn):
    """Counts of rows, of which one at least is of class 1."""
    drawn = [*drawn, (0.5, True)]
    labels, scores = np.array([label for _, label in drawn], int), np.array([score for score, _ in drawn])
    return labels, scores, ScoreCounts.from_arrays(labels, scores)


@settings(max_examples=100, deadline=None)
@given(rows, st.sampled_from(RULES))
def test_a_decision_is_the_same_after_json(drawn, rule):
    labels, scores, counted = counts(drawn)
    decision = Decision.fit(counted, rule)
    again = Decision.from_dict(json.loads(json.dumps(decision.as_dict(), allow_nan=False)))
    assert (again.threshold, again.rule, again.validation) == (decision.threshold, rule, decision.validation)
    everywhere = np.linspace(-0.1, 1.1, 200)
    assert again.calibration(everywhere).tolist() == decision.calibration(everywhere).tolist()
    theirs = IsotonicRegression(y_min=0, y_max=1, out_of_bounds="clip").fit(scores, labels)
    assert again.calibration(everywhere) == pytest.approx(theirs.predict(everywhere), abs=1e-9)
    assert again.as_dict() == decision.as_dict()


@settings(max_examples=100, deadline=None)
@given(rows, st.sampled_from(RULES))
def test_what_the_threshold_does_is_what_scikit_learn_says(drawn, rule):
    labels, scores, counted = counts(drawn)
    decision = Decision.fit(counted, rule)
    predicted = scores > decision.threshold
    precision, recall, f1, _ = sk.precision_recall_fscore_support(labels, predicted, average="binary", zero_division=0)
    wrong = sk.confusion_matrix(labels, predicted, labels=[0, 1])
    expected = {"rows": len(labels), "precision": precision, "recall": recall, "f1": f1}
    assert decision.validation == pytest.approx({**expected, "FN": wrong[1, 0], "FP": wrong[0, 1]})
    assert at(counted, decision.threshold) == decision.validation


def test_a_precision_that_no_threshold_reaches_gives_the_closest():
    labels, scores = [0, 1, 0, 1, 0, 0], [0.9, 0.8, 0.7, 0.6, 0.5, 0.4]
    decision = Decision.fit(ScoreCounts.from_arrays(labels, scores), {"precision": 0.99})
    assert decision.validation["precision"] == 0.5
    assert decision.validation["recall"] == 1.0
    assert 0.5 < decision.threshold < 0.6


def test_rows_without_class_1_give_no_threshold_by_a_rule_but_a_number_stays():
    negatives = ScoreCounts.from_arrays([0, 0], [0.1, 0.2])
    assert Decision.fit(negatives, 0.3).threshold == 0.3
    with pytest.raises(InputError, match="no threshold for highest F1: the rows have none of class 1"):
        Decision.fit(negatives, "f1")
    with pytest.raises(InputError, match="unknown threshold rule 'gain'"):
        Decision.fit(negatives, {"gain": 1})


def test_without_a_record_it_is_spark_mls_own_threshold():
    none = Decision.none()
    assert (none.calibration, none.threshold, none.rule, none.validation) == (None, 0.5, 0.5, {})
