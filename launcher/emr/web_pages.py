"""The pages of Spark and YARN: EMR's own links to them, which need nothing here, and tunnels to the primary node."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, Any

import boto3

from launcher.emr.clusters import Cluster, find_primary
from launcher.emr.tunnels import RemotePort, Tunnel, tunnel_to
from launcher.support import aws
from launcher.support.command_lines import command_line
from launcher.support.endpoint import HISTORY_PORT, YARN_PORT, Endpoint
from launcher.support.watching import watch
from lib.errors import ExperimentError

if TYPE_CHECKING:
    from mypy_boto3_emr import EMRClient

# Page => its port on the primary node, and EMR's names for it on the cluster and off it.
HISTORY, RESOURCES = "Spark History", "YARN ResourceManager"
PORTS = {HISTORY: HISTORY_PORT, RESOURCES: YARN_PORT}
_ON_CLUSTER = {HISTORY: "SparkHistoryServer", RESOURCES: "ResourceManager"}
_PERSISTENT = {HISTORY: "SHS"}  # YARN's page ends with the cluster
_PAUSE, _LOOKS = 2.0, 60


class NoInterface(ExperimentError):
    """EMR did not provide a page."""

    def __init__(self, page: str, cluster_id: str, state: str):
        super().__init__(
            f"EMR has no link to {page} of cluster {cluster_id} after two minutes ({state}); try again, or take a "
            f"tunnel: {command_line('cluster', 'ui', cluster=cluster_id, options='--reach ssm')}"
        )


@dataclass(frozen=True)
class OpenPages:
    """The pages behind open tunnels: URL by name."""

    urls: dict[str, str]
    tunnels: tuple[Tunnel, ...]

    def check(self) -> None:
        """Raise the error that broke a tunnel."""
        for tunnel in self.tunnels:
            if tunnel.error:
                raise tunnel.error


def persistent_links(emr: "EMRClient", cluster: Cluster) -> dict[str, str]:
    """Links to the pages that EMR keeps off the cluster, for 30 days after its end too. A link is good for a while.

    Raises:
        InputError: no right to them.
        NoInterface: EMR takes too long.
    """
    with _opening(cluster.id):
        made = emr.create_persistent_app_ui(TargetResourceArn=cluster.arn)["PersistentAppUIId"]
        _attach(emr, made, cluster.id)
        links = {}
        for page, kind in _PERSISTENT.items():
            asked: Any = {"PersistentAppUIId": made, "PersistentAppUIType": kind}
            links[page] = _link(page, cluster.id, partial(emr.get_persistent_app_ui_presigned_url, **asked))
        return links


def on_cluster_links(emr: "EMRClient", cluster_id: str) -> dict[str, str]:
    """Links through EMR to the pages on the cluster itself, while it runs.

    Raises:
        InputError: no right to them.
        NoInterface: EMR takes too long.
    """
    with _opening(cluster_id):
        links = {}
        for page, kind in _ON_CLUSTER.items():
            asked: Any = {"ClusterId": cluster_id, "OnClusterAppUIType": kind}
            links[page] = _link(page, cluster_id, partial(emr.get_on_cluster_app_ui_presigned_url, **asked))
        return links


@contextmanager
def opened_pages(endpoint: Endpoint, session: boto3.Session | None = None) -> Iterator[OpenPages]:
    """Build a tunnel to each page, on its own port where that is free here; directly reached they need none.

    Raises:
        InputError: no such cluster, not ready, no right, a program that the road needs is not installed.
        TunnelBroken: a tunnel did not open.
    """
    session = session or aws.session()
    primary = find_primary(endpoint.cluster_id, aws.client("emr", session), "Spark")
    if endpoint.reach == "direct":
        yield OpenPages({page: f"http://{primary.address}:{port}" for page, port in PORTS.items()}, ())
        return
    # YARN's page listens to the node's own name, not to localhost.
    host = primary.private_address or primary.address
    with ExitStack() as stack:
        tunnels = {
            page: stack.enter_context(tunnel_to(RemotePort(port, host), endpoint, primary, session, port))
            for page, port in PORTS.items()
        }
        urls = {page: f"http://localhost:{tunnel.port}" for page, tunnel in tunnels.items()}
        yield OpenPages(urls, tuple(tunnels.values()))


def _opening(cluster_id: str) -> AbstractContextManager[None]:
    return aws.translated_errors(f"cannot open the pages of cluster {cluster_id}")


def _attach(emr: "EMRClient", interface: str, cluster_id: str) -> None:
    """Wait until EMR has prepared the pages."""

    def look() -> str:
        with _opening(cluster_id):  # in words at once, for a watch to know what may pass
            described = emr.describe_persistent_app_ui(PersistentAppUIId=interface)
        return described["PersistentAppUI"]["PersistentAppUIStatus"]

    for state in islice(watch(look, _PAUSE), _LOOKS):
        if state == "ATTACHED":
            return
    raise NoInterface(HISTORY, cluster_id, state)


def _link(page: str, cluster_id: str, ask: Callable[[], Mapping[str, Any]]) -> str:
    def look() -> Mapping[str, Any]:
        with _opening(cluster_id):
            return ask()

    for answer in islice(watch(look, _PAUSE), _LOOKS):
        if answer.get("PresignedURLReady"):
            return answer["PresignedURL"]
    raise NoInterface(page, cluster_id, "the link is not ready")
