"""Each check of an experiment's places: green, and everything else; tables are looked at without Spark."""

import gzip
import io

import boto3
import pyarrow as pa
import pytest
from pyarrow import orc

from launcher.emr.checks import data
from launcher.emr.checks.subject import ok
from launcher.support import packaging
from launcher.support.files import files_at
from lib.errors import InputError
from tests.launcher.emr.checks.subjects import TABLE, deny, make_bucket, make_cluster, parquet, subject
from tests.lib.models import upload_model

pytestmark = pytest.mark.usefixtures("emr")


@pytest.fixture
def cluster(emr):
    return make_cluster()


@pytest.fixture
def bucket(endpoint):
    return make_bucket()


@pytest.fixture
def experiment(cluster, bucket):
    """An experiment on the table in `bucket`, with other parameters where they are given."""

    def make(**changes):
        return subject(cluster, **{"input_data": f"s3://{bucket}/data/", "out": f"s3://{bucket}/out", **changes})

    return make


def test_a_table_is_told_from_its_footer(experiment, bucket):
    found = "3 rows in 1 file, 2 features, label 'label', zones in 'zone'"
    assert data.data(experiment()) == ok(f"s3://{bucket}/data/: {found}")
    both = experiment(test_data=[f"s3a://{bucket}/data/pixels.parquet"])
    assert data.data(both).found.splitlines()[1] == (
        f"s3a://{bucket}/data/pixels.parquet: 3 rows in 1 file, label 'label', zones in 'zone'"
    )


def test_test_data_needs_the_features_and_the_label_and_may_have_other_columns(endpoint, cluster):
    text = pa.array(["x", "y", "z"])
    wide = TABLE.append_column("note", text)
    tables = {"wide": wide, "narrow": wide.drop(["B03", "label"]), "text": wide.drop("B02").append_column("B02", text)}
    bucket = make_bucket(pixels=TABLE, **tables)
    places = {name: f"s3://{bucket}/data/{name}.parquet" for name in ("pixels", *tables)}

    def checked(name):
        return data.data(subject(cluster, input_data=places["pixels"], out="s3://b/out", test_data=[places[name]]))

    assert checked("wide").level == "ok"
    with pytest.raises(InputError, match=r"test_data: .*narrow.parquet lacks columns that the model needs: B03, label"):
        checked("narrow")
    with pytest.raises(InputError, match=r"test_data: .*text.parquet: column 'B02' is of type string, not a number"):
        checked("text")


def test_a_label_of_text_needs_the_values_of_class_1(experiment, bucket):
    kinds = {"label_col": "zone", "zone_col": None, "exclude_cols": ["label"]}
    both = experiment(**kinds, positive="a", test_data=[f"s3://{bucket}/data/pixels.parquet"])
    assert data.data(both).level == "ok"
    with pytest.raises(InputError, match="'zone' is of type string: the label must be the number 0 or 1, unless posit"):
        data.data(experiment(**kinds))
    with pytest.raises(InputError, match=r"positive='ore': s3://.* has no text but numbers in label column 'label'"):
        data.data(experiment(positive="ore"))


def test_blocks_need_no_zone_column(experiment):
    blocks = {"block_cols": ["B02", "B03"], "block_size": 5.0, "split_by": "zone"}
    blocks["exclude_cols"] = ["zone"]
    with pytest.raises(InputError, match="no numeric feature is left"):  # but this table has nothing else
        data.data(experiment(**blocks))
    with pytest.raises(InputError, match=r"zone_col: .* has no column 'area'"):  # one that is named must be there
        data.data(experiment(**blocks, zone_col="area"))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"label_col": "labels"}, r"label_col: .* has no column 'labels': did you mean label\? it has B02, B03, zone"),
        ({"split_by": "zone", "zone_col": "area"}, "zone_col: .* has no column 'area': it has B02"),
        ({"select_by": "zones", "zone_col": "area"}, "zone_col: .* has no column 'area': it has B02"),
        ({"zone_col": "zonne"}, r"zone_col: .* has no column 'zonne': did you mean zone\?"),
        ({"exclude_cols": ["B99"]}, "exclude_cols: .* has no column 'B99': it has B02"),
        ({"zone_col": None}, r"column 'zone' is of type string, not a number: .*exclude_cols: \[zone\]"),
        ({"label_col": "zone"}, "label column 'zone' is of type string: the label must be the number 0 or 1"),
        ({"exclude_cols": ["B02", "B03"]}, "no numeric feature is left in s3://"),
        ({"weight_col": "B04"}, "weight_col: .* has no column 'B04': did you mean B0"),
        ({"weight_col": "zone", "zone_col": None}, "column 'zone' of weight_col is of type string, not a number"),
        ({"input_data": "s3://no-such-bucket/x"}, "there is no bucket"),
    ],
)
def test_a_table_that_would_be_refused_later_is_refused_now(experiment, changes, message):
    with pytest.raises(InputError, match=message):
        data.data(experiment(**changes))


