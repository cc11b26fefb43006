"""A log of 200 MB as a cluster writes it, and what reading it costs the whole command."""

import itertools
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from launcher.support.project import PROJECT

MEGABYTES, SECONDS, MEMORY = 200, 10.0, 300
_ROUTINE = (
    "26/11/25 04:00:01 INFO TaskSetManager: Finished task {n}.0 in stage 12.0 (TID {n}) in 812 ms on ip-10-0-0-7 "
    "(1/9)\n",
    "26/11/25 04:00:01 INFO BlockManagerInfo: Added broadcast_{n}_piece0 in memory on ip-10-0-0-7:41001 (size: 36.5 "
    "KiB)\n",
    "26/11/25 04:00:02 INFO Executor: Running task {n}.0 in stage 12.0 (TID {n})\n",
)
_TROUBLE = (
    "26/11/25 04:00:02 WARN TaskSetManager: Lost task {n}.0 in stage 12.0 (TID {n}) (ip-10-0-0-7.ec2.internal "
    "executor 4): "
    "java.io.IOException: Connection reset by peer\n",
    "\tat org.apache.spark.network.client.TransportChannelHandler.channelRead(TransportChannelHandler.java:{n})\n",
    "\tat io.netty.channel.ChannelHandlerContext.invokeChannelInactive(ChannelHandlerContext.java:{n})\n",
)
_END = (
    "26/11/25 04:59:59 ERROR Executor: Exception in task 3.3 in stage 12.0 (TID 61)\n"
    "java.lang.OutOfMemoryError: unable to create new native thread\n"
)
CAUSE = "out-of-threads"
# How much of it is not routine: a driver's log is quiet, one at WARN alone is all of it.
KINDS = {"mostly routine": 20, "all of it warnings": 1}


@dataclass(frozen=True)
class Cost:
    """Seconds, the most memory in MB, and the cause that was stated."""

    seconds: float
    megabytes: float
    cause: str


def measured(kind: str) -> Cost:
    """Write such a log, and diagnose it in a process of its own."""
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "stderr"
        with log.open("w") as file:
            for line in itertools.chain(_lines(KINDS[kind]), [_END]):
                file.write(line)
        return _diagnosed(log)


def _lines(each: int) -> Iterator[str]:
    written, number = 0, 0
    while written < MEGABYTES * 2**20:
        lines = _TROUBLE if number % each == 0 else _ROUTINE
        text = "".join(lines).replace("{n}", str(number))
        yield text
        written, number = written + len(text), number + 1


def _diagnosed(log: Path) -> Cost:
    command = [sys.executable, str(PROJECT / "run_experiment.py"), "cluster", "diagnose", "--file", str(log), "--json"]
    start = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.PIPE, cwd=PROJECT)
    out = process.stdout.read() if process.stdout else b""
    _, _, used = os.wait4(process.pid, 0)
    return Cost(time.perf_counter() - start, used.ru_maxrss / 1024, json.loads(out)["cause"])
