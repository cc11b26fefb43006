import numpy as np
import pytest
from affine import Affine

from lib.errors import InputError
from lib.rasters.ground import lon_lat, size_of_pixel
from lib.rasters.quicklook import overview, pixel_size
from lib.rasters.tiles import open_tile
from tests.lib.rasters.make import numbers, raster


def test_a_map_in_few_pixels(tmp_path):
    values = numbers(1, 300, 200)
    values[0, :30] = np.nan
    picture = overview(raster(tmp_path / "a.tif", values, nodata=np.nan), most_pixels=30)
    assert picture.values.shape == (30, 20)
    assert np.isnan(picture.values[:3]).all()
    assert picture.values[3:] == pytest.approx(values[0, 30:].reshape(27, 10, 20, 10).mean(axis=(1, 3)), rel=1e-5)
    assert picture.extent == (399960, 401960, 4597020, 4600020)
    assert picture.colours == {}


def test_a_small_map_is_as_it_is(tmp_path):
    values = numbers(1, 3, 1)
    assert np.array_equal(overview(tmp_path / raster(tmp_path / "a.tif", values)).values, values[0])


def test_a_long_map_keeps_a_pixel(tmp_path):
    assert overview(raster(tmp_path / "a.tif", numbers(1, 1, 5000)), 100).values.shape == (1, 100)


def test_classes_are_not_averaged(tmp_path):
    import rasterio

    file = raster(tmp_path / "a.tif", numbers(1, 300, 200, "uint8") % 2, nodata=255)
    with rasterio.open(file, "r+") as dataset:
        dataset.write_colormap(1, {0: (1, 2, 3, 255), 1: (4, 5, 6, 255)})
    picture = overview(file, 50)
    assert set(np.unique(picture.values)) == {0, 1}
    assert picture.colours[1] == (4, 5, 6, 255)


@pytest.mark.parametrize(
    "grid",
    [
        {"crs": None, "transform": Affine.identity()},
        {"transform": Affine.translation(4e5, 4.6e6) @ Affine.rotation(30) @ Affine.scale(10, -10)},
        {"transform": Affine(0, 10, 4e5, 10, 0, 4.6e6)},  # columns go north
        {"crs": "EPSG:4326", "transform": Affine.translation(10, 50) @ Affine.rotation(30) @ Affine.scale(1e-6, -1e-6)},
    ],
    ids=["nowhere", "rotated", "turned by a quarter", "rotated, small steps"],
)
def test_extent_in_pixels(tmp_path, grid):
    assert overview(raster(tmp_path / "a.tif", numbers(1, 20, 30), **grid)).extent == (0, 30, 20, 0)


def test_no_map(tmp_path):
    with pytest.raises(InputError, match="there is no raster"):
        overview(tmp_path / "absent.tif")


@pytest.mark.parametrize(
    ("grid", "expected", "exact"),
    [
        ({}, (10, 10), 1e-12),
        ({"transform": Affine.translation(4e5, 4.6e6) @ Affine.rotation(30) @ Affine.scale(10, -20)}, (10, 20), 1e-12),
        # On the ellipsoid a degree has 111,320 m at the equator in longitude, 110,574 m in latitude; at 60° 55,800 m
        # and 111,412 m.
        ({"crs": "EPSG:4326", "transform": Affine(0.001, 0, 10, 0, -0.001, 0.01)}, (111.320, 110.574), 1e-4),
        ({"crs": "EPSG:4326", "transform": Affine(0.001, 0, 10, 0, -0.001, 60.01)}, (55.800, 111.412), 1e-4),
        ({"crs": "EPSG:4326", "transform": Affine(0.001, 0, 179.9945, 0, -0.001, 0.01)}, (111.320, 110.574), 1e-4),
        ({"crs": "EPSG:2263", "transform": Affine(100, 0, 9.8e5, 0, -100, 2e5)}, (30.48006, 30.48006), 1e-6),  # feet
        # Mercator of the web at 60° is twice as large as the ground.
        ({"crs": "EPSG:3857", "transform": Affine(10, 0, 1e6, 0, -10, 8399737)}, (5.0, 5.0), 0.01),
        ({"crs": 'LOCAL_CS["a site",UNIT["metre",1]]', "transform": Affine(3, 0, 1, 0, -3, 2)}, (3, 3), 1e-12),
        ({"crs": None}, None, 0),
        ({"transform": Affine.identity()}, None, 0),
    ],
    ids=["utm", "rotated", "equator", "60 degrees", "date line", "feet", "web", "site", "no crs", "no transform"],
)
def test_metres_of_a_pixel(tmp_path, grid, expected, exact):
    tile = open_tile(raster(tmp_path / "a.tif", numbers(1, 20, 10), **grid), ["a"])
    found = pixel_size(tile)
    if expected is None:
        assert found is None
    else:
        assert found[:2] == pytest.approx(expected, rel=exact)
        size = size_of_pixel(tile.crs, tile.transform, 5, 10)
        assert size.area == pytest.approx(np.prod(expected), rel=2 * exact)


def test_places_beyond_the_globe():
    import rasterio

    assert lon_lat(rasterio.crs.CRS.from_epsg(4326), 5, 95) is None
    assert lon_lat(None, 5, 5) is None
    assert lon_lat(rasterio.crs.CRS.from_epsg(4326), 5, 45) == (5, 45)
