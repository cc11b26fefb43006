"""Compiled: the distance from rows to the nearest of some points, by a tree of boxes.

Self-contained on purpose, like `kernels_growing`. Use it as `lib.trees.compiled.nearest`. Who lays out the arrays, and
how, is in `lib.trees.nearest`.
"""

from collections import namedtuple

import numpy as np
from numba import njit

AXES = 8
"""Axes along which boxes have limits: the first few rule out most points, and each costs a comparison."""
WIDTH = 16
"""Boxes in a node."""
LEAF = 24
"""Points in a leaf. As WIDTH, whole registers of any processor, and known to the compiler."""

Boxes = namedtuple("Boxes", ["axes", "low", "high", "along", "points", "farthest"])
"""A complete tree, see `lib.trees.nearest.Nearest`."""

# The relative rounding error of a sum of products, for each of its terms, with a reserve.
_ROUNDING = 4 * np.finfo(np.float64).eps

compiled = njit(cache=True, nogil=True, inline="always", error_model="numpy")
# The order of these sums may be any: they only tell which boxes and points are looked at.
bounding = njit(cache=True, nogil=True, inline="always", error_model="numpy", fastmath={"reassoc", "nsz", "contract"})


@bounding
def _turn(row, axes, turned):
    """Write the row's coordinates along the axes; returns its length."""
    turned[:] = 0.0
    square = 0.0
    for feature in range(len(row)):
        square += row[feature] * row[feature]
        for axis in range(AXES):
            turned[axis] += row[feature] * axes[feature, axis]
    return np.sqrt(square)


@bounding
def _to_boxes(turned, low, high, node, squares):
    """Write the squared distances of a row to boxes, or less."""
    for box in range(WIDTH):
        total = 0.0
        for axis in range(AXES):
            outside = max(max(low[node, axis, box] - turned[axis], turned[axis] - high[node, axis, box]), 0.0)
            total += outside * outside
        squares[box] = total


@bounding
def _to_points(turned, along, leaf, squares):
    """Write the squared distances of a row to points, or less."""
    for point in range(LEAF):
        total = 0.0
        for axis in range(AXES):
            total += (turned[axis] - along[leaf, axis, point]) ** 2
        squares[point] = total


def _least_of(count):
    @bounding
    def least(values):
        """The place of the least of `count` values, the first of equal ones."""
        place, value = 0, values[0]
        for other in range(1, count):
            if values[other] < value:
                place, value = other, values[other]
        return place

    return least


_least_box = _least_of(WIDTH)
_least_point = _least_of(LEAF)


@compiled
def _nearest_of_leaf(row, turned, along, points, leaf, best, slack, squares):
    """The squared distance to the nearest point of a leaf, or `best` if none is nearer."""
    _to_points(turned, along, leaf, squares)
    if squares[_least_point(squares)] < (np.sqrt(best) + slack) ** 2:
        squares[:] = 0.0
        for feature in range(len(row)):  # each point's terms are added in this order
            value, of_points = row[feature], points[leaf, feature]
            for point in range(len(squares)):  # a constant bound would be unrolled, not vectorized
                squares[point] += (value - of_points[point]) ** 2
        best = min(best, squares[_least_point(squares)])
    return best


@compiled
def squared(rows, boxes, found):
    """Write the squared distance of each row to the nearest point.

    The distance along some axes is at most the whole one, but for rounding: a box or a point is passed over if it is
    farther than the nearest point so far by more than that may be.
    """
    axes, low, high, along, points, farthest = boxes
    n_inner = len(low)
    first_above_leaves = n_inner - len(along) // WIDTH
    nodes = np.zeros(64, np.int64)
    distances = np.empty((64, WIDTH))
    squares = np.empty(LEAF)
    turned = np.empty(AXES)
    for place in range(len(rows)):
        row = rows[place]
        slack = (_turn(row, axes, turned) + farthest) * _ROUNDING * (len(row) + AXES)
        best = bound = np.inf
        level = 0
        _to_boxes(turned, low, high, 0, distances[0])
        while level >= 0:
            box = _least_box(distances[level])
            if not distances[level, box] < bound:
                level -= 1
                continue
            distances[level, box] = np.inf
            node = nodes[level]
            inside = WIDTH * node + box + 1
            if node < first_above_leaves:
                level += 1
                nodes[level] = inside
                _to_boxes(turned, low, high, inside, distances[level])
            else:
                leaf = inside - n_inner
                best = _nearest_of_leaf(row, turned, along, points, leaf, best, slack, squares)
                bound = (np.sqrt(best) + slack) ** 2
        found[place] = best
