"""GeoPackage: a table in it is read as the same table in parquet, and its geometries give coordinates."""

import datetime
import io
import sqlite3
import sys
import tempfile
from contextlib import closing
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pyogrio
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from launcher.support.table_outline import local_outline
from lib import dataset
from lib.errors import InputError
from lib.reading import frames, geometry, geopackage
from lib.reading.options import NO_OPTIONS
from lib.support import tables
from tests.lib.tables import make_table

BLOCKS = {"block_cols": ["x", "y"], "block_size": 100.0}
HALF = np.array([0.5, 1])
FEATURES = ("f0", "f1", "f2", "f3")


def put(table, path, shapes=None, kind="Point", layer="pixels", append=False):
    """Write a table as a layer of a GeoPackage, with shapely's geometries."""
    path.parent.mkdir(parents=True, exist_ok=True)
    whole = table if isinstance(table, pa.Table) else pa.Table.from_pandas(table, preserve_index=False)
    geometries = {}
    if shapes is not None:
        whole = whole.append_column("geom", pa.array(shapely.to_wkb(shapes), pa.binary()))
        geometries = {"geometry_name": "geom", "geometry_type": kind, "crs": "EPSG:32719"}
    pyogrio.write_arrow(whole, path, layer=layer, driver="GPKG", append=append, **geometries)
    return str(path)


def edit(path, *statements):
    with closing(sqlite3.connect(path)) as database:
        for each in statements:
            database.execute(each)
        database.commit()


def outline_of(path):
    return local_outline(str(path), Path(path), NO_OPTIONS)


@pytest.fixture(scope="module")
def table():
    return make_table(300, seed=2).drop(columns="zone")


@pytest.fixture(scope="module")
def xy(table):
    return np.random.default_rng(1).uniform(500_000, 500_200, (len(table), 2)).round(1)


@pytest.fixture(scope="module")
def expected(spark, tmp_path_factory, table, xy):
    """The same table as parquet, with its coordinates as columns."""
    path = tmp_path_factory.mktemp("plain") / "t.parquet"
    table.assign(x=xy[:, 0], y=xy[:, 1]).to_parquet(path)
    return dataset.load(spark, str(path), **BLOCKS)


def test_points_place_the_rows_and_are_no_features(spark, tmp_path, table, xy, expected):
    path = put(table, tmp_path / "t.gpkg", shapely.points(xy))
    loaded = dataset.load(spark, path, **BLOCKS)
    assert (loaded.features, loaded.rows, loaded.fingerprint) == (FEATURES, 300, expected.fingerprint)
    zones = [
        {row["__block"] for row in each.frame.select("__block").distinct().collect()} for each in (loaded, expected)
    ]
    assert zones[0] == zones[1]
    assert dataset.load(spark, path).features == FEATURES
    assert dataset.load(spark, path, exclude_cols=["geom", "x", "f0"]).features == FEATURES[1:]


@pytest.mark.parametrize("kind", ["Polygon", "Unknown"])
def test_rectangles_are_at_their_middle(spark, tmp_path, table, xy, expected, kind):
    path = put(table, tmp_path / "t.gpkg", shapely.box(*(xy - HALF).T, *(xy + HALF).T), kind)
    loaded = dataset.load(spark, path, **BLOCKS)
    assert (loaded.features, loaded.rows) == (FEATURES, 300)
    found = loaded.frame.select("f0", "x", "y").toPandas().sort_values("f0").to_numpy()
    known = np.column_stack([table.f0, xy])[np.argsort(table.f0)]
    np.testing.assert_allclose(found, known, atol=1e-6)


def test_without_shapely_polygons_are_refused_by_name(spark, tmp_path, table, xy, monkeypatch):
    path = put(table, tmp_path / "t.gpkg", shapely.box(*xy.T, *(xy + 1).T), "Polygon")
    monkeypatch.setattr(geometry, "has_centroids", lambda: False)
    with pytest.raises(InputError, match=r"geom.*geometry \(Polygon\), whose centroids need shapely"):
        dataset.load(spark, path)
    assert dataset.load(spark, path, exclude_cols=["geom"]).rows == 300


