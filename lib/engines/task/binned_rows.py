"""Binned rows for the tasks of the task engine.

Rows are sorted and binned on the executors. Only bins pass through the driver, one piece at a time, before they are
broadcast; the driver itself holds the rows that thresholds are computed from and one byte per row (the labels, for the
sum of the weights), or nine if rows have weights of their own.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from pyspark import Broadcast, TaskContext
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lib.engines.task.truth import Labels, Truth
from lib.metrics import ScoreCounts
from lib.split import HASH_COL, WEIGHT_COL, Split
from lib.support.workers import quick_to_reuse
from lib.trees import binning
from lib.trees.binning import Bins, Floats
from lib.trees.growing import TrainingRows

ROWS_PER_PIECE = 250_000


@dataclass(frozen=True)
class Beside:
    """What is known of some rows beside their features: labels, and weights where rows have weights of their own."""

    labels: Labels
    weights: Floats | None

    def __len__(self) -> int:
        """Number of rows."""
        return len(self.labels)


@dataclass(frozen=True)
class Pieces:
    """Labels, weights and bins of one part of the split, in pieces, in canonical order; `by_bins` is by maxBins."""

    rows: int
    by_bins: dict[int, list[Broadcast[Any]]]

    def load(self, max_bins: int) -> tuple[Beside, Bins]:
        """Labels, weights and bins (rows × features), joined in the memory of a task."""
        joined: Beside | None = None
        at = 0
        for piece in self.by_bins[max_bins]:
            beside, some_bins = take(piece)
            if joined is None:
                weights = None if beside.weights is None else np.empty(self.rows)
                joined = Beside(np.empty(self.rows, np.uint8), weights)
                bins = np.empty((self.rows, some_bins.shape[1]), some_bins.dtype)
            to = at + len(beside)
            joined.labels[at:to], bins[at:to] = beside.labels, some_bins
            if joined.weights is not None:
                joined.weights[at:to] = beside.weights
            at = to
        assert joined is not None  # no part of a split is empty
        return joined, bins


@dataclass(frozen=True)
class TaskData:
    """What tasks need: the training rows, the rows to score, and the thresholds between bins by maxBins.

    Where rows have weights, those of `train` are for training and those of `other` are the rows' own, for metrics that
    are weighted.
    """

    train: Pieces
    other: Pieces
    thresholds: dict[int, list[Floats]]
    class_weights: Floats
    metrics_weighted: bool = False

    def load(self, max_bins: int) -> tuple[TrainingRows, Bins]:
        """See `FoldRows.load`."""
        beside, bins = self.train.load(max_bins)
        n_bins = np.array([len(limits) + 1 for limits in self.thresholds[max_bins]], np.int64)
        rows = TrainingRows(bins, n_bins, beside.labels, self.class_weights, beside.weights)
        return rows, self.other.load(max_bins)[1]

    def truth(self) -> Truth[dict[str, float]]:
        """See `FoldRows.truth`."""
        beside, _ = self.other.load(min(self.other.by_bins))
        return Truth(beside.labels, ScoreCounts.summary, weights=beside.weights if self.metrics_weighted else None)


@contextmanager
def task_data(split: Split, train: Sequence[str], other: str, max_bins: Sequence[int]) -> Iterator[TaskData]:
    """Bin the rows of the parts `train` (to fit) and `other` (to score) once for each of `max_bins`."""
    weights = np.array([split.class_weights["0.0"], split.class_weights["1.0"]])
    names = [F.col(f"`{name}`") for name in (*split.features, split.label_col)]
    for_training, own = [], []
    if split.table.weights:
        for_training, own = [F.col(WEIGHT_COL)], [split.table.weights.of_row.alias(WEIGHT_COL)]
    # One table for both, so that the same jobs process both: a union keeps its partitions, those of `train` first.
    fitted, scored = parts_in_order(split, *train), parts_in_order(split, other)
    ordered = fitted.select(*names, *for_training).union(scored.select(*names, *own)).persist()
    pieces: list[Broadcast[Any]] = []
    try:
        beside = _beside(ordered, len(split.features))
        rows = sum(split.parts[part]["rows"] for part in train)
        of_train = 1 + int(np.searchsorted(np.cumsum([len(some) for some in beside]), rows))
        thresholds = _thresholds(ordered, beside, of_train, weights, sorted(set(max_bins)), split.seed)
        made = _pieces(ordered, beside, of_train, thresholds, pieces)
        yield TaskData(*made, thresholds, weights, split.metrics_weighted)
    finally:
        ordered.unpersist()
        for piece in pieces:
            piece.destroy()


def parts_in_order(split: Split, *parts: str, as_given: bool = False) -> DataFrame:
    """The rows of parts of the split in canonical order, in consecutive range partitions; filled, or `as_given`."""
    rows = split.as_given(*parts) if as_given else split.rows(*parts)
    return range_partitioned(split, rows, sum(split.parts[part]["rows"] for part in parts))


def range_partitioned(split: Split, frame: DataFrame, rows: int, rows_per_piece: int | None = None) -> DataFrame:
    """So many rows of a split in canonical order, in consecutive range partitions."""
    pieces = -(-rows // min(ROWS_PER_PIECE, rows_per_piece or ROWS_PER_PIECE))
    return frame.repartitionByRange(pieces, HASH_COL).sortWithinPartitions(*split.canonical_order)


def take(piece: Broadcast[Any]) -> Any:
    """The value of a broadcast, without keeping it in the worker's memory."""
    value = piece.value
    if piece._path is not None:
        # The worker outlives the task: let the next task read the file again instead of keeping the piece in memory.
        del piece._value
    return value


