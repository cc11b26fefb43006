"""The machine or container that this process runs on."""

import os
import resource
from collections.abc import Iterator
from pathlib import Path

_CGROUP, _OWN_GROUPS = Path("/sys/fs/cgroup"), Path("/proc/self/cgroup")


def memory_bytes() -> int:
    """Memory that all processes here may use together: the machine's, or less if a cgroup limits it."""
    return min([os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"), *_limits()])


def process_bytes() -> int | None:
    """The address space that one process here may reserve (`ulimit -v`), or None where nothing limits it."""
    limit, _ = resource.getrlimit(resource.RLIMIT_AS)
    return None if limit == resource.RLIM_INFINITY else limit


def _limits() -> Iterator[int]:
    """The memory limits of this process's control group and its parents, in cgroups v1 and v2.

    A container may see only its own group, mounted as the root, so the path in /proc may not exist.
    """
    for file in _limit_files():
        try:
            yield int(file.read_text())
        except (OSError, ValueError):  # no such group here, or "max"
            continue


def _limit_files() -> Iterator[Path]:
    try:
        groups = [line.split(":", 2) for line in _OWN_GROUPS.read_text().splitlines()]
    except OSError:  # not Linux
        return
    for _, controllers, group in groups:
        if "memory" in controllers.split(","):
            root, name = _CGROUP / "memory", "memory.limit_in_bytes"
        elif not controllers:
            root, name = _CGROUP, "memory.max"
        else:
            continue
        own = root / group.lstrip("/")
        yield from (folder / name for folder in (own, *own.parents) if folder.is_relative_to(root))