def test_a_layer_without_geometries_is_a_table(spark, tmp_path, table):
    table.to_parquet(tmp_path / "t.parquet")
    loaded = dataset.load(spark, put(table, tmp_path / "t.gpkg"))
    assert loaded.fingerprint == dataset.load(spark, f"{tmp_path}/t.parquet").fingerprint
    assert [each.name for each in outline_of(tmp_path / "t.gpkg").columns] == [*FEATURES, "label"]


_KINDS = {
    "i16": (pa.int16(), st.integers(-(2**15), 2**15 - 1)),
    "i32": (pa.int32(), st.integers(-(2**31), 2**31 - 1)),
    "i64": (pa.int64(), st.integers(-(2**63), 2**63 - 1)),
    "f32": (pa.float32(), st.floats(width=32, allow_nan=False)),
    "f64": (pa.float64(), st.floats(allow_nan=False)),
    "yes": (pa.bool_(), st.booleans()),
    "text": (pa.string(), st.text(st.characters(exclude_categories=["Cs", "Cc"]))),
    "day": (pa.date32(), st.dates()),
}
_rows = st.lists(
    st.fixed_dictionaries({name: st.none() | kind for name, (_, kind) in _KINDS.items()}), min_size=1, max_size=20
)


def of_rows(rows):
    return pa.Table.from_pylist(rows, pa.schema([(name, kind) for name, (kind, _) in _KINDS.items()]))


@settings(max_examples=30, deadline=None)
@given(rows=_rows)
def test_any_values_come_back(rows):
    table = of_rows(rows)
    with tempfile.TemporaryDirectory() as folder:
        content = Path(put(table, Path(folder, "t.gpkg"))).read_bytes()
    found = geopackage.look("t.gpkg", io.BytesIO(content))
    assert (found.schema, found.rows, found.misfits, found.geometry) == (table.schema, len(rows), frozenset(), None)
    names = [*reversed(_KINDS)]
    back = pa.Table.from_batches(geopackage.batches(io.BytesIO(content), names)).select(list(_KINDS))
    assert back.to_pylist() == table.to_pylist()


def test_a_table_is_read_as_from_parquet(spark, tmp_path):
    """Columns, types and values, with what is missing."""
    first = (-(2**15), -(2**31), -(2**63), 0.1, 0.1, True, "ñ' ", datetime.date(1900, 1, 1))
    second = (2**15 - 1, 2**31 - 1, 2**63 - 1, np.inf, -np.inf, False, "", datetime.date(2026, 12, 31))
    table = of_rows([dict(zip(_KINDS, each, strict=True)) for each in (first, second, [None] * len(_KINDS))])
    pq.write_table(table, tmp_path / "t.parquet")
    put(table, tmp_path / "t.gpkg")
    one, other = (frames.read(spark, f"{tmp_path}/t.{ending}") for ending in ("parquet", "gpkg"))
    kinds = {each.name: each for each in frames.columns_of(one.frame)}
    kinds["i16"] = tables.Column("i16", "smallint", True)  # parquet has no integers of 16 bits
    assert {each.name: each for each in frames.columns_of(other.frame)} == kinds
    assert [each.rows for each in other.sources] == [3]
    values = [sorted(map(str, each.frame.collect())) for each in (one, other)]
    assert values[1] == values[0]


def test_several_files_zones_from_folders_and_a_missing_point(spark, tmp_path, table, xy):
    shapes = shapely.points(xy)
    shapes[7] = None
    put(table[:100], tmp_path / "t" / "zone=a" / "1.gpkg", shapes[:100])
    put(table[100:], tmp_path / "t" / "zone=b" / "2.gpkg", shapes[100:], layer="others")
    with pytest.raises(InputError, match=r"1 of 300 rows have a null, NaN or infinite value, in: x \(1\), y \(1\)"):
        dataset.load(spark, f"{tmp_path}/t", **BLOCKS)
    loaded = dataset.load(spark, f"{tmp_path}/t", zone_col="zone")
    assert (loaded.rows, loaded.features) == (300, FEATURES)
    assert {row["zone"]: row["count"] for row in loaded.frame.groupBy("zone").count().collect()} == {"a": 100, "b": 200}


