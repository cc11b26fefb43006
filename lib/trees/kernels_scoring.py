"""Compiled: scoring rows of real values with a whole ensemble of trees.

Self-contained on purpose, like `kernels_growing`. Use it as `lib.trees.compiled.scoring`. Who lays out the arrays, and
how, is in `lib.trees.scoring`.

Rows go through in blocks. A block is binned once, then one tree after another takes all its rows down level by level:
the rows' walks do not depend on each other, so the processor works on many of them at a time. Bins lie feature by
feature, so that the rows' bins of a node's feature fill registers.
"""

from collections import namedtuple

import numpy as np
from numba import njit

BLOCK = 512
"""Rows at a time. The bins of a few dozen features stay in a core's first cache, and a tree is read once for all."""
TOP_LEVELS = 5
"""Levels of a tree whose nodes are all compared with all rows. One more level takes as long as all of them."""

Limits = namedtuple("Limits", ["values", "starts", "counts"])
"""The thresholds of each feature: feature f has `counts[f]`, ascending from `starts[f]` on, then infinities up to
`starts[f + 1]`; together one less than a power of two."""

Trees = namedtuple("Trees", ["levels", "upper", "ends", "below", "nodes", "children", "votes"])
"""Trees one after another, see `lib.trees.scoring.Ensemble`."""

compiled = njit(cache=True, nogil=True, error_model="numpy")


@compiled
def bin_block(values, limits, places, bins):
    """Write the bins of a block of rows, by feature: how many thresholds of its feature a value is not up to.

    That is the lowest bin b with `value <= threshold[b]`. NaN is up to no threshold, so it gets the highest bin.
    """
    for feature in range(values.shape[1]):
        sought = limits.values[limits.starts[feature] : limits.starts[feature + 1]]
        step = (len(sought) + 1) >> 1
        for row in range(len(values)):
            places[row] = 0
        while step > 0:  # a binary search of all rows at a time, without branches
            for row in range(len(values)):
                place = places[row]
                up_to = values[row, feature] <= sought[np.uint64(place + step - 1)]
                places[row] = place + (np.int64(0) if up_to else step)
            step >>= 1
        for row in range(len(values)):
            bins[feature, row] = min(places[row], limits.counts[feature])  # NaN is also above the infinities


@compiled
def _walk_top(nodes, levels, bins, shift, places, right):
    """Take rows down the first levels of a tree, by comparing every node of a level with every row.

    These are more comparisons than steps of a walk, but one instruction makes those of a register full of rows. The
    block is always whole: the last one's missing rows go along, and nobody asks where they are.
    """
    mask = (1 << shift) - 1
    places[:] = 0
    for level in range(levels):
        right[:] = 0
        for place in range(2**level):
            node = np.int64(nodes[2**level - 1 + place])
            of_feature = bins[node >> shift]
            limit = places.dtype.type(node & mask)
            here = places.dtype.type(place)
            for row in range(BLOCK):
                right[row] |= (places[row] == here) & (of_feature[row] > limit)
        for row in range(BLOCK):
            places[row] = 2 * places[row] + right[row]


@compiled
def _walk_upper(nodes, levels, bins, shift, places):
    """Take rows further down the complete upper part of a tree; `places` are then their places in its last level."""
    mask = (np.uint64(1) << shift) - np.uint64(1)
    for level in levels:
        of_level = nodes[2**level - 1 :]
        for row in range(len(places)):
            place = places[row]
            node = np.uint64(of_level[place])
            is_right = bins[(node >> shift) * np.uint64(BLOCK) + np.uint64(row)] > (node & mask)
            places[row] = 2 * place + np.uint32(is_right)


@compiled
def _walk_below(trees, bins, shift, places, walking):
    """Take rows further down until they are at leaves; `places` are numbers of nodes before and afterwards."""
    mask = (np.uint64(1) << shift) - np.uint64(1)
    n = 0
    for row in range(len(places)):
        walking[n] = row
        n += trees.children[places[row]] >= 0
    while n > 0:
        still = 0
        for i in range(n):
            at = walking[i]
            place = places[at]
            node = np.uint64(trees.nodes[place])
            is_right = bins[(node >> shift) * np.uint64(BLOCK) + np.uint64(at)] > (node & mask)
            place = np.uint32(trees.children[place]) + np.uint32(is_right)
            places[at] = place
            walking[still] = at
            still += trees.children[place] >= 0
        n = still


@compiled
def score(values, limits, trees, bins, shift, sums, spread):
    """Add every tree's vote to the `sums` of rows, and write the standard deviation of the votes to `spread`.

    `values` is rows × features (float64), `bins` memory for features × `BLOCK`. A node is a feature and a
    bin, shifted by `shift` bits. Without memory for `spread`, no deviation is computed.
    """
    width = np.uint64(shift)
    search = np.empty(BLOCK, np.int64)
    top = np.empty(BLOCK, bins.dtype)
    right = np.empty(BLOCK, bins.dtype)
    places = np.empty(BLOCK, np.uint32)
    walking = np.empty(BLOCK, np.uint32)
    first_votes = np.empty(BLOCK, sums.dtype)
    squares = np.empty(BLOCK)
    flat = bins.reshape(-1)
    for start in range(0, len(values), BLOCK):
        block = values[start : start + BLOCK]
        bin_block(block, limits, search, bins)
        of_block = sums[start : start + BLOCK]
        at = places[: len(block)]
        squares[:] = 0.0
        upper = ends = 0
        for tree in range(len(trees.levels)):
            levels = trees.levels[tree]
            nodes = trees.upper[upper:]
            n_top = min(levels, TOP_LEVELS)
            _walk_top(nodes, n_top, bins, shift, top, right)
            for row in range(len(block)):
                at[row] = top[row]
            _walk_upper(nodes, range(n_top, levels), flat, width, at)
            for row in range(len(block)):
                at[row] = trees.ends[np.uint64(ends + at[row])]
            if trees.below[tree]:
                _walk_below(trees, flat, width, at, walking)
            if len(spread) == 0:
                for row in range(len(block)):
                    of_block[row] += trees.votes[at[row]]
            else:
                if tree == 0:
                    for row in range(len(block)):
                        first_votes[row] = trees.votes[at[row]]
                for row in range(len(block)):
                    vote = trees.votes[at[row]]
                    of_block[row] += vote
                    difference = float(vote - first_votes[row])
                    squares[row] += difference * difference
            upper += 2**levels - 1
            ends += 2**levels
        if len(spread) > 0:
            # Around one of the votes, not around 0: the difference of the two terms loses no digits, and equal votes
            # have a deviation of exactly 0.
            n = len(trees.levels)
            for row in range(len(block)):
                total = float(of_block[row] - n * first_votes[row])
                spread[start + row] = np.sqrt(max(0.0, squares[row] - total * total / n) / n)
