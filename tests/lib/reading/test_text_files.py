"""Text files as people write them: the dialect is found by looking, and nothing is lost."""

import bz2
import gzip

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lib import dataset
from lib.errors import InputError
from lib.reading import frames
from lib.reading.dialect import Dialect, find
from lib.reading.options import Options
from lib.reporting import views
from tests.lib.tables import make_table, write


@pytest.fixture(scope="module")
def table():
    return make_table(200).assign(zone=lambda t: t.zone.str.replace(" ", "_"))


@pytest.fixture(scope="module")
def expected(spark, table, tmp_path_factory):
    return dataset.load(spark, write(table, tmp_path_factory.mktemp("csv") / "t.parquet")).fingerprint


WAYS = {
    "semicolons and decimal commas": ("t.csv", {"sep": ";", "decimal": ","}, "by semicolons with decimal commas"),
    "tabs": ("t.tsv", {"sep": "\t"}, "by tabs"),
    "blanks": ("t.txt", {"sep": " "}, "by blanks"),
    "vertical bars": ("t.txt", {"sep": "|"}, "by vertical bars"),
    "byte order mark": ("t.csv", {"encoding": "utf-8-sig"}, "by commas"),
    "gz": ("t.csv.gz", {}, "by commas"),
    "bz2": ("t.csv.bz2", {}, "by commas"),
    "tsv.gz": ("t.tsv.gz", {"sep": "\t"}, "by tabs"),
}


@pytest.mark.parametrize("way", WAYS)
def test_the_dialect_is_found_and_said(spark, tmp_path, table, expected, way):
    name, how, said = WAYS[way]
    content = table.to_csv(index=False, **{k: v for k, v in how.items() if k != "encoding"})
    content = content.encode(how.get("encoding", "utf-8"))
    packed = {"gz": gzip.compress, "bz2": bz2.compress}.get(name.rpartition(".")[2], bytes)
    (tmp_path / name).write_bytes(packed(content))
    loaded = dataset.load(spark, f"{tmp_path}/{name}")
    assert (loaded.fingerprint, loaded.zone_col, loaded.sources[0].rows) == (expected, "zone", 200)
    assert f"200 rows in 1 file; separated {said}" in views.facts(loaded)


def test_latin_1_is_read(spark, tmp_path):
    (tmp_path / "t.csv").write_bytes("año,zona,label\n1,Ñuñoa,0\n2,x,1\n".encode("latin-1"))
    found = frames.read(spark, f"{tmp_path}/t.csv")
    assert found.frame.columns == ["año", "zona", "label"]
    assert {row["zona"] for row in found.frame.collect()} == {"Ñuñoa", "x"}
    assert found.sources[0].dialects == ("separated by commas in ISO-8859-1",)


@pytest.mark.parametrize("token", ["NA", "nan", "NULL", "", "N/A", "None"])
def test_what_stands_for_no_value_is_missing_and_costs_no_column(spark, tmp_path, table, token):
    text = table.astype({"f0": object})
    text.loc[3, "f0"] = token
    place = write(text, tmp_path / "t.csv")
    with pytest.raises(InputError, match=r"1 of 200 rows have a null.*in: f0 \(1\)"):
        dataset.load(spark, place)
    assert dataset.load(spark, place, missing="drop").rows == 199


def test_a_cell_that_is_no_number_is_shown_with_its_file(spark, tmp_path, table):
    text = table.astype({"f0": object})
    text.loc[3, "f0"] = "1,234.5"
    place = write(text, tmp_path / "t.csv")
    with pytest.raises(InputError, match=r"'f0' is of type string.*1 of 200 cells .* '1,234.5' in \S*t\.csv, line 5\)"):
        dataset.load(spark, place)
    assert dataset.load(spark, place, exclude_cols=["f0"]).rows == 200


def test_a_line_with_too_many_fields_is_an_error(spark, tmp_path):
    for name, sep in (("t.csv", ","), ("t.txt", " ")):
        (tmp_path / name).write_text("a,b,label\n1,2,0\n3,4,1,9\n".replace(",", sep))
        why = rf"{name}, line 3: a line has more fields than the 3 of the header: 3.4.1.9"
        with pytest.raises(InputError, match=why):
            frames.read(spark, f"{tmp_path}/{name}")


def test_headers_are_compared_and_put_in_order(spark, tmp_path, table, expected):
    write(table[:100], tmp_path / "1.csv")
    write(table[100:][["zone", "label", "f3", "f2", "f1", "f0"]], tmp_path / "2.csv")
    assert dataset.load(spark, str(tmp_path)).fingerprint == expected
    write(table.drop(columns="f2"), tmp_path / "3.csv")
    with pytest.raises(InputError, match=r"3\.csv and .*do not have the same columns; only one of them has: f2"):
        dataset.load(spark, str(tmp_path))


def test_a_readme_is_passed_over_and_named(spark, tmp_path, table, expected):
    write(table, tmp_path / "t.csv")
    (tmp_path / "README.txt").write_text("About this table; see there.\n")
    loaded = dataset.load(spark, str(tmp_path))
    assert loaded.fingerprint == expected
    assert "passed over: `README.txt`" in views.facts(loaded)


