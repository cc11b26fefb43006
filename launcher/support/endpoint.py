"""Where the services of a cluster listen, and how to reach a Livy."""

from dataclasses import dataclass

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
