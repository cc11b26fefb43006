import pytest
from pyspark.ml import PipelineModel
from pyspark.ml.classification import RandomForestClassifier
from pyspark.ml.feature import VectorAssembler

from lib.scoring import load_pipeline

SETTINGS = ("spark.sql.files.maxPartitionBytes", "spark.sql.files.openCostInBytes")


def test_it_loads_what_spark_loads_and_leaves_its_settings_alone(spark, tmp_path):
    rows = spark.range(200).selectExpr("cast(id as double) x", "cast(id % 7 as double) y", "id % 2 as label")
    assembler = VectorAssembler(inputCols=["x", "y"], outputCol="features")
    forest = RandomForestClassifier(numTrees=5, seed=1).fit(assembler.transform(rows))
    path = str(tmp_path / "model")
    PipelineModel([assembler, forest]).save(path)
    before = [spark.conf.get(name) for name in SETTINGS]
    loaded = load_pipeline(spark, path)
    assert loaded.stages[-1].toDebugString == forest.toDebugString
    assert [spark.conf.get(name) for name in SETTINGS] == before


def test_the_settings_are_restored_when_there_is_no_model(spark, tmp_path):
    (tmp_path / "empty").mkdir()
    before = [spark.conf.get(name) for name in SETTINGS]
    with pytest.raises(Exception, match=r"metadata|empty"):
        load_pipeline(spark, str(tmp_path / "empty"))
    assert [spark.conf.get(name) for name in SETTINGS] == before
