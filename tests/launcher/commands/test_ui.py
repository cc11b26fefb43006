"""`cluster ui`, as a user types it. Tunnels themselves are tested with those to Livy."""

import contextlib
import json
import time
from types import SimpleNamespace

import pytest
from typer.testing import CliRunner

from launcher.cli import app
from launcher.commands import ui
from launcher.emr import web_pages
from launcher.emr.tunnels import TunnelBroken
from launcher.emr.web_pages import OpenPages
from launcher.support import watching
from tests.launcher.requests import request

HISTORY, RESOURCES = "Spark History", "YARN ResourceManager"


def run(*words: str, expect: int = 0) -> str:
    """What a command says; on stderr where it fails."""
    done = CliRunner().invoke(app, ["cluster", "ui", *words])
    assert done.exit_code == expect, done.output
    return " ".join(done.stderr.split()) if expect else done.stdout


@pytest.fixture
def cluster_id(emr, monkeypatch):
    monkeypatch.setattr("launcher.emr.tunnels.shutil.which", lambda name: name)  # installed or not
    monkeypatch.setattr(watching, "time", SimpleNamespace(sleep=lambda seconds: None, monotonic=time.monotonic))
    return emr.run_job_flow(**request())["JobFlowId"]


def test_a_link_to_what_emr_keeps(emr, cluster_id):
    link = f"https://p-{cluster_id}.emrappui-prod.us-east-1.amazonaws.com/shs"
    assert run().split() == ["Spark", "History", link]
    emr.terminate_job_flows(JobFlowIds=[cluster_id])
    assert json.loads(run("--cluster-id", cluster_id, "--json")) == {HISTORY: link}
    assert f"cluster {cluster_id} is TERMINATED" in run("--cluster-id", cluster_id, "--on-cluster", expect=2)


def test_links_to_the_pages_on_the_cluster(cluster_id):
    links = json.loads(run("--on-cluster", "--json"))
    assert links[HISTORY].endswith("/SparkHistoryServer")
    assert links[RESOURCES].endswith("/ResourceManager")
    assert "use either --on-cluster" in run("--on-cluster", "--reach", "ssm", expect=2)


def test_a_link_that_does_not_come(cluster_id, monkeypatch):
    monkeypatch.setattr(web_pages, "_LOOKS", 1)
    said = run(expect=1)
    assert f"EMR has no link to Spark History of cluster {cluster_id} after two minutes (CREATING)" in said
    assert f"cluster ui --cluster-id {cluster_id} --reach ssm" in said


def test_addresses_from_within_the_network(cluster_id):
    urls = json.loads(run("--reach", "direct", "--json"))
    assert urls[HISTORY].startswith("http://ec2-")
    assert {url.rsplit(":", 1)[1] for url in urls.values()} == {"18080", "8088"}


def test_tunnels_stay_until_ctrl_c(cluster_id, monkeypatch, ctrl_c):
    events = []

    @contextlib.contextmanager
    def opened(endpoint):
        events.append((endpoint.cluster_id, endpoint.reach, endpoint.ssh_key))
        yield OpenPages({HISTORY: "http://localhost:18080"}, (Tunnel(),))
        events.append("closed")

    monkeypatch.setattr(web_pages, "opened_pages", opened)
    monkeypatch.setattr(ui, "time", SimpleNamespace(sleep=lambda seconds: ctrl_c()))
    said = run("--reach", "ssh", "--ssh-key", "key.pem")
    assert said == "Spark History  http://localhost:18080\n"
    assert events == [(cluster_id, "ssh", "key.pem"), "closed"]


def test_a_tunnel_that_breaks_ends_it(cluster_id, monkeypatch):
    broken = Tunnel()
    broken.error = TunnelBroken("ssh", "Permission denied (publickey).")
    pages = contextlib.nullcontext(OpenPages({HISTORY: "http://localhost:18080"}, (broken,)))
    monkeypatch.setattr(web_pages, "opened_pages", lambda endpoint: pages)
    assert "the SSH tunnel to the cluster failed: Permission denied" in run("--reach", "ssh", expect=1)


class Tunnel:
    """As far as the command looks at one."""

    error: TunnelBroken | None = None
