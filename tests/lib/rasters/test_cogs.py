import shutil

import numpy as np
import pytest
import rasterio
from affine import Affine
from rio_cogeo.cogeo import cog_validate

from lib.errors import ExperimentError
from lib.rasters.cogs import OUTPUTS, Output, write_cogs
from lib.rasters.files import without_warning
from lib.rasters.tiles import open_tile
from lib.rasters.windows import reading, windows
from tests.lib.rasters.make import numbers, raster


def pieces(tile, pixels=2000):
    """What a model might say of a tile with the band `a`, from 0 to 1000."""
    with reading(tile) as read:
        for window in windows(tile, pixels):
            values, valid = read(window)
            score = values[:, 0] / 1000
            columns = {"score": score, "calibrated": score / 4, "class": score > 0.5, "spread": score / 2}
            yield window, {**columns, "dissimilarity": score * 3}, valid


def check_cog(file):
    with without_warning():
        valid, errors, warnings = cog_validate(file, quiet=True)
    assert (valid, errors, warnings) == (True, [], [])


ODD = rasterio.crs.CRS.from_proj4("+proj=laea +lat_0=-23.7 +lon_0=-68.2 +x_0=1000 +ellps=GRS80 +units=m")


@pytest.mark.parametrize(
    ("shape", "grid"),
    [
        ((1100, 700), {}),
        ((1, 1), {}),
        ((3, 900), {"crs": "EPSG:4326", "transform": Affine(1 / 3 * 1e-4, 0, -68.1, 0, -1e-4 / 7, -23.3)}),
        ((90, 60), {"transform": Affine.translation(399960.1, 4.6e6) @ Affine.rotation(30) @ Affine.scale(10, -10)}),
        ((90, 60), {"crs": ODD, "transform": Affine(0.1, 0, 3, 0, 0.1, 7)}),
        ((90, 60), {"crs": None, "transform": Affine.identity()}),
    ],
    ids=["utm", "one-pixel", "degrees", "rotated", "odd", "none"],
)
def test_maps_are_cogs_on_the_grid_of_the_tile(tmp_path, shape, grid):
    values = numbers(1, *shape)
    if values.size > 1:
        values[0, -1, ::3] = np.nan
    tile = open_tile(raster(tmp_path / "a.tif", values, **grid), ["a"])
    files = write_cogs(tile, tmp_path / "maps", pieces(tile), tags={"model": "model_1"})
    assert sorted(path.name for path in (tmp_path / "maps").iterdir()) == sorted(f"{name}.tif" for name in OUTPUTS)
    score = values[0].astype(float) / 1000
    expected = {"score": score, "class": np.where(np.isnan(score), 255, score > 0.5), "spread": score / 2}
    expected |= {"calibrated": score / 4, "dissimilarity": score * 3}
    with without_warning(), rasterio.open(tmp_path / "a.tif") as source:
        for name, file in files.items():
            check_cog(file)
            with rasterio.open(file) as dataset:
                assert np.array_equal(
                    dataset.read(1), expected[name].astype(OUTPUTS[name].dtype), equal_nan=name != "class"
                )
                assert (dataset.crs, dataset.transform) == (source.crs, source.transform)
                assert not dataset.crs or dataset.crs.to_wkt() == source.crs.to_wkt()
                assert dataset.descriptions == (OUTPUTS[name].description,)
                assert dataset.tags()["model"] == "model_1"
                assert dataset.dtypes == (OUTPUTS[name].dtype,)
                assert np.array_equal([dataset.nodata], [OUTPUTS[name].nodata], equal_nan=True)
                assert bool(dataset.overviews(1)) == (max(shape) > 512)
                if name == "class":
                    assert {value: dataset.colormap(1)[value] for value in (0, 1, 255)} == OUTPUTS["class"].colours


def test_windows_in_any_order(tmp_path):
    tile = open_tile(raster(tmp_path / "a.tif", numbers(1, 300, 200)), ["a"])
    one = write_cogs(tile, tmp_path / "one", pieces(tile, 100))
    other = write_cogs(tile, tmp_path / "other", reversed(list(pieces(tile, 50_000))))
    assert one["score"].read_bytes() == other["score"].read_bytes()


def test_overviews_of_a_class_are_classes(tmp_path):
    tile = open_tile(raster(tmp_path / "a.tif", numbers(1, 600, 600)), ["a"])
    with rasterio.open(write_cogs(tile, tmp_path, pieces(tile))["class"], overview_level=0) as dataset:
        assert dataset.shape == (300, 300)
        assert set(np.unique(dataset.read(1))) == {0, 1}


def test_outputs_of_ones_own_replace_what_was_there(tmp_path):
    tile = open_tile(raster(tmp_path / "a.tif", numbers(1, 30, 20)), ["a"])
    (tmp_path / "mine.tif").write_text("old")
    outputs = {"mine": Output("int16", -1, "mine", "nearest")}
    filled = ((window, {"mine": np.full(valid.sum(), 7)}, valid) for window, _, valid in pieces(tile))
    with rasterio.open(write_cogs(tile, tmp_path, filled, outputs)["mine"]) as dataset:
        assert (dataset.read(1) == 7).all()


def nothing_left(folder):
    return [path.name for path in folder.iterdir()] == []


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda all_pieces: all_pieces[1:], "the pieces have 4000 of the tile's 6000 pixels"),
        (lambda all_pieces: [*all_pieces, all_pieces[0]], "window 0 came twice"),
        (lambda all_pieces: [(w, {**v, "spread": v["spread"][1:]}, m) for w, v, m in all_pieces], r"\(1999,\) values"),
    ],
)
def test_pieces_that_do_not_cover_the_tile(tmp_path, change, said):
    tile = open_tile(raster(tmp_path / "a.tif", numbers(1, 30, 200)), ["a"])
    with pytest.raises(ValueError, match=said):
        write_cogs(tile, tmp_path / "maps", change(list(pieces(tile))))
    assert nothing_left(tmp_path / "maps")


def test_whole_or_not_at_all(tmp_path):
    tile = open_tile(raster(tmp_path / "a.tif", numbers(1, 30, 200)), ["a"])

    def interrupted():
        yield from list(pieces(tile))[:2]
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_cogs(tile, tmp_path / "maps", interrupted())
    assert nothing_left(tmp_path / "maps")


def test_a_disk_that_is_full_or_swallows_blocks(tmp_path, monkeypatch):
    tile = open_tile(raster(tmp_path / "a.tif", numbers(1, 30, 200)), ["a"])
    with monkeypatch.context() as patch:
        patch.setattr(shutil, "disk_usage", lambda folder: shutil._ntuple_diskusage(10, 9, 1))
        with pytest.raises(ExperimentError, match=r"has 0\.0 GB left, and the maps of a tile of 200 × 30 pixels need"):
            write_cogs(tile, tmp_path / "maps", pieces(tile))
    with monkeypatch.context() as patch:
        patch.setattr("lib.rasters.cogs._values_in", lambda *_: 5999)
        with pytest.raises(ExperimentError, match=r"score\.tif was not written whole"):
            write_cogs(tile, tmp_path / "maps", pieces(tile))
    assert nothing_left(tmp_path / "maps")


def test_a_folder_that_cannot_be_written(tmp_path):
    tile = open_tile(raster(tmp_path / "a.tif", numbers(1, 3, 2)), ["a"])
    with pytest.raises(ExperimentError, match=r"cannot write maps to .*a\.tif: .*check its permissions"):
        write_cogs(tile, tmp_path / "a.tif", pieces(tile))
