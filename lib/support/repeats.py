"""Which keys several rows have.

Nearly all rows of most tables have a key of their own. Spark would keep a hash table with an entry for each; here each
task sorts its keys, which takes half the time for ten million rows.
"""

from collections.abc import Iterable, Iterator

import numpy as np
import pyarrow as pa
from pyspark.sql import DataFrame

from lib.support.workers import quick_to_reuse

_SCHEMA = "key long, of_any long, rows long, positives long"


def repeated(rows: DataFrame) -> DataFrame:
    """The keys that more than one row has.

    `rows` have the columns `key` and `other` (both long) and `positive` (boolean), none of them null. The result has
    `key`, how many `rows` and how many `positives` have it, and in `of_any` what one of these rows has in `other`.
    """
    return (
        rows.select("key", "other", "positive")
        .repartition("key")
        .mapInArrow(lambda batches: iter(quick_to_reuse(_of_partition)(batches)), _SCHEMA)
    )


def _of_partition(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    found = [batch for batch in batches if batch.num_rows]
    if not found:
        return
    columns = [np.concatenate([batch.column(i).to_numpy(zero_copy_only=False) for batch in found]) for i in range(3)]
    del found
    order = np.argsort(columns[0])
    keys = columns[0][order]
    as_before = np.concatenate([[False], keys[1:] == keys[:-1]])
    is_repeated = as_before.copy()
    is_repeated[:-1] |= as_before[1:]
    keys, others, positives = (column[order[is_repeated]] for column in columns)
    starts = np.flatnonzero(~as_before[is_repeated])
    if len(starts):
        counts = np.diff(starts, append=len(keys))
        ones = np.add.reduceat(positives.astype(np.int64), starts)
        values = (keys[starts], others[starts], counts, ones)
        yield pa.RecordBatch.from_arrays([pa.array(each) for each in values], ["key", "of_any", "rows", "positives"])
