"""The schema of an experiment: its parameters, what each may be, and the sentence for what it may not.

Names and meaning are those of the notebooks' parameters cells and of `lib`'s keyword arguments. Where values
come from (file, `-p`, options) is the business of `launcher.sources`.
"""

import copy
import difflib
from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator
from pydantic_core import ErrorDetails

from lib.candidates import FULL_GRID, Candidate, expand
from lib.errors import InputError

# Parameters whose values are places: a path of this machine or a URI.
PLACES = ("input_data", "test_data", "out")


def _as_list(value: Any) -> Any:
    return [value] if isinstance(value, str) else value


Text = Annotated[str, Field(min_length=1)]
Places = Annotated[list[Text], BeforeValidator(_as_list), Field(min_length=1)]
Fraction = Annotated[float, Field(gt=0, lt=1)]
FRACTION = "a number above 0 and below 1"


def _field(default: Any, meaning: str, allowed: str) -> Any:
    """A field with its meaning (the help text) and what it may be (the end of an error message)."""
    if isinstance(default, list | dict):
        return Field(
            default_factory=lambda: copy.deepcopy(default),
            description=meaning,
            json_schema_extra={"allowed": allowed},
        )
    return Field(default=default, description=meaning, json_schema_extra={"allowed": allowed})


class Parameters(BaseModel):
    """Everything that decides what an experiment does; complete, checked and in plain YAML types."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, allow_inf_nan=False)

    input_data: Places = _field(
        ["data/sample.parquet"], "table to learn from: file, folder or URI", "a path or URI, or a list"
    )
    label_col: Text = _field("label", "column of the two classes", "a column name")
    zone_col: Text | None = _field("zone", "column of zones, used where the table has it", "a column name or null")
    exclude_cols: list[Text] = _field([], "numeric columns that are no features", "a list of column names")
    missing: Literal["error", "drop"] = _field(
        "error", "rows with missing or infinite features: stop, or drop them", "error or drop"
    )
    test_frac: Fraction = _field(0.15, "share of rows held out for the test", FRACTION)
    val_frac: Fraction = _field(0.15, "share of rows to choose candidates on", FRACTION)
    split_by: Literal["rows", "zone"] = _field("rows", "split single rows or whole zones", "rows or zone")
    seed: Annotated[int, Field(ge=0, lt=2**31)] = _field(
        42, "seed of the split and of the models", "a whole number from 0 to 2147483647"
    )
    metric: Literal["areaUnderPR", "areaUnderROC"] = _field(
        "areaUnderPR", "what the best candidate is best at", "areaUnderPR or areaUnderROC"
    )
    grid: dict[str, Any] = _field(
        FULL_GRID, "values of each model's parameters, all combined", "model: {parameter: [values]}"
    )
    candidates: list[dict[str, Any]] = _field(
        [], "candidates one by one, instead of the grid", "a list of {model: …, parameter: value}"
    )
    search: Literal["grid", "random"] = _field(
        "grid", "every candidate, or max_candidates drawn by the seed", "grid or random"
    )
    max_candidates: Annotated[int, Field(ge=1)] | None = _field(
        None, "most candidates to fit", "a whole number from 1, or null"
    )
    engine: Literal["auto", "task", "spark"] = _field("auto", "what fits the candidates", "auto, task or spark")
    out: Text = _field("experiments", "folder or URI for models and results", "a path or URI")
    run_id: Annotated[str, Field(pattern=r"^(\d{8}_\d{6})?$")] = _field(
        "", "name of the run; empty: its start, UTC", 'text like "20260131_235959" (in quotes), or ""'
    )
    evaluate: bool = _field(True, "evaluate and report after training", "true or false")
    test_data: Places | None = _field(
        None, "table to evaluate on, whole, instead of the held-out rows", "a path or URI, a list, or null"
    )
    language: Literal["en", "es"] = _field("en", "language of the report", "en or es")

    @model_validator(mode="after")
    def _fractions_leave_rows_to_train_on(self) -> Self:
        total = self.test_frac + self.val_frac
        if total >= 1:
            raise ValueError(
                f"test_frac={self.test_frac} and val_frac={self.val_frac} sum to {total:g}; "
                "they must sum to less than 1, so that rows are left to train on"
            )
        return self

    def expand(self) -> list[Candidate]:
        """List the candidates that the search will fit."""
        return expand(
            self.grid,
            candidates=self.candidates,
            search=self.search,
            max_candidates=self.max_candidates,
            seed=self.seed,
        )


NAMES = tuple(Parameters.model_fields)


def meaning(name: str) -> str:
    """Say what a parameter is, in a few words, with its default where that is short."""
    field = Parameters.model_fields[name]
    default = field.get_default(call_default_factory=True)
    shown = default[0] if isinstance(default, list) and default else default
    if isinstance(shown, bool):
        shown = "yes" if shown else "no"
    return f"{field.description} [{shown}]" if shown not in (None, "", []) else str(field.description)


def allowed(name: str) -> str:
    """Say what a parameter may be."""
    extra = Parameters.model_fields[name].json_schema_extra
    assert isinstance(extra, dict)
    return str(extra["allowed"])


def check(values: Mapping[str, Any], origins: Mapping[str, str] | None = None) -> Parameters:
    """Check values against the schema, with the search's candidates.

    `origins` says where each came from, as in `params/sample.yaml:test_frac` or `--test-frac`.

    Raises:
        InputError: for the first thing wrong, in one line: parameter, value, what is allowed, origin.
    """
    origins = origins or {}
    for name in values:
        if name not in NAMES:
            raise InputError(_unknown(name, origins))
    try:
        parameters = Parameters.model_validate(dict(values))
    except ValidationError as error:
        raise InputError(_sentence(error.errors(include_url=False)[0], values, origins)) from None
    try:
        parameters.expand()
    except InputError as error:
        used = ["candidates" if parameters.candidates else "grid", "max_candidates"]
        raise InputError(f"{error}{_origin(used, origins)}") from None
    return parameters


def _unknown(name: str, origins: Mapping[str, str]) -> str:
    near = difflib.get_close_matches(name, NAMES, n=1)
    hint = f" did you mean {near[0]}?" if near else ""
    origin = _origin([name], origins)
    return f"unknown parameter {name!r}{origin}:{hint} the parameters are {', '.join(NAMES)}"


def _sentence(problem: ErrorDetails, values: Mapping[str, Any], origins: Mapping[str, str]) -> str:
    if not problem["loc"]:  # a rule between parameters has written its own sentence
        text = str(problem["ctx"]["error"])
        return text + _origin([name for name in NAMES if name in text], origins)
    name = str(problem["loc"][0])
    return f"{name}={_shown(values[name])}: must be {allowed(name)}{_origin([name], origins)}"


def _shown(value: Any) -> str:
    text = " ".join(repr(value).split())
    return text if len(text) <= 60 else text[:57] + "…"


def _origin(names: list[str], origins: Mapping[str, str]) -> str:
    known = dict.fromkeys(origins[name] for name in names if name in origins)
    return f" (from {', '.join(known)})" if known else ""
