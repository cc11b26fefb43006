import pytest

from lib.errors import InputError
from lib.search.candidates import expand
from lib.search.families import GBT, RANDOM_FOREST, Candidate
from lib.search.families.random_forest import features_per_node


def test_full_grid_has_36_candidates_of_each_family():
    models = [candidate.model for candidate in expand()]
    assert (models.count(RANDOM_FOREST), models.count(GBT)) == (36, 36)
    assert [candidate.index for candidate in expand()] == list(range(72))


def test_one_family_alone_keeps_the_order_of_the_lists():
    grid = {GBT: {"maxDepth": [3, 2], "stepSize": [0.1]}}
    assert [dict(c.params) for c in expand(grid)] == [
        {"maxDepth": 3, "stepSize": 0.1},
        {"maxDepth": 2, "stepSize": 0.1},
    ]


def test_explicit_candidates_replace_the_grid():
    listed = expand(candidates=[{"model": GBT, "maxDepth": 2}, {"model": RANDOM_FOREST, "numTrees": 7}])
    assert listed == [Candidate(0, GBT, {"maxDepth": 2}), Candidate(1, RANDOM_FOREST, {"numTrees": 7})]
    assert str(listed[0]) == "GBT maxDepth=2"


def test_random_search_draws_by_seed_without_repeating():
    drawn = expand(search="random", max_candidates=10, seed=1)
    assert len({str(c) for c in drawn}) == 10
    assert drawn == expand(search="random", max_candidates=10, seed=1)
    assert [str(c) for c in drawn] != [str(c) for c in expand(search="random", max_candidates=10, seed=2)]
    assert len(expand(search="random", max_candidates=1000)) == 72


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({"grid": {"SVM": {}}}, "unknown model 'SVM': the models are RandomForest, GBT"),
        ({"grid": {GBT: {"numTrees": [2]}}}, "GBT has no parameter 'numTrees'"),
        ({"grid": {GBT: {"maxDepth": 3}}}, "maxDepth needs a list of values"),
        ({"grid": {GBT: {"maxDepth": []}}}, "maxDepth needs a list of values"),
        ({"grid": {GBT: {"maxDepth": [31]}}}, "maxDepth=31 is not a whole number from 0 to 30"),
        ({"grid": {GBT: {"maxDepth": [True]}}}, "is not a whole number"),
        ({"grid": {GBT: {"stepSize": [0]}}}, "stepSize=0 is not a number above 0"),
        ({"grid": {RANDOM_FOREST: {"featureSubsetStrategy": ["half"]}}}, "is not one of auto, all, sqrt"),
        ({"grid": {}}, "no candidates"),
        ({"candidates": [{"maxDepth": 3}]}, "names no model"),
        ({"search": "random"}, "search: random needs max_candidates"),
        ({"max_candidates": 10}, "has 72 candidates and max_candidates is 10"),
    ],
)
def test_what_cannot_be_searched_is_named(arguments, says):
    with pytest.raises(InputError, match=says):
        expand(**arguments)


def test_features_per_node_follow_spark_ml():
    # DecisionTreeMetadata rounds sqrt, log2 and onethird up.
    assert features_per_node("sqrt", 15, 10) == features_per_node("log2", 15, 10) == 4
    assert [features_per_node(s, 33, 10) for s in ("auto", "all", "sqrt", "log2", "onethird")] == [6, 33, 6, 6, 11]
    assert features_per_node("auto", 33, 1) == 33
    assert features_per_node("0.1", 33, 10) == 4
    assert features_per_node("50", 33, 10) == 33
    assert features_per_node("log2", 1, 10) == 1
