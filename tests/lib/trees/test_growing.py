"""The task engine's trees are Spark ML's trees, node for node and to the last bit."""

import numpy as np
import pytest
from pyspark.ml.classification import DecisionTreeClassifier, GBTClassifier
from pyspark.ml.functions import vector_to_array
from pyspark.ml.regression import DecisionTreeRegressor

from lib.trees import growing as trees
from lib.trees.compiled import growing
from tests.lib.trees.spark_trees import EVEN, HEAVY, bin_rows, make_rows, make_weights, our_nodes, spark_nodes, to_spark


def regression_tree(rows, max_depth, space=None):
    data = growing.Rows(rows.bins, rows.labels, np.empty(0, np.uint8), rows.labels.astype(float), rows.weights)
    margins = np.zeros(len(rows))
    features = rows.bins.shape[1]
    space = space or trees.make_space(rows)
    nodes = growing.grow(data, rows.n_bins, rows.class_weights, True, max_depth, features, 0, 0, space, margins, 1.0)
    return nodes, margins


def classification_tree(rows, max_depth):
    return next(trees.grow_forest(rows, [0], max_depth, rows.bins.shape[1], seed=0, bootstrap=False))


CASES = {
    "no depth": (2000, 7, 32, 0, EVEN),
    "few levels": (2000, 7, 32, 3, HEAVY),
    "a GBT's depth": (2000, 7, 64, 10, EVEN),
    "a forest's depth": (3000, 7, 128, 18, HEAVY),
    "the deepest": (1500, 4, 64, 30, EVEN),
    "one feature": (300, 1, 32, 6, HEAVY),
    "more bins than rows": (300, 3, 1000, 8, HEAVY),
    "bins of two bytes": (1500, 3, 400, 8, EVEN),
    "fewest bins": (1500, 7, 2, 5, EVEN),
    "thresholds from a sample": (12_000, 5, 64, 8, HEAVY),
    "thresholds from a small sample": (40_000, 5, 32, 6, HEAVY),
}


@pytest.mark.parametrize("case", CASES)
def test_a_classification_tree_is_spark_mls(spark, case):
    n, features, max_bins, depth, weights = CASES[case]
    x, y = make_rows(n, features)
    rows, thresholds = bin_rows(x, y, weights, max_bins, seed=7)
    tree = DecisionTreeClassifier(maxDepth=depth, maxBins=max_bins, weightCol="weight", seed=7)
    model = tree.fit(to_spark(spark, x, y, weights))
    ours = our_nodes(trees.prune(classification_tree(rows, depth), depth), thresholds, 2)
    assert ours == spark_nodes(model)


@pytest.mark.parametrize("case", ["no depth", "a GBT's depth", "more bins than rows", "thresholds from a sample"])
def test_a_regression_tree_is_spark_mls(spark, case):
    n, features, max_bins, depth, weights = CASES[case]
    x, y = make_rows(n, features)
    rows, thresholds = bin_rows(x, y, weights, max_bins, seed=-7)
    tree = DecisionTreeRegressor(maxDepth=depth, maxBins=max_bins, weightCol="weight", seed=-7)
    model = tree.fit(to_spark(spark, x, y, weights))
    assert our_nodes(trees.prune(regression_tree(rows, depth)[0], depth), thresholds, 3) == spark_nodes(model)


@pytest.mark.parametrize("case", [name for name in CASES if name not in ("no depth", "thresholds from a small sample")])
def test_a_classification_tree_of_weighted_rows_is_spark_mls(spark, case):
    n, features, max_bins, depth, weights = CASES[case]
    x, y = make_rows(n, features)
    own = make_weights(n)
    rows, thresholds = bin_rows(x, y, weights, max_bins, 7, own)
    tree = DecisionTreeClassifier(maxDepth=depth, maxBins=max_bins, weightCol="weight", seed=7)
    model = tree.fit(to_spark(spark, x, y, weights, own))
    found = our_nodes(trees.prune(classification_tree(rows, depth), depth), thresholds, 2)
    assert found == spark_nodes(model)
    assert len(found) > 2


@pytest.mark.parametrize("case", ["few levels", "a GBT's depth", "more bins than rows", "thresholds from a sample"])
def test_a_regression_tree_of_weighted_rows_is_spark_mls(spark, case):
    n, features, max_bins, depth, weights = CASES[case]
    x, y = make_rows(n, features)
    own = make_weights(n, spread=2.0)
    rows, thresholds = bin_rows(x, y, weights, max_bins, -7, own)
    tree = DecisionTreeRegressor(maxDepth=depth, maxBins=max_bins, weightCol="weight", seed=-7)
    model = tree.fit(to_spark(spark, x, y, weights, own))
    assert our_nodes(trees.prune(regression_tree(rows, depth)[0], depth), thresholds, 3) == spark_nodes(model)


