"""A table in S3 from outside; and that Spark, reading it, says the same of its files, columns, features and faults."""

import gzip
import io
import itertools
import re
import subprocess
import sys

import boto3
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from pyarrow import orc

from launcher.emr.checks import data, s3_tables
from launcher.parameters.schema import check
from launcher.support.aws import AwsRefused
from lib import dataset, explore
from lib.errors import InputError
from lib.reading import frames
from lib.reading.options import NO_OPTIONS
from lib.storage import Storage
from lib.support import tables
from tests.launcher.emr.checks.subjects import deny, make_bucket, parquet

TABLE = pa.table({"f": [0.5, 1.5], "label": [0, 1]})
PARQUET, CSV = parquet(TABLE), b"f,label\n0.5,0\n1.5,1\n"
_numbers = itertools.count()


def orc_bytes(table=TABLE):
    content = io.BytesIO()
    orc.write_table(table, content)
    return content.getvalue()


ORC = orc_bytes()
# Of each layout: what is in the folder, what of it is named, and the columns with the rows (a table), or what is said.
LAYOUTS = {
    "parquet file": ({"t": PARQUET}, "t", (["f", "label"], 2)),
    "parquet by zone": (
        {"zone=a/x.parquet": PARQUET, "zone=b c/y.parquet": PARQUET},
        "",
        (["f", "label", "zone"], 4),
    ),
    "CSV file": ({"t.csv": CSV}, "t.csv", (["f", "label"], None)),
    "CSV by zone": ({"zone=a/x.csv": CSV, "zone=b/x.csv": CSV}, "", (["f", "label", "zone"], None)),
    "CSV by a zone that is called like a column": ({"zone=f/x.csv": CSV}, "", (["f", "label", "zone"], None)),
    "zipped CSV": ({"a.CSV.gz": gzip.compress(CSV), "b.csv": CSV}, "", (["f", "label"], None)),
    "ORC file": ({"t.orc": ORC}, "t.orc", (["f", "label"], 2)),
    "ORC folder": ({"a.snappy.orc": ORC, "b.ORC": ORC, "_SUCCESS": b"x"}, "", (["f", "label"], 4)),
    "ORC by zone": ({"zone=1/x.orc": ORC, "zone=2/x.orc": ORC}, "", (["f", "label", "zone"], 4)),
    "hidden files": (
        {"1.parquet": PARQUET, "_temporary/3.parquet": b"x", ".4.crc": b"x", "5.parquet._COPYING_": b"x"},
        "",
        (["f", "label"], 2),
    ),
    "a pattern": ({"a1.csv": CSV, "a2.csv": CSV, "b.orc": ORC}, "a*.csv", (["f", "label"], None)),
    "folders of a pattern": (
        {"y=1/x.parquet": PARQUET, "y=2/x.parquet": PARQUET, "y=3/x.orc": ORC},
        "y={1,2}",
        (["f", "label", "y"], 4),
    ),
    "files in subfolders that are not partitions": ({"sub/1.parquet": PARQUET}, "", (["f", "label"], 2)),
    "files beside such folders": ({"1.orc": ORC, "sub/a/2.orc": ORC}, "", (["f", "label"], 4)),
    "files beside partitions": (
        {"1.parquet": PARQUET, "zone=a/2.parquet": PARQUET},
        "",
        "only one is in a folder that names a value of zone",
    ),
    "partitions below other folders": (
        {"2024/zone=a/1.parquet": PARQUET, "2025/zone=007/sub/1.parquet": PARQUET},
        "",
        (["f", "label", "zone"], 4),
    ),
    "partitions around other folders": (
        {"zone=a/x/year=1/1.parquet": PARQUET, "zone=b/x/year=2/1.parquet": PARQUET},
        "",
        (["f", "label", "zone", "year"], 4),
    ),
    "a name's neighbours": ({"t/1.parquet": PARQUET, "t2/2.orc": ORC}, "t", (["f", "label"], 2)),
    "nothing there": ({"t.csv": CSV}, "u.csv", "does not exist"),
    "a pattern of nothing": ({"t.csv": CSV}, "*.orc", "does not exist"),
    "text": ({"notes": b"hello, this is no table"}, "notes", "notes is not valid parquet"),
    "damaged parquet": ({"a.parquet": b"PAR1" * 9}, "a.parquet", "a.parquet is not valid parquet: it is damaged"),
    "damaged ORC": ({"a.orc": b"hello, this is no table"}, "a.orc", "a.orc is not valid ORC"),
    "CSV and ORC": ({"a.csv": CSV, "z=1/b.orc": ORC}, "", r"more than one format \(a.csv and b.orc\)"),
    "CSV and a note": ({"a.csv": CSV, "README.md": b"x"}, "", (["f", "label"], None)),
    "CSV after a byte order mark and an empty line": (
        {"t.csv": b"\xef\xbb\xbf\n" + CSV},
        "t.csv",
        (["f", "label"], None),
    ),
    "CSV without a line": ({"t.csv": b"\n\n"}, "t.csv", "t.csv has no header line with the column names"),
    "a name twice, in parquet": (
        {"a.parquet": parquet(pa.table([[1.0], [2.0]], names=["f", "F"]))},
        "a.parquet",
        "more than one column named f",
    ),
    "a name twice": ({"a.csv": b"f,label,F\n1,2,3\n"}, "a.csv", "more than one column named f"),
}


