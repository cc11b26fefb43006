"""The compiled scorer gives what a walk down each tree gives, for any trees and any values."""

import pickle

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lib.trees.compiled import scoring
from lib.trees.scoring import Ensemble, Tree, make_ensemble

BLOCK = scoring.BLOCK
LEAF = Tree(np.array([-1]), np.array([np.nan]), np.array([-1]), np.array([-1]), np.array([0.25]))
VALUES = [-np.inf, -2.5, -1.0, -0.0, 0.0, 0.5, 1.0, 3.0, np.inf]


def grown(rng, depth, features, thresholds, fullness=0.8) -> Tree:
    """A random tree: a node above `depth` splits with probability `fullness`, by one of `thresholds`."""
    nodes = []

    def grow(level):
        nodes.append([-1, np.nan, -1, -1, rng.random()])
        this = nodes[-1]
        if level < depth and rng.random() < fullness:
            this[:2] = rng.integers(features), rng.choice(thresholds)
            for side in (2, 3):
                this[side] = len(nodes)
                grow(level + 1)

    grow(0)
    columns = list(zip(*nodes, strict=True))
    return Tree(*(np.array(column, float if place in (1, 4) else int) for place, column in enumerate(columns)))


def chain(depth, to_the_left) -> Tree:
    """A tree that is as deep as it can be with two nodes a level."""
    size = 2 * depth + 1
    inner = np.arange(size) % 2 == 0
    inner[-1] = False
    leaf, on = np.arange(size) + 1, np.arange(size) + 2
    left, right = (on, leaf) if to_the_left else (leaf, on)
    thresholds = np.linspace(1, -1, size) if to_the_left else np.linspace(-1, 1, size)
    return Tree(
        np.where(inner, 0, -1),
        np.where(inner, thresholds, np.nan),
        np.where(inner, left, -1),
        np.where(inner, right, -1),
        np.linspace(0, 1, size),
    )


def walked(trees, values):
    """The value of each tree's leaf (trees × rows): Spark's comparison, in plain Python."""

    def leaf(tree, row):
        node = 0
        while tree.left[node] >= 0:
            goes_left = row[tree.feature[node]] <= tree.threshold[node]
            node = (tree.left if goes_left else tree.right)[node]
        return tree.value[node]

    return np.array([[leaf(tree, row) for row in values] for tree in trees])


def check(trees, values, features):
    votes = walked(trees, values)
    forest = make_ensemble("forest", trees, features)
    np.testing.assert_allclose(forest.score(values), votes.mean(axis=0), rtol=0, atol=1e-12)
    np.testing.assert_allclose(forest.spread(values), votes.std(axis=0), rtol=0, atol=1e-12)
    weights = np.linspace(1.0, 0.1, len(trees))
    gbt = make_ensemble("gbt", [tree._replace(value=tree.value - 0.5) for tree in trees], features, weights)
    margins = weights @ (votes - 0.5)
    np.testing.assert_allclose(gbt.score(values), 1 / (1 + np.exp(-2 * margins)), rtol=0, atol=1e-12)
    return forest


@settings(deadline=None, max_examples=60)
@given(
    seed=st.integers(0, 2**32),
    n_trees=st.integers(1, 6),
    depth=st.integers(0, 14),
    features=st.integers(1, 4),
    rows=st.integers(0, 30),
    thresholds=st.lists(st.sampled_from(VALUES), min_size=1),
)
def test_any_trees_score_any_values_as_a_walk_does(seed, n_trees, depth, features, rows, thresholds):
    rng = np.random.default_rng(seed)
    trees = [grown(rng, depth, features, thresholds, 0.65) for _ in range(n_trees)]
    values = rng.choice([*VALUES, np.nan, 0.25], size=(rows, features))
    check(trees, values, features)


@pytest.mark.parametrize("depth", [1, 9, 10, 11, 30])
def test_trees_of_any_depth(depth):
    values = np.linspace(-1.2, 1.2, 300)[:, None]
    values[:3] = [[np.nan], [np.inf], [-np.inf]]
    check([chain(depth, to_the_left=True), chain(depth, to_the_left=False), LEAF], values, 1)


def test_a_tree_may_be_a_single_leaf():
    forest = check([LEAF], np.array([[1.0, np.nan]]), 2)
    assert forest.score(np.zeros((2, 2))).tolist() == [0.25, 0.25]


def test_a_value_at_a_threshold_goes_left_and_nan_goes_right():
    tree = Tree(np.array([0, -1, -1]), np.array([0.1 + 0.2, 0, 0]), *np.array([[1, -1, -1], [2, -1, -1]]), np.arange(3))
    values = np.array([[0.1 + 0.2], [np.nextafter(0.1 + 0.2, 1)], [0.3], [np.nan], [np.inf], [-np.inf]])
    ensemble = make_ensemble("gbt", [tree], 1, [1.0])
    left, right = 1 / (1 + np.exp(-2.0)), 1 / (1 + np.exp(-4.0))
    np.testing.assert_allclose(ensemble.score(values), [left, right, left, right, right, left], rtol=1e-15)


