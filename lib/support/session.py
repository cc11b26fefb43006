"""Settings of a Spark session that some work needs, and others must not see."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from pyspark.sql import DataFrame, SparkSession


@contextmanager
def settings(spark: SparkSession, changed: Mapping[str, str]) -> Iterator[None]:
    """Change settings of the session for a while."""
    before = {name: spark.conf.get(name) for name in changed}
    try:
        for name, value in changed.items():
            spark.conf.set(name, value)
        yield
    finally:
        for name, usual in before.items():
            spark.conf.set(name, str(usual))


def persisted(rows: DataFrame) -> DataFrame:
    """Rows that are nearly all doubles, kept once they are computed.

    Spark would look for repeated values in each column to pack them, which takes long and finds few.
    """
    with settings(rows.sparkSession, {"spark.sql.inMemoryColumnarStorage.compressed": "false"}):
        return rows.persist()
