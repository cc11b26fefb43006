"""GeoParquet: the coordinates of points are columns, and no features; well-known binary as other software writes it."""

import json
import struct

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from launcher.support.table_outline import local_outline
from lib import dataset, explore
from lib.errors import InputError
from lib.reading import geometry
from lib.reading.options import NO_OPTIONS
from lib.support import tables
from tests.lib.tables import make_table

BLOCKS = {"block_cols": ["x", "y"], "block_size": 100.0}


def geo(*kinds, **changes):
    column = {"encoding": "WKB", "geometry_types": list(kinds), **changes}
    return {b"geo": json.dumps({"version": "1.1.0", "primary_column": "geometry", "columns": {"geometry": column}})}


def points(xy, code=1, order="<"):
    zm = b"" if code == 1 else struct.pack(f"{order}d", 5.0)
    return [struct.pack(f"{order}BIdd", order == "<", code, *each) + zm for each in xy]


def put(table, xy, path, metadata=None, **options):
    whole = pa.Table.from_pandas(table, preserve_index=False)
    whole = whole.add_column(0, "geometry", pa.array(points(xy, **options), pa.binary()))
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(whole.replace_schema_metadata(metadata or geo("Point")), path)
    return str(path)


@pytest.fixture(scope="module")
def table():
    return make_table(300, seed=2).drop(columns="zone")


@pytest.fixture(scope="module")
def xy(table):
    return np.random.default_rng(1).uniform(500_000, 500_200, (len(table), 2))


@pytest.mark.parametrize(
    ("hexadecimal", "expected"),
    [
        # From the OGC's and PostGIS's own examples.
        ("000000000140000000000000004010000000000000", (2.0, 4.0)),
        ("0101000000000000000000F03F0000000000000040", (1.0, 2.0)),
        ("01E9030000000000000000F03F00000000000000400000000000000840", (1.0, 2.0)),  # ISO's Point Z
        ("0101000080000000000000F03F00000000000000400000000000000840", (1.0, 2.0)),  # PostGIS's Point Z
        ("0101000000000000000000F87F000000000000F87F", (np.nan, np.nan)),  # POINT EMPTY
        ("010200000002000000000000000000F03F000000000000F03F00000000000000400000000000000040", (1.5, 1.5)),  # a line
        ("", (np.nan, np.nan)),
    ],
)
def test_coordinates_of_well_known_binary(hexadecimal, expected):
    found = geometry.coordinates([bytes.fromhex(hexadecimal), None])
    np.testing.assert_array_equal(found, [expected, (np.nan, np.nan)])


@pytest.mark.parametrize("options", [{}, {"order": ">"}, {"code": 1001}])
def test_points_place_the_rows_and_are_no_features(spark, tmp_path, table, xy, options):
    loaded = dataset.load(spark, put(table, xy, tmp_path / "t.parquet", **options), **BLOCKS)
    assert loaded.features == ("f0", "f1", "f2", "f3")
    found = loaded.frame.select("f0", "x", "y").toPandas().sort_values("f0").to_numpy()
    np.testing.assert_array_equal(found, np.column_stack([table.f0, xy])[np.argsort(table.f0)])
    plain = tmp_path / "plain.parquet"
    table.assign(x=xy[:, 0], y=xy[:, 1]).to_parquet(plain)
    same = dataset.load(spark, str(plain), **BLOCKS)
    assert (loaded.fingerprint, loaded.features) == (same.fingerprint, same.features)
    zones = [{row["__block"] for row in each.frame.select("__block").distinct().collect()} for each in (loaded, same)]
    assert zones[0] == zones[1]


def test_without_blocks_they_are_not_used_and_are_shown(spark, tmp_path, table, xy):
    path = put(table, xy, tmp_path / "t.parquet")
    loaded = dataset.load(spark, path)
    assert loaded.features == ("f0", "f1", "f2", "f3")
    assert dataset.load(spark, path, exclude_cols=["geometry", "x"]).fingerprint == loaded.fingerprint
    described = {each["column"]: each for each in explore.describe_columns(dataset.read(spark, path), "label")}
    assert {name: described[name]["role"] for name in ("geometry", "x", "y")} == dict.fromkeys(
        ("geometry", "x", "y"), "place"
    )
    assert (described["x"]["min"], described["y"]["max"]) == (xy[:, 0].min(), xy[:, 1].max())


def test_several_files_and_a_point_that_is_missing(spark, tmp_path, table, xy):
    gone = xy.copy()
    gone[7] = np.nan
    put(table[:100], gone[:100], tmp_path / "t" / "1.parquet")
    put(table[100:], gone[100:], tmp_path / "t" / "zone=a" / "2.parquet")
    with pytest.raises(InputError, match="only one is in a folder that names a value of zone"):
        dataset.load(spark, str(tmp_path / "t"), **BLOCKS)
    put(table[100:], gone[100:], tmp_path / "t" / "2.parquet", order=">")
    with pytest.raises(InputError, match=r"1 of 300 rows have a null, NaN or infinite value, in: x \(1\), y \(1\)"):
        dataset.load(spark, f"{tmp_path}/t/*.parquet", **BLOCKS)
    assert dataset.load(spark, f"{tmp_path}/t/*.parquet", missing="drop", **BLOCKS).rows == 299
    assert dataset.load(spark, f"{tmp_path}/t/*.parquet").rows == 300


def test_the_files_own_coordinates_count(spark, tmp_path, table, xy):
    path = put(table.assign(x=1.5, Y=2.5), xy, tmp_path / "t.parquet")
    loaded = dataset.load(spark, path, exclude_cols=["Y"])
    assert loaded.features == ("f0", "f1", "f2", "f3", "x")
    assert loaded.frame.select("x").distinct().collect()[0]["x"] == 1.5


