import functools
import operator

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyspark.sql import functions as F

from lib import dataset
from lib.errors import InputError
from lib.split import HASH_COL, PART_COL, PARTS, TEST, TRAIN, VAL, WEIGHT_COL, split
from tests.lib.tables import make_table, write


@pytest.fixture(scope="module")
def table():
    # 40 rows stand three times; the hashes of all others are distinct.
    rows = make_table(700, seed=1)
    return pd.concat([rows, rows[:40], rows[:40]], ignore_index=True)


@pytest.fixture(scope="module")
def loaded(spark, table, tmp_path_factory):
    return dataset.load(spark, write(table, tmp_path_factory.mktemp("split") / "t.parquet"))


@pytest.fixture(scope="module")
def cut(loaded):
    return split(loaded, seed=7)


def rows_of(parts, name):
    columns = [*parts.features, parts.label_col]
    return sorted(map(tuple, parts.rows(name).select(*columns).toPandas().to_numpy().tolist()))


def test_every_row_is_in_one_part_and_identical_rows_on_one_side(cut, table):
    by_part = {name: rows_of(cut, name) for name in PARTS}
    everything = sorted(map(tuple, table[[*cut.features, "label"]].astype(float).to_numpy().tolist()))
    assert sorted(functools.reduce(operator.iadd, by_part.values(), [])) == everything
    assert not set(by_part[TRAIN]) & set(by_part[TEST])
    assert not set(by_part[TRAIN]) & set(by_part[VAL])
    assert not set(by_part[VAL]) & set(by_part[TEST])


def test_counts_are_exact_in_each_class_but_for_groups_of_identical_rows(cut, table):
    for label in (0, 1):
        total = int((table.label == label).sum())
        for name, share in ((TEST, 0.15), (VAL, 0.15)):
            part = cut.parts[name]
            found = part["positives"] if label else part["rows"] - part["positives"]
            assert abs(found - total * share) <= 2  # half a group of three at each end, and the rounding


def test_counts_are_exact_without_duplicates(spark, tmp_path):
    rows = make_table(1003, seed=2)
    parts = split(dataset.load(spark, write(rows, tmp_path / "t.parquet")), test_frac=0.2, val_frac=0.1).parts
    positives = int(rows.label.sum())
    assert parts[TEST]["positives"] == round(positives * 0.2)
    assert parts[VAL]["positives"] == round(positives * 0.1)
    assert parts[TEST]["rows"] == round(positives * 0.2) + round((1003 - positives) * 0.2)
    assert sum(part["rows"] for part in parts.values()) == 1003


def test_the_split_does_not_depend_on_order_files_partitions_or_zone(spark, tmp_path, table, cut):
    shuffled = table.sample(frac=1, random_state=9)
    paths = [write(shuffled[i::3].drop(columns="zone"), tmp_path / f"{i}.csv") for i in range(3)]
    again = split(dataset.load(spark, paths), seed=7)
    assert again.parts == cut.parts
    assert rows_of(again, TEST) == rows_of(cut, TEST)


def test_another_seed_gives_other_rows_of_the_same_count(loaded, cut):
    other = split(loaded, seed=8)
    assert other.parts[TEST]["fingerprint"] != cut.parts[TEST]["fingerprint"]
    assert set(rows_of(other, TEST)) != set(rows_of(cut, TEST))


def test_weights_balance_the_training_part(cut):
    train = cut.parts[TRAIN]
    negatives = train["rows"] - train["positives"]
    assert cut.class_weights == {
        "0.0": train["rows"] / (2 * negatives),
        "1.0": train["rows"] / (2 * train["positives"]),
    }
    sums = cut.rows(TRAIN).groupBy("label").agg(F.sum(WEIGHT_COL).alias("weight")).collect()
    assert [row["weight"] for row in sums] == pytest.approx([train["rows"] / 2] * 2)
    assert PART_COL not in cut.rows(TRAIN).columns


def test_rows_have_one_order(spark, cut):
    ordered = cut.rows(TRAIN).orderBy(*cut.canonical_order).select(HASH_COL).toPandas()[HASH_COL]
    assert ordered.is_monotonic_increasing


def test_whole_zones_stay_together(loaded, table):
    parts = split(loaded, split_by="zone", seed=3)
    assert sorted(functools.reduce(operator.iadd, parts.zones.values(), [])) == sorted(table.zone.unique())
    assert all(parts.zones.values())
    for name in PARTS:
        found = {row["zone"] for row in parts.rows(name).select("zone").distinct().collect()}
        assert found == set(parts.zones[name])
        assert parts.parts[name]["rows"] == int(table.zone.isin(parts.zones[name]).sum())
    assert {tuple(split(loaded, split_by="zone", seed=s).zones[TEST]) for s in range(4)} != {tuple(parts.zones[TEST])}


