from pathlib import Path

import numpy as np
import pandas as pd
import rasterio

from data import make_tile
from lib.rasters.tiles import open_tile
from lib.rasters.windows import read, windows

TILE = Path(__file__).resolve().parents[2] / "data" / "sample_tile.tif"


def test_the_generator_makes_the_committed_raster(tmp_path):
    make_tile.write(make_tile.make(), tmp_path / "again.tif")
    with rasterio.open(tmp_path / "again.tif") as again, rasterio.open(TILE) as committed:
        assert np.array_equal(again.read(), committed.read())
        assert again.profile == committed.profile
        assert again.descriptions == committed.descriptions


def test_its_bands_are_the_features_of_the_table_and_have_such_values(sample):
    table = pd.read_parquet(sample).drop(columns=["label", "zone"])
    tile = open_tile(str(TILE), list(table.columns))
    [window] = windows(tile)
    values, valid = read(tile, window)
    assert 0.97 < valid.mean() < 1
    # Half of its values are among the middle nine tenths of the table's.
    low, high = table.quantile(0.05).to_numpy(), table.quantile(0.95).to_numpy()
    assert (((values > low) & (values < high)).mean(axis=0) > 0.5).all()
