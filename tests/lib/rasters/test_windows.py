import json
import os
import subprocess
import sys

import numpy as np
import pytest
import rasterio
from affine import Affine
from hypothesis import given, settings
from hypothesis import strategies as st

from lib.errors import InputError
from lib.rasters.tiles import Tile, open_tile
from lib.rasters.windows import PIXELS, read, reading, windows
from tests.aws.moto_server import client, moto_server
from tests.conftest import ROOT
from tests.lib.rasters.make import by_hand, numbers, raster


def whole(tile: Tile, pixels: int = PIXELS):
    """All windows put together: values (pixels × features) and valid pixels (height × width)."""
    values = np.full((tile.height, tile.width, len(tile.bands)), np.nan)
    valid = np.zeros((tile.height, tile.width), bool)
    with reading(tile) as read_window:
        for window in windows(tile, pixels):
            part, there = read_window(window)
            box = np.s_[window.row : window.row + window.height, window.column : window.column + window.width]
            values[box][there] = part
            valid[box] = there
    return values[valid], valid


def a_tile(width, height, block):
    return Tile((), None, Affine.identity(), width, height, block)


@settings(deadline=None)
@given(
    st.tuples(st.integers(1, 5000), st.integers(1, 3)) | st.tuples(st.integers(1, 60), st.integers(1, 60)),
    st.tuples(st.integers(1, 5000), st.integers(1, 5000)) | st.tuples(st.integers(1, 16), st.integers(1, 16)),
    st.integers(1, 2000),
    st.booleans(),
)
def test_windows_cover_every_pixel_once(size, block, pixels, upright):
    width, height = size if upright else size[::-1]
    tile = a_tile(width, height, block)
    count = np.zeros((height, width), int)
    all_windows = windows(tile, pixels)
    assert [window.number for window in all_windows] == list(range(len(all_windows)))
    rows, columns = min(block[0], height), min(block[1], width)
    for window in all_windows:
        count[window.row : window.row + window.height, window.column : window.column + window.width] += 1
        assert window.pixels <= (max(pixels, rows * columns) if rows * columns <= 8 * pixels else pixels)
        if rows * columns <= 8 * pixels:
            assert window.row % rows == window.column % columns == 0
    assert (count == 1).all()


@pytest.mark.parametrize(
    ("block", "expected"),
    [
        ((512, 512), (1024, 512)),
        ((1, 10980), (47, 10980)),
        ((1024, 1024), (1024, 1024)),
        ((256, 256), (1024, 512)),
        ((10980, 10980), (47, 10980)),
        ((2048, 2048), (2048, 2048)),
        ((6000, 512), (6000, 512)),
    ],
)
def test_sizes_of_windows(block, expected):
    first = windows(a_tile(10980, 10980, block))[0]
    assert (first.height, first.width) == expected


def test_reading_is_what_rasterio_reads(tmp_path):
    values = numbers(4, 70, 90)
    values[0, 3, 4], values[1, 5, 6], values[2, 7, 8] = -9, np.nan, -np.inf
    file = raster(tmp_path / "t.tif", values, ["a", "b", "c", "d"], nodata=-9, tiled=True, blockxsize=16, blockysize=32)
    expected, valid = by_hand({name: (file, number) for name, number in (("d", 4), ("a", 1), ("b", 2), ("c", 3))})
    assert valid.sum() == 70 * 90 - 3
    tile = open_tile(file, ["d", "a", "b", "c"])
    for pixels in (1, 700, PIXELS):
        found, there = whole(tile, pixels)
        assert np.array_equal(there, valid)
        assert np.array_equal(found, expected)
    one, _ = read(tile, windows(tile)[0])
    assert one.dtype == np.float64
    assert one.flags.c_contiguous


@settings(max_examples=25, deadline=None)
@given(st.data())
def test_nodata_of_any_type_is_what_gdal_masks(tmp_path_factory, data):
    dtype = np.dtype(data.draw(st.sampled_from(["uint8", "int16", "uint16", "int32", "float32", "float64"])))
    of_floats = [np.nan, -1.1, -3.4028234663852886e38] if dtype.kind == "f" else []
    nodata = data.draw(st.sampled_from([0, 1, 3, *of_floats]))
    values = np.random.default_rng(data.draw(st.integers(0, 99))).integers(0, 4, (2, 5, 6)).astype(dtype)
    values[0, 1, 1] = nodata
    file = raster(tmp_path_factory.mktemp("nodata") / "t.tif", values, ["a", "b"], nodata=nodata)
    expected, valid = by_hand({"a": (file, 1), "b": (file, 2)})
    found, there = whole(open_tile(file, ["a", "b"]))
    assert not valid[1, 1]
    assert np.array_equal(there, valid)
    assert np.array_equal(found, expected)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.booleans(), min_size=3, max_size=3), st.integers(0, 99))
