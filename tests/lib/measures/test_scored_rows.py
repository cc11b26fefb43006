"""scores.parquet: each row with its hash, and of many rows the same ones for every model."""

import numpy as np
import pandas as pd
import pytest
from pyspark.sql import functions as F

from launcher.leaderboard.comparison import compare
from launcher.leaderboard.evaluations import read
from launcher.leaderboard.finding import RunsBelow
from lib import dataset
from lib.evaluation import evaluate
from lib.measures import scored_rows
from lib.training import Settings, train
from tests.lib.tables import make_table, write

FEATURES = ["f0", "f1", "f2", "f3"]
RUNS = {"20260101_000000": 1, "20260102_000000": 8}  # and the trees that each grows
MOST = 60


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    """A table in which some rows repeat others, and some lack a value."""
    table = make_table(600, seed=5, zones=4)
    table = pd.concat([table, table[:60]], ignore_index=True)
    table.loc[::7, "f1"] = np.nan
    return write(table, tmp_path_factory.mktemp("table") / "table.parquet")


@pytest.fixture(scope="module")
def out(spark, path, tmp_path_factory):
    """Two models of the same table, evaluated on the same rows."""
    place = str(tmp_path_factory.mktemp("runs"))
    for run_id, trees in RUNS.items():
        grid = {"GBT": {"maxDepth": [3], "maxIter": [trees]}}
        settings = Settings(path, grid=grid, engine="task", missing="median", seed=11)
        trained = train(spark, settings, place, run_id)
        evaluate(spark, trained.folder, place)
    return place


def kept(evaluation):
    return pd.read_parquet(f"{evaluation}/scores.parquet")


def hashes(spark, path):
    """By row of the table, the hash of its features as they are given."""
    frame = spark.read.parquet(path)
    columns = [F.col(name).cast("double").alias(name) for name in FEATURES]
    return frame.select(*columns).select(dataset.row_hash(FEATURES).alias("row_hash")).toPandas()["row_hash"]


def test_each_row_has_the_hash_of_its_features_as_they_are_given(spark, path, out):
    rows = kept(f"{out}/results/eval_20260101_000000")
    of_table = hashes(spark, path)
    assert set(rows.row_hash) <= set(of_table)
    whole_groups = of_table[of_table.isin(set(rows.row_hash))].value_counts()
    assert rows.row_hash.value_counts().to_dict() == whole_groups.to_dict()
    assert whole_groups.max() > 1
    assert rows.groupby("row_hash").score.nunique().max() == 1


def test_the_record_says_what_the_table_has(out):
    evaluation = read("20260101_000000", RunsBelow(out))
    described = evaluation.metrics["scored_rows"]
    rows = kept(evaluation.folder)
    assert described["rows"] == described["kept"] == len(rows) == evaluation.metrics["measured_on"]["count"]
    columns = {name for name in described["columns"].values() if name}
    assert columns == {"row_hash", "label", "score", "calibrated", "class", "zone"} == set(rows.columns)


def test_two_runs_of_a_table_are_compared(out):
    compared = compare(*(read(run_id, RunsBelow(out)) for run_id in RUNS))
    assert compared.pairs.rows == compared.a.metrics["measured_on"]["count"]
    by_name = {figure.name: figure for figure in compared.figures}
    for name in ("areaUnderROC", "areaUnderPR", "accuracy", "f1", "brier"):
        assert by_name[name].a == pytest.approx(compared.a.metrics[name], abs=1e-9)
        assert by_name[name].b == pytest.approx(compared.b.metrics[name], abs=1e-9)
    assert compared.differing["winner.maxIter"] == ("1", "8")


def test_another_table_is_compared_as_well(spark, out, tmp_path):
    """Filled with each model's own medians; the hashes are of what was given."""
    other = make_table(300, seed=77, zones=4)
    other.loc[::5, "f2"] = np.nan
    place = write(other, tmp_path / "other.parquet")
    folders = [f"{tmp_path}/of_{run_id}" for run_id in RUNS]
    for run_id, folder in zip(RUNS, folders, strict=True):
        evaluate(spark, f"{out}/models/model_{run_id}", folder=folder, test_data=place)
    compared = compare(*(read(folder, RunsBelow(out)) for folder in folders))
    assert compared.pairs.rows == 300
    assert set(kept(folders[0]).row_hash) == set(hashes(spark, place))


def test_of_many_rows_a_sample_is_kept_that_is_the_same_for_every_model(spark, out, tmp_path, monkeypatch):
    monkeypatch.setattr(scored_rows, "MOST_ROWS", MOST)
    folders = [f"{tmp_path}/of_{run_id}" for run_id in RUNS]
    for run_id, folder in zip(RUNS, folders, strict=True):
        evaluate(spark, f"{out}/models/model_{run_id}", folder=folder)
    before = kept(f"{out}/results/eval_20260101_000000")
    samples = [kept(folder) for folder in folders]
    of_a, of_b = (rows.row_hash.value_counts().to_dict() for rows in samples)
    assert of_a == of_b
    assert 0.5 * MOST < len(samples[0]) < 1.6 * MOST < len(before)
    assert of_a == before.row_hash[before.row_hash.isin(of_a)].value_counts().to_dict()
    evaluation = read(folders[0], RunsBelow(out))
    described = evaluation.metrics["scored_rows"]
    assert (described["rows"], described["kept"]) == (len(before), len(samples[0]))
    assert evaluation.metrics["areaUnderROC"] == read("20260101_000000", RunsBelow(out)).metrics["areaUnderROC"]
    assert "a sample" in " ".join(compare(*(read(folder, RunsBelow(out)) for folder in folders)).pairs.notes)


@pytest.mark.parametrize("partitions", [1, 7])
def test_the_sample_does_not_depend_on_partitions(spark, partitions):
    frame = spark.range(20_000).select(F.col("id").cast("double").alias("a"))
    hashed = frame.select("a", dataset.row_hash(["a"]).alias(scored_rows.FEATURES_COL))
    rows = scored_rows.sampled(hashed.repartition(partitions), 2_000_000)
    expected = scored_rows.sampled(hashed, 2_000_000)
    found = sorted(row.a for row in rows.collect())
    assert found == sorted(row.a for row in expected.collect())
    assert len(found) == pytest.approx(2_000, rel=0.1)


def test_fewer_rows_are_all_kept(spark):
    frame = spark.range(5)
    assert scored_rows.sampled(frame, scored_rows.MOST_ROWS) is frame
