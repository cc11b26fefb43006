"""Compiled: trees grown from binned rows with Spark ML's own rules.

Self-contained on purpose: `lib.trees.compiled` imports this file from a stable place, so that later processes find the
code that numba has compiled. Use it as `lib.trees.compiled.growing`.

All sums are float64 sums in the order of the rows, without fused or reassociated operations, so that a tree is
identical to Spark ML's tree to the last bit. Source of the rules: Spark 3.5,
`org.apache.spark.ml.tree.impl.RandomForest` (`binsToBestSplit`, `calculateImpurityStats`), `LearningNode.toNode` and
`mllib.tree.impurity`.

A node's statistics are three numbers: the weights of class 0 and class 1, and an unused one (gini), or the weight W,
Σwy and Σwy² of the targets y (variance).
"""

import math
from collections import namedtuple

import numpy as np
from numba import njit

# A tree is an array of these in pre-order: the left child of node i is i + 1. A leaf has right = -1. `bin` is the
# highest bin that goes left, `count` the rows, each counted as often as it was drawn. A node is not `valid` if splits
# were tried and none was possible (Spark ML saves such leaves with an impurity of -1).
NODE = np.dtype(
    [
        ("feature", np.int32),
        ("bin", np.int32),
        ("right", np.int32),
        ("depth", np.int32),
        ("count", np.int64),
        ("s0", np.float64),
        ("s1", np.float64),
        ("s2", np.float64),
        ("impurity", np.float64),
        ("gain", np.float64),
        ("prediction", np.float64),
        ("valid", np.bool_),
    ],
    align=True,
)
"""Fields of a node; `prediction` is a class (gini) or a mean (variance)."""

Rows = namedtuple("Rows", ["bins", "labels", "counts", "targets", "weights"])
"""Training rows: bins (rows × features), class, times drawn (gini), target (variance; empty otherwise), and the weight
of each row, or None where all rows of a class weigh the same.

None is a type of its own: numba leaves out what is for weights, so that rows without them are grown as fast as ever.
"""

Space = namedtuple("Space", ["order", "spare", "near", "near_order", "near_origin", "starts", "hist"])
"""Memory shared by the trees of one fit, see `lib.trees.growing.make_space`."""

# With at most this many rows, a node looks up the bins of its rows, because most bins are empty.
FEW = 256
# A child is a leaf when its impurity is smaller (Spark's Utils.EPSILON).
EPSILON = 2.0**-52

# Division by zero gives inf or NaN as in Java, and loops without a check for it can use vector instructions.
compiled = njit(cache=True, nogil=True, error_model="numpy")

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_MIX_1 = np.uint64(0xBF58476D1CE4E5B9)
_MIX_2 = np.uint64(0x94D049BB133111EB)
# For the position of a single bit of 64: multiplied by a de Bruijn sequence, each bit gives different top bits.
_ONE, _SIX, _MASK, _TOP = np.uint64(1), np.uint64(6), np.uint64(63), np.uint64(58)
_DE_BRUIJN = np.uint64(0x03F79D71B4CB0A89)
_BIT_PLACE = np.zeros(64, np.int64)
for _bit in range(64):
    _BIT_PLACE[(0x03F79D71B4CB0A89 << _bit) % 2**64 >> 58] = _bit
# Cumulative probabilities of Poisson(1) at 0, 1, 2, ..., as fractions of 2^53.
_POISSON = np.array([sum(math.exp(-1) / math.factorial(j) for j in range(k + 1)) * 2.0**53 for k in range(18)]).astype(
    np.uint64
)


@compiled
def mix(value):
    """Scramble 64 bits (SplitMix64's output function)."""
    value = (value ^ (value >> np.uint64(30))) * _MIX_1
    value = (value ^ (value >> np.uint64(27))) * _MIX_2
    return value ^ (value >> np.uint64(31))


@compiled
def _stream(seed, index):
    """The key of a separate random number stream for each (seed, index)."""
    return mix(mix(np.uint64(seed) + _GOLDEN) + np.uint64(index) * _GOLDEN)


@compiled
def draw_bag(seed, tree, counts):
    """Fill `counts` with how often each row is drawn for a tree: Poisson(1), from the tree's own stream.

    An empty bag, possible only with very few rows, is drawn again.
    """
    key = _stream(seed, tree)
    drawn = 0
    while drawn == 0:
        for i in range(len(counts)):
            u = mix(key + np.uint64(i + 1) * _GOLDEN) >> np.uint64(11)
            k = 0
            while k < len(_POISSON) and u >= _POISSON[k]:
                k += 1
            counts[i] = k
            drawn += k
        key = mix(key)


