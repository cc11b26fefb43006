"""The pieces of the target livy that need no session: settings, configuration, S3, the cluster, packaging."""

import json
import subprocess
import sys
import zipfile
from pathlib import Path

import boto3
import pytest
import requests
import yaml
from moto import mock_aws
from requests.adapters import HTTPAdapter

from launcher.emr.clusters import ClusterNotReady, find_primary
from launcher.parameters.cluster import Cluster, Spark
from launcher.parameters.schema import SECTIONS, check
from launcher.parameters.sources import gather
from launcher.support import packaging
from launcher.support.aws import AwsRefused
from launcher.support.endpoint import Endpoint
from launcher.support.files import files_at
from launcher.support.project import PROJECT
from launcher.support.s3_files import S3Files
from launcher.targets.livy import records
from launcher.targets.livy.sessions import end_sessions
from launcher.targets.livy.sparkmagic_config import make_config
from launcher.targets.livy.sparkmagic_hooks import RecordingAdapter
from lib.errors import InputError
from lib.support.s3_uri import bucket_and_key
from lib.support.version import code_hash


@pytest.fixture
def s3(monkeypatch):
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    with mock_aws():
        client = boto3.client("s3")
        client.create_bucket(Bucket="bucket")
        yield client


def test_the_params_file_for_a_cluster_names_every_setting():
    written = yaml.safe_load((PROJECT / "params" / "emr.yaml").read_text())
    for name in ("cluster", "spark"):
        section = SECTIONS[name]
        assert set(written[name]) == set(section.model_fields)
    parameters = gather(str(PROJECT / "params" / "emr.yaml"), [], {"cluster.livy_url": "http://x:8998"}, cwd=PROJECT)
    assert parameters.cluster.runs_on.name == "livy"
    assert parameters.out.startswith("s3://")


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"cluster": {"reach": "car"}}, "cluster.reach='car': must be direct, ssh or ssm"),
        (
            {"cluster": {"reech": "ssh"}},
            "unknown setting 'cluster.reech': did you mean reach? the settings of cluster are target, id, ",
        ),
        ({"cluster": {"id": "x"}}, "cluster.id='x': must be an id like j-2AXXXXXXGAPLF"),
        ({"cluster": {"heartbeat_timeout": 0}}, "cluster.heartbeat_timeout=0: must be a whole number from 60"),
        ({"spark": {"driver_memory": "4 GB"}}, "spark.driver_memory='4 GB': must be text like 4g or 1536m, or null"),
        ({"spark": []}, "spark=[]: must be name: value lines"),
    ],
)
def test_settings_are_checked_by_name(given, message):
    with pytest.raises(InputError) as error:
        check(given)
    assert str(error.value).startswith(message)


def test_settings_may_be_assigned():
    assigned = ["spark.driver_memory=2g", "spark.conf.spark.sql.shuffle.partitions=8", "cluster.cell_timeout=60"]
    parameters = gather(None, assigned, {"cluster.id": "j-ABC", "cluster.reach": "ssm"}, cwd=Path.cwd())
    assert parameters.spark == Spark(driver_memory="2g", conf={"spark.sql.shuffle.partitions": 8})
    assert parameters.cluster == Cluster(id="j-ABC", reach="ssm", cell_timeout=60)


def test_the_target_follows_from_what_is_given():
    assert Cluster().runs_on.name == "local"
    assert Cluster(livy_url="http://x").runs_on.name == "livy"
    assert Cluster(id="j-A").runs_on.name == "step"
    assert Cluster(id="j-A", target="livy").runs_on.name == "livy"
    assert Cluster(id="j-A", target="livy", reach="ssh").endpoint == Endpoint("", "j-A", "ssh")
    for wrong in (
        Cluster(target="livy"),
        Cluster(id="j-A", livy_url="http://x"),
        Cluster(livy_url="http://x", reach="ssh"),
    ):
        with pytest.raises(InputError, match="--livy-url"):
            _ = wrong.endpoint


