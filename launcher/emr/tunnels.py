"""The connection to a port of a primary node, such as Livy's: an SSH tunnel or an SSM session.

A tunnel ends on loopback here, so nobody else can use it. It is checked, watched, rebuilt on the same
port if it breaks, and closed.
"""

import json
import os
import shutil
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from botocore.exceptions import BotoCoreError, ClientError

from launcher.emr.clusters import Primary
from launcher.support import aws
from launcher.support.endpoint import LIVY_PORT, Endpoint
from lib.errors import ExperimentError, InputError

_PLUGIN = "session-manager-plugin"
# What each road needs, and where it comes from.
_PROGRAMS = {
    "ssh": ("ssh", "install OpenSSH, or take --reach ssm"),
    "ssm": (
        _PLUGIN,
        "install it (https://docs.aws.amazon.com/systems-manager/latest/userguide/"
        "session-manager-working-with-install-plugin.html), or take --reach ssh",
    ),
}
_FORWARD = "AWS-StartPortForwardingSession"
_FORWARD_BEYOND = "AWS-StartPortForwardingSessionToRemoteHost"
# The plugin's own variable, since its version 1.2.497.
_TICKET = "AWS_SSM_START_SESSION_RESPONSE"
# Seconds for a tunnel to open, and between two looks at it.
_OPENING, _WATCH = 30.0, 0.5
_REBUILDS = 3


@dataclass(frozen=True)
class RemotePort:
    """What a tunnel leads to, seen from the primary node: a host, itself as a rule, and a port."""

    port: int
    host: str = "localhost"


LIVY = RemotePort(LIVY_PORT)


class Transport(Protocol):
    """A way to forward a port of this machine to a port of the primary node."""

    kind: str

    def start(self, port: int) -> tuple[list[str], dict[str, str]]:
        """What to run to forward a loopback port, and what to add to its environment."""

    def stop(self) -> None:
        """Tell the other end that the connection is closed."""


class TunnelBroken(ExperimentError):
    """A tunnel could not be opened, or broke and could not be rebuilt."""

    def __init__(self, kind: str, problem: str):
        hints = {
            "ssh": "check the key (--ssh-key), the user, and that the security group admits SSH from here",
            "ssm": "check that the node's role allows SSM and that yours allows ssm:StartSession",
        }
        super().__init__(f"the {kind.upper()} tunnel to the cluster failed: {problem}; {hints[kind]}")


