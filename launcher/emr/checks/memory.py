"""Whether the nodes have what an experiment's Spark settings request.

YARN places a driver (in the cluster too, as Livy starts it) and executors, each a container of its heap and what comes
beside it, on the core and task nodes.
"""

from launcher.emr.checks.subject import CheckResult, Subject, fail, ok, warning
from launcher.emr.clusters import ACTIVE
from launcher.emr.sizes import InstanceType, container_mb, instance_type, largest_heap_mb, size
from launcher.support.command_lines import command_line

_SIZES = "spark.{0}_memory (params file, or -p spark.{0}_memory=…)"


def memory(subject: Subject) -> CheckResult:
    """The requested containers fit the nodes, with at least one executor beside the driver."""
    spark = subject.parameters.spark
    asked = {of: _container(subject, of) for of in ("driver", "executor")}
    cores = spark.executor_cores
    if not any(asked.values()) and not cores:
        return ok("the cluster's own sizes: spark.driver_memory and spark.executor_memory are not set")
    groups = [*subject.cluster.of_role("CORE"), *subject.cluster.of_role("TASK")]
    types = {group.instance_type: instance_type(group.instance_type) for group in groups}
    unknown = [name for name, known in types.items() if known is None]
    if unknown or not types:
        return warning(f"unknown YARN memory: {', '.join(unknown) or 'the nodes'}", "compare by hand")
    starting = subject.cluster.life.state in ACTIVE and not subject.cluster.is_ready
    nodes = [
        node
        for group in groups
        for node in [types[group.instance_type]] * (group.requested if starting else group.running)
        if node is not None
    ]
    if not nodes:
        return fail(
            "no core or task node is running", command_line("cluster", "resize", "2", cluster=subject.cluster.id)
        )
    largest = max(nodes, key=lambda node: node.yarn_mb)
    for of, container in asked.items():
        if container and container > largest.yarn_mb:
            remedy = f"lower {_SIZES.format(of)} to {size(largest_heap_mb(of, largest.yarn_mb))}, or use larger nodes"
            return fail(f"{_said(of, container)} does not fit a node: {_give(largest)}", remedy)
    most = max(node.vcpus for node in nodes)
    if cores and cores > most:
        return fail(f"spark.executor_cores={cores} is more than the {most} of a node", "lower spark.executor_cores")
    if not any(asked.values()):
        return ok(f"the cluster's own sizes, with {cores} of a node's {most} cores an executor")
    return _beside_one_another(subject, nodes, asked)


def _beside_one_another(subject: Subject, nodes: list[InstanceType], asked: dict[str, int | None]) -> CheckResult:
    """Fill the nodes: the driver on the fullest that takes it, executors on what is left."""
    driver, executor = asked["driver"] or 0, asked["executor"]
    what = ", ".join(_said(of, container) for of, container in asked.items() if container)
    on = ", ".join(f"{nodes.count(node)} × {_give(node)}" for node in dict.fromkeys(nodes))
    if executor is None:
        return ok(f"{what}; executors as the cluster's own; on {on}")
    fits = max(
        sum((node.yarn_mb - (driver if place == at else 0)) // executor for at, node in enumerate(nodes))
        for place in range(len(nodes))
        if driver <= nodes[place].yarn_mb
    )
    wanted = subject.parameters.spark.num_executors
    if fits == 0:
        remedy = f"lower {_SIZES.format('executor')}, or more nodes: {_more_nodes(subject)}"
        return fail(f"{what}: no executor fits beside the driver, on {on}", remedy)
    if wanted and wanted > fits:
        remedy = f"lower spark.num_executors or {_SIZES.format('executor')}, or more nodes: {_more_nodes(subject)}"
        return warning(f"{what}: {fits} of {wanted} executors fit at once, on {on}", remedy)
    return ok(f"{what}: {fits} executors fit at once, on {on}")


def _more_nodes(subject: Subject) -> str:
    return command_line("cluster", "resize", cluster=subject.cluster.id, options="N")


def _container(subject: Subject, of: str) -> int | None:
    """Megabytes of a container as it is asked for; None where its size is left to the cluster."""
    spark = subject.parameters.spark
    heap = spark.conf.get(f"spark.{of}.memory") or (spark.driver_memory if of == "driver" else spark.executor_memory)
    if heap is None:
        return None
    overhead = spark.conf.get(f"spark.{of}.memoryOverhead")
    return container_mb(of, str(heap), None if overhead is None else str(overhead))


def _said(of: str, container: int) -> str:
    return f"{of} of {container / 1024:.1f} GB with its overhead"


def _give(node: InstanceType) -> str:
    return f"{node.name} ({node.yarn_mb / 1024:.0f} GB for YARN)"
