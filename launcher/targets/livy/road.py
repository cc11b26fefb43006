"""The way to a Livy: by its URL, through the primary node's address, or through a tunnel."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from launcher.emr.clusters import find_primary
from launcher.emr.tunnels import LIVY, Tunnel, tunnel_to
from launcher.support import aws
from launcher.support.endpoint import LIVY_PORT, Endpoint
from launcher.targets.livy.client import LivyClient


@contextmanager
def connected(endpoint: Endpoint, session: Any = None) -> Iterator[tuple[LivyClient, Tunnel | None]]:
    """Build the road to a Livy and check that it answers; `session` is a boto3 session.

    Raises:
        InputError: no such cluster, not ready, no right, a program that the road needs is not installed.
        TunnelBroken: the tunnel did not open.
        LivyUnreachable: it did, or none was needed, and no Livy answers.
    """
    if endpoint.url:
        client = LivyClient(endpoint.url, endpoint.auth)
        client.check()
        yield client, None
        return
    with aws.translated_errors(f"cannot look at cluster {endpoint.cluster_id}"):
        session = session or aws.session()
        primary = find_primary(endpoint.cluster_id, aws.client("emr", session))
    if endpoint.reach == "direct":
        client = LivyClient(f"http://{primary.address}:{LIVY_PORT}", endpoint.auth)
        client.check()
        yield client, None
        return
    with tunnel_to(LIVY, endpoint, primary, session) as tunnel:
        client = LivyClient(f"http://127.0.0.1:{tunnel.port}", endpoint.auth)
        client.check()
        yield client, tunnel
