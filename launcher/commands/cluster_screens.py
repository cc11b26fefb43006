"""Clusters and steps as people read them, and as records with stable keys for programs (docs/cluster.md)."""

import shlex
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from launcher.emr.clusters import IDLE_POLICY, SCALING_POLICY, Cluster, Group, Instance, Life, Listed
from launcher.emr.steps import LIST_STEPS, Step
from launcher.support.command_lines import command_line
from launcher.support.console import duration
from launcher.support.masking import MASK, masked, masked_text, masked_words

ROLES = {"MASTER": "primary", "CORE": "core", "TASK": "task"}
MARKETS = {"ON_DEMAND": "on demand", "SPOT": "Spot"}
_LONGEST_WORD = 80  # of a command line; a longer one with a semicolon is a program
# Settings worth a line each: EMR's other configurations do not concern an experiment.
_SHOWN = ("spark", "spark-defaults", "spark-env", "livy-conf")


def list_rows(found: Sequence[Listed]) -> Iterator[tuple[Any, ...]]:
    """The rows of a list of clusters."""
    for each in found:
        life = each.life
        up = life.seconds and duration(life.seconds)
        yield each.id, each.name, life.state, minute(life.created_at), up, life.reason or None


def listed_record(found: Listed) -> dict[str, Any]:
    """A cluster of the list, for programs."""
    return {"id": found.id, "name": found.name, **_life_record(found.life)}


def status_pairs(cluster: Cluster, idle: float | None, unfinished: Sequence[Step] | None) -> list[tuple[str, str]]:
    """Everything about a cluster; `idle` is seconds without work, None if unknown."""
    life = cluster.life
    applications = ", ".join(f"{name} {version}".strip() for name, version in cluster.applications.items())
    return [
        ("cluster", f"{cluster.name} ({cluster.id})"),
        ("state", f"{life.state}: {life.reason}" if life.reason else life.state),
        ("release", f"{cluster.release}: {applications}"),
        *(("nodes", each) for each in _groups(cluster)),
        ("up", _up(life)),
        *([] if cluster.has_ended else [("idle", _idle(cluster, idle)), ("ends", _end(cluster, idle))]),
        ("scaling", scaling(cluster)),
        ("steps", _steps(cluster, unfinished)),
        *([("primary", cluster.primary_dns)] if cluster.primary_dns else []),
        ("logs", cluster.log_place or "not kept: the cluster has no log URI, so its logs end with it"),
        *((name, value) for name, value in _settings(cluster.configurations)),
    ]


def node_rows(cluster: Cluster, there: Sequence[Instance]) -> Iterator[tuple[Any, ...]]:
    """The rows of a list of nodes, by their EC2 ids, which `cluster logs` takes; public addresses are in the JSON."""
    roles = {group.id: ROLES[group.role] for group in cluster.groups}
    for each in sorted(there, key=lambda each: (list(ROLES.values()).index(roles.get(each.group_id, "task")), each.id)):
        role = roles.get(each.group_id)
        yield each.ec2_id, role, each.instance_type, each.life.state, each.private_ip or None


def status_record(
    cluster: Cluster, idle: float | None, unfinished: Sequence[Step] | None, there: Sequence[Instance]
) -> dict[str, Any]:
    """The same for programs."""
    return {
        "id": cluster.id,
        "name": cluster.name,
        **_life_record(cluster.life),
        "idle_seconds": idle,
        "release": cluster.release,
        "applications": dict(cluster.applications),
        "groups": [_group_record(group) for group in cluster.groups],
        "auto_termination_seconds": cluster.auto_termination_seconds,
        "ends_after_steps": cluster.ends_after_steps,
        "termination_protected": cluster.termination_protected,
        "managed_scaling": dict(cluster.scaling),
        "step_concurrency": cluster.step_concurrency,
        "steps": _counts(unfinished),
        "log_place": cluster.log_place,
        "configurations": list(cluster.configurations),
        "primary_dns": cluster.primary_dns,
        "subnet": cluster.subnet,
        "security_groups": list(cluster.security_groups),
        "instance_profile": cluster.instance_profile,
        "service_role": cluster.service_role,
        "tags": dict(cluster.tags),
        "nodes": [_node_record(each) for each in there],
        "not_told": list(cluster.not_told),
    }


