from lib.search.candidates import FULL_GRID, expand
from lib.search.families.gbt import BoostedFit
from lib.search.families.random_forest import ForestFit
from lib.search.shared_fits import same_model, shared_fits


def by_kind(candidates, n_features):
    fits = shared_fits(candidates, n_features)
    return [[fit for fit in fits if isinstance(fit, kind)] for kind in (ForestFit, BoostedFit)]


def test_the_full_grid_is_two_forests_and_eighteen_gbts_at_15_features():
    forests, boosted = by_kind(expand(), 15)
    assert [(fit.max_bins, fit.features_per_node, fit.depths, fit.sizes) for fit in forests] == [
        (64, 4, [10, 14, 18], [200, 400, 600]),
        (128, 4, [10, 14, 18], [200, 400, 600]),
    ]
    assert len(boosted) == 18
    assert {tuple(fit.sizes) for fit in boosted} == {(100, 200)}
    assert sum(len(fit.candidates) for fit in (*forests, *boosted)) == len(expand())


def test_sqrt_and_log2_are_one_model_at_15_features_and_two_at_33():
    pairs = same_model(expand(), 15)
    assert len(pairs) == 18
    for first, second in pairs:
        assert (first.params["featureSubsetStrategy"], second.params["featureSubsetStrategy"]) == ("sqrt", "log2")
        assert first.index < second.index
    assert not same_model(expand(), 40)
    assert len(by_kind(expand(), 40)[0]) == 4


def test_what_a_candidate_leaves_out_is_spark_mls_default():
    entries = [{"model": "GBT"}, {"model": "GBT", "maxIter": 20, "stepSize": 0.1}, {"model": "RandomForest"}]
    forests, boosted = by_kind(expand(candidates=entries), 9)
    assert [len(fit.candidates) for fit in boosted] == [2]
    assert (forests[0].max_bins, forests[0].features_per_node, forests[0].sizes) == (32, 3, [20])


def test_a_forest_of_one_tree_draws_from_all_features_when_left_to_itself():
    entries = [{"model": "RandomForest", "numTrees": n} for n in (1, 2)]
    assert [fit.features_per_node for fit in by_kind(expand(candidates=entries), 9)[0]] == [9, 3]


def test_each_candidate_is_found_in_its_fit():
    for fit in by_kind(expand(FULL_GRID), 15)[0]:
        found = [c for depth in fit.depths for size in fit.sizes for c in fit.at(depth, size)]
        assert sorted(c.index for c in found) == sorted(c.index for c in fit.candidates)
