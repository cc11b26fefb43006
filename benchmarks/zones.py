"""What figures about zones never seen cost on the sample table, beside the search and beside scikit-learn.

    python -m benchmarks.zones

Everything is timed on the same two cores in one run. scikit-learn's search by zones is extrapolated from one fold of
some candidates; the notes in RESULTS.md, written here, explain how.
"""

import argparse
import multiprocessing
import statistics
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from sklearn.ensemble import GradientBoostingClassifier, RandomForestClassifier
from sklearn.inspection import permutation_importance
from sklearn.model_selection import LeaveOneGroupOut, cross_val_predict

from benchmarks.records import Figure, store
from benchmarks.runs import CORES, SAMPLE, seconds, session, split_of
from lib.engines.task.engine import TaskEngine
from lib.engines.task.memory import task_memory
from lib.measures import intervals, lean, zones
from lib.measures.reference import most_rows
from lib.metrics import ScoreCounts
from lib.search.candidates import expand
from lib.search.families import GBT, RANDOM_FOREST, Candidate
from lib.search.search import search
from lib.split import Split

MOST_SHARE, MOST_BY_ZONES, MOST_REST = 0.3, 40.0, 10.0
RUNS = 3
TEST_ROWS, WIDE = 1_200, 300
# One tree costs about the same whatever the number of trees, so small ensembles stand for large ones.
SCIKIT_TREES, SCIKIT_ROUNDS = 50, 20


def main() -> None:
    """The command line above."""
    argparse.ArgumentParser(description="Times leave-one-zone-out on the sample table.").parse_args()
    measure()


def measure() -> dict[str, Any]:
    """Time ours and scikit-learn's one after the other and store the record."""
    table = pd.read_parquet(SAMPLE)
    features = [name for name in table.columns if name not in ("label", "zone")]
    values, labels, groups = table[features].to_numpy(float), table["label"].to_numpy(), table["zone"].to_numpy()
    with session() as spark:
        ours = _time_ours(split_of(spark, SAMPLE), values, labels, groups)
    theirs = _time_scikit(values, labels, groups)
    return store("zones", figures(ours, theirs), notes(), {"ours": ours, "scikit": theirs})


def _time_ours(parts: Split, values: np.ndarray, labels: np.ndarray, groups: np.ndarray) -> dict[str, Any]:
    grid = expand()
    engine = TaskEngine(task_memory(parts, grid))
    counts = parts.count_by_zone()
    searched = search(parts, grid, engine, "areaUnderPR")  # also warms the workers up
    winner = searched.best().candidate
    of_families = [searched.best(name).candidate for name in searched.models]
    zones.score_unseen(engine, of_families, parts, counts)
    found: dict[str, Any] = {"search": [], "zones": [], "families": [], "winner": str(winner)}
    for _ in range(RUNS):
        found["search"].append(seconds(lambda: search(parts, grid, engine, "areaUnderPR")))
        found["zones"].append(seconds(lambda: zones.score_unseen(engine, [winner], parts, counts)))
        found["families"].append(seconds(lambda: zones.score_unseen(engine, of_families, parts, counts)))
    found["by zones"] = seconds(lambda: search(parts, grid, engine, "areaUnderPR", select_by="zones"))
    by_zone = {zone: _made_up(labels[groups == zone]) for zone in counts}
    found["bootstrap"] = seconds(lambda: intervals.describe(by_zone, 0.5, 1))
    found["permutation"] = _time_permutation(values, labels, TEST_ROWS)
    random = np.random.default_rng(0)
    places = random.integers(len(values), size=most_rows(WIDE))
    noise = random.normal(size=(len(places), WIDE - values.shape[1]))
    found["permutation, wide"] = _time_permutation(np.hstack([values[places], noise]), labels[places], len(places))
    places = random.integers(len(values), size=most_rows(values.shape[1]))
    found["permutation, many"] = _time_permutation(values[places], labels[places], len(places))
    return found


def _time_permutation(values: np.ndarray, labels: np.ndarray, n_rows: int) -> float:
    """Permutation importances and partial dependence of a forest of the winner's size, of the first rows."""
    forest = RandomForestClassifier(200, max_depth=10, random_state=0, n_jobs=CORES).fit(values, labels)
    score = _compiled(forest)
    rows, of_rows = values[:n_rows], labels[:n_rows].astype(float)
    score(rows)  # compiled before
    names = [str(place) for place in range(values.shape[1])]
    return seconds(lambda: lean.describe(score, rows, of_rows, names, {}, "areaUnderPR", 1))


def _compiled(forest: RandomForestClassifier) -> Any:
    """scikit-learn's trees in our scorer, so that both measure the same forest."""
    from lib.trees.scoring import Tree, make_ensemble

    trees = []
    for each in forest.estimators_:
        tree = each.tree_
        share = tree.value[:, 0, 1] / tree.value[:, 0].sum(axis=1)
        inner = tree.children_left >= 0
        feature = np.where(inner, tree.feature, 0).astype(np.int32)
        trees.append(Tree(feature, tree.threshold, tree.children_left, tree.children_right, share))
    return make_ensemble("forest", trees, forest.n_features_in_).score


def _made_up(labels: np.ndarray) -> ScoreCounts:
    return ScoreCounts.from_arrays(labels, np.random.default_rng(0).random(len(labels)))


