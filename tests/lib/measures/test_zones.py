"""Leave-one-zone-out, of the winner and of the whole search, with an engine whose every figure is known."""

import numpy as np
import pandas as pd
import pytest
from sklearn import metrics as sk
from sklearn.ensemble import RandomForestClassifier
from sklearn.model_selection import LeaveOneGroupOut

from lib import dataset
from lib.engines.task.engine import TaskEngine
from lib.engines.task.memory import task_memory
from lib.measures import zones
from lib.metrics import ScoreCounts
from lib.search.candidates import expand
from lib.search.engine import FoldScore
from lib.search.families import GBT, Candidate
from lib.search.folds import group_zones
from lib.split import PARTS, TRAIN, VAL, Count, split

CANDIDATES = [Candidate(index, GBT, {"maxIter": index + 1}) for index in range(3)]
ZONES = ("a", "b", "c", "d")
COUNTS = {zone: dict.fromkeys(PARTS, Count(20, 8)) for zone in ZONES}


class Cut:
    """A split of which only its rows' numbers are asked, and its seed."""

    seed = 1

    def count_by_zone(self):
        return COUNTS


class KnownEngine:
    """Scores follow from the candidate, the zones it was trained without, and the zone it is measured in."""

    def __init__(self):
        self.asked = []

    def counts(self, candidate, left_out, zone):
        rng = np.random.default_rng([candidate.index, *(ord(z) for z in sorted(left_out)), ord(zone or "-")])
        labels = np.repeat([0, 1], [12, 8])
        return ScoreCounts.from_arrays(labels, rng.random(20) + labels * rng.random())

    def score_folds(self, candidates, split, folds, measure):
        self.asked.append((list(candidates), list(folds)))
        for number, fold in enumerate(folds):
            left_out = set(ZONES) - set(fold.train_zones)
            for candidate in reversed(candidates):
                names = fold.score_zones if fold.by_zone else [""]
                by_zone = {zone: measure(self.counts(candidate, left_out, zone)) for zone in names}
                yield FoldScore(number, candidate, by_zone, 0.1)


def test_each_zone_is_scored_by_a_model_of_all_others_and_validation_by_one_of_training():
    engine = KnownEngine()
    unseen = zones.score_unseen(engine, CANDIDATES, Cut(), COUNTS)
    ((_, folds),) = engine.asked
    assert (folds[0].train, folds[0].score, folds[0].by_zone) == ((TRAIN,), (VAL,), False)
    for candidate in CANDIDATES:
        assert set(unseen.zones[candidate.index]) == set(ZONES)
        for zone in ZONES:
            expected = engine.counts(candidate, {zone}, zone)
            assert unseen.zones[candidate.index][zone].scores.tolist() == expected.scores.tolist()
        assert unseen.validation[candidate.index].rows == 20


def test_the_record_has_scikit_learns_areas_their_mean_and_the_worst():
    rng = np.random.default_rng(3)
    rows = {zone: (np.append(rng.integers(0, 2, 48), [0, 1]), rng.random(50)) for zone in ZONES}
    rows["only 0"] = (np.zeros(9), rng.random(9))
    record = zones.describe({z: ScoreCounts.from_arrays(*r) for z, r in rows.items()}, [(z,) for z in rows])
    roc = {zone: sk.roc_auc_score(*rows[zone]) for zone in ZONES}
    by_name = {zone["zone"]: zone for zone in record["zones"]}
    assert list(by_name) == sorted(rows)
    for zone in ZONES:
        assert by_name[zone]["areaUnderROC"] == pytest.approx(roc[zone], abs=1e-12)
        precision, recall, _ = sk.precision_recall_curve(*rows[zone])
        points = recall[:-1][::-1], precision[:-1][::-1]  # without the made-up point at recall 0: Spark's comes next
        area = np.trapezoid([points[1][0], *points[1]], [0.0, *points[0]])
        assert by_name[zone]["areaUnderPR"] == pytest.approx(area, abs=1e-12)
        assert (by_name[zone]["rows"], by_name[zone]["positives"]) == (50, rows[zone][0].sum())
    one_class = {"zone": "only 0", "rows": 9, "positives": 0, "areaUnderROC": None, "areaUnderPR": None}
    assert by_name["only 0"] == one_class
    assert record["mean"]["areaUnderROC"] == pytest.approx(np.mean(list(roc.values())), abs=1e-12)
    assert record["worst"]["areaUnderROC"] == pytest.approx(min(roc.values()), abs=1e-12)
    assert record["worst_zone"]["areaUnderROC"] == min(roc, key=roc.get)
    low, high = record["interval"]["areaUnderROC"]
    assert min(roc.values()) <= low < record["mean"]["areaUnderROC"] < high <= max(roc.values())
    rng = np.random.default_rng(0)
    means = [np.mean(rng.choice(list(roc.values()), len(roc))) for _ in range(20_000)]
    assert [low, high] == pytest.approx(np.percentile(means, [2.5, 97.5]), abs=0.01)


