"""Roads to a Livy: programs in the place of ssh and of AWS's plugin that forward the port they are told to."""

import http.server
import json
import threading
import time

import psutil
import pytest

from launcher.emr import tunnels, web_pages
from launcher.emr.clusters import Primary
from launcher.emr.tunnels import TunnelBroken
from launcher.support.endpoint import Endpoint
from launcher.targets.livy import road
from launcher.targets.livy.client import LivyClient, LivyUnreachable
from launcher.targets.livy.road import connected
from lib.errors import InputError
from tests.launcher.emr.roads import break_it, make_programs


class NoSessions(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        body = b'{"from": 0, "total": 0, "sessions": []}'
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        pass


class Aws:
    """A boto3 session whose SSM starts and ends sessions."""

    region_name = "eu-west-1"

    def __init__(self):
        self.started, self.ended, self.meta = [], [], self
        self.endpoint_url = "https://ssm"

    def client(self, service, config=None):
        return self

    def start_session(self, **asked):
        self.started.append(asked)
        return {"SessionId": f"s-{len(self.started)}", "TokenValue": "secret", "StreamUrl": "wss://x", "Other": 1}

    def terminate_session(self, SessionId):
        self.ended.append(SessionId)


@pytest.fixture
def programs(tmp_path, monkeypatch):
    """ssh and session-manager-plugin, forwarding to a Livy without sessions."""
    livy = http.server.ThreadingHTTPServer(("127.0.0.1", 0), NoSessions)
    threading.Thread(target=livy.serve_forever, args=[0.05], daemon=True).start()
    made = make_programs(tmp_path, livy.server_address[1])
    monkeypatch.setenv("PATH", str(made.folder))
    monkeypatch.setattr(road, "find_primary", lambda *args: Primary("master.internal", "i-1"))
    yield made
    livy.shutdown()
    livy.server_close()


def processes():
    return [child for child in psutil.Process().children() if child.status() != psutil.STATUS_ZOMBIE]


@pytest.mark.parametrize("reach", ["ssh", "ssm"])
def test_a_tunnel_is_opened_checked_and_closed(programs, reach, tmp_path):
    (tmp_path / "key").touch()
    before, aws = len(processes()), Aws()
    endpoint = Endpoint("", "j-A", reach, ssh_user="me", ssh_key=str(tmp_path / "key"))
    with connected(endpoint, aws) as (client, tunnel):
        assert client.url == f"http://127.0.0.1:{tunnel.port}"
        assert client.sessions() == []
        assert len(processes()) == before + 1
    assert len(processes()) == before
    ((arguments, ticket),) = programs.calls()
    if reach == "ssh":
        assert arguments[:3] == ["-N", "-L", f"127.0.0.1:{tunnel.port}:localhost:8998"]
        assert arguments[-3:] == ["-i", str(tmp_path / "key"), "me@master.internal"]
        assert "BatchMode=yes" in arguments
    else:
        (asked,) = aws.started
        assert asked["Target"] == "i-1"
        assert asked["Parameters"] == {"portNumber": ["8998"], "localPortNumber": [str(tunnel.port)]}
        assert json.loads(ticket) == {"SessionId": "s-1", "TokenValue": "secret", "StreamUrl": "wss://x"}
        assert "secret" not in str(arguments)
        assert aws.ended == ["s-1"]


def test_a_tunnel_that_breaks_is_built_again_on_the_same_port(programs):
    with connected(Endpoint("", "j-A", "ssm"), Aws()) as (client, tunnel):
        break_it(tunnel)
        wait_until(lambda: len(programs.calls()) == 2)
        wait_until(lambda: answers(client))
        assert tunnel.error is None


def test_a_tunnel_that_cannot_be_built_again_says_why(programs):
    with connected(Endpoint("", "j-A", "ssh"), Aws()) as (client, tunnel):
        programs.broken.touch()
        break_it(tunnel)
        wait_until(lambda: tunnel.error)
        assert "the SSH tunnel to the cluster failed: Permission denied (publickey).; check the key" in str(
            tunnel.error
        )
        assert not answers(client)


def test_a_tunnel_that_does_not_open(programs, monkeypatch, tmp_path):
    programs.broken.touch()
    with pytest.raises(TunnelBroken, match="Permission denied"), connected(Endpoint("", "j-A", "ssh"), Aws()):
        pass
    with pytest.raises(InputError, match="there is no SSH key /no/key"):
        connected(Endpoint("", "j-A", "ssh", ssh_key="/no/key"), Aws()).__enter__()
    monkeypatch.setenv("PATH", str(tmp_path))
    for reach, program in (("ssh", "ssh"), ("ssm", "session-manager-plugin")):
        with pytest.raises(InputError, match=f"--reach {reach} needs the program {program}"):
            connected(Endpoint("", "j-A", reach), Aws()).__enter__()


@pytest.mark.parametrize("reach", ["ssh", "ssm"])
def test_the_pages_of_a_cluster_have_a_tunnel_each(programs, reach, monkeypatch):
    node = Primary("master.public", "i-1", "ip-10-0-0-1.ec2.internal")
    monkeypatch.setattr(web_pages, "find_primary", lambda *args: node)
    ports = {"Spark History": tunnels._free_port(), "YARN ResourceManager": tunnels._free_port()}
    monkeypatch.setattr(web_pages, "PORTS", ports)
    before, aws = len(processes()), Aws()
    with web_pages.opened_pages(Endpoint("", "j-A", reach), aws) as pages:
        assert pages.urls == {page: f"http://localhost:{port}" for page, port in ports.items()}
        for tunnel in pages.tunnels:
            assert LivyClient(f"http://127.0.0.1:{tunnel.port}").sessions() == []
        pages.check()
        with web_pages.opened_pages(Endpoint("", "j-A", reach), aws) as others:
            assert not set(pages.urls.values()) & set(others.urls.values())
    assert len(processes()) == before
    if reach == "ssh":
        forwards = [arguments[2].split(":", 2)[2] for arguments, _ in programs.calls()[:2]]
        assert forwards == [f"ip-10-0-0-1.ec2.internal:{port}" for port in ports.values()]
    else:
        parameters = [asked["Parameters"] for asked in aws.started[:2]]
        assert [each["host"] for each in parameters] == [["ip-10-0-0-1.ec2.internal"]] * 2
        assert [each["portNumber"] for each in parameters] == [[str(port)] for port in ports.values()]
        assert {asked["DocumentName"] for asked in aws.started} == {"AWS-StartPortForwardingSessionToRemoteHost"}


def answers(client):
    try:
        return client.sessions() == []
    except LivyUnreachable:
        return False


def wait_until(true):
    deadline = time.monotonic() + 20
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.05)