class Tunnel:
    """A process that forwards a loopback port, kept running until it is closed. `port` is taken if it is free."""

    def __init__(self, road: Transport, port: int | None = None):
        self.port = port if port and not _takes_connections(port) else _free_port()
        self.error: TunnelBroken | None = None
        self._road, self._closed = road, threading.Event()
        self._log = tempfile.TemporaryFile("w+b")  # noqa: SIM115 - open as long as the tunnel
        self._process = self._start()
        self._watcher = threading.Thread(target=self._watch, name="tunnel", daemon=True)

    def open(self) -> None:
        """Wait until the tunnel accepts connections, and watch it from then on."""
        self._wait_until_open()
        self._watcher.start()

    def close(self) -> None:
        """End it."""
        self._closed.set()
        if self._watcher.is_alive():
            self._watcher.join()
        self._end()
        self._road.stop()
        self._log.close()

    def _start(self) -> subprocess.Popen[bytes]:
        command, environment = self._road.start(self.port)
        # In a session of its own: a Ctrl-C is for us, who need the tunnel to clean up.
        return subprocess.Popen(
            command,
            env={**os.environ, **environment},
            stdin=subprocess.DEVNULL,
            stdout=self._log,
            stderr=self._log,
            start_new_session=True,
        )

    def _wait_until_open(self) -> None:
        deadline = time.monotonic() + _OPENING
        while not _takes_connections(self.port):
            if self._process.poll() is not None:
                raise TunnelBroken(
                    self._road.kind, self._last_words() or f"it ended with code {self._process.returncode}"
                )
            if time.monotonic() > deadline:
                self._end()
                raise TunnelBroken(self._road.kind, f"not open after {_OPENING:.0f} s. {self._last_words()}".strip())
            time.sleep(0.1)

    def _watch(self) -> None:
        rebuilt = 0
        while not self._closed.wait(_WATCH):
            if self._process.poll() is None:
                continue
            try:
                if rebuilt == _REBUILDS:
                    raise TunnelBroken(self._road.kind, self._last_words() or "it failed repeatedly")
                rebuilt += 1
                self._process = self._start()
                self._wait_until_open()
            except ExperimentError as error:
                self.error = error if isinstance(error, TunnelBroken) else TunnelBroken(self._road.kind, str(error))
                return

    def _end(self) -> None:
        self._process.terminate()
        try:
            self._process.wait(5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _last_words(self) -> str:
        self._log.seek(0)
        lines = [line.strip() for line in self._log.read().decode(errors="replace").splitlines() if line.strip()]
        return " ".join(lines[-3:])


@contextmanager
def tunnel_to(
    door: RemotePort, endpoint: Endpoint, primary: Primary, session: Any, port: int | None = None
) -> Iterator[Tunnel]:
    """Build a tunnel by the road that `endpoint` names, on the loopback port `port` where that is free.

    Raises:
        InputError: no right, a program that the road needs is not installed.
        TunnelBroken: the tunnel did not open.
    """
    road: Transport = _Ssh(door, endpoint, primary) if endpoint.reach == "ssh" else _Ssm(door, primary, session)
    tunnel = Tunnel(road, port)
    try:
        tunnel.open()
        yield tunnel
    finally:
        tunnel.close()


class _Ssh:
    kind = "ssh"

    def __init__(self, door: RemotePort, endpoint: Endpoint, primary: Primary):
        require_program(self.kind)
        self._door = door
        self._login = f"{endpoint.ssh_user}@{primary.address}"
        self._key = Path(endpoint.ssh_key).expanduser() if endpoint.ssh_key else None
        if self._key and not self._key.exists():
            raise InputError(f"there is no SSH key {endpoint.ssh_key} (--ssh-key)")

    def start(self, port: int) -> tuple[list[str], dict[str, str]]:
        options = [
            "BatchMode=yes",  # nobody could answer a question
            "ExitOnForwardFailure=yes",
            "StrictHostKeyChecking=accept-new",
            "ServerAliveInterval=15",
            "ServerAliveCountMax=3",
        ]
        forward = ["-N", "-L", f"127.0.0.1:{port}:{self._door.host}:{self._door.port}"]
        key = ["-i", str(self._key)] if self._key else []
        return ["ssh", *forward, *(word for each in options for word in ("-o", each)), *key, self._login], {}

    def stop(self) -> None:
        """Nothing is left of an SSH connection that has ended."""


class _Ssm:
    kind = "ssm"

    def __init__(self, door: RemotePort, primary: Primary, session: Any):
        require_program(self.kind)
        self._door, self._instance, self._ssm, self._id = door, primary.instance, aws.client("ssm", session), ""

    def start(self, port: int) -> tuple[list[str], dict[str, str]]:
        """Start a session and hand it to AWS's plugin, as the AWS command line does."""
        is_itself = self._door.host == LIVY.host
        asked = {
            "Target": self._instance,
            "DocumentName": _FORWARD if is_itself else _FORWARD_BEYOND,
            "Parameters": {
                "portNumber": [str(self._door.port)],
                "localPortNumber": [str(port)],
                **({} if is_itself else {"host": [self._door.host]}),
            },
        }
        with aws.translated_errors(f"cannot start an SSM session with {self._instance}"):
            started = self._ssm.start_session(**asked)
        self._id = started["SessionId"]
        # The token is passed in the environment: every user of this machine can read a command line.
        ticket = {_TICKET: json.dumps({name: started[name] for name in ("SessionId", "TokenValue", "StreamUrl")})}
        where = (self._ssm.meta.region_name, "StartSession", "", json.dumps(asked), self._ssm.meta.endpoint_url)
        return [_PLUGIN, _TICKET, *where], ticket

    def stop(self) -> None:
        with suppress(BotoCoreError, ClientError):  # it times out by itself
            self._ssm.terminate_session(SessionId=self._id)


def require_program(reach: str) -> None:
    """Refuse a road that needs a program which is not here, before anything costs time.

    Raises:
        InputError: it is not installed.
    """
    program, remedy = _PROGRAMS.get(reach, ("", ""))
    if program and shutil.which(program) is None:
        raise InputError(f"--reach {reach} needs the program {program}, which is not installed here; {remedy}")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _takes_connections(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True
