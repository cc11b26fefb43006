"""The distance from rows to the nearest of some points, exactly: a typed interface to the compiled module.

The points are divided in halves, again and again, by the feature in which they differ most: the k-d tree of Friedman,
Bentley and Finkel (ACM Transactions on Mathematical Software 3, 1977). A search looks only into boxes that are nearer
than the nearest point so far. It is quick where few directions matter, as with features that count by importance.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from lib.trees.binning import Floats
from lib.trees.compiled import nearest


@dataclass(frozen=True, eq=False)
class Nearest:
    """Points to search; made by `make_nearest`.

    Node 1 is the root and the children of node n are 2n and 2n + 1. `low` and `high` are the limits of each node's
    points (nodes × features), `leaves` the points of the last nodes (leaves × features × points), repeated where a leaf
    has fewer. Features stand in `order`, the widest first, so that the first of them show most points to be too far.
    They are padded with zeros to whole groups.
    """

    order: npt.NDArray[np.intp]
    low: Floats
    high: Floats
    leaves: Floats

    def squares(self, rows: Floats) -> Floats:
        """The squared distance of each row (rows × features) to the nearest point: exactly 0 for a copy of one."""
        if rows.ndim != 2 or rows.shape[1] != len(self.order):
            raise ValueError(f"rows of shape {rows.shape}, not rows × {len(self.order)} features")
        found = np.empty(len(rows))
        nearest.squared(_padded(rows, self.order), nearest.Boxes(self.low, self.high, self.leaves), found)
        return found


def make_nearest(points: Floats) -> Nearest:
    """Lay out points (rows × features, at least one) for searches."""
    order = np.argsort(-points.var(axis=0), kind="stable")
    padded = _padded(points, order)
    parts = [np.arange(len(points))]
    while max(map(len, parts)) > nearest.LEAF:
        parts = [half for part in parts for half in _halves(padded, part)]
    leaves = np.stack([padded[np.resize(part, nearest.LEAF)].T for part in parts])
    low, high = ([side] for side in (leaves.min(axis=2), leaves.max(axis=2)))
    while len(low[0]) > 1:  # the levels above; node 0 is none
        low.insert(0, np.minimum(low[0][::2], low[0][1::2]))
        high.insert(0, np.maximum(high[0][::2], high[0][1::2]))
    none = np.zeros((1, padded.shape[1]))
    return Nearest(order, np.concatenate([none, *low]), np.concatenate([none, *high]), leaves)


def _halves(points: Floats, part: np.ndarray) -> list[np.ndarray]:
    widest = int(np.argmax(np.ptp(points[part], axis=0)))
    order = part[np.argsort(points[part, widest], kind="stable")]
    return np.array_split(order, 2)


def _padded(rows: Floats, order: npt.NDArray[np.intp]) -> Floats:
    """The rows with their features in order, and zeros up to whole groups of them, which add nothing to a distance."""
    padded = np.zeros((len(rows), len(order) + -len(order) % nearest.GROUP))
    padded[:, : len(order)] = rows[:, order]
    return padded