@pytest.fixture
def scoring(experiment, bucket):
    """A scoring of that table, which may lack a label, with a model of these features."""

    def make(features=("B03", "B02"), **changes):
        model = upload_model(boto3.client("s3"), bucket, "out", features=features)
        return experiment(model=model, label_col="no such label", test_data=["s3://nowhere/x"], **changes)

    return make


def test_a_table_to_score_needs_the_models_features_and_no_label(scoring, bucket):
    assert data.data(scoring()) == ok(f"s3://{bucket}/data/: 3 rows in 1 file, with the model's 2 features")


def test_where_only_the_cluster_sees_the_model_the_table_is_looked_at(experiment, bucket):
    found = data.data(experiment(model="hdfs:///models/model_20260101_000000", id_cols=["pixel"]))
    assert found == ok(f"s3://{bucket}/data/: 3 rows in 1 file")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"features": ("B02", "B08")}, "lacks columns that the model needs: B08; add or rename them"),
        ({"features": ("B02", "zone")}, r"columns that the model needs are not numbers: zone \(string\); convert"),
        ({"id_cols": ["zones"]}, "id_cols: the table has no column 'zones': did you mean zone"),
        ({"input_data": "s3://{bucket}/empty.parquet"}, "empty.parquet has no rows: choose another"),
        ({"input_data": "s3://{bucket}/nothing"}, "nothing does not exist: check --input-data"),
    ],
)
def test_a_table_that_cannot_be_scored_is_refused_before_a_step_costs_money(scoring, bucket, changes, message):
    boto3.client("s3").put_object(Bucket=bucket, Key="empty.parquet", Body=parquet(TABLE[:0]))
    if "input_data" in changes:
        changes = {"input_data": changes["input_data"].format(bucket=bucket)}
    with pytest.raises(InputError, match=message):
        data.data(scoring(**changes))


@pytest.fixture
def rasters(bucket):
    """Raster files in the bucket, and what is beside them; the places that hold them."""
    for key in ("tiles/a.tif", "tiles/b.bsq", "tiles/b.hdr", "tiles/deep/c.tif", "bands/n/B02.tif", "bands/n/B03.tif",
                "scene"):  # fmt: skip
        boto3.client("s3").put_object(Bucket=bucket, Key=key, Body=b"II*")
    boto3.client("s3").put_object(Bucket=bucket, Key="pixels", Body=parquet(TABLE))
    return f"s3://{bucket}"


@pytest.mark.parametrize(
    ("place", "count"),
    [("tiles/a.tif", "1 raster file"), ("tiles", "2 raster files"), ("tiles/", "2 raster files"),
     ("tiles/*", "3 raster files"), ("bands/*", "2 raster files"), ("tiles/*.tif", "1 raster file"),
     ("scene", "1 raster file")],
)  # fmt: skip
def test_rasters_are_counted_by_the_rules_of_reading(scoring, rasters, place, count):
    found = data.data(scoring(input_data=f"{rasters}/{place}"))
    assert found == ok(f"{rasters}/{place}: {count}, whose bands are looked at when the run starts")


def test_parquet_without_an_ending_is_a_table(scoring, rasters):
    assert data.data(scoring(input_data=f"{rasters}/pixels")).found.endswith("with the model's 2 features")


@pytest.mark.parametrize(
    ("inputs", "options", "message"),
    [
        (["data/", "tiles"], {}, r"data/: not a raster, as other inputs are; score tables and rasters in separate"),
        (["tiles"], {"id_cols": ["zone"]}, "id_cols: a raster has no columns to keep"),
        (["data/"], {"bands": {"B02": 1}}, "bands, resample and resume are for rasters, and the input is a table"),
        (["data/"], {"resample": "nearest"}, "bands, resample and resume are for rasters"),
        (["data/"], {"resume": True}, "bands, resample and resume are for rasters"),
        (["tiles/absent.tif"], {}, r"absent.tif does not exist: check --input-data"),
    ],
)
def test_what_fits_no_raster_or_no_table_is_refused_before_a_step_costs_money(
    scoring, rasters, inputs, options, message
):
    with pytest.raises(InputError, match=message):
        data.data(scoring(input_data=[f"{rasters}/{place}" for place in inputs], **options))


