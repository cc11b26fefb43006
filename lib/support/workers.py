"""Saving time between the tasks of Spark's Python workers.

A worker runs one task after another. After each, it collects garbage among all objects that its libraries created, and
before the next, it re-reads every archive on its path, including Spark's own jar with thousands of names. With numba
and pandas loaded this takes about 0.2 s per task, longer than many tasks.
"""

import gc
import sys
import zipimport
from collections.abc import Callable, Iterable
from typing import TypeVar

T = TypeVar("T")
U = TypeVar("U")

# More objects than a task leaves behind, and far fewer than a library creates.
_MANY = 20_000


def quick_to_reuse(function: Callable[[Iterable[T]], Iterable[U]]) -> Callable[[Iterable[T]], Iterable[U]]:
    """Wrap a partition function so that it leaves its worker ready for the next task."""

    def of_partition(items: Iterable[T]) -> Iterable[U]:
        yield from function(items)
        _tidy()

    return of_partition


def _tidy() -> None:
    if len(gc.get_objects()) > _MANY:
        # The objects of compiled code and libraries stay: later collections need not scan them.
        gc.collect()
        gc.freeze()
    for path, finder in list(sys.path_importer_cache.items()):
        if isinstance(finder, zipimport.zipimporter):
            del sys.path_importer_cache[path]  # only a cache; the next import creates it again