@pytest.mark.parametrize(
    ("kinds", "says"),
    [
        (("Polygon", "MultiPolygon"), r"column 'geometry' is of type geometry \(Polygon, MultiPolygon\)"),
        (("Point", "LineString"), r"is of type geometry \(Point, LineString\)"),
        ((), r"is of type geometry \(of any kind\)"),
    ],
)
def test_without_shapely_other_geometries_are_refused_by_name(spark, tmp_path, table, xy, kinds, says, monkeypatch):
    monkeypatch.setattr(geometry, "has_centroids", lambda: False)
    says += r", whose centroids need shapely \(pip install shapely\), not a number: convert it, or exclude it"
    path = put(table, xy, tmp_path / "t.parquet", geo(*kinds))
    with pytest.raises(InputError, match=says):
        dataset.load(spark, path)
    assert dataset.load(spark, path, exclude_cols=["geometry"]).rows == 300
    with pytest.raises(InputError, match="block_cols: the table has no column 'x'"):
        dataset.load(spark, path, exclude_cols=["geometry"], **BLOCKS)


def polygon(*corners):
    """A ring of corners as well-known binary; it is closed here."""
    ring = [*corners, corners[0]]
    return struct.pack("<BII", 1, 3, 1) + struct.pack("<I", len(ring)) + b"".join(struct.pack("<dd", *c) for c in ring)


def rectangle(x, y, width, height):
    return polygon((x, y), (x + width, y), (x + width, y + height), (x, y + height))


def several(kind, *parts):
    return struct.pack("<BII", 1, kind, len(parts)) + b"".join(parts)


_place, _side = st.floats(-1e6, 1e6), st.floats(1, 1e4)


@given(x=_place, y=_place, width=_side, height=_side)
def test_the_centroid_of_a_rectangle_is_its_middle(x, y, width, height):
    found = geometry.coordinates([rectangle(x, y, width, height)])
    np.testing.assert_allclose(found, [(x + width / 2, y + height / 2)], atol=1e-3)


@given(x=_place, y=_place, width=_side, height=_side, shift=st.floats(-1, 1))
def test_that_of_a_triangle_is_the_mean_of_its_corners(x, y, width, height, shift):
    corners = [(x, y), (x + width, y), (x + shift * width, y + height)]
    np.testing.assert_allclose(geometry.coordinates([polygon(*corners)]), [np.mean(corners, axis=0)], atol=1e-3)


def test_parts_weigh_by_their_area_or_length_and_what_is_nothing_has_no_place():
    line = struct.pack("<BII", 1, 2, 3) + struct.pack("<6d", 0, 0, 4, 0, 4, 2)
    known = {
        several(6, rectangle(0, 0, 1, 1), rectangle(10, 0, 3, 1)): (0.25 * 0.5 + 0.75 * 11.5, 0.5),
        line: ((4 * 2 + 2 * 4) / 6, 2 / 6),
        points([(7.0, 8.0)])[0]: (7.0, 8.0),
        several(6): (np.nan, np.nan),
        b"no geometry at all, but long enough": (np.nan, np.nan),
    }
    np.testing.assert_allclose(geometry.coordinates([*known, None]), [*known.values(), (np.nan, np.nan)])


@pytest.mark.parametrize("kinds", [("Polygon",), ("Polygon", "Point"), ()])
def test_centroids_of_polygons_place_the_rows(spark, tmp_path, table, xy, kinds):
    expected = dataset.load(spark, put(table, xy, tmp_path / "points.parquet"), **BLOCKS)
    corners = [(round(x, 1), round(y, 1)) for x, y in xy]
    whole = pa.Table.from_pandas(table, preserve_index=False)
    shapes = [rectangle(x - 0.5, y - 1, 1, 2) for x, y in corners]
    whole = whole.add_column(0, "geometry", pa.array(shapes, pa.binary())).replace_schema_metadata(geo(*kinds))
    pq.write_table(whole, tmp_path / "polygons.parquet")
    loaded = dataset.load(spark, f"{tmp_path}/polygons.parquet", **BLOCKS)
    assert (loaded.features, loaded.rows) == (expected.features, 300)
    found = sorted((row["x"], row["y"]) for row in loaded.frame.select("x", "y").collect())
    np.testing.assert_allclose(found, sorted(corners), atol=1e-6)


@pytest.mark.parametrize(
    "metadata",
    [{b"geo": b"no JSON"}, {b"geo": b"[]"}, {b"geo": b"{}"}, geo("Point", encoding="point"), {b"other": b"{}"}, None],
)
def test_metadata_of_another_kind_say_nothing(metadata):
    assert geometry.geometry_of(metadata) is None


def test_the_check_before_a_run_sees_the_same_columns(tmp_path, table, xy):
    path = tmp_path / "t.parquet"
    put(table, xy, path)
    found = local_outline(str(path), path, NO_OPTIONS)
    assert [each.name for each in found.columns] == ["geometry", "f0", "f1", "f2", "f3", "label", "x", "y"]
    assert tables.feature_columns(found.columns, "label", None, []) == ("f0", "f1", "f2", "f3")
    tables.check_block_cols(found.columns, ["x", "y"], 100.0)


@pytest.mark.parametrize("name", ["zones.SHP", "zones.geojson"])
def test_other_files_of_geometries_are_refused_with_the_way_to_geoparquet(tmp_path, name):
    path = tmp_path / name
    path.write_bytes(b"SQLite format 3 and so on")
    with pytest.raises(InputError, match=rf"{name} is a file of geometries.*with ogr2ogr zones\.parquet {name}"):
        local_outline(str(path), path, NO_OPTIONS)
