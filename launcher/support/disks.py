"""Disks that are full: the system says "No space left on device", and neither which one nor what to do."""

import re
import shutil
import traceback
from collections.abc import Mapping
from types import MappingProxyType

from launcher.support.files import local_path, nearest_existing
from lib.errors import ExperimentError

_FULL = re.compile(r"No space left on device|\[Errno 28\]|Disk quota exceeded|\[Errno 122\]")
_MEGABYTE = 1024**2


class DiskFull(ExperimentError):
    """Something could not be written, because a disk of this machine is full."""


def disk_full(
    error: BaseException, remedies: Mapping[str, str], needs: Mapping[str, float] = MappingProxyType({})
) -> DiskFull | None:
    """The error to raise instead, if a full disk is behind one.

    `remedies` says for each place where something is written what helps if its disk is full, and `needs` how many bytes
    are needed there, where that is reckoned. What could not be written
    is gone by now, so the disk with the least room is the one.
    """
    if not _FULL.search("".join(traceback.format_exception(error))):
        return None
    room = {place: shutil.disk_usage(nearest_existing(path)) for place in remedies if (path := local_path(place))}
    if not room:
        return None
    place = min(room, key=lambda each: room[each].free)
    free, total = (size / _MEGABYTE for size in (room[place].free, room[place].total))
    need = f"; this takes about {needs[place] / _MEGABYTE:,.0f} MB" if place in needs else ""
    room_there = f"{free:,.0f} MB free of {total:,.0f} MB{need}"
    return DiskFull(f"no space left on the disk of {place} ({room_there}): {remedies[place]}")
