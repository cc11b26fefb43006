"""How a command ends: an exception becomes one message and an exit code, in the same way for every command."""

import os
import select
import sys
import tempfile
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import typer
from rich.text import Text

from launcher.support.console import err
from launcher.support.disks import disk_full
from launcher.support.interrupts import Interrupted, interruptible
from launcher.support.masking import masked_text
from launcher.support.wrapping import wrapped
from lib.errors import ExperimentError

EXIT_CODES = (
    "Exit codes: 0 done; 1 the experiment failed (its notebook is kept and named); 2 wrong usage or bad input; "
    "130 stopped by Ctrl-C; 143 stopped by SIGTERM."
)

# Exit codes above this are those of a signal.
_STOPPED = 128


@contextmanager
def command_body(debug: bool) -> Iterator[None]:
    """Run a command's body; end it with one message on stderr and the exit code of what went wrong.

    `debug` adds the traceback, that of the notebook where a cell raised.
    """
    try:
        with interruptible():
            yield
    except Interrupted as stop:
        _tell(Text(f"Stopped by {stop.name}.", "bold yellow"), "", stop)
        raise typer.Exit(stop.exit_code) from None
    except (typer.Exit, typer.Abort, typer.BadParameter):
        raise
    except Exception as error:
        if isinstance(error, BrokenPipeError) and _nobody_reads():
            raise typer.Exit(1) from None  # as Rich and Click do
        if debug:
            err().print(Text(masked_text(_trace(error))), soft_wrap=True)
        known = error if isinstance(error, ExperimentError) else _full_disk(error)
        if known:
            _tell(Text("Error: ", "bold red"), str(known), error)
            raise typer.Exit(known.exit_code) from None
        problem = f"{type(error).__name__}: {str(error).strip() or 'no message'}".splitlines()[0]
        hint = "" if debug else " (--debug shows the traceback)"
        _tell(Text("Unexpected error: ", "bold red"), problem + hint, error)
        raise typer.Exit(1) from None


def _nobody_reads() -> bool:
    """Whether what reads the output has read enough, as `head` does; then all else goes nowhere."""
    try:
        descriptor = sys.stdout.fileno()
    except (OSError, ValueError):  # it is no file
        return False
    output = select.poll()
    output.register(descriptor, 0)
    is_closed = any(event & select.POLLERR for _, event in output.poll(0))
    if is_closed:
        os.dup2(os.open(os.devnull, os.O_WRONLY), descriptor)  # Python flushes once more at its end
    return is_closed


def _full_disk(error: Exception) -> ExperimentError | None:
    place = (isinstance(error, OSError) and error.filename) or tempfile.gettempdir()
    return disk_full(error, {str(place): "free some space"})


def one_after_the_other(bodies: Sequence[Callable[[], None]], debug: bool) -> None:
    """Do several things of which one that fails, with its message, does not keep the next from being done.

    Raises:
        typer.Exit: some failed; with the worst of their exit codes. What stops one, as Ctrl-C does, stops all.
    """
    worst = 0
    for body in bodies:
        try:
            with command_body(debug):
                body()
        except typer.Exit as end:
            if end.exit_code > _STOPPED:
                raise
            worst = max(worst, end.exit_code)
    if worst:
        raise typer.Exit(worst)


def _tell(head: Text, message: str, error: BaseException) -> None:
    """Print a message behind its head, with the notes of the error; they may name what must not be shown."""
    for note in getattr(error, "__notes__", []):
        message += ("\n" if isinstance(error, Exception) else " ") + note
    lines = masked_text(head.plain + message).split("\n")
    console = err()
    shown = [part for line in lines for part in wrapped(line, console.width)] if console.is_terminal else lines
    console.print(Text.assemble(head, shown[0][len(head.plain) :]), soft_wrap=True)
    for line in shown[1:]:
        console.print(Text(line), soft_wrap=True)


def _trace(error: BaseException) -> str:
    """The traceback: that of the notebook for an error of a cell, otherwise of this process."""
    in_notebook = getattr(getattr(error, "failure", None), "traceback", "")
    return in_notebook or "".join(traceback.format_exception(error))
