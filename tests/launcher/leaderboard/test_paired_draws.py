import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from sklearn import metrics as sk

from launcher.leaderboard import paired_draws
from launcher.leaderboard.paired_draws import Scored
from lib.metrics import ScoreCounts
from tests.launcher.leaderboard.evaluations import rows

COUNTS = st.integers(20, 60)
NO_DRAWS = 200


def two(count=200, seed=0, **options):
    a, b = (rows(count, seed, noise, **options) for noise in (1.5, 0.7))
    return a["label"], Scored(a["score"], 0.5), Scored(b["score"], 0.4)


def drawn(labels, a, b, clusters=None, **options):
    clusters = np.arange(len(labels)) if clusters is None else clusters
    return paired_draws.differences(labels, a, b, clusters, 7, draws=NO_DRAWS, **options)


@given(st.integers(0, 10_000), st.integers(1, 20), st.floats(0.05, 0.95))
@settings(max_examples=60, deadline=None)
def test_figures_are_those_of_scikit_learn_also_of_a_draw(seed, steps, threshold):
    """Of weighted rows with tied scores, as a draw has them."""
    generator = np.random.default_rng(seed)
    labels = np.array([1.0, 0.0, *(generator.random(40) < 0.4)])
    scores = np.round(generator.random(42) * steps) / steps
    times = np.array([1.0, 1.0, *generator.integers(0, 4, 40)])
    found = paired_draws.figures(labels, Scored(scores, threshold), times)
    classes = scores > threshold
    assert found["areaUnderROC"] == pytest.approx(sk.roc_auc_score(labels, scores, sample_weight=times))
    assert found["average_precision"] == pytest.approx(sk.average_precision_score(labels, scores, sample_weight=times))
    assert found["accuracy"] == pytest.approx(sk.accuracy_score(labels, classes, sample_weight=times))
    assert found["f1"] == pytest.approx(sk.f1_score(labels, classes, sample_weight=times, average="weighted"))
    assert found["recall.1"] == pytest.approx(sk.recall_score(labels, classes, sample_weight=times))
    if (times * classes).any():
        assert found["precision.1"] == pytest.approx(sk.precision_score(labels, classes, sample_weight=times))
    else:
        assert np.isnan(found["precision.1"])
    assert found["brier"] == pytest.approx(sk.brier_score_loss(labels, scores, sample_weight=times))


@given(st.integers(0, 10_000), st.integers(1, 30))
@settings(max_examples=40, deadline=None)
def test_figures_are_those_of_an_evaluation(seed, steps):
    generator = np.random.default_rng(seed)
    labels = np.array([1.0, 0.0, *(generator.random(40) < 0.4)])
    scores = np.round(generator.random(42) * steps) / steps
    found = paired_draws.figures(labels, Scored(scores, 0.5))
    for name, value in ScoreCounts.from_arrays(labels, scores).summary(0.5).items():
        assert found[name] == pytest.approx(value, abs=1e-12), name


@given(COUNTS, st.integers(0, 10_000))
@settings(max_examples=20, deadline=None)
def test_swapping_the_models_turns_the_signs(count, seed):
    labels, a, b = two(count, seed)
    forth, back = drawn(labels, a, b), drawn(labels, b, a)
    for name, bounds in forth.items():
        if bounds is None:
            assert back[name] is None
        else:
            assert back[name] == pytest.approx((-bounds[1], -bounds[0]), abs=1e-9), name


def test_the_order_of_the_rows_does_not_matter():
    labels, a, b = two()
    order = np.random.default_rng(3).permutation(len(labels))
    forth = drawn(labels, a, b)
    clusters = np.arange(len(labels))
    shuffled = drawn(labels[order], Scored(a.scores[order], 0.5), Scored(b.scores[order], 0.4), clusters[order])
    for name, bounds in forth.items():
        assert shuffled[name] == pytest.approx(bounds, abs=1e-9), name


def test_a_figure_of_order_is_that_of_any_scores_in_the_same_order():
    labels, a, b = two()
    bent = Scored(a.scores**3, 0.5**3)
    forth, other = drawn(labels, a, b), drawn(labels, bent, b)
    for name in forth.keys() - {"brier"}:
        assert other[name] == pytest.approx(forth[name], abs=1e-12), name
    assert other["brier"] != forth["brier"]


