"""Text files as people write them: the dialect is found by looking, and nothing is lost."""

import bz2
import gzip

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, example, given, settings
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
    for encoding, zone in (("latin-1", "Ñuñoa"), ("cp1252", "“10 €”")):
        (tmp_path / "t.csv").write_bytes(f"año,zona,label\n1,{zone},0\n2,x,1\n".encode(encoding))
        found = frames.read(spark, f"{tmp_path}/t.csv")
        assert found.frame.columns == ["año", "zona", "label"]
        assert {row["zona"] for row in found.frame.collect()} == {zone, "x"}
        assert found.sources[0].dialects == ("separated by commas in windows-1252",)
    assert find("t", b"a,\x81,label\n", is_whole=True)[0].encoding == "ISO-8859-1"


@pytest.mark.parametrize("token", ["NA", "nan", "NULL", "", "N/A", "None"])
def test_what_stands_for_no_value_is_missing_and_costs_no_column(spark, tmp_path, table, token):
    text = table.astype({"f0": object})
    text.loc[3, "f0"] = token
    place = write(text, tmp_path / "t.csv")
    with pytest.raises(InputError, match=r"1 of 200 rows have a null.*in: f0 \(1\)"):
        dataset.load(spark, place)
    loaded = dataset.load(spark, place, missing="drop")
    assert loaded.rows == 199
    assert ("1 cells taken for missing, such as `" + token in views.facts(loaded)) == bool(token)


def test_what_stands_for_no_value_is_no_label_unless_it_is_named(spark, tmp_path, table):
    kinds = np.where(table.label == 1, "yes", "no").astype(object)
    kinds[:5] = ["NA", "null", "nan", "N/A", "none"]  # the last may well be a class
    place = write(table.assign(label=kinds), tmp_path / "t.csv")
    with pytest.raises(InputError, match=r"4 of 200 rows have a null.*in: label \(4\)"):
        dataset.load(spark, place, positive="yes")
    named = dataset.load(spark, place, positive=["yes", "NA", "null", "nan", "N/A"])
    assert named.rows == 200


@pytest.mark.parametrize("sep", [",", ";"])
def test_what_only_java_takes_for_a_number_is_text(spark, tmp_path, table, sep):
    """A UTM zone such as 19F would become 19, and then nothing."""
    for zones in (["18F", "19F"], ["3D", "4d"], ["0x1p3", "1"]):
        text = table.assign(zone=np.resize(zones, 200))
        loaded = dataset.load(spark, write(text, tmp_path / "t.csv"))
        assert (loaded.rows, {row.zone for row in loaded.frame.collect()}) == (200, set(zones))
    text = table.assign(label=np.where(table.label == 1, "1F", "0"))
    loaded = dataset.load(spark, write(text, tmp_path / "t.csv"), positive=["1F"])
    assert loaded.class_counts["1"] == table.label.sum()
    with pytest.raises(InputError, match="only one class with positive: 1"):
        dataset.load(spark, f"{tmp_path}/t.csv", positive=1)


_numbers = st.one_of(
    st.integers(-(2**62), 2**62).map(str),
    st.integers(-1000, 1000).map(lambda n: f"{n}.0"),
    st.floats(-1e30, 1e30).map(str),
    st.builds("{}{}{}e{}{}".format, *map(st.sampled_from, (["", "-", "+"], "19", ["", ".5"], ["", "+", "-"], "059"))),
    st.sampled_from(["1e+05", "1E5", "1.0E7", ".5", "5.", "+3", "007", "9007199254740993"]),
    st.just("NA"),
)
_no_numbers = st.sampled_from(["19F", "3D", "1d", "1_0", "1e", "e5", "0x10", "1L", "--1", "1e+", ".", "1 2"])


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(cells=st.lists(_numbers, min_size=1, max_size=6), odd=st.none() | _no_numbers, sep=st.sampled_from(",;"))
@example(cells=["100000", "1e+05"], odd=None, sep=",")
@example(cells=["9007199254740993", "1E5"], odd=None, sep=";")
def test_numbers_are_those_that_pandas_reads(spark, tmp_path_factory, cells, odd, sep):
    place = tmp_path_factory.mktemp("numbers") / "t.csv"
    written = [*cells, *([odd] if odd else [])]
    if sep == ";":
        written = [cell.replace(".", ",") for cell in written]
    place.write_text("\n".join([f"a{sep}n", *(f"{cell}{sep}{n}" for n, cell in enumerate(written))]))
    decimal = "," if sep == ";" else "."
    options = Options.of({"csv": {"sep": sep, "decimal": decimal}})
    rows = frames.read(spark, str(place), options).frame.orderBy("n").collect()
    expected = pd.read_csv(place, sep=sep, decimal=decimal, float_precision="round_trip").a
    if odd:
        assert [row["a"] for row in rows] == written
    elif pd.api.types.is_integer_dtype(expected):
        assert [row["a"] for row in rows] == expected.tolist()
    else:
        found = np.array([np.nan if row["a"] is None else row["a"] for row in rows], float)
        np.testing.assert_allclose(found, expected.to_numpy(float), rtol=1e-15)


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


def test_values_that_became_names_are_told_where_a_column_is_missing(spark, tmp_path):
    for head in ("north,1.5,0.3,0", "0.5,NA,1"):
        (tmp_path / "t.csv").write_text(f"{head}\n{head}\n")
        with pytest.raises(InputError, match=r"no column 'label'.*may be no name: .*csv: \{header: false\}"):
            dataset.load(spark, f"{tmp_path}/t.csv")
    (tmp_path / "t.csv").write_text("0.5,x,0.5\n1,y,1\n")
    with pytest.raises(InputError, match=r"more than one column named 0\.5.*csv: \{header: false\}"):
        dataset.load(spark, f"{tmp_path}/t.csv")
    (tmp_path / "t.csv").write_text("a,b\n1,0\n")
    with pytest.raises(InputError, match=r"no column 'label': it has a, b$"):
        dataset.load(spark, f"{tmp_path}/t.csv")


def test_a_folder_may_name_a_column_value(spark, tmp_path, table):
    for value, rows in table.groupby("label"):
        write(rows.drop(columns="zone"), tmp_path / f"value={value}" / "t.csv")
    loaded = dataset.load(spark, str(tmp_path))
    assert (loaded.rows, loaded.features) == (200, ("f0", "f1", "f2", "f3", "value"))
