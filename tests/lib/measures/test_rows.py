"""Which rows of a table are measured, and what is kept of the rows that a model was trained on."""

import io
import json
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyspark.sql import functions as F
from scipy.spatial import cKDTree

from lib import dataset
from lib.errors import InputError
from lib.evaluation import evaluate
from lib.measures import distances, reference
from lib.measures.rows import DROP, KEEP, rows_to_measure
from lib.split import HASH_COL, TEST, TRAIN, VAL, split
from lib.storage import Storage
from lib.support.blocks import BLOCK_COL
from lib.training import Settings, train
from tests.lib.tables import make_table, write

FEATURES = ["features_hash", "f1", "f2", "f3"]  # a feature may be named as any column of ours that has no leading __
GRID = {"GBT": {"maxDepth": [2], "maxIter": [2]}}


def placed(rows=400, seed=0):
    """A table with coordinates in metres, and a feature with a name that our files use, too."""
    rng = np.random.default_rng(seed)
    table = make_table(rows, seed=seed).rename(columns={"f0": "features_hash"})
    return table.assign(x=rng.uniform(0, 4_000, rows), y=rng.uniform(0, 2_000, rows))


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    return tmp_path_factory.mktemp("rows")


@pytest.fixture(scope="module")
def trained(spark, place):
    """A model of a table with blocks of 1 × 1 km for zones."""
    settings = Settings(
        write(placed(), place / "table.parquet"), grid=GRID, engine="task", block_cols=["x", "y"], block_size=1_000
    )
    return train(spark, settings, str(place / "out"))


@pytest.fixture(scope="module")
def parts(trained):
    """The table's rows as pandas has them, by part of the split."""
    columns = [*FEATURES, "label", "x", "y", BLOCK_COL]
    return {name: trained.parts.rows(name).select(*columns).toPandas() for name in (TRAIN, VAL, TEST)}


@pytest.fixture(scope="module")
def seen(parts):
    return pd.concat([parts[TRAIN], parts[VAL]], ignore_index=True).drop(columns=BLOCK_COL)


@pytest.fixture
def measured(spark, trained, tmp_path):
    """Measure rows of tables, written to files."""

    def measure(*tables, seen=DROP, fraction=1.0, model=None):
        paths = [write(table, tmp_path / f"{number}.parquet") for number, table in enumerate(tables)]
        folder = model or trained.folder
        experiment = json.loads(Path(folder, "experiment.json").read_text())
        return rows_to_measure(spark, folder, experiment, paths or None, fraction, seen)

    return measure


def values(frame):
    return sorted(map(tuple, frame.select(*FEATURES, "label").toPandas().to_numpy().tolist()))


def tuples(table):
    return sorted(map(tuple, table[[*FEATURES, "label"]].to_numpy(float).tolist()))


def new_rows(rows=120, seed=5):
    return placed(rows, seed=seed).drop(columns="zone")


def test_rows_that_the_model_has_seen_are_counted_and_left_out_or_kept(measured, seen):
    other = new_rows()
    known = seen.sample(50, random_state=1)
    known.iloc[:20, known.columns.get_loc("label")] = 1 - known.label[:20]  # seen, whatever the label says there
    mixed = pd.concat([other, known]).sample(frac=1, random_state=2)
    # In two files, in another order of rows and columns, with a column that the model does not know.
    files = [mixed[:70].assign(extra="text"), mixed[70:].assign(extra="more")[[*mixed.columns[::-1], "extra"]]]
    found = measured(*files)
    assert found.record["seen"] == 50
    assert (found.record["seen_rows"], found.record["count"], found.record["verified"]) == (DROP, 120, False)
    assert found.record["positives"] == int(other.label.sum())
    assert values(found.frame) == tuples(other)
    kept = measured(*files, seen=KEEP)
    assert (kept.record["seen"], kept.record["seen_rows"], kept.record["count"]) == (50, KEEP, 170)
    assert values(kept.frame) == tuples(mixed)
    assert kept.record["fingerprint"] != found.record["fingerprint"]


