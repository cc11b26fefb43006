"""What a cluster's hours cost: arithmetic on nodes, spans of time and prices, in USD.

Every moment of a node belongs to exactly one of three: the cluster was starting, something ran, or it was idle. What
runs at the same time shares the nodes in equal parts, so that the parts always sum to the whole.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import pairwise


@dataclass(frozen=True)
class Amount:
    """USD, by what is charged."""

    ec2: float = 0.0
    emr: float = 0.0
    ebs: float = 0.0

    @property
    def total(self) -> float:
        """All of it."""
        return self.ec2 + self.emr + self.ebs

    def __add__(self, other: "Amount") -> "Amount":
        """Both together."""
        return Amount(self.ec2 + other.ec2, self.emr + other.emr, self.ebs + other.ebs)

    def __mul__(self, factor: float) -> "Amount":
        """So many times this."""
        return Amount(self.ec2 * factor, self.emr * factor, self.ebs * factor)


@dataclass(frozen=True)
class Span:
    """From a time until before another."""

    start: datetime
    end: datetime

    def covers(self, moment: datetime) -> bool:
        """Whether a moment is within."""
        return self.start <= moment < self.end

    def meets(self, other: "Span") -> bool:
        """Whether they have time in common."""
        return max(self.start, other.start) < min(self.end, other.end)


@dataclass(frozen=True, order=True)
class Kind:
    """What nodes of one line of an account have in common."""

    role: str  # MASTER, CORE or TASK
    instance_type: str
    market: str  # ON_DEMAND or SPOT


@dataclass(frozen=True)
class Node:
    """A node, the time it was there, and what an hour of it costs."""

    kind: Kind
    span: Span
    hourly: Amount


@dataclass(frozen=True)
class Activity:
    """What ran, by the name it is known under: a step's id, or that of a run through Livy."""

    name: str
    span: Span


@dataclass(frozen=True)
class Used:
    """Hours of nodes, and what they cost."""

    hours: float = 0.0
    amount: Amount = field(default_factory=Amount)

    def __add__(self, other: "Used") -> "Used":
        """Both together."""
        return Used(self.hours + other.hours, self.amount + other.amount)


# By kind of node.
Usage = Mapping[Kind, Used]


@dataclass(frozen=True)
class Account:
    """Where a cluster's hours went; `runs` has the share of each activity."""

    startup: Usage
    runs: Mapping[str, Usage]
    idle: Usage

    @property
    def running(self) -> Usage:
        """What all activities used together."""
        return summed(*self.runs.values())

    @property
    def whole(self) -> Usage:
        """All that the cluster used."""
        return summed(self.startup, self.running, self.idle)


def account(nodes: Sequence[Node], activities: Sequence[Activity], ready_at: datetime | None) -> Account:
    """Share out the hours of `nodes`; the cluster was starting until `ready_at` (None: it still is)."""
    startup: dict[Kind, Used] = {}
    idle: dict[Kind, Used] = {}
    runs: dict[str, dict[Kind, Used]] = {activity.name: {} for activity in activities}
    spans = [node.span for node in nodes] + [activity.span for activity in activities]
    cuts = {moment for span in spans for moment in (span.start, span.end)} | ({ready_at} if ready_at else set())
    for start, end in pairwise(sorted(cuts)):
        hours = (end - start).total_seconds() / 3600
        running = list({each.name for each in activities if each.span.covers(start)})
        resting = startup if ready_at is None or start < ready_at else idle
        takers = [runs[name] for name in running] or [resting]
        for node in nodes:
            if node.span.covers(start):
                for taker in takers:
                    share = hours / len(takers)
                    taker[node.kind] = taker.get(node.kind, Used()) + Used(share, node.hourly * share)
    return Account(startup, runs, idle)


def summed(*usages: Usage) -> Usage:
    """Several usages as one."""
    together: dict[Kind, Used] = {}
    for usage in usages:
        for kind, used in usage.items():
            together[kind] = together.get(kind, Used()) + used
    return together


def total(usage: Usage) -> Used:
    """A usage over all kinds of nodes."""
    return sum(usage.values(), Used())
