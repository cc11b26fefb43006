"""Tables as people have them: read whole with one schema, or refused by name."""

import datetime as dt
import re
from decimal import Decimal

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from lib import dataset
from lib.errors import InputError
from lib.reading import frames
from tests.lib.tables import make_table, write


@pytest.fixture(scope="module")
def table():
    return make_table(200)


def values(frame, column):
    return sorted(row[0] for row in frame.select(frames.quoted(column)).distinct().collect())


@pytest.mark.parametrize("on_top", [True, False])
def test_subfolders_are_read(spark, tmp_path, table, on_top):
    write(table[:100], tmp_path / ("0.parquet" if on_top else "2023/0.parquet"))
    write(table[100:150], tmp_path / "2024" / "1.parquet")
    write(table[150:], tmp_path / "2025" / "deep" / "1.parquet")
    loaded = dataset.load(spark, str(tmp_path))
    whole = dataset.load(spark, write(table, tmp_path / "other" / "t.parquet"))
    assert (loaded.rows, loaded.fingerprint) == (200, whole.fingerprint)
    assert [(each.files, each.rows) for each in loaded.sources] == [(3, 200)]


@pytest.mark.parametrize("lacking", ["part-0.parquet", "part-1.parquet"])
def test_a_column_that_a_file_of_a_folder_lacks_is_named(spark, tmp_path, table, lacking):
    for name, rows in (("part-0.parquet", table[:100]), ("part-1.parquet", table[100:])):
        write(rows.drop(columns="f0") if name == lacking else rows, tmp_path / name)
    with pytest.raises(
        InputError, match=r"part-1\.parquet and .*part-0\.parquet do not have the same columns.*: f0; add it"
    ):
        dataset.load(spark, str(tmp_path))


def test_a_pattern_keeps_the_partition_column_and_its_values_stay_text(spark, tmp_path, table):
    zones = ["01", "02", "007", "1e3", "a b"]
    for number, zone in enumerate(zones):
        write(
            table.drop(columns="zone")[number * 40 : number * 40 + 40], tmp_path / "part" / f"zone={zone}" / "x.parquet"
        )
    for place in ("part/*", "part", "par?/zone=*", "part/zone=*/*.parquet"):
        loaded = dataset.load(spark, f"{tmp_path}/{place}")
        assert (loaded.zone_col, loaded.rows) == ("zone", 200), place
        assert values(loaded.frame, "zone") == sorted(zones), place
    assert values(dataset.load(spark, f"{tmp_path}/part/zone=0*").frame, "zone") == ["007", "01", "02"]


def test_a_label_may_be_a_folder(spark, tmp_path, table):
    for label, rows in table.groupby("label"):
        write(rows.drop(columns="label"), tmp_path / f"label={label}" / "x.parquet")
    assert dataset.load(spark, str(tmp_path)).class_counts == {"0": 150, "1": 50}


def test_a_file_given_twice_is_read_once_and_said(spark, tmp_path, table):
    path = write(table, tmp_path / "t.parquet")
    for inputs in ([path, path], [path, f"{tmp_path}/*.parquet"], [path, str(tmp_path)], [f"file:{path}", path]):
        loaded = dataset.load(spark, inputs)
        assert loaded.rows == 200
        assert [(each.files, each.rows, each.repeated) for each in loaded.sources] == [(1, 200, 0), (0, 0, 1)]


FAMILIES = {
    "int and double": (np.int32, np.float64),
    "float and double": (np.float64, np.float32),
    "int32 and int64": (np.int32, np.int64),
    "int64 and double": (np.int64, np.float64),
    "unsigned and float": (np.uint8, np.float32),
    "boolean and int": (np.bool_, np.int64),
}


