"""The candidates of a search: which models with which parameters, in which order.

Pure Python, so that the launcher can count candidates without Spark.
"""

import itertools
import math
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from lib.errors import InputError

RANDOM_FOREST = "RandomForest"
GBT = "GBT"
MODELS = (RANDOM_FOREST, GBT)

Grid = Mapping[str, Mapping[str, Sequence[Any]]]

FULL_GRID: Grid = {
    RANDOM_FOREST: {
        "numTrees": [200, 400, 600],
        "maxDepth": [10, 14, 18],
        "maxBins": [64, 128],
        "featureSubsetStrategy": ["sqrt", "log2"],
    },
    GBT: {
        "maxDepth": [6, 8, 10],
        "maxBins": [64, 128],
        "maxIter": [100, 200],
        "stepSize": [0.05, 0.1, 0.2],
    },
}

# Spark ML's own limits (and defaults, for what a grid leaves out).
_INTEGERS = {"numTrees": (1, 10_000), "maxDepth": (0, 30), "maxBins": (2, 65_536), "maxIter": (1, 10_000)}
_SUBSETS = ("auto", "all", "sqrt", "log2", "onethird")
DEFAULTS: Mapping[str, Mapping[str, Any]] = {
    RANDOM_FOREST: {"numTrees": 20, "maxDepth": 5, "maxBins": 32, "featureSubsetStrategy": "auto"},
    GBT: {"maxDepth": 5, "maxBins": 32, "maxIter": 20, "stepSize": 0.1},
}


@dataclass(frozen=True)
class Candidate:
    """One model with its parameters; `index` is its place in the grid, and the earlier wins a tie."""

    index: int
    model: str
    params: Mapping[str, Any]

    def __str__(self) -> str:
        """The candidate on one line, as in `GBT maxDepth=6 maxBins=64`."""
        return " ".join([self.model, *(f"{name}={value}" for name, value in self.params.items())])


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
    lists them one by one as `{"model": "GBT", "maxDepth": 6, …}` instead. `search="random"` draws
    `max_candidates` of them without replacement, by `seed`, and keeps the grid's order.

    Raises:
        InputError: an unknown model or parameter, a value out of Spark ML's range, nothing to search or to draw.
    """
    if candidates:
        listed = [_explicit(entry) for entry in candidates]
    else:
        listed = _grid_entries(FULL_GRID if grid is None else grid)
    for model, params in listed:
        _check(model, params)
    if not listed:
        raise InputError("the search has no candidates: give the grid at least one model with values")
    if search == "random":
        if max_candidates is None:
            raise InputError("search: random needs max_candidates, the number of candidates to draw")
        chosen = sorted(random.Random(seed).sample(range(len(listed)), min(max_candidates, len(listed))))
        listed = [listed[i] for i in chosen]
    elif max_candidates is not None and len(listed) > max_candidates:
        raise InputError(
            f"the grid has {len(listed)} candidates and max_candidates is {max_candidates}: "
            "shorten the grid, raise max_candidates, or draw from it with search: random"
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
        raise InputError(f"candidate {dict(entry)} names no model; models are {', '.join(MODELS)}")
    return entry["model"], {name: value for name, value in entry.items() if name != "model"}


def _check_model(model: str) -> None:
    if model not in MODELS:
        raise InputError(f"unknown model {model!r}; models are {', '.join(MODELS)}")


def _check(model: str, params: Mapping[str, Any]) -> None:
    _check_model(model)
    for name, value in params.items():
        if name not in DEFAULTS[model]:
            raise InputError(f"{model} has no parameter {name!r} to search; it has {', '.join(DEFAULTS[model])}")
        problem = _range_problem(name, value)
        if problem:
            raise InputError(f"{model}: {name}={value!r} {problem}")


def _range_problem(name: str, value: Any) -> str | None:
    if name in _INTEGERS:
        low, high = _INTEGERS[name]
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            return f"is not a whole number from {low} to {high}"
    elif name == "stepSize":
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value <= 1:
            return "is not a number above 0 and up to 1"
    elif name == "featureSubsetStrategy" and not _is_subset(value):
        return f"is none of {', '.join(_SUBSETS)}, a count of features, or a fraction between 0 and 1"
    return None


def _is_subset(value: Any) -> bool:
    """Whether Spark ML takes this as a featureSubsetStrategy: a name, "n" or a fraction in (0, 1]."""
    if isinstance(value, str) and value in _SUBSETS:
        return True
    try:
        number = float(value)
    except (TypeError, ValueError):
        return False
    return 0 < number <= 1 or (number > 1 and number == math.floor(number))


def features_per_node(strategy: Any, n_features: int, n_trees: int) -> int:
    """How many features Spark ML draws for each node under a featureSubsetStrategy.

    `sqrt` and `log2` round up, so that both are 4 at 15 features and such candidates are the same model twice.
    Source: Spark ML 3.5, `DecisionTreeMetadata.buildMetadata`.
    """
    if strategy == "auto":
        strategy = "all" if n_trees == 1 else "sqrt"
    if strategy == "all":
        return n_features
    if strategy == "sqrt":
        return math.ceil(math.sqrt(n_features))
    if strategy == "log2":
        return max(1, math.ceil(math.log2(n_features)))
    if strategy == "onethird":
        return math.ceil(n_features / 3.0)
    text = str(strategy)
    if "." in text or float(text) < 1:
        return min(n_features, math.ceil(float(text) * n_features))
    return min(n_features, int(text))
