"""The keys that several rows have, as counting all of them gives it, however the rows are partitioned."""

from collections import Counter

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lib.support.repeats import _of_partition, repeated

ROWS = st.lists(st.tuples(st.sampled_from([-(2**63), -1, 0, 7, 2**63 - 1]) | st.integers(-9, 9), st.booleans()))


def check(found, rows):
    counts, ones = Counter(key for key, _ in rows), Counter(key for key, positive in rows if positive)
    expected = {(key, n, ones[key]) for key, n in counts.items() if n > 1}
    assert {(key, n, positives) for key, _, n, positives in found} == expected
    assert len(found) == len(expected)
    assert all(other == key // 2 for key, other, _, _ in found)


@given(ROWS, st.integers(1, 4))
def test_a_partition_in_batches_of_any_size(rows, size):
    parts = [rows[start : start + size] for start in range(0, len(rows), size)] + [[]]
    schema = pa.schema([("key", pa.int64()), ("other", pa.int64()), ("positive", pa.bool_())])
    columns = [[[key for key, _ in part], [key // 2 for key, _ in part], [one for _, one in part]] for part in parts]
    batches = [
        pa.record_batch([pa.array(c, f.type) for c, f in zip(each, schema, strict=True)], schema=schema)
        for each in columns
    ]
    check([tuple(row.values()) for batch in _of_partition(batches) for row in batch.to_pylist()], rows)


@pytest.mark.parametrize("partitions", [1, 5])
def test_a_key_in_several_partitions_is_one(spark, partitions):
    rows = [(i % 300 if i % 3 else -i, i % 2 == 0) for i in range(1000)]
    frame = spark.createDataFrame([(key, key // 2, one) for key, one in rows], "key long, other long, positive boolean")
    check([tuple(row) for row in repeated(frame.repartition(partitions)).collect()], rows)
