"""Programs in the place of ssh and of AWS's plugin, which forward the port they are told to."""

import json
import os
import signal
import stat
import sys
from dataclasses import dataclass
from pathlib import Path

from launcher.emr.tunnels import Tunnel

FORWARD = """#!{python}
import contextlib, json, os, socket, sys, threading
said = open({said!r}, "a")
print(json.dumps([sys.argv[1:], os.environ.get("AWS_SSM_START_SESSION_RESPONSE")]), file=said, flush=True)
if os.path.exists({broken!r}):
    sys.exit("Permission denied (publickey).")
port = int(sys.argv[sys.argv.index("-L") + 1].split(":")[1]) if "-L" in sys.argv else int(
    json.loads(sys.argv[5])["Parameters"]["localPortNumber"][0])
def pump(a, b):
    with contextlib.suppress(OSError):
        while data := a.recv(65536):
            b.sendall(data)
        b.close()
server = socket.create_server(("127.0.0.1", port))
while True:
    here, _ = server.accept()
    there = socket.create_connection(("127.0.0.1", {livy}))
    for pair in ((here, there), (there, here)):
        threading.Thread(target=pump, args=pair, daemon=True).start()
"""


@dataclass(frozen=True)
class Programs:
    """A folder of programs; what they were called with, and a file whose presence makes them fail."""

    folder: Path
    said: Path
    broken: Path

    def calls(self) -> list[list]:
        """Arguments, and the ticket in the environment, of each call."""
        return [json.loads(line) for line in self.said.read_text().splitlines()]


def make_programs(folder: Path, port: int) -> Programs:
    """Make ssh and session-manager-plugin, forwarding to a port of loopback."""
    made = Programs(folder / "bin", folder / "said", folder / "broken")
    made.folder.mkdir()
    text = FORWARD.format(python=sys.executable, said=str(made.said), broken=str(made.broken), livy=port)
    for name in ("ssh", "session-manager-plugin"):
        file = made.folder / name
        file.write_text(text)
        file.chmod(file.stat().st_mode | stat.S_IXUSR)
    return made


def break_it(tunnel: Tunnel) -> None:
    """End a tunnel's program."""
    os.kill(tunnel._process.pid, signal.SIGKILL)
