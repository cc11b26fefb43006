"""The schema of an experiment: its parameters, what each may be, and the sentence for what it may not.

Names and meaning are those of the notebooks' parameters cells and of `lib`'s keyword arguments. Where values
come from (file, `-p`, options) is the business of `launcher.parameters.sources`.
"""

import os
import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator
from pydantic_core import ErrorDetails

from launcher.parameters.cluster import Cluster, Spark
from launcher.parameters.fields import allowed, described
from launcher.support.files import is_uri
from lib import artifacts
from lib.artifacts import GATE_METRICS, SEARCH_METRICS, SELECT_BY
from lib.errors import InputError, not_among
from lib.reading.options import ALLOWED as CSV_ALLOWED
from lib.reading.options import Options, TextOptions
from lib.search.candidates import FULL_GRID, candidates_of
from lib.support import positive, tables, threshold_rule

# Parameters whose values are places: a path of this machine or a URI.
PLACES = ("input_data", "test_data", "out")


def _as_list(value: Any) -> Any:
    return tables.places(value) if isinstance(value, str) else value  # what else it is, the schema says


def _possible_path(value: str) -> str:
    """A path that this machine's file systems can have; a URI is another system's."""
    path = b"" if is_uri(value) else os.fsencode(value)
    if len(path) > _LONGEST_PATH or any(len(part) > _LONGEST_NAME for part in path.split(b"/")):
        raise ValueError("a path that is too long for a file system")
    return value


def _real_time(value: str) -> str:
    if value:
        datetime.strptime(value, "%Y%m%d_%H%M%S")
    return value


_LONGEST_NAME, _LONGEST_PATH = 255, 4000  # bytes
Text = Annotated[str, Field(min_length=1, pattern=r"^[^\x00]+$")]
Place = Annotated[Text, AfterValidator(_possible_path)]
Places = Annotated[list[Place], BeforeValidator(_as_list), Field(min_length=1)]
Fraction = Annotated[float, Field(gt=0, lt=1)]
FRACTION = "a number above 0 and below 1"


def _refused_by(check: Callable[[Any], object]) -> AfterValidator:
    """A validator that takes what a check of `lib` takes."""

    def validated(value: Any) -> Any:
        try:
            check(value)
        except InputError as error:
            raise ValueError(str(error)) from None
        return value

    return AfterValidator(validated)


Positive = Annotated[Any, _refused_by(positive.check)]
Threshold = Annotated[Any, _refused_by(threshold_rule.check)]
SparksPlace = Annotated[str, _refused_by(artifacts.check_place)]
Csv = Annotated[dict[str, Any], _refused_by(TextOptions.of)]


