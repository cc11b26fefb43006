import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyspark.ml.evaluation import BinaryClassificationEvaluator, MulticlassClassificationEvaluator
from sklearn import metrics as sk

from lib import metrics
from lib.metrics import ScoreCounts, count_scores

# Scores on a coarse grid, so that ties are common; the test makes sure that both classes are there.
labelled = st.lists(st.tuples(st.integers(0, 1), st.integers(0, 20)), min_size=2, max_size=60).filter(
    lambda rows: {label for label, _ in rows} == {0, 1}
)


def arrays(rows):
    labels, scores = np.array(rows, dtype=float).T
    return labels, scores / 20


@given(labelled)
@settings(max_examples=200, deadline=None)
def test_all_metrics_equal_scikit_learns(rows):
    labels, scores = arrays(rows)
    counts = ScoreCounts.from_arrays(labels, scores)
    predicted = (scores > 0.5).astype(float)
    confusion = counts.confusion()

    assert counts.area_under_roc() == pytest.approx(sk.roc_auc_score(labels, scores), abs=1e-12)
    assert counts.average_precision() == pytest.approx(sk.average_precision_score(labels, scores), abs=1e-12)
    assert [confusion.tn, confusion.fp, confusion.fn, confusion.tp] == sk.confusion_matrix(
        labels, predicted
    ).ravel().tolist()
    precision, recall, f1, _ = sk.precision_recall_fscore_support(labels, predicted, labels=[0, 1], zero_division=0)
    assert list(confusion.precision.values()) == pytest.approx(precision, abs=1e-12)
    assert list(confusion.recall.values()) == pytest.approx(recall, abs=1e-12)
    assert list(confusion.f1.values()) == pytest.approx(f1, abs=1e-12)
    assert counts.summary()["accuracy"] == pytest.approx(sk.accuracy_score(labels, predicted), abs=1e-12)
    weighted = sk.precision_recall_fscore_support(labels, predicted, average="weighted", zero_division=0)
    assert confusion.weighted(confusion.precision) == pytest.approx(weighted[0], abs=1e-12)
    assert confusion.weighted(confusion.recall) == pytest.approx(weighted[1], abs=1e-12)
    assert counts.summary()["f1"] == pytest.approx(weighted[2], abs=1e-12)


@given(labelled)
@settings(max_examples=100, deadline=None)
def test_area_under_pr_is_the_trapezoids_under_scikit_learns_points(rows):
    labels, scores = arrays(rows)
    precision, recall, _ = sk.precision_recall_curve(labels, scores)
    # Points in falling score; Spark starts at (0, precision at the highest score), scikit-learn at (0, 1).
    precision, recall = precision[::-1].copy(), recall[::-1]
    precision[0] = precision[1]
    assert ScoreCounts.from_arrays(labels, scores).area_under_pr() == pytest.approx(
        sk.auc(recall, precision), abs=1e-12
    )


@pytest.fixture(scope="module")
def predictions(spark):
    rng = np.random.default_rng(5)
    labels = (rng.random(3000) < 0.3).astype(float)
    scores = np.clip(rng.normal(0.4 + 0.2 * labels, 0.2), 0, 1).round(3)
    zones = rng.choice(["north", "south", "west"], 3000)
    frame = spark.createDataFrame(
        [(float(y), float(s), str(z)) for y, s, z in zip(labels, scores, zones, strict=True)],
        "label double, score double, zone string",
    ).repartition(3)
    return labels, scores, zones, frame.cache()


def test_a_table_is_counted_as_its_arrays_are(predictions):
    labels, scores, zones, frame = predictions
    by_zone = count_scores(frame, "label", "score", "zone")
    assert sorted(by_zone) == ["north", "south", "west"]
    for zone, counted in by_zone.items():
        expected = ScoreCounts.from_arrays(labels[zones == zone], scores[zones == zone])
        assert counted.summary() == expected.summary()
    assert ScoreCounts.sum(by_zone.values()).summary() == ScoreCounts.from_arrays(labels, scores).summary()
    assert ScoreCounts.sum(by_zone.values()).rows == 3000


def test_a_table_of_one_group_equals_sparks_own_evaluators(predictions):
    from pyspark.sql import functions as F

    *_, frame = predictions
    ours = count_scores(frame, "label", "score")[""].summary()
    frame = frame.withColumn("prediction", F.when(F.col("score") > 0.5, 1.0).otherwise(0.0))
    for name in ("areaUnderROC", "areaUnderPR"):
        evaluator = BinaryClassificationEvaluator(
            rawPredictionCol="score", labelCol="label", metricName=name, numBins=0
        )
        assert ours[name] == pytest.approx(evaluator.evaluate(frame), abs=1e-12)
    for name in ("accuracy", "f1"):
        evaluator = MulticlassClassificationEvaluator(labelCol="label", metricName=name)
        assert ours[name] == pytest.approx(evaluator.evaluate(frame), abs=1e-12)


def test_very_many_distinct_scores_are_rounded_and_cost_almost_nothing(predictions, monkeypatch):
    labels, _, _, frame = predictions
    from pyspark.sql import functions as F

    frame = frame.select("label", (F.col("score") + F.rand(1) * 1e-9).alias("score")).cache()
    exact = count_scores(frame, "label", "score")[""]
    monkeypatch.setattr(metrics, "MAX_DISTINCT_SCORES", 1500)
    rounded = count_scores(frame, "label", "score")[""]
    assert len(exact.scores) == 3000
    assert len(rounded.scores) < 1500
    assert rounded.area_under_roc() == pytest.approx(exact.area_under_roc(), abs=5e-3)
    assert rounded.rows == exact.rows == len(labels)


def test_areas_without_a_class_are_nan_and_counts_still_right():
    only_negatives = ScoreCounts.from_arrays([0, 0], [0.1, 0.7])
    assert math.isnan(only_negatives.area_under_roc())
    assert math.isnan(only_negatives.area_under_pr())
    assert math.isnan(only_negatives.average_precision())
    assert only_negatives.confusion().as_dict() == {"TN": 1, "FP": 1, "FN": 0, "TP": 0}


def test_a_score_at_the_threshold_is_negative_as_in_spark_ml():
    assert ScoreCounts.from_arrays([1, 0], [0.5, 0.5]).confusion().as_dict() == {"TN": 1, "FP": 0, "FN": 1, "TP": 0}
