"""Scoring rows with a finished forest or GBT, whose thresholds are real numbers: what Spark ML's `transform` gives.

An ensemble is laid out for speed. Each feature's distinct thresholds make its bins, so that a row is binned once for
all trees, and a node is two bytes: its feature and its highest bin that goes left. The upper levels of a tree are
complete: a node's children are found by its place, and a leaf above the last of these levels is filled up with nodes
from which every row goes left. Below are ordinary nodes.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

import numpy as np
import numpy.typing as npt

from lib.trees.binning import Floats
from lib.trees.compiled import applying, scoring
from lib.trees.growing import margin_probabilities, vote_shares

Ints = npt.NDArray[np.int64]
Nodes = npt.NDArray[np.unsignedinteger[Any]]
"""Nodes as single numbers: the feature, shifted left by the bits of a bin, and the bin."""

UPPER_LEVELS = 10
# Bins of one, two and four bytes, with nodes twice as wide: a feature and a bin.
_WIDTHS = ((np.uint8, np.uint16), (np.uint16, np.uint32), (np.uint32, np.uint64))


class Tree(NamedTuple):
    """A decision tree by its nodes: node 0 is the root, and children come after their parent.

    A row goes left if its value of `feature` is at most `threshold`. `left` and `right` are numbers of nodes, -1 in a
    leaf. `value` counts in leaves only: the share of class 1 (forest) or the prediction (GBT).
    """

    feature: npt.NDArray[np.integer[Any]]
    threshold: Floats
    left: npt.NDArray[np.integer[Any]]
    right: npt.NDArray[np.integer[Any]]
    value: Floats


@dataclass(frozen=True)
class Ensemble:
    """Trees that score rows; made by `make_ensemble`.

    `limits`, `starts` and `counts` are the thresholds of each feature (`kernels_scoring.Limits`). Of each tree, one
    after another: `levels`, the levels of its upper part; `upper`, these levels' nodes; `ends`, the node that follows
    at each place below them; `below`, whether any of these is not a leaf. `nodes` are all nodes that follow, `children`
    the left one's number (the right one is next; -1 in a leaf), `votes` what a leaf adds to the sum: the share of
    class 1 in units of 1 / `VOTE_UNIT` (int64), so that their sum is exact, or a GBT's weighted prediction (float64).
    """

    kind: Literal["forest", "gbt"]
    limits: Floats
    starts: Ints
    counts: Ints
    levels: Ints
    upper: Nodes
    ends: npt.NDArray[np.int32]
    below: npt.NDArray[np.bool_]
    nodes: Nodes
    children: npt.NDArray[np.int32]
    votes: npt.NDArray[Any]

    @property
    def n_features(self) -> int:
        """Columns of the rows to score."""
        return len(self.counts)

    @property
    def n_trees(self) -> int:
        """Number of trees."""
        return len(self.levels)

    def score(self, values: Floats) -> Floats:
        """The probability of class 1 of each row of `values` (rows × features).

        It is the one of Spark ML's `transform`, to 1e-12. As there, NaN is up to no threshold, so it goes right.
        """
        return self._score(values, with_spread=False)[0]

    def spread(self, values: Floats) -> Floats | None:
        """The standard deviation of a forest's votes for class 1, by row; None for a GBT, whose trees do not vote."""
        return self.score_and_spread(values)[1]

    def score_and_spread(self, values: Floats) -> tuple[Floats, Floats | None]:
        """`score` and `spread` in one pass."""
        return self._score(values, with_spread=self.kind == "forest")

    def _score(self, values: Floats, with_spread: bool) -> tuple[Floats, Floats | None]:
        values = np.ascontiguousarray(values, np.float64)
        if values.ndim != 2 or values.shape[1] != self.n_features:
            raise ValueError(f"values of shape {values.shape}, not rows × {self.n_features} features")
        bin_type = next(of_bin for of_bin, of_node in _WIDTHS if of_node == self.upper.dtype)
        sums = np.zeros(len(values), self.votes.dtype)
        spread = np.empty(len(values) if with_spread else 0)
        scoring.score(
            values,
            scoring.Limits(self.limits, self.starts, self.counts),
            scoring.Trees(self.levels, self.upper, self.ends, self.below, self.nodes, self.children, self.votes),
            np.empty((self.n_features, scoring.BLOCK), bin_type),
            8 * bin_type(0).itemsize,
            sums,
            spread,
        )
        if self.kind == "gbt":
            return margin_probabilities(sums), None
        return vote_shares(sums, self.n_trees), spread / applying.VOTE_UNIT if with_spread else None


def make_ensemble(
    kind: Literal["forest", "gbt"], trees: Sequence[Tree], n_features: int, weights: Sequence[float] | None = None
) -> Ensemble:
    """Lay out trees for scoring; `weights` are those of a GBT's trees (a forest's trees all count the same).

    ValueError says what is wrong with trees that are none.
    """
    if not trees or (kind == "gbt") != (weights is not None):
        raise ValueError("there are no trees, or weights that do not belong to their kind")
    for number, tree in enumerate(trees):
        _check(number, tree, n_features)
    limits, codes = _encode(trees, n_features)
    parts = [_lay_out(tree, code) for tree, code in zip(trees, codes, strict=True)]
    sizes = [len(part.order) for part in parts]
    firsts = np.cumsum([0, *sizes[:-1]])
    votes = [tree.value[part.order] for tree, part in zip(trees, parts, strict=True)]
    padded, starts = _padded(limits)
    return Ensemble(
        kind=kind,
        limits=padded,
        starts=starts,
        counts=np.array([len(each) for each in limits], np.int64),
        levels=np.array([part.levels for part in parts], np.int64),
        upper=np.concatenate([part.upper for part in parts]),
        ends=np.concatenate([part.ends + first for part, first in zip(parts, firsts, strict=True)]).astype(np.int32),
        below=np.array([(part.children[part.ends] >= 0).any() for part in parts]),
        nodes=np.concatenate([code[part.order] for code, part in zip(codes, parts, strict=True)]),
        children=np.concatenate(
            [np.where(part.children < 0, -1, part.children + first) for part, first in zip(parts, firsts, strict=True)]
        ).astype(np.int32),
        votes=_votes(votes, weights),
    )