def test_a_file_without_a_header_or_rows_is_refused(spark, tmp_path, table):
    (tmp_path / "t.csv").write_text("0.125,-0.5,0\n1.5,2.5,1\n")
    with pytest.raises(InputError, match=r"has no header line with the column names: its first line is 0\.125,-0\.5,0"):
        dataset.load(spark, f"{tmp_path}/t.csv")
    write(table[:0], tmp_path / "none.csv")
    with pytest.raises(InputError, match="the table has no rows"):
        dataset.load(spark, f"{tmp_path}/none.csv")


@pytest.mark.parametrize(
    ("head", "dialect", "names"),
    [
        (b"a;b\n1,5;2\n", Dialect(";", ","), ["a", "b"]),
        (b"a;b\n1.5;2\n", Dialect(";"), ["a", "b"]),
        (b'"a,1";b\n1;2\n', Dialect(";"), ["a,1", "b"]),
        (b"a\n1\n", Dialect(), ["a"]),
        (b"near water,label\n1,0\n", Dialect(), ["near water", "label"]),
        (b"  x   y  code\n 1.5  2  3\n", Dialect(" "), ["x", "y", "code"]),
        (b"", Dialect(), []),
    ],
)
def test_a_dialect_is_found_in_few_lines(head, dialect, names):
    assert find("t", head, is_whole=True) == (dialect, names)


def test_a_cell_of_several_lines_is_one_cell(spark, tmp_path):
    """The lines would have as many fields as the header: only the quotes tell."""
    texts = ["one\ntwo", 'a, "quoted", and\r\n1,2,"3', "x", 'five" wide', "", "\n\n", "tail\\", "a", "b"]
    table = pd.DataFrame({"f": np.arange(9) / 4, "note": texts, "label": [0, 1] * 4 + [0], "more": texts[::-1]})
    table.to_csv(tmp_path / "t.csv", index=False)
    table[2:].to_csv(tmp_path / "u.csv", index=False)
    found = frames.read(spark, str(tmp_path))
    assert [(each.files, each.rows) for each in found.sources] == [(2, 16)]
    rows = {(row["f"], row["note"] or "", row["label"], row["more"] or "") for row in found.frame.collect()}
    assert rows == {(row.f, row.note.strip(), row.label, row.more.strip()) for row in table.itertuples()}
    assert dataset.load(spark, str(tmp_path), exclude_cols=["note", "more"]).class_counts == {"0": 9, "1": 7}


def test_a_quote_that_is_never_closed_is_refused_and_takes_no_rows(spark, tmp_path):
    for place, cell in (("line 3", '"open'), ("line 4", '"open\n')):
        lines = ["f,note,label", *(f"{n},c,{n % 2}" for n in range(300))]
        lines[int(place[-1]) - 1] = f"2,{cell},1"
        (tmp_path / "t.csv").write_text("\n".join(lines))
        with pytest.raises(InputError, match=rf"t\.csv, {place}: a quote opens a cell and is never closed: close it"):
            frames.read(spark, f"{tmp_path}/t.csv")


def test_a_name_of_several_lines_is_refused(spark, tmp_path):
    (tmp_path / "t.csv").write_text('f,"height\n(m)",label\n1,2,0\n3,4,1\n')
    with pytest.raises(InputError, match=r't\.csv, line 1: a quoted name goes on in the next line: f,"height; write'):
        frames.read(spark, f"{tmp_path}/t.csv")


def test_a_large_file_with_such_cells_is_refused_by_name(spark, tmp_path, monkeypatch):
    (tmp_path / "t.csv").write_text('f,note,label\n1,"a\nb",0\n3,4,1\n')
    monkeypatch.setattr("lib.reading.limits._LARGEST_WHOLE", 10)
    with pytest.raises(InputError, match=r"t\.csv has cells of several lines.*divide it into several files"):
        frames.read(spark, f"{tmp_path}/t.csv")


_cells = st.text(st.sampled_from('ab;," \n\t\\é'), max_size=6).map(str.strip)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=st.lists(st.tuples(_cells, _cells), min_size=1, max_size=6), sep=st.sampled_from([",", ";"]))
def test_what_pandas_writes_in_quotes_is_read_as_pandas_reads_it(spark, tmp_path_factory, rows, sep):
    place = tmp_path_factory.mktemp("quotes") / "t.csv"
    table = pd.DataFrame({"a": [a for a, _ in rows], "n": range(len(rows)), "b": [b for _, b in rows]})
    table.to_csv(place, index=False, sep=sep)
    again = pd.read_csv(place, sep=sep, keep_default_na=False, dtype=str)
    found = frames.read(spark, str(place), Options.of({"csv": {"sep": sep, "nulls": []}})).frame
    cells = sorted((row["n"], row["a"] or "", row["b"] or "") for row in found.collect())
    assert [(a, b) for _, a, b in cells] == [(a.strip(), b.strip()) for a, b in zip(again.a, again.b, strict=True)]
