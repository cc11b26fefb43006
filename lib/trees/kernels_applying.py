"""Compiled: binning rows before trees are grown, and cutting and applying trees afterwards (votes, margins).

Self-contained on purpose, like `kernels_growing`. Use it as `lib.trees.compiled.applying`. Trees are arrays of
`kernels_growing.NODE`.
"""

import numpy as np
from numba import njit

# Votes are counted as integers in units of 2^-44, so that their sum does not depend on the order.
VOTE_UNIT = 2.0**44

compiled = njit(cache=True, nogil=True, error_model="numpy")


@compiled
def leaves(nodes, max_depth, is_leaf, prediction):
    """Mark the leaves of the tree cut at `max_depth` and then pruned, and their predictions.

    As in `LearningNode.toNode`, two leaves with the same prediction are merged. Values of nodes below a leaf are
    meaningless.
    """
    for i in range(len(nodes) - 1, -1, -1):
        prediction[i] = nodes[i].prediction
        right = nodes[i].right
        if right < 0 or nodes[i].depth >= max_depth:
            is_leaf[i] = True
        else:
            both = is_leaf[i + 1] and is_leaf[right]
            is_leaf[i] = both and prediction[i + 1] == prediction[right]
            if is_leaf[i]:
                prediction[i] = prediction[i + 1]


@compiled
def vote(nodes, depths, bins, votes):
    """Add the vote of a tree for class 1, cut at each of `depths` and pruned, to votes (depths × rows).

    A vote is the fraction of class 1 in the row's leaf, times `VOTE_UNIT`.
    """
    n_depths = len(depths)
    stops = np.zeros(len(nodes), np.uint32)  # bit c: is a leaf of the tree cut at depths[c]
    shares = np.empty(len(nodes), np.int64)
    is_leaf = np.empty(len(nodes), np.bool_)
    prediction = np.empty(len(nodes))
    for c in range(n_depths):
        leaves(nodes, depths[c], is_leaf, prediction)
        for i in range(len(nodes)):
            stops[i] |= np.uint32(is_leaf[i]) << np.uint32(c)
    for i in range(len(nodes)):
        shares[i] = round(nodes[i].s1 / (nodes[i].s0 + nodes[i].s1) * VOTE_UNIT)
    for row in range(len(bins)):
        i = 0
        left = n_depths
        pending = np.uint32((np.uint64(1) << np.uint64(n_depths)) - np.uint64(1))
        while True:
            hit = stops[i] & pending
            if hit != 0:
                for c in range(n_depths):
                    if (hit >> np.uint32(c)) & np.uint32(1):
                        votes[c, row] += shares[i]
                        left -= 1
                if left == 0:
                    break
                pending &= ~hit
            i = i + 1 if bins[row, nodes[i].feature] <= nodes[i].bin else nodes[i].right


@compiled
def add_margins(nodes, bins, step, margins):
    """Add a regression tree's predictions times `step` to the margins of rows."""
    for row in range(len(bins)):
        i = 0
        while nodes[i].right >= 0:
            i = i + 1 if bins[row, nodes[i].feature] <= nodes[i].bin else nodes[i].right
        margins[row] += nodes[i].prediction * step


@compiled
def bin_column(values, thresholds, bins, feature):
    """Write the bins of one feature: `value <= thresholds[b]` puts a value in the lowest such bin b."""
    n = len(thresholds)
    for row in range(len(values)):
        value = values[row]
        low = 0
        size = n
        while size > 0:
            half = size >> 1
            if thresholds[low + half] < value:
                low += half + 1
                size -= half + 1
            else:
                size = half
        bins[row, feature] = low


@compiled
def quantile_thresholds(values, weights, stride):
    """Thresholds at about equal weights: midway between adjacent values where the running sum passes a stride.

    `values` are distinct and ascending. Source: `RandomForest.findSplitsForContinuousFeature`.
    """
    thresholds = np.empty(len(values))
    n = 0
    current = weights[0]
    target = stride
    for i in range(1, len(values)):
        previous = current
        current += weights[i]
        if abs(previous - target) < abs(current - target):
            thresholds[n] = (values[i - 1] + values[i]) / 2.0
            n += 1
            target += stride
    return thresholds[:n].copy()


@compiled
def prune(nodes, max_depth):
    """The tree cut at `max_depth` and then pruned, as a separate tree: the result of a fit with that maxDepth."""
    is_leaf = np.empty(len(nodes), np.bool_)
    prediction = np.empty(len(nodes))
    leaves(nodes, max_depth, is_leaf, prediction)
    kept = np.empty_like(nodes)
    n = 0
    waiting = np.zeros((max_depth + 2, 2), np.int64)  # node, its parent's new index
    waiting[0, 1] = -1
    top = 1
    while top > 0:
        top -= 1
        i, parent = waiting[top]
        if parent >= 0 and parent != n - 1:
            kept[parent].right = n
        kept[n] = nodes[i]
        node = kept[n]
        node.prediction = prediction[i]
        if is_leaf[i]:
            if 0 < node.depth == max_depth:
                node.valid = True  # no split is tried at that depth
            node.feature = node.bin = node.right = -1
            node.gain = -1.0
        else:
            waiting[top] = np.int64(nodes[i].right), n
            waiting[top + 1] = i + 1, n
            top += 2
        n += 1
    return kept[:n].copy()
