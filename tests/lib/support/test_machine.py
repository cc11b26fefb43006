"""The memory of this machine, or of the container it is, to both who share it out."""

import os

import pytest

from launcher import local_spark
from lib.engines.task import memory
from lib.support import machine

GB = 2**30
UNLIMITED_V1 = str(2**63 - 4096)
# What the process is told of its groups, the limits on files, and the one that holds.
CGROUPS = {
    "version 2, seen from within": ("0::/\n", {"memory.max": f"{4 * GB}\n"}, 4),
    "version 2, a group within another": (
        "0::/user.slice/job\n",
        {"user.slice/memory.max": f"{6 * GB}\n", "user.slice/job/memory.max": "max\n"},
        6,
    ),
    "version 2, without a limit": ("0::/job\n", {"job/memory.max": "max\n"}, 64),
    "version 1": (
        "5:cpu,cpuacct:/a\n4:memory:/docker/x\n0::/\n",
        {"memory/memory.limit_in_bytes": UNLIMITED_V1, "memory/docker/x/memory.limit_in_bytes": f"{8 * GB}\n"},
        8,
    ),
    "version 1, a container that sees only its own group": (
        "4:memory:/docker/x\n",
        {"memory/memory.limit_in_bytes": f"{5 * GB}\n"},
        5,
    ),
    "version 1, without a limit": ("4:memory:/\n", {"memory/memory.limit_in_bytes": UNLIMITED_V1}, 64),
    "more than the machine has": ("0::/\n", {"memory.max": str(128 * GB)}, 64),
    "not Linux": (None, {}, 64),
}


@pytest.fixture
def cgroups(monkeypatch, tmp_path):
    """A machine of 64 GB with these control groups."""

    def make(told, limits):
        if told is not None:
            (tmp_path / "groups").write_text(told)
        for name, limit in limits.items():
            file = tmp_path / "cgroup" / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(limit)
        monkeypatch.setattr(machine, "_OWN_GROUPS", tmp_path / "groups")
        monkeypatch.setattr(machine, "_CGROUP", tmp_path / "cgroup")
        sizes = {"SC_PAGE_SIZE": 4096, "SC_PHYS_PAGES": 64 * GB // 4096}
        monkeypatch.setattr(os, "sysconf", sizes.__getitem__)

    return make


@pytest.mark.parametrize("name", CGROUPS)
def test_a_container_has_what_its_group_may_use(cgroups, name):
    told, limits, expected = CGROUPS[name]
    cgroups(told, limits)
    assert machine.memory_bytes() == expected * GB


@pytest.mark.parametrize(("limit", "heap"), [(4, "1g"), (16, "4g"), (100, "8g")])
def test_both_who_share_it_out_go_by_it(cgroups, spark, limit, heap):
    """Spark's heap is a quarter of it at first; the tasks have what is left beside heap, driver and system."""
    cgroups("0::/\n", {"memory.max": str(limit * GB)})
    assert local_spark._defaults()["spark.driver.memory"] == heap
    beside = memory.JVM_BYTES + memory.DRIVER_BYTES + memory.RESERVE_BYTES
    left = min(limit, 64) * GB - memory._heap_bytes(spark) - beside
    share = max(0, left) / spark.sparkContext.defaultParallelism
    assert memory.available_bytes(spark) == share


@pytest.mark.parametrize(("limit", "available"), [(1, 0), (2.5, 1), (1000, None)])
def test_a_task_has_no_more_than_a_process_may_reserve(cgroups, spark, monkeypatch, limit, available):
    cgroups("0::/\n", {})
    share = memory.available_bytes(spark)
    monkeypatch.setattr(machine, "process_bytes", lambda: int(limit * GB))
    assert memory.available_bytes(spark) == (share if available is None else available * GB)
