"""What the spark-submit scripts share: a session, one message for an error, an exit code."""

import argparse
import sys
from collections.abc import Callable

from pyspark.sql import SparkSession

from lib.errors import ExperimentError


def place(typed: str) -> str:
    """The type of an argument that names a folder.

    Raises:
        argparse.ArgumentTypeError: it is empty, as where a variable of the shell is not set.
    """
    if not typed:
        raise argparse.ArgumentTypeError("is empty: name a folder or prefix")
    return typed


def run_submitted(app_name: str, work: Callable[[SparkSession], str]) -> int:
    """Do `work` in a Spark session and print its result; returns 0 (done), 1 (failed) or 2 (bad input)."""
    spark = SparkSession.builder.appName(app_name).getOrCreate()
    try:
        folder = work(spark)
    except ExperimentError as error:
        print(f"error: {error}", file=sys.stderr)
        return error.exit_code
    finally:
        spark.stop()
    print(folder)
    return 0
