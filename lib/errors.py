"""What can go wrong, as exceptions whose text a person can act on.

Every exception raised on purpose derives from `ExperimentError`; its message says what is wrong, where, and
what to do. `exit_code` is what the command line and the spark-submit scripts end with.
"""

import difflib
from collections.abc import Iterable, Sequence


class ExperimentError(Exception):
    """The experiment failed for a reason we can name."""

    exit_code = 1


class InputError(ExperimentError):
    """What the user gave cannot be used: a parameter, a table, an output location."""

    exit_code = 2


class SavedModelError(ExperimentError):
    """The model that was saved does not predict what the engine's own trees predict."""

    def __init__(self, path: str, difference: float, rows: int):
        self.path, self.difference, self.rows = path, difference, rows
        super().__init__(
            f"the model saved at {path} gives probabilities that differ by up to {difference:.3g} from those of the "
            f"trees it was made of, on {rows:,} held-out rows: do not use it, report this, and train with engine: spark"
        )


def not_among(said: str, name: str, known: Iterable[str], introduction: str, most: int | None = None) -> str:
    """The message for an unknown name: what is wrong, the name that was probably meant, and the known names.

    `said` and `introduction` are texts such as `unknown parameter 'sed'` and `the parameters are`; `most` limits how
    many names are listed.
    """
    names = list(known)
    near = difflib.get_close_matches(name, names, n=1)
    hint = f" did you mean {near[0]}?" if near else ""
    return f"{said}:{hint} {introduction} {some(names, most or len(names))}"


def some(names: Sequence[str], most: int = 12) -> str:
    """The first of many names, and how many more there are."""
    shown = ", ".join(str(name) for name in names[:most])
    return f"{shown} and {len(names) - most} more" if len(names) > most else shown
