"""A Livy to test against (the stand-in, or the real one that LIVY_URL names) and an S3 that its sessions reach."""

import json
import os
import subprocess
import sys
from pathlib import Path

import boto3
import pytest
from moto.s3.models import S3Backend

from launcher.local_spark import SHORT_SESSION
from launcher.parameters.cluster import Spark
from tests.aws import s3a
from tests.aws.moto_server import moto_server
from tests.livy.faults import FaultyProxy

ROOT = Path(__file__).resolve().parents[2]
BUCKET = "experiments"
DRIVER_MEMORY = "1g"


@pytest.fixture(scope="session")
def livy_url(tmp_path_factory, spark_settings):
    """The URL of a server whose sessions run on this machine."""
    if os.environ.get("LIVY_URL"):
        yield os.environ["LIVY_URL"].rstrip("/")
        return
    usual = Spark(driver_memory=DRIVER_MEMORY, conf=spark_settings).session()
    with subprocess.Popen(
        [sys.executable, "-m", "tests.livy.stand_in", tmp_path_factory.mktemp("livy"), json.dumps(usual)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as server:
        yield server.stdout.readline().strip()
        server.stdin.close()


@pytest.fixture
def livy(livy_url):
    """The server behind a proxy that shows faults on demand."""
    proxy = FaultyProxy(livy_url)
    yield proxy
    proxy.close()


@pytest.fixture(scope="session")
def written():
    """The keys of all objects, in the order in which they appeared in S3; filled while tests run."""
    keys = []
    put = S3Backend.put_object

    def put_object(self, bucket_name, key_name, *args, **kwargs):
        keys.append(key_name)
        return put(self, bucket_name, key_name, *args, **kwargs)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(S3Backend, "put_object", put_object)
        yield keys


@pytest.fixture(scope="session")
def s3_endpoint(written):
    with moto_server() as url:
        yield url


@pytest.fixture(scope="session")
def s3(s3_endpoint):
    """A boto3 client of the S3 on this machine, with one bucket, versioned as Terraform's is; whatever a test starts
    finds it, too.
    """
    before = os.environ.get("AWS_ENDPOINT_URL")
    os.environ["AWS_ENDPOINT_URL"] = s3_endpoint
    client = boto3.client("s3")
    client.create_bucket(Bucket=BUCKET)
    client.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
    yield client
    os.environ.pop("AWS_ENDPOINT_URL")
    if before:
        os.environ["AWS_ENDPOINT_URL"] = before


@pytest.fixture(scope="session")
def spark_settings(s3_endpoint):
    """Spark properties for sessions that read and write that S3."""
    return {**s3a.settings(s3_endpoint), **SHORT_SESSION, "spark.sql.shuffle.partitions": "2"}


@pytest.fixture(autouse=True)
def state_home(tmp_path, monkeypatch):
    """Records of sessions, apart from those of whoever runs the tests."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