@pytest.mark.parametrize("name", FAMILIES)
@pytest.mark.parametrize("ending", ["parquet", "orc"])
def test_mixed_numbers_are_read_as_double(spark, tmp_path, table, name, ending):
    first, second = FAMILIES[name]
    if ending == "orc" and np.dtype(first).kind == "u":
        pytest.skip("ORC has no unsigned numbers")
    whole = table.assign(n=np.arange(200) % 2)
    write(whole[:100].astype({"n": first}), tmp_path / "in" / f"1.{ending}")
    write(whole[100:].astype({"n": second}), tmp_path / "in" / f"2.{ending}")
    raw = dataset.read(spark, str(tmp_path / "in"))
    assert dict(raw.dtypes)["n"] == "double"
    expected = dataset.load(spark, write(whole, tmp_path / "whole.parquet")).fingerprint
    assert dataset.load(spark, str(tmp_path / "in")).fingerprint == expected


@pytest.mark.parametrize("as_folder", [True, False])
def test_text_against_number_is_one_sentence_with_the_files(spark, tmp_path, table, as_folder):
    paths = [
        write(table[:100], tmp_path / "1.parquet"),
        write(table[100:].assign(f1="x"), tmp_path / "2.parquet"),
    ]
    inputs = str(tmp_path) if as_folder else paths
    with pytest.raises(InputError, match=r"column 'f1' is of type double in \S*1\.parquet and string in \S*2\.parquet"):
        dataset.load(spark, inputs)
    assert dataset.load(spark, inputs, exclude_cols=["f1"]).rows == 200


NUMBERS = {
    "uint8": pa.array([1, 200], pa.uint8()),
    "uint16": pa.array([1, 60_000], pa.uint16()),
    "uint32": pa.array([1, 4_000_000_000], pa.uint32()),
    "uint64": pa.array([1, 2**63 + 2**20], pa.uint64()),
    "int8": pa.array([1, -3], pa.int8()),
    "decimal": pa.array([Decimal("1.25"), Decimal("3.5")], pa.decimal128(10, 2)),
    "wide decimal": pa.array([Decimal("1.25"), Decimal("3.5")], pa.decimal128(30, 2)),
    "boolean": pa.array([True, False]),
    "float": pa.array([0.5, 2.5], pa.float32()),
}
HALF = pa.array([np.float16(0.5), np.float16(2.5)], pa.float16())
OTHERS = {
    "timestamp[ns]": pa.array([1, 1_700_000_000_000_000_000], pa.timestamp("ns")),
    "timestamp_ntz": pa.array([1, 2], pa.timestamp("us")),
    "timestamp": pa.array([1, 2], pa.timestamp("us", "UTC")),
    "time64": pa.array([dt.time(1), dt.time(2)]),
    "time32": pa.array([1, 2], pa.time32("ms")),
    "duration": pa.array([1, 2], pa.duration("us")),
    "date": pa.array([dt.date(2024, 1, 1), dt.date(2024, 1, 2)]),
    "array<bigint>": pa.array([[1, 2], [3]]),
    "struct": pa.array([{"a": 1, "b": None}, {"a": 2, "b": "x"}]),
    "binary": pa.array([b"a", b"b"]),
    "string": pa.array(["a", "b"]).dictionary_encode(),
    "decimal256(50, 2)": pa.array([Decimal("1.25"), Decimal("3.5")], pa.decimal256(50, 2)),
    "list<element: timestamp": pa.array([[1], [2]], pa.list_(pa.timestamp("ns"))),
    "array<timestamp>": pa.array([[1], [2]], pa.list_(pa.timestamp("us"))),
    "struct<t: timestamp": pa.array([{"t": 1}, {"t": 2}], pa.struct({"t": pa.timestamp("ns")})),
    "pandas.period": pa.array(pd.period_range("2024", periods=2, freq="M")),
    "struct<`left`": pa.array(pd.interval_range(0, 2)),
    "map<string, timestamp": pa.array([[("a", 1)], []], pa.map_(pa.string(), pa.timestamp("ns"))),
}
BASE = pa.table({"f": [0.5, 1.5], "label": [0, 1]})


@pytest.mark.parametrize("name", NUMBERS)
def test_other_numbers_are_features(spark, tmp_path, name):
    pq.write_table(BASE.append_column("n", NUMBERS[name]), tmp_path / "t.parquet")
    loaded = dataset.load(spark, str(tmp_path / "t.parquet"))
    assert loaded.features == ("f", "n")
    assert values(loaded.frame, "n") == sorted(float(each.as_py()) for each in NUMBERS[name])


