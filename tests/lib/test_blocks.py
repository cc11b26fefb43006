from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lib import dataset
from lib.errors import InputError
from lib.split import split
from lib.support.blocks import BLOCK_COL, FEWEST_ROWS, MOST_SQUARES, merged
from tests.lib.tables import make_table, write

squares = st.dictionaries(
    st.tuples(st.integers(-5, 5), st.integers(-5, 5)), st.integers(1, 3 * FEWEST_ROWS), min_size=1, max_size=40
)


def placed(rows=2000, seed=0):
    """A table with coordinates in metres, over 4 × 4 km."""
    rng = np.random.default_rng(seed)
    table = make_table(rows, seed=seed)
    return table.assign(x=rng.uniform(500_000, 504_000, rows), y=rng.uniform(-2_000, 2_000, rows))


@given(squares)
@settings(max_examples=200, deadline=None)
def test_no_block_is_small_and_none_is_cut(rows):
    names = merged(rows)
    assert set(names) == set(rows)
    sizes = Counter()
    for square, count in rows.items():
        sizes[names[square]] += count
    assert len(sizes) == 1 or min(sizes.values()) >= FEWEST_ROWS
    for square, count in rows.items():
        if count >= FEWEST_ROWS and all(names[other] != names[square] for other in rows if other != square):
            assert names[square] == square
    assert merged(dict(reversed(rows.items()))) == names


def test_a_small_block_joins_its_nearest_neighbour():
    names = merged({(0, 0): 200, (1, 0): 10, (5, 5): 200, (9, 9): 200})
    assert names == {(0, 0): (0, 0), (1, 0): (0, 0), (5, 5): (5, 5), (9, 9): (9, 9)}


def test_blocks_are_zones_and_coordinates_no_features(spark, tmp_path):
    table = placed()
    path = write(table, tmp_path / "t.parquet")
    loaded = dataset.load(spark, path, block_cols=["x", "y"], block_size=2_000)
    assert loaded.features == ("f0", "f1", "f2", "f3")
    assert (loaded.zone_col, loaded.coordinates) == (BLOCK_COL, ("x", "y"))
    found = loaded.frame.select("x", "y", BLOCK_COL).toPandas()
    corners = [f"{int(x // 2000) * 2000}_{int(y // 2000) * 2000}" for x, y in zip(found.x, found.y, strict=True)]
    assert found[BLOCK_COL].tolist() == corners
    assert set(corners) == {"500000_-2000", "500000_0", "502000_-2000", "502000_0"}
    parts = split(loaded, split_by="zone", seed=1)
    assert sorted(zone for zones in parts.zones.values() for zone in zones) == sorted(set(corners))


def test_without_a_size_the_zones_are_the_tables_own(spark, tmp_path):
    loaded = dataset.load(spark, write(placed(300), tmp_path / "t.parquet"), block_cols=["x", "y"])
    assert (loaded.zone_col, loaded.coordinates) == ("zone", ("x", "y"))
    assert "x" not in loaded.features


@pytest.mark.parametrize(
    ("columns", "size", "says"),
    [
        (["x"], 100, r"block_cols=\['x'\]: give two columns, such as \[x, y\]"),
        (["x", "x"], 100, "give two columns"),
        (["x", "east"], 100, "block_cols: the table has no column 'east'"),
        (["x", "zone"], 100, "column 'zone' of block_cols is of type string, not a number"),
        (["x", "y"], 1, f"block_size: 1 makes more than {MOST_SQUARES:,} blocks of the table: give a larger one"),
        (["x", "y"], 0, "block_size=0: give a number above 0, in the unit of x and y"),
        ([], 5, r"block_cols=\[\]: give two columns"),
    ],
)
def test_what_makes_no_blocks_is_refused(spark, tmp_path, columns, size, says):
    path = write(placed(MOST_SQUARES + 800), tmp_path / "t.parquet")
    with pytest.raises(InputError, match=says):
        dataset.load(spark, path, block_cols=columns, block_size=size)


def test_a_row_without_a_place_is_reported(spark, tmp_path):
    table = placed(300)
    table.loc[3, "x"] = np.nan
    with pytest.raises(InputError, match=r"1 of 300 rows have a null, NaN or infinite value, in: x \(1\)"):
        dataset.load(spark, write(table, tmp_path / "t.parquet"), block_cols=["x", "y"], block_size=2_000)


def test_a_zone_column_that_is_named_beside_blocks_must_be_there(spark, tmp_path):
    table = make_table(400).assign(x=np.arange(400.0), y=0.0)
    path = write(table.drop(columns="zone"), tmp_path / "t.parquet")
    assert dataset.load(spark, path, block_cols=["x", "y"], block_size=200).zone_col == BLOCK_COL
    with pytest.raises(InputError, match="zone_col: the table has no column 'zonne'"):
        dataset.load(spark, path, zone_col="zonne", block_cols=["x", "y"], block_size=200)