@pytest.mark.parametrize("kind", [DecisionTreeClassifier, DecisionTreeRegressor])
def test_weights_that_are_lost_in_the_sum_of_others_give_spark_mls_tree(spark, kind):
    x, y = make_rows(600, 3)
    own = np.where(x[:, 0] > np.median(x[:, 0]), 1e-30, 1.0)
    rows, thresholds = bin_rows(x, y, EVEN, 32, 1, own)
    model = kind(maxDepth=6, maxBins=32, weightCol="weight", seed=1).fit(to_spark(spark, x, y, EVEN, own))
    if kind is DecisionTreeClassifier:
        nodes, n_stats = classification_tree(rows, 6), 2
    else:
        nodes, n_stats = regression_tree(rows, 6)[0], 3
    assert our_nodes(trees.prune(nodes, 6), thresholds, n_stats) == spark_nodes(model)


def test_rows_of_one_weight_give_the_trees_of_rows_without():
    x, y = make_rows(3000, 6)
    plain, _ = bin_rows(x, y, HEAVY, 64, 5)
    weighted, _ = bin_rows(x, y, HEAVY, 64, 5, np.ones(len(y)))
    for one, other in zip(
        trees.grow_forest(plain, range(4), 12, 3, 11), trees.grow_forest(weighted, range(4), 12, 3, 11), strict=True
    ):
        assert one.tobytes() == other.tobytes()
    for one, other in zip(trees.grow_boosted(plain, 4, 6, 0.1), trees.grow_boosted(weighted, 4, 6, 0.1), strict=True):
        assert one[0].tobytes() == other[0].tobytes()


def test_a_weight_of_two_is_the_same_row_twice():
    x, y = make_rows(1500, 5)
    times = np.random.default_rng(3).integers(1, 4, len(y))
    weighted, thresholds = bin_rows(x, y, EVEN, 64, 5, times.astype(float))
    repeated, others = bin_rows(np.repeat(x, times, axis=0), np.repeat(y, times), EVEN, 64, 5)
    for limits, other in zip(thresholds, others, strict=True):
        np.testing.assert_array_equal(limits, other)
    for one, other in (
        (classification_tree(weighted, 9), classification_tree(repeated, 9)),
        (regression_tree(weighted, 9)[0], regression_tree(repeated, 9)[0]),
    ):
        for field in ("feature", "bin", "right", "s0", "s1", "s2", "impurity", "gain", "prediction"):
            np.testing.assert_array_equal(one[field], other[field])


def test_a_power_of_two_as_the_unit_of_weights_changes_no_split():
    x, y = make_rows(2000, 6)
    own = make_weights(len(y))
    one, _ = bin_rows(x, y, HEAVY, 64, 5, own / 64)
    other, _ = bin_rows(x, y, HEAVY, 64, 5, own / 1024)
    np.testing.assert_array_equal(one.bins, other.bins)
    for fields in ("feature", "bin", "right", "count", "impurity", "gain", "prediction"):
        for a, b in zip(
            trees.grow_forest(one, range(3), 10, 3, 1), trees.grow_forest(other, range(3), 10, 3, 1), strict=True
        ):
            np.testing.assert_array_equal(a[fields], b[fields])


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda x, y: (x * 0, y), id="nothing but constants"),
        pytest.param(lambda x, y: (x, y * 0), id="one class"),
        pytest.param(lambda x, y: (x, (np.arange(len(y)) == 17).astype(np.uint8)), id="one positive row"),
        pytest.param(lambda x, y: (np.repeat(x[:, :1], 3, axis=1), y), id="features that are equal"),
        pytest.param(lambda x, y: (np.sign(x), y), id="rows that are equal"),
    ],
)
def test_odd_tables_give_spark_mls_tree(spark, change):
    x, y = change(*make_rows(500, 3))
    rows, thresholds = bin_rows(x, y, HEAVY, 32, seed=1)
    tree = DecisionTreeRegressor(maxDepth=5, maxBins=32, weightCol="weight", seed=1)
    model = tree.fit(to_spark(spark, x, y, HEAVY))
    assert our_nodes(trees.prune(regression_tree(rows, 5)[0], 5), thresholds, 3) == spark_nodes(model)


@pytest.mark.parametrize(("depth", "weights"), [(3, EVEN), (6, HEAVY)])
def test_a_gbt_gives_spark_mls_probabilities(spark, depth, weights):
    x, y = make_rows(1500, 6)
    rows, _ = bin_rows(x, y, weights, 64, seed=3)
    margins = np.zeros(len(y))
    for nodes, weight in trees.grow_boosted(rows, 12, depth, 0.1):
        trees.add_margins(nodes, rows.bins, weight, margins)
    frame = to_spark(spark, x, y, weights)
    model = GBTClassifier(maxDepth=depth, maxBins=64, maxIter=12, stepSize=0.1, weightCol="weight", seed=3).fit(frame)
    theirs = model.transform(frame).select(vector_to_array("probability")[1].alias("p")).toPandas()["p"]
    np.testing.assert_allclose(trees.margin_probabilities(margins), theirs, rtol=0, atol=1e-9)


