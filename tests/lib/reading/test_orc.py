"""ORC follows the rules of parquet for several files, types and partition folders."""

import datetime as dt
from decimal import Decimal

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from pyarrow import orc

from lib import dataset
from lib.errors import InputError
from lib.reading import frames
from tests.lib.tables import make_table, write

BASE = pa.table({"f": [0.5, 1.5], "label": [0, 1]})


@pytest.fixture(scope="module")
def table():
    return make_table(200)


_kinds = st.sampled_from(["int32", "int64", "float32", "float64", "bool", "str"])
_places = st.sampled_from(["", "a/", "b/c/"])
_zones = st.sampled_from(["007", "7", "north", "1e3"])


@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    files=st.lists(st.tuples(_kinds, st.booleans(), _places, _zones), min_size=1, max_size=4), in_zones=st.booleans()
)
@example(files=[("int32", False, "", "007"), ("float64", True, "a/", "7")], in_zones=True)
@example(files=[("int64", False, "", "7"), ("str", True, "a/", "7")], in_zones=False)
def test_the_same_files_are_the_same_table_in_either_format(spark, tmp_path_factory, files, in_zones):
    folder = tmp_path_factory.mktemp("either")
    whole = []
    for number, (kind, turned, place, zone) in enumerate(files):
        rows = pd.DataFrame({"n": np.array([0, 1, 1]).astype(kind), "m": np.arange(3) + number * 10.0})
        rows = rows[["m", "n"]] if turned else rows
        whole += [(m, zone if in_zones else None) for m in rows.m]
        for ending in ("orc", "parquet"):
            write(rows, folder / ending / place / (f"zone={zone}" if in_zones else "") / f"{number}.{ending}")
    of_orc, of_parquet = (frames.read(spark, str(folder / ending)) for ending in ("orc", "parquet"))
    types = [
        [(c.name, c.type.replace(".orc", ".parquet").replace("/orc/", "/parquet/"), c.is_number) for c in columns]
        for columns in (frames.columns_of(of_orc.frame), frames.columns_of(of_parquet.frame))
    ]
    assert types[0] == types[1]
    assert (of_orc.sources[0].files, of_orc.sources[0].rows) == (len(files), 3 * len(files))
    found = [sorted(map(tuple, each.frame.select("m", "n").collect())) for each in (of_orc, of_parquet)]
    assert found[0] == found[1]
    zones = of_orc.frame.select("m", *(["zone"] if in_zones else [])).collect()
    assert sorted((row["m"], row["zone"] if in_zones else None) for row in zones) == sorted(whole)


def test_text_against_number_and_a_lacking_column_are_named_with_the_files(spark, tmp_path, table):
    write(table[:100], tmp_path / "text" / "1.orc")
    write(table[100:].assign(f1="x"), tmp_path / "text" / "2.orc")
    with pytest.raises(InputError, match=r"column 'f1' is of type double in \S*1\.orc and string in \S*2\.orc"):
        dataset.load(spark, str(tmp_path / "text"))
    assert dataset.load(spark, str(tmp_path / "text"), exclude_cols=["f1"]).rows == 200
    write(table[:100], tmp_path / "lacking" / "1.orc")
    write(table[100:].drop(columns="f0"), tmp_path / "lacking" / "2.orc")
    with pytest.raises(InputError, match=r"2\.orc and .*1\.orc do not have the same columns.*: f0; add it"):
        dataset.load(spark, str(tmp_path / "lacking"))


def test_orc_and_parquet_are_one_table_as_two_inputs_and_none_in_one_folder(spark, tmp_path, table):
    places = [write(table[:100], tmp_path / "1.orc"), write(table[100:], tmp_path / "2.parquet")]
    whole = dataset.load(spark, write(table, tmp_path / "whole" / "t.parquet"))
    assert dataset.load(spark, places).fingerprint == whole.fingerprint
    with pytest.raises(InputError, match=r"contains files of more than one format \(1\.orc and 2\.parquet\)"):
        dataset.load(spark, f"{tmp_path}/*.*")


@pytest.mark.parametrize(
    "numbers",
    [
        pa.array([1, -3], pa.int8()),
        pa.array([Decimal("1.25"), Decimal("3.5")], pa.decimal128(10, 2)),
        pa.array([True, False]),
        pa.array([0.5, 2.5], pa.float32()),
        pa.array([2**53, -1], pa.int64()),
    ],
    ids=lambda numbers: str(numbers.type),
)
def test_every_kind_of_number_is_a_feature(spark, tmp_path, numbers):
    orc.write_table(BASE.append_column("n", numbers), tmp_path / "t.orc")
    loaded = dataset.load(spark, str(tmp_path / "t.orc"))
    assert loaded.features == ("f", "n")
    assert sorted(row["n"] for row in loaded.frame.collect()) == sorted(float(each.as_py()) for each in numbers)


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("timestamp", pa.array([1, 1_700_000_000_000_000_000], pa.timestamp("ns"))),
        ("date", pa.array([dt.date(2024, 1, 1), dt.date(2024, 1, 2)])),
        ("array<bigint>", pa.array([[1, 2], [3]])),
        ("struct<", pa.array([{"a": 1, "b": None}, {"a": 2, "b": "x"}])),
        ("binary", pa.array([b"a", b"b"])),
        ("string", pa.array(["a", "b"])),
    ],
)
def test_what_is_no_number_is_refused_by_name_and_may_be_excluded(spark, tmp_path, name, values):
    whole = BASE.append_column("when", values)
    orc.write_table(whole, tmp_path / "t.orc")
    pq.write_table(whole, tmp_path / "t.parquet")
    with pytest.raises(InputError, match=f"column 'when' is of type {name}.*not a number"):
        dataset.load(spark, str(tmp_path / "t.orc"))
    loaded = dataset.load(spark, str(tmp_path / "t.orc"), exclude_cols=["when"])
    assert loaded.fingerprint == dataset.load(spark, str(tmp_path / "t.parquet"), exclude_cols=["when"]).fingerprint