def test_pixels_may_lack_values_in_some_bands(tmp_path_factory, may_lack, seed):
    """Nodata in one file, a mask and a scale in another, NaN and infinity in the third."""
    random = np.random.default_rng(seed)
    place = tmp_path_factory.mktemp("lacking")
    values = random.integers(1, 9, (3, 6, 7)).astype(float)
    lacking = random.uniform(size=values.shape) < 0.4
    lacking[:, 2, 3] = True
    first = raster(place / "a.tif", np.where(lacking[:1], -9.0, values[:1]).astype("int16"), ["a"], nodata=-9)
    mask = np.where(lacking[1], 0, 255).astype("uint8")
    second = raster(place / "b.tif", values[1:2].astype("int16"), ["b"], scales=[0.5], offsets=[1.0], mask=mask)
    nothing = random.choice([np.nan, np.inf, -np.inf], size=values[2:].shape)
    third = raster(place / "c.tif", np.where(lacking[2:], nothing, values[2:]), ["c"])
    tile = open_tile([first, second, third], ["a", "b", "c"])
    found, valid = read(tile, windows(tile)[0], may_lack)
    expected = np.where(lacking, np.nan, values * [[[1]], [[0.5]], [[1]]] + [[[0]], [[1]], [[0]]])
    allowed = ~(lacking & ~np.array(may_lack)[:, None, None]).any(axis=0) & ~lacking.all(axis=0)
    assert np.array_equal(valid, allowed)
    assert np.array_equal(found, expected[:, allowed].T, equal_nan=True)


def test_int16_with_scale_and_offset(tmp_path):
    values = numbers(2, 30, 20, "int16")
    values[1, 0, 0] = -32768
    file = raster(tmp_path / "t.tif", values, ["a", "b"], [0.0001, 1], [-0.1, 5], nodata=-32768)
    found, valid = whole(open_tile(file, ["a", "b"]))
    assert valid.sum() == 599
    assert np.array_equal(found[:, 0], values[0][valid] * 0.0001 - 0.1)
    assert np.array_equal(found[:, 1], values[1][valid] + 5.0)


@pytest.mark.parametrize("dtype", ["int16", "float32"])
def test_values_that_stand_for_none_may_be_given(tmp_path, dtype):
    """As in tables, they are values of features: after scale and offset, and with 32 bits if they were written so."""
    values = np.arange(2 * 4 * 5, dtype=dtype).reshape(2, 4, 5)
    values[0, 0, 0], values[1, 1, 1] = -9999, 7
    file = raster(tmp_path / "t.tif", values, ["a", "b"], [1, 0.1], [0, 0.4])
    tile = open_tile([file], ["a", "b"])
    (window,) = windows(tile)
    found, valid = read(tile, window, nodata=[-9999, 7 * 0.1 + 0.4])
    assert [tuple(place) for place in np.argwhere(~valid)] == [(0, 0), (1, 1)]
    assert len(found) == 18
    lacking, valid = read(tile, window, [True, True], nodata=[-9999])
    assert valid.all()
    assert [tuple(place) for place in np.argwhere(np.isnan(lacking))] == [(0, 0)]


def test_nodata_in_some_files_only(tmp_path):
    a, b = numbers(1, 30, 20, "int16"), numbers(1, 30, 20, "float32", seed=1)
    a[0, 2, :] = 7
    files = {
        "a": (raster(tmp_path / "a.tif", a, nodata=7), 1),
        "b": (raster(tmp_path / "b.tif", b, tiled=True, blockxsize=16, blockysize=16), 1),
    }
    expected, valid = by_hand(files)
    assert not valid[2].any()
    found, there = whole(open_tile([file for file, _ in files.values()], ["a", "b"]), 100)
    assert np.array_equal(there, valid)
    assert np.array_equal(found, expected)


