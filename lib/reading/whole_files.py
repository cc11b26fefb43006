"""Files that a task reads whole, each as one row of Spark."""

from collections.abc import Sequence

from pyspark.sql import DataFrame, SparkSession


def whole_files(spark: SparkSession, files: Sequence[str]) -> DataFrame:
    """The files' URIs and bytes, as `path` and `content`."""
    return spark.read.format("binaryFile").option("__globPaths__", "false").load(list(files))
