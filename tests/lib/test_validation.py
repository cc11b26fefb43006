import numpy as np
import pytest

from lib import dataset
from lib.errors import InputError
from lib.split import split
from lib.validation import validate
from tests.lib.tables import make_table, write


@pytest.fixture(scope="module")
def table():
    return make_table(300)


def verdicts(records):
    return [record["verdict"] for record in records]


def test_a_good_table_passes_every_check(spark, tmp_path, table):
    records = validate(spark, write(table, tmp_path / "t.parquet"))
    assert verdicts(records) == ["ok"] * 4
    assert [record["says"] for record in records] == [
        "6 columns",
        "4 numeric features, zones in zone",
        "225 rows of class 0 and 75 of class 1, nothing missing",
        "train 210, val 45, test 45 rows",
    ]


@pytest.mark.parametrize(
    ("change", "options", "stops_at"),
    [
        (lambda t: t[:0], {}, 2),
        (lambda t: t.drop(columns="label"), {}, 1),
        (lambda t: t.assign(soil="clay"), {}, 1),
        (lambda t: t.assign(f1=t.f1.where(t.index > 4, np.nan)), {}, 2),
        (lambda t: t.assign(label=t.index % 3), {}, 2),
        (lambda t: t, {"test_frac": 0.6, "val_frac": 0.4}, 3),
        (lambda t: t.assign(zone="one"), {"split_by": "zone"}, 3),
    ],
    ids=["empty", "no label", "text", "missing", "three classes", "fractions", "one zone"],
)
def test_a_table_that_training_refuses_is_told_in_training_s_words(spark, tmp_path, table, change, options, stops_at):
    path = write(change(table), tmp_path / "t.parquet")
    records = validate(spark, path, **options)
    assert verdicts(records) == ["ok"] * stops_at + ["stops"] + ["not reached"] * (3 - stops_at)
    with pytest.raises(InputError) as error:
        split(dataset.load(spark, path), **options)
    assert records[stops_at]["says"] == str(error.value)


def test_a_table_that_is_not_there(spark, tmp_path):
    records = validate(spark, str(tmp_path / "none.parquet"))
    assert verdicts(records) == ["stops", *["not reached"] * 3]
    assert "does not exist" in records[0]["says"]


def test_rows_left_out_are_counted(spark, tmp_path, table):
    path = write(table.assign(f1=table.f1.where(table.index > 4, np.nan)), tmp_path / "t.parquet")
    records = validate(spark, path, missing="drop")
    assert verdicts(records) == ["ok"] * 4
    assert records[2]["says"].endswith("5 left out for missing values")