def _beside(ordered: DataFrame, n_features: int) -> list[Beside]:
    """The labels and weights of each partition: the columns behind the features."""
    names = ordered.columns[n_features:]

    def of_partition(columns: list[Floats]) -> list[bytes]:
        return [columns[0].astype(np.uint8).tobytes(), *(weights.tobytes() for weights in columns[1:])]

    rows = by_partition(ordered.select([f"`{name}`" for name in names]), of_partition, len(names)).collect()
    return [
        Beside(np.frombuffer(row[1], np.uint8), np.frombuffer(row[2]) if len(names) > 1 else None)
        for row in sorted(rows)
    ]


def _thresholds(
    ordered: DataFrame,
    beside: Sequence[Beside],
    of_train: int,
    class_weights: Floats,
    max_bins: Sequence[int],
    seed: int,
) -> dict[int, list[Floats]]:
    """The thresholds by maxBins, from the first `of_train` partitions."""
    starts = np.cumsum([0, *map(len, beside)])
    rows = int(starts[of_train])
    total = 0.0
    for some in beside[:of_train]:  # added one after another from first to last, as Spark does
        weights = class_weights[some.labels] if some.weights is None else some.weights
        total = float(np.cumsum(np.concatenate([[total], weights]))[-1])
    samples = {bins: binning.sample_rows(bins, rows, seed) for bins in max_bins}
    wanted = np.unique(np.concatenate(list(samples.values())))
    borders = np.searchsorted(wanted, starts)

    def of_partition(columns: list[Floats]) -> list[bytes]:
        index = _partition()
        chosen = wanted[borders[index] : borders[index + 1]] - starts[index]
        return [np.column_stack([column[chosen] for column in columns]).tobytes()]

    found = sorted(by_partition(ordered, of_partition, 1).collect())
    sampled = np.concatenate([np.frombuffer(row[1]) for row in found]).reshape(len(wanted), -1)
    thresholds = {}
    for bins, sample in samples.items():
        of_sample = sampled[np.searchsorted(wanted, sample)]
        if beside[0].weights is None:
            values, sample_weights = of_sample[:, :-1], class_weights[of_sample[:, -1].astype(np.uint8)]
        else:  # the label and the weight are behind the features
            values, sample_weights = of_sample[:, :-2], of_sample[:, -1]
        thresholds[bins] = binning.find_thresholds(values, sample_weights, bins, rows, total)
    return thresholds


def _pieces(
    ordered: DataFrame,
    beside: Sequence[Beside],
    of_train: int,
    thresholds: dict[int, list[Floats]],
    made: list[Broadcast[Any]],
) -> tuple[Pieces, Pieces]:
    """Bin the rows on the executors and broadcast them, one partition at a time; adds each broadcast to `made`.

    The first `of_train` partitions become the first result, the others the second.
    """

    def of_partition(columns: list[Floats]) -> list[bytes]:
        return [
            binning.bin_columns(columns[: len(limits)], limits, bins).tobytes() for bins, limits in thresholds.items()
        ]

    context = ordered.sparkSession.sparkContext
    train, other = (
        Pieces(sum(map(len, some)), {bins: [] for bins in thresholds})
        for some in (beside[:of_train], beside[of_train:])
    )
    for row in by_partition(ordered, of_partition, len(thresholds)).toLocalIterator(True):
        here = beside[row[0]]
        if len(here) == 0:
            continue
        part = train if row[0] < of_train else other
        for place, max_bins in enumerate(thresholds):
            bins = np.frombuffer(row[1 + place], binning.bin_type(max_bins)).reshape(len(here), -1)
            made.append(context.broadcast((here, bins)))
            part.by_bins[max_bins].append(made[-1])
    return train, other


def by_partition(frame: DataFrame, function: Callable[[list[Any]], list[bytes]], n_results: int) -> DataFrame:
    """One row per partition: its index and the results of `function` on its columns, arrays of numbers or texts."""
    schema = ", ".join(["partition int", *(f"r{i} binary" for i in range(n_results))])
    n_columns = len(frame.columns)

    def run(batches: Iterable[pa.RecordBatch]) -> Iterable[pa.RecordBatch]:
        held = list(batches)
        columns = [
            np.concatenate([batch.column(i).to_numpy(zero_copy_only=False) for batch in held]) if held else np.empty(0)
            for i in range(n_columns)
        ]
        results = function(columns)
        arrays = [pa.array([_partition()], pa.int32()), *(pa.array([r], pa.binary()) for r in results)]
        yield pa.RecordBatch.from_arrays(arrays, names=["partition", *(f"r{i}" for i in range(n_results))])

    return frame.mapInArrow(quick_to_reuse(run), schema)


def _partition() -> int:
    context = TaskContext.get()
    assert context is not None  # only called in tasks
    return context.partitionId()
