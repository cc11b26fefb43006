"""Processes of this machine, known again later: by their id and when they started."""

import os
import socket
from dataclasses import dataclass

import psutil


@dataclass(frozen=True)
class Process:
    """A process. An id alone may be another's by now, so its start belongs to it."""

    host: str
    pid: int
    process_started: float

    @classmethod
    def this(cls) -> "Process":
        """The one that asks."""
        return cls(socket.gethostname(), os.getpid(), psutil.Process().create_time())

    @property
    def is_here(self) -> bool:
        """Whether it is, or was, one of this machine; of others nothing can be seen."""
        return self.host == socket.gethostname()

    @property
    def is_running(self) -> bool:
        """Whether it runs, of one of this machine."""
        return runs(self.pid, self.process_started)


def runs(pid: int, started: float) -> bool:
    """Whether the process of this id that started then still runs on this machine."""
    try:
        process = psutil.Process(pid)
        return abs(process.create_time() - started) < 1 and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
