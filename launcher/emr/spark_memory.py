"""How much memory a driver or an executor of Spark takes of a YARN node: its heap and what comes beside it."""

import re

# What Spark adds to a heap, for Python and all else that is not Java's: at least this many megabytes, or a share, which
# EMR sets higher for executors (spark.yarn.executor.memoryOverheadFactor in its spark-defaults.conf).
_LEAST_OVERHEAD = 384
_OVERHEAD_SHARE = {"driver": 0.1, "executor": 0.1875}


def megabytes(size: str) -> int:
    """`4g` is 4096; a number without a unit is megabytes, as Spark has it for memory.

    Raises:
        ValueError: it is no size.
    """
    found = re.fullmatch(r"(\d+)\s*([kmgt]?)b?", size.strip().lower())
    if found is None:
        raise ValueError(f"{size!r} is no size of memory")
    return int(int(found[1]) * {"k": 1 / 1024, "m": 1, "": 1, "g": 1024, "t": 1024**2}[found[2]])


def size(megabytes: int) -> str:
    """The other way round: 4096 is `4g`, 1536 is `1536m`."""
    return f"{megabytes // 1024}g" if megabytes % 1024 == 0 else f"{megabytes}m"


def container_mb(of: str, heap: str, overhead: str | None = None) -> int:
    """Megabytes of the YARN container of a `driver` or an `executor`; `overhead` where it is set, else the default."""
    beside = (
        max(_LEAST_OVERHEAD, int(megabytes(heap) * _OVERHEAD_SHARE[of])) if overhead is None else megabytes(overhead)
    )
    return megabytes(heap) + beside


def largest_heap_mb(of: str, yarn_mb: int) -> int:
    """The largest heap, in whole GB but given in megabytes, whose container fits a node of so much YARN memory."""
    heap = yarn_mb // 1024
    while heap > 0 and container_mb(of, f"{heap}g") > yarn_mb:
        heap -= 1
    return 1024 * heap