@pytest.fixture
def both(spark, emr, tmp_path):
    """Put files to a folder here and to one in S3: both places."""
    s3, bucket = boto3.client("s3"), make_bucket()

    def put(files):
        prefix = f"t{next(_numbers)}"
        for name, content in files.items():
            s3.put_object(Bucket=bucket, Key=f"{prefix}/{name}", Body=content)
            path = tmp_path / prefix / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        return f"{tmp_path}/{prefix}", f"s3://{bucket}/{prefix}"

    return put


def refusal(look, folder):
    """What is said, without the folder's name."""
    with pytest.raises(InputError) as refused:
        look()
    assert "\n" not in str(refused.value)
    return str(refused.value).replace(f"{folder}/", "")


@pytest.mark.parametrize("name", LAYOUTS)
def test_the_check_and_spark_see_the_same_table(spark, both, name):
    files, named, expected = LAYOUTS[name]
    here, there = both(files)
    place = f"/{named}" if named else ""
    look = lambda: s3_tables.outline(boto3.client("s3"), there + place, NO_OPTIONS)  # noqa: E731
    read = lambda: dataset.read(spark, here + place)  # noqa: E731
    if isinstance(expected, str):
        said = refusal(look, there)
        assert re.search(expected, said)
        assert said.replace(there, here) == refusal(read, here)
        return
    columns, rows = expected
    outline, frame = look(), read()
    assert [column.name for column in outline.columns] == frame.columns == columns
    assert outline.rows == rows
    if rows:
        assert frame.count() == rows


def test_a_format_is_one_record(spark, both, monkeypatch):
    """Another is read, checked and named by adding it to the table of formats, and in no other place."""
    hive = tables.Format("Hive's ORC", "orc", "OrcFileFormat", (".hive",))
    monkeypatch.setattr(tables, "FORMATS", (*tables.FORMATS, hive))
    here, there = both({"zone=a/x.hive": ORC})
    outline = s3_tables.outline(boto3.client("s3"), there, NO_OPTIONS)
    assert (outline.format, outline.rows) == (hive, 2)
    assert dataset.read(spark, here).columns == [column.name for column in outline.columns] == ["f", "label", "zone"]
    assert "as Hive's ORC if all files end in .hive, and as parquet otherwise" in str(tables.unreadable("x", hive))


NAMES = ("1.csv", "2.csv", "_a", "_a=1.csv", ".a", "a=1.csv", "x._COPYING_")
FOLDERS = [("",), ("", "sub/", "_t/", ".h/"), ("", "zone=a/", "zone=b/sub/", "_t/")]
layouts = st.sampled_from(FOLDERS).flatmap(
    lambda folders: st.sets(st.tuples(st.sampled_from(folders), st.sampled_from(NAMES)).map("".join), min_size=1)
)


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(paths=layouts)
@example(paths={"sub/1.csv", "2.csv"})
@example(paths={"zone=a/1.csv", "zone=b/sub/2.csv", "_t/1.csv"})
@example(paths={"zone=a/1.csv", "2.csv"})
def test_no_file_vanishes(spark, tmp_path, paths):
    """Each file that is not hidden is read, in whatever folder it is, or the table is refused."""
    folder = tmp_path / str(next(_numbers))
    for number, path in enumerate(sorted(paths)):
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(f"f\n{number}\n")
    files = tables.data_files({path: path for path in paths})
    try:
        found = frames.read(spark, str(folder))
    except InputError as refused:
        said = str(refused)
    else:
        said = ""
    if said:
        assert re.search("empty folder|only one is in a|more than one format|not valid parquet", said)
        return
    expected = {number for number, path in enumerate(sorted(paths)) if path in files}
    assert {row["f"] for row in found.frame.collect()} == expected
    assert [(each.files, each.rows) for each in found.sources] == [(len(files), len(files))]