@pytest.mark.parametrize("name", OTHERS)
def test_what_is_no_number_is_refused_by_name_and_may_be_excluded(spark, tmp_path, name):
    pq.write_table(BASE.append_column("when", OTHERS[name]), tmp_path / "t.parquet", version="2.6")
    with pytest.raises(InputError, match=f"column 'when' is of type {re.escape(name[:12])}.*not a number"):
        dataset.load(spark, str(tmp_path / "t.parquet"))
    loaded = dataset.load(spark, str(tmp_path / "t.parquet"), exclude_cols=["when"])
    assert values(loaded.frame, "f") == [0.5, 1.5]


def test_half_floats_are_numbers_and_may_be_excluded(spark, tmp_path):
    """Spark cannot open such a file, so a task reads it with Arrow, with whatever else it has."""
    whole = BASE.append_column("h", HALF)
    for name, column in (OTHERS | NUMBERS).items():
        whole = whole.append_column(name, column)
    for number, part in enumerate((whole.slice(0, 1), whole.slice(1))):
        (tmp_path / "t" / f"zone=0{number}").mkdir(parents=True)
        pq.write_table(part, tmp_path / "t" / f"zone=0{number}" / "a b+c.parquet", version="2.6")
    loaded = dataset.load(spark, f"{tmp_path}/t", exclude_cols=list(OTHERS))
    assert loaded.features == ("f", "h", *NUMBERS)
    assert (values(loaded.frame, "h"), values(loaded.frame, "zone")) == ([0.5, 2.5], ["00", "01"])
    for name, column in NUMBERS.items():
        assert values(loaded.frame, name) == sorted(float(each.as_py()) for each in column)
    assert "h" not in dataset.load(spark, f"{tmp_path}/t", exclude_cols=[*OTHERS, "h"]).features
    raw = dataset.read(spark, f"{tmp_path}/t")
    assert values(raw, "struct") == [(1, None), (2, "x")]
    assert values(raw, "string") == ["a", "b"]


def test_half_floats_beside_other_numbers_and_in_lists(spark, tmp_path):
    pq.write_table(BASE.append_column("h", HALF), tmp_path / "1.parquet")
    pq.write_table(BASE.append_column("h", pa.array([7, 9])), tmp_path / "2.parquet")
    loaded = dataset.load(spark, str(tmp_path))
    assert values(loaded.frame, "h") == [0.5, 2.5, 7, 9]
    (tmp_path / "l").mkdir()
    pq.write_table(
        BASE.append_column("l", pa.array([[1.0], [2.0]], pa.list_(pa.float16()))), tmp_path / "l" / "3.parquet"
    )
    assert dataset.load(spark, f"{tmp_path}/l", exclude_cols=["l"]).rows == 2


@pytest.mark.parametrize("ending", ["csv", "tsv", "parquet", "orc"])
def test_text_and_other_files_may_lie_in_partition_folders(spark, tmp_path, table, ending):
    for zone, rows in table.groupby("zone"):
        folder = tmp_path / "t" / f"zone={zone}"
        folder.mkdir(parents=True)
        write(rows.drop(columns="zone"), folder / f"a.{ending}")
    loaded = dataset.load(spark, f"{tmp_path}/t")
    assert (loaded.rows, values(loaded.frame, "zone")) == (200, sorted(set(table.zone)))


def test_formats_may_not_be_mixed_and_a_stray_file_is_named(spark, tmp_path, table):
    write(table, tmp_path / "a.csv")
    write(table, tmp_path / "b.parquet")
    with pytest.raises(InputError, match=r"contains files of more than one format \(a\.csv and b\.parquet\)"):
        dataset.load(spark, str(tmp_path))


def test_a_file_name_with_a_colon_is_named(spark, tmp_path, table):
    write(table, tmp_path / "a.csv")
    write(table, tmp_path / "x:y.txt")
    for place in (tmp_path, tmp_path / "*.csv"):
        with pytest.raises(InputError, match=r"Hadoop does not allow the colon in the name of '\S*x:y\.txt\S*' there"):
            dataset.load(spark, str(place))
    assert dataset.load(spark, f"{tmp_path}/a.csv").rows == 200


