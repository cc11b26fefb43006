"""The task engine's trees and Spark ML's own, in one form, for tests that compare them."""

import numpy as np
from pyspark.ml.feature import VectorAssembler

from lib.trees import binning, growing

EVEN = np.array([1.0, 1.0])
HEAVY = np.array([0.71428, 3.3333333])


def make_rows(n, features, seed=0):
    """Features (with skewed, few-valued, mostly zero and constant ones among them) and labels that depend on them."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, features))
    y = (x[:, 0] + x[:, -1] ** 2 + rng.normal(size=n) > 1.2).astype(np.uint8)
    for column, change in enumerate([np.round, np.exp, lambda v: np.maximum(v - 0.5, 0), np.sign, lambda v: v * 0]):
        if column + 1 < features:
            x[:, column + 1] = change(x[:, column + 1])
    return x, y


def make_weights(n, spread=1.0, seed=0):
    """Weights of rows: positive, with no sum that is free of rounding."""
    return np.random.default_rng(seed).lognormal(sigma=spread, size=n)


def bin_rows(x, y, class_weights, max_bins, seed, own=None):
    """Binned training rows, with weights of their `own` or without, and the thresholds of their features."""
    weights = class_weights[y] if own is None else class_weights[y] * own
    chosen = binning.sample_rows(max_bins, len(y), seed)
    thresholds = binning.find_thresholds(x[chosen], weights[chosen], max_bins, len(y), float(np.cumsum(weights)[-1]))
    bins = binning.bin_columns(list(x.T), thresholds, max_bins)
    n_bins = np.array([len(t) + 1 for t in thresholds])
    return growing.TrainingRows(bins, n_bins, y, class_weights, None if own is None else weights), thresholds


def to_spark(spark, x, y, class_weights, own=1.0):
    """The same rows for Spark ML, in one partition and the same order."""
    names = [f"f{i}" for i in range(x.shape[1])]
    values = np.column_stack([x, y, class_weights[y] * own]).tolist()
    frame = spark.createDataFrame(values, [*names, "label", "weight"]).coalesce(1)
    return VectorAssembler(inputCols=names, outputCol="features").transform(frame)


def spark_nodes(tree):
    """Feature, threshold, prediction, impurity, gain, statistics and raw count of each node, in pre-order."""
    found = []

    def visit(node):
        stats = node.impurityStats()
        rest = (node.prediction(), node.impurity())
        if node.getClass().getSimpleName() == "LeafNode":
            found.append((-1, None, *rest, -1.0, list(stats.stats()), stats.rawCount()))
            return
        split = node.split()
        found.append(
            (split.featureIndex(), split.threshold(), *rest, node.gain(), list(stats.stats()), stats.rawCount())
        )
        visit(node.leftChild())
        visit(node.rightChild())

    visit(tree._call_java("rootNode"))
    return found


def our_nodes(nodes, thresholds, n_stats):
    """As `spark_nodes`, of a pruned tree of the task engine."""
    found = []
    for node in nodes:
        leaf = node["right"] < 0
        found.append(
            (
                -1 if leaf else node["feature"],
                None if leaf else thresholds[node["feature"]][node["bin"]],
                node["prediction"],
                node["impurity"] if node["valid"] else -1.0,
                node["gain"],
                [node["s0"], node["s1"], node["s2"]][:n_stats],
                node["count"],
            )
        )
    return found
