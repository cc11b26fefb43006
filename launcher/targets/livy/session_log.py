"""The log of a Livy session: what its driver printed, stream by stream, and which lines of it people should see."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Self

from launcher.emr.diagnosis.evidence import telling

_STDOUT, _STDERR, _YARN = "stdout:", "stderr:", "YARN Diagnostics:"
# So many lines are quoted of each stream. The JVM's own last words are on stdout; log4j and Python write to stderr.
_QUOTED = {_STDOUT: 3, _STDERR: 6, _YARN: 3}


@dataclass(frozen=True)
class SessionLog:
    """The last lines of each stream, as Livy keeps them (200 of each)."""

    stdout: Sequence[str] = ()
    stderr: Sequence[str] = ()
    diagnostics: Sequence[str] = ()

    @classmethod
    def parse(cls, entries: Iterable[str]) -> Self:
        """From Livy's own list: a heading stands before the lines of each stream, whether there are any or not."""
        streams: dict[str, list[str]] = {_STDOUT: [], _STDERR: [], _YARN: []}
        stream = _STDERR
        for line in (line for entry in entries for line in entry.splitlines() if line.strip()):
            if line.strip() in streams:
                stream = line.strip()
            else:
                streams[stream].append(line)
        return cls(streams[_STDOUT], streams[_STDERR], streams[_YARN])

    @property
    def lines(self) -> list[str]:
        """All lines, those that tell of the end last: a driver's stderr is long, and mostly about what came before."""
        return [*self.stderr, *self.stdout, *self.diagnostics]

    def quoted(self) -> list[str]:
        """A few lines for people: the last that report trouble, of each stream, or the very last where none does."""
        streams = {_STDOUT: self.stdout, _STDERR: self.stderr, _YARN: self.diagnostics}
        found = [line.text for name, lines in streams.items() for line in telling(lines)[-_QUOTED[name] :]]
        return found or self.lines[-_QUOTED[_YARN] :]
