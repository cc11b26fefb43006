"""What the exploration says of a table, against pandas."""

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

from lib import dataset, explore
from lib.measures import suspects
from lib.reporting import views
from tests.lib.tables import make_table, write


@pytest.fixture
def pixels():
    table = make_table(rows=400, features=3)
    return table.assign(f2=table.f2.where(table.index > 9), word="x")


@pytest.fixture
def loaded(spark, tmp_path):
    return dataset.load(spark, write(make_table(rows=400, features=3), tmp_path / "t.parquet"))


def test_columns_are_described_before_anything_is_checked(spark, pixels, tmp_path):
    pixels.loc[20, "f0"] = np.inf
    raw = dataset.read(spark, [write(pixels, tmp_path / "t.parquet")])
    described = {r["column"]: r for r in explore.describe_columns(raw, "label", "zone", ["f1"])}
    assert {name: r["role"] for name, r in described.items()} == {
        "f0": "feature", "f1": "excluded", "f2": "feature", "label": "label", "zone": "zone", "word": "text"
    }  # fmt: skip
    assert {name: r["missing"] for name, r in described.items() if r["missing"]} == {"f0": 1, "f2": 10}
    finite = pixels.f2.dropna()
    assert (described["f2"]["min"], described["f2"]["max"]) == (finite.min(), finite.max())
    assert described["f2"]["median"] == pytest.approx(finite.median(), abs=0.02)
    assert described["word"]["median"] is None
    shown = views.columns(list(described.values()))
    assert "| `f2` | feature | double | 10 (2.5%) |" in shown
    assert "| `word` | text | string | 0 |  |  |  |" in shown


def test_a_number_that_learning_refuses_for_its_name_is_no_feature(spark):
    raw = spark.createDataFrame([(1.0, 2.0, 3.0, 1)], ["f0", "B02.med", "prediction", "label"])
    roles = {r["column"]: r["role"] for r in explore.describe_columns(raw, "label")}
    assert roles == {"f0": "feature", "B02.med": "reserved", "prediction": "reserved", "label": "label"}


def test_class_balance_is_by_zone_or_of_all_rows(spark, tmp_path):
    table = make_table(rows=400)
    with_zones = dataset.load(spark, write(table, tmp_path / "zones.parquet"))
    expected = table.groupby("zone").label.agg(rows="count", positives="sum").reset_index()
    assert explore.class_balance(with_zones) == expected.to_dict("records")
    assert "| **all zones** | 400 | 100 | 25.0% |" in views.balance(explore.class_balance(with_zones))
    without = dataset.load(spark, write(table.drop(columns="zone"), tmp_path / "none.parquet"))
    assert explore.class_balance(without) == [{"zone": None, "rows": 400, "positives": 100}]
    assert "| all rows | 400 | 100 | 25.0% |" in views.balance(explore.class_balance(without))


def test_repeated_rows_are_counted_and_contradictions_too(spark, tmp_path):
    table = make_table(rows=200).drop(columns="zone")
    again = pd.concat([table.head(7), table.head(2)])  # 9 copies more
    turned = table.tail(3).assign(label=lambda t: 1 - t.label)
    frame = dataset.load(spark, write(pd.concat([table, again, turned]), tmp_path / "t.parquet"))
    assert explore.repeated_rows(frame) == {"identical": 9, "contradictory": 6}


def test_the_sample_is_the_same_rows_in_any_order_of_the_file(spark, loaded, tmp_path):
    shuffled = make_table(rows=400, features=3).sample(frac=1, random_state=1)
    other = dataset.load(spark, write(shuffled, tmp_path / "shuffled.parquet"))
    pd.testing.assert_frame_equal(explore.sample(loaded, 50), explore.sample(other, 50))
    assert len(explore.sample(loaded)) == 400


def test_histograms_count_every_row_once(loaded):
    rows = explore.sample(loaded).assign(constant=7.0)
    found = explore.histograms(rows, [*loaded.features, "constant"], "label")
    for histogram in found.values():
        assert sum(histogram["0"]) == loaded.class_counts["0"]
        assert sum(histogram["1"]) == loaded.class_counts["1"]
        assert len(histogram["edges"]) == len(histogram["0"]) + 1


def test_separation_ranks_features_and_tells_the_direction(loaded):
    rows = explore.sample(loaded).assign(turned=lambda t: -t.f2, known=lambda t: t.label)
    found = explore.separation(rows, ["f0", "f2", "turned", "known"], "label")
    assert [record["feature"] for record in found] == ["known", "f2", "turned", "f0"]
    assert found[0]["area"] == 1.0
    assert found[1]["area"] == pytest.approx(found[2]["area"])
    assert [record["direction"] for record in found[1:3]] == ["higher", "lower"]
    assert explore.best_first(found) == ["known", "f2", "turned", "f0"]


def test_closest_pairs_go_by_strength_whatever_the_sign(loaded):
    rows = explore.sample(loaded).assign(turned=lambda t: -t.f2, constant=7.0)
    features = ["f0", "f2", "turned", "constant"]
    pairs = explore.closest_pairs(features, explore.correlations(rows, features), top=2)
    assert (pairs[0]["feature"], pairs[0]["other"]) == ("turned", "f2")
    assert pairs[0]["correlation"] == pytest.approx(-1)
    assert {"constant"}.isdisjoint({pairs[1]["feature"], pairs[1]["other"]})
    assert "−1.000" in views.pairs(pairs)


def test_what_is_missing_is_left_out(spark, tmp_path):
    """In a table whose missing values training is going to fill."""
    table = make_table(rows=400, features=3).assign(none_here=np.nan)
    table.loc[0, "none_here"] = 1.0
    table.loc[5:90, "f1"] = np.nan
    table.loc[7, "f2"] = np.inf
    loaded = dataset.load(spark, write(table, tmp_path / "t.parquet"), missing="median")
    rows = explore.sample(loaded)
    usable = table[table.f1.notna()]
    found = explore.histograms(rows, loaded.features, "label")
    assert [sum(found["f1"][c]) for c in "01"] == usable.label.value_counts().sort_index().tolist()
    assert explore.histograms(rows[rows.none_here.isna()], ["none_here"], "label")["none_here"] == {
        "edges": [-0.5, 0.5], "0": [0], "1": [0]
    }  # fmt: skip
    separation = {record["feature"]: record["area"] for record in explore.separation(rows, loaded.features, "label")}
    area = roc_auc_score(usable.label, usable.f1)
    assert separation["f1"] == pytest.approx(max(area, 1 - area))
    assert separation["none_here"] == 0.5
    matrix = explore.correlations(rows, loaded.features)
    assert matrix[0][1] == pytest.approx(usable.f0.corr(usable.f1))
    assert suspects.find(rows, loaded.features, "label") == []
    assert explore.repeated_rows(loaded) == {"identical": 0, "contradictory": 0}
