"""Keep Spark's classes ready for the sessions of this environment: `python -m tools.prepare_java`.

A short session uses what notebooks use, and Java writes down the classes that it loaded: see
`launcher.support.class_archive`.
"""

import sys
import tempfile
from pathlib import Path

from pyspark.ml import Pipeline, PipelineModel
from pyspark.ml.classification import GBTClassifier, RandomForestClassifier
from pyspark.ml.feature import VectorAssembler
from pyspark.sql import SparkSession

from launcher.local_spark import SHORT_SESSION, build_session, find_java, stop_session
from launcher.support import class_archive
from lib.support.atomic_write import replacing_path

# Seconds that Java may take to write the archive when it ends.
_PATIENCE = 300.0
_OPTIONS = "spark.driver.extraJavaOptions"


def main() -> None:
    """Make the archive, unless there is one for this Java and this Spark."""
    archive = class_archive.archive_of(find_java())
    if archive.is_file():
        return
    for old in archive.parent.glob("*.jsa"):
        old.unlink(missing_ok=True)
    with replacing_path(archive) as part:
        options = f'{SHORT_SESSION[_OPTIONS]} -XX:ArchiveClassesAtExit="{part}"'
        spark = build_session(master="local[*]", settings={_OPTIONS: options})
        try:
            with tempfile.TemporaryDirectory() as folder:
                use(spark, Path(folder))
        finally:
            stop_session(spark, _PATIENCE)  # it writes when it ends, so before the part is given up


def use(spark: SparkSession, folder: Path) -> None:
    """Read, group, exchange with Python, fit, save and load: what the notebooks do, on a thousand rows."""
    made = spark.range(1000).selectExpr("id", "id / 7 AS x", "double(id % 2) AS label", "concat('z', id % 3) AS zone")
    for kind in ("parquet", "csv"):
        made.write.format(kind).save(str(folder / kind))
    rows = spark.read.parquet(str(folder / "parquet")).repartition(2)
    spark.read.csv(str(folder / "csv"), inferSchema=True).count()
    rows.groupBy("zone").agg({"x": "max", "label": "avg"}).sort("zone").toPandas()
    rows.mapInArrow(lambda batches: batches, rows.schema).selectExpr("sum(hash(x, zone))").collect()
    for family in (RandomForestClassifier(numTrees=2), GBTClassifier(maxIter=2)):
        pipeline = Pipeline(stages=[VectorAssembler(inputCols=["x"], outputCol="features"), family])
        place = str(folder / type(family).__name__)
        pipeline.fit(rows).save(place)
        PipelineModel.load(place).transform(rows).select("probability").collect()


if __name__ == "__main__":
    try:
        main()
    except Exception as error:  # Spark works without it
        print(f"Spark's classes are not kept ready ({error}): it starts more slowly, and works", file=sys.stderr)
