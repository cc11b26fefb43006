"""The candidates of a search: models and their parameters, in order.

Pure Python, so that the launcher can count candidates without Spark.
"""

import math
import random
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from lib.errors import InputError, not_among
from lib.search.families import FAMILIES, Candidate

# The most candidates of a search, and the most that are counted before some are drawn.
MOST = 10_000
_MOST_COUNTED = 10**15

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
    blocks = [_explicit(entry) for entry in candidates] if candidates else _of_grid(FULL_GRID if grid is None else grid)
    for block in blocks:
        _check(block)
    total = sum(block.count for block in blocks)
    if not total:
        raise InputError("the search has no candidates: add at least one model with values to the grid")
    if search == "random":
        if max_candidates is None:
            raise InputError("search: random needs max_candidates, the number of candidates to draw")
        drawn = min(max_candidates, total)
        _check_number(drawn, total, "lower max_candidates")
        chosen: Iterable[int] = sorted(random.Random(seed).sample(range(total), drawn))
    else:
        if max_candidates is not None and total > max_candidates:
            raise InputError(
                f"the grid has {total:,} candidates and max_candidates is {max_candidates:,}: "
                "shorten the grid, raise max_candidates, or sample it with search: random"
            )
        _check_number(total, total, "shorten it, or sample it with search: random and max_candidates")
        chosen = range(total)
    return [Candidate(index, *_taken(blocks, place)) for index, place in enumerate(chosen)]


@dataclass(frozen=True)
class _Block:
    """All combinations of the values of a model's parameters; they are counted, and listed only as far as needed."""

    model: str
    axes: Mapping[str, Sequence[Any]]

    @property
    def count(self) -> int:
        return math.prod(map(len, self.axes.values()))

    def __getitem__(self, place: int) -> dict[str, Any]:
        """The combination at a place, where the last parameter's values change first."""
        found = {}
        for name, values in reversed(list(self.axes.items())):
            place, at = divmod(place, len(values))
            found[name] = values[at]
        return {name: found[name] for name in self.axes}


def _taken(blocks: Sequence[_Block], place: int) -> tuple[str, dict[str, Any]]:
    for block in blocks:
        if place < block.count:
            return block.model, block[place]
        place -= block.count
    raise IndexError(place)


def _check_number(listed: int, total: int, remedy: str) -> None:
    if listed > MOST or total > _MOST_COUNTED:
        raise InputError(f"the grid has {total:,} candidates, and a search may have {MOST:,}: {remedy}")


def _of_grid(grid: Grid) -> list[_Block]:
    for model, axes in grid.items():
        _check_model(model)
        if not isinstance(axes, Mapping):
            raise InputError(f"grid of {model}: expected parameter: [values], got {axes!r}")
        for name, values in axes.items():
            if isinstance(values, str) or not isinstance(values, Sequence) or not values:
                raise InputError(f"grid of {model}: {name} needs a list of values, got {values!r}")
    return [_Block(model, axes) for model, axes in grid.items()]


def _explicit(entry: Mapping[str, Any]) -> _Block:
    if "model" not in entry:
        raise InputError(f"candidate {dict(entry)} names no model; the models are {', '.join(FAMILIES)}")
    return _Block(entry["model"], {name: [value] for name, value in entry.items() if name != "model"})


def _check_model(model: str) -> None:
    if model not in FAMILIES:
        raise InputError(not_among(f"unknown model {model!r}", str(model), FAMILIES, "the models are"))


def _check(block: _Block) -> None:
    _check_model(block.model)
    parameters = FAMILIES[block.model].parameters
    for name, values in block.axes.items():
        if name not in parameters:
            message = f"{block.model} has no parameter {name!r} to search"
            raise InputError(not_among(message, str(name), parameters, "it has"))
        for value in values:
            problem = parameters[name].problem(value)
            if problem:
                raise InputError(f"{block.model}: {name}={value!r} {problem}")