class Card(BaseModel):
    """What a report says about its model at its head."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    owner: str | None = described(None, "who answers for the model", "text")
    purpose: str | None = described(None, "what it is for", "text")
    not_for: str | None = described(None, "what it must not be used for", "text")
    licence: str | None = described(None, "the licence of the model or its data", "text")


class Parameters(BaseModel):
    """Everything that decides what an experiment does; complete, checked and in plain YAML types."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, allow_inf_nan=False)

    input_data: Places = described(
        ["data/sample.parquet"],
        "training table: file, folder or URI, or table://database.table",
        "a path or URI, or a list",
    )
    csv: Csv = described({}, "how text files are written, where looking at them does not tell", CSV_ALLOWED)
    label_col: Text = described("label", "column with the two classes", "a column name")
    positive: Positive = described(
        None, "value or values of the label that are class 1, if it is not 0 and 1", positive.ALLOWED
    )
    zone_col: Text | None = described("zone", "zone column, used if the table has it", "a column name or null")
    zone_from: Literal["file"] | None = described(
        None, "take each row's zone from the name of its file, without extension", "file or null"
    )
    exclude_cols: list[str] = described([], "numeric columns that are not features", "a list of column names")
    missing: Literal["error", "drop", "median"] | None = described(
        None,
        "rows with missing or infinite features: error, drop, or median (fill); null: error, and when a model is used, "
        "what it does",
        "error, drop, median or null",
    )
    nodata: list[float] = described([], "values of features that stand for none, and are missing", "a list of numbers")
    block_cols: list[Text] = described(
        [], "two columns of coordinates, which are no features", "a list of two column names"
    )
    block_size: Annotated[float, Field(gt=0)] | None = described(
        None, "side of the square blocks that serve as zones, in the unit of block_cols", "a number above 0, or null"
    )
    weight_col: Text | None = described(
        None, "column with the weight of each row, a positive number; it is no feature", "a column name or null"
    )
    class_weights: Literal["balanced", "none"] = described(
        "balanced", "balanced: both classes weigh the same in training; none: as much as their rows", "balanced or none"
    )
    metrics_weighted: bool = described(False, "metrics count rows by their weight in weight_col", "true or false")
    test_frac: Fraction = described(0.15, "share of rows held out until the final test", FRACTION)
    val_frac: Fraction = described(0.15, "share of rows for selecting the best candidate", FRACTION)
    split_by: Literal["rows", "zone"] = described("rows", "split by rows, or keep whole zones together", "rows or zone")
    seed: Annotated[int, Field(ge=0, lt=2**31)] = described(
        42, "seed of the split and of the models", "a whole number from 0 to 2147483647"
    )
    metric: Literal["areaUnderPR", "areaUnderROC"] = described(
        SEARCH_METRICS[0], "metric that selects the best candidate", " or ".join(SEARCH_METRICS)
    )
    select_by: Literal["validation", "zones"] = described(
        SELECT_BY[0], "compare candidates on the validation rows, or on zones left out", " or ".join(SELECT_BY)
    )
    nested: bool = described(
        False, "leave each zone out of the search, too, when measuring zones left out", "true or false"
    )
    threshold: Threshold = described(
        0.5, "decision threshold, or the rule that chooses it on validation rows", threshold_rule.ALLOWED
    )
    grid: dict[str, Any] = described(
        FULL_GRID, "values of each model's parameters; all combinations are tried", "model: {parameter: [values]}"
    )
    candidates: list[dict[str, Any]] = described(
        [], "explicit candidates instead of a grid", "a list of {model: …, parameter: value}"
    )
    search: Literal["grid", "random"] = described(
        "grid", "every candidate, or max_candidates sampled with the seed", "grid or random"
    )
    max_candidates: Annotated[int, Field(ge=1)] | None = described(
        None, "maximum number of candidates", "a whole number from 1, or null"
    )
    engine: Literal["auto", "task", "spark"] = described(
        "auto", "engine that fits the candidates", "auto, task or spark"
    )
    model: SparksPlace = described(
        "",
        "model that scores input_data instead of training: its folder, its tag, or latest",
        "a path, a URI, a tag, latest, or empty",
    )
    id_cols: list[Text] = described([], "columns that are kept beside the scores", "a list of column names")
    bands: dict[str, Annotated[int, Field(ge=1)]] = described(
        {}, "the number of a feature's band in a raster, where names do not tell", "feature: number lines, from 1"
    )
    resample: Literal["nearest", "bilinear"] | None = described(
        None, "how to bring a raster's files to one grid", "nearest, bilinear or null"
    )
    best_areas: Annotated[int, Field(ge=0)] = described(
        20, "how many of a map's best areas are listed", "a whole number from 0"
    )
    out: Annotated[Place, _refused_by(artifacts.check_place)] = described(
        "experiments", "folder or URI for models and results", "a path or URI"
    )
    run_id: Annotated[str, Field(pattern=r"^(\d{8}_\d{6})?$"), AfterValidator(_real_time)] = described(
        "",
        "name of the run, for a step that is to be submitted once; empty: its start time, UTC",
        'text like "20260131_235959" (in quotes), or ""',
    )
    resume: bool = described(False, "resume the run of run_id, which died", "true or false")
    evaluate: bool = described(True, "evaluate and report after training", "true or false")
    test_data: Places | None = described(
        None, "table to evaluate on, all of its rows, instead of the held-out rows", "a path or URI, a list, or null"
    )
    seen: Literal["drop", "keep"] = described(
        "drop", "rows of test_data that stood in training or validation: leave them out, or keep them", "drop or keep"
    )
    fail_below: dict[str, Annotated[float, Field(ge=0, le=1)]] = described(
        {}, "least values of figures; below one the run ends with exit code 1", "figure: number lines, from 0 to 1"
    )
    fail_on_drift: bool = described(False, "exit code 1 if test_data has drifted", "true or false")
    card: Card = described(Card(), "what stands at the report's head", "name: text lines")
    language: Literal["en", "es"] = described(
        "en", "language of the report and its plots; the terminal's messages are in English", "en or es"
    )
    cluster: Cluster = described(Cluster(), "where it runs, and how to connect", "name: value lines")
    spark: Spark = described(Spark(), "memory, cores and other properties of a cluster's Spark", "name: value lines")

    @property
    def reading(self) -> Options:
        """How the files of the tables are read."""
        return Options.of({name: getattr(self, name) for name in ("csv", "zone_from", "zone_col", "exclude_cols")})

    @property
    def needs_zones(self) -> list[str]:
        """What is asked for that needs a table with zones."""
        asked = {
            "split_by: zone": self.split_by == "zone",
            "select_by: zones": self.select_by == "zones",
            "nested: true": self.nested,
            **{f"fail_below: {name}": "_zone_" in name for name in self.fail_below},
        }
        return [name for name, is_asked in asked.items() if is_asked]

    @model_validator(mode="after")
    def _fractions_leave_rows_to_train_on(self) -> Self:
        total = self.test_frac + self.val_frac
        if total >= 1:
            raise ValueError(
                f"test_frac={self.test_frac} and val_frac={self.val_frac} sum to {total:g}; "
                "they must sum to less than 1, so that rows remain for training"
            )
        return self

    @model_validator(mode="after")
    def _what_belongs_together_is_given(self) -> Self:
        if self.block_cols and len(set(self.block_cols)) != 2:
            raise ValueError(f"block_cols={self.block_cols}: give two columns, such as [x, y]")
        if self.block_size is not None and not self.block_cols:
            raise ValueError("block_size needs block_cols, the two columns of coordinates")
        if self.zone_from and self.block_size is not None:
            raise ValueError("zone_from and block_size both make zones: give one of them")
        if self.zone_from and self.zone_col is None:
            raise ValueError(f"zone_from: {self.zone_from} needs a name for the column of zones: give zone_col")
        if self.metrics_weighted and self.weight_col is None:
            raise ValueError("metrics_weighted: true needs weight_col, the column with the weights")
        for asked in self.needs_zones:
            if self.zone_col is None and self.block_size is None:
                raise ValueError(f"{asked} needs zones: give zone_col, or block_cols and block_size")
        if self.fail_on_drift and not self.test_data:
            raise ValueError("fail_on_drift needs test_data: without it there is no table that could have drifted")
        if (self.fail_below or self.fail_on_drift) and not self.evaluate:
            raise ValueError("fail_below and fail_on_drift need evaluate: true, for they look at the evaluation")
        for name in self.fail_below:
            if name not in GATE_METRICS:
                raise ValueError(not_among(f"fail_below: {name!r} is no figure", name, GATE_METRICS, "choose from"))
        return self