def by_zone(spark, table, **options):
    """Split a table of pandas by zone; None if that is refused, as for a part without rows of both classes."""
    frame = spark.createDataFrame(list(table.itertuples(index=False, name=None)), list(table.columns))
    loaded = dataset.check(frame, ["t"], label_col="label", zone_col="zone", exclude_cols=[], missing="error")
    try:
        return split(loaded, split_by="zone", **options)
    except InputError:
        return None


# Rows of few values, so that zones share some: the value of the one feature, the label, the zone.
overlapping = st.lists(
    st.tuples(st.integers(0, 12), st.integers(0, 1), st.sampled_from("abcdef")), min_size=30, max_size=60
)


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(overlapping, st.integers(0, 3))
def test_no_row_stands_on_two_sides_where_zones_share_rows(spark, rows, seed):
    whole = [(0, 0), (1, 1)]  # each zone has rows of both classes, and all share these two
    rows = [*rows, *((*row, zone) for row in whole for zone in "abcdef")]
    unique = [(20 + n, n % 2, zone) for n, zone in enumerate("abcdef" * 4)] + [
        (60 + n, 1 - n % 2, zone) for n, zone in enumerate("abcdef" * 4)
    ]
    table = pd.DataFrame([*rows, *unique], columns=["x", "label", "zone"]).astype({"x": float})
    parts = by_zone(spark, table, seed=seed)
    assert parts is not None
    order = {zone: place for place, name in enumerate(PARTS) for zone in parts.zones[name]}
    first = {}  # by features, the first part that has them: training goes before validation, and that before test
    for x, _, zone in table.itertuples(index=False):
        first[x] = min(first.get(x, 3), order[zone])
    expected = [row for row in table.itertuples(index=False, name=None) if order[row[2]] == first[row[0]]]
    for place, name in enumerate(PARTS):
        found = parts.rows(name).select("x", "label", "zone").toPandas()
        mine = [row for row in expected if order[row[2]] == place]
        assert sorted(found.itertuples(index=False, name=None)) == sorted(mine)
    assert parts.repeated == parts.record()["repeated"] == len(table) - len(expected)
    assert sum(part["rows"] for part in parts.parts.values()) == len(expected)
    left_out = table[table.zone.map(order) != table.x.map(first)]
    assert list(parts.repeated_zones) == [
        {
            "zone": zone,
            "rows": len(rows),
            "shared_with": sorted({z for x, _, z in expected if x in set(rows.x)}),
        }
        for zone, rows in left_out.groupby("zone")
    ]


def test_rows_that_repeat_only_in_their_zone_or_part_stay(spark):
    table = make_table(300, zones=5)
    once = by_zone(spark, table, seed=2)
    assert once.repeated == 0
    twice = by_zone(spark, pd.concat([table, table]), seed=2)
    assert twice.zones == once.zones
    assert twice.repeated == 0
    assert {name: part["rows"] for name, part in twice.parts.items()} == {
        name: 2 * part["rows"] for name, part in once.parts.items()
    }
    train = once.zones[TRAIN]
    moved = table[table.zone == train[0]][:20].assign(zone=train[1])
    assert by_zone(spark, pd.concat([table, moved]), seed=2).repeated == 0


def test_the_split_by_zone_of_a_known_table_never_changes(spark):
    """Without shared rows, leaving them out changes nothing: these were recorded before it was done."""
    rows = pd.DataFrame({"x": [i / 7 for i in range(60)], "y": [float(i % 11) for i in range(60)]})
    rows["label"] = [int(i % 3 == 0) for i in range(60)]
    rows["zone"] = [f"z{i % 5}" for i in range(60)]
    parts = by_zone(spark, rows, seed=42)
    assert parts.parts[TEST]["fingerprint"] == "25170765797cfaef"
    assert "repeated" not in split(parts.table).record()


# Rows of few values under either label, beside enough rows that stand once.
relabelled = st.lists(st.tuples(st.integers(0, 30), st.integers(0, 1)), max_size=120)


def with_singles(rows, negatives):
    """A table of these rows (value, label), and of 80 others whose values stand once."""
    singles = [(100 + n, int(n >= negatives)) for n in range(80)]
    table = pd.DataFrame([*rows, *singles], columns=["x", "label"])
    return table.assign(x=table.x / 7, y=(table.x % 5).astype(float))


def checked(spark, table, partitions=1):
    rows = [tuple(map(float, row)) for row in table.itertuples(index=False)]
    frame = spark.createDataFrame(rows, list(table.columns)).repartition(partitions)
    return dataset.check(frame, ["t"], label_col="label", zone_col=None, exclude_cols=[], missing="error")