def test_a_model_beside_itself_differs_in_nothing():
    labels, a, _ = two()
    assert set(drawn(labels, a, a).values()) == {None}


def test_blocks_of_draws_give_the_same(monkeypatch):
    labels, a, b = two(60)
    whole = drawn(labels, a, b)
    monkeypatch.setattr(paired_draws, "_CELLS", 60 * 7)
    for name, bounds in drawn(labels, a, b).items():
        assert bounds == pytest.approx(whole[name], abs=1e-12), name


def test_pairing_is_narrower_than_two_samples_of_their_own():
    """The error that both models share cancels out: its square is what the two have, less twice what they share."""
    labels, a, b = two(600)
    low, high = drawn(labels, a, b)["areaUnderROC"]
    single = [drawn(labels, Scored(np.zeros(600), 0.5), model)["areaUnderROC"] for model in (a, b)]
    apart = np.hypot(*(above - below for below, above in single))
    assert high - low < 0.9 * apart


def test_clusters_stay_whole():
    """Each row twice in a cluster: as wide as the rows once, where twice the rows would be narrower."""
    labels, a, b = two(300)
    once = drawn(labels, a, b)
    twice = [np.tile(values, 2) for values in (labels, a.scores, b.scores)]
    known = drawn(twice[0], Scored(twice[1], 0.5), Scored(twice[2], 0.4), np.tile(np.arange(300), 2))
    for name, bounds in once.items():
        assert known[name] == pytest.approx(bounds, abs=1e-9), name


def test_weights_count_as_rows_do():
    labels, a, b = two(100)
    weights = np.random.default_rng(1).integers(1, 4, 100)
    places = np.repeat(np.arange(100), weights)
    repeated = drawn(labels[places], Scored(a.scores[places], 0.5), Scored(b.scores[places], 0.4), places)
    weighted = drawn(labels, a, b, weights=weights.astype(float))
    for name, bounds in weighted.items():
        assert repeated[name] == pytest.approx(bounds, abs=1e-9), name


def test_draws_without_a_class_do_not_count():
    """One row of class 1 among eight: a third of the draws has none of them."""
    labels = np.array([1.0] + [0.0] * 7)
    a, b = (Scored(np.random.default_rng(seed).random(8), 0.5) for seed in (1, 2))
    bounds = drawn(labels, a, b)["areaUnderROC"]
    assert bounds is not None
    assert np.isfinite(bounds).all()


@pytest.mark.parametrize("degrees", [*range(1, 30), 77, 199, 200, 201, 350, 5_000, 199_999])
def test_students_t(degrees):
    assert paired_draws.student_95(degrees) == pytest.approx(stats.t.ppf(0.975, degrees), rel=1e-6)


def test_bounds_are_farther_out_with_few_clusters():
    errors = [paired_draws.errors_to_a_bound(count) for count in (2, 3, 12, 100, 100_000)]
    assert errors == sorted(errors, reverse=True)
    assert errors[2] == pytest.approx(stats.t.ppf(0.975, 11) * np.sqrt(12 / 11), rel=1e-6)
    assert errors[-1] == pytest.approx(stats.norm.ppf(0.975), rel=1e-4)


def test_the_interval_of_a_mean_is_that_of_the_paired_t_test():
    """Brier is a mean over rows, of which SciPy knows the interval; the draws leave their own error."""
    labels, a, b = two(40)
    losses = (b.scores - labels) ** 2 - (a.scores - labels) ** 2
    exact = stats.ttest_1samp(losses, 0).confidence_interval(0.95)
    found = paired_draws.differences(labels, a, b, np.arange(40), 7, draws=20_000)["brier"]
    assert found == pytest.approx((exact.low, exact.high), abs=0.02 * (exact.high - exact.low))


def test_of_zones_it_is_that_of_their_means():
    labels, a, b = two(60)
    zones = np.arange(60) % 5
    losses = (b.scores - labels) ** 2 - (a.scores - labels) ** 2
    exact = stats.ttest_1samp([losses[zones == zone].mean() for zone in range(5)], 0).confidence_interval(0.95)
    found = paired_draws.differences(labels, a, b, zones, 7, draws=20_000)["brier"]
    assert found == pytest.approx((exact.low, exact.high), abs=0.02 * (exact.high - exact.low))


def test_one_cluster_says_nothing_of_chance():
    labels, a, b = two(30)
    assert set(drawn(labels, a, b, np.zeros(30, int)).values()) == {None}
