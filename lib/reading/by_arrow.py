"""Parquet files that Spark cannot open, read by Arrow in Spark's tasks, a file a task."""

from collections.abc import Iterable, Sequence

import pyarrow as pa
import pyarrow.parquet as pq
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import types as T
from pyspark.sql.pandas.types import to_arrow_schema

from lib.reading.cells import FILE
from lib.reading.whole_files import whole_files


def read_by_arrow(spark: SparkSession, files: Sequence[str], schema: T.StructType) -> DataFrame:
    """The columns of a schema, and `FILE`."""
    names, result = schema.names, T.StructType([*schema.fields, T.StructField(FILE, T.StringType())])
    wanted = to_arrow_schema(schema)

    def of_files(batches: Iterable[pa.RecordBatch]) -> Iterable[pa.RecordBatch]:
        for row in (row for batch in batches for row in batch.to_pylist()):
            with pq.ParquetFile(pa.BufferReader(row["content"])) as file:
                for batch in file.iter_batches(columns=names):
                    columns = [_cast(batch.column(name), kind) for name, kind in zip(names, wanted.types, strict=True)]
                    uri = pa.repeat(row["path"], batch.num_rows)
                    yield pa.RecordBatch.from_arrays([*columns, uri], names=[*names, FILE])

    return whole_files(spark, files).select("path", "content").mapInArrow(of_files, result)


def _cast(column: pa.Array, kind: pa.DataType) -> pa.Array:
    if pa.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    return column.cast(kind)
