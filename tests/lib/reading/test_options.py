"""What is said about files: the parameter csv, and zones from file names."""

import bz2
import gzip
import io
import string
import zipfile

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lib import dataset
from lib.errors import InputError
from lib.reading import frames
from lib.reading.dialect import find
from lib.reading.options import SEPARATORS, Options, TextOptions
from tests.lib.tables import make_table, write


@pytest.fixture(scope="module")
def table():
    return make_table(60).assign(zone=lambda t: t.zone.str.replace(" ", "_"))


def read(spark, place, **parameters):
    return frames.read(spark, str(place), Options.of(parameters))


def test_cells_that_stand_for_no_value_are_missing_in_any_column(spark, tmp_path):
    (tmp_path / "t.csv").write_text("a,site,label\n1.5,north,0\n-,s/d,1\n-9,south,1\n")
    found = read(spark, tmp_path / "t.csv", csv={"nulls": ["-", "s/d", -9]}).frame
    assert dict(found.dtypes) == {"a": "double", "site": "string", "label": "bigint"}
    assert [(row.a, row.site) for row in found.collect()] == [(1.5, "north"), (None, None), (None, "south")]


@pytest.mark.parametrize(("header", "names"), [(False, ["c1", "c2", "c3"]), (["code", "x", "y"], ["code", "x", "y"])])
@pytest.mark.parametrize(("name", "sep"), [("t.csv", ","), ("t.txt", " "), ("t.zip", ";")])
def test_a_file_without_a_header_gets_the_names_that_are_given(spark, tmp_path, name, sep, header, names):
    content = "3 1.5 2\n4 2.5 3\n".replace(" ", sep)
    if name.endswith(".zip"):
        with zipfile.ZipFile(tmp_path / name, "w") as archive:
            archive.writestr("t.csv", content)
    else:
        (tmp_path / name).write_text(content)
    with pytest.raises(InputError, match=r"has no header line .* name the 3 columns with csv: \{header: \[\.\.\.\]\}"):
        read(spark, tmp_path / name)
    found = read(spark, tmp_path / name, csv={"header": header})
    assert found.frame.columns == names
    assert sorted(map(tuple, found.frame.collect())) == [(3, 1.5, 2), (4, 2.5, 3)]
    assert found.sources[0].dialects[0].endswith("without a header line")
    with pytest.raises(InputError, match="names 2 columns, but the first line has 3 fields"):
        read(spark, tmp_path / name, csv={"header": ["code", "x"]})


def test_first_lines_of_numbers_are_names_if_that_is_said(spark, tmp_path):
    (tmp_path / "t.csv").write_text("2019,2020\n1,2\n")
    assert read(spark, tmp_path / "t.csv", csv={"header": True}).frame.columns == ["2019", "2020"]


def test_an_encoding_that_shows_only_far_down_is_asked_for(spark, tmp_path):
    (tmp_path / "t.csv").write_bytes(b"x,site,label\n" + b"1,abc,0\n" * 20_000 + "2,Ñuñoa,1\n".encode("latin-1"))
    with pytest.raises(
        InputError, match=r"t\.csv is not in UTF-8, unlike its beginning: 2,.*csv: \{encoding: iso-8859-1"
    ):
        read(spark, tmp_path / "t.csv")
    found = read(spark, tmp_path / "t.csv", csv={"encoding": "latin-1"}).frame
    assert {row.site for row in found.select("site").distinct().collect()} == {"abc", "Ñuñoa"}
    (tmp_path / "u.csv").write_text("ñ,label\n1,0\n")
    with pytest.raises(InputError, match="is not in ASCII: ordinal not in range"):
        read(spark, tmp_path / "u.csv", csv={"encoding": "ascii"})


def test_utf_16_and_archives_are_read(spark, tmp_path, table):
    expected = dataset.load(spark, write(table, tmp_path / "t.parquet")).fingerprint
    (tmp_path / "t.txt").write_bytes(table.to_csv(index=False, sep="\t").encode("utf-16"))
    with zipfile.ZipFile(tmp_path / "t.csv.zip", "w") as archive:
        archive.writestr("in/t.csv", table.to_csv(index=False, sep=";", decimal=","))
    for name, said in (("t.txt", "tabs in UTF-16"), ("t.csv.zip", "semicolons with decimal commas")):
        loaded = dataset.load(spark, f"{tmp_path}/{name}")
        assert (loaded.fingerprint, loaded.sources[0].dialects) == (expected, (f"separated by {said}",))


