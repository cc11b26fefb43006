"""Trees, forests and boosted trees on binned rows: a typed interface to the compiled modules."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from lib.trees.binning import Bins, Floats
from lib.trees.compiled import applying, growing

Nodes = npt.NDArray[Any]
"""A tree: an array of `growing.NODE`, in pre-order."""

# A node's rows are copied to contiguous memory when they fill only a quarter of their current memory, until they fit
# into about the size of a core's own cache.
_SPREAD = 4
_NEAR_BYTES = 1_000_000
_ROW_BYTES = 11  # in addition to its bins: label, times drawn or target; not counting a weight


@dataclass(frozen=True)
class TrainingRows:
    """Binned training rows in the canonical order.

    `bins` is rows × features, `n_bins` the bins of each feature, `labels` 0 or 1 (uint8), `class_weights` the weight
    of a row of class 0 and of class 1 (positive). Rows of a class that do not weigh the same have `weights`, one each,
    in place of these.
    """

    bins: Bins
    n_bins: npt.NDArray[np.int64]
    labels: npt.NDArray[np.uint8]
    class_weights: Floats
    weights: Floats | None = None

    def __len__(self) -> int:
        """Number of rows."""
        return len(self.labels)


def make_space(rows: TrainingRows, near_bytes: int = _NEAR_BYTES) -> Any:
    """Memory for growing one tree after another: 8 bytes per row, plus a copy of a third of the rows."""
    n, features = rows.bins.shape
    starts, size = [0, 0], n
    while size * (features + _ROW_BYTES) > near_bytes:
        size //= _SPREAD
        starts.append(starts[-1] + size)
    m = starts[-1]
    near = growing.Rows(
        np.empty((m, features), rows.bins.dtype),
        np.empty(m, np.uint8),
        np.empty(m, np.uint8),
        np.empty(m),
        None if rows.weights is None else np.empty(m),
    )
    hist = np.zeros((features, int(rows.n_bins.max()), 3))
    order, spare = np.empty((2, n), np.uint32)
    near_order, near_origin = np.empty((2, m), np.uint32)
    return growing.Space(order, spare, near, near_order, near_origin, np.array(starts, np.int64), hist)


def grow_forest(
    rows: TrainingRows,
    trees: Iterable[int],
    max_depth: int,
    features_per_node: int,
    seed: int,
    bootstrap: bool = True,
) -> Iterator[Nodes]:
    """Grow trees of a random forest by their index, unpruned.

    A tree does not depend on which others are grown, where or when; cut at a depth and pruned it is the tree with that
    maxDepth. Without `bootstrap` and with all features it is Spark ML's DecisionTreeClassifier.
    """
    counts = np.ones(len(rows), np.uint8)
    data = growing.Rows(rows.bins, rows.labels, counts, np.empty(0), rows.weights)
    space = make_space(rows)
    for tree in trees:
        if bootstrap:
            growing.draw_bag(seed, tree, counts)
        yield growing.grow(
            data,
            rows.n_bins,
            rows.class_weights,
            False,
            max_depth,
            features_per_node,
            seed,
            tree,
            space,
            np.empty(0),
            0.0,
        )


def grow_boosted(rows: TrainingRows, n_trees: int, max_depth: int, step_size: float) -> Iterator[tuple[Nodes, float]]:
    """Grow the trees of a GBT one after another, unpruned, each with its weight (1, then `step_size`)."""
    margins = np.zeros(len(rows))
    data = growing.Rows(rows.bins, rows.labels, np.empty(0, np.uint8), rows.labels * 2.0 - 1.0, rows.weights)
    space = make_space(rows)
    features = rows.bins.shape[1]
    for tree in range(n_trees):
        weight = step_size if tree else 1.0
        nodes = growing.grow(
            data, rows.n_bins, rows.class_weights, True, max_depth, features, 0, tree, space, margins, weight
        )
        yield nodes, weight
        growing.residuals(rows.labels, margins, data.targets)


def add_votes(nodes: Nodes, depths: Sequence[int], bins: Bins, votes: npt.NDArray[np.int64]) -> None:
    """Add a classification tree's votes, cut at each of `depths` and pruned, to votes (depths × rows)."""
    applying.vote(nodes, np.array(depths, np.int64), bins, votes)


def vote_shares(votes: npt.NDArray[np.int64], n_trees: int) -> Floats:
    """Probability of class 1 from the summed votes of `n_trees` trees."""
    return votes / (n_trees * applying.VOTE_UNIT)


def add_margins(nodes: Nodes, bins: Bins, weight: float, margins: Floats) -> None:
    """Add a boosted tree's predictions times its weight to the margins of rows."""
    applying.add_margins(nodes, bins, weight, margins)


def margin_probabilities(margins: Floats) -> Floats:
    """Probability of class 1 from the margins of a GBT (Spark ML's log loss)."""
    with np.errstate(over="ignore"):
        return 1.0 / (1.0 + np.exp(-2.0 * margins))


def prune(nodes: Nodes, max_depth: int) -> Nodes:
    """The tree that a fit with `max_depth` gives, from an unpruned tree of at least that depth."""
    pruned: Nodes = applying.prune(nodes, max_depth)
    return pruned