@pytest.mark.parametrize(
    ("features", "thresholds", "node_bytes"),
    [(3, 255, 2), (3, 256, 4), (256, 5, 2), (257, 5, 4), (1, 65_536, 8)],
)
def test_nodes_are_as_wide_as_features_and_thresholds_need(features, thresholds, node_bytes):
    rng = np.random.default_rng(1)
    some = rng.normal(size=thresholds)
    complete = np.arange(2 * thresholds + 1)  # a tree with every threshold of feature 0, as a heap
    inner = complete < thresholds
    every = Tree(
        np.where(inner, 0, -1),
        np.where(inner, np.append(some, np.zeros(thresholds + 1)), np.nan),
        np.where(inner, 2 * complete + 1, -1),
        np.where(inner, 2 * complete + 2, -1),
        rng.random(len(complete)),
    )
    trees = [every, grown(rng, 12, features, some), grown(rng, 12, features, some)]
    values = np.concatenate([rng.normal(size=(40, features)), np.full((1, features), np.nan)])
    values[:20, 0] = some[rng.integers(thresholds, size=20)]
    assert check(trees, values, features).upper.dtype.itemsize == node_bytes


@pytest.mark.parametrize("rows", [0, 1, BLOCK - 1, BLOCK, BLOCK + 1, 3 * BLOCK + 5])
def test_rows_are_scored_one_by_one_or_together_alike(rows):
    rng = np.random.default_rng(2)
    trees = [grown(rng, 13, 3, VALUES) for _ in range(8)]
    values = rng.normal(size=(rows, 3))
    for ensemble in (make_ensemble("forest", trees, 3), make_ensemble("gbt", trees, 3, [0.1] * 8)):
        scores, spread = ensemble.score_and_spread(values)
        np.testing.assert_array_equal(scores, ensemble.score(values))
        np.testing.assert_array_equal(scores, [ensemble.score(row[None])[0] for row in values])
        assert spread is None or spread.tolist() == [ensemble.spread(row[None])[0] for row in values]


def test_a_forests_scores_do_not_depend_on_the_order_of_its_trees():
    rng = np.random.default_rng(3)
    trees = [grown(rng, 8, 2, VALUES) for _ in range(50)]
    values = rng.normal(size=(100, 2))
    scores, backwards = (make_ensemble("forest", some, 2).score(values) for some in (trees, trees[::-1]))
    np.testing.assert_array_equal(scores, backwards)


def test_trees_that_agree_have_no_spread_at_all():
    tree = grown(np.random.default_rng(4), 6, 2, VALUES)
    spread = make_ensemble("forest", [tree] * 300, 2).spread(np.random.default_rng(5).normal(size=(50, 2)))
    assert spread.tolist() == [0.0] * 50


def test_an_ensemble_travels_to_other_processes():
    rng = np.random.default_rng(6)
    ensemble = make_ensemble("forest", [grown(rng, 12, 3, VALUES)], 3)
    values = rng.normal(size=(20, 3))
    copy: Ensemble = pickle.loads(pickle.dumps(ensemble))
    np.testing.assert_array_equal(copy.score(values), ensemble.score(values))


def test_values_need_not_be_float64_in_c_order():
    rng = np.random.default_rng(7)
    ensemble = make_ensemble("forest", [grown(rng, 6, 3, VALUES)], 3)
    values = rng.integers(-3, 3, size=(20, 3))
    scores = ensemble.score(values.astype(float))
    np.testing.assert_array_equal(ensemble.score(values), scores)
    np.testing.assert_array_equal(ensemble.score(np.asfortranarray(values.astype(np.float32))), scores)


@pytest.mark.parametrize("shape", [(3,), (3, 3), (3, 1)])
def test_values_must_have_the_features(shape):
    with pytest.raises(ValueError, match="2 features"):
        make_ensemble("forest", [LEAF], 2).score(np.zeros(shape))


STUMP = Tree(np.array([0, -1, -1]), np.zeros(3), np.array([1, -1, -1]), np.array([2, -1, -1]), np.array([0, 0.2, 0.8]))


@pytest.mark.parametrize(
    ("tree", "why"),
    [
        (STUMP._replace(left=np.array([0, -1, -1])), "do not form a tree"),
        (STUMP._replace(right=np.array([3, -1, -1])), "do not form a tree"),
        (STUMP._replace(right=np.array([1, -1, -1])), "do not form a tree"),
        (STUMP._replace(right=np.array([-1, -1, -1])), "do not form a tree"),
        (STUMP._replace(left=np.array([2, -1, 1]), right=np.array([2, -1, 1])), "do not form a tree"),
        (STUMP._replace(value=np.zeros(2)), "do not form a tree"),
        (STUMP._replace(feature=np.array([1, -1, -1])), "not one of the 1"),
        (STUMP._replace(feature=np.array([-1, -1, -1])), "not one of the 1"),
        (STUMP._replace(threshold=np.full(3, np.nan)), "not a number"),
        (STUMP._replace(value=np.array([0, 0.1, np.nan])), "not a number"),
        (Tree(*(field[:0] for field in STUMP)), "do not form a tree"),
    ],
)
def test_what_is_no_tree_is_refused(tree, why):
    with pytest.raises(ValueError, match=why):
        make_ensemble("forest", [LEAF, tree], 1)


@pytest.mark.parametrize(("kind", "weights"), [("forest", [1.0]), ("gbt", None)])
def test_only_the_trees_of_a_gbt_have_weights(kind, weights):
    with pytest.raises(ValueError, match="weights"):
        make_ensemble(kind, [LEAF], 1, weights)
    with pytest.raises(ValueError, match="no trees"):
        make_ensemble("forest", [], 1)
