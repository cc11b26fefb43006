"""The candidates of a search: models and their parameters, in order.

Pure Python, so that the launcher can count candidates without Spark.
"""

import itertools
import random
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from lib.errors import InputError, not_among
from lib.search.families import FAMILIES, Candidate

Grid = Mapping[str, Mapping[str, Sequence[Any]]]

FULL_GRID: Grid = {family.name: family.full_grid for family in FAMILIES.values() if family.full_grid}


class Searched(Protocol):
    """Parameters that name the candidates of a search."""

    @property
    def grid(self) -> Grid | None: ...  # noqa: D102 - see `expand`

    @property
    def candidates(self) -> Sequence[Mapping[str, Any]]: ...  # noqa: D102

    @property
    def search(self) -> str: ...  # noqa: D102

    @property
    def max_candidates(self) -> int | None: ...  # noqa: D102

    @property
    def seed(self) -> int: ...  # noqa: D102


def candidates_of(parameters: Searched) -> list[Candidate]:
    """The candidates given by an experiment's parameters.

    Raises:
        InputError: see `expand`.
    """
    return expand(
        parameters.grid,
        candidates=parameters.candidates,
        search=parameters.search,
        max_candidates=parameters.max_candidates,
        seed=parameters.seed,
    )


def expand(
    grid: Grid | None = None,
    *,
    candidates: Sequence[Mapping[str, Any]] | None = None,
    search: str = "grid",
    max_candidates: int | None = None,
    seed: int = 42,
) -> list[Candidate]:
    """List the candidates of a search.

    `grid` maps a model to the values of each of its parameters (default: `FULL_GRID`); `candidates`, when given,
    lists them individually as `{"model": "GBT", "maxDepth": 6, …}` instead. `search="random"` draws
    `max_candidates` of them without replacement, by `seed`, and keeps the grid's order.

    Raises:
        InputError: an unknown model or parameter, a value out of Spark ML's range, no candidates, or a random search
            without `max_candidates`.
    """
    if candidates:
        listed = [_explicit(entry) for entry in candidates]
    else:
        listed = _grid_entries(FULL_GRID if grid is None else grid)
    for model, params in listed:
        _check(model, params)
    if not listed:
        raise InputError("the search has no candidates: add at least one model with values to the grid")
    if search == "random":
        if max_candidates is None:
            raise InputError("search: random needs max_candidates, the number of candidates to draw")
        chosen = sorted(random.Random(seed).sample(range(len(listed)), min(max_candidates, len(listed))))
        listed = [listed[i] for i in chosen]
    elif max_candidates is not None and len(listed) > max_candidates:
        raise InputError(
            f"the grid has {len(listed)} candidates and max_candidates is {max_candidates}: "
            "shorten the grid, raise max_candidates, or sample it with search: random"
        )
    return [Candidate(index, model, params) for index, (model, params) in enumerate(listed)]


def _grid_entries(grid: Grid) -> list[tuple[str, dict[str, Any]]]:
    entries = []
    for model, axes in grid.items():
        _check_model(model)
        if not isinstance(axes, Mapping):
            raise InputError(f"grid of {model}: expected parameter: [values], got {axes!r}")
        for name, values in axes.items():
            if isinstance(values, str) or not isinstance(values, Sequence) or not values:
                raise InputError(f"grid of {model}: {name} needs a list of values, got {values!r}")
        entries += [(model, dict(zip(axes, values, strict=True))) for values in itertools.product(*axes.values())]
    return entries


def _explicit(entry: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    if "model" not in entry:
        raise InputError(f"candidate {dict(entry)} names no model; the models are {', '.join(FAMILIES)}")
    return entry["model"], {name: value for name, value in entry.items() if name != "model"}


def _check_model(model: str) -> None:
    if model not in FAMILIES:
        raise InputError(not_among(f"unknown model {model!r}", str(model), FAMILIES, "the models are"))


def _check(model: str, params: Mapping[str, Any]) -> None:
    _check_model(model)
    parameters = FAMILIES[model].parameters
    for name, value in params.items():
        if name not in parameters:
            raise InputError(not_among(f"{model} has no parameter {name!r} to search", str(name), parameters, "it has"))
        problem = parameters[name].problem(value)
        if problem:
            raise InputError(f"{model}: {name}={value!r} {problem}")