def test_a_mask_of_the_file(tmp_path):
    mask = np.ones((12, 10), bool)
    mask[3:5, 2] = False
    values = numbers(2, 12, 10)
    with rasterio.Env(GDAL_TIFF_INTERNAL_MASK=True):
        file = raster(tmp_path / "t.tif", values, ["a", "b"], mask=mask)
    found, valid = whole(open_tile(file, ["b", "a"]))
    assert np.array_equal(valid, mask)
    assert np.array_equal(found[:, 0], values[1][mask])


@pytest.mark.parametrize("dtype", ["uint8", "int16", "float32"])
def test_a_band_of_transparency(tmp_path, dtype):
    values = numbers(2, 12, 10, dtype) % 200
    values[1] = 255
    values[1, 4] = 0
    file = raster(tmp_path / "t.tif", values, ["a", None], alpha="yes")
    found, valid = whole(open_tile(file, ["a"]))
    assert np.array_equal(valid, values[1] > 0)
    assert np.array_equal(found[:, 0], values[0][valid])


@pytest.mark.parametrize("nodata", [None, -5])
def test_resampling(tmp_path, nodata):
    fine = raster(tmp_path / "fine.tif", numbers(1, 8, 8))
    coarse = np.arange(1, 13, dtype="float32").reshape(1, 4, 3)  # the last two columns of the fine tile are outside
    coarse[0, 0, 0] = nodata or 1
    file = raster(tmp_path / "coarse.tif", coarse, nodata=nodata, transform=Affine(20, 0, 399960, 0, -20, 4600020))
    found, valid = whole(open_tile([fine, file], ["fine", "coarse"], resample="nearest"), 20)
    expected = np.kron(coarse[0], np.ones((2, 2)))
    inside = np.zeros((8, 8), bool)
    inside[:, :6] = expected != (nodata or 0)
    assert np.array_equal(valid, inside)
    assert np.array_equal(found[:, 1], expected[inside[:, :6]])
    smooth, _ = whole(open_tile([fine, file], ["fine", "coarse"], resample="bilinear"))
    assert len(np.unique(smooth[:, 1])) > len(np.unique(coarse))
    assert smooth[:, 1].max() <= 12


def test_resampling_to_another_reference_system(tmp_path):
    here = raster(tmp_path / "here.tif", numbers(1, 8, 8))
    degrees = {"crs": "EPSG:4326", "transform": Affine(1e-3, 0, -4.22, 0, -1e-3, 41.57)}
    there = raster(tmp_path / "there.tif", np.full((1, 50, 50), 4, "int16"), scales=[0.5], **degrees)
    found, valid = whole(open_tile([here, there], ["here", "there"], resample="bilinear"))
    assert valid.all()
    assert (found[:, 1] == 2).all()


@pytest.mark.parametrize("shape", [(1, 1), (1, 9), (9, 1)])
def test_few_pixels(tmp_path, shape):
    values = numbers(2, *shape)
    found, valid = whole(open_tile(raster(tmp_path / "t.tif", values, ["a", "b"]), ["a", "b"]))
    assert valid.shape == shape
    assert np.array_equal(found, values.reshape(2, -1).T)


def test_nothing_valid(tmp_path):
    tile = open_tile(raster(tmp_path / "a.tif", np.full((1, 4, 4), np.nan)), ["a"])
    values, valid = read(tile, windows(tile)[0])
    assert values.shape == (0, 1)
    assert not valid.any()


def test_a_file_that_is_damaged_or_has_changed(tmp_path):
    profile = {"compress": "deflate", "tiled": True, "blockxsize": 16, "blockysize": 16}
    tile = open_tile(raster(tmp_path / "a.tif", numbers(1, 400, 40), **profile), ["a"])
    file = tmp_path / "a.tif"
    content = file.read_bytes()
    middle = len(content) // 2
    file.write_bytes(content[:middle] + bytes(1000) + content[middle + 1000 :])
    with pytest.raises(InputError, match=r"a\.tif cannot be read in rows 0 to 399: .*; it is damaged"):
        read(tile, windows(tile)[0])
    raster(file, numbers(1, 40, 41))
    with pytest.raises(InputError, match=r"a\.tif has changed since it was opened"):
        read(tile, windows(tile)[0])


