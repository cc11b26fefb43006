"""Checks of an experiment's places in S3, with the credentials of whoever runs this."""

import uuid

from botocore.exceptions import ClientError

from launcher.emr.checks.s3_tables import outline, rasters_at
from launcher.emr.checks.subject import CheckResult, Subject, fail, ok, warning
from launcher.emr.policies import s3_arn, statements
from launcher.experiment import scoring
from launcher.parameters.schema import Parameters
from launcher.support import aws, packaging
from launcher.support.s3_files import S3Files
from lib.errors import InputError
from lib.reading.outline import Outline
from lib.support import positive, tables
from lib.support.s3_uri import bucket_and_key


def data(subject: Subject) -> CheckResult:
    """Each table is there and readable, and has the columns that the parameters name, or the model to score with."""
    elsewhere = subject.not_in_s3("input_data")
    if elsewhere:
        return elsewhere
    return ok("\n".join(_to_score(subject) if subject.parameters.model else _to_learn(subject)))


def output(subject: Subject) -> CheckResult:
    """These credentials may write and remove below the output, where the code and the parameters go."""
    out = subject.parameters.out
    elsewhere = subject.not_in_s3("out")
    if elsewhere:
        return elsewhere
    bucket, prefix = bucket_and_key(out)
    probe = {"Bucket": bucket, "Key": f"{prefix}/.probe-{uuid.uuid4().hex[:8]}".lstrip("/")}
    s3 = subject.client("s3")
    for action, call in (("s3:PutObject", s3.put_object), ("s3:DeleteObject", s3.delete_object)):
        try:
            with aws.translated_errors(f"cannot write below {out}"):
                call(**probe)
        except aws.AwsRefused as error:
            resource = s3_arn(s3.meta.partition, bucket, f"{prefix}/*".lstrip("/"))
            return fail(str(error), f"allow it for your user or role: {statements([(action, resource)])}")
    return ok(f"tested by writing and removing an object: {out}")


def code(subject: Subject) -> CheckResult:
    """The code of exactly this version is where the cluster loads it from."""
    out = subject.parameters.out
    elsewhere = subject.not_in_s3("out")
    if elsewhere:
        return elsewhere
    in_sessions = subject.parameters.cluster.runs_on.in_sessions
    place = packaging.place(out) if in_sessions else packaging.project(out)[0].place
    if S3Files(subject.client("s3")).exists(place):
        return ok(place)
    return warning(f"not yet at {place}", "nothing: the next submission uploads it")


def region(subject: Subject) -> CheckResult:
    """Data and cluster are in one region: traffic between regions costs money and takes longer."""
    elsewhere = subject.not_in_s3("input_data", "out")
    if elsewhere:
        return elsewhere
    places = [*subject.read, subject.parameters.out]
    regions = {
        bucket: _region_of(subject, bucket) for bucket in dict.fromkeys(bucket_and_key(uri)[0] for uri in places)
    }
    far = {bucket: where for bucket, where in regions.items() if where != subject.region}
    if far:
        listed = ", ".join(f"{bucket} in {where}" for bucket, where in far.items())
        return warning(f"the cluster is in {subject.region}, {listed}", "copy the data, or create the cluster there")
    return ok(f"cluster and {' and '.join(regions)} in {subject.region}")


def _to_learn(subject: Subject) -> list[str]:
    """What the tables of an experiment are, a line each."""
    said = []
    features: tuple[str, ...] = ()
    for uri in subject.parameters.input_data:
        if tables.catalogue_name(uri):
            said.append(_later(uri))
            continue
        table = outline(subject.client("s3"), uri, subject.parameters.reading)
        features = _features(uri, table, subject.parameters)
        said.append(f"{uri}: {_size(table)}, {len(features)} features{_roles(table, subject.parameters)}")
    for uri in subject.parameters.test_data or ():
        if tables.catalogue_name(uri):
            said.append(_later(uri))
            continue
        table = outline(subject.client("s3"), uri, subject.parameters.reading)
        _check_test_data(uri, table, features, subject.parameters)
        said.append(f"{uri}: {_size(table)}{_roles(table, subject.parameters)}")
    return said


