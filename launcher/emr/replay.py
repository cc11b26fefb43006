"""Shows a run that goes on elsewhere as one that runs here: its status becomes calls of an observer."""

import time
from typing import TYPE_CHECKING

from launcher.emr.step_files import Status
from launcher.plan import Plan

if TYPE_CHECKING:
    from launcher.runner import Observer


class Replay:
    """Tells an observer what is new in a status; `clock` is the observer's, with the times of over there."""

    def __init__(self, plan: Plan, started: float):
        self._steps = {step.name: (step, number) for number, step in enumerate(plan.steps, start=1)}
        self._begun: set[str] = set()
        self._done: set[str] = set()
        self._cell = 0
        self._now: float | None = started

    def clock(self) -> float:
        """The time, in seconds since 1970, or while something is told the time at which it happened."""
        return time.time() if self._now is None else self._now

    def live(self) -> None:
        """From now on the time is now, but for what is told."""
        self._now = None

    def tell(self, status: Status, observer: "Observer") -> None:
        """Tell what has happened since the last time."""
        for seen in status.steps:
            if seen.name not in self._steps:  # a version with other notebooks submitted it
                continue
            step, number = self._steps[seen.name]
            if seen.name not in self._begun:
                self._begun.add(seen.name)
                self._now = seen.started
                observer.step_started(step, number)
            if seen.ended is not None and seen.name not in self._done:
                self._done.add(seen.name)
                self._now = seen.ended
                observer.step_done(step)
        self._now = None
        if status.cell:
            observer.cell_started(status.cell)
