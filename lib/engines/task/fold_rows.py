"""The rows of folds for the tasks of the task engine.

Folds overlap, and each has thresholds of its own, so here the values themselves are broadcast, once for all folds, and
each task bins its fold's rows. The medians that fill missing values, the thresholds, bins and class weights of a fold
are those that a table of only its training rows would have.
"""

import uuid
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import numpy as np
import numpy.typing as npt
from pyspark import Broadcast
from pyspark.sql import functions as F

from lib.engines.fold_medians import fold_medians
from lib.engines.task.binned_rows import by_partition, range_partitioned, take
from lib.engines.task.truth import Labels, Truth
from lib.metrics import ScoreCounts
from lib.search.folds import Fold
from lib.split import CLASSES, HASH_COL, PART_COL, PARTS, WEIGHT_COL, Split, class_weights
from lib.support import filling
from lib.trees import binning
from lib.trees.binning import Bins, Floats
from lib.trees.growing import TrainingRows

T = TypeVar("T")

BYTES_PER_PIECE = 32 * 2**20
Places = npt.NDArray[np.int64]

# A worker runs many tasks on the same few folds. Those that are small it keeps, ready to use.
_SMALL = 2 * 2**20  # bytes of bins
_MOST_KEPT = 32
_kept: "OrderedDict[tuple[str, Fold, int], tuple[TrainingRows, Bins]]" = OrderedDict()


@dataclass(frozen=True)
class Piece:
    """Some rows: values (features × rows), labels, hashes of content, and the places of their zones and parts.

    Identical rows are in the same piece. `weights` are the rows' own, scaled for training, if the table has any.
    """

    values: Floats
    labels: Labels
    hashes: Places
    zones: Places
    parts: Places
    weights: Floats | None = None


@dataclass(frozen=True)
class Values:
    """The rows of some zones of a split in canonical order, in pieces; `zones` are these zones, sorted.

    `name` is not that of any other values.
    """

    pieces: list[Broadcast[Any]]
    zones: tuple[str, ...]
    name: str

    def chosen(self, zones: Sequence[str], parts: Sequence[str]) -> Iterator[tuple[Piece, npt.NDArray[np.bool_]]]:
        """Each piece, with a mark for its rows of these zones and parts."""
        in_zone = np.isin(self.zones, zones)
        in_part = np.isin(PARTS, parts)
        for broadcast in self.pieces:
            piece: Piece = take(broadcast)
            yield piece, in_zone[piece.zones] & in_part[piece.parts]


@dataclass(frozen=True)
class FoldOfValues(Generic[T]):
    """See `FoldRows`: the rows of one fold. `fills` stand for values of the features that are NaN."""

    values: Values
    fold: Fold
    seed: int
    measure: Callable[[ScoreCounts], T]
    fills: tuple[float, ...]
    balanced: bool
    unit: float | None = None
    """What the pieces' weights are multiplied by to be the rows' own, if metrics are weighted."""

    def load(self, max_bins: int) -> tuple[TrainingRows, Bins]:
        """See `FoldRows.load`."""
        key = (self.values.name, self.fold, max_bins)
        if key not in _kept:
            rows, bins = self._load(max_bins)
            if rows.bins.nbytes + bins.nbytes > _SMALL:
                return rows, bins
            _kept[key] = rows, bins
            if len(_kept) > _MOST_KEPT:
                _kept.popitem(last=False)
        return _kept[key]

    def _load(self, max_bins: int) -> tuple[TrainingRows, Bins]:
        labels = np.concatenate([piece.labels[mark] for piece, mark in self._train()])
        counts = np.bincount(labels, minlength=2).tolist()
        of_classes = class_weights(dict(zip(CLASSES, counts, strict=True)), self.balanced)
        by_class = np.array([of_classes[name] for name in CLASSES])
        weights = _joined((piece.weights, mark) for piece, mark in self._train())
        if weights is not None:
            weights = by_class[labels] * weights
        thresholds = self._thresholds(max_bins, by_class[labels] if weights is None else weights)
        n_bins = np.array([len(limits) + 1 for limits in thresholds], np.int64)
        rows = TrainingRows(self._binned(self._train(), thresholds, max_bins), n_bins, labels, by_class, weights)
        return rows, self._binned(self._score(), thresholds, max_bins)

    def truth(self) -> Truth[T]:
        """See `FoldRows.truth`."""
        found = [(piece.labels[mark], piece.zones[mark]) for piece, mark in self._score()]
        labels, zones = (np.concatenate(arrays) for arrays in zip(*found, strict=True))
        weights = _joined((piece.weights, mark) for piece, mark in self._score())
        own = None if weights is None or self.unit is None else weights * self.unit
        return Truth(labels, self.measure, zones if self.fold.by_zone else None, self.values.zones, own)

    def _train(self) -> Iterator[tuple[Piece, npt.NDArray[np.bool_]]]:
        return self.values.chosen(self.fold.train_zones, self.fold.train)

    def _score(self) -> Iterator[tuple[Piece, npt.NDArray[np.bool_]]]:
        """The rows to score without those that repeat a training row, as zones that overlap have."""
        chosen = self.values.chosen(self.fold.score_zones, self.fold.score)
        for (piece, mark), (_, of_train) in zip(chosen, self._train(), strict=True):
            yield piece, mark & ~np.isin(piece.hashes, piece.hashes[of_train])

    def _thresholds(self, max_bins: int, weights: Floats) -> list[Floats]:
        sample = binning.sample_rows(max_bins, len(weights), self.seed)
        found, start = [], 0
        for piece, mark in self._train():
            rows = np.flatnonzero(mark)
            here = sample[np.searchsorted(sample, start) : np.searchsorted(sample, start + len(rows))] - start
            found.append(filling.filled(piece.values[:, rows[here]], np.array(self.fills)[:, None]))
            start += len(rows)
        total = float(np.cumsum(weights)[-1])  # one after another, as in `binned_rows`
        values = np.concatenate(found, axis=1).T
        return binning.find_thresholds(values, weights[sample], max_bins, len(weights), total)

    def _binned(
        self, pieces: Iterator[tuple[Piece, npt.NDArray[np.bool_]]], thresholds: Sequence[Floats], max_bins: int
    ) -> Bins:
        found = []
        for piece, mark in pieces:
            columns = [filling.filled(column[mark], by) for column, by in zip(piece.values, self.fills, strict=True)]
            found.append(binning.bin_columns(columns, thresholds, max_bins))
        return np.concatenate(found)


