"""Ctrl-C and SIGTERM as one exception, so that a run always cleans up."""

import signal
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from types import FrameType
from typing import Any

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
# Seconds after which an interruption that was lost is raised again.
_AGAIN = 2.0


class Interrupted(KeyboardInterrupt):
    """The run was told to stop. A KeyboardInterrupt, for asyncio swallows any other exception of a handler."""

    def __init__(self, number: int):
        self.signal = signal.Signals(number)
        super().__init__(self.signal.name)

    def __reduce__(self) -> Any:
        """Pickle the signal's number, which the constructor takes, and the notes."""
        return type(self), (self.signal.value,), self.__dict__

    @property
    def name(self) -> str:
        """The signal's name for people."""
        return "Ctrl-C" if self.signal is signal.SIGINT else self.signal.name

    @property
    def exit_code(self) -> int:
        """What a shell expects of a process ended by this signal: 130 for Ctrl-C, 143 for SIGTERM."""
        return 128 + self.signal

    def accept(self) -> None:
        """Say that whoever caught it goes on on purpose, so that it is not raised again."""
        signal.setitimer(signal.ITIMER_REAL, 0)


@contextmanager
def interruptible() -> Iterator[None]:
    """Raise `Interrupted` at the first signal; later ones are ignored until the process, which is to end, does.

    Python raises it wherever it happens to be, and loses it where that is a destructor or a library's callback. So it
    is raised again until it arrives here, unless clean-up that it caused is under way.
    """

    def stop(number: int, _frame: FrameType | None) -> None:
        def again(_number: int, _frame: FrameType | None) -> None:
            if not _is_under_way():
                raise Interrupted(number)

        for each in handled:
            signal.signal(each, signal.SIG_IGN)
        signal.signal(signal.SIGALRM, again)
        signal.setitimer(signal.ITIMER_REAL, _AGAIN, _AGAIN)
        raise Interrupted(number)

    # An ignored signal stays ignored, as nohup wants.
    handled = [each for each in _SIGNALS if signal.getsignal(each) is not signal.SIG_IGN]
    before = {each: signal.signal(each, stop) for each in handled}
    try:
        yield
    except Interrupted as stopped:
        stopped.accept()
        raise
    except BaseException:
        _restore(before)
        raise
    _restore(before)  # the body came to its end, with or without a signal: there is nothing left to stop


class TimeUp(Interrupted):
    """A time limit has passed."""

    def __init__(self) -> None:
        super().__init__(signal.SIGALRM)

    def __reduce__(self) -> Any:
        """Pickle the notes."""
        return type(self), (), self.__dict__


@contextmanager
def limited(seconds: float | None) -> Iterator[None]:
    """Raise `TimeUp` in the block when it has taken so long, and again until it arrives; None: never.

    A signal that comes first goes on as `interruptible` has it. For the main thread.
    """
    if seconds is None:
        yield
        return

    def up(_number: int, _frame: FrameType | None) -> None:
        if not _is_under_way():
            raise TimeUp

    before = signal.signal(signal.SIGALRM, up)
    signal.setitimer(signal.ITIMER_REAL, seconds, _AGAIN)
    try:
        yield
    finally:
        if signal.getsignal(signal.SIGALRM) is up:
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, before)


def _is_under_way() -> bool:
    """Whether what runs now is an `except` or `finally` that an interruption led to."""
    error = sys.exception()
    while error is not None and not isinstance(error, Interrupted):
        error = error.__context__
    return error is not None


def _restore(handlers: Mapping[signal.Signals, Any]) -> None:
    if any(signal.getsignal(each) is signal.SIG_IGN for each in handlers):
        signal.setitimer(signal.ITIMER_REAL, 0)  # after a signal only: others may have use for this timer
    for each, handler in handlers.items():
        signal.signal(each, handler)
