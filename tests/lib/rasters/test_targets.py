import json

import numpy as np
import pytest
import rasterio
from affine import Affine
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from rasterio.features import geometry_mask, rasterize
from rasterio.warp import transform_geom
from scipy import ndimage

from lib.errors import InputError
from lib.rasters import targets
from lib.rasters.targets import best_areas, geojson
from tests.lib.rasters.make import UTM, raster


def scores(tmp_path, values, **profile):
    return raster(tmp_path / "score.tif", np.asarray(values, "float32")[None], nodata=np.nan, **profile)


def naive(values, threshold):
    """Pixels, mean, highest and centroid of each area, the best first."""
    labels, count = ndimage.label(np.nan_to_num(values, nan=-1) > np.float32(threshold), np.ones((3, 3)))
    found = []
    for label in range(1, count + 1):
        rows, columns = np.nonzero(labels == label)
        inside = values[rows, columns].astype(float)
        found.append((len(rows), inside.mean(), inside.max(), columns.mean() + 0.5, rows.mean() + 0.5))
    return sorted(found, key=lambda area: -area[0] * area[1])


@settings(max_examples=60, deadline=None)
@given(
    arrays("float32", array_shapes(min_dims=2, max_dims=2, max_side=24),
           elements=st.sampled_from([0.0, 0.25, 0.5, 0.75, np.nan])),
    st.sampled_from([-1.0, 0.1, 0.5, 0.6, 1.0]),
)  # fmt: skip
def test_areas_are_those_of_scipy(tmp_path_factory, values, threshold):
    file = scores(tmp_path_factory.mktemp("areas"), values, crs=None, transform=Affine.identity(), blockysize=1)
    found = best_areas(file, threshold, most=1000)
    mine = [(area.pixels, area.mean, area.highest, area.x, area.y) for area in found]
    expected = naive(values, threshold)
    # Areas of the same score are in any order.
    assert np.array(sorted(mine)) == pytest.approx(np.array(sorted(expected)))
    weights = [area.pixels * area.mean for area in found]
    assert weights == pytest.approx(sorted(weights, reverse=True))


def test_a_map_of_many_strips(tmp_path, monkeypatch):
    values = ndimage.uniform_filter(np.random.default_rng(0).uniform(size=(200, 150)), 5).astype("float32")
    values[:9, :9] = np.nan
    file = scores(tmp_path, values, tiled=True, blockxsize=16, blockysize=16)
    whole = best_areas(file, 0.52)
    monkeypatch.setattr(targets, "_STRIP", 1)
    assert best_areas(file, 0.52) == whole
    expected = naive(values, 0.52)
    assert len(expected) > len(whole) == 20
    assert [area.pixels * area.mean for area in whole] == pytest.approx([n * mean for n, mean, *_ in expected[:20]])
    assert [area.area for area in whole] == [100 * area.pixels for area in whole]


def test_a_spiral_is_one_area(tmp_path):
    values = np.zeros((41, 41))
    row, column, turn = 0, 0, (0, 1)
    for length in (40, 40, 40, 38, 38, 36, 36, 34, 34, 32, 32, 30, 30):
        for _ in range(length):
            values[row, column] = 1
            row, column = row + turn[0], column + turn[1]
        turn = (turn[1], -turn[0])
    assert [area.pixels for area in best_areas(scores(tmp_path, values), 0.5)] == [int(values.sum())]


def test_a_score_equal_to_the_threshold_is_not_above_it(tmp_path):
    # 0.3 is larger as a number of four bytes than of eight.
    assert best_areas(scores(tmp_path, [[0.3, 0.2]]), 0.3) == []


def test_what_is_said_of_an_area(tmp_path):
    values = np.zeros((30, 40))
    values[10:14, 20:25] = 0.6
    values[11, 22] = 0.9
    values[2, 2] = 1
    first, second = best_areas(scores(tmp_path, values), 0.5)
    assert (first.pixels, first.area, second.pixels) == (20, 2000, 1)
    assert first.mean == pytest.approx((19 * 0.6 + 0.9) / 20)
    assert first.highest == pytest.approx(0.9)
    assert (first.x, first.y) == (399960 + 225, 4600020 - 120)
    longitudes, latitudes = rasterio.warp.transform("EPSG:32630", "EPSG:4326", [first.x], [first.y])
    assert (first.lon, first.lat) == (longitudes[0], latitudes[0])
    assert first.outline["type"] == "Polygon"
    back = transform_geom("EPSG:4326", "EPSG:32630", first.outline)
    corners = np.array(back["coordinates"][0])
    assert np.ptp(corners, axis=0) == pytest.approx([50, 40], abs=0.01)


