"""What goes wrong between us and a Livy server, on demand: a proxy on loopback in front of a server, any server."""

import base64
import json
import re
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import requests

from tests.livy.kerberos import Kerberos

STATEMENTS = r"/sessions/\d+/statements"
# A driver that ends on the spot, whatever the server.
KILL_DRIVER = "sc._jvm.java.lang.Runtime.getRuntime().halt(1)"


@dataclass
class Faults:
    """Which faults to show, and what was asked of the server.

    `dies_at`: the n-th statement (from 0; sparkmagic's own `spark` is the first) ends the driver instead.
    `loses_at`: from the n-th statement on the server knows no session. `refuses_at`: from then on connections are
    closed without an answer. `stays_starting`: no session is ever seen to have started. `fails_every`: every n-th GET
    is answered by status 500. `login`: `user:password` is asked for, as by a gateway; `kerberos`: a ticket is.
    """

    dies_at: int | None = None
    loses_at: int | None = None
    refuses_at: int | None = None
    stays_starting: bool = False
    fails_every: int | None = None
    login: str = ""
    kerberos: Kerberos | None = None
    asked: list[tuple[str, str, Any]] = field(default_factory=list)

    def requests(self, method: str, path: str) -> list[Any]:
        """The bodies of the requests of this method whose path matches."""
        return [body for m, p, body in self.asked if m == method and re.fullmatch(path, p)]


class FaultyProxy:
    """Serves on a free loopback port until it is closed; `url` is where."""

    def __init__(self, upstream: str):
        self.faults = Faults()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self.faults, upstream))
        self._server.daemon_threads = True
        self.port = self._server.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}"
        threading.Thread(target=self._server.serve_forever, args=[0.05], daemon=True).start()

    def close(self) -> None:
        """Stop serving."""
        self._server.shutdown()
        self._server.server_close()


def _handler(faults: Faults, upstream: str) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"  # as Livy's own server
        _negotiated = ""

        def _pass_on(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            body = self.rfile.read(length)
            asked = json.loads(body) if body else None
            faults.asked.append((self.command, self.path, asked))
            statements = len(faults.requests("POST", STATEMENTS))
            if faults.refuses_at is not None and statements > faults.refuses_at:
                self.close_connection = True
                return
            wanted = "Basic " + base64.b64encode(faults.login.encode()).decode()
            if faults.login and self.headers.get("Authorization") != wanted:
                self._answer(401, b"{}")
                return
            self._negotiated = faults.kerberos.answer(self.headers.get("Authorization", "")) if faults.kerberos else ""
            if faults.kerberos and not self._negotiated:
                self._negotiated = "Negotiate"
                self._answer(401, b"{}")
                return
            gets = sum(method == "GET" for method, _, _ in faults.asked)
            if faults.fails_every and self.command == "GET" and gets % faults.fails_every == 0:
                self._answer(500, b'{"msg": "now and then"}')
                return
            is_lost = faults.loses_at is not None and statements > faults.loses_at
            if is_lost and (found := re.match(r"/sessions/(\d+)", self.path)):
                self._answer(404, json.dumps({"msg": f"Session '{found[1]}' not found."}).encode())
                return
            if is_lost and self.command == "GET":
                self._answer(200, json.dumps({"from": 0, "total": 0, "sessions": []}).encode())
                return
            if self.command == "POST" and self.path.endswith("/statements") and statements - 1 == faults.dies_at:
                body = json.dumps({"code": KILL_DRIVER}).encode()
            headers = {"Content-Type": "application/json"}
            reply = requests.request(self.command, upstream + self.path, data=body, headers=headers, timeout=60)
            content = reply.content
            if faults.stays_starting and re.fullmatch(r"/sessions/\d+", self.path) and self.command == "GET":
                content = json.dumps({**reply.json(), "state": "starting"}).encode()
            self._answer(reply.status_code, content)

        do_GET = do_POST = do_DELETE = _pass_on

        def _answer(self, status: int, content: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            if self._negotiated:
                self.send_header("WWW-Authenticate", self._negotiated)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *args: Any) -> None:
            """Say nothing."""

    return Handler