def test_a_gbt_of_weighted_rows_gives_spark_mls_probabilities(spark):
    x, y = make_rows(1500, 6)
    own = make_weights(len(y))
    rows, _ = bin_rows(x, y, HEAVY, 64, 3, own)
    margins = np.zeros(len(y))
    for nodes, weight in trees.grow_boosted(rows, 12, 5, 0.1):
        trees.add_margins(nodes, rows.bins, weight, margins)
    frame = to_spark(spark, x, y, HEAVY, own)
    model = GBTClassifier(maxDepth=5, maxBins=64, maxIter=12, stepSize=0.1, weightCol="weight", seed=3).fit(frame)
    theirs = model.transform(frame).select(vector_to_array("probability")[1].alias("p")).toPandas()["p"]
    np.testing.assert_allclose(trees.margin_probabilities(margins), theirs, rtol=0, atol=1e-9)


@pytest.mark.parametrize("depth", [0, 1, 4, 9])
def test_a_tree_cut_and_pruned_is_the_shallower_fit(depth):
    x, y = make_rows(1200, 8)
    rows, _ = bin_rows(x, y, HEAVY, 64, seed=5)
    deep = list(trees.grow_forest(rows, [3, 0], 9, 3, seed=11))
    shallow = list(trees.grow_forest(rows, [3, 0], depth, 3, seed=11))
    for cut, fitted in zip(deep, shallow, strict=True):
        assert trees.prune(cut, depth).tobytes() == trees.prune(fitted, depth).tobytes()


def test_votes_of_cut_trees_are_those_of_the_shallower_fits():
    x, y = make_rows(1200, 8)
    rows, _ = bin_rows(x, y, HEAVY, 64, seed=5)
    depths = [0, 2, 5, 9]
    together = np.zeros((len(depths), len(y)), np.int64)
    for nodes in trees.grow_forest(rows, range(5), 9, 3, seed=11):
        trees.add_votes(nodes, depths, rows.bins, together)
    for depth, votes in zip(depths, together, strict=True):
        alone = np.zeros((1, len(y)), np.int64)
        for nodes in trees.grow_forest(rows, range(5), depth, 3, seed=11):
            trees.add_votes(nodes, [depth], rows.bins, alone)
        np.testing.assert_array_equal(votes, alone[0])


def test_a_tree_is_the_same_whichever_others_are_grown():
    x, y = make_rows(800, 6)
    rows, _ = bin_rows(x, y, EVEN, 32, seed=5)
    all_of_them = [nodes.tobytes() for nodes in trees.grow_forest(rows, range(6), 8, 3, seed=-4)]
    backwards = [nodes.tobytes() for nodes in trees.grow_forest(rows, range(5, -1, -1), 8, 3, seed=-4)]
    assert all_of_them == backwards[::-1]
    assert len(set(all_of_them)) == 6


def test_bags_are_poisson_and_feature_draws_even():
    counts = np.empty(200_000, np.uint8)
    growing.draw_bag(1, 2, counts)
    shares = np.bincount(counts)[:4] / len(counts)
    np.testing.assert_allclose(shares, [0.3679, 0.3679, 0.1839, 0.0613], atol=0.005)
    x, y = make_rows(200, 6)
    x = np.random.default_rng(1).normal(size=x.shape)
    rows, _ = bin_rows(x, y, EVEN, 32, seed=5)
    roots = [nodes[0]["feature"] for nodes in trees.grow_forest(rows, range(3000), 1, 1, seed=9)]
    np.testing.assert_allclose(np.bincount(roots, minlength=6) / 3000, 1 / 6, atol=0.03)


@pytest.mark.parametrize("own", [None, make_weights(3000)], ids=["without weights", "weighted"])
def test_rows_moved_together_make_no_difference(own):
    x, y = make_rows(3000, 6)
    rows, _ = bin_rows(x, y, HEAVY, 32, 5, own)
    usual, usual_margins = regression_tree(rows, 12)
    moved, moved_margins = regression_tree(rows, 12, trees.make_space(rows, near_bytes=300))
    assert usual.tobytes() == moved.tobytes()
    np.testing.assert_array_equal(usual_margins, moved_margins)


def test_margins_of_training_rows_are_those_of_the_tree():
    x, y = make_rows(900, 6)
    rows, _ = bin_rows(x, y, HEAVY, 32, seed=5)
    nodes, margins = regression_tree(rows, 7)
    applied = np.zeros(len(y))
    trees.add_margins(trees.prune(nodes, 7), rows.bins, 1.0, applied)
    np.testing.assert_array_equal(margins, applied)


def test_a_table_of_two_rows_still_makes_a_forest():
    rows, _ = bin_rows(np.array([[0.0], [1.0]]), np.array([0, 1], np.uint8), EVEN, 32, seed=5)
    for nodes in trees.grow_forest(rows, range(50), 3, 1, seed=0):
        assert nodes[0]["count"] > 0
