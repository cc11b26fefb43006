"""Which setting of memory to change, by how much, and whether the cluster's nodes can hold it."""

import json
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from launcher.emr.diagnosis.evidence import Evidence
from launcher.emr.sizes import InstanceType, container_mb, instance_type, largest_heap_mb, megabytes, size

# Spark's default heaps on EMR.
_DEFAULT_HEAP = {"driver": "2g", "executor": "4g"}


@dataclass(frozen=True)
class Setting:
    """A setting by Spark's name and by ours (in a params file, or after -p), and the value it has by default."""

    of: str  # driver, executor, or of neither
    spark: str
    ours: str
    default: str

    @classmethod
    def heap(cls, of: str) -> "Setting":
        """The Java heap of the driver or an executor."""
        return cls(of, f"spark.{of}.memory", f"spark.{of}_memory", _DEFAULT_HEAP[of])

    @classmethod
    def overhead(cls, of: str) -> "Setting":
        """What a driver or an executor has beside its heap, which is where Python's memory is."""
        return cls(of, f"spark.{of}.memoryOverhead", f"spark.conf.spark.{of}.memoryOverhead", "")

    @classmethod
    def of_spark(cls, spark: str, default: str = "", of: str = "") -> "Setting":
        """Any property of Spark's."""
        return cls(of, spark, f"spark.conf.{spark}", default)

    @property
    def is_heap(self) -> bool:
        """Whether it is a heap."""
        return self.spark.endswith(".memory")

    def now(self, evidence: Evidence) -> str:
        """The value that the run had: given, of the cluster, or the default."""
        given = evidence.settings.get(self.spark) or evidence.cluster.settings("spark-defaults").get(self.spark)
        if given:
            return given
        if self.is_heap:
            return _whole_node(self.of, evidence) or self.default
        if self.default:
            return self.default
        heap = Setting.heap(self.of).now(evidence)
        return size(container_mb(self.of, heap) - megabytes(heap))

    def shown(self, evidence: Evidence) -> str:
        """Its name where this run takes it from."""
        return f"{self.ours} (params file, or -p)" if evidence.params else self.spark


def how_to_give() -> str:
    """How one job brings its own Python packages."""
    return (
        "give them to the job in an archive made on the cluster's system (venv-pack): --archives "
        "s3://…/env.tar.gz#environment "
        "--conf spark.pyspark.python=./environment/bin/python"
    )


def ways_to_set(evidence: Evidence, settings: Mapping[str, str]) -> str:
    """How the run's way of starting takes these settings (by our names): what to write, as it is written."""
    if evidence.params:
        typed = " ".join(f"-p {name}={value}" for name, value in settings.items())
        return f"in the params file, or after the command: {typed}"
    spark = {_SPARKS.get(name, name.removeprefix("spark.conf.")): value for name, value in settings.items()}
    options = " ".join(f"--conf {shlex.quote(f'{name}={value}')}" for name, value in spark.items())
    cell: dict[str, object] = {_CONFIGURE[name]: value for name, value in spark.items() if name in _CONFIGURE}
    others = {name: value for name, value in spark.items() if name not in _CONFIGURE}
    if others:
        cell["conf"] = others
    return f"with spark-submit: {options}; in a notebook's first cell: %%configure -f {json.dumps(cell)}"


# Names in a params file that are not Spark's own, and those that sparkmagic's %%configure has for Spark's.
_SPARKS = {f"spark.{of}_memory": f"spark.{of}.memory" for of in ("driver", "executor")}
_CONFIGURE = {"spark.driver.memory": "driverMemory", "spark.executor.memory": "executorMemory"}


def raised(memory: str, factor: float) -> str:
    """More memory by a factor; above 2 GB in whole GB."""
    wanted = int(megabytes(memory) * factor)
    return f"{-(-wanted // 1024)}g" if wanted > 2048 else size(wanted)


def fits(evidence: Evidence, setting: Setting, value: str) -> str:
    """Whether a driver or executor with the new value fits the cluster's nodes, in words."""
    heap = value if setting.is_heap else Setting.heap(setting.of).now(evidence)
    given = evidence.settings.get(Setting.overhead(setting.of).spark)
    container = container_mb(setting.of, heap, given if setting.is_heap else value)
    types = _types(evidence, ("CORE", "TASK"))
    if not types:
        return "the size of the nodes is not known here"
    judged = (_fit(setting, container, each) for each in types)
    return "; ".join(judged)


def _fit(setting: Setting, container: int, node: InstanceType) -> str:
    wanted = f"its container then takes {_gb(container)} of the {_gb(node.yarn_mb)} of YARN memory on each {node.name}"
    if container <= node.yarn_mb:
        return f"{wanted}, which holds {node.yarn_mb // container}"
    most = size(largest_heap_mb(setting.of, node.yarn_mb))
    return f"{wanted}, which is too much (heap at most {most}): use nodes with more memory{_larger(container)}"


def _whole_node(of: str, evidence: Evidence) -> str:
    """The heap that EMR sets where executors are to be as large as a node; nothing where they are not, or unknown.

    The driver may come to any node, so EMR goes by the smallest.
    """
    if evidence.cluster.settings("spark").get("maximizeResourceAllocation") != "true":
        return ""
    types = _types(evidence, ("CORE",) if of == "executor" else ("MASTER", "CORE"))
    return size(min(largest_heap_mb(of, each.yarn_mb) for each in types)) if types else ""


def _types(evidence: Evidence, roles: Sequence[str]) -> list[InstanceType]:
    """The instance types of the nodes in these roles, as far as they are known."""
    groups = (group for group in evidence.cluster.groups if group.role in roles)
    names = {name.strip() for group in groups for name in group.instance_type.split(",")}
    return [each for name in sorted(names) if (each := instance_type(name))]


def _larger(container: int) -> str:
    """The smallest type with much memory that holds a container, in words."""
    types = (instance_type(f"r5.{times}xlarge") for times in ("", 2, 4, 8, 12, 16, 24))
    return next((f", as {each.name}" for each in types if each and each.yarn_mb >= container), "")


def _gb(number: int) -> str:
    return f"{number / 1024:.3g} GB"
