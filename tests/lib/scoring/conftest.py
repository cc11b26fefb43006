"""A model to score with, and a folder for what comes of it."""

import pytest

from lib.training import Settings, train
from tests.lib.tables import make_table, write

FEATURES = ["f0", "f1", "f2", "f3"]
GRID = {"RandomForest": {"numTrees": [12], "maxDepth": [5], "maxBins": [32]}}


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    return tmp_path_factory.mktemp("scoring")


@pytest.fixture(scope="module")
def trained(spark, place):
    path = write(make_table(900, seed=4), place / "table.parquet")
    return train(spark, Settings(path, grid=GRID, engine="task", threshold="f1"), str(place / "out"))
