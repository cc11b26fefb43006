"""A parameter has one default, wherever a function of `lib` has one for it, too."""

import inspect
from dataclasses import MISSING, fields

import numpy as np
import pytest

from launcher.parameters.schema import Parameters, check
from lib import artifacts, dataset, split
from lib.errors import InputError
from lib.metrics import ScoreCounts
from lib.search import candidates
from lib.training import Settings

DEFAULTS = {name: field.get_default(call_default_factory=True) for name, field in Parameters.model_fields.items()}
FUNCTIONS = (dataset.load, split.split, candidates.expand)
# What a function takes for the full grid, and for no list of candidates.
NONE_IS = {"grid": candidates.FULL_GRID, "candidates": []}


def plain(name, value):
    value = NONE_IS.get(name) if value is None and name in NONE_IS else value
    return list(value) if isinstance(value, tuple) else value


def test_a_training_takes_the_defaults_of_the_schema():
    given = {field.name: field.default for field in fields(Settings) if field.default is not MISSING}
    assert given
    assert {name: plain(name, value) for name, value in given.items()} == {name: DEFAULTS[name] for name in given}


@pytest.mark.parametrize("function", FUNCTIONS, ids=lambda function: function.__qualname__)
def test_so_do_the_functions_that_it_calls(function):
    defaults = {
        parameter.name: plain(parameter.name, parameter.default)
        for parameter in inspect.signature(function).parameters.values()
        if parameter.default is not parameter.empty and parameter.name in DEFAULTS
    }
    assert defaults
    assert defaults == {name: DEFAULTS[name] for name in defaults}


def test_the_metrics_have_the_names_of_one_list():
    counts = ScoreCounts.from_arrays(np.array([0, 1, 1]), np.array([0.1, 0.4, 0.9]))
    assert tuple(counts.summary()) == artifacts.METRICS
    assert set(counts.overall()) == set(artifacts.OVERALL_METRICS)
    assert set(artifacts.SEARCH_METRICS) < set(artifacts.METRICS)
    for name in artifacts.OVERALL_METRICS:
        if name in artifacts.SEARCH_METRICS:
            assert check({"metric": name}).metric == name
        else:
            with pytest.raises(InputError, match=f"metric='{name}': must be areaUnderPR or areaUnderROC"):
                check({"metric": name})