def test_a_date_is_no_feature_and_can_be_excluded(spark, tmp_path, table):
    path = put(table.assign(day=np.datetime64("2026-01-02T03:04:05", "ms")), tmp_path / "t.gpkg")
    with pytest.raises(InputError, match=r"day.*timestamp"):
        dataset.load(spark, path)
    assert dataset.load(spark, path, exclude_cols=["day"]).features == FEATURES


@pytest.mark.parametrize(
    ("column", "value"), [("f1", "'abc'"), ("label", "0.5"), ("label", "x'00'"), ("count", "3000000000")]
)
def test_values_that_gdal_would_change_make_a_column_no_number(spark, tmp_path, table, column, value):
    """SQLite has any value in any column, and GDAL reads a text as 0."""
    path = put(table.assign(count=np.int32(1)), tmp_path / "t.gpkg")
    edit(path, f"UPDATE pixels SET {column} = {value} WHERE fid = 5")
    [found] = [each for each in outline_of(path).columns if each.name == column]
    assert (found.is_number, "with values that are none" in found.type) == (False, True)
    with pytest.raises(InputError, match=column):
        dataset.load(spark, path)
    if column != "label":
        assert dataset.load(spark, path, exclude_cols=[column]).rows == 300


def test_of_several_layers_the_only_one_with_rows_is_read(tmp_path, table, xy):
    path = tmp_path / "t.gpkg"
    put(table[:0], path, layer="drafts")
    put(table[:0], path, layer="more", append=True)
    with pytest.raises(InputError, match="several layers, all of them without rows"):
        outline_of(path)
    put(table, path, shapely.points(xy), append=True)
    put(table[:3], path, layer="layer_styles", append=True)  # as QGIS calls the table of its styles
    assert outline_of(path).rows == 300
    put(table[:3], path, layer="others", append=True)
    says = r"several layers with rows \(.*pixels.*others.*\).*ogr2ogr layer\.gpkg t\.gpkg pixels"
    with pytest.raises(InputError, match=says):
        outline_of(path)


def test_a_damaged_file_is_named(spark, tmp_path, table, xy):
    whole = Path(put(table, tmp_path / "whole.gpkg", shapely.points(xy))).read_bytes()
    middle = len(whole) // 2
    damaged = {
        "cut": whole[:middle],
        "other": b"no database at all" * 100,
        "short": whole[:30],
        "zeros": whole[:4096] + bytes(len(whole) - 4096),
    }
    for name, content in damaged.items():
        path = tmp_path / f"{name}.gpkg"
        path.write_bytes(content)
        with pytest.raises(InputError, match=rf"{name}\.gpkg is not valid GeoPackage: it is damaged"):
            outline_of(path)
        with pytest.raises(InputError, match=rf"{name}\.gpkg is not valid GeoPackage: it is damaged"):
            dataset.load(spark, str(path))


def test_without_pyogrio_the_remedy_is_named(spark, tmp_path, table, monkeypatch):
    path = put(table, tmp_path / "t.gpkg")
    monkeypatch.setitem(sys.modules, "pyogrio", None)
    says = r"t\.gpkg is a GeoPackage, which needs pyogrio \(pip install pyogrio shapely\).*ogr2ogr t\.parquet t\.gpkg"
    for look in (lambda: outline_of(path), lambda: dataset.load(spark, path)):
        with pytest.raises(InputError, match=says):
            look()


def test_a_file_that_is_too_large_is_refused_before_it_is_copied(tmp_path, table, monkeypatch):
    path = put(table, tmp_path / "t.gpkg")
    monkeypatch.setattr("lib.reading.limits._LARGEST_WHOLE", 10)
    with pytest.raises(InputError, match=r"t\.gpkg is a GeoPackage, and such a file is read by one task"):
        outline_of(path)


def test_the_check_before_a_run_sees_the_same_columns(tmp_path, table, xy):
    found = outline_of(put(table, tmp_path / "t.gpkg", shapely.points(xy)))
    assert {each.name for each in found.columns} == {*FEATURES, "label", "geom", "x", "y"}
    assert tables.feature_columns(found.columns, "label", None, []) == FEATURES
    tables.check_block_cols(found.columns, ["x", "y"], 100.0)
