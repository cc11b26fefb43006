import numpy as np
import pytest

from benchmarks.records import PROJECT
from benchmarks.scoring import MAX_BINS, figures, grown
from lib.search.families import GBT, RANDOM_FOREST
from lib.trees.binning import bin_columns
from lib.trees.growing import add_margins, add_votes, margin_probabilities, vote_shares


@pytest.mark.parametrize("family", [RANDOM_FOREST, GBT])
def test_the_scorer_and_the_kernel_score_the_same_trees(family):
    rng = np.random.default_rng(1)
    values = rng.normal(size=(400, 4))
    labels = (values[:, 0] + rng.normal(size=400) > 0).astype(np.int64)
    ensemble, nodes, thresholds = grown(family, 5, 12, values, labels)
    bins = bin_columns(list(values.T), thresholds, MAX_BINS)
    votes, margins = np.zeros((1, 400), np.int64), np.zeros(400)
    for number, tree in enumerate(nodes):
        if family == GBT:
            add_margins(tree, bins, 0.1 if number else 1.0, margins)
        else:
            add_votes(tree, [12], bins, votes)
    expected = margin_probabilities(margins) if family == GBT else vote_shares(votes[0], 5)
    np.testing.assert_allclose(ensemble.score(values), expected, rtol=0, atol=1e-12)


def test_figures_are_held_against_their_targets():
    speeds = {"ours": 250_000.0, "ours with the spread": 2e5, "XGBoost": 1e5, "LightGBM": 3e5, "scikit-learn": 5e4}
    runs = {name: {"clock": 320_000.0, "processor": 170_000.0} for name in ("whole", "no area")}
    found = {
        "scorers": {"rows a second": speeds},
        "walks": {"a GBT": {"scorer": 1.0, "kernel": 1.5}},
        "area": {"like": 0.1, "unlike": 1.0},
        "job": {**runs, "Spark ML": {"clock": 4_000.0, "processor": 2_000.0}},
        "one core": runs,
        "growth": {
            "100": {"seconds": 1.0, "processor": 1.0, "worker": 100.0},
            "1000": {"seconds": 100.0, "processor": 10.0, "worker": 130.0},
        },
        "tile": {"side": 5490.0, "score": 100.0, "write": 10.0},
        "evaluation": 70.0,
    }
    reached = {figure.what: (figure.value, figure.reached) for figure in figures(found)}
    assert reached["against XGBoost"] == ("2.5x (100,000 rows/s)", True)
    assert reached["against LightGBM"][1] is False
    assert reached["a GBT, against the search's kernel on rows binned before"] == ("1.5x (50,000 rows/s)", False)
    assert reached["table to table in Spark, local[2]"][0].startswith("160,000 rows/s and core; 170,000")
    assert reached["against Spark ML's transform"] == ("80x (2,000 rows/s and core)", True)
    assert reached["exponent of the processor time, 100 to 1,000 rows"] == ("1.00 (2.00 by the clock)", True)
    assert reached["1,000 rows, time and largest Python worker"] == ("100 s (5 rows/s and core), 130 MB", False)
    assert [was for what, (_, was) in reached.items() if what.startswith("evaluation")] == [False]


def test_the_readme_of_the_benchmarks_names_it():
    assert "python -m benchmarks.scoring" in (PROJECT / "benchmarks" / "README.md").read_text()
