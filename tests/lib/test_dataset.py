import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from lib import dataset
from lib.errors import InputError
from tests.lib.tables import make_table, write


@pytest.fixture(scope="module")
def table():
    return make_table(200)


def test_features_are_the_numeric_columns_in_the_tables_order(spark, tmp_path, table):
    table = table.assign(count=3, flag=table.f0 > 0)
    loaded = dataset.load(spark, write(table, tmp_path / "t.parquet"), exclude_cols=["f2"])
    assert loaded.features == ("f0", "f1", "f3", "count", "flag")
    assert loaded.zone_col == "zone"
    assert (loaded.rows, loaded.dropped) == (200, 0)
    assert loaded.class_counts == {"0": int((table.label == 0).sum()), "1": int(table.label.sum())}
    assert dict(loaded.frame.dtypes) == {**dict.fromkeys([*loaded.features, "label"], "double"), "zone": "string"}


def test_a_table_is_the_same_in_any_order_layout_and_format(spark, tmp_path, table):
    whole = dataset.load(spark, write(table, tmp_path / "t.parquet"))
    shuffled = table.sample(frac=1, random_state=3)[["zone", "f3", "label", "f1", "f0", "f2"]]
    parts = [
        write(part, tmp_path / name) for part, name in ((shuffled[:50], "a.parquet"), (shuffled[50:], "b.parquet"))
    ]
    several = dataset.load(spark, parts)
    pattern = dataset.load(spark, f"{tmp_path}/[ab].parquet")
    csv = dataset.load(spark, write(table, tmp_path / "t.csv"))
    (tmp_path / "folder").mkdir()
    write(table[:10], tmp_path / "folder" / "1.parquet")
    write(table[10:], tmp_path / "folder" / "2.parquet")
    folder = dataset.load(spark, f"file:{tmp_path}/folder")
    orc = dataset.load(spark, write(table, tmp_path / "t.orc"))
    same = [several, pattern, csv, folder, orc]
    for ending in ("parquet", "csv", "orc"):
        for zone, rows in table.groupby("zone"):
            (tmp_path / ending / f"zone={zone}").mkdir(parents=True)
            write(rows.drop(columns="zone"), tmp_path / ending / f"zone={zone}" / f"1.{ending}")
        same.append(dataset.load(spark, str(tmp_path / ending)))
    assert {t.fingerprint for t in same} == {whole.fingerprint}
    assert {t.zone_col for t in same} == {"zone"}
    assert several.features == ("f3", "f1", "f0", "f2")


def test_the_fingerprint_sees_one_changed_value_one_row_more_and_another_name(spark, tmp_path, table):
    changed = table.copy()
    changed.loc[7, "f1"] += 1e-12
    variants = [table, changed, pd.concat([table, table[:1]]), table.rename(columns={"f0": "g0"})]
    prints = [
        dataset.load(spark, write(variant, tmp_path / f"{i}.parquet")).fingerprint for i, variant in enumerate(variants)
    ]
    assert len(set(prints)) == 4


def test_negative_zero_is_zero(spark, tmp_path):
    table = make_table(50).assign(f0=0.0)
    plus = dataset.load(spark, write(table, tmp_path / "plus.parquet"))
    minus = dataset.load(spark, write(table.assign(f0=-0.0), tmp_path / "minus.parquet"))
    assert plus.fingerprint == minus.fingerprint


def test_missing_values_are_an_error_or_dropped(spark, tmp_path, table):
    holes = table.copy()
    holes.loc[[1, 2], "f0"] = np.nan
    holes.loc[[2, 3, 4], "f1"] = np.inf
    holes.loc[5, "f2"] = -np.inf
    holes.loc[6, "zone"] = None
    path = write(holes, tmp_path / "holes.parquet")
    with pytest.raises(InputError, match=r"6 of 200 rows .* f1 \(3\), f0 \(2\), f2 \(1\), zone \(1\); .*missing: drop"):
        dataset.load(spark, path)
    loaded = dataset.load(spark, path, missing="drop")
    assert (loaded.rows, loaded.dropped) == (194, 6)
    clean = holes.drop(index=[1, 2, 3, 4, 5, 6])
    assert loaded.fingerprint == dataset.load(spark, write(clean, tmp_path / "clean.parquet")).fingerprint


