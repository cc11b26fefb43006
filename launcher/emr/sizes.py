"""How much memory a node has, how much of it YARN hands out, and how much of that a driver or an executor takes.

The instance types are as of November 2026. YARN's share of a node follows the table "Task configuration" in EMR's
release guide. All sizes of a family have the same memory for each vCPU, so a family is one entry. Of a type that is
not listed nothing is known.
"""

import re
from dataclasses import dataclass

# Families by their GB of memory for each vCPU.
_FAMILIES = {
    2: "c5 c5a c5ad c5d c6a c6g c6gd c6i c6id c6in c7a c7g c7gd c7i c8g c8gd c8gn c8i",
    4: "m5 m5a m5ad m5d m5dn m5n m5zn m6a m6g m6gd m6i m6id m6idn m6in m7a m7g m7gd m7i m8a m8g m8gd m8i",
    8: "r5 r5a r5ad r5b r5d r5dn r5n r6a r6g r6gd r6i r6id r6idn r6in r7a r7g r7gd r7i r8g r8gd r8i",
}
_GB_PER_VCPU = {family: gb for gb, families in _FAMILIES.items() for family in families.split()}


@dataclass(frozen=True)
class InstanceType:
    """One type: virtual CPUs, memory in GB, and the megabytes that YARN on EMR gives to containers on such a node."""

    name: str
    vcpus: int
    memory_gb: int
    yarn_mb: int


def instance_type(name: str) -> InstanceType | None:
    """The instance type of a name such as `m5.2xlarge`; None if it is not in the table."""
    found = re.fullmatch(r"(\w+)\.(\d*)xlarge", name)
    if found is None or found[1] not in _GB_PER_VCPU:
        return None
    vcpus = 4 * int(found[2] or 1)
    memory_gb = vcpus * _GB_PER_VCPU[found[1]]
    # EMR leaves the system and its own daemons a quarter of a node, but never more than 8 GB.
    return InstanceType(name, vcpus, memory_gb, 1024 * memory_gb - min(1024 * memory_gb // 4, 8 * 1024))


# What Spark adds to a heap, for Python and all else that is not Java's: at least this many megabytes, or a share, which
# EMR sets higher for executors (spark.yarn.executor.memoryOverheadFactor in its spark-defaults.conf).
_LEAST_OVERHEAD = 384
_OVERHEAD_SHARE = {"driver": 0.1, "executor": 0.1875}


def megabytes(size: str) -> int:
    """`4g` is 4096; a number without a unit is megabytes, as Spark has it for memory.

    Raises:
        ValueError: it is not a size.
    """
    found = re.fullmatch(r"(\d+)\s*([kmgt]?)b?", size.strip().lower())
    if found is None:
        raise ValueError(f"{size!r} is not a memory size")
    return int(int(found[1]) * {"k": 1 / 1024, "m": 1, "": 1, "g": 1024, "t": 1024**2}[found[2]])


def size(megabytes: int) -> str:
    """The inverse: 4096 is `4g`, 1536 is `1536m`."""
    return f"{megabytes // 1024}g" if megabytes % 1024 == 0 else f"{megabytes}m"


def container_mb(of: str, heap: str, overhead: str | None = None) -> int:
    """Megabytes of the YARN container of a `driver` or an `executor`; `overhead` where it is set, else the default."""
    beside = (
        max(_LEAST_OVERHEAD, int(megabytes(heap) * _OVERHEAD_SHARE[of])) if overhead is None else megabytes(overhead)
    )
    return megabytes(heap) + beside


def overhead_within_mb(of: str, container: int) -> int:
    """How much of a container of so many megabytes is beside the heap, where nobody set it."""
    share = _OVERHEAD_SHARE[of]
    return max(_LEAST_OVERHEAD, int(container * share / (1 + share)))


def least_overhead_mb() -> int:
    """The least that Spark adds to a heap, however small that is."""
    return _LEAST_OVERHEAD


def largest_heap_mb(of: str, yarn_mb: int) -> int:
    """The largest heap, in whole GB but given in megabytes, whose container fits a node of so much YARN memory."""
    heap = yarn_mb // 1024
    while heap > 0 and container_mb(of, f"{heap}g") > yarn_mb:
        heap -= 1
    return 1024 * heap