def test_held_out_rows_in_another_table_are_new_to_the_model(measured, parts):
    other = pd.concat([new_rows(), parts[TEST].drop(columns=BLOCK_COL)])
    found = measured(other)
    assert (found.record["seen"], found.record["count"]) == (0, len(other))


def test_all_rows_seen_is_said_with_what_to_do(measured, seen):
    with pytest.raises(InputError) as refused:
        measured(seen[:100])
    assert str(refused.value) == (
        "100 rows of the test data stood in training or validation and are left out; the 0 other rows are not of both "
        "classes: give another table, or measure all rows with seen: keep"
    )
    assert measured(seen[:100], seen=KEEP).record["count"] == 100
    with pytest.raises(InputError, match="seen='ignore': choose drop or keep"):
        measured(seen[:100], seen="ignore")


def test_a_model_of_an_earlier_version_does_not_know_what_it_has_seen(measured, trained, seen, tmp_path):
    older = tmp_path / "older" / Path(trained.folder).name
    shutil.copytree(trained.folder, older)
    shutil.rmtree(older / "seen_rows.parquet")
    found = measured(seen[:100], model=str(older))
    assert (found.record["seen"], found.record["count"]) == (None, 100)


def test_rows_that_repeat_others_are_told(measured):
    other = new_rows()
    found = measured(pd.concat([other, other[:30], other[:30]]))
    assert (found.record["count"], found.record["distinct"]) == (180, 120)


def test_a_share_of_the_rows_is_the_same_in_any_order_and_does_not_depend_on_the_split(measured, seen, parts):
    held_out = parts[TEST].drop(columns=BLOCK_COL)
    other = pd.concat([new_rows(600), seen[:200], held_out])
    found = measured(other, fraction=0.5)
    again = measured(other.sample(frac=1, random_state=3), fraction=0.5)
    assert found.record == {**again.record, "inputs": found.record["inputs"]}
    rows = set(values(found.frame))
    assert found.record["seen"] == pytest.approx(100, abs=40)
    assert not rows & set(tuples(seen))
    assert len(rows & set(tuples(held_out))) == pytest.approx(len(held_out) / 2, abs=2.5 * len(held_out) ** 0.5)
    assert found.record["count"] == pytest.approx((600 + len(held_out)) / 2, abs=75)


def test_a_table_with_one_of_two_coordinates_has_none(measured, seen):
    other = pd.concat([new_rows(), seen[:40]])
    for columns in (["y"], ["x", "y"]):
        found = measured(other.drop(columns=columns))
        assert found.table.features == tuple(FEATURES)
        assert found.table.zone_col is None
        assert (found.record["seen"], found.record["count"]) == (40, 120)


def test_blocks_are_the_zones_of_the_training_table_and_of_another(measured, parts):
    found = measured()
    assert (found.record["rows"], found.record["count"]) == ("held-out", len(parts[TEST]))
    zones = parts[TEST][BLOCK_COL].unique()
    known = set(parts[TRAIN][BLOCK_COL]) | set(parts[VAL][BLOCK_COL])
    assert found.record["zones"] == len(zones)
    assert found.record["new_zones"] == len(set(zones) - known)
    blocks = measured(new_rows(1_600)).frame.select(BLOCK_COL, "x", "y").toPandas()
    corners = [f"{int(x // 1000) * 1000}_{int(y // 1000) * 1000}" for x, y in zip(blocks.x, blocks.y, strict=True)]
    assert blocks[BLOCK_COL].tolist() == corners


def test_the_training_table_without_coordinates_still_has_its_held_out_rows(measured, parts):
    bare = pd.concat(parts.values()).drop(columns=[BLOCK_COL, "x", "y"])
    found = measured(bare)
    assert (found.record["rows"], found.record["count"]) == ("held-out", len(parts[TEST]))
    assert "zones" not in found.record
    assert found.distances is None
    assert values(found.frame) == tuples(parts[TEST])


