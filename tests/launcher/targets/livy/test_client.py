import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from launcher.targets.livy.client import LivyClient, LivyUnreachable


@pytest.fixture
def server():
    """A server that answers the statuses of `server.statuses`, one after the other, then 200."""

    class Handler(BaseHTTPRequestHandler):
        def _answer(self):
            self.server.asked.append(self.command)
            self.server.paths.append(self.path)
            status = self.server.statuses.pop(0) if self.server.statuses else 200
            content = json.dumps({"sessions": []}).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_DELETE = _answer

        def log_message(self, *args):
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.statuses, server.asked, server.paths = [], [], []
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