BAD_TABLES = {
    "no label": (
        lambda t: t.rename(columns={"label": "labels"}),
        r"no column 'label': did you mean labels\? it has",
    ),
    "text label": (lambda t: t.assign(label="ore"), "label column 'label' is of type string .*ore"),
    "one class": (lambda t: t.assign(label=1), r"only one value: 1 \(200 rows\)"),
    "three classes": (
        lambda t: t.assign(label=np.arange(200) % 3),
        r"3 values: 0 \(67 rows\), 1 \(67 rows\), 2 \(66 rows\)",
    ),
    "classes 1 and 2": (lambda t: t.assign(label=t.label + 1), "must contain both classes, 0 and 1, and nothing else"),
    "null label": (lambda t: t.assign(label=t.label.where(t.f0 > -2)), r"in: label \(\d+\); .*missing: drop"),
    "no feature": (lambda t: t[["label", "zone"]], "no numeric feature is left"),
    "text feature": (
        lambda t: t.assign(tile="T19HCD"),
        r"'tile' is of type string, not a number.*exclude_cols: \[tile\]",
    ),
    "all null feature": (lambda t: t.assign(f1=np.nan), r"'f1' has no usable value in any of the 200 rows"),
    "empty": (lambda t: t[:0], "the table has no rows"),
    "reserved name": (lambda t: t.rename(columns={"f0": "features"}), "'features' has a name that Spark ML uses"),
    "dotted name": (
        lambda t: t.rename(columns={"f0": "B02.med"}),
        "'B02.med' has a name that Spark ML .*does not accept",
    ),
}


@pytest.mark.parametrize("name", BAD_TABLES)
def test_a_table_that_cannot_be_learnt_from_is_refused(spark, tmp_path, table, name):
    spoil, says = BAD_TABLES[name]
    with pytest.raises(InputError, match=says) as refused:
        dataset.load(spark, write(spoil(table), tmp_path / "bad.parquet"))
    assert "\n" not in str(refused.value)


def test_the_index_of_a_pandas_table_is_passed_over(spark, tmp_path, table):
    path = tmp_path / "index.parquet"
    for index in (np.arange(200)[::-1], [f"row {n}" for n in range(200)]):
        table.set_index(pd.Index(index)).to_parquet(path)
        loaded = dataset.load(spark, str(path))
        assert loaded.features == ("f0", "f1", "f2", "f3")
        assert loaded.passed_over == ("__index_level_0__",)
    plain = dataset.load(spark, write(table, tmp_path / "plain.parquet"))
    assert plain.passed_over == ()
    assert plain.fingerprint == loaded.fingerprint
    # Two files, of which only one has it.
    assert dataset.load(spark, [str(path), str(tmp_path / "plain.parquet")]).rows == 400
    assert dataset.load(spark, str(path), exclude_cols=["__index_level_0__"]).passed_over == ()


def test_every_row_unusable_cannot_be_dropped(spark, tmp_path, table):
    holes = table.assign(f0=table.f0.where(table.index % 2 == 0), f1=table.f1.where(table.index % 2 == 1))
    with pytest.raises(InputError, match=r"every one of the 200 rows .*exclude_cols: f0, f1"):
        dataset.load(spark, write(holes, tmp_path / "holes.parquet"), missing="drop")


def test_files_that_are_no_tables_are_refused(spark, tmp_path, table):
    (tmp_path / "empty").mkdir()
    (tmp_path / "text.parquet").write_text("not parquet at all, but long enough for a footer")
    good = write(table, tmp_path / "good.parquet")
    other = write(table.drop(columns="f3"), tmp_path / "other.parquet")
    (tmp_path / "twice.csv").write_text("a,b,a,label\n1,2,3,0\n2,3,4,1\n")
    pq.write_table(pa.table([[1.0], [2.0], [1]], names=["a", "a", "label"]), tmp_path / "twice.parquet")
    (tmp_path / "line.csv").write_text("f0,__LINE,label\n1,2,0\n2,3,1\n")
    for inputs, says in {
        str(tmp_path / "line.csv"): "has a column named __LINE, which reading needs for itself: rename it",
        str(tmp_path / "missing.parquet"): "does not exist: check --input-data",
        str(tmp_path / "empty"): "is an empty folder",
        str(tmp_path / "text.parquet"): "is not valid parquet",
        (good, other): "do not have the same columns; only one of them has: f3",
        str(tmp_path / "twice.csv"): "more than one column named a",
        str(tmp_path / "twice.parquet"): "twice.parquet has more than one column named a",
        (): "no input was given",
    }.items():
        with pytest.raises(InputError, match=says) as refused:
            dataset.load(spark, inputs)
        assert "\n" not in str(refused.value)


def test_an_excluded_column_must_exist(spark, tmp_path, table):
    with pytest.raises(InputError, match="exclude_cols: the table has no column 'f9'"):
        dataset.load(spark, write(table, tmp_path / "t.parquet"), exclude_cols=["f9"])
