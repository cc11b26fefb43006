"""Files that Spark cannot open or has no reader for, read by Arrow in Spark's tasks, a file a task."""

import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pkgutil import resolve_name
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import types as T
from pyspark.sql.pandas.types import to_arrow_schema

from lib.reading.own_columns import FILE
from lib.reading.whole_files import whole_files
from lib.support import tables


def read_by_arrow(
    spark: SparkSession, files: Sequence[str], schema: T.StructType, table_format: tables.Format
) -> DataFrame:
    """The columns of a schema, and `FILE`."""
    names, result = schema.names, T.StructType([*schema.fields, T.StructField(FILE, T.StringType())])
    wanted = to_arrow_schema(schema)
    own = f"{table_format.module}:batches" if table_format.module else ""

    def of_files(batches: Iterable[pa.RecordBatch]) -> Iterable[pa.RecordBatch]:
        for row in (row for batch in batches for row in batch.to_pylist()):
            found = resolve_name(own)(io.BytesIO(row["content"]), names) if own else _parquet(row, names)
            for batch in found:
                columns = [_cast(batch.column(name), kind) for name, kind in zip(names, wanted.types, strict=True)]
                uri = pa.repeat(row["path"], batch.num_rows)
                yield pa.RecordBatch.from_arrays([*columns, uri], names=[*names, FILE])

    return whole_files(spark, files).select("path", "content").mapInArrow(of_files, result)


def _parquet(row: Mapping[str, Any], names: Sequence[str]) -> Iterator[pa.RecordBatch]:
    with pq.ParquetFile(pa.BufferReader(row["content"])) as file:
        yield from file.iter_batches(columns=names)


def _cast(column: pa.Array, kind: pa.DataType) -> pa.Array:
    if isinstance(column, pa.ExtensionArray):
        column = column.storage
    if pa.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    return column.cast(kind)
