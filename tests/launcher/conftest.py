"""AWS on this machine for the commands about clusters."""

import os
import signal

import boto3
import pytest

from tests.aws.clusters import made_cluster
from tests.aws.moto_server import moto_server


@pytest.fixture(scope="module")
def aws_here():
    """One server a module, so that its start is paid once; tests make what they need and do not mind the rest."""
    with moto_server() as endpoint:
        yield endpoint


@pytest.fixture
def endpoint(aws_here, monkeypatch):
    """Every client that is made during the test, by anybody, talks to the server."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", aws_here)
    monkeypatch.delenv("EMR_CLUSTER_ID", raising=False)
    return aws_here


@pytest.fixture
def emr(endpoint):
    client = boto3.client("emr")
    yield client
    active = client.list_clusters(ClusterStates=["STARTING", "BOOTSTRAPPING", "RUNNING", "WAITING"])["Clusters"]
    for cluster in active:
        client.set_termination_protection(JobFlowIds=[cluster["Id"]], TerminationProtected=False)
        client.terminate_job_flows(JobFlowIds=[cluster["Id"]])


@pytest.fixture
def emr_cluster(endpoint, emr, tmp_path):
    """A cluster whose steps really run, as local processes (tests/aws/steps.py)."""
    with made_cluster(endpoint, tmp_path / "node") as cluster:
        yield cluster


@pytest.fixture
def ctrl_c():
    """Send Ctrl-C to this process, and take back that a command which ends by it ignores signals from then on."""
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = {number: signal.getsignal(number) for number in numbers}
    yield lambda: os.kill(os.getpid(), signal.SIGINT)
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.fixture(autouse=True)
def prices_cache(monkeypatch, tmp_path):
    """Prices are kept in a folder of the test's own; where it is."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache" / "mineria-ml-emr"