def test_two_zones_with_both_classes_are_too_few():
    counts = {**dict.fromkeys("ab", COUNTS["a"]), "c": dict.fromkeys(PARTS, Count(5, 0))}
    assert not zones.enough_zones(counts)
    assert zones.score_unseen(KnownEngine(), CANDIDATES[:1], Cut(), counts).zones == {}


def best(values):
    """The candidate of the highest value; the earlier wins a tie."""
    return max(CANDIDATES, key=lambda c: (values[c.index], -c.index))


@pytest.mark.parametrize("select_by", ["validation", "zones"])
def test_nested_a_zone_has_no_part_in_the_choice_of_its_model(select_by):
    engine = KnownEngine()
    record = zones.nested(engine, CANDIDATES, Cut(), "areaUnderROC", select_by)
    for zone in record["zones"]:
        out = zone["zone"]
        others = [other for other in ZONES if other != out]
        if select_by == "validation":
            values = [engine.counts(c, {out}, "").area_under_roc() for c in CANDIDATES]
        else:
            values = [np.mean([engine.counts(c, {out, z}, z).area_under_roc() for z in others]) for c in CANDIDATES]
        chosen = best(values)
        assert zone["chosen"] == str(chosen)
        assert zone["areaUnderROC"] == engine.counts(chosen, {out}, out).area_under_roc()
    # Of all fits that a choice rests on, none has seen a row of its zone; a pair of zones is left out only once.
    _, folds = engine.asked[0]
    assert len(folds) == (4 if select_by == "validation" else 6)


def test_many_zones_are_left_out_in_groups():
    counts = {f"zone {n:02}": dict.fromkeys(PARTS, Count(10 + n, 4)) for n in range(25)}
    groups = group_zones(counts)
    assert len(groups) == 10
    record = zones.describe({zone: ScoreCounts.from_arrays([0, 1], [0.2, 0.8]) for zone in counts}, groups)
    assert (record["folds"], len(record["zones"])) == (10, 25)


def test_on_a_real_table_new_ground_is_harder_and_as_hard_as_scikit_learn_says(spark, cropmask):
    table = pd.read_parquet(cropmask).sample(9000, random_state=1)
    features = [name for name in table.columns if name not in ("label", "zone")]
    parts = split(dataset.load(spark, cropmask), seed=2)
    (candidate,) = expand(candidates=[{"model": "RandomForest", "numTrees": 60, "maxDepth": 10, "maxBins": 64}])
    engine = TaskEngine(task_memory(parts, [candidate]))
    unseen = zones.score_unseen(engine, [candidate], parts, parts.count_by_zone())
    record = zones.describe(unseen.zones[0], unseen.groups)

    forest = RandomForestClassifier(60, max_depth=10, max_features="sqrt", class_weight="balanced", random_state=3)
    theirs = {}
    for train, test in LeaveOneGroupOut().split(table[features], table.label, groups=table.zone):
        fitted = forest.fit(table[features].iloc[train], table.label.iloc[train])
        rows = table.iloc[test]
        theirs[rows.zone.iloc[0]] = sk.roc_auc_score(rows.label, fitted.predict_proba(rows[features])[:, 1])
    ours = {zone["zone"]: zone["areaUnderROC"] for zone in record["zones"]}
    assert set(ours) == set(theirs)
    # Theirs are of a sample of the rows, to be quick.
    assert np.mean(list(ours.values())) == pytest.approx(np.mean(list(theirs.values())), abs=0.02)
    known = unseen.validation[0].area_under_roc()
    assert known > record["mean"]["areaUnderROC"] + 0.08
