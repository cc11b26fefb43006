"""A notebook that failed, in words: which cell, what error, where the evidence is."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from nbclient.exceptions import CellTimeoutError, DeadKernelError
from papermill.exceptions import PapermillExecutionError

from lib.errors import ExperimentError, InputError, cut

_COLOURS = re.compile(r"\x1b\[[0-9;]*m")


@dataclass(frozen=True)
class CellFailure:
    """What is known about a failed cell; `count` is its number as in `In [4]`, None if it never got one."""

    count: int | None
    source: str
    ename: str
    evalue: str
    traceback: str = ""

    @classmethod
    def of(
        cls, error: Exception, source: str, count: int | None, reply: Mapping[str, Any] | None = None
    ) -> "CellFailure":
        """Read a papermill or nbclient exception.

        `source` and `count` are of the cell that was running, `reply` is what the kernel answered if it raised.
        """
        if isinstance(error, PapermillExecutionError):
            told = {"ename": error.ename, "evalue": error.evalue, "traceback": error.traceback}
            if not error.traceback and reply:  # as of a magic that does not exist: the notebook shows no error
                told |= {name: reply[name] for name in told if name in reply}
            traceback = _COLOURS.sub("", "\n".join(told["traceback"]))
            return cls(error.exec_count, error.source, told["ename"], told["evalue"], traceback)
        if isinstance(error, DeadKernelError):
            problem = "its process ended unexpectedly, as when memory runs out"
            return cls(count, source, "the kernel died", problem)
        if isinstance(error, CellTimeoutError):
            return cls(count, source, "the kernel stopped answering", str(error).splitlines()[0])
        return cls(count, source, type(error).__name__, str(error))

    @classmethod
    def before_any(cls, log: str) -> "CellFailure":
        """Of a kernel that ended before it took a cell; `log` is what it printed, which ends with the reason."""
        reason = next((line.strip() for line in reversed(log.splitlines()) if line.strip()), "it gave no reason")
        return cls(None, "", "the kernel did not start", reason)

    @property
    def kind(self) -> type[ExperimentError] | None:
        """Which of our own errors the cell raised, or None for one that nobody foresaw.

        A kernel hands over an error's name, not its class. We know all that are defined in what is imported here,
        which is why `lib` has all of its own in `lib.errors`.
        """
        return next((known for known in _family(ExperimentError) if known.__name__ == self.ename), None)

    @property
    def cell(self) -> str:
        """The cell as a person can find it: its number and its first line."""
        lines = [line for line in self.source.splitlines() if line.strip()]
        number = f"cell In [{self.count}]" if self.count is not None else "a cell"
        return f"{number} ({cut(lines[0].strip(), 60)})" if lines else number

    @property
    def error(self) -> str:
        """The error on one line, or this project's own message unchanged."""
        if self.kind:
            return self.evalue
        lines = [line.strip() for line in self.evalue.splitlines() if line.strip()]
        # Py4J's first line says only which call it was; the second is the Java exception, after a colon.
        wanted = lines[1:2] if self.ename == "Py4JJavaError" and len(lines) > 1 else lines[:1]
        return cut(": ".join([self.ename, *(line.lstrip(": ") for line in wanted)]), 400)


class NotebookFailed(ExperimentError):
    """A cell raised."""

    def __init__(self, notebook: str, failure: CellFailure):
        self.notebook, self.failure = notebook, failure
        where = f" in {failure.cell}" if failure.source else ""
        super().__init__(f"{notebook} failed{where}: {failure.error}")


class NotebookRefused(InputError):
    """A notebook refused the user's input; the message is that of `lib`."""

    def __init__(self, notebook: str, failure: CellFailure):
        self.notebook, self.failure = notebook, failure
        if failure.kind:
            self.cause = failure.kind.cause
        super().__init__(failure.evalue)


def _family(kind: type[ExperimentError]) -> list[type[ExperimentError]]:
    return [kind, *(each for child in kind.__subclasses__() for each in _family(child))]