def test_the_catalogue_has_no_rasters(scoring, rasters):
    with pytest.raises(InputError, match=r"geology\.pixels: not a raster, as other inputs are"):
        data.data(scoring(input_data=["table://geology.pixels", f"{rasters}/tiles"]))
    with pytest.raises(InputError, match="and the input is a table"):
        data.data(scoring(input_data=["table://geology.pixels"], bands={"B02": 1}))


def test_a_table_of_the_catalogue_is_looked_at_when_the_run_starts(experiment, scoring, bucket):
    place, later = (
        "table://geology.pixels",
        "a table of the cluster's catalogue, which is looked at when the run starts",
    )
    found = data.data(experiment(input_data=place, test_data=[f"s3://{bucket}/data/", place]))
    lines = found.found.split("\n")
    assert (found.level, lines[0], lines[2]) == ("ok", f"{place}: {later}", f"{place}: {later}")
    assert lines[1].startswith(f"s3://{bucket}/data/: 3 rows in 1 file")
    assert data.data(scoring(input_data=[place])).found == f"{place}: {later}"
    assert data.region(experiment(input_data=place)).level == "ok"
    with pytest.raises(InputError, match="give a table of Spark's catalogue as"):
        data.data(experiment(input_data="table://geology/pixels"))


@pytest.mark.parametrize("name", ["table.csv", "table.CSV.gz"])
def test_of_a_csv_file_only_the_header_is_read(experiment, bucket, name):
    text = b'B02,"B03, red",label\n' + b"0.5,1,0\n" * 50_000
    body = gzip.compress(text) if name.endswith("gz") else text
    boto3.client("s3").put_object(Bucket=bucket, Key=f"csv/{name}", Body=body)
    found = data.data(experiment(input_data=f"s3://{bucket}/csv"))
    assert found.found.endswith("csv: 1 file of CSV, rows not counted, 2 features, label 'label'")


def test_orc_is_told_from_its_footer_as_parquet_is(experiment, bucket):
    content = io.BytesIO()
    orc.write_table(TABLE, content)
    for key in ("orc/zone=a/1.orc", "orc/zone=b/2.snappy.orc"):
        boto3.client("s3").put_object(Bucket=bucket, Key=key, Body=content.getvalue())
    found = data.data(experiment(input_data=f"s3://{bucket}/orc/zone=a/1.orc"))
    assert found.found.endswith("1.orc: 3 rows in 1 file, 2 features, label 'label', zones in 'zone'")
    found = data.data(experiment(input_data=f"s3://{bucket}/orc"))
    assert found.found.endswith("orc: 6 rows in 2 files, 2 features, label 'label', zones in 'zone'")


def test_the_output_is_tried_and_left_as_it_was(experiment, bucket):
    s3 = boto3.client("s3")
    assert data.output(experiment()) == ok(f"tested by writing and removing an object: s3://{bucket}/out")
    assert s3.list_objects_v2(Bucket=bucket)["KeyCount"] == 1
    deny(bucket, "s3:PutObject", "*")
    found = data.output(experiment())
    assert found.level == "fail"
    assert "cannot write below" in found.found
    assert found.remedy.endswith(
        f'{{"Effect": "Allow", "Action": ["s3:PutObject"], "Resource": "arn:aws:s3:::{bucket}/out/*"}}'
    )


def test_code_that_is_not_there_yet_will_be_uploaded(experiment, bucket):
    out = f"s3://{bucket}/out"
    for target, place, upload in (
        ("livy", packaging.place(out), packaging.upload),
        ("step", packaging.project(out)[0].place, packaging.upload_project),
    ):
        this = experiment(cluster={"target": target})
        assert (data.code(this).level, data.code(this).found) == ("warning", f"not yet at {place}")
        upload(files_at(out), out)
        assert data.code(this) == ok(place)


def test_data_of_another_region_is_a_warning(experiment, bucket):
    assert data.region(experiment()) == ok(f"cluster and {bucket} in us-east-1")
    far = boto3.client("s3", region_name="eu-west-1")
    far.create_bucket(Bucket=f"far-{bucket}", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    found = data.region(experiment(out=f"s3://far-{bucket}/out"))
    assert (found.level, found.found) == ("warning", f"the cluster is in us-east-1, far-{bucket} in eu-west-1")
    with pytest.raises(InputError, match="there is no bucket no-such-bucket"):
        data.region(experiment(out="s3://no-such-bucket/out"))


def test_places_on_this_machine_are_not_checked(cluster):
    here = subject(cluster)
    for check in (data.data, data.output, data.code, data.region):
        found = check(here)
        assert (found.level, found.found[:11]) == ("warning", "not checked")
        assert found.remedy.startswith("give --params or --")