def columns_of(names):
    """A table with these columns: those that begin with a `t` are text."""
    return pa.table({name: ["x"] if name.startswith("t") else [1.0] for name in names})


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    names=st.lists(
        st.sampled_from(["label", "f", "g", "a.b", "prediction", "__x", "t1", "t2", "zone"]), min_size=1, unique=True
    ),
    label=st.sampled_from(["label", "t1", "lable"]),
    zone=st.sampled_from(["zone", "t2", None]),
    exclude=st.lists(st.sampled_from(["f", "a.b", "prediction", "t1"]), max_size=2, unique=True),
)
@example(names=["label", "a.b", "prediction"], label="label", zone="zone", exclude=[])
def test_the_features_are_the_same_to_all_who_ask(spark, both, names, label, zone, exclude):
    here, there = both({"t.parquet": parquet(columns_of(names))})
    raw = dataset.read(spark, here)
    columns = {"label_col": label, "zone_col": zone, "exclude_cols": exclude}
    outline = s3_tables.outline(boto3.client("s3"), there, NO_OPTIONS)
    roles = {each["column"]: each["role"] for each in explore.describe_columns(raw, label, zone, exclude)}
    parameters = check({"input_data": there, **columns})
    try:
        features = data._features("the table", outline, parameters)
    except InputError as refused:
        # Of a label's values, only reading tells an example.
        said = re.escape(str(refused)).replace("string:", r"string( \(its values are: x \(1 rows\)\))?:")
        said = said.replace('"yes"', '"(yes|x)"')
        with pytest.raises(InputError, match=said):
            dataset.check(raw, [here], missing="error", **columns)
        return
    assert [name for name, role in roles.items() if role == "feature"] == list(features)
    with pytest.raises(InputError, match="has only one value"):  # which comes after all that is said of columns
        dataset.check(raw, [here], missing="error", **columns)


def test_no_more_files_are_looked_at_than_tell_something(endpoint, both, monkeypatch):
    wide = pa.table({f"column_{number:05}": [1.0] for number in range(2000)})  # a long footer
    _, there = both({"zone=a/1.parquet": parquet(wide), "zone=b/2.parquet": parquet(wide)})
    found = s3_tables.outline(boto3.client("s3"), there, NO_OPTIONS)
    assert (found.rows, found.files, len(found.columns), found.looked_at) == (2, 2, 2001, 2)
    assert (found.columns[1].is_number, found.columns[-1]) == (True, tables.Column("zone", "string", False))
    monkeypatch.setattr(s3_tables, "MOST", 1)
    assert s3_tables.outline(boto3.client("s3"), there, NO_OPTIONS).looked_at == 1


@pytest.mark.parametrize("pattern", ["a?", "*", "[a-b]*", "[^a]?", "{a,b}b", "a\\-", "[!a]b", "{a{a,b},b?}", "a,b"])
def test_a_pattern_matches_what_it_matches_to_spark(spark, tmp_path, pattern):
    names = {"".join(letters) for length in (1, 2, 3) for letters in itertools.product("ab-,", repeat=length)}
    for name in names:
        (tmp_path / name).touch()
    to_spark = {place.rpartition("/")[2] for place in Storage(spark).glob(f"{tmp_path}/{pattern}")}
    assert {name for name in names if s3_tables._pattern(pattern).fullmatch(name)} == to_spark


def test_what_is_no_zip_file_and_no_pattern_is_named(endpoint, both):
    _, there = both({"a.csv.gz": CSV})
    for place, said in (("/a.csv.gz", "a.csv.gz is not valid CSV"), ("/{a", "is not a pattern of files")):
        with pytest.raises(InputError, match=said):
            s3_tables.outline(boto3.client("s3"), there + place, NO_OPTIONS)


@pytest.mark.parametrize("name", ["x.parquet", "x.csv", "x.orc"])
def test_what_aws_refuses_is_said_in_its_words_whatever_the_format(endpoint, name):
    bucket, s3 = make_bucket(), boto3.client("s3")
    s3.put_object(Bucket=bucket, Key=name, Body={"parquet": PARQUET, "csv": CSV, "orc": ORC}[name.partition(".")[2]])
    deny(bucket, "s3:GetObject", "*")
    with pytest.raises(AwsRefused, match=f"cannot read s3://{bucket}/{name}: access denied to s3:GetObject"):
        s3_tables.outline(s3, f"s3://{bucket}/{name}", NO_OPTIONS)


def test_the_check_needs_no_spark_and_help_no_arrow():
    """Spark is not on the way of who only checks, nor pyarrow on that of who only asks for help."""
    for module, spared in (
        ("launcher.emr.checks.s3_tables", "pyspark"),
        ("lib.support.tables", "pyspark"),
        ("launcher.cli", "pyarrow"),
    ):
        code = f"import sys, {module}; sys.exit({spared!r} in sys.modules)"
        assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0, module
