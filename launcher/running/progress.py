"""What a run looks like while it runs: a live display in a terminal, sparse lines in a log."""

import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from types import TracebackType
from typing import Self

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text

from launcher.experiment.plan import Plan, Step, count_cells
from launcher.experiment.search_log import SearchLog, SearchState, describe
from launcher.support.console import duration
from lib.errors import ExperimentError
from lib.search.candidates import candidates_of

# Seconds between two lines of a log about the search.
_QUIET = 5.0
_BAR_WIDTH = 24


class Progress:
    """Follows a run; a context manager, and the observer that the run tells its steps."""

    def __init__(self, plan: Plan, log: SearchLog, console: Console, clock: Callable[[], float] = time.monotonic):
        self._plan, self._log, self._console, self._clock = plan, log, console, clock
        self._started = clock()
        self._times: dict[str, list[float]] = {}  # step: [start] while it runs, [start, end] after
        self.search = SearchState(candidates_of(plan.parameters), plan.parameters.metric)
        self._cell, self._cells = 0, 0
        self._told, self._told_at = 0, -_QUIET
        self._over = threading.Event()
        self._watcher = threading.Thread(target=self._watch, name="search-log", daemon=True)
        self._spinner = Spinner("dots")
        self._live = Live(get_renderable=self.render, console=console, refresh_per_second=8)

    def __enter__(self) -> Self:
        """Start watching and showing."""
        self._watcher.start()
        if self._console.is_terminal:
            self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Leave the last state on the screen."""
        self._over.set()
        self._watcher.join()
        if self._console.is_terminal:
            self._live.stop()

    def step_started(self, step: Step, number: int) -> None:
        """Show that a step is running."""
        self._times[step.name] = [self._clock()]
        self._cell, self._cells = 0, count_cells(step.notebook) + 1  # papermill adds one with the parameters
        self._say(f"{number}/{len(self._plan.steps)} {step.name}")

    def cell_started(self, number: int) -> None:
        """Show which cell runs."""
        self._cell = number

    def step_done(self, step: Step) -> None:
        """Show that a step is done."""
        self._times[step.name].append(self._clock())

    def look(self) -> None:
        """Read the search's log once."""
        if self.search.is_done or not self._running("train"):
            return
        self.search = replace(self.search, scored=self._log.read())
        done, total = len(self.search.scored), len(self.search.candidates)
        # A log needs a line now and then: about ten in a search.
        is_due = done - self._told >= total / 10 and self._clock() - self._told_at >= _QUIET
        if done > self._told and (is_due or done == total):
            self._told, self._told_at = done, self._clock()
            self._say(f"    {done}/{total} candidates{self._left()}; {', '.join(self._best())}")

    def render(self) -> RenderableType:
        """The live display at this moment."""
        table = Table.grid(padding=(0, 1))
        for number, step in enumerate(self._plan.steps, start=1):
            times = self._times.get(step.name)
            style = "" if times else "dim"
            label = Text(f"{number}/{len(self._plan.steps)} {step.name}", style)
            table.add_row(self._mark(times), label, Text(self._spent(times), style), self._where(times))
        if not self._running("train"):
            return table
        return Group(table, Text(), *self._render_search())

    def _render_search(self) -> list[RenderableType]:
        search = self.search
        done, total = len(search.scored), len(search.candidates)
        bar = Table.grid(padding=(0, 1))
        bar.add_row("  ", ProgressBar(total, done, width=_BAR_WIDTH), f"{done}/{total} candidates{self._left()}")
        return [bar, *(Text(f"   {line}", overflow="fold") for line in self._best())]

    def _best(self) -> list[str]:
        best = self.search.best
        return [f"best so far: {self.search.figure(best)}", describe(best)] if best else []

    def _left(self) -> str:
        if self.search.is_done:
            return ", now retraining the winner"
        left = self.search.seconds_left()
        return f", about {duration(left)} left" if left is not None else ""

    def _mark(self, times: list[float] | None) -> RenderableType:
        if times is None:
            return " "
        if len(times) == 2:
            return Text("✓", "green")
        return Text("✗", "red") if self._over.is_set() else self._spinner

    def _spent(self, times: list[float] | None) -> str:
        return duration((times[1] if len(times) == 2 else self._clock()) - times[0]) if times else ""

    def _where(self, times: list[float] | None) -> Text:
        running = times is not None and len(times) == 1 and self._cell > 0
        return Text(f"cell {self._cell} of {self._cells}" if running else "", "dim")

    def _running(self, name: str) -> bool:
        return len(self._times.get(name, [])) == 1

    def _say(self, text: str) -> None:
        if not self._console.is_terminal:
            self._console.print(f"{duration(self._clock() - self._started):>8}  {text}", soft_wrap=True)

    def _watch(self) -> None:
        while not self._over.wait(self._log.pause):
            with suppress(ExperimentError):  # off this machine a look may fail; the next one will succeed
                self.look()