def test_how_far_held_out_rows_lie_is_what_scipy_finds(measured, parts):
    train = pd.concat([parts[TRAIN], parts[VAL]])[["x", "y"]]
    nearest, _ = cKDTree(train).query(parts[TEST][["x", "y"]])
    expected = {f"{q:g}": np.quantile(nearest, q) for q in distances.QUANTILES}
    assert measured().distances == pytest.approx(expected, rel=1e-12)


def test_how_far_rows_of_another_table_lie_from_all_training_rows(measured, parts):
    train = pd.concat([parts[TRAIN], parts[VAL]])[["x", "y"]]
    other = new_rows(80)
    nearest, _ = cKDTree(train).query(other[["x", "y"]])
    expected = {f"{q:g}": np.quantile(nearest, q) for q in distances.QUANTILES}
    assert measured(other).distances == pytest.approx(expected, rel=1e-12)


def test_distances_of_a_model_without_places_are_not_known(trained, place, spark, measured):
    old = place / "old"
    shutil.copytree(trained.folder, old)
    seen = pd.read_parquet(old / "seen_rows.parquet").drop(columns=list(reference.PLACE_COLS))
    shutil.rmtree(old / "seen_rows.parquet")
    seen.to_parquet(old / "seen_rows.parquet")
    assert reference.places(spark, str(old)) is None
    assert reference.places(spark, str(place / "none")) is None


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 10**6), st.integers(1, 60), st.integers(1, 60), st.integers(1, 9))
def test_the_nearest_of_any_points(spark, seed, rows, others, partitions):
    rng = np.random.default_rng(seed)
    points, training = rng.normal(size=(rows, 2)) * 1e4, rng.normal(size=(others, 2)) * 1e4
    training[0] = points[0]  # a copy is at distance 0
    frame = spark.createDataFrame(points.tolist(), ["x", "y"]).withColumn(HASH_COL, F.lit(0))
    known = spark.createDataFrame(training.tolist(), ["x", "y"]).repartition(partitions)
    found = distances.to_training_rows(frame, known, ["x", "y"])
    assert found["0"] == 0
    nearest = cKDTree(training).query(points)[0]
    assert found == pytest.approx({f"{q:g}": np.quantile(nearest, q) for q in distances.QUANTILES}, rel=1e-12)


def test_the_whole_evaluation_knows_the_distances_and_the_zones(spark, trained, place):
    metrics = evaluate(spark, trained.folder, str(place / "whole")).metrics
    assert set(metrics["nearest_training_row"]) == {"0", "0.25", "0.5", "0.75", "0.95", "1"}
    assert metrics["measured_on"]["zones"] == len(metrics["zones"])
    other = write(new_rows().drop(columns=["x"]), place / "no x.parquet")
    metrics = evaluate(spark, trained.folder, str(place / "other"), test_data=other).metrics
    assert "nearest_training_row" not in metrics
    assert "zones" not in metrics
    assert {record["feature"] for record in metrics["drift"]["features"]} == set(FEATURES)


def test_blocks_are_held_out_and_chosen_by_as_zones_are(spark, place, tmp_path):
    grid = {"GBT": {"maxIter": [2, 3], "maxDepth": [2]}}
    blocks = {"block_cols": ["x", "y"], "block_size": 1_000, "split_by": "zone", "select_by": "zones"}
    table = write(placed(), place / "table.parquet")
    model = train(spark, Settings(table, grid=grid, engine="task", **blocks), str(tmp_path / "out")).folder
    metrics = evaluate(spark, model, str(tmp_path / "out")).metrics
    assert metrics["measured_on"]["new_zones"] == metrics["measured_on"]["zones"] == len(metrics["zones"])
    left_out = {zone["zone"] for zone in metrics["leave_one_zone_out"]["zones"]}
    assert {zone["zone"] for zone in metrics["zones"]} < left_out
    assert metrics["nearest_training_row"]["0.5"] > 0
    found = [json.loads(line) for line in Path(model, "metrics/search.jsonl").read_text().splitlines()]
    assert all(record["zones"] for record in found)