def _to_score(subject: Subject) -> list[str]:
    """What the inputs of a scoring are, a line each."""
    said = []
    trees = scoring.model_of(subject.parameters)
    if trees is not None:
        scoring.check_missing(subject.parameters, trees)
    rasters = {
        uri: [] if tables.catalogue_name(uri) else rasters_at(subject.client("s3"), uri)
        for uri in subject.parameters.input_data
    }
    scoring.check_kind(rasters, subject.parameters)
    for uri, files in rasters.items():
        if tables.is_in_catalogue(uri):
            said.append(_later(uri))
            continue
        if files:
            number = "1 raster file" if len(files) == 1 else f"{len(files):,} raster files"
            said.append(f"{uri}: {number}, whose bands are looked at when the run starts")
            continue
        table = outline(subject.client("s3"), uri, subject.parameters.reading)
        if trees is not None:
            scoring.check_table(uri, table, trees, subject.parameters.id_cols)
        said.append(f"{uri}: {_size(table)}" + (f", with the model's {len(trees.features)} features" if trees else ""))
    return said


def _later(uri: str) -> str:
    """What is said of a table that only Spark on the cluster can find."""
    return f"{uri}: a table of the cluster's catalogue, which is looked at when the run starts"


def _region_of(subject: Subject, bucket: str) -> str:
    with aws.translated_errors(f"cannot look at the bucket {bucket}"):
        try:
            answer = subject.client("s3").head_bucket(Bucket=bucket)
        except ClientError as error:
            if aws.code(error) in ("404", "NoSuchBucket"):
                raise InputError(f"there is no bucket {bucket}: create it, or name another") from None
            raise
    return str(answer.get("BucketRegion") or answer["ResponseMetadata"]["HTTPHeaders"]["x-amz-bucket-region"])


def _features(uri: str, table: Outline, parameters: Parameters) -> tuple[str, ...]:
    """The columns to learn from.

    Raises:
        InputError: a column that the parameters name is missing, or one that counts is no number.
    """
    columns, label, zone = table.columns, parameters.label_col, parameters.zone_col
    tables.zone_of(columns, zone, parameters.exclude_cols, uri)
    if parameters.needs_zones and zone and not parameters.block_size:
        tables.require(columns, zone, "zone_col", uri)
    tables.check_block_cols(columns, parameters.block_cols, parameters.block_size, uri)
    features = tables.feature_columns(
        columns,
        label,
        zone,
        parameters.exclude_cols,
        uri,
        block_cols=parameters.block_cols,
        weight_col=parameters.weight_col,
    )
    label_column = next(column for column in columns if column.name == label)
    positive.check_label(label_column, parameters.positive, table=uri)
    return features


def _check_test_data(uri: str, table: Outline, features: tuple[str, ...], parameters: Parameters) -> None:
    """Another table needs the features of the first, its label, and its weights if metrics count rows by them.

    It may have other columns.

    Raises:
        InputError: a column is missing or no number.
    """
    label = parameters.label_col
    if parameters.metrics_weighted and parameters.weight_col:
        tables.require(table.columns, parameters.weight_col, "weight_col", f"test_data: {uri}")
    wrong = tables.require_features(table.columns, (*features, label), f"test_data: {uri}")
    if parameters.positive is not None:
        column = next(column for column in table.columns if column.name == label)
        positive.check_label(column, parameters.positive, table=f"test_data: {uri}")
        wrong = [column for column in wrong if column.name != label]
    if wrong:
        raise InputError(f"test_data: {uri}: column {wrong[0].name!r} is of type {wrong[0].type}, not a number")


def _size(table: Outline) -> str:
    files = "1 file" if table.files == 1 else f"{table.files:,} files"
    if table.rows is None:
        return f"{files} of {table.format.name}, rows not counted"
    if table.looked_at < table.files:
        return f"{table.rows:,} rows in the first {table.looked_at} of {files}"
    return f"{table.rows:,} rows in {files}"


def _roles(table: Outline, parameters: Parameters) -> str:
    zone = parameters.zone_col
    has_zones = zone in [column.name for column in table.columns]
    return f", label {parameters.label_col!r}" + (f", zones in {zone!r}" if has_zones else "")