@pytest.mark.parametrize(
    "grid",
    [{}, {"crs": "EPSG:4326", "transform": Affine(0.001, 0, -68, 0, -0.001, -23)},
     {"transform": Affine.translation(4e5, 4.6e6) @ Affine.rotation(30) @ Affine.scale(10, -10)}],
)  # fmt: skip
def test_outlines_cover_the_pixels_of_their_area(tmp_path, grid):
    values = ndimage.uniform_filter(np.random.default_rng(3).uniform(size=(60, 50)), 3)
    file = scores(tmp_path, values, **grid)
    areas = best_areas(file, 0.55, most=1000)
    assert {area.outline["type"] for area in areas} == {"Polygon", "MultiPolygon"}
    crs, transform = {**UTM, **grid}.values()
    outlines = [transform_geom("EPSG:4326", crs, area.outline) for area in areas]
    covered = rasterize(outlines, values.shape, transform=transform)
    assert np.array_equal(covered > 0, values > 0.55)
    for area, outline in zip(areas, outlines, strict=True):
        assert (~geometry_mask([outline], values.shape, transform)).sum() == area.pixels


def test_rings_turn_as_geojson_wants(tmp_path):
    values = np.ones((7, 9))
    values[2:4, 3:5] = 0
    [area] = best_areas(scores(tmp_path, values), 0.5)
    outer, hole = area.outline["coordinates"]

    def turn(ring):
        x, y = np.array(ring).T
        return np.sum(x[:-1] * y[1:] - x[1:] * y[:-1])

    assert turn(outer) > 0 > turn(hole)
    assert outer[0] == outer[-1]


def test_a_large_area_has_a_coarse_outline(tmp_path, monkeypatch):
    monkeypatch.setattr(targets, "_OUTLINE_CELLS", 10)
    values = np.random.default_rng(0).uniform(0.4, 1, (95, 60))
    values[0, :], values[-1, :], values[:, 0] = 1, 1, 1
    best = best_areas(scores(tmp_path, values), 0.5)[0]
    outline = transform_geom("EPSG:4326", "EPSG:32630", best.outline)
    corners = np.concatenate([np.array(polygon) for polygon in outline["coordinates"][:1]])
    assert corners.min(axis=0) == pytest.approx([399960, 4600020 - 1000], abs=0.1)
    assert corners.max(axis=0) == pytest.approx([399960 + 600, 4600020], abs=0.1)


@pytest.mark.parametrize("values", [[[0.0]], [[np.nan]], np.zeros((50, 3))])
def test_nothing_above_the_threshold(tmp_path, values):
    assert best_areas(scores(tmp_path, values), 0.5) == []
    assert geojson([]) == {"type": "FeatureCollection", "features": []}


def test_geojson(tmp_path):
    record = json.loads(
        json.dumps(geojson([("north", area) for area in best_areas(scores(tmp_path, [[1, 0, 0.75, 0.75]]), 0.5)]))
    )
    first, second = record["features"]
    assert first["type"] == "Feature"
    assert first["geometry"]["type"] == "Polygon"
    properties = first["properties"]
    assert (properties["rank"], properties["pixels"], properties["mean_score"]) == (1, 2, 0.75)
    assert second["properties"]["rank"] == 2


def test_without_georeference_there_is_no_outline(tmp_path):
    [area] = best_areas(scores(tmp_path, [[0, 1]], crs=None, transform=Affine.identity()), 0.5)
    assert (area.x, area.y) == (1.5, 0.5)
    assert (area.area, area.lon, area.lat, area.outline) == (None, None, None, None)


def test_the_grid_of_a_site_has_metres_but_no_place_on_the_globe(tmp_path):
    site = {"crs": 'LOCAL_CS["a site",UNIT["metre",1]]', "transform": Affine(3, 0, 1, 0, -3, 2)}
    [area] = best_areas(scores(tmp_path, [[0, 1]], **site), 0.5)
    assert (area.x, area.y, area.area) == (5.5, 0.5, 9)
    assert (area.lon, area.lat, area.outline) == (None, None, None)


def test_no_map(tmp_path):
    with pytest.raises(InputError, match="there is no raster"):
        best_areas(tmp_path / "absent.tif", 0.5)


def test_what_the_model_does_not_apply_to_counts_for_nothing(tmp_path):
    file = scores(tmp_path, [[0.9, 0.9, 0, 0.8, 0.8, 0.8, 0, 0.7]])
    (tmp_path / "index").mkdir()
    unlike = scores(tmp_path / "index", [[0.2, 3, 0, 0.1, 0.3, 0.3, 0, 4]])
    areas = best_areas(file, 0.5, dissimilarity=(unlike, 0.3))
    assert [(area.pixels, area.applicable) for area in areas] == [(3, pytest.approx(1)), (2, 0.5), (1, 0)]
    assert [area.worth for area in areas] == sorted((area.worth for area in areas), reverse=True)
    assert [area.applicable for area in best_areas(file, 0.5)] == [None] * 3