@settings(max_examples=5, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(relabelled, st.integers(20, 60), st.integers(0, 3), st.randoms(use_true_random=False))
def test_the_same_features_are_on_one_side_whatever_their_label(spark, rows, negatives, seed, random):
    table = with_singles(rows, negatives)
    parts = split(checked(spark, table), seed=seed)
    part_of = {}
    for name in PARTS:
        found = parts.rows(name).select("x", "label", HASH_COL).toPandas()
        assert len(found) == parts.parts[name]["rows"]
        assert found.label.sum() == parts.parts[name]["positives"]
        assert found.x.nunique() == found[HASH_COL].nunique() == parts.parts[name]["distinct"]
        by_class = {str(label): len(set(found.x[found.label == label])) for label in (0, 1)}
        assert parts.parts[name]["distinct_by_class"] == by_class
        for x in found.x.unique():
            assert part_of.setdefault(x, name) == name
    shuffled = table.sample(frac=1, random_state=random.randrange(1000))
    again = split(checked(spark, shuffled, 3), seed=seed)
    assert again.parts == parts.parts
    for name in PARTS:
        one, other = (sorted(map(tuple, cut.rows(name).select("x", "label").collect())) for cut in (parts, again))
        assert one == other


def test_relabelled_rows_keep_the_shares_of_the_classes_and_the_rarer_class_its_parts(spark):
    table = make_table(2000, seed=4, positives=0.2).drop(columns="zone")
    # A tenth of class 1 stands under label 0, too, some of it three times.
    copies = table[table.label == 1].sample(40, random_state=1).assign(label=0)
    both = pd.concat([table, copies, copies[:10], copies[:10]], ignore_index=True)
    parts = split(checked(spark, both), seed=5)
    for label in (0, 1):
        total = int((both.label == label).sum())
        for name in (TEST, VAL):
            part = parts.parts[name]
            found = part["positives"] if label else part["rows"] - part["positives"]
            assert found == round(total * 0.15)
    before = split(checked(spark, table), seed=5)
    for name in PARTS:
        ones = [row for row in rows_of(parts, name) if row[-1] == 1]
        assert ones == [row for row in rows_of(before, name) if row[-1] == 1]


def test_where_every_row_of_the_commoner_class_is_a_copy_it_follows_the_rarer(spark):
    table = pd.DataFrame({"x": [float(n % 40) for n in range(120)], "label": [1] * 40 + [0] * 80})
    parts = split(checked(spark, table), seed=1)
    for part in parts.parts.values():
        assert part["rows"] == 3 * part["positives"] == 3 * part["distinct"]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({"test_frac": 0.0}, "test_frac=0 leaves a part empty"),
        ({"val_frac": 1.0}, "val_frac=1 leaves a part empty"),
        ({"test_frac": 0.6, "val_frac": 0.4}, "leave no rows for training"),
        ({"test_frac": 0.001}, "class 0 has only|class 1 has only"),
        ({"split_by": "region"}, "choose rows or zone"),
    ],
)
def test_splits_that_cannot_be_made_are_refused(loaded, arguments, says):
    with pytest.raises(InputError, match=says):
        split(loaded, **arguments)


def test_too_few_zones_or_none(spark, tmp_path):
    two = dataset.load(spark, write(make_table(100, zones=2), tmp_path / "two.parquet"))
    with pytest.raises(InputError, match=r"at least 3 zones.*has 2: zone 0, zone 1"):
        split(two, split_by="zone")
    none = dataset.load(spark, write(make_table(100).drop(columns="zone"), tmp_path / "none.parquet"))
    with pytest.raises(InputError, match=r"split_by: zone needs zones, .* set zone_col, or block_cols and block_size"):
        split(none, split_by="zone")


def test_a_class_with_too_few_rows(spark, tmp_path):
    rows = make_table(100).assign(label=0)
    rows.loc[[3, 50], "label"] = 1
    with pytest.raises(InputError, match="class 1 has only 2 rows"):
        split(dataset.load(spark, write(rows, tmp_path / "few.parquet")))


def test_a_zone_split_that_leaves_a_part_without_positives(spark, tmp_path):
    rows = make_table(300, zones=3)
    rows["label"] = (rows.zone == "zone 1").astype(int)
    with pytest.raises(InputError, match="it needs rows of both classes; try another seed or split by rows"):
        split(dataset.load(spark, write(rows, tmp_path / "t.parquet")), split_by="zone")


def test_the_split_of_a_known_table_never_changes(spark, tmp_path):
    """The fingerprints recorded beside old models must stay findable in every later version and on every machine."""
    rows = pd.DataFrame({"x": [i / 7 for i in range(60)], "y": [float(i % 11) for i in range(60)]})
    rows["label"] = [int(i % 3 == 0) for i in range(60)]
    loaded = dataset.load(spark, write(rows, tmp_path / "t.parquet"))
    parts = split(loaded, seed=42)
    assert (loaded.fingerprint, parts.parts[TEST]["fingerprint"]) == ("1af709fc61f3c727", "fe71a00615c52e67")