def experiment_of(table, parts):
    """What experiment.json says of a table and its split, as far as it is looked at here."""
    data = {
        "inputs": list(table.inputs),
        "rows": table.rows,
        "features": list(table.features),
        "label_col": table.label_col,
        "zone_col": table.zone_col,
        "coordinates": list(table.coordinates),
        "class_counts": table.class_counts,
        "fingerprint": table.fingerprint,
    }
    return {"data": data, "split": parts.record(), "parameters": {"missing": "error"}}


def test_each_row_a_zone_of_its_own(spark, tmp_path):
    table = make_table(200).assign(zone=[f"z{n}" for n in range(200)])
    path = write(table, tmp_path / "t.parquet")
    loaded = dataset.load(spark, path)
    cut = split(loaded)
    found = rows_to_measure(spark, str(tmp_path), experiment_of(loaded, cut), None, 1.0, DROP)
    assert found.record["zones"] == found.record["new_zones"] == found.record["count"] == cut.parts[TEST]["rows"]


def test_a_split_by_zone_needs_its_zones(spark, tmp_path):
    table = make_table(400)
    loaded = dataset.load(spark, write(table, tmp_path / "t.parquet"))
    cut = split(loaded, split_by="zone")
    experiment = experiment_of(loaded, cut)
    found = rows_to_measure(spark, str(tmp_path), experiment, None, 1.0, DROP)
    assert (found.record["zones"], found.record["new_zones"]) == (len(cut.zones[TEST]),) * 2
    bare = write(table.drop(columns="zone"), tmp_path / "bare.parquet")
    with pytest.raises(InputError, match=r"bare.parquet has the rows .* held out: add the column\(s\) zone, or"):
        rows_to_measure(spark, str(tmp_path), experiment, bare, 1.0, DROP)


def test_the_sample_of_training_rows_is_in_the_file_with_their_zones(spark, trained, seen, parts):
    kept = pd.read_parquet(io.BytesIO(Path(trained.folder, "reference.parquet").read_bytes()))
    assert list(kept.columns) == [*FEATURES, BLOCK_COL]
    expected = pd.concat([parts[TRAIN], parts[VAL]])[[*FEATURES, BLOCK_COL]]
    assert sorted(map(tuple, kept.to_numpy().tolist())) == sorted(map(tuple, expected.to_numpy().tolist()))
    known = reference.read(Storage(spark), trained.folder, FEATURES, BLOCK_COL)
    assert known.values.tolist() == kept[FEATURES].to_numpy().tolist()
    assert known.zones.tolist() == kept[BLOCK_COL].tolist()
    assert reference.read(Storage(spark), str(Path(trained.folder).parent), FEATURES, BLOCK_COL) is None
    hashes = spark.read.parquet(trained.folder + "/seen_rows.parquet").toPandas()
    assert len(hashes) == len(seen)


def test_a_sample_has_at_most_so_many_rows_the_same_in_any_order_and_partitions(spark, tmp_path, monkeypatch):
    monkeypatch.setattr(reference, "MOST_ROWS", 100)
    table = make_table(700)
    table = pd.concat([table, table[:50]])
    samples = []
    for number, order in enumerate((table, table.sample(frac=1, random_state=1), table[::-1])):
        loaded = dataset.load(spark, write(order, tmp_path / f"{number}.parquet"))
        rows = split(loaded).rows(TRAIN, VAL).repartition(number + 1)
        samples.append(reference.sample(rows, [*loaded.features, "zone"]))
    assert len(samples[0]) == 100
    assert samples[0].equals(samples[1])
    assert samples[0].equals(samples[2])
    hashed = rows.select(HASH_COL, *loaded.features).toPandas().sort_values(HASH_COL)
    assert sorted(samples[0].f0) == sorted(hashed.f0[:100])


@pytest.mark.parametrize("features", [1, 15, 104, 105, 1_000, 100_000])
def test_a_sample_stays_below_16_megabytes(features):
    rows = reference.most_rows(features)
    assert 1 <= rows <= 20_000
    assert rows * features * 8 <= 16 * 2**20
    assert rows == 20_000 or (rows + 1) * features * 8 > 16 * 2**20
