"""A Jupyter kernel for one notebook, owned by the launcher until its last process has ended."""

import asyncio
import os
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil
from jupyter_client.kernelspec import NoSuchKernel
from jupyter_client.manager import AsyncKernelManager
from jupyter_core.utils import run_sync

from launcher.kernels import OwnKernels
from lib.errors import ExperimentError

# Seconds a kernel's children (a JVM, Python workers) have to end by themselves once it is gone.
_GRACE = 10.0


class _Manager(AsyncKernelManager):
    """A kernel manager that remembers its clients: nbclient does not close those of a manager it was given."""

    def __init__(self, **settings: Any):
        super().__init__(**settings)
        self.clients: list[Any] = []

    def client(self, **settings: Any) -> Any:
        """Create a client, and remember it."""
        self.clients.append(super().client(**settings))
        return self.clients[-1]


@contextmanager
def running_kernel(name: str, log: Path, environment: Mapping[str, str]) -> Iterator[AsyncKernelManager]:
    """Run a kernel with some environment variables over ours; the project's own kernels run this checkout's code.

    What it and its children print on their own goes to `log`, not to the terminal.

    nbclient would start one itself, but lets go of it when it is interrupted at the wrong moment.

    Raises:
        ExperimentError: there is no kernel of that name.
    """
    manager = _Manager(kernel_name=name, kernel_spec_manager=OwnKernels())
    with log.open("ab") as sink:
        try:
            run_sync(manager.start_kernel)(stdout=sink, stderr=sink, env={**os.environ, **environment})
            yield manager
        except NoSuchKernel:
            raise ExperimentError(f"the Jupyter kernel {name!r} is not installed: run make setup") from None
        finally:
            _stop(manager)


def _stop(manager: _Manager) -> None:
    kernel = getattr(manager.provisioner, "pid", None)
    family = _family(kernel) if kernel else []
    try:
        run_sync(_cancel_leftovers)()
        for client in manager.clients:
            client.stop_channels()
        if manager.has_kernel:
            # Where Jupyter gave up on it, its sockets are gone: nothing can be asked of it.
            run_sync(manager.shutdown_kernel)(now=manager.context.closed)
    finally:
        _end(family)


def _family(pid: int) -> list[psutil.Process]:
    try:
        process = psutil.Process(pid)
        return [process, *process.children(recursive=True)]
    except psutil.NoSuchProcess:
        return []


async def _cancel_leftovers() -> None:
    """End what an interruption left waiting in the event loop, or asyncio complains of it at exit."""
    tasks = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def _end(processes: list[psutil.Process]) -> None:
    """Wait for processes to end; after the grace period, kill them."""
    deadline = time.monotonic() + _GRACE
    while any(_alive(process) for process in processes) and time.monotonic() < deadline:
        time.sleep(0.05)
    for process in processes:
        if _alive(process):
            process.kill()


def _alive(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