@compiled
def _draw_features(key, path, chosen, n_features):
    """Draw len(chosen) features for the node at `path` (1 is the root; 2p and 2p + 1 the children of p).

    Reservoir sampling as in Spark ML; its order also decides between equal gains.
    """
    k = len(chosen)
    for f in range(k):
        chosen[f] = f
    state = mix(key ^ mix(np.uint64(path) * _GOLDEN))
    for f in range(k, n_features):
        state += _GOLDEN
        place = int(float(mix(state) >> np.uint64(11)) * 2.0**-53 * (f + 1))
        if place < k:
            chosen[place] = f


@compiled
def _impurity(a, b, c, variance):
    if variance:
        return (c - b * b / a) / a if a != 0.0 else 0.0
    total = a + b
    if total == 0.0:
        return 0.0
    p0 = a / total
    p1 = b / total
    return 1.0 - p0 * p0 - p1 * p1


@compiled
def _predict(s0, s1, variance):
    if variance:
        return s1 / s0 if s0 != 0.0 else 0.0
    return 1.0 if s1 > s0 else 0.0


@compiled
def _fill(rows, weights, order, start, end, chosen, class_weight, variance, hist):
    """Add the rows order[start:end] to the histograms hist[position in chosen, bin, statistic].

    `weights` are those of `rows`: numba leaves out a branch by the type of an argument only.
    """
    bins, labels, counts, targets, _ = rows
    for i in range(start, end):
        row = order[i]
        label = labels[row]
        weight = class_weight[label] if weights is None else weights[row]
        if variance:
            w = weight
            wy = w * targets[row]
            wyy = wy * targets[row]
            for j in range(len(chosen)):
                b = bins[row, chosen[j]]
                hist[j, b, 0] += w
                hist[j, b, 1] += wy
                hist[j, b, 2] += wyy
        else:
            w = counts[row] * weight
            for j in range(len(chosen)):
                hist[j, bins[row, chosen[j]], label] += w


@compiled
def _gather(hist, n_bins, bins, order, start, end, feature, marks, used, sums):
    """List the non-empty bins of one feature in `used`, ascending, with running sums in `sums`; returns their number.

    Clears the histogram. A node with few rows marks its rows' bins in a bit set instead of scanning all bins.
    """
    n = 0
    if end - start <= FEW:
        for i in range(start, end):
            b = np.uint64(bins[order[i], feature])
            marks[b >> _SIX] |= _ONE << (b & _MASK)
        for word in range((n_bins + 63) >> 6):
            bits = marks[word]
            marks[word] = 0
            while bits != 0:
                lowest = bits & (~bits + _ONE)
                used[n] = (word << 6) + _BIT_PLACE[(lowest * _DE_BRUIJN) >> _TOP]
                n += 1
                bits ^= lowest
    else:
        for each in range(n_bins):
            if hist[each, 0] != 0.0 or hist[each, 1] != 0.0:
                used[n] = each
                n += 1
    a0 = a1 = a2 = 0.0
    for j in range(n):
        b = used[j]
        a0 += hist[b, 0]
        a1 += hist[b, 1]
        a2 += hist[b, 2]
        sums[0, j] = a0
        sums[1, j] = a1
        sums[2, j] = a2
        hist[b, 0] = hist[b, 1] = hist[b, 2] = 0.0
    return n


@compiled
def _root_statistics(used, sums, n, node, variance):
    """Spark ML takes the root's statistics from the first split of the first feature: left + right."""
    total = sums[:, n - 1].copy()
    if used[0] == 0:  # otherwise the left side of that split is empty
        total = sums[:, 0] + (total - sums[:, 0])
    node.s0, node.s1, node.s2 = total[0], total[1], total[2]
    node.impurity = _impurity(node.s0, node.s1, node.s2, variance)


@compiled
def _gains_of_nothing(sums, last, impurity, variance, gains):
    """Correct the gains of splits whose right side weighs 0, because its weights are lost in the sum of the others.

    Spark ML takes the impurity of nothing as 0. Sums never fall from bin to bin, so these splits are the last ones.
    """
    for j in range(last - 1, -1, -1):
        a, b, c = sums[0, j], sums[1, j], sums[2, j]
        if sums[0, last] - a != 0.0 or (not variance and sums[1, last] - b != 0.0):
            return
        gains[j] = impurity - _impurity(a, b, c, variance)