@contextmanager
def fold_rows(
    split: Split, folds: Sequence[Fold], measure: Callable[[ScoreCounts], T]
) -> Iterator[list[FoldOfValues[T]]]:
    """Broadcast a split's rows once for all folds."""
    zones = tuple(sorted({zone for fold in folds for zone in (*fold.train_zones, *fold.score_zones)}))
    values = Values([], zones, uuid.uuid4().hex)
    try:
        for piece in _pieces(split, zones):
            values.pieces.append(split.spark.sparkContext.broadcast(piece))
        unit = split.weight_unit if split.metrics_weighted else None
        # Where a feature has all its values, nothing is filled, whatever stands here.
        fills = [tuple(of_fold.get(name, 0.0) for name in split.features) for of_fold in fold_medians(split, folds)]
        yield [
            FoldOfValues(values, fold, split.seed, measure, by, split.balanced, unit)
            for fold, by in zip(folds, fills, strict=True)
        ]
    finally:
        for broadcast in values.pieces:
            broadcast.destroy()


def _pieces(split: Split, zones: Sequence[str]) -> Iterator[Piece]:
    n_features = len(split.features)
    zone, frame = F.lit(""), split.frame
    if split.table.zone_col:
        zone = F.col(f"`{split.table.zone_col}`")
        frame = frame.where(zone.isin(*zones))
    part = F.coalesce(*(F.when(F.col(PART_COL) == name, float(place)) for place, name in enumerate(PARTS)))
    names = [F.col(f"`{name}`") for name in (*split.features, split.label_col)]
    weight = [split.scaled_weight.alias(WEIGHT_COL)] if split.table.weights else []
    rows = range_partitioned(split, frame, split.table.rows, max(1, BYTES_PER_PIECE // (8 * n_features)))
    sorted_zones = np.array(zones, dtype=object)

    def of_partition(columns: list[npt.NDArray[Any]]) -> list[bytes]:
        values = np.stack(columns[:n_features]).astype(np.float64)
        labels, hashes, zones, parts, *weights = columns[n_features:]
        places = np.searchsorted(sorted_zones, zones.astype(object)).astype(np.int64)
        codes = (labels.astype(np.uint8), hashes.astype(np.int64), places, parts.astype(np.int64))
        return [values.tobytes(), *(code.tobytes() for code in codes), *(each.tobytes() for each in weights)]

    for row in by_partition(
        rows.select(*names, HASH_COL, zone.alias("__zone"), part.alias("__part"), *weight),
        of_partition,
        5 + len(weight),
    ).toLocalIterator(True):
        labels = np.frombuffer(row[2], np.uint8)
        if len(labels):
            values = np.frombuffer(row[1], np.float64).reshape(n_features, -1)
            hashes, of_zones, of_parts = (np.frombuffer(row[place], np.int64) for place in (3, 4, 5))
            yield Piece(values, labels, hashes, of_zones, of_parts, np.frombuffer(row[6]) if weight else None)


def _joined(marked: Iterable[tuple[Floats | None, npt.NDArray[np.bool_]]]) -> Floats | None:
    """The weights of the rows that are marked, None if the table has none."""
    found = [weights[mark] for weights, mark in marked if weights is not None]
    return np.concatenate(found) if found else None
