"""The task engine's trees are Spark ML's trees, node for node and to the last bit."""

import numpy as np
import pytest
from pyspark.ml.classification import DecisionTreeClassifier, GBTClassifier
from pyspark.ml.functions import vector_to_array
from pyspark.ml.regression import DecisionTreeRegressor

from lib.trees import growing as trees
from lib.trees.compiled import growing
from tests.lib.trees.spark_trees import EVEN, HEAVY, bin_rows, make_rows, our_nodes, spark_nodes, to_spark


def regression_tree(rows, max_depth, space=None):
    data = growing.Rows(rows.bins, rows.labels, np.empty(0, np.uint8), rows.labels.astype(float))
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


def test_rows_moved_together_make_no_difference():
    x, y = make_rows(3000, 6)
    rows, _ = bin_rows(x, y, HEAVY, 32, seed=5)
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