def test_nanoseconds_are_kept_as_timestamps(spark, tmp_path):
    when = pd.date_range("2024-01-01 12:00", periods=2)
    pd.DataFrame({"f": [0.5, 1.5], "when": when}).to_parquet(tmp_path / "t.parquet")
    raw = dataset.read(spark, str(tmp_path / "t.parquet"))
    assert dict(raw.dtypes)["when"] == "timestamp"
    assert [row[0] for row in raw.selectExpr("unix_seconds(`when`)").collect()] == [t.timestamp() for t in when]


def test_a_column_without_values_in_one_file_has_the_type_of_the_others(spark, tmp_path):
    pq.write_table(pa.table({"f": [0.5], "g": pa.nulls(1)}), tmp_path / "1.parquet")
    pq.write_table(pa.table({"f": [0.5], "g": [3]}), tmp_path / "2.parquet")
    raw = dataset.read(spark, str(tmp_path))
    assert raw.count() == 2
    assert [row["g"] for row in raw.where("g is not null").collect()] == [3]


@pytest.mark.parametrize("name", ["a[1].parquet", "a{1}.parquet", "a*.parquet", "a b.parquet", "a?.parquet"])
def test_a_file_may_have_any_name(spark, tmp_path, table, name):
    write(table, tmp_path / "in" / name)
    write(table, tmp_path / "in" / "a1.parquet")
    assert dataset.load(spark, f"{tmp_path}/in/{name}").rows == 200


def test_many_files_are_read_in_one_go(spark, tmp_path, table):
    for number in range(150):
        write(table[number : number + 2], tmp_path / f"{number}.parquet")
    raw = frames.read(spark, str(tmp_path))
    assert (raw.sources[0].files, raw.sources[0].rows, raw.frame.count()) == (150, 300, 300)


_kinds = st.sampled_from(["int32", "int64", "float32", "float64", "bool"])


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    kinds=st.lists(
        st.tuples(_kinds, st.booleans(), st.sampled_from(["", "a/", "b/c/", "_x/../"])), min_size=1, max_size=4
    )
)
@example(kinds=[("int32", False, ""), ("float64", True, "a/")])
def test_a_table_in_any_files_is_the_same_table(spark, tmp_path_factory, kinds):
    folder = tmp_path_factory.mktemp("any")
    whole = []
    for number, (kind, turned, place) in enumerate(kinds):
        rows = pd.DataFrame({"n": np.array([0, 1, 1]).astype(kind), "m": np.arange(3) + number * 10.0})
        whole += [(float(n), m) for n, m in zip(rows.n, rows.m, strict=True)]
        write(rows[["m", "n"]] if turned else rows, folder / place / f"{number}.parquet")
    found = frames.read(spark, str(folder))
    assert sorted((float(row["n"]), row["m"]) for row in found.frame.collect()) == sorted(whole)
    assert found.sources[0].rows == 3 * len(kinds)


@pytest.mark.parametrize("ending", ["parquet", "csv"])
def test_a_folder_in_a_partition_folder_is_read_once(spark, tmp_path, table, ending):
    """Files of two kinds are read in two goes, and Spark looks for files in all folders below a partition folder."""
    for number, rows in enumerate(np.array_split(np.arange(200), 4)):
        part = table.iloc[rows].assign(f1=np.arange(50).astype("int32" if number % 2 else "float32"))
        part = part[["f1", "f0", "label"]] if number % 2 else part[["f0", "f1", "label"]]
        write(part, tmp_path / f"zone={number // 2}" / ("deep/b c" if number % 2 else "") / f"{number}.{ending}")
    expected = sorted(zip(np.tile(np.arange(50.0), 4), np.repeat(["0", "1"], 100), strict=True))
    for place in (tmp_path, tmp_path / "*", tmp_path / "zone=*"):
        found = frames.read(spark, str(place))
        assert sorted((row["f1"], str(row["zone"])) for row in found.frame.collect()) == expected
        assert sum(each.rows for each in found.sources) == 200
