import pickle
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import rasterio
from affine import Affine

from lib.errors import InputError, MissingInputError
from lib.rasters.files import gdal_name, is_raster, shown
from lib.rasters.tile_set import named_tiles
from lib.rasters.tiles import open_tile
from tests.lib.rasters.make import UTM, numbers, raster


@pytest.mark.parametrize(
    ("place", "name"),
    [
        ("s3://bucket/a/b c?.tif", "/vsis3/bucket/a/b c?.tif"),
        ("S3A://bucket/a.tif", "/vsis3/bucket/a.tif"),
        ("file:///data/a%20b.tif", "/data/a b.tif"),
        ("file:/data/a.tif", "/data/a.tif"),
        ("file://localhost/data/a.tif", "/data/a.tif"),
        ("/data/a.tif", "/data/a.tif"),
        ("/vsizip//data/a.zip/a.tif", "/vsizip//data/a.zip/a.tif"),
    ],
)
def test_places_as_gdal_calls_them(place, name):
    assert gdal_name(place) == name


def test_a_file_may_be_called_as_a_uri_writes_another(tmp_path):
    for name in ("a%20b.tif", "c d.tif"):
        raster(tmp_path / name, numbers(1, 4, 5))
    # As Hadoop lists it, as it is typed, and as a URI.
    assert gdal_name(f"file:{tmp_path}/a%20b.tif") == gdal_name(f"{tmp_path}/a%20b.tif") == f"{tmp_path}/a%20b.tif"
    assert gdal_name(f"file://{tmp_path}/c%20d.tif") == gdal_name(f"file:{tmp_path}/c d.tif") == f"{tmp_path}/c d.tif"


def test_gdal_says_what_is_a_raster_where_the_name_does_not(tmp_path):
    raster(tmp_path / "scene", numbers(2, 4, 5), driver="ENVI")
    raster(tmp_path / "odd.xyz1", numbers(1, 4, 5))
    Path(tmp_path, "text").write_text("x")
    pq.write_table(pa.table({"a": [1]}), tmp_path / "table")
    found = {name: is_raster(str(tmp_path / name)) for name in ("scene", "odd.xyz1", "text", "table", "absent")}
    assert found == {"scene": True, "odd.xyz1": True, "text": False, "table": False, "absent": False}
    assert not is_raster("hdfs:///scene")


def test_files_without_an_ending_are_called_by_their_whole_name(tmp_path):
    files = [raster(tmp_path / name, numbers(1, 4, 5), driver="ENVI") for name in ("B02", "B03")]
    assert open_tile(files, ["B03", "B02"]).features == ("B03", "B02")
    whole = raster(tmp_path / "scene", numbers(2, 4, 5), driver="ENVI")
    assert list(named_tiles([whole], ["a", "b"], {"a": 1, "b": 2}, None)) == ["scene"]


