import json
import socket
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
import requests
from sparkmagic.livyclientlib.configurableretrypolicy import ConfigurableRetryPolicy

from launcher.parameters.cluster import Cluster, Spark
from launcher.support.endpoint import Endpoint
from launcher.targets.livy import patience, records
from launcher.targets.livy.client import LivyClient, LivyUnreachable
from launcher.targets.livy.sparkmagic_config import make_config
from launcher.targets.livy.sparkmagic_hooks import RecordingAdapter


class Answers(BaseHTTPRequestHandler):
    """Answers as a Livy without sessions."""

    def do_POST(self):
        content = b'{"sessions": []}'
        self.send_response(200)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    do_GET = do_POST

    def log_message(self, *args):
        """Say nothing."""


def serve(server):
    server.server_bind()
    server.server_activate()
    server.serve_forever(0.05)


@pytest.fixture
def server():
    """A server that answers the statuses of `server.statuses`, one after the other, then 200.

    Before, it answers nothing `server.breaks` times, as a tunnel that breaks while a request is under way.
    """

    class Handler(BaseHTTPRequestHandler):
        def _answer(self):
            self.server.asked.append(self.command)
            self.server.paths.append(self.path)
            if self.server.breaks:
                self.server.breaks -= 1
                self.close_connection = True
                return
            status = self.server.statuses.pop(0) if self.server.statuses else 200
            content = json.dumps({"sessions": [], "appId": "application_1_0007"}).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_DELETE = do_POST = _answer

        def log_message(self, *args):
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.statuses, server.asked, server.paths, server.breaks = [], [], [], 0
    thread = threading.Thread(target=server.serve_forever, args=[0.05])
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def client_of(server):
    return LivyClient(f"http://127.0.0.1:{server.server_address[1]}")


def test_an_error_now_and_then_is_no_reason_to_give_up(server):
    client = client_of(server)
    server.statuses = [500, 503]
    assert client.sessions() == []
    server.statuses = [502]
    client.delete(3)
    assert server.asked == ["GET"] * 3 + ["DELETE"] * 2


def test_a_check_asks_for_one_session_at_most(server):
    client_of(server).check()
    assert server.paths == ["/sessions?from=0&size=1"]


def test_an_error_that_stays_is_told(server):
    server.statuses = [500] * 10
    with pytest.raises(LivyUnreachable, match="it answers status 500"):
        client_of(server).check()
    assert len(server.asked) == 4


def test_nobody_there_is_told_at_once():
    with pytest.raises(LivyUnreachable, match="no connection"):
        LivyClient("http://127.0.0.1:9").check()


def test_once_livy_has_answered_a_request_is_repeated_through_a_break(server):
    client = client_of(server)
    client.check()
    server.breaks = 2
    assert client.sessions() == []
    server.breaks = 1
    client.delete(3)
    assert server.asked == ["GET"] * 4 + ["DELETE"] * 2


@pytest.fixture
def naps(monkeypatch):
    """How long requests wait before they are repeated; they do not."""
    slept = []
    monkeypatch.setattr("urllib3.util.retry.time.sleep", slept.append)
    return slept


@pytest.mark.parametrize("method", ["GET", "DELETE"])
def test_a_break_of_ten_seconds_is_waited_for_on_both_sides(server, naps, method):
    """Whether the connection is lost while a request is under way, or none can be made."""
    client = client_of(server)
    client.check()
    with requests.Session() as http:
        http.mount("http://", RecordingAdapter())
        url = f"http://127.0.0.1:{server.server_address[1]}/sessions/3/statements/1"
        for ask in (lambda: client._ask(method, "/sessions/3"), lambda: http.request(method, url)):
            naps.clear()
            server.breaks = patience.patient().read
            assert ask().status_code == 200
            assert sum(naps) >= 10, naps
        naps.clear()
        with pytest.raises(requests.ConnectionError):
            http.request(method, "http://127.0.0.1:9/sessions/3/statements/1")
        assert sum(naps) >= 10, naps


def test_an_outage_of_ten_seconds_is_outlived():
    """In real time: the server is gone, and back on its port after ten seconds."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
    first = ThreadingHTTPServer(("127.0.0.1", port), Answers)
    thread = threading.Thread(target=first.serve_forever, args=[0.05])
    thread.start()
    client = LivyClient(f"http://127.0.0.1:{port}")
    client.check()
    first.shutdown()
    thread.join()
    first.server_close()
    server = ThreadingHTTPServer(("127.0.0.1", port), Answers, bind_and_activate=False)
    threading.Timer(10, serve, [server]).start()
    started = time.monotonic()
    assert client.sessions() == []
    assert time.monotonic() - started >= 10
    server.shutdown()
    server.server_close()


def test_sparkmagics_requests_are_repeated_where_that_does_no_harm(server):
    with requests.Session() as http:
        http.mount("http://", RecordingAdapter())
        url = f"http://127.0.0.1:{server.server_address[1]}/sessions/3/statements"
        server.breaks, server.statuses = 1, [503]
        assert http.get(f"{url}/1").status_code == 200
        assert server.asked == ["GET"] * 3
        server.breaks = 1
        with pytest.raises(requests.ConnectionError):
            http.post(url, data="{}")  # the statement may run by now
        server.statuses = [500]
        assert http.post(url, data="{}").status_code == 500
        assert server.asked[3:] == ["POST"] * 2


def test_what_livy_tells_sparkmagic_of_a_session_is_noted(server, tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    record = records.make(Endpoint(url="http://x"), "run x")
    monkeypatch.setenv("SPARKMAGIC_CONF_DIR", str(record.folder))
    records.note_session(record.folder, 3, "name-1")
    with requests.Session() as http:
        http.mount("http://", RecordingAdapter())
        url = f"http://127.0.0.1:{server.server_address[1]}/sessions/3"
        http.get(f"{url}/statements/1")
        assert record.application(3) == ""
        http.get(url)
        assert (record.sessions, record.application(3)) == ([3], "application_1_0007")
        server.statuses = [404]
        http.delete(url)
        assert record.sessions == [3]  # Livy does not know it, so it has not ended it
        http.delete(url)
        assert record.sessions == []


def test_sparkmagic_repeats_nothing_by_itself():
    config = make_config("http://x", Cluster(livy_url="http://x"), Spark())
    policy = ConfigurableRetryPolicy([1], config["configurable_retry_policy_max_retries"])
    assert not any(policy.should_retry(status, False, 0) for status in (500, 502, 503))


def test_what_could_not_be_sent_is_sent_once_there_is_a_road_again():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
    server = ThreadingHTTPServer(("127.0.0.1", port), Answers, bind_and_activate=False)
    threading.Timer(1.5, serve, [server]).start()
    with requests.Session() as http:
        http.mount("http://", RecordingAdapter())
        assert http.post(f"http://127.0.0.1:{port}/sessions/3/statements", data="{}").status_code == 200
    server.shutdown()
    server.server_close()
