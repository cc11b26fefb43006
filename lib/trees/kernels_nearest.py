"""Compiled: the distance from rows to the nearest of some points, by a tree of boxes.

Self-contained on purpose, like `kernels_growing`. Use it as `lib.trees.compiled.nearest`. Who lays out the arrays, and
how, is in `lib.trees.nearest`.
"""

from collections import namedtuple

import numpy as np
from numba import njit

LEAF = 16
"""Points in a leaf: whole registers of any processor."""
GROUP = 4
"""Features at a time, before a leaf's points are compared with the nearest point so far."""

# A box that is farther than this times the nearest point so far has no nearer one, whatever the rounding.
_FARTHER = 1.0 + 1e-12

Boxes = namedtuple("Boxes", ["low", "high", "leaves"])
"""A complete binary tree, see `lib.trees.nearest.Nearest`."""

compiled = njit(cache=True, nogil=True, error_model="numpy")


# The order of this sum may be any: it only tells which boxes are looked into.
@njit(cache=True, nogil=True, error_model="numpy", fastmath={"reassoc", "nsz"})
def _to_box(row, low, high):
    """Squared distance of a row to a box."""
    total = 0.0
    for feature in range(len(row)):
        outside = max(max(low[feature] - row[feature], row[feature] - high[feature]), 0.0)
        total += outside * outside
    return total


@compiled
def _nearest_of_leaf(row, leaf, best, squares):
    """The squared distance to the nearest point of a leaf, or `best` if none is nearer."""
    squares[:] = 0.0
    for first in range(0, len(row), GROUP):
        a, b, c, d = row[first], row[first + 1], row[first + 2], row[first + 3]
        of_a, of_b, of_c, of_d = leaf[first], leaf[first + 1], leaf[first + 2], leaf[first + 3]
        nearer = 0
        for point in range(LEAF):
            square = squares[point]
            square += (a - of_a[point]) ** 2 + (b - of_b[point]) ** 2 + (c - of_c[point]) ** 2 + (d - of_d[point]) ** 2
            squares[point] = square
            nearer += square < best
        if nearer == 0:
            return best
    return squares.min()


@compiled
def squared(rows, boxes, found):
    """Write the squared distance of each row to the nearest point; rows and points are padded to whole groups."""
    n_leaves = len(boxes.leaves)
    waiting = np.empty(64, np.int64)
    distances = np.empty(64)
    squares = np.empty(LEAF)
    for place in range(len(rows)):
        row = rows[place]
        best = np.inf
        waiting[0], distances[0] = 1, 0.0
        top = 1
        while top > 0:
            top -= 1
            node, distance = waiting[top], distances[top]
            while distance < best * _FARTHER and node < n_leaves:  # down into the nearer of two boxes
                node = 2 * node
                distance = _to_box(row, boxes.low[node], boxes.high[node])
                other = _to_box(row, boxes.low[node + 1], boxes.high[node + 1])
                farther = node + 1
                if other < distance:
                    node, farther = farther, node
                    distance, other = other, distance
                if other < best * _FARTHER:
                    waiting[top], distances[top] = farther, other
                    top += 1
            if distance < best * _FARTHER:
                best = _nearest_of_leaf(row, boxes.leaves[node - n_leaves], best, squares)
        found[place] = best
