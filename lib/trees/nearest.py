"""The distance from rows to the nearest of some points, exactly: a typed interface to the compiled module.

The points are divided in halves, again and again, across the axis along which they differ most: the k-d tree of
Friedman, Bentley and Finkel (ACM Transactions on Mathematical Software 3, 1977), sixteen boxes to a node. A search
looks only into boxes that are nearer than the nearest point so far. Boxes have limits along the points' first principal
axes alone. These tell most points apart where features are correlated, as bands of a satellite are, and where they
count by importance; the distance to a point that they do not rule out is that of all features.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from lib.trees.binning import Floats
from lib.trees.compiled import nearest

FEW = nearest.LEAF * nearest.WIDTH**2
"""Points that fill a tree of two levels."""

_HALVINGS = nearest.WIDTH.bit_length() - 1


@dataclass(frozen=True, eq=False)
class Nearest:
    """Points to search; made by `make_nearest`.

    Node 0 is the root, and the boxes in node n are the nodes 16 n + 1 to 16 n + 16; those of the last level are leaves.

    Attributes:
        axes: the first principal axes of the points (features × axes), zeros where there are fewer.
        low, high: limits of the boxes in each node that is no leaf (nodes × axes × boxes).
        along: the points of the leaves along the axes (leaves × axes × points), repeated where a leaf has fewer.
        points: the same points themselves (leaves × features × points).
        farthest: the greatest distance of a point from the origin, of which rounding is a share.
    """

    axes: Floats
    low: Floats
    high: Floats
    along: Floats
    points: Floats
    farthest: float

    def squares(self, rows: Floats) -> Floats:
        """The squared distance of each row (rows × features) to the nearest point: exactly 0 for a copy of one."""
        if rows.ndim != 2 or rows.shape[1] != len(self.axes):
            raise ValueError(f"rows of shape {rows.shape}, not rows × {len(self.axes)} features")
        found = np.empty(len(rows))
        boxes = nearest.Boxes(self.axes, self.low, self.high, self.along, self.points, self.farthest)
        nearest.squared(np.ascontiguousarray(rows), boxes, found)
        return found


def make_nearest(points: Floats) -> Nearest:
    """Lay out points (rows × features, at least one) for searches.

    Of more than `FEW` points most leaves have a few, which take the room and the time of a full one.
    """
    axes = _principal_axes(points)
    turned = points @ axes
    parts = [np.arange(len(points))]
    while len(parts) == 1 or max(map(len, parts)) > nearest.LEAF:
        for _ in range(_HALVINGS):
            parts = [half for part in parts for half in _halves(turned, part)]
    leaves = np.stack([np.resize(part, nearest.LEAF) for part in parts])
    along = _in_leaves(turned, leaves)
    low, high = _limits(along.min(axis=2), np.minimum), _limits(along.max(axis=2), np.maximum)
    return Nearest(axes, low, high, along, _in_leaves(points, leaves), float(np.sqrt((points**2).sum(axis=1).max())))


def _in_leaves(points: Floats, leaves: npt.NDArray[np.intp]) -> Floats:
    """The points of each leaf, coordinate by coordinate: leaves × coordinates × points."""
    return np.ascontiguousarray(points[leaves].transpose(0, 2, 1))


def _principal_axes(points: Floats) -> Floats:
    centred = points - points.mean(axis=0)
    spread = centred.T @ centred
    found = np.zeros((points.shape[1], nearest.AXES))
    if not np.isfinite(spread).all():
        return found  # squares overflow: no box is passed over
    _, axes = np.linalg.eigh(spread)  # the widest last
    widest = axes[:, ::-1][:, : nearest.AXES]
    found[:, : widest.shape[1]] = widest
    return found


def _halves(points: Floats, part: npt.NDArray[np.intp]) -> list[npt.NDArray[np.intp]]:
    """Both halves of some points; of a single one, that one twice."""
    if len(part) == 1:
        return [part, part]
    widest = int(np.argmax(np.ptp(points[part], axis=0)))
    order = part[np.argsort(points[part, widest], kind="stable")]
    return np.array_split(order, 2)


def _limits(of_leaves: Floats, outermost: np.ufunc) -> Floats:
    """One limit of all boxes, from that of the leaves (leaves × axes): nodes × axes × boxes, from the root on."""
    levels = [of_leaves.reshape(-1, nearest.WIDTH, nearest.AXES)]
    while len(levels[0]) > 1:
        levels.insert(0, outermost.reduce(levels[0], axis=1).reshape(-1, nearest.WIDTH, nearest.AXES))
    return np.ascontiguousarray(np.concatenate(levels).transpose(0, 2, 1))