def _time_scikit(values: np.ndarray, labels: np.ndarray, groups: np.ndarray) -> dict[str, float]:
    forest = RandomForestClassifier(200, max_depth=10, max_features=4, class_weight="balanced", random_state=0)
    left_out = seconds(
        lambda: cross_val_predict(
            forest, values, labels, groups=groups, cv=LeaveOneGroupOut(), n_jobs=CORES, method="predict_proba"
        )
    )
    fitted = forest.fit(values, labels)
    permuted = seconds(
        lambda: permutation_importance(
            fitted,
            values[:1200],
            labels[:1200],
            scoring="average_precision",
            n_repeats=10,
            random_state=0,
            n_jobs=CORES,
        )
    )
    return {"zones": left_out, "permutation": permuted, "by zones": _scikit_search(values, labels, groups)}


def _scikit_search(values: np.ndarray, labels: np.ndarray, groups: np.ndarray) -> float:
    """Seconds that a search by zones would take: fits without one zone, timed with all cores busy, times all."""
    left = groups != np.unique(groups)[0]
    folds = len(np.unique(groups))
    total = 0.0
    for model, depth in sorted({(c.model, c.params["maxDepth"]) for c in expand()}):
        sizes = _sizes([c for c in expand() if (c.model, c.params["maxDepth"]) == (model, depth)])
        with multiprocessing.Pool(CORES) as pool:
            each = pool.starmap(_fit, [(model, depth, values[left], labels[left])] * CORES)
        total += statistics.mean(each) * sum(sizes) * folds
    return total / CORES


def _sizes(candidates: Sequence[Candidate]) -> list[int]:
    return [c.params.get("numTrees") or c.params["maxIter"] for c in candidates]


def _fit(model: str, depth: int, values: np.ndarray, labels: np.ndarray) -> float:
    """Seconds for each tree."""
    if model == RANDOM_FOREST:
        forest = RandomForestClassifier(SCIKIT_TREES, max_depth=depth, max_features=4, random_state=0)
        return seconds(lambda: forest.fit(values, labels)) / SCIKIT_TREES
    assert model == GBT
    boosted = GradientBoostingClassifier(n_estimators=SCIKIT_ROUNDS, max_depth=depth, random_state=0)
    return seconds(lambda: boosted.fit(values, labels)) / SCIKIT_ROUNDS


def figures(ours: dict[str, Any], theirs: dict[str, float]) -> list[Figure]:
    """The table of the report."""
    searched, left_out = (statistics.median(ours[name]) for name in ("search", "zones"))
    share, of_families = left_out / searched, statistics.median(ours["families"])
    permuted = [ours[name] for name in ("permutation", "permutation, many", "permutation, wide")]
    rest = max(ours["bootstrap"], *permuted)
    by_zones = ours["by zones"]
    return [
        Figure("search of 72 candidates on validation rows (median)", f"{searched:.1f} s"),
        Figure(
            "leave-one-zone-out of the winner, six zones (median), as a share of it",
            f"{left_out:.1f} s, {share:.0%}",
            f"≤ {MOST_SHARE:.0%}",
            share <= MOST_SHARE,
        ),
        Figure(
            "the same of the best of both families, as a run does", f"{of_families:.1f} s, {of_families / searched:.0%}"
        ),
        Figure(
            "leave-one-zone-out of the winner by scikit-learn, 2 processes",
            f"{theirs['zones']:.1f} s, {theirs['zones'] / left_out:.1f}x",
        ),
        Figure(
            "search of 72 candidates by zones, six zones",
            f"{by_zones:.1f} s",
            f"≤ {MOST_BY_ZONES:.0f} s",
            by_zones <= MOST_BY_ZONES,
        ),
        Figure(
            "the same by scikit-learn, 2 processes, extrapolated",
            f"{theirs['by zones']:,.0f} s, {theirs['by zones'] / by_zones:.0f}x",
        ),
        Figure(
            f"bootstrap over zones, 2,000 draws; permutation importance and partial dependence, {TEST_ROWS:,} rows, "
            f"{most_rows(15):,} rows, and {most_rows(WIDE):,} rows of {WIDE} features",
            "; ".join(f"{time:.1f} s" for time in (ours["bootstrap"], *permuted)),
            f"≤ {MOST_REST:.0f} s each",
            rest <= MOST_REST,
        ),
        Figure(
            "permutation importance alone by scikit-learn, 2 processes",
            f"{theirs['permutation']:.1f} s, {theirs['permutation'] / ours['permutation']:.0f}x",
        ),
    ]


def notes() -> list[str]:
    """What is in the figures."""
    return [
        "Ours: from the split table, in one session, after one untimed search. Leave-one-zone-out also scores the "
        "validation rows by the winner of the search, which calibration needs.",
        "scikit-learn, leave-one-zone-out: cross_val_predict of 200 trees of depth 10 with LeaveOneGroupOut.",
        f"scikit-learn, search by zones: {SCIKIT_TREES} trees or {SCIKIT_ROUNDS} rounds of each family and depth, "
        "without one zone, timed with both cores busy, in proportion to the trees of all candidates and the zones; "
        "fits only.",
        "Permutation: the same forest of scikit-learn's in both, 10 repetitions; ours in groups of features that move "
        "together, on one core.",
    ]


if __name__ == "__main__":
    main()