@pytest.mark.parametrize(
    ("members", "why"),
    [
        ({}, "has no files in it"),
        ({"a.csv": "x\n1\n", "b.csv": "x\n1\n"}, "has 2 files in it, not one: unpack it"),
        ({"a.parquet": "PAR1"}, "has a.parquet in it, which is no text file: unpack it"),
    ],
)
def test_an_archive_of_anything_else_is_refused(spark, tmp_path, members, why):
    with zipfile.ZipFile(tmp_path / "t.zip", "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    with pytest.raises(InputError, match=why):
        read(spark, tmp_path / "t.zip")
    (tmp_path / "t.zip").write_bytes(b"PK\x03\x04 cut")
    with pytest.raises(InputError, match=r"t\.zip is not valid CSV: it is damaged"):
        read(spark, tmp_path / "t.zip")


@pytest.mark.parametrize(
    ("name", "text", "place"),
    [
        ("t.csv", "a;b;label\n1,5;1;0\n2,5;2;1\n1.500;3;1\n", r"'1\.500' in \S*t\.csv, line 4"),
        ("t.csv", 'a,b,label\n1.5,"x,y",0\n\n2.5,2,1\noops,3,1\n', r"'oops' in \S*t\.csv, line 5"),
        ("t.txt", "a b label\n1.5 1 0\n\n2.5 2 1\nn.d. 3 1\n", r"'n\.d\.' in \S*t\.txt, line 5"),
    ],
)
def test_a_cell_that_is_no_number_is_shown_with_its_line(spark, tmp_path, name, text, place):
    (tmp_path / name).write_text(text)
    with pytest.raises(
        InputError, match=rf"column 'a' is of type string \(1 of \d cells are no numbers, such as {place}"
    ):
        dataset.load(spark, f"{tmp_path}/{name}", exclude_cols=["b"])


def test_a_line_with_too_many_fields_is_shown_with_its_number(spark, tmp_path):
    (tmp_path / "t.csv").write_text("a,label\n1,0\n2,1\n3,4,1\n")
    with pytest.raises(InputError, match=r"t\.csv, line 4: a line has more fields than the 2 of the header: 3,4,1"):
        read(spark, tmp_path / "t.csv")


def test_zones_come_from_the_names_of_files(spark, tmp_path, table):
    parts = {"a b+c%20.v1": table[:20], "Ñuñoa": table[20:40], "007": table[40:]}
    for (name, part), ending in zip(parts.items(), ("csv", "parquet", "tsv"), strict=True):
        folder = tmp_path / ending
        folder.mkdir()
        rows = part.drop(columns="zone")
        if ending == "parquet":
            write(rows, folder / f"{name}.parquet")
        else:
            rows.to_csv(folder / f"{name}.{ending}", index=False, sep="\t" if ending == "tsv" else ",")
    places = [f"{tmp_path}/{ending}" for ending in ("csv", "parquet", "tsv")]
    loaded = dataset.load(spark, places, zone_from="file")
    zones = {row.zone: row["count"] for row in loaded.frame.groupBy("zone").count().collect()}
    assert zones == {name: len(part) for name, part in parts.items()}
    with pytest.raises(InputError, match=r"zone_from: file: .* has a column 'zone' already"):
        dataset.load(spark, write(table, tmp_path / "z.parquet"), zone_from="file")
    other = frames.read(spark, f"{tmp_path}/z.parquet", Options.of_another({"zone_from": "file", "zone_col": "zone"}))
    assert {row.zone for row in other.frame.collect()} == set(table.zone)


def test_an_excluded_column_that_some_files_lack_stops_nothing(spark, tmp_path, table):
    write(table[:30], tmp_path / "1.parquet")
    write(table[30:].assign(when="today"), tmp_path / "2.parquet")
    with pytest.raises(InputError, match=r"only one of them has: when; .* exclude it with exclude_cols"):
        dataset.load(spark, str(tmp_path))
    assert dataset.load(spark, str(tmp_path), exclude_cols=["when"]).rows == 60


@pytest.mark.parametrize(
    ("csv", "why"),
    [
        ({"separator": ";"}, "unknown key 'separator': it takes sep, decimal"),
        ({"sep": ";;"}, "csv: sep ';;' is not allowed; csv takes"),
        ({"decimal": ";"}, "neither a point nor a comma"),
        ({"encoding": "utf8x"}, "there is no encoding 'utf8x'"),
        ({"header": "yes"}, "neither true, false, nor a list of column names"),
        ({"nulls": {"a": 1}}, "csv: nulls .* is not allowed"),
        (["sep"], "csv: .* is not allowed"),
    ],
)
def test_what_csv_does_not_take_is_said(csv, why):
    with pytest.raises(InputError, match=why):
        TextOptions.of(csv)


_NAMES = st.lists(st.text(string.ascii_letters + "ñ_", min_size=1, max_size=8), min_size=2, max_size=5, unique=True)


@settings(max_examples=200, deadline=None)
@given(_NAMES, st.data(), st.sampled_from([sep for sep in SEPARATORS if sep != ","]), st.sampled_from([".", ","]))
def test_what_pandas_writes_is_found_again(names, data, sep, decimal):
    number = st.floats(-1e6, 1e6).map(lambda value: round(value, 3) + 0.0005)
    rows = data.draw(st.lists(st.lists(number, min_size=len(names), max_size=len(names)), min_size=1, max_size=8))
    text = io.StringIO()
    pd.DataFrame(rows, columns=names).to_csv(text, sep=sep, decimal=decimal, index=False)
    dialect, found = find("t.csv", text.getvalue().encode(), is_whole=True)
    assert (dialect.sep, dialect.decimal, found) == (sep, decimal, names)


_DIALECTS = st.fixed_dictionaries(
    {
        "sep": st.sampled_from([",", ";", "\t", "|", " "]),
        "decimal": st.sampled_from([".", ","]),
        "encoding": st.sampled_from(["utf-8", "utf-8-sig", "latin-1", "utf-16"]),
        "ending": st.sampled_from(["csv", "txt", "tsv.gz", "csv.bz2", "zip"]),
        "columns": st.permutations(["f0", "f1", "f2", "f3", "label", "zone"]),
    }
)


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(_DIALECTS, min_size=1, max_size=3), st.sampled_from(["", "NA", "nan", "NULL"]))
def test_a_table_in_any_dialect_is_the_same_table(spark, tmp_path_factory, table, dialects, nothing):
    folder = tmp_path_factory.mktemp("dialects")
    holes = table.assign(zone=table.zone + "_Ñ", f1=table.f1.where(table.index % 7 != 0))
    expected = dataset.load(spark, write(holes, folder / "t.parquet"), missing="drop")
    for number, rows in enumerate(np.array_split(np.arange(len(holes)), len(dialects))):
        how = dialects[number]
        # A blank has no cell between two of them, and a comma is no decimal comma where it separates.
        missing = nothing or ("NA" if how["sep"] == " " else "")
        decimal = "." if how["sep"] == "," else how["decimal"]
        text = holes.iloc[rows][how["columns"]].to_csv(index=False, sep=how["sep"], decimal=decimal, na_rep=missing)
        place, content = folder / "in" / f"{number}.{how['ending']}", text.encode(how["encoding"])
        place.parent.mkdir(exist_ok=True)
        _pack(place, content)
    found = dataset.load(spark, str(folder / "in"), missing="drop")
    assert (found.fingerprint, found.dropped, found.rows) == (expected.fingerprint, expected.dropped, expected.rows)
    assert {row.zone for row in found.frame.collect()} == {row.zone for row in expected.frame.collect()}


def _pack(place, content):
    if place.suffix == ".zip":
        with zipfile.ZipFile(place, "w") as archive:
            archive.writestr("t.csv", content)
    else:
        place.write_bytes({".gz": gzip.compress, ".bz2": bz2.compress}.get(place.suffix, bytes)(content))