NAMES = tuple(Parameters.model_fields)
# Parameters that hold settings of their own.
SECTIONS: dict[str, type[BaseModel]] = {"cluster": Cluster, "spark": Spark, "card": Card}


def meaning(name: str) -> str:
    """Say what a parameter is, in a few words, with its default where that is short."""
    section, _, setting = name.rpartition(".")
    field = SECTIONS[section].model_fields[setting] if section else Parameters.model_fields[name]
    default = field.get_default(call_default_factory=True)
    shown = default[0] if isinstance(default, list) and default else default
    if isinstance(shown, bool):
        shown = "yes" if shown else "no"
    return f"{field.description} [{shown}]" if shown not in (None, "", []) else str(field.description)


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
        candidates_of(parameters)
    except InputError as error:
        used = ["candidates" if parameters.candidates else "grid", "search", "max_candidates"]
        raise InputError(f"{error}{_origin(used, origins)}") from None
    return parameters


def _unknown(name: str, origins: Mapping[str, str]) -> str:
    return not_among(f"unknown parameter {name!r}{_origin([name], origins)}", name, NAMES, "the parameters are")


def _sentence(problem: ErrorDetails, values: Mapping[str, Any], origins: Mapping[str, str]) -> str:
    if not problem["loc"]:  # a rule between parameters has written its own sentence
        text = str(problem["ctx"]["error"])
        return text + _origin([name for name in NAMES if re.search(rf"\b{name}\b", text)], origins)
    name = str(problem["loc"][0])
    field = Parameters.model_fields[name]
    if name not in SECTIONS or len(problem["loc"]) == 1:
        return f"{name}={_shown(values[name])}: must be {allowed(field)}{_origin([name], origins)}"
    setting = str(problem["loc"][1])
    known = SECTIONS[name].model_fields
    if setting not in known:
        said = f"unknown setting {f'{name}.{setting}'!r}{_origin([name], origins)}"
        return not_among(said, setting, known, f"the settings of {name} are")
    must = allowed(known[setting])
    return f"{name}.{setting}={_shown(values[name][setting])}: must be {must}{_origin([name], origins)}"


def _shown(value: Any) -> str:
    return shortened(" ".join(repr(value).split()))


def shortened(text: str) -> str:
    """A text as messages show it."""
    return text if len(text) <= 60 else text[:57] + "…"


def _origin(names: list[str], origins: Mapping[str, str]) -> str:
    known = dict.fromkeys(origins[name] for name in names if name in origins)
    return f" (from {', '.join(known)})" if known else ""
