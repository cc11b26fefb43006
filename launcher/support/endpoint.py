"""Where the services of a cluster listen, and how to reach a Livy."""

import ipaddress
import socket
from dataclasses import dataclass
from urllib.parse import urlsplit

# Of the primary node. The security groups of infrastructure/ let nobody outside reach them.
LIVY_PORT, YARN_PORT, HISTORY_PORT = 8998, 8088, 18080


@dataclass(frozen=True)
class Endpoint:
    """How to reach a Livy: by URL, or by the id of its cluster and the connection to its primary node."""

    url: str = ""
    cluster_id: str = ""
    reach: str = "direct"
    auth: str = "none"
    ssh_user: str = "hadoop"
    ssh_key: str = ""

    def __str__(self) -> str:
        """Its name for people."""
        return self.cluster_id or self.url


def is_here(url: str) -> bool:
    """Whether a URL names this machine: by a loopback address, or by its own name."""
    host = (urlsplit(url).hostname or "").lower()
    if host in ("localhost", socket.gethostname().lower(), socket.getfqdn().lower()):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
