"""Metrics that count rows by weight: scikit-learn's with sample_weight, and those of rows that are repeated."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics as sk
from sklearn.isotonic import IsotonicRegression

from lib import artifacts, dataset
from lib.engines.spark import SparkEngine
from lib.engines.task.engine import TaskEngine
from lib.engines.task.memory import GB, TaskMemory
from lib.errors import InputError
from lib.evaluation import evaluate
from lib.measures import intervals, thresholds, zones
from lib.measures.calibration import Isotonic, brier, log_loss, reliability
from lib.measures.decision import Decision
from lib.measures.figures import describe, describe_curves, describe_zone
from lib.measures.importance import permutation_importances
from lib.metrics import ScoreCounts, count_scores
from lib.reporting import report, views
from lib.reporting.language.words import Words
from lib.search.candidates import expand
from lib.search.engine import in_order
from lib.search.folds import group_zones, leave_out
from lib.split import VAL, split
from lib.support.weights import Weights
from lib.training import Settings, train
from tests.lib.tables import make_table, write

# Scores on a coarse grid, so that ties are common; the test makes sure that both classes are there.
weighted_rows = st.lists(
    st.tuples(st.integers(0, 1), st.integers(0, 20), st.floats(1e-3, 1e3)), min_size=2, max_size=60
).filter(lambda rows: {label for label, *_ in rows} == {0, 1})
repeated_rows = st.lists(
    st.tuples(st.integers(0, 1), st.integers(0, 20), st.integers(1, 4)), min_size=2, max_size=60
).filter(lambda rows: {label for label, *_ in rows} == {0, 1})


def arrays(rows):
    labels, scores, weights = np.array(rows, dtype=float).T
    return labels, scores / 20, weights


@given(weighted_rows)
@settings(max_examples=200, deadline=None)
def test_all_metrics_equal_scikit_learns(rows):
    labels, scores, weights = arrays(rows)
    by = {"sample_weight": weights}
    counts = ScoreCounts.from_arrays(labels, scores, weights)
    predicted = (scores > 0.5).astype(float)
    confusion = counts.confusion()

    assert counts.rows == len(rows)
    assert counts.area_under_roc() == pytest.approx(sk.roc_auc_score(labels, scores, **by), abs=1e-9)
    assert counts.average_precision() == pytest.approx(sk.average_precision_score(labels, scores, **by), abs=1e-9)
    theirs = sk.confusion_matrix(labels, predicted, labels=[0, 1], **by).ravel()
    assert [confusion.tn, confusion.fp, confusion.fn, confusion.tp] == pytest.approx(theirs, rel=1e-9, abs=1e-9)
    of_class = sk.precision_recall_fscore_support(labels, predicted, labels=[0, 1], zero_division=0, **by)
    for ours, theirs in zip((confusion.precision, confusion.recall, confusion.f1), of_class[:3], strict=True):
        assert list(ours.values()) == pytest.approx(theirs, abs=1e-9)
    mean = sk.precision_recall_fscore_support(labels, predicted, average="weighted", zero_division=0, **by)
    overall = counts.overall()
    assert [overall[name] for name in ("weightedPrecision", "weightedRecall", "f1")] == pytest.approx(
        mean[:3], abs=1e-9
    )
    assert overall["accuracy"] == pytest.approx(sk.accuracy_score(labels, predicted, **by), abs=1e-9)
    precision, recall, _ = sk.precision_recall_curve(labels, scores, **by)
    precision, recall = precision[::-1].copy(), recall[::-1]
    precision[0] = precision[1]  # Spark starts at (0, precision at the highest score), scikit-learn at (0, 1)
    assert counts.area_under_pr() == pytest.approx(sk.auc(recall, precision), abs=1e-9)
    assert brier(counts) == pytest.approx(sk.brier_score_loss(labels, scores, **by), abs=1e-9)
    assert log_loss(counts) == pytest.approx(sk.log_loss(labels, scores, labels=[0, 1], **by), abs=1e-9)


@given(weighted_rows)
@settings(max_examples=200, deadline=None)
def test_the_calibration_equals_scikit_learns(rows):
    labels, scores, weights = arrays(rows)
    counts = ScoreCounts.from_arrays(labels, scores, weights)
    theirs = IsotonicRegression(y_min=0, y_max=1, out_of_bounds="clip").fit(scores, labels, sample_weight=weights)
    assert Isotonic.fit(counts).apply(counts) == pytest.approx(theirs.predict(counts.scores), abs=1e-9)
    for each in reliability(counts):
        here = (scores > each["from"]) & (scores <= each["to"]) | ((scores == 0) & (each["from"] == 0))
        assert each["rows"] == here.sum()
        assert each["share"] == pytest.approx(np.average(labels[here], weights=weights[here]))
        assert each["mean"] == pytest.approx(np.average(scores[here], weights=weights[here]))


def numbers(value, path=()):
    """All numbers of a record, by their place in it."""
    if isinstance(value, dict | list | tuple):
        pairs = value.items() if isinstance(value, dict) else enumerate(value)
        return {at: number for name, each in pairs for at, number in numbers(each, (*path, name)).items()}
    return {path: value} if isinstance(value, int | float) else {}


def same(weighted, twice):
    """Whether two records have the same figures, save the numbers of rows, which are never weighted."""
    one, other = numbers(weighted), numbers(twice)
    assert {path[-1] for path in one.keys() ^ other.keys()} <= {"TP", "weight", "base_rate"}
    told = [path for path in one if path in other and path[0] != "scores"]
    figures = [path for path in told if path[-1] not in ("rows", "positives") or isinstance(one[path], float)]
    return [one[path] for path in figures] == pytest.approx([other[path] for path in figures], abs=1e-9)


def repeated(rows):
    """The same rows with whole weights, and each as often as it weighs."""
    labels, scores, weights = arrays(rows)
    times = weights.astype(int)
    weighted = ScoreCounts.from_arrays(labels, scores, weights)
    return weighted, ScoreCounts.from_arrays(np.repeat(labels, times), np.repeat(scores, times))


@pytest.mark.parametrize(
    "rule", [0.5, "f1", {"recall": 0.8}, {"recall": 1.0}, {"precision": 0.7}, {"costs": {"fn": 5, "fp": 1}}]
)
@given(repeated_rows)
@settings(max_examples=60, deadline=None)
def test_a_row_of_weight_two_counts_as_two_rows_in_every_figure(rule, rows):
    weighted, twice = repeated(rows)
    assert thresholds.choose(rule, weighted) == pytest.approx(thresholds.choose(rule, twice))
    one, other = (Decision.fit(counts, rule) for counts in (weighted, twice))
    for describing in (describe, describe_curves):
        assert same(describing(weighted, one), describing(twice, other))
    one, other = (describe_zone("a", counts) for counts in (weighted, twice))
    assert same(one, other)
    assert one["base_rate"] == pytest.approx(other["positives"] / other["rows"])
    assert one["rows"] == len(rows)


@given(weighted_rows, st.floats(1e-6, 1e6))
@settings(max_examples=60, deadline=None)
def test_every_row_found_is_reached_whatever_the_rounding(rows, unit):
    labels, scores, weights = arrays(rows)
    counts = ScoreCounts.from_arrays(labels, scores, weights * unit)
    assert thresholds.choose({"recall": 1.0}, counts) < scores[labels == 1].min()


@given(st.lists(repeated_rows, min_size=3, max_size=6))
@settings(max_examples=20, deadline=None)
def test_intervals_of_a_bootstrap_are_those_of_repeated_rows(of_zones):
    pairs = {f"zone {number}": repeated(rows) for number, rows in enumerate(of_zones)}
    one, other = (
        intervals.bootstrap_zones({zone: pair[which] for zone, pair in pairs.items()}, 0.5, seed=1, draws=50)
        for which in (0, 1)
    )
    for name, bounds in one.items():
        assert bounds == pytest.approx(other[name], abs=1e-9), name


def test_intervals_by_formula_are_left_out_and_few_rows_have_none_whatever_they_weigh():
    rng = np.random.default_rng(1)
    labels, scores = (rng.random(40) < 0.5).astype(float), rng.random(40)
    counts = ScoreCounts.from_arrays(labels, scores, rng.lognormal(size=40) * 1000)
    found = intervals.describe({"": counts}, 0.5, 1)
    assert found["intervals_from"] == "none"
    assert set(found["intervals"].values()) == {None}
    labels = np.array([1.0] * 4 + [0.0] * 36)
    by_zone = {
        str(zone): ScoreCounts.from_arrays(labels[zone::3], scores[zone::3], np.full(len(labels[zone::3]), 100.0))
        for zone in range(3)
    }
    assert intervals.describe(by_zone, 0.5, 1)["intervals"]["areaUnderROC"] is None  # four rows of class 1


def test_importances_weigh_rows():
    rng = np.random.default_rng(0)
    values = rng.normal(size=(200, 3))
    labels = (values[:, 0] > 0).astype(float)
    times = rng.integers(1, 3, 200)

    def score(rows):
        return 1 / (1 + np.exp(-rows[:, 0]))

    found = permutation_importances(score, values, labels, "areaUnderROC", [[0], [1]], 1, 3, times.astype(float))
    even = permutation_importances(score, values, labels, "areaUnderROC", [[0], [1]], 1, 3, np.ones(200))
    plain = permutation_importances(score, values, labels, "areaUnderROC", [[0], [1]], 1, 3)
    np.testing.assert_allclose(even.mean, plain.mean, atol=1e-12)
    assert found.mean[0] != pytest.approx(plain.mean[0], abs=1e-6)


def test_a_table_is_counted_as_its_arrays_are_in_every_order(spark, tmp_path):
    rng = np.random.default_rng(5)
    table = pd.DataFrame({"label": (rng.random(2000) < 0.3).astype(float), "score": rng.random(2000).round(2)})
    table = table.assign(area=rng.lognormal(2, 2, 2000), zone=rng.choice(["a", "b"], 2000))
    weights = Weights("area", table.area.min(), table.area.max())
    shuffled = table.sample(frac=1, random_state=2)
    found = [
        count_scores(spark.read.parquet(place).repartition(parts), "label", "score", "zone", weights)
        for place, parts in ((write(table, tmp_path / "a.parquet"), 1), (write(shuffled, tmp_path / "b.parquet"), 5))
    ]
    for zone, here in table.groupby("zone"):
        expected = ScoreCounts.from_arrays(here.label, here.score, here.area.to_numpy())
        np.testing.assert_array_equal(found[0][zone].positives, found[1][zone].positives)
        np.testing.assert_array_equal(found[0][zone].negatives, found[1][zone].negatives)
        np.testing.assert_allclose(found[0][zone].positives, expected.positives, rtol=1e-12, atol=1e-9)
        assert found[0][zone].summary() == pytest.approx(expected.summary(), abs=1e-9)
        assert found[0][zone].rows == expected.rows == len(here)
        assert found[0][zone].by_rows.summary() == ScoreCounts.from_arrays(here.label, here.score).summary()
    together = ScoreCounts.sum(found[0].values())
    expected = ScoreCounts.from_arrays(table.label, table.score, table.area.to_numpy())
    assert together.summary() == pytest.approx(expected.summary(), abs=1e-9)
    assert together.rounded(2**20).rows == 2000


GRID = {"GBT": {"maxDepth": [2], "maxIter": [3, 6]}}


def weighted_table(rows=900, seed=0):
    table = make_table(rows, seed=seed, zones=4)
    return table.assign(area=np.random.default_rng(seed + 1).lognormal(2.0, 1.0, rows))


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    return write(weighted_table(), tmp_path_factory.mktemp("weights") / "t.parquet")


def test_both_engines_score_candidates_by_weight(spark, path):
    cut = split(dataset.load(spark, path, weight_col="area"), seed=3, metrics_weighted=True)
    candidates = expand(GRID)
    engines = TaskEngine(TaskMemory(GB, 2 * GB)), SparkEngine()
    ours, theirs = (in_order(engine.score(candidates, cut, VAL), candidates) for engine in engines)
    for one, other in zip(ours, theirs, strict=True):
        assert one.metrics == pytest.approx(other.metrics, abs=1e-9)
    counts = cut.count_by_zone()
    folds = leave_out(group_zones(counts), counts)[:2]
    by_zone = [
        {score.fold: score.by_zone for score in engine.score_folds(candidates[:1], cut, folds, lambda found: found)}
        for engine in engines
    ]
    for fold, found in by_zone[0].items():
        for zone, measured in found.items():
            assert measured.summary() == pytest.approx(by_zone[1][fold][zone].summary(), abs=1e-9)
            assert measured.weight == pytest.approx(by_zone[1][fold][zone].weight, rel=1e-9)  # in the column's own unit
            assert measured.rows == sum(c.rows for c in counts[zone].values())


@pytest.fixture(scope="module", params=["task", "spark"])
def run(request, spark, path, tmp_path_factory):
    out = str(tmp_path_factory.mktemp(request.param))
    given = {"weight_col": "area", "metrics_weighted": True, "threshold": "f1", "grid": GRID, "engine": request.param}
    trained = train(spark, Settings(path, **given), out, "20260101_000000")
    return trained, evaluate(spark, trained.folder, out), out


def test_an_evaluation_measures_as_scikit_learn_does_with_sample_weight(run):
    _, evaluation, _ = run
    rows = pd.read_parquet(Path(evaluation.folder, "scores.parquet"))
    by = {"sample_weight": rows.area}
    m = evaluation.metrics
    assert m["areaUnderROC"] == pytest.approx(sk.roc_auc_score(rows.label, rows.score, **by), abs=1e-9)
    assert m["average_precision"] == pytest.approx(sk.average_precision_score(rows.label, rows.score, **by), abs=1e-9)
    assert m["accuracy"] == pytest.approx(sk.accuracy_score(rows.label, rows["class"], **by), abs=1e-9)
    assert m["f1"] == pytest.approx(sk.f1_score(rows.label, rows["class"], average="weighted", **by), abs=1e-9)
    assert m["brier"] == pytest.approx(sk.brier_score_loss(rows.label, rows.score, **by), abs=1e-9)
    assert m["calibrated"]["log_loss"] == pytest.approx(sk.log_loss(rows.label, rows.calibrated, **by), abs=1e-9)
    matrix = sk.confusion_matrix(rows.label, rows["class"], **by).ravel()
    assert list(m["confusion_matrix"].values()) == pytest.approx(matrix, rel=1e-9)
    assert m["weights"]["weight"] == pytest.approx(rows.area.sum())
    assert m["weights"]["effective"] == pytest.approx(rows.area.sum() ** 2 / (rows.area**2).sum())
    assert m["weights"]["base_rate"] == pytest.approx(np.average(rows.label, weights=rows.area))
    assert m["measured_on"]["count"] == len(rows)
    for zone in m["zones"]:
        here = rows[rows.zone == zone["zone"]]
        assert zone["rows"] == len(here)
        assert zone["areaUnderROC"] == pytest.approx(sk.roc_auc_score(here.label, here.score, sample_weight=here.area))


def test_the_choice_and_the_test_are_weighted(run):
    trained, evaluation, _ = run
    summary = json.loads(Path(trained.folder, "metrics/summary.json").read_text())
    assert summary["weights"]["metrics_weighted"]
    for name in ("areaUnderROC", "areaUnderPR"):
        assert summary["winner"]["test_metrics_retrained"][name] == pytest.approx(evaluation.metrics[name], abs=1e-9)
    on_validation = trained.on_validation
    assert on_validation.is_weighted
    calibration = json.loads(Path(trained.folder, "calibration.json").read_text())
    assert calibration["threshold"] == pytest.approx(thresholds.choose("f1", on_validation))
    left_out = summary["leave_one_zone_out"]["zones"]
    table = weighted_table()
    for zone in left_out:
        here = table[table.zone == zone["zone"]]
        assert zone["base_rate"] == pytest.approx(np.average(here.label, weights=here.area))


def test_weighted_metrics_do_not_change_a_model(spark, path, tmp_path, run):
    trained, *_ = run
    engine = trained.settings.engine
    plain = train(
        spark,
        Settings(path, weight_col="area", grid={"GBT": {"maxDepth": [2], "maxIter": [6]}}, engine=engine),
        str(tmp_path),
        "20260101_000000",
    )
    one = {s.candidate.params["maxIter"]: s for s in trained.found.scores}[6]
    (other,) = plain.found.scores
    assert one.metrics != other.metrics
    assert plain.on_validation.scores.tolist() == pytest.approx(
        trained.on_validation.scores.tolist() if trained.found.best() == one else plain.on_validation.scores.tolist()
    )
    evaluation = evaluate(spark, plain.folder, str(tmp_path))
    rows = pd.read_parquet(Path(evaluation.folder, "scores.parquet"))
    assert evaluation.metrics["areaUnderROC"] == pytest.approx(sk.roc_auc_score(rows.label, rows.score), abs=1e-9)
    assert "weights" not in evaluation.metrics
    assert all(isinstance(cell, int) for cell in evaluation.metrics["confusion_matrix"].values())


@pytest.mark.parametrize("language", ["en", "es"])
def test_the_report_says_by_what_it_weighs(spark, run, language):
    trained, evaluation, _ = run
    report.write(spark, evaluation.folder, language=language)
    text = Path(evaluation.folder, artifacts.REPORT).read_text()
    words = Words(language)
    weights = evaluation.metrics["weights"]
    worth = words.count(round(weights["effective"]))
    assert words("rows_weighted", column="`area`", worth=worth) in text
    assert words("note.cells_are_weights", column="`area`") in text
    assert words("metrics_weighted") in text
    assert f"{words('part_name.test')} {worth}" in text
    assert f"| {words.count(evaluation.metrics['confusion_matrix']['TP'])} (" in text
    assert words.percent(weights["base_rate"]) in text
    shown = views.parts(trained.parts)
    assert f"test {Words('en').count(round(weights['effective']))}. Metrics count rows by their own weight." in shown
    assert "| weights of the rows | `area`, from " in views.facts(trained.table)
    assert "Rows count by their weight in `area`." in views.metrics(evaluation.metrics)
    assert views.confusion(evaluation.metrics["confusion_matrix"])


def test_another_table_needs_its_weights(spark, tmp_path, run):
    trained, _, out = run
    other = weighted_table(400, seed=9)
    lacking = write(other.drop(columns="area"), tmp_path / "lacking.parquet")
    with pytest.raises(InputError, match="test_data: weight_col: the table has no column 'area'"):
        evaluate(spark, trained.folder, out, test_data=lacking, run_id="20260101_000007")
    here = write(other, tmp_path / "other.parquet")
    evaluation = evaluate(spark, trained.folder, out, test_data=here, run_id="20260101_000008")
    rows = pd.read_parquet(Path(evaluation.folder, "scores.parquet"))
    theirs = sk.roc_auc_score(rows.label, rows.score, sample_weight=rows.area)
    assert evaluation.metrics["areaUnderROC"] == pytest.approx(theirs, abs=1e-9)


def test_weighted_metrics_need_weights(spark, path, tmp_path):
    with pytest.raises(InputError, match="metrics_weighted: true needs weight_col"):
        train(spark, Settings(path, metrics_weighted=True, exclude_cols=["area"]), str(tmp_path))


def test_zones_left_out_have_the_base_rate_of_their_weights():
    counts = ScoreCounts.from_arrays([1, 0, 1], [0.9, 0.1, 0.4], np.array([1.0, 2.0, 3.0]))
    record = zones.describe({"a": counts}, [("a",)])["zones"][0]
    assert (record["rows"], record["positives"], record["base_rate"]) == (3, 2, pytest.approx(4 / 6))