@compiled
def _best_of_feature(used, sums, n, impurity, variance, feature, gains, best, left, right):
    """Update `best`, `left` and `right` (all nodes) if a split by this feature gains more than `best`.

    `sums` (statistic × bin) are the running sums of the `n` non-empty bins `used`. Splits between two adjacent ones
    differ only in the threshold, and the lowest threshold wins, so other bins need not be tried. The right side of a
    split is this feature's own total minus the left side, not the node's statistics minus the left side.
    """
    last = n - 1
    t0, t1, t2 = sums[0, last], sums[1, last], sums[2, last]
    if variance:
        for j in range(last):
            l0, l1, l2 = sums[0, j], sums[1, j], sums[2, j]
            r0, r1, r2 = t0 - l0, t1 - l1, t2 - l2
            weight = l0 + r0
            left_impurity = (l2 - l1 * l1 / l0) / l0
            right_impurity = (r2 - r1 * r1 / r0) / r0
            gains[j] = impurity - l0 / weight * left_impurity - r0 / weight * right_impurity
    else:
        for j in range(last):
            l0, l1 = sums[0, j], sums[1, j]
            r0, r1 = t0 - l0, t1 - l1
            wl = l0 + l1
            wr = r0 + r1
            weight = wl + wr
            p0, p1, q0, q1 = l0 / wl, l1 / wl, r0 / wr, r1 / wr
            left_impurity = 1.0 - p0 * p0 - p1 * p1
            right_impurity = 1.0 - q0 * q0 - q1 * q1
            gains[j] = impurity - wl / weight * left_impurity - wr / weight * right_impurity
    _gains_of_nothing(sums, last, impurity, variance, gains)
    at = -1
    top = best.gain
    for j in range(last):
        if gains[j] >= 0.0 and gains[j] > top:
            top = gains[j]
            at = j
    if at >= 0:
        best.gain = top
        best.feature = feature
        best.bin = used[at]
        l0, l1, l2 = sums[0, at], sums[1, at], sums[2, at]
        left.s0, left.s1, left.s2 = l0, l1, l2
        right.s0, right.s1, right.s2 = t0 - l0, t1 - l1, t2 - l2
        left.impurity = _impurity(left.s0, left.s1, left.s2, variance)
        right.impurity = _impurity(right.s0, right.s1, right.s2, variance)


@compiled
def _divide(bins, counts, order, spare, start, end, feature, last_bin, variance):
    """Move rows that go left to the front, keeping their order; returns the border and the draws on the left."""
    n_left = start
    n_right = 0
    drawn = 0
    for i in range(start, end):
        row = order[i]
        goes_left = bins[row, feature] <= last_bin
        order[n_left] = row
        spare[n_right] = row
        n_left += goes_left
        n_right += not goes_left
        if goes_left:
            drawn += 1 if variance else counts[row]
    order[n_left:end] = spare[:n_right]
    return n_left, drawn


@compiled
def _move_near(rows, weights, order, start, end, space, at, from_near, variance):
    """Copy a node's rows together, so that its subtree is grown from contiguous memory."""
    near = space.near
    for i in range(end - start):
        row = order[start + i]
        to = at + i
        near.bins[to] = rows.bins[row]
        near.labels[to] = rows.labels[row]
        if variance:
            near.targets[to] = rows.targets[row]
        else:
            near.counts[to] = rows.counts[row]
        if weights is not None:
            near.weights[to] = weights[row]
        space.near_order[to] = to
        space.near_origin[to] = space.near_origin[row] if from_near else row


@compiled
def _first_rows(rows, order, variance):
    """List all drawn rows in their order; returns the number of rows and of draws."""
    if variance:
        for row in range(len(order)):
            order[row] = row
        return len(order), len(order)
    n = 0
    drawn = 0
    for row in range(len(order)):
        order[n] = row
        n += rows.counts[row] > 0
        drawn += rows.counts[row]
    return n, drawn


