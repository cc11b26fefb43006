"""Tables that newcomers gave to this and to other tools, as public bug reports have them, and what comes of each."""

import pytest
from pyspark.errors import PySparkException

from launcher.local_spark import MASTER_VARIABLE
from lib import dataset
from lib.engines.task import memory
from lib.errors import ExperimentError, InputError
from tests.lib.tables import make_table, write

FEATURES = ("f0", "f1", "f2", "f3")


@pytest.fixture(scope="module")
def table():
    return make_table(200)


def test_the_row_number_that_pandas_writes_has_no_name_and_is_refused(spark, tmp_path, table):
    table.to_csv(tmp_path / "t.csv")
    with pytest.raises(InputError, match=r'no name.*rename it, or exclude it with exclude_cols: \[""\]'):
        dataset.load(spark, f"{tmp_path}/t.csv")
    assert dataset.load(spark, f"{tmp_path}/t.csv", exclude_cols=[""]).features == FEATURES


def test_blanks_after_commas_belong_to_no_name_and_no_cell(spark, tmp_path, table):
    (tmp_path / "t.csv").write_text(table.to_csv(index=False).replace(",", ", "))
    loaded = dataset.load(spark, f"{tmp_path}/t.csv")
    assert (loaded.features, loaded.zone_col, loaded.rows) == (FEATURES, "zone", 200)
    assert loaded.fingerprint == dataset.load(spark, write(table, tmp_path / "t.parquet")).fingerprint


@pytest.mark.parametrize(
    ("change", "differing"),
    [
        (lambda rows: rows.assign(more=1.0), "more"),
        (lambda rows: rows.drop(columns="f2"), "f2"),
        (lambda rows: rows.rename(columns={"f2": "F_2"}), "F_2, f2"),
    ],
)
def test_files_with_other_columns_are_told_apart_by_them(spark, tmp_path, table, change, differing):
    write(table[:100], tmp_path / "1.csv")
    write(change(table[100:]), tmp_path / "2.csv")
    with pytest.raises(InputError, match=rf"2\.csv and \S*1\.csv do not have the same columns.*: {differing}; add it"):
        dataset.load(spark, f"{tmp_path}/*.csv")


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("notes.txt", r"notes\.txt and \S*a\.csv do not have the same columns"),
        ("b.parquet", r"files of more than one format \(a\.csv and b\.parquet\)"),
    ],
)
def test_a_stray_file_is_named(spark, tmp_path, table, name, says):
    write(table, tmp_path / "a.csv")
    (tmp_path / name).write_text("Measured in May\nby Ana\n")
    with pytest.raises(InputError, match=says):
        dataset.load(spark, str(tmp_path))


def test_text_without_an_ending_is_told_which_endings_there_are(spark, tmp_path, table):
    (tmp_path / "pixels").write_text(table.to_csv(index=False))
    with pytest.raises(InputError, match=r"pixels is not valid parquet.*as CSV if all files end in \.csv or \.tsv or"):
        dataset.load(spark, f"{tmp_path}/pixels")


@pytest.mark.parametrize(("content", "says"), [("", "has only empty and hidden files"), ("\n\n", "has no header line")])
def test_a_file_with_nothing_in_it_is_refused(spark, tmp_path, content, says):
    (tmp_path / "t.csv").write_text(content)
    with pytest.raises(InputError, match=says):
        dataset.load(spark, f"{tmp_path}/t.csv")


def test_the_year_of_a_folder_is_no_feature_without_a_word(spark, tmp_path, table):
    write(table[:100], tmp_path / "year=2019" / "a.parquet")
    write(table[100:], tmp_path / "year=2020" / "a.parquet")
    with pytest.raises(InputError, match=r"column 'year' is of type string, not a number.*exclude_cols: \[year\]"):
        dataset.load(spark, str(tmp_path))
    assert dataset.load(spark, str(tmp_path), exclude_cols=["year"]).features == FEATURES


def test_the_advice_for_one_machine_names_a_variable_that_there_is():
    advice = f"with {MASTER_VARIABLE}='local\\[1\\]' before the command"
    with pytest.raises(ExperimentError, match=advice), memory.deaths_explained("2 tasks at once"):
        raise PySparkException(memory._SIGNS_OF_DEATH[0])
