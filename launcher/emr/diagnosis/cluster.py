"""Causes of failure in a cluster that was ready: its nodes, its end, its room."""

from launcher.emr.diagnosis.evidence import OF_CLUSTER, OF_NODES, OF_STEP, Evidence, Finding, Hit, proven
from launcher.support.command_lines import command_line


def lost_node(evidence: Evidence) -> Finding | None:
    """A node was lost during the run: a Spot interruption, or a failure of the instance."""
    node = evidence.first(
        r"(?i)(?P<spot>spot).*(interrupt|terminat|reclaim)|INSTANCE_FAILURE|Instance (was )?(lost|unhealthy|failed)",
        OF_NODES,
    )
    line = evidence.first(
        r"Container released on a \*lost\* node|Exit status: -100\b|(?P<spot>[Ss]pot (instance )?interruption)|"
        r"Executor decommission|Reason: (Slave|worker) lost|NodeManager .* (lost|LOST)|Decommission\w* node"
    )
    hit = line or node
    if hit is None:
        return None
    spots = [group for group in evidence.cluster.groups if "SPOT" in group.market]
    is_spot = bool((node and node.found["spot"]) or (line and line.found["spot"]))
    why = "a Spot node was taken back" if is_spot else "a node was lost"
    advice = "send the run again (with --resume what was scored is not fitted again)"
    steady = "use on-demand core nodes, and Spot only in the task group" if spots else "check the node's health in EC2"
    return Finding(f"{why} while Spark was using it", proven(hit, node, line), (advice, steady))


def step_cancelled(evidence: Evidence) -> Finding | None:
    """A user cancelled the step, or EMR did because an earlier one failed."""
    if evidence.step is None or evidence.step.state not in ("CANCELLED", "INTERRUPTED") or evidence.cluster.has_ended:
        return None
    hit = evidence.first(r"CANCELLED|INTERRUPTED", OF_STEP)
    if hit is None:
        return None
    if evidence.step.started_at is None:
        return Finding(
            "the step never ran: it was cancelled while it waited, by a user or because an earlier step failed",
            proven(hit),
            (
                "look at the step before it "
                f"({command_line('cluster', 'steps', cluster=evidence.cluster.id)}) and submit again",
            ),
        )
    how = "cancelled" if evidence.step.state == "CANCELLED" else "interrupted, as when its node is lost,"
    return Finding(f"the step was {how} while it ran", proven(hit), ("send it again, or go on with --resume",))


def cluster_ended(evidence: Evidence) -> Finding | None:
    """The cluster ended during the step, or before it."""
    if not evidence.cluster.has_ended:
        return None
    hit = evidence.first(r"TERMINATED(_WITH_ERRORS)?(: (?P<why>.*))?", OF_CLUSTER)
    if hit is None or (evidence.step and evidence.step.state == "FAILED"):
        return None
    why = hit.found["why"] or ""
    if not why or "internal error" in why.lower():  # which says nothing
        return None
    idle = evidence.cluster.auto_termination_seconds
    if "user request" in why.lower():
        told = "somebody terminated the cluster"
    elif idle and ("idle" in why.lower() or "auto" in why.lower()):
        told = f"the cluster ended itself after {idle // 60} min without work"
    else:
        told = f"the cluster ended{f': {why}' if why else ''}"
    step = " while the step waited or ran" if evidence.step else ""
    another = (
        f"create another cluster ({command_line('cluster', 'create')}, or infrastructure/) and submit the step there"
    )
    never_ready = evidence.cluster.life.ready_at is None
    first = "it never was ready: correct what EMR says first, or the next cluster ends in the same way"
    return Finding(
        told + step,
        proven(hit, evidence.first(r"CANCELLED|INTERRUPTED", OF_STEP)),
        (first,) if never_ready else (another,),
    )


def cluster_not_ready(evidence: Evidence) -> Finding | None:
    """The step waits for a cluster that is not available."""
    if evidence.cluster.is_ready or evidence.cluster.has_ended or (evidence.step and evidence.step.state == "FAILED"):
        return None
    state = evidence.cluster.life.state
    hit = evidence.first(state, OF_CLUSTER) if state else None
    if hit is None:
        return None
    waits = state in ("STARTING", "BOOTSTRAPPING")
    remedy = "wait: the step starts when the cluster is ready" if waits else "send it to another cluster"
    return Finding(f"the cluster is not available: it is {state}", proven(hit), (remedy,))


def no_room_for_application(evidence: Evidence) -> Finding | None:
    """YARN has not given an application its first container."""
    hit = evidence.first(
        r"waiting for AM container to be (allocated|launched)|waiting for resources to be assigned for AM|"
        r"Queue's AM resource limit exceeded|added to the scheduler and is not (yet )?activated|"
        r"Initial job has not accepted any resources"
    )
    failed = evidence.stated("livy-session-did-not-start")
    failed = failed or evidence.first(
        r"did not start (up )?in \d+ s|Application .* killed|[Ss]ession.{0,60}timed? ?out|Yarn application has "
        r"already ended"
    )
    if hit is None or (failed is None and not _ends_with(hit)):
        return None
    there = evidence.cluster.id
    more = command_line("cluster", "resize", cluster=there, options="N")
    look = f"{command_line('sessions')}, {command_line('cluster', 'ui', cluster=there)}"
    return Finding(
        "YARN had no room for the application: others use the cluster's memory or cores",
        proven(hit, failed),
        (f"find out which ({look}), request less (spark.*), or add nodes: {more}",),
    )


def _ends_with(hit: Hit) -> bool:
    """Whether a log that somebody kept ends while it waits, which says the same as that it did not start."""
    return hit.source.is_any and hit.index >= len(hit.source.lines) - _LAST_LINES


# YARN says in several lines what an application waits for.
_LAST_LINES = 4