def step_rows(steps: Sequence[Step]) -> Iterator[tuple[Any, ...]]:
    """The rows of a list of steps."""
    for step in steps:
        spent = step.seconds
        name = step.name.replace(step.run_id, "").strip() if step.run_id else step.name  # the run has its own column
        yield step.id, step.state, step.run_id, minute(step.started_at), spent and duration(spent), name


def step_pairs(step: Step, cluster_id: str) -> list[tuple[str, str]]:
    """Everything about a step."""
    failure = [("failure", f"{name}: {value}") for name, value in step.failure.items() if value]
    ours = [(name, value) for name, value in (("run", step.run_id), ("model", step.model)) if value]
    return [
        ("step", f"{step.name} ({step.id})"),
        ("state", f"{step.state}: {step.reason}" if step.reason else step.state),
        *ours,
        ("submitted", moment(step.created_at) or "–"),
        ("started", moment(step.started_at) or "not yet"),
        *([("ended", moment(step.ended_at) or "")] if step.ended_at else []),
        *([("took" if step.ended_at else "runs for", duration(step.seconds))] if step.seconds is not None else []),
        *((name, masked_text(said)) for name, said in failure),
        *(
            [("why", command_line("cluster", "diagnose", step.id, cluster=cluster_id))]
            if step.state == "FAILED"
            else []
        ),
        ("if it fails", step.action_on_failure),
        ("command", _command(step)),
    ]


def _command(step: Step) -> str:
    """Its command line, to be read and pasted; a program among its words is folded."""
    words = masked_words([step.jar, *step.args])
    folded = ("…" if len(word) > _LONGEST_WORD and ";" in word else word for word in words)
    return " ".join(word if word in ("…", MASK) else shlex.quote(word) for word in folded)


def step_record(step: Step) -> dict[str, Any]:
    """A step for programs."""
    return {
        "id": step.id,
        "name": step.name,
        "state": step.state,
        "reason": step.reason,
        "failure": dict(step.failure),
        "run_id": step.run_id,
        "model": step.model,
        "created_at": step.created_at,
        "started_at": step.started_at,
        "ended_at": step.ended_at,
        "seconds": step.seconds,
        "action_on_failure": step.action_on_failure,
        "jar": step.jar,
        "args": list(step.args),
    }


def minute(time: datetime | None) -> str | None:
    """A time to the minute, for a column that says that it is in UTC."""
    return f"{time:%Y-%m-%d %H:%M}" if time else None


def moment(time: datetime | None) -> str | None:
    """A time in UTC, to the minute."""
    return f"{minute(time)} UTC" if time else None


def nodes(cluster: Cluster) -> str:
    """The nodes in one line, as in `1 × m5.xlarge, 2 × m5.2xlarge`."""
    return ", ".join(f"{group.running} × {group.instance_type}" for group in cluster.groups) or "nodes unknown"


def scaling(cluster: Cluster) -> str:
    """What managed scaling may do."""
    limits = cluster.scaling
    if SCALING_POLICY in cluster.not_told:
        return f"unknown: to see it you need the right {SCALING_POLICY}"
    if not limits:
        return f"by hand: {command_line('cluster', 'resize', cluster=cluster.id, options='N')}"
    unit = limits.get("UnitType", "Instances").lower()
    text = f"managed: {limits['MinimumCapacityUnits']} to {limits['MaximumCapacityUnits']} {unit}"
    core, on_demand = limits.get("MaximumCoreCapacityUnits"), limits.get("MaximumOnDemandCapacityUnits")
    text += "" if core is None else f", at most {core} of them core"
    return text + ("" if on_demand is None else f", at most {on_demand} on demand and the rest Spot")


def _groups(cluster: Cluster) -> list[str]:
    if not cluster.has_known_groups:
        return [f"unknown: to see them you need the right {', '.join(cluster.not_told)}"]
    return [_group(group) for group in cluster.groups]


