"""Tables of Spark's catalogue: of a Hive metastore or Glue, if the session has one of these, or of its own."""

from contextlib import suppress

from py4j.protocol import Py4JJavaError
from pyspark.errors import AnalysisException
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import types as T

from lib.errors import InputError, not_among, some
from lib.reading.outline import FileColumn, FileOutline
from lib.storage import java_cause
from lib.support import tables


def read(spark: SparkSession, uri: str) -> tuple[DataFrame, FileOutline]:
    """The table at a place such as `table://geology.pixels`, and what it is.

    Raises:
        InputError: the session has no such table or database, or the table cannot be read.
    """
    parts = tables.catalogue_name(uri)
    assert parts, uri
    try:
        frame = spark.table(".".join(map(tables.quoted, parts)))
        rows = frame.count()
    except (AnalysisException, Py4JJavaError) as error:
        raise _explained(spark, uri, parts, error) from error
    columns = tuple(_column(field) for field in frame.schema.fields)
    tables.check_names(uri, [column.name for column in columns])
    return frame, FileOutline(uri, columns, rows)


def _column(field: T.StructField) -> FileColumn:
    kind = field.dataType.simpleString()
    if isinstance(field.dataType, T.NullType):
        return FileColumn(field.name, "null", None, True)
    return FileColumn(field.name, kind, kind, isinstance(field.dataType, T.NumericType | T.BooleanType))


def _explained(
    spark: SparkSession, uri: str, parts: tuple[str, ...], error: AnalysisException | Py4JJavaError
) -> InputError:
    """What is wrong: no database, no table, or one that cannot be read."""
    # A name of three parts is in another catalogue, which is not asked. The session's own may be out of reach, too.
    if len(parts) < 3 and isinstance(error, AnalysisException):
        with suppress(AnalysisException, Py4JJavaError):
            if absent := _absent(spark, uri, parts):
                return InputError(absent)
    cause = java_cause(error) if isinstance(error, Py4JJavaError) else getattr(error, "desc", None) or str(error)
    cause = " ".join(cause.split())
    return InputError(f"cannot read {uri}: {cause}; check the table, and the permissions of the role that runs Spark")


def _absent(spark: SparkSession, uri: str, parts: tuple[str, ...]) -> str | None:
    """What is missing, the database or the table; None if both are there."""
    *of, name = parts
    database = of[0] if of else spark.catalog.currentDatabase()
    databases = [each.name for each in spark.catalog.listDatabases()]
    if database.lower() not in [each.lower() for each in databases]:
        return (
            f"input {uri}: this Spark session knows no database {database!r}, only {some(databases)}: check the name, "
            "or have Spark use your catalogue: spark.sql.catalogImplementation=hive, on EMR with the classification "
            "spark-hive-site"
        )
    known = [each.name for each in spark.catalog.listTables(database) if not each.isTemporary]
    if name.lower() in [each.lower() for each in known]:
        return None
    what = f"input {uri}: the database {database!r} has no table {name!r}"
    return (
        not_among(what, name, known, "its tables are", most=12) if known else f"{what}, nor any other: check the name"
    )
