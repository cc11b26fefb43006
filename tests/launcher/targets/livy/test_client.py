import json
import socket
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
import requests
from sparkmagic.livyclientlib.configurableretrypolicy import ConfigurableRetryPolicy

from launcher.parameters.cluster import Cluster, Spark
from launcher.targets.livy.client import LivyClient, LivyUnreachable
from launcher.targets.livy.sparkmagic_config import make_config
from launcher.targets.livy.sparkmagic_hooks import RecordingAdapter


class Answers(BaseHTTPRequestHandler):
    """Answers a POST."""

    def do_POST(self):
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

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
            content = json.dumps({"sessions": []}).encode()
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