def _group(group: Group) -> str:
    count = str(group.running) if group.running == group.requested else f"{group.running} of {group.requested}"
    market = ", ".join(MARKETS.get(each, each) for each in group.market.split(", "))
    sizes = set(group.ebs_gb)
    volumes = f"{len(group.ebs_gb)} × " if len(group.ebs_gb) > 1 else ""
    disks = [f"EBS {volumes}{group.ebs_gb[0]} GB"] if len(sizes) == 1 else []
    return ", ".join([f"{count} × {group.instance_type}  {ROLES[group.role]}", market, *disks])


def _group_record(group: Group) -> dict[str, Any]:
    return {
        "id": group.id,
        "role": group.role,
        "instance_type": group.instance_type,
        "market": group.market,
        "requested": group.requested,
        "running": group.running,
        "state": group.state,
        "ebs_gb": list(group.ebs_gb),
    }


def _node_record(node: Instance) -> dict[str, Any]:
    return {
        "id": node.id,
        "ec2_id": node.ec2_id,
        "group": node.group_id,
        "instance_type": node.instance_type,
        "market": node.market,
        "state": node.life.state,
        "private_ip": node.private_ip,
        "public_ip": node.public_ip,
    }


def _life_record(life: Life) -> dict[str, Any]:
    return {
        "state": life.state,
        "state_reason": life.reason,
        "created_at": life.created_at,
        "ready_at": life.ready_at,
        "ended_at": life.ended_at,
        "uptime_seconds": life.seconds,
    }


def _up(life: Life) -> str:
    if life.seconds is None or life.created_at is None:
        return "–"
    start = (
        f", of which {duration((life.ready_at - life.created_at).total_seconds())} to start" if life.ready_at else ""
    )
    end = f" until {moment(life.ended_at)}" if life.ended_at else ""
    return f"{duration(life.seconds)}, since {moment(life.created_at)}{end}{start}"


def _idle(cluster: Cluster, idle: float | None) -> str:
    if cluster.life.state == "RUNNING":
        return "no, a step is running"
    if idle is None:
        return "unknown: CloudWatch has no data yet, or you may not read it"
    return f"for {duration(idle)}" if idle else "no, it is busy: a session, a notebook or another application"


def _end(cluster: Cluster, idle: float | None) -> str:
    protected = "; termination protection is on" if cluster.termination_protected else ""
    if cluster.ends_after_steps:
        return f"by itself after its last step{protected}"
    after = cluster.auto_termination_seconds
    if IDLE_POLICY in cluster.not_told:
        return f"unknown: to see it you need the right {IDLE_POLICY}{protected}"
    if after is None:
        by = command_line("cluster", "terminate", cluster=cluster.id)
        return f"only by `{by}`: no policy terminates it, idle or not{protected}"
    left = f", in about {duration(max(after - idle, 0))} unless it gets new work" if idle else ""
    return f"by itself after {duration(after)} idle{left}{protected}"


def _steps(cluster: Cluster, unfinished: Sequence[Step] | None) -> str:
    if unfinished is None:
        return f"{cluster.step_concurrency} at a time; to see which run you need the right {LIST_STEPS}"
    states = [step.state for step in unfinished]
    counts = [f"{states.count(state)} {word}" for state, word in (("RUNNING", "running"), ("PENDING", "waiting"))]
    at_once = f"{cluster.step_concurrency} at a time"
    return at_once if not states else f"{at_once}; now {', '.join(counts)}"


def _counts(unfinished: Sequence[Step] | None) -> dict[str, int] | None:
    if unfinished is None:
        return None
    states = [step.state for step in unfinished]
    return {"running": states.count("RUNNING"), "pending": states.count("PENDING")}


def _settings(configurations: Sequence[Mapping[str, Any]], above: str = "") -> Iterator[tuple[str, str]]:
    """The settings in force, one per line; what is under `export` belongs to the classification above it."""
    for each in configurations:
        name = above or each.get("Classification", "")
        if name in _SHOWN:
            properties = masked(each.get("Properties", {}))
            yield from ((name, f"{key} = {value}") for key, value in properties.items())
            yield from _settings(each.get("Configurations", []), name)