def test_a_relative_path_is_that_of_the_driver(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    assert gdal_name("a.tif") == str(tmp_path / "a.tif")
    assert shown("/vsis3/bucket/a.tif") == "s3://bucket/a.tif"


@pytest.mark.parametrize("place", ["hdfs:///a.tif", "hdfs:/a.tif", "https://example.org/a.tif", "viewfs://x/a.tif"])
def test_other_file_systems_are_refused(place):
    with pytest.raises(InputError, match="copy it to S3"):
        open_tile(place, ["a"])


def test_a_file_of_many_bands(tmp_path):
    values = numbers(3, 20, 30)
    file = raster(tmp_path / "t.tif", values, ["a", "b", "c"], nodata=-1, tiled=True, blockxsize=16, blockysize=16)
    tile = open_tile(f"file://{file}", ["c", "a"])
    assert tile.features == ("c", "a")
    assert [(band.file, band.number, band.dtype, band.nodata) for band in tile.bands] == [
        (file, 3, "float32", -1.0),
        (file, 1, "float32", -1.0),
    ]
    assert (tile.width, tile.height, tile.block, tile.transform) == (30, 20, (16, 16), UTM["transform"])
    assert tile.crs == rasterio.crs.CRS.from_epsg(32630)
    assert tile.georeferenced
    assert pickle.loads(pickle.dumps(tile)) == tile


def test_a_file_a_band(tmp_path):
    files = [raster(tmp_path / f"{name}.tif", numbers(1, 4, 5), ["mean"]) for name in ("B02.med", "B03", "other")]
    tile = open_tile(files, ["B03", "B02.med"])
    assert [Path(band.file).name for band in tile.bands] == ["B03.tif", "B02.med.tif"]


def test_descriptions_count_before_file_names(tmp_path):
    raster(tmp_path / "a.tif", numbers(1, 4, 5), ["b"])
    raster(tmp_path / "b.tif", numbers(1, 4, 5), ["a"])
    tile = open_tile([str(tmp_path / "a.tif"), str(tmp_path / "b.tif")], ["a", "b"])
    assert [Path(band.file).name for band in tile.bands] == ["b.tif", "a.tif"]


def test_numbers_go_on_through_the_files(tmp_path):
    one = raster(tmp_path / "one.tif", numbers(2, 4, 5), ["x", None])
    two = raster(tmp_path / "two.tif", numbers(2, 4, 5))
    tile = open_tile([one, two], ["x", "y", "z"], {"y": 4, "z": 2})
    assert [(Path(band.file).stem, band.number) for band in tile.bands] == [("one", 1), ("two", 2), ("one", 2)]


@pytest.mark.parametrize(
    ("bands", "said"),
    [
        ({"y": 0, "x": 1}, r"bands: y: 0: .*t\.tif has the bands 1 to 2"),
        ({"y": 3, "x": 1}, "bands: y: 3: .* has the bands 1 to 2"),
        ({"y": "2", "x": 1}, "bands: y: '2': "),
        ({"y": True, "x": 1}, "bands: y: True: "),
        ({"Y": 1}, "the model has no feature 'Y': did you mean y"),
        ({"x": 1, "y": 1}, r"band 1 of .*t\.tif is the band of x and of y: give each another"),
        ({}, r"t\.tif has no band for x, y: its bands are red, band 2; set the .* or give bands: \{x: 1\}"),
    ],
)
def test_bands_that_cannot_be_chosen(tmp_path, bands, said):
    file = raster(tmp_path / "t.tif", numbers(2, 4, 5), ["red", None])
    with pytest.raises(InputError, match=said) as refusal:
        open_tile(file, ["x", "y"], bands)
    assert refusal.value.exit_code == 2
    assert "\n" not in str(refusal.value)


def test_a_missing_band_that_is_nearly_there(tmp_path):
    file = raster(tmp_path / "t.tif", numbers(2, 4, 5), ["B02_med", "B03_med"])
    with pytest.raises(InputError, match="no band for b02_med: did you mean B02_med"):
        open_tile(file, ["b02_med", "B03_med"])


def test_doubled_bands(tmp_path):
    one = raster(tmp_path / "one.tif", numbers(2, 4, 5), ["a", "b"])
    two = raster(tmp_path / "two.tif", numbers(1, 4, 5), ["a"])
    said = r"a has more than one band: band 1 of .*one\.tif, band 1 of .*two\.tif; .*\{a: 1\}"
    with pytest.raises(InputError, match=said):
        open_tile([one, two], ["a", "b"])
    assert open_tile([one, two], ["a", "b"], {"a": 3}).bands[0].file == two
    with pytest.raises(InputError, match="more than one band"):
        open_tile([one, one], ["a"])


@pytest.mark.parametrize(
    ("other", "said"),
    [
        ({"values": numbers(1, 5, 4)}, "4 × 5 pixels"),
        ({"crs": "EPSG:32631"}, "EPSG:32630 and EPSG:32631"),
        ({"crs": None}, "EPSG:32630 and none"),
        ({"transform": Affine(20, 0, 399960, 0, -20, 4600020)}, "by up to 5 pixels"),
        ({"transform": Affine(10, 0, 399965, 0, -10, 4600020)}, "by up to 0.5 pixels"),
    ],
)
def test_bands_on_different_grids(tmp_path, other, said):
    files = [
        raster(tmp_path / "a.tif", numbers(1, 4, 5)),
        raster(tmp_path / "b.tif", **{"values": numbers(1, 4, 5), **other}),
    ]
    with pytest.raises(InputError, match=f"not on one grid: .*{said}.*resample: bilinear"):
        open_tile(files, ["a", "b"])
    if other == {"crs": None}:
        with pytest.raises(InputError, match="without a reference system they cannot be resampled"):
            open_tile(files, ["a", "b"], resample="nearest")
    else:
        tile = open_tile(files, ["b", "a"], resample="nearest")
        assert (tile.width, tile.height) == (5, 4)  # of a, the first file
        assert [band.resampling for band in tile.bands] == ["nearest", None]


def test_grids_that_were_rounded_differently_are_the_same(tmp_path):
    a = raster(tmp_path / "a.tif", numbers(1, 4, 5))
    b = raster(tmp_path / "b.tif", numbers(1, 4, 5), transform=Affine(10.0001, 0, 399960.01, 0, -10, 4600020))
    assert [band.resampling for band in open_tile([a, b], ["a", "b"], resample="bilinear").bands] == [None, None]


def test_a_resampling_that_is_not_known(tmp_path):
    with pytest.raises(InputError, match="give nearest or bilinear"):
        open_tile(raster(tmp_path / "a.tif", numbers(1, 4, 5)), ["a"], resample="cubic")


@pytest.mark.parametrize("dtype", ["complex64", "complex128"])
def test_complex_numbers(tmp_path, dtype):
    file = raster(tmp_path / "t.tif", np.ones((1, 2, 2), dtype), ["a"])
    with pytest.raises(InputError, match=f"complex numbers \\({dtype}\\)"):
        open_tile(file, ["a"])


def test_without_georeference(tmp_path):
    tile = open_tile(raster(tmp_path / "a.tif", numbers(1, 4, 5), crs=None, transform=Affine.identity()), ["a"])
    assert not tile.georeferenced
    assert (tile.crs, tile.transform) == (None, Affine.identity())


def test_control_points_are_not_a_transform(tmp_path):
    points = [rasterio.control.GroundControlPoint(r, c, 10 * c, -10 * r) for r, c in ((0, 0), (0, 5), (4, 0), (4, 5))]
    file = raster(tmp_path / "a.tif", numbers(1, 4, 5), crs="EPSG:4326", transform=None, gcps=points)
    with pytest.raises(InputError, match=r"control points instead of a transform: .*gdalwarp"):
        open_tile(file, ["a"])


def test_a_scale_that_is_no_number(tmp_path):
    file = raster(tmp_path / "a.tif", numbers(1, 4, 5), scales=[np.inf])
    with pytest.raises(InputError, match="the scale inf and the offset 0"):
        open_tile(file, ["a"])


def test_files_that_are_no_rasters(tmp_path):
    with pytest.raises(MissingInputError, match=r"there is no raster at .*/absent\.tif"):
        open_tile(str(tmp_path / "absent.tif"), ["a"])
    text = tmp_path / "text.tif"
    text.write_text("no raster")
    with pytest.raises(InputError, match=r"text\.tif cannot be opened as a raster: .*not recognized") as refusal:
        open_tile(str(text), ["a"])
    assert "\n" not in str(refusal.value)
