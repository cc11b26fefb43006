"""S3's URIs, as both sides read them and as those who cannot import the module do."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from launcher.detached import emr_step
from launcher.emr.checks import access_probe
from launcher.emr.diagnosis.places import S3_PLACE
from launcher.support.files import files_at
from launcher.support.s3_files import S3Files
from lib import artifacts
from lib.errors import InputError
from lib.support import s3_uri

SCHEMES = st.sampled_from(s3_uri.SCHEMES)
BUCKETS = st.from_regex(r"[a-z0-9][a-z0-9.-]{1,60}[a-z0-9]", fullmatch=True)
# S3 takes any character in a key.
KEYS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=40).map(lambda key: key.strip("/"))


@given(SCHEMES, BUCKETS, KEYS, SCHEMES)
def test_a_place_is_the_same_under_each_scheme(scheme, bucket, key, other):
    uri = f"{scheme}://{bucket}/{key}"
    assert s3_uri.is_s3(uri)
    assert s3_uri.bucket_and_key(uri) == (bucket, key.strip("/"))
    assert s3_uri.with_scheme(uri, other) == f"{other}://{bucket}/{key}"
    assert s3_uri.with_scheme(s3_uri.with_scheme(uri, other), scheme) == uri


@given(BUCKETS, KEYS)
def test_the_programs_that_travel_without_it_read_a_place_alike(bucket, key):
    uri = f"s3://{bucket}/{key}"
    assert access_probe._bucket_and_key(uri) == s3_uri.bucket_and_key(uri)
    names = {"place": uri}
    exec(next(line for line in emr_step._BOOTSTRAP.split("; ") if line.startswith("bucket, key")), names)
    assert (names["bucket"], names["key"].strip("/")) == s3_uri.bucket_and_key(uri)


@pytest.mark.parametrize(
    "place", ["", "s3", "s3:/bucket/x", "s3://", "s3:///x", "/data/s3://b/x", "hdfs://b/x", "s3x://b/x"]
)
def test_what_is_no_place_in_s3(place):
    with pytest.raises(InputError, match="is not an S3 URI: it must be s3://bucket/key"):
        s3_uri.bucket_and_key(place)
    assert s3_uri.with_scheme(place, "s3a") == place or place in ("s3://", "s3:///x")


@pytest.mark.parametrize("place", ["hdfs://b/x", "s3x://b/x", "/data/s3", "s3", ""])
def test_what_does_not_even_look_like_one(place):
    assert not s3_uri.is_s3(place)


@pytest.mark.parametrize("key", ["part-?.csv", "a#b", "a%20b", "zone=1/x", "a\nb"])
def test_a_key_is_not_cut(key):
    assert s3_uri.bucket_and_key(f"s3://bucket/{key}") == ("bucket", key)


@pytest.mark.parametrize("scheme", s3_uri.SCHEMES)
class TestEveryReaderKnowsTheScheme:
    """The launcher's files, a step's arguments, a cluster's logs, and a log's sentences."""

    @pytest.fixture(autouse=True)
    def _credentials(self, monkeypatch):
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", "x")
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "x")
        monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")

    def test_files(self, scheme):
        assert isinstance(files_at(f"{scheme}://bucket/x"), S3Files)

    def test_steps(self, scheme):
        out = f"{scheme}://bucket/a/b"
        assert artifacts.step_dir_in(artifacts.step_dir(out, "20260102_030405") + "/") == (out, "20260102_030405")

    def test_sentences_of_logs(self, scheme):
        assert S3_PLACE.search(f"cannot read '{scheme}://bucket/x/y'.").group() == f"{scheme}://bucket/x/y"
        assert re.match(s3_uri.BEGINNING, f"{scheme}://bucket")