class _Part(NamedTuple):
    """A tree laid out: see `Ensemble`. `order` are the numbers in the tree of the nodes from `ends` on."""

    levels: int
    upper: Nodes
    ends: Ints
    children: Ints
    order: Ints


def _check(number: int, tree: Tree, n_features: int) -> None:
    """Compiled code follows numbers of nodes and features without looking: they must be those of a tree."""
    size = len(tree.left)
    inner = np.flatnonzero(tree.left >= 0)
    children = np.concatenate([tree.left[inner], tree.right[inner]])
    if (
        not size
        or not all(len(field) == size for field in tree)
        or not np.array_equal(np.sort(children), np.arange(1, size))
        or (children <= np.concatenate([inner, inner])).any()
    ):
        raise ValueError(f"the nodes of tree {number} do not form a tree")
    if (tree.feature[inner] < 0).any() or (tree.feature[inner] >= n_features).any():
        raise ValueError(f"tree {number} splits by a feature that is not one of the {n_features}")
    if np.isnan(tree.threshold[inner]).any() or not np.isfinite(tree.value[tree.left < 0]).all():
        raise ValueError(f"tree {number} has a threshold or a leaf that is not a number")


def _encode(trees: Sequence[Tree], n_features: int) -> tuple[list[Floats], list[Nodes]]:
    """The distinct thresholds of each feature, ascending, and the nodes of each tree as numbers.

    In a leaf's number the bin is above all others, so that every row goes left.
    """
    inner = np.concatenate([tree.left >= 0 for tree in trees])
    features = np.concatenate([tree.feature for tree in trees])
    thresholds = np.concatenate([tree.threshold for tree in trees])
    bins = np.zeros(len(inner), np.uint64)
    limits = []
    for feature in range(n_features):
        splits = inner & (features == feature)
        distinct, place = np.unique(thresholds[splits], return_inverse=True)
        limits.append(distinct)
        bins[splits] = place
    bin_type, node_type = _width(max(map(len, limits)), n_features)
    bins[~inner] = np.iinfo(bin_type).max
    shift = np.uint64(8 * bin_type(0).itemsize)
    codes = (np.where(inner, features, 0).astype(np.uint64) << shift | bins).astype(node_type)
    return limits, np.split(codes, np.cumsum([len(tree.left) for tree in trees])[:-1])


def _width(most_limits: int, n_features: int) -> tuple[type[np.unsignedinteger[Any]], type[np.unsignedinteger[Any]]]:
    """The narrowest types of a bin and of a node that hold all thresholds and features."""
    for bin_type, node_type in _WIDTHS:
        highest = np.iinfo(bin_type).max
        if most_limits <= highest and n_features - 1 <= highest:
            return bin_type, node_type
    raise ValueError("more features or thresholds than can be counted")


def _lay_out(tree: Tree, codes: Nodes) -> _Part:
    places = np.zeros(1, np.int64)
    upper = [codes[:0]]
    levels = 0
    while levels < UPPER_LEVELS and (tree.left[places] >= 0).any():
        upper.append(codes[places])
        leaf = tree.left[places] < 0
        both = [np.where(leaf, places, side[places]) for side in (tree.left, tree.right)]
        places = np.column_stack(both).ravel()
        levels += 1
    # The nodes below, level by level, so that two siblings are neighbours.
    top, ends = np.unique(places, return_inverse=True)
    order = [top]
    while len(inner := order[-1][tree.left[order[-1]] >= 0]):
        order.append(np.column_stack([tree.left[inner], tree.right[inner]]).ravel())
    below = np.concatenate(order).astype(np.int64)
    is_inner = tree.left[below] >= 0
    children = np.where(is_inner, len(top) + 2 * (np.cumsum(is_inner) - 1), -1)
    return _Part(levels, np.concatenate(upper), ends, children, below)


def _padded(limits: Sequence[Floats]) -> tuple[Floats, Ints]:
    """The thresholds of all features in one array, each feature's padded for a binary search, and where they start."""
    sizes = [2 ** len(each).bit_length() - 1 for each in limits]
    starts = np.cumsum([0, *sizes])
    padded = np.full(starts[-1], np.inf)
    for start, each in zip(starts[:-1], limits, strict=True):
        padded[start : start + len(each)] = each
    return padded, starts.astype(np.int64)


def _votes(values: Sequence[Floats], weights: Sequence[float] | None) -> npt.NDArray[Any]:
    """What each node adds to a row's sum, see `Ensemble`."""
    if weights is None:
        votes = np.concatenate(values)
        # Only leaves have values that count; others may hold anything.
        return np.rint(np.where(np.isfinite(votes), votes, 0.0) * applying.VOTE_UNIT).astype(np.int64)
    return np.concatenate([weight * value for weight, value in zip(weights, values, strict=True)])
