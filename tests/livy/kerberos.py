"""A real Kerberos on loopback: a KDC (it comes with Hadoop's client), keytabs, and a server's side of the talk."""

import base64
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import gssapi

from launcher.local_spark import find_java
from tests.jars import SPARK_JARS

REALM = "TEST"
USER, SERVICE = f"analyst@{REALM}", f"HTTP/127.0.0.1@{REALM}"
CONFIGURATION = """\
[libdefaults]
  default_realm = {realm}
  dns_lookup_kdc = false
  dns_lookup_realm = false
  dns_canonicalize_hostname = false
  rdns = false
  udp_preference_limit = 1
[realms]
  {realm} = {{
    kdc = 127.0.0.1:{port}
  }}
"""


@dataclass(frozen=True)
class Kerberos:
    """A folder with what users and servers of a realm need."""

    folder: Path

    @property
    def stranger(self) -> dict[str, str]:
        """The environment of somebody who knows the realm and has no ticket."""
        return {"KRB5_CONFIG": str(self.folder / "client.conf"), "KRB5CCNAME": f"FILE:{self.folder / 'tickets'}"}

    @property
    def user(self) -> dict[str, str]:
        """The environment of USER, who gets tickets without a password."""
        return {**self.stranger, "KRB5_CLIENT_KTNAME": str(self.folder / "0.keytab")}

    def answer(self, authorization: str) -> str:
        """A server's WWW-Authenticate to a request's Authorization; empty where it lets nobody in."""
        scheme, _, token = authorization.partition(" ")
        if scheme != "Negotiate":
            return ""
        keys = gssapi.Credentials(usage="accept", store={"keytab": str(self.folder / "1.keytab")})
        talk = gssapi.SecurityContext(creds=keys, usage="accept")
        reply = talk.step(base64.b64decode(token))
        assert str(talk.initiator_name) == USER
        return f"Negotiate {base64.b64encode(reply or b'').decode()}"


@contextmanager
def kerberos(folder: Path) -> Iterator[Kerberos]:
    """A realm with one user and one service, as long as the context."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    (folder / "client.conf").write_text(CONFIGURATION.format(realm=REALM, port=port))
    source = Path(__file__).with_name("Kdc.java")
    command = [find_java() / "bin" / "java", "-XX:TieredStopAtLevel=1", "-cp", f"{SPARK_JARS}/*", source]
    with subprocess.Popen(
        [*command, folder, REALM, str(port), USER, SERVICE],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    ) as kdc:
        while (line := kdc.stdout.readline()) != b"ready\n":
            assert line, "the KDC did not start"
        yield Kerberos(folder)
        kdc.stdin.close()
