"""Spark's Python workers, and how they lose less time between tasks.

A worker serves one task after another. After each, it collects garbage among all objects that its libraries made, and
before the next, it has every archive on its path read again, Spark's own jar with thousands of names among them. With
numba and pandas loaded that is some 0.2 s a task, more than many a task takes.
"""

import gc
import sys
import zipimport
from collections.abc import Callable, Iterable
from typing import TypeVar

T = TypeVar("T")
U = TypeVar("U")

# More objects than a task leaves behind, and far fewer than a library does.
_MANY = 20_000


def quick_to_reuse(function: Callable[[Iterable[T]], Iterable[U]]) -> Callable[[Iterable[T]], Iterable[U]]:
    """Make a function of a partition leave its worker ready for the next task."""

    def of_partition(items: Iterable[T]) -> Iterable[U]:
        yield from function(items)
        _tidy()

    return of_partition


def _tidy() -> None:
    if len(gc.get_objects()) > _MANY:
        # What is there now, compiled code and libraries, stays: later collections need not look at it.
        gc.collect()
        gc.freeze()
    for path, finder in list(sys.path_importer_cache.items()):
        if isinstance(finder, zipimport.zipimporter):
            del sys.path_importer_cache[path]  # a cache; an import makes another
