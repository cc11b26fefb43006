"""What EC2's instance types have, and how much of a node's memory YARN hands out.

As of November 2026. YARN's share follows the table "Task configuration" in EMR's release guide. All sizes of a family
have the same memory for each vCPU, so that a family is one entry. Of a type that is not here nothing is known.
"""

import re
from dataclasses import dataclass

# Families by their GB of memory for each vCPU.
_FAMILIES = {
    2: "c5 c5a c5ad c5d c6a c6g c6gd c6i c6id c6in c7a c7g c7gd c7i",
    4: "m5 m5a m5ad m5d m5dn m5n m5zn m6a m6g m6gd m6i m6id m6idn m6in m7a m7g m7gd m7i",
    8: "r5 r5a r5ad r5b r5d r5dn r5n r6a r6g r6gd r6i r6id r6idn r6in r7a r7g r7gd r7i",
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
    """What is known of a type such as `m5.2xlarge`; None for one that is not in the table."""
    found = re.fullmatch(r"(\w+)\.(\d*)xlarge", name)
    if found is None or found[1] not in _GB_PER_VCPU:
        return None
    vcpus = 4 * int(found[2] or 1)
    memory_gb = vcpus * _GB_PER_VCPU[found[1]]
    # EMR leaves the system and its own daemons a quarter of a node, but never more than 8 GB.
    return InstanceType(name, vcpus, memory_gb, 1024 * memory_gb - min(1024 * memory_gb // 4, 8 * 1024))
