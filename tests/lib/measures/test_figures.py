"""What an evaluation says about rows, from the counts of their scores, held against scikit-learn."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics as sk

from lib.artifacts import METRICS, OVERALL_METRICS
from lib.measures import intervals
from lib.measures.decision import Decision
from lib.measures.figures import THRESHOLDS, describe, describe_curves, describe_zone
from lib.metrics import ScoreCounts

KEYS = {
    *OVERALL_METRICS,
    *("precision", "recall", "f1_by_class", "threshold", "confusion_matrix", "threshold_chosen"),
    *("capture", "brier", "log_loss"),
}
CURVES = {"roc", "pr", "scores", "thresholds", "reliability", "success_rate", "prediction_area"}
DECISION = Decision.fit(ScoreCounts.from_arrays([0, 1, 0, 1, 1], [0.1, 0.2, 0.4, 0.6, 0.9]), {"recall": 0.9})

shares = st.sampled_from([0.0, 1e-9, 0.19, 0.2, 0.21, 0.5, 0.8, 1.0])
drawn = st.lists(st.tuples(shares, st.integers(0, 1), st.sampled_from("abcd")), min_size=4, max_size=40)


def both_classes(rows):
    rows = [*rows, (0.3, 1, "a"), (0.6, 0, "b")]
    scores, labels, zones = (np.array(column) for column in zip(*rows, strict=True))
    return labels, scores, zones


@settings(max_examples=100, deadline=None)
@given(drawn, st.sampled_from([0.5, 0.2, 0.0, 1.0, 0.35]))
def test_all_figures_that_need_a_threshold_are_at_the_models_own(rows, threshold):
    labels, scores, _ = both_classes(rows)
    chosen = Decision(DECISION.calibration, threshold, threshold, {"rows": 5})
    found = describe(ScoreCounts.from_arrays(labels, scores), chosen)
    assert set(found) == {*KEYS, "calibrated"}
    predicted = (scores > threshold).astype(int)
    assert found["accuracy"] == pytest.approx(sk.accuracy_score(labels, predicted))
    by_class = sk.precision_recall_fscore_support(labels, predicted, labels=[0, 1], zero_division=0)
    for name, values in zip(("precision", "recall", "f1_by_class"), by_class, strict=False):
        assert list(found[name].values()) == pytest.approx(values.tolist())
    weighted = sk.precision_recall_fscore_support(labels, predicted, average="weighted", zero_division=0)
    assert [found[n] for n in ("weightedPrecision", "weightedRecall", "f1")] == pytest.approx(list(weighted[:3]))
    matrix = sk.confusion_matrix(labels, predicted, labels=[0, 1]).ravel().tolist()
    assert [found["confusion_matrix"][name] for name in ("TN", "FP", "FN", "TP")] == matrix
    here, at_half = found["threshold_chosen"]["here"], found["threshold_chosen"]["here_at_half"]
    assert (here["FP"], here["FN"]) == (matrix[1], matrix[2])
    assert at_half["FP"] == int(((scores > 0.5) & (labels == 0)).sum())
    assert found["threshold_chosen"]["validation"] == {"rows": 5}
    assert found["threshold"] == threshold
    # Those that need none do not know of it.
    assert found["areaUnderROC"] == pytest.approx(sk.roc_auc_score(labels, scores))
    assert found["average_precision"] == pytest.approx(sk.average_precision_score(labels, scores))


@settings(max_examples=100, deadline=None)
@given(drawn)
def test_scores_as_probabilities_are_as_scikit_learn_rates_them(rows):
    labels, scores, _ = both_classes(rows)
    found = describe(ScoreCounts.from_arrays(labels, scores), DECISION)
    calibrated = DECISION.calibration(scores)
    for record, chance in ((found, scores), (found["calibrated"], calibrated)):
        assert record["brier"] == pytest.approx(sk.brier_score_loss(labels, chance), abs=1e-12)
        assert record["log_loss"] == pytest.approx(sk.log_loss(labels, chance), rel=1e-9)
    assert "calibrated" not in describe(ScoreCounts.from_arrays(labels, scores), Decision.none())


@settings(max_examples=100, deadline=None)
@given(drawn, st.integers(0, 3))
def test_whatever_the_rows_all_of_it_is_json(rows, seed):
    labels, scores, zones = both_classes(rows)
    by_zone = {z: ScoreCounts.from_arrays(labels[zones == z], scores[zones == z]) for z in sorted(set(zones))}
    counts = ScoreCounts.sum(by_zone.values())
    for chosen in (Decision.none(), DECISION, Decision(DECISION.calibration, 1.0, 1, {})):
        curves = describe_curves(counts, chosen)
        assert set(curves) == CURVES
        said = [
            describe(counts, chosen),
            intervals.describe(by_zone, chosen.threshold, seed),
            intervals.describe({"": counts}, chosen.threshold, seed),
            [describe_zone(zone, of_zone, chosen.threshold) for zone, of_zone in by_zone.items()],
            curves,
        ]
        assert json.loads(json.dumps(said, allow_nan=False)) == said


@pytest.mark.parametrize("labels", [[0, 0, 0], [1, 1, 1], [0, 1, 1]])
def test_a_zone_is_described_with_or_without_both_classes(labels):
    zone = describe_zone("north", ScoreCounts.from_arrays(labels, [0.2, 0.4, 0.7]), 0.3)
    assert set(zone) == {"zone", "rows", "positives", *METRICS}
    assert (zone["zone"], zone["rows"], zone["positives"]) == ("north", 3, sum(labels))
    assert zone["accuracy"] == pytest.approx(np.mean(np.array(labels) == [0, 1, 1]))
    one_class = len(set(labels)) == 1
    assert [zone[name] for name in ("areaUnderROC", "areaUnderPR")] == ([None, None] if one_class else [1.0, 1.0])


def test_the_models_threshold_is_in_the_table_of_thresholds():
    counts = ScoreCounts.from_arrays([0, 1, 0, 1], [0.1, 0.52, 0.5, 0.9])
    table = describe_curves(counts, Decision(None, 0.51, 0.51, {}))["thresholds"]
    assert [row["threshold"] for row in table] == sorted([*THRESHOLDS, 0.51])
    ours = next(row for row in table if row["threshold"] == 0.51)
    assert (ours["predicted_positive"], ours["TP"], ours["f1"]) == (2, 2, 1.0)
    assert len(describe_curves(counts, Decision.none())["thresholds"]) == len(THRESHOLDS)
    fitted = Decision.fit(counts, 0.5)
    table = describe_curves(counts, fitted)["thresholds"]
    at = np.array([row["threshold"] for row in table])
    assert [row["calibrated"] for row in table] == fitted.calibration(at).tolist()
