"""Maps by the command line: a whole run, and one that was killed and goes on."""

import numpy as np
import pytest
import rasterio

from lib.scoring import scoring
from lib.training import Settings, train
from tests.lib.rasters.make import raster
from tests.lib.tables import make_table, write
from tests.test_experiment import QUICK, only, read, run, start
from tests.test_resuming import kill_all, wait_for

FEATURES = ["f0", "f1", "f2", "f3"]
WINDOWS, BLOCK = 6, 768  # each window is a block of 768 × 768 pixels


@pytest.fixture(scope="module")
def place(spark, tmp_path_factory):
    """A folder with a model in `out` and a raster of many windows."""
    folder = tmp_path_factory.mktemp("map")
    path = write(make_table(600), folder / "table.parquet")
    grid = {"RandomForest": {"numTrees": [20], "maxDepth": [6], "maxBins": [32]}}
    train(spark, Settings(path, grid=grid, engine="task"), str(folder / "out"))
    values = np.random.default_rng(5).normal(size=(4, BLOCK, WINDOWS * BLOCK)).round(1).astype("float32")
    blocks = {"tiled": True, "blockxsize": BLOCK, "blockysize": BLOCK, "compress": "deflate"}
    raster(folder / "north.tif", values, FEATURES, **blocks)
    return folder


def test_a_killed_map_goes_on(spark, place):
    command = ["score", "latest", "--input-data", "north.tif", "--out", "out", *QUICK]
    killed = start(*command, cwd=place, start_new_session=True)
    first = wait_for(place / "out", "scores/*/windows/part-*.parquet", killed)
    kill_all(killed)
    folder = first.parents[1]
    finished = len(list(first.parent.glob("part-*.parquet")))
    assert not (folder / "scores.json").exists()

    code, output, errors = run(*command, "--resume", folder.name, cwd=place)
    assert code == 0, errors
    assert f"{BLOCK * BLOCK * WINDOWS:,} pixels scored by" in output
    whole = scoring.score(spark, str(only(place / "out" / "models")), str(place / "north.tif"), str(place / "whole"))
    resumed = read(folder, "scores.json")
    assert resumed["resumed_windows"] == finished
    assert {name: resumed[name] for name in ("rows", "histogram", "best_areas")} == {
        name: whole.record[name] for name in ("rows", "histogram", "best_areas")
    }
    assert not (folder / "windows").exists()
    maps = [rasterio.open(f"{each}/maps/north/score.tif").read() for each in (folder, whole.folder)]
    assert np.array_equal(*maps)

    code, _, errors = run(*command, "--resume", folder.name, cwd=place)
    assert code == 2
    assert "it is complete" in errors


def test_wrong_options(place):
    for wrong, said in (
        (["--resume", "yesterday"], "--resume yesterday: must be the name of a scoring"),
        (["-p", "bands={f0: 0}"], "bands"),
        (["-p", "resample=cubic"], "resample='cubic': must be nearest, bilinear or null"),
    ):
        code, _, errors = run("score", "latest", "--input-data", "north.tif", "--out", "out", *wrong, cwd=place)
        assert (code, said in errors) == (2, True), errors
        assert errors.count("\n") <= 4
