"""The record of a model family. Pure Python, so that the launcher can import it without Spark."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

if TYPE_CHECKING:
    from pyspark.ml.base import Estimator

Words = tuple[str, str]
"""The same text in English and in Spanish."""


@dataclass(frozen=True)
class Candidate:
    """One model with its parameters; `index` is its place in the grid, and the earlier wins a tie."""

    index: int
    model: str
    params: Mapping[str, Any]

    def __str__(self) -> str:
        """The candidate on one line, as in `GBT maxDepth=6 maxBins=64`."""
        return " ".join([self.model, *(f"{name}={value}" for name, value in self.params.items())])


class Fit(Protocol):
    """One fit, which may yield the models of several candidates."""

    in_tasks: ClassVar[bool]
    """Whether the task engine can grow it; otherwise Spark ML fits it."""

    @property
    def candidates(self) -> tuple[Candidate, ...]:
        """The candidates whose models the fit yields."""

    def same_models(self) -> list[list[Candidate]]:
        """Its candidates, grouped by model: candidates in one group are the same model."""

    def in_spark_ml(self) -> list[list[Candidate]]:
        """Its candidates, grouped by the fits that Spark ML needs; the first of each group is the one to fit."""


@dataclass(frozen=True)
class SingleFit:
    """A Spark ML fit that yields one candidate's model."""

    candidates: tuple[Candidate, ...]
    in_tasks: ClassVar[bool] = False

    def same_models(self) -> list[list[Candidate]]:
        """See `Fit.same_models`."""
        return [list(self.candidates)]

    def in_spark_ml(self) -> list[list[Candidate]]:
        """See `Fit.in_spark_ml`."""
        return [list(self.candidates)]


def single_fits(candidates: Sequence[Candidate], n_features: int) -> list[Fit]:
    """One fit per candidate, for families whose candidates share no fits."""
    return [SingleFit((candidate,)) for candidate in candidates]


@dataclass(frozen=True)
class Parameter:
    """A parameter that a search may vary.

    `default` is Spark ML's default. `problem` says what is wrong with a value ("is not …"), or None. `words` describe
    the parameter in the report.
    """

    default: Any
    problem: Callable[[Any], str | None]
    words: Words


@dataclass(frozen=True)
class Columns:
    """The columns that an estimator reads."""

    label: str
    features: str
    weight: str


@dataclass(frozen=True)
class Family:
    """A family of models: everything the project knows about it.

    `parameters` are those that a search may vary, `full_grid` the family's part of the default grid (empty: it is
    searched only when a grid names it). `fits` gives the smallest set of fits that yields the models of some candidates
    for a number of features. `estimator` creates Spark ML's estimator from parameters, columns and a seed. `first_of`
    extracts a candidate's model from the model of the first candidate of its group in `Fit.in_spark_ml`; None if no
    group has a second candidate. `importances` gives one number for each feature of a fitted model, summing to 1;
    `importance_words` says what they mean. `words` name the family as a heading, `words_in_text` within a sentence.
    `colour` (a name in `lib.reporting.plot_style.COLOURS`) and `marker` (matplotlib's) identify it in plots.
    """

    name: str
    parameters: Mapping[str, Parameter]
    full_grid: Mapping[str, Sequence[Any]]
    fits: Callable[[Sequence[Candidate], int], Sequence[Fit]]
    estimator: Callable[[Mapping[str, Any], Columns, int], "Estimator[Any]"]
    importances: Callable[[Any], Sequence[float]]
    words: Words
    words_in_text: Words
    importance_words: Words
    colour: str
    marker: str
    first_of: Callable[[Any, Candidate], Any] | None = None

    def params(self, candidate: Candidate) -> dict[str, Any]:
        """All parameters of a candidate, with defaults for those it does not set."""
        return {**{name: parameter.default for name, parameter in self.parameters.items()}, **candidate.params}


def whole_number(default: int, low: int, high: int, words: Words) -> Parameter:
    """A parameter that takes whole numbers from `low` to `high`."""

    def problem(value: Any) -> str | None:
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            return f"is not a whole number from {low} to {high}"
        return None

    return Parameter(default, problem, words)


def number(default: float, is_allowed: Callable[[float], bool], allowed: str, words: Words) -> Parameter:
    """A parameter that takes numbers; `allowed` completes "is not a number …"."""

    def problem(value: Any) -> str | None:
        if isinstance(value, bool) or not isinstance(value, int | float) or not is_allowed(value):
            return f"is not a number {allowed}"
        return None

    return Parameter(default, problem, words)