@compiled
def grow(rows, n_bins, class_weight, variance, max_depth, n_draw, seed, tree, space, margins, step):
    """Grow one tree and return its nodes, not pruned.

    `n_bins` is the number of bins of each feature, `class_weight` the weights of class 0 and 1, which `rows.weights`
    replace where they are given. `n_draw` features are
    drawn for each node (if it is all, they keep their order), from the stream of (`seed`, `tree`). A regression tree
    (`variance`) adds its prediction times `step` to the `margins` of the training rows.
    """
    n_features = len(n_bins)
    key = _stream(seed, tree)
    chosen = np.arange(n_draw)
    nodes = np.zeros(512, NODE)
    n_nodes = 0
    trial = np.zeros(3, NODE)
    used = np.empty(space.hist.shape[1], np.int64)
    marks = np.zeros((space.hist.shape[1] + 63) // 64, np.uint64)
    sums = np.empty((3, space.hist.shape[1]))
    gains = np.empty(space.hist.shape[1])

    # Depth first, left before right; at most one node per level and one more are waiting.
    waiting = np.zeros(max_depth + 2, NODE)
    place = np.zeros((max_depth + 2, 4), np.int64)  # start, end, level of memory, parent
    paths = np.zeros(max_depth + 2, np.uint64)
    n, drawn = _first_rows(rows, space.order, variance)
    waiting[0].count = drawn
    waiting[0].valid = True
    place[0] = 0, n, 0, -1
    paths[0] = 1
    top = 1

    while top > 0:
        top -= 1
        if n_nodes == len(nodes):
            nodes = np.concatenate((nodes, np.zeros(n_nodes, NODE)))
        this = n_nodes
        n_nodes += 1
        nodes[this] = waiting[top]
        node = nodes[this]
        node.right = -1
        node.gain = -1.0
        start, end, level, parent = place[top]
        path = paths[top]
        if parent >= 0 and parent != this - 1:
            nodes[parent].right = this
        is_root = this == 0

        best, left, right = trial[0], trial[1], trial[2]
        best.gain = -1.0
        if is_root or (node.depth < max_depth and abs(node.impurity) >= EPSILON):
            near_level = level
            while near_level + 1 < len(space.starts) - 1 and (
                end - start <= space.starts[near_level + 2] - space.starts[near_level + 1]
            ):
                near_level += 1
            if near_level > level:
                at = space.starts[near_level]
                if level == 0:
                    _move_near(rows, rows.weights, space.order, start, end, space, at, False, variance)
                else:
                    _move_near(space.near, space.near.weights, space.near_order, start, end, space, at, True, variance)
                start, end, level = at, at + end - start, near_level
            held = rows if level == 0 else space.near
            order = space.order if level == 0 else space.near_order

            if n_draw < n_features:
                _draw_features(key, path, chosen, n_features)
            _fill(held, held.weights, order, start, end, chosen, class_weight, variance, space.hist)
            known = not is_root
            for j in range(n_draw):
                f = chosen[j]
                if n_bins[f] < 2 and (known or j < n_draw - 1):
                    space.hist[j, 0] = 0.0
                    continue
                n = _gather(space.hist[j], n_bins[f], held.bins, order, start, end, f, marks, used, sums)
                if not known:
                    _root_statistics(used, sums, n, node, variance)
                    known = True
                _best_of_feature(used, sums, n, node.impurity, variance, f, gains, best, left, right)
            node.valid = best.gain >= 0.0
        node.prediction = _predict(node.s0, node.s1, variance)

        if best.gain > 0.0 and node.depth < max_depth:
            node.feature, node.bin, node.gain = best.feature, best.bin, best.gain
            border, drawn = _divide(
                held.bins, held.counts, order, space.spare, start, end, node.feature, node.bin, variance
            )
            left.count, right.count = drawn, node.count - drawn
            for child in range(2):  # the left one on top
                side = trial[2 - child]
                side.depth = node.depth + 1
                side.valid = True
                waiting[top] = side
                place[top] = (border, end, level, this) if child == 0 else (start, border, level, this)
                paths[top] = path * np.uint64(2) + np.uint64(1 - child)
                top += 1
        elif variance:
            for i in range(start, end):
                row = space.order[i] if level == 0 else space.near_origin[space.near_order[i]]
                margins[row] += node.prediction * step
    return nodes[:n_nodes].copy()


@compiled
def residuals(labels, margins, targets):
    """The targets of a GBT's next tree: the negative gradient of Spark ML's log loss, with labels -1 and 1."""
    for i in range(len(labels)):
        y = 2.0 * labels[i] - 1.0
        # math.exp, not numpy's vectorized exp: the last bits decide near ties in the next tree.
        targets[i] = 4.0 * y / (1.0 + math.exp(2.0 * y * margins[i]))
