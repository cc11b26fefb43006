"""Tables of the catalogue that the Spark session has: here its own, with tables saved into a temporary folder."""

import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from lib import dataset
from lib.errors import InputError
from lib.evaluation import evaluate
from lib.reading import frames
from lib.reporting import views
from lib.scoring import scoring
from lib.scoring.inputs import raster_files
from lib.storage import Storage
from lib.support import tables
from lib.training import Settings, train
from tests.conftest import ROOT
from tests.lib.tables import make_table, write

GRID = {"GBT": {"maxDepth": [2], "maxIter": [2]}}


@pytest.fixture(scope="module")
def table():
    return make_table(400, seed=8)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("catalogue")


@pytest.fixture(scope="module")
def path(table, folder):
    return write(table, folder / "table.parquet")


@pytest.fixture(scope="module")
def geology(spark, path, table, folder):
    """A database with tables of several kinds."""
    spark.sql(f"CREATE DATABASE geology LOCATION '{folder / 'warehouse'}'")
    rows = spark.read.parquet(path)
    rows.write.saveAsTable("geology.pixels")
    rows.write.partitionBy("zone").format("orc").saveAsTable("geology.by_zone")
    rows.withColumn("f1", rows.f1.cast("float")).write.saveAsTable("geology.as_float")
    rows.drop("f0").write.saveAsTable("geology.without")
    yield "geology"
    spark.sql("DROP DATABASE geology CASCADE")


@pytest.mark.parametrize("place", ["table://geology.pixels", "table://GEOLOGY.Pixels", "table://geology.by_zone"])
def test_a_table_of_the_catalogue_is_the_table_that_was_saved_in_it(spark, path, geology, place):
    loaded, expected = dataset.load(spark, place), dataset.load(spark, path)
    assert (loaded.rows, loaded.fingerprint) == (400, expected.fingerprint)
    assert loaded.zone_col == "zone"
    assert [(each.uri, each.files, each.rows) for each in loaded.sources] == [(place, 0, 400)]
    assert f"`{place}` (400 rows in a table of the catalogue)" in views.facts(loaded)


def test_tables_of_the_catalogue_and_files_are_one_table(spark, path, table, geology):
    loaded = dataset.load(spark, ["table://geology.as_float", path, "table://geology.as_float"])
    assert loaded.features == ("f0", "f1", "f2", "f3")
    assert [(each.rows, each.repeated) for each in loaded.sources] == [(400, 0), (400, 0), (0, 1)]
    both = pd.concat([table.assign(f1=table.f1.astype("float32").astype(float)), table])
    found = loaded.frame.select("f0", "f1").toPandas().sort_values(["f0", "f1"])
    assert found.to_numpy().tolist() == both.sort_values(["f0", "f1"])[["f0", "f1"]].to_numpy().tolist()
    with pytest.raises(InputError, match=r"table://geology\.without and .*table\.parquet .*only one of them has: f0"):
        frames.read(spark, [path, "table://geology.without"])


@pytest.mark.parametrize(
    ("place", "says"),
    [
        ("table://geology.pixel", r"the database 'geology' has no table 'pixel': did you mean pixels\? its tables are"),
        ("table://geografy.pixels", r"knows no database 'geografy', only default, geology: check the name, or have"),
        ("table://geo-x.pixels", r"knows no database 'geo-x', only default, geology"),
        ("table://nowhere", r"the database 'default' has no table 'nowhere'"),
        ("table://other.geology.pixels", r"cannot read table://other\.geology\.pixels: .*; check the table, and"),
        ("table://", r"input table://: give a table of Spark's catalogue as table://database\.table"),
        ("table://geology/pixels", "give a table of Spark's catalogue as"),
        ("table://a.b.c.d", "give a table of Spark's catalogue as"),
    ],
)
def test_what_is_not_there_is_said_in_one_sentence(spark, geology, place, says):
    with pytest.raises(InputError, match=says) as caught:
        dataset.read(spark, place)
    assert "\n" not in str(caught.value)


def test_a_table_that_cannot_be_read_is_named(spark, geology, folder):
    spark.range(3).coalesce(1).write.saveAsTable("geology.damaged")
    for file in Path(folder, "warehouse", "damaged").glob("*"):
        file.write_text("no table at all, but long enough for one")
    for crc in Path(folder, "warehouse", "damaged").glob(".*.crc"):
        crc.unlink()
    with pytest.raises(InputError, match=r"cannot read table://geology\.damaged: .*; check the table, and"):
        dataset.read(spark, "table://geology.damaged")


def test_it_is_trained_on_tested_on_and_scored(spark, geology, path, tmp_path):
    out, place = str(tmp_path), "table://geology.pixels"
    trained = train(spark, Settings(place, grid=GRID, engine="task"), out, "20260102_030405")
    assert evaluate(spark, trained.folder, out).metrics["measured_on"]["verified"]
    other = evaluate(spark, trained.folder, out, run_id="20260102_030406", test_data=place, seen="keep")
    assert other.metrics["measured_on"]["rows"] == "held-out"  # the training table, wherever it is read from
    same = evaluate(spark, trained.folder, out, run_id="20260102_030407", test_data=path)
    assert same.metrics["confusion_matrix"] == other.metrics["confusion_matrix"]
    scored = scoring.score(spark, trained.folder, "table://geology.by_zone", out)
    assert scored.record["rows"] == 400


def test_a_table_is_no_raster_whatever_its_name(spark):
    assert raster_files(Storage(spark), ["table://geology.img"]) == []
    assert not tables.is_raster("table://geology.dat")


IN_HIVE = """
import sys
from launcher.local_spark import build_session, stop_session
from lib import dataset
from lib.errors import InputError

path, folder = sys.argv[1:]
spark = build_session("local[1]", {
    "spark.sql.catalogImplementation": "hive",
    "spark.sql.warehouse.dir": f"{folder}/warehouse",
    "spark.hadoop.javax.jdo.option.ConnectionURL": f"jdbc:derby:;databaseName={folder}/metastore;create=true",
    "spark.driver.extraJavaOptions": f"-XX:TieredStopAtLevel=1 -Dderby.system.home={folder}",
})
spark.sql("CREATE DATABASE geology")
spark.read.parquet(path).createOrReplaceTempView("rows")
spark.sql("CREATE TABLE geology.pixels STORED AS PARQUET AS SELECT * FROM rows")
spark.sql("CREATE TABLE geology.as_text ROW FORMAT DELIMITED FIELDS TERMINATED BY ';' AS SELECT * FROM rows")
for place in ("table://geology.pixels", "table://geology.as_text", path):
    print(dataset.load(spark, place).fingerprint)
try:
    dataset.load(spark, "table://geology.pixel")
except InputError as error:
    print(error)
stop_session(spark)
"""


@pytest.mark.timeout(600)
def test_tables_of_a_hive_metastore_are_read(path, tmp_path):
    """As Glue's are on EMR; here Derby, which comes with PySpark, keeps the metastore. It needs a JVM of its own."""
    run = subprocess.run([sys.executable, "-c", IN_HIVE, path, str(tmp_path)], capture_output=True, text=True, cwd=ROOT)
    assert run.returncode == 0, run.stderr[-2000:]
    *fingerprints, refused = run.stdout.splitlines()
    assert len(set(fingerprints)) == 1
    assert "the database 'geology' has no table 'pixel': did you mean pixels?" in refused
