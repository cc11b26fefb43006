import hashlib
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from pandas.testing import assert_frame_equal
from sklearn.ensemble import RandomForestClassifier
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import train_test_split

from data import make_sample


@pytest.fixture(scope="module")
def table(sample):
    return pd.read_parquet(sample)


@pytest.fixture(scope="module")
def features(table):
    return [name for name in table if name not in ("label", "zone")]


def test_the_generator_makes_the_committed_table_and_the_same_file_twice(table, tmp_path, sample):
    made = make_sample.make()
    assert_frame_equal(made, table, check_exact=True)
    prints = set()
    for name in ("a.parquet", "b.parquet"):
        make_sample.write(made, tmp_path / name)
        prints.add(hashlib.sha256((tmp_path / name).read_bytes()).hexdigest())
    assert len(prints) == 1
    assert Path(sample).stat().st_size < 1_500_000


def test_another_seed_makes_another_table(table):
    assert not make_sample.make(seed=1)["B02_med"].equals(table["B02_med"])


def test_the_table_is_as_its_readme_says(table, features):
    assert len(table) == 8008
    assert features == [
        *("B02_med", "B03_med", "B04_med", "B05_med", "B06_med", "B07_med", "B08_med", "B8A_med", "B11_med", "B12_med"),
        *("NDVI_med", "MNDWI_med", "BSI_med", "IOR_med", "CMR_med"),
    ]
    assert 0.22 < table["label"].mean() < 0.24
    assert table["zone"].value_counts().to_dict() == {name: zone[0] for name, zone in make_sample.ZONES.items()}
    assert not table.isna().any(axis=None)
    assert not table.duplicated(features).any()
    bands = table[features[:10]]
    assert bands.min(axis=None) > 0
    assert bands.max(axis=None) < 1


def test_the_indices_are_those_of_the_bands(table):
    nir, red, swir1, swir2 = (table[name] for name in ("B08_med", "B04_med", "B11_med", "B12_med"))
    np.testing.assert_allclose(table["NDVI_med"], (nir - red) / (nir + red), atol=5.1e-5)
    np.testing.assert_allclose(table["CMR_med"], swir1 / swir2, atol=5.1e-5)


def test_features_correlate_as_real_ones_do(table, features):
    found = table[features].corr()
    assert found.loc["B08_med", "B8A_med"] > 0.9  # neighbours in the near infrared
    assert found.loc["B02_med", "B03_med"] > 0.9  # and in the visible
    assert found.loc["NDVI_med", "BSI_med"] < -0.7  # plants cover soil
    assert abs(found.loc["B02_med", "B08_med"]) < 0.6  # blue tells little of the near infrared


def test_it_is_as_hard_as_it_should_be_and_harder_across_zones(table, features):
    def area(train, test):
        model = RandomForestClassifier(50, min_samples_leaf=4, random_state=0).fit(train[features], train["label"])
        return roc_auc_score(test["label"], model.predict_proba(test[features])[:, 1])

    def held_out(seed):
        return area(*train_test_split(table, test_size=0.15, stratify=table["label"], random_state=seed))

    by_rows = np.mean([held_out(seed) for seed in range(4)])
    assert 0.85 < by_rows < 0.89
    zones = table["zone"].unique()
    by_zones = np.mean([area(table[table.zone != zone], table[table.zone == zone]) for zone in zones])
    assert by_zones < by_rows - 0.02
