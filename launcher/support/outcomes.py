"""How a command ends: an exception becomes one message and an exit code, in the same way for every command."""

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
        _tell(Text(f"Stopped by {stop.name}.", "bold yellow"), stop)
        raise typer.Exit(stop.exit_code) from None
    except (typer.Exit, typer.Abort, typer.BadParameter):
        raise
    except Exception as error:
        if debug:
            _print(Text(masked_text(_trace(error))))
        known = error if isinstance(error, ExperimentError) else _full_disk(error)
        if known:
            _tell(Text("Error: ", "bold red") + Text(masked_text(str(known)), "not bold default"), error)
            raise typer.Exit(known.exit_code) from None
        problem = f"{type(error).__name__}: {str(error).strip() or 'no message'}".splitlines()[0]
        hint = "" if debug else " (--debug shows the traceback)"
        _tell(Text("Unexpected error: ", "bold red") + Text(masked_text(problem) + hint, "not bold default"), error)
        raise typer.Exit(1) from None


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


def _tell(message: Text, error: BaseException) -> None:
    for note in getattr(error, "__notes__", []):
        message = message + Text(
            ("\n" if isinstance(error, Exception) else " ") + masked_text(note), "not bold default"
        )
    _print(message)


def _print(message: Text) -> None:
    console = err()
    console.print(message, soft_wrap=not console.is_terminal)  # in a log, a line stays a line


def _trace(error: BaseException) -> str:
    """The traceback: that of the notebook for an error of a cell, otherwise of this process."""
    in_notebook = getattr(getattr(error, "failure", None), "traceback", "")
    return in_notebook or "".join(traceback.format_exception(error))