READ_SOME = """
import json, resource, sys
from lib.rasters.tiles import open_tile
from lib.rasters.windows import reading, windows
tile = open_tile(sys.argv[1], list("abc"), {"a": 1, "b": 2, "c": 3})
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
counts = []
with reading(tile) as read:
    for window in windows(tile)[175:185]:
        values, valid = read(window)
        counts.append([window.row, window.column, int(valid.sum()), float(values.sum())])
print(json.dumps([resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before, counts]))
"""


def test_a_raster_of_3_gb_is_read_in_flat_memory(tmp_path):
    file, side = tmp_path / "sparse.tif", 16_384
    there = numbers(3, 1024, 1024)
    profile = {"width": side, "height": side, "count": 3, "dtype": "float32", "nodata": -1, "tiled": True}
    profile |= {"crs": "EPSG:32630", "transform": Affine.scale(10)}
    with rasterio.open(file, "w", driver="GTiff", sparse_ok=True, bigtiff="yes", **profile) as dataset:
        dataset.write(there, window=rasterio.windows.Window(10_240, 5_120, 1024, 1024))
    assert file.stat().st_size < 20e6
    run = subprocess.run(
        [sys.executable, "-c", READ_SOME, str(file)], cwd=ROOT, capture_output=True, text=True, check=True
    )
    kilobytes, counts = json.loads(run.stdout)
    assert kilobytes < 300_000
    halves = [(10_240, there[:, :, :512]), (10_752, there[:, :, 512:])]
    expected = [[5120, column, 1024 * 512, pytest.approx(half.sum(dtype=float))] for column, half in halves]
    assert [each for each in counts if each[2]] == expected


@pytest.fixture(scope="module")
def predictors() -> str:
    """A real raster of 13 bands, kept outside the repository."""
    path = ROOT.parent / "shared" / "data" / "applicability" / "predictors.tif"
    if not path.exists():
        pytest.skip("the real raster is not on this machine (shared/data/applicability/predictors.tif)")
    return str(path)


def test_a_real_raster(predictors):
    with rasterio.open(predictors) as dataset:
        names = [f"{name}_{number}" for number, name in enumerate(dataset.descriptions, start=1)]
        crs, transform = dataset.crs, dataset.transform
    numbered = {name: number for number, name in enumerate(names, start=1)}
    tile = open_tile(predictors, names, numbered)
    expected, valid = by_hand({name: (predictors, number) for name, number in numbered.items()})
    found, there = whole(tile, 500)
    assert 0 < valid.sum() < valid.size
    assert np.array_equal(there, valid)
    assert np.array_equal(found, expected)
    assert (tile.crs, tile.transform) == (crs, transform)


READ_S3 = """
from lib.errors import InputError
from lib.rasters.files import is_raster
from lib.rasters.tiles import open_tile
from lib.rasters.windows import read, windows
print(is_raster("s3://tiles/scene"), is_raster("s3://tiles/scene.hdr"))
tile = open_tile("s3a://tiles/of 2026/a b.tif", ["a b"])
print(read(tile, windows(tile)[0])[0].sum())
try:
    open_tile("s3://tiles/absent.tif", ["a"])
except InputError as error:
    print(error)
"""


def test_a_raster_in_s3(tmp_path):
    values = numbers(1, 40, 50)
    file = raster(tmp_path / "a b.tif", values)
    with moto_server() as endpoint:
        client("s3", endpoint).create_bucket(Bucket="tiles")
        client("s3", endpoint).upload_file(file, "tiles", "of 2026/a b.tif")
        raster(tmp_path / "scene", values, driver="ENVI")
        for name in ("scene", "scene.hdr"):
            client("s3", endpoint).upload_file(tmp_path / name, "tiles", name)
        settings = {"AWS_S3_ENDPOINT": endpoint.removeprefix("http://"), "AWS_HTTPS": "NO"}
        # Another process, because GDAL waits for the server without letting this one's threads run.
        run = subprocess.run(
            [sys.executable, "-c", READ_S3], cwd=ROOT, capture_output=True, text=True, timeout=60,
            env={**os.environ, **settings, "AWS_VIRTUAL_HOSTING": "FALSE"},
        )  # fmt: skip
    assert run.returncode == 0, run.stderr
    kinds, total, refused = run.stdout.splitlines()
    assert float(total) == pytest.approx(values.sum(dtype=float))
    assert kinds == "True False"
    assert refused.startswith("s3://tiles/absent.tif cannot be opened as a raster: ")
