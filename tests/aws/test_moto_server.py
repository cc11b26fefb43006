"""What is mended of moto behaves as AWS does."""

import uuid

import pytest

from tests.aws.moto_server import client, moto_server


@pytest.fixture
def s3():
    with moto_server() as url:
        yield client("s3", url)


@pytest.fixture
def bucket(s3):
    """A versioned bucket, as Terraform makes it."""
    name = f"versioned-{uuid.uuid4().hex[:8]}"
    s3.create_bucket(Bucket=name)
    s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
    return name


@pytest.mark.parametrize("list_by", ["list_objects", "list_objects_v2"])
def test_a_folder_is_gone_with_its_last_object_and_there_with_the_next(s3, bucket, list_by):
    def folders(prefix):
        listed = getattr(s3, list_by)(Bucket=bucket, Prefix=prefix, Delimiter="/")
        return [each["Prefix"] for each in listed.get("CommonPrefixes", [])]

    for key in ("a/b/c", "a/b/d"):
        s3.put_object(Bucket=bucket, Key=key, Body=b"1")
    s3.delete_object(Bucket=bucket, Key="a/b/c")
    assert (folders(""), folders("a/")) == (["a/"], ["a/b/"])
    s3.delete_object(Bucket=bucket, Key="a/b/d")
    assert (folders(""), folders("a/")) == ([], [])
    versions = s3.list_object_versions(Bucket=bucket)
    assert (len(versions["Versions"]), len(versions["DeleteMarkers"])) == (2, 2)
    s3.put_object(Bucket=bucket, Key="a/b/c", Body=b"2")
    assert (folders(""), folders("a/")) == (["a/"], ["a/b/"])
