"""Checks of an experiment's places in S3, with the credentials of whoever runs this."""

import difflib
import uuid
from collections.abc import Mapping

from botocore.exceptions import ClientError

from launcher import aws, packaging
from launcher.emr.checking import Finding, Subject, fail, ok, statements, warning
from launcher.emr.s3_tables import Outline, outline
from launcher.parameters import Parameters
from launcher.s3_files import S3Files
from lib.errors import InputError
from lib.s3_uri import bucket_and_key


def data(subject: Subject) -> Finding:
    """Each table is there and readable, and has the columns that the parameters name."""
    elsewhere = subject.not_in_s3("input_data")
    if elsewhere:
        return elsewhere
    said = []
    for uri in subject.inputs:
        table = outline(subject.client("s3"), uri)
        features = _features(uri, table, subject.parameters)
        said.append(f"{uri}: {_size(table)}, {len(features)} features{_roles(table, subject.parameters)}")
    return ok("\n".join(said))


def output(subject: Subject) -> Finding:
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
            with aws.explained(f"cannot write below {out}"):
                call(**probe)
        except aws.AwsRefused as error:
            resource = f"arn:{s3.meta.partition}:s3:::{bucket}/{f'{prefix}/*'.lstrip('/')}"
            return fail(str(error), f"allow it to yourself: {statements([(action, resource)])}")
    return ok(f"written to and removed again: {out}")


def code(subject: Subject) -> Finding:
    """The code of this very version is where the cluster takes it from."""
    out = subject.parameters.out
    elsewhere = subject.not_in_s3("out")
    if elsewhere:
        return elsewhere
    is_livy = subject.parameters.cluster.runs_on == "livy"
    place = packaging.place(out) if is_livy else packaging.project(out)[0].place
    if S3Files(subject.client("s3")).exists(place):
        return ok(place)
    return warning(f"not yet at {place}", "nothing: the next submission uploads it")


def region(subject: Subject) -> Finding:
    """Data and cluster are in one region: what goes between regions costs, and takes longer."""
    elsewhere = subject.not_in_s3("input_data", "out")
    if elsewhere:
        return elsewhere
    places = [*subject.inputs, subject.parameters.out]
    regions = {
        bucket: _region_of(subject, bucket) for bucket in dict.fromkeys(bucket_and_key(uri)[0] for uri in places)
    }
    far = {bucket: where for bucket, where in regions.items() if where != subject.region}
    if far:
        listed = ", ".join(f"{bucket} in {where}" for bucket, where in far.items())
        return warning(f"the cluster is in {subject.region}, {listed}", "copy the data, or make the cluster there")
    return ok(f"cluster and {' and '.join(regions)} in {subject.region}")


def _region_of(subject: Subject, bucket: str) -> str:
    with aws.explained(f"cannot look at the bucket {bucket}"):
        try:
            answer = subject.client("s3").head_bucket(Bucket=bucket)
        except ClientError as error:
            if aws.code(error) in ("404", "NoSuchBucket"):
                raise InputError(f"there is no bucket {bucket}: make it, or name another") from None
            raise
    return str(answer.get("BucketRegion") or answer["ResponseMetadata"]["HTTPHeaders"]["x-amz-bucket-region"])


def _features(uri: str, table: Outline, parameters: Parameters) -> list[str]:
    """The columns to learn from.

    Raises:
        InputError: a column that the parameters name is missing, or one that counts is no number.
    """
    columns, label, zone = table.columns, parameters.label_col, parameters.zone_col
    needed = {"label_col": [label], "exclude_cols": parameters.exclude_cols}
    if parameters.split_by == "zone" and zone:
        needed["zone_col"] = [zone]
    for parameter, names in needed.items():
        for name in names:
            if name not in columns:
                raise InputError(_missing(parameter, name, uri, columns))
    features = [name for name in columns if name not in (label, zone, *parameters.exclude_cols)]
    for name in (label, *features):
        if columns[name] is False:
            way_out = "it must be 0 or 1" if name == label else f"leave it out with exclude_cols: [{name}]"
            raise InputError(f"{uri}: column {name!r} is not a number: {way_out}")
    if not features:
        raise InputError(f"{uri} has no column to learn from beside label, zone and excluded ones")
    return features


def _missing(parameter: str, name: str, uri: str, columns: Mapping[str, bool | None]) -> str:
    near = difflib.get_close_matches(name, columns, n=1)
    hint = f" did you mean {near[0]!r}?" if near else ""
    shown = ", ".join(list(columns)[:12]) + (" …" if len(columns) > 12 else "")
    option = "--label-col" if parameter == "label_col" else f"-p {parameter}=…"
    return f"{uri} has no column {name!r} ({option}):{hint} it has {shown}"


def _size(table: Outline) -> str:
    files = "1 file" if table.files == 1 else f"{table.files:,} files"
    if table.rows is None:
        return f"{files} of CSV, rows not counted"
    if table.looked_at < table.files:
        return f"{table.rows:,} rows in the first {table.looked_at} of {files}"
    return f"{table.rows:,} rows in {files}"


def _roles(table: Outline, parameters: Parameters) -> str:
    zone = parameters.zone_col
    return f", label {parameters.label_col!r}" + (f", zones in {zone!r}" if zone in table.columns else "")
