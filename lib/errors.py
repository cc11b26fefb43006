"""Exceptions whose messages a person can act on.

Every exception raised on purpose derives from `ExperimentError`; its message says what is wrong, where, and
what to do. `exit_code` is the exit code of the command line and the spark-submit scripts.
"""

import difflib
from collections.abc import Callable, Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any


class ExperimentError(Exception):
    """The experiment failed for a known reason.

    Attributes carry what is known beyond the message: `cause`, the name that `cluster diagnose` uses for it ("" if it
    has none); `settings`, the parameters that would help, with suggested values; `kept_at`, the folder where the
    notebooks of the failed run are kept ("" if there are none).
    """

    exit_code = 1
    cause = ""
    settings: Mapping[str, str] = MappingProxyType({})
    kept_at = ""

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[Any, ...]]:
        """Pickle the message and the attributes: a subclass's constructor may take arguments other than the message."""
        return _restored, (type(self), self.args, self.__dict__)


def _restored(kind: type[ExperimentError], args: tuple[Any, ...], state: Mapping[str, Any]) -> ExperimentError:
    error = kind.__new__(kind, *args)
    error.__dict__.update(state)
    return error


class InputError(ExperimentError):
    """What the user gave cannot be used: a parameter, a table, an output location."""

    exit_code = 2
    cause = "refused"


class MissingInputError(InputError):
    """An input table does not exist."""

    cause = "missing-input"


class TooManySquares(InputError):
    """A table is too wide for blocks of this size."""


class Damaged(InputError):
    """A file that an earlier run left is not as it was written: which, `why`, and what to do."""

    def __init__(self, place: str, why: str, remedy: str):
        self.why = why
        super().__init__(f"{place} is damaged: {why}; {remedy}")


class NotCompilable(InputError):
    """A saved model that compiled trees cannot score."""


class SavedModelError(ExperimentError):
    """Spark ML and compiled trees do not predict the same with a saved model.

    Found either when the model has `just` been `trained`, on held-out rows, or when rows are scored with it.
    """

    def __init__(self, path: str, difference: float, rows: int, just_trained: bool = False):
        self.path, self.difference, self.rows = path, difference, rows
        if just_trained:
            trees, on = "the trees it was built from", "held-out rows"
            remedy = "do not use it, report this, train with engine: spark"
        else:
            trees, on = "the compiled trees read from it", "of the rows to score"
            remedy = "report this, and score with the transform of its PipelineModel"
        super().__init__(
            f"the model saved at {path} gives probabilities in Spark ML that differ by up to {difference:.3g} from "
            f"those of {trees}, on {rows:,} {on}: {remedy}"
        )


def not_among(said: str, name: str, known: Iterable[str], introduction: str, most: int | None = None) -> str:
    """The message for an unknown name: what is wrong, the name that was probably meant, and the known names.

    `said` and `introduction` are texts such as `unknown parameter 'sed'` and `the parameters are`; `most` limits how
    many names are listed. The case of letters does not matter for what was meant.
    """
    names = list(known)
    plain = {known_name.lower(): known_name for known_name in names}
    near = difflib.get_close_matches(name.lower(), plain, n=1)
    hint = f" did you mean {plain[near[0]]}?" if near else ""
    return f"{said}:{hint} {introduction} {some(names, most or len(names))}"


def cut(text: str, most: int) -> str:
    """A text of at most so many characters, which shows that it was cut."""
    return text if len(text) <= most else f"{text[: most - 1]}…"


def some(names: Sequence[str], most: int = 12) -> str:
    """The first of many names, and how many more there are."""
    shown = ", ".join(str(name) for name in names[:most])
    return f"{shown} and {len(names) - most} more" if len(names) > most else shown