def test_spark_settings_go_to_a_session_and_to_spark_here():
    spark = Spark(driver_memory="4g", num_executors=2, conf={"spark.x": True, "spark.y": 0.5})
    assert spark.session() == {
        "driverMemory": "4g",
        "numExecutors": 2,
        "conf": {"spark.x": "true", "spark.y": "0.5"},
    }
    assert spark.properties() == {
        "spark.driver.memory": "4g",
        "spark.executor.instances": "2",
        "spark.x": "true",
        "spark.y": "0.5",
    }


def test_sparkmagic_takes_every_key_of_the_configuration(tmp_path):
    config = make_config(
        "http://x:1", Cluster(auth="kerberos", start_timeout=7), Spark(), ["s3://bucket/lib.zip"], "name"
    )
    (tmp_path / "config.json").write_text(json.dumps(config))
    program = (
        "import json, sparkmagic.utils.configuration as c\n"
        f"given = json.load(open({str(tmp_path / 'config.json')!r}))\n"
        "print([key for key in given if getattr(c, key)() != given[key]], c.get_session_properties('python'))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={"SPARKMAGIC_CONF_DIR": str(tmp_path), "HOME": str(tmp_path), "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.startswith("[] ")
    assert "'pyFiles': ['s3://bucket/lib.zip']" in done.stdout
    assert "'name': 'name'" in done.stdout
    assert config["all_errors_are_fatal"] is True
    assert config["use_auto_viz"] is False
    assert config["livy_session_startup_timeout_seconds"] == 7


def test_records_are_private_and_know_whose_they_are(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    record = records.make(Endpoint(cluster_id="j-A", reach="ssm"), "run x")
    records.note_session(record.folder, 12, "lab-1")
    record.write_config({"a": 1})
    assert records.records() == [record]
    assert (record.sessions, record.is_active) == ([12], True)
    assert {oct(file.stat().st_mode & 0o777) for file in record.folder.iterdir()} == {"0o600"}
    assert record.folder.stat().st_mode & 0o777 == 0o700
    record.remove()
    assert records.records() == []


def test_lib_is_uploaded_once_by_the_hash_of_its_content(s3, tmp_path):
    place = packaging.upload(files_at("s3://bucket/out"), "s3://bucket/out/")
    assert place == f"s3://bucket/out/source/{code_hash()}/lib.zip"
    first = s3.get_object(Bucket="bucket", Key=bucket_and_key(place)[1])
    assert packaging.upload(files_at("s3://bucket/out"), "s3://bucket/out") == place
    assert s3.head_object(Bucket="bucket", Key=bucket_and_key(place)[1])["LastModified"] == first["LastModified"]
    (tmp_path / "lib.zip").write_bytes(first["Body"].read())
    assert "lib/training.py" in zipfile.ZipFile(tmp_path / "lib.zip").namelist()
    program = "from lib.support.version import code_hash; import lib; print(code_hash(), lib.__file__)"
    done = subprocess.run(
        [sys.executable, "-P", "-c", program],
        env={"PYTHONPATH": str(tmp_path / "lib.zip")},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.split() == [code_hash(), f"{tmp_path}/lib.zip/lib/__init__.py"]


@pytest.mark.parametrize("scheme", ["s3", "s3a", "s3n"])
def test_objects_are_files(s3, tmp_path, scheme):
    files, place = files_at(f"{scheme}://bucket/x"), f"{scheme}://bucket/x/folder/file.txt"
    (tmp_path / "file").write_text("año")
    assert files.read_text(place) is None
    assert not files.exists(f"{scheme}://bucket/x/folder")
    files.put(tmp_path / "file", place)
    files.put(tmp_path / "file", f"{scheme}://bucket/x/folder2/other.txt")
    assert files.read_text(place) == "año"
    assert files.exists(place)
    assert files.exists(f"{scheme}://bucket/x/folder")
    files.remove(f"{scheme}://bucket/x/folder")
    assert not files.exists(place)
    assert files.exists(f"{scheme}://bucket/x/folder2")
    files.remove(place)


def test_s3_that_refuses_says_what_to_do(s3, monkeypatch):
    with pytest.raises(InputError, match="cannot look at s3://no/x: there is no bucket no; create it or name another"):
        S3Files().exists("s3://no/x")
    s3.put_bucket_policy(
        Bucket="bucket",
        Policy='{"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Principal": "*", "Action": "s3:*", '
        '"Resource": ["arn:aws:s3:::bucket", "arn:aws:s3:::bucket/*"]}]}',
    )
    with pytest.raises(AwsRefused, match="cannot read s3://bucket/x: access denied to s3:GetObject; allow it"):
        S3Files().read_text("s3://bucket/x")
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_CONFIG_FILE", "/nowhere")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/nowhere")
    with pytest.raises(InputError, match=r"no AWS credentials .*aws sso login"):
        S3Files(boto3.Session().client("s3")).read_text("s3://bucket/x")
    with pytest.raises(InputError, match="gs://bucket/x: results go to a folder of this machine, to s3"):
        files_at("gs://bucket/x")


def test_the_primary_node_is_asked_for(monkeypatch):
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    with mock_aws():
        emr = boto3.client("emr")
        master = {"InstanceRole": "MASTER", "InstanceType": "m5.xlarge", "InstanceCount": 1}
        instances = {"InstanceGroups": [master], "KeepJobFlowAliveWhenNoSteps": True}

        def make(application: str) -> str:
            given = {"Name": "x", "Instances": instances, "JobFlowRole": "r", "ServiceRole": "s"}
            return emr.run_job_flow(**given, Applications=[{"Name": application}])["JobFlowId"]

        with pytest.raises(InputError, match=r"has no Livy \(it has Spark\)"):
            find_primary(make("Spark"))
        cluster = make("Livy")
        primary = find_primary(cluster)
        assert primary.instance.startswith("i-")
        assert primary.address
        emr.terminate_job_flows(JobFlowIds=[cluster])
        with pytest.raises(ClusterNotReady, match=f"cluster {cluster} is TERMINATED.*use another cluster"):
            find_primary(cluster)
        with pytest.raises(InputError, match="cannot look at cluster j-NONE: Cluster id 'j-NONE' is not valid"):
            find_primary("j-NONE")
    monkeypatch.delenv("AWS_DEFAULT_REGION", raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", "/nowhere")
    with pytest.raises(InputError, match="no AWS region is set"):
        find_primary("j-ABC")


class _Sessions:
    """A Livy that has these sessions."""

    def __init__(self, *sessions):
        self.there = {each["id"]: each for each in sessions}

    def sessions(self):
        return list(self.there.values())

    def delete(self, number):
        del self.there[number]


def test_a_session_of_somebody_else_is_left_alone(tmp_path, monkeypatch):
    """A Livy that was restarted numbers from 0 again: only the name tells whose session it is."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    record = records.make(Endpoint(cluster_id="j-A", reach="ssm"), "JupyterLab")
    records.note_session(record.folder, 2, "mineria-ml-emr-lab-1")
    others = [{"id": 2, "name": "theirs", "state": "idle"}, {"id": 3, "name": None, "state": "idle"}]
    livy = _Sessions(*others, {"id": 7, "name": "mineria-ml-emr-lab-1", "state": "idle"})
    (problem,) = end_sessions(livy, record)
    assert "j-A no longer knows session 2 (JupyterLab)" in problem
    assert livy.sessions() == others
    assert records.records() == [record]


def test_every_session_gets_a_name(tmp_path, monkeypatch):
    monkeypatch.setenv("SPARKMAGIC_CONF_DIR", str(tmp_path))
    asked = []

    def answer(self, request, *args, **kwargs):
        asked.append(json.loads(request.body))
        response = requests.Response()
        response.status_code, response._content = 201, b'{"id": 4}'
        return response

    monkeypatch.setattr(HTTPAdapter, "send", answer)
    for body in ({"kind": "pyspark"}, {"kind": "pyspark", "name": "run-1"}):
        request = requests.Request("POST", "http://livy:8998/sessions", data=json.dumps(body)).prepare()
        RecordingAdapter().send(request)
        assert int(request.headers["Content-Length"]) == len(request.body)
    assert asked[0]["name"].startswith("mineria-ml-emr-lab-")
    assert asked[1] == {"kind": "pyspark", "name": "run-1"}
    assert (tmp_path / "session-4").read_text() == "run-1"
