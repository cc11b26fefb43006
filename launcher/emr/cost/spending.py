"""What a cluster and each of its runs have cost so far: EMR's timelines times prices."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import boto3

from launcher.emr.clusters import Cluster, Group, Instance, describe, instances, require_groups
from launcher.emr.cost.account import Account, Activity, Amount, Kind, Node, Span, account
from launcher.emr.cost.prices import Prices, prices_of
from launcher.emr.steps import Step, list_steps
from launcher.support import account as aws_account
from launcher.support import aws
from lib.errors import InputError

SPOT = "SPOT"
NOT_INCLUDED = (
    "not the bill: no S3, data transfer, public IPv4 addresses, tax, discounts or Savings Plans; each node counts from "
    "its request, and EC2's one-minute minimum is not included"
)


@dataclass(frozen=True)
class Spending:
    """A cluster's account until a time; `activities` are its steps and the other runs that are known of.

    `hourly` is what an hour of it costs with the nodes it has at that time; nothing once it has ended.
    """

    cluster: Cluster
    prices: Prices
    until: datetime
    activities: Sequence[Activity]
    account: Account
    hourly: Amount

    @property
    def has_spot(self) -> bool:
        """Whether there are Spot nodes, for which the sums are a bound: each counts with the most it may cost."""
        return any(kind.market == SPOT for kind in self.account.whole)

    def beside(self, name: str) -> list[str]:
        """What else ran while this activity did, by name."""
        spans = [each.span for each in self.activities if each.name == name]
        others = (each for each in self.activities if each.name != name)
        return sorted({each.name for each in others if any(each.span.meets(span) for span in spans)})


def spending(
    session: boto3.Session,
    cluster_id: str,
    runs: Iterable[Activity] = (),
    given: Mapping[str, float] | None = None,
) -> Spending:
    """Look at a cluster, at its nodes and steps, and at prices (those `given` first); `runs` ran there as no step.

    Raises:
        InputError: no such cluster, no right to look at it, or no price of one of its nodes.
    """
    emr, now = aws.client("emr", session), datetime.now(UTC)
    cluster = describe(emr, cluster_id)
    require_groups(cluster)
    there = instances(emr, cluster_id)
    steps = list_steps(emr, cluster_id)
    types = {each.instance_type for each in there}
    prices = prices_of(types, region_of(session), session, given)
    until = min(cluster.life.ended_at or now, now)
    activities = [*steps_that_ran(steps, until), *runs]
    nodes = _nodes(cluster, there, prices, until)
    present = [node.hourly for node, each in zip(nodes, there, strict=True) if each.life.ended_at is None]
    hourly = Amount() if cluster.has_ended else sum(present, Amount())
    shared_out = account(nodes, activities, cluster.life.ready_at)
    return Spending(cluster, prices, until, activities, shared_out, hourly)


def region_of(session: boto3.Session) -> str:
    """The region whose prices hold.

    Raises:
        InputError: none is set.
    """
    if not session.region_name:
        raise InputError(aws_account.NO_REGION)
    return str(session.region_name)


def usd_per_hour(session: boto3.Session, cluster: Cluster, groups: Sequence[Group]) -> float:
    """What an hour of a cluster costs with these groups, with as many nodes of each as are asked for; Spot at most.

    Raises:
        InputError: there is no price of one of the types.
    """
    prices = prices_of({group.instance_type for group in groups}, region_of(session), session)
    return sum(_hourly(cluster, group, group.instance_type, prices).total * group.requested for group in groups)


def steps_that_ran(steps: Iterable[Step], until: datetime) -> list[Activity]:
    """Steps as activities, up to a time; those that never started used nothing."""
    started = [(step, step.started_at) for step in steps if step.started_at and step.started_at < until]
    return [Activity(step.id, Span(start, min(step.ended_at or until, until))) for step, start in started]


def _nodes(cluster: Cluster, there: Iterable[Instance], prices: Prices, until: datetime) -> list[Node]:
    groups: dict[str, Any] = {group.id: group for group in cluster.groups}
    nodes = []
    for each in there:
        group = groups.get(each.group_id)
        start = each.life.created_at or cluster.life.created_at or until
        span = Span(start, max(start, min(each.life.ended_at or until, until)))
        kind = Kind(group.role if group else "TASK", each.instance_type, each.market)
        nodes.append(Node(kind, span, _hourly(cluster, group, each.instance_type, prices, each.market)))
    return nodes


def _hourly(cluster: Cluster, group: Group | None, instance_type: str, prices: Prices, market: str = "") -> Amount:
    """An hour of a node. On Spot it counts with what was bid for it, which is the price on demand where nothing was."""
    is_spot = group is not None and (market or group.market) == SPOT
    gb = cluster.root_gb + sum(group.ebs_gb if group else ())
    return prices.hourly(instance_type, gb, group.bid_price if group and is_spot else None)
