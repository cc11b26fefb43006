"""The notebooks' tables. Those of the exploration are tested with it."""

import dataclasses

from lib import dataset
from lib.reporting import views
from lib.search.engine import Score
from lib.search.families import GBT, RANDOM_FOREST, Candidate
from lib.search.search import Search
from lib.split import split
from tests.lib.reporting.ground_facts import another_table, make_ground, nested, zones_left_out
from tests.lib.tables import make_table, write

METRICS = {"areaUnderPR": 0.7, "areaUnderROC": 0.8, "accuracy": 0.9, "f1": 0.85}


def test_a_view_crosses_to_the_other_side_as_one_row(spark):
    text = 'a "table"\n| with | ünïcode |' + "x" * 100_000
    shown = views.frame(spark, text)
    assert shown.columns == ["markdown"]
    assert [row.markdown for row in shown.collect()] == [text]


def test_facts_and_parts_of_a_table(spark, tmp_path):
    table = dataset.load(spark, write(make_table(rows=1000), tmp_path / "t.parquet"))
    facts = views.facts(table)
    assert "| rows | 1,000 |" in facts
    assert "| rows of class 1 (`label`) | 250 (25.0%) |" in facts
    assert table.fingerprint in facts
    shown = views.parts(split(table))
    assert "| training | 700 | 70.0% | 174 | 24.9% |" in shown
    assert "Each row weighs 0.665 for class 0 and 2.011 for class 1." in shown


def test_an_index_that_was_passed_over_is_named(spark, tmp_path):
    make_table(rows=1000).sample(frac=1, random_state=1).to_parquet(tmp_path / "t.parquet")
    facts = views.facts(dataset.load(spark, str(tmp_path / "t.parquet")))
    assert "| passed over, as the index of a pandas table | `__index_level_0__` |" in facts


def test_blocks_are_named_by_their_coordinates(spark, tmp_path):
    rows = make_table(rows=1000).drop(columns="zone").assign(x=[i % 10 for i in range(1000)], y=0.0)
    place = write(rows, tmp_path / "t.parquet")
    table = dataset.load(spark, place, block_cols=["x", "y"], block_size=2.0)
    assert "| zones | square blocks of `x` and `y` |" in views.facts(table)


def test_parts_name_their_zones(spark, tmp_path):
    table = dataset.load(spark, write(make_table(rows=1000, zones=8), tmp_path / "t.parquet"))
    whole = split(table, split_by="zone")
    lines = {line.split("|")[1].strip(): line for line in views.parts(whole).splitlines() if "|" in line}
    for part, title in views.PART_NAMES.items():
        assert all(zone in lines[title] for zone in whole.zones[part])


def test_candidates_come_best_first_and_say_how_many_are_left_out():
    scores = [
        Score(Candidate(i, GBT, {"maxDepth": i}), {**METRICS, "areaUnderPR": 0.5 + i / 100}, 1.25) for i in range(4)
    ]
    shown = views.candidates(Search(tuple(scores), "areaUnderPR"), top=2)
    assert shown.startswith("The best 2 of 4 candidates:")
    assert "| 1 | GBT | maxDepth 3 | 0.800 | 0.530 | 0.900 | 0.850 | 1.2 |" in shown
    assert "maxDepth 1" not in shown
    tied = [dataclasses.replace(score, metrics=METRICS) for score in scores]
    assert "| 1 | GBT | maxDepth 0 |" in views.candidates(Search(tuple(tied), "areaUnderPR"))


def test_candidates_of_a_search_by_zones_are_ranked_by_zones():
    scores = [
        Score(Candidate(i, GBT, {"maxDepth": i}), METRICS, 1.25, zones={"areaUnderPR": area, "areaUnderROC": 0.8})
        for i, area in enumerate((0.51, 0.63, 0.42))
    ]
    lines = views.candidates(Search(tuple(scores), "areaUnderPR")).splitlines()
    assert lines[0].startswith("|  | model | parameters | PR area, zones left out | ROC area |")
    assert lines[2] == "| 1 | GBT | maxDepth 1 | **0.630** | 0.800 | 0.700 | 0.900 | 0.850 | 1.2 |"
    assert [line.split(" | ")[2] for line in lines[2:]] == ["maxDepth 1", "maxDepth 0", "maxDepth 2"]


def test_results_end_with_the_figure_to_quote():
    family = {"val_metrics": METRICS, "test_metrics": METRICS, "best_params": {}}
    winner = {"name": GBT, "val_metrics": METRICS, "test_metrics_retrained": {**METRICS, "areaUnderPR": 0.71}}
    shown = views.results({"models": {RANDOM_FOREST: family, GBT: family}, "winner": winner})
    assert shown.splitlines()[-1] == "| **GBT, retrained** | **test** | **0.800** | **0.710** | **0.900** | **0.850** |"


def test_an_evaluation_says_on_which_rows_it_was_made():
    rows = {"rows": "held-out", "inputs": ["a", "b"], "count": 1000, "positives": 250, "fingerprint": "f00"}
    record = {"model": GBT, "model_dir": "m", "measured_on": {**rows, "verified": True}}
    assert "same rows that training held out" in views.measured(record)
    assert "| of class 1 | 250 (25.0%) |" in views.measured(record)
    assert "not from the table the model was trained on" in views.measured(
        {**record, "measured_on": {**rows, "verified": False}}
    )


def test_figures_of_an_evaluation():
    matrix = {"TN": 60, "FP": 20, "FN": 5, "TP": 15}
    assert views.confusion(matrix).splitlines()[-2:] == [
        "| class 0 | 60 (75.0%) | 20 (25.0%) |",
        "| class 1 | 5 (25.0%) | 15 (75.0%) |",
    ]
    by_class = {"precision": {"0": 0.9, "1": 0.4}, "recall": {"0": 0.8, "1": 0.7}, "f1_by_class": {"0": 0.85, "1": 0.5}}
    assert "| class 1 | 0.400 | 0.700 | 0.500 |" in views.classes(by_class)
    all_metrics = {**METRICS, "average_precision": 0.69, "weightedPrecision": 0.88, "weightedRecall": 0.9}
    assert "| Average precision | 0.690 |" in views.metrics(all_metrics)


def test_what_this_version_measures_is_shown_and_what_is_missing_said():
    held_out, other = make_ground()["metrics"], another_table(make_ground())["metrics"]
    assert views.metrics(held_out).splitlines()[0] == "| metric | value | 95% interval |"
    assert "bootstrap over zones" in views.metrics(held_out)
    shown = views.threshold(held_out)
    assert "Chosen by: the highest F1 of class 1." in shown
    assert len(shown.splitlines()) == 7
    fixed = {"rule": 0.5, **{of: held_out["threshold_chosen"][of] for of in ("validation", "here", "here_at_half")}}
    shown = views.threshold({"threshold": 0.5, "threshold_chosen": fixed})
    assert (len(shown.splitlines()), shown.splitlines()[-1]) == (6, "It was given as a number.")
    assert views.threshold({"threshold": 0.5}) == "The threshold is 0.5."
    assert "| `B04_med` | 0.030 ± 0.004 | `B05_med` |" in views.permutation_importances(held_out)
    assert "models of trees" in views.permutation_importances({})
    assert "97.2% of the rows are inside" in views.drift(held_out)
    assert "another table only" in views.drift(held_out)
    assert "| `B03_med` | no unit | 1.00 | 100.0% | moved |" in views.drift(other)
    assert "an area of 0.93" in views.drift(other)
    assert "Half of these rows lie within 42.4 of a training row, and 95% within 210" in views.drift(held_out)
    calibrated = held_out["calibrated"]
    assert f"| Score | {held_out['brier']:.4f} |" in views.probability(held_out)
    assert f"| {calibrated['brier']:.4f} | – | {calibrated['log_loss']:.4f} | – |" in views.probability(held_out)
    assert "not measured" in views.probability({})
    told = next(best for best in held_out["capture"]["best"] if best["rows"] == 0.05)
    assert f"best 5% of the rows hold {told['found']:.0%} of class 1" in views.best_rows(held_out)
    assert "no rows of class 1" in views.best_rows({})


def test_rows_that_the_model_has_seen_are_counted():
    metrics = another_table(make_ground())["metrics"]

    def said(**of):
        return views.measured({**metrics, "measured_on": {**metrics["measured_on"], **of}})

    assert "1,234" in said(seen=1234, seen_rows="drop")
    assert said(seen=1234, seen_rows="keep") != said(seen=1234, seen_rows="drop")
    assert said(seen=0, seen_rows="drop") != said(seen=None, seen_rows="drop")


def test_zones_left_out_of_the_search_are_shown_below():
    record = zones_left_out(["a", "b", "c"])
    assert "nested" not in views.zones_left_out(record).lower()
    shown = views.zones_left_out({**record, "nested": nested(record)})
    assert shown.startswith(views.zones_left_out(record))
    assert "| `GBT maxDepth=3, maxIter=20` |" in shown


def test_zones_without_both_classes_have_no_areas():
    zone = {"zone": "a|b", "rows": 10, "positives": 0, **METRICS, "areaUnderPR": None, "areaUnderROC": None}
    assert views.zones({"zones": [zone]}).splitlines()[-1] == "| a\\|b | 10 | 0 | 0.0% | – | – | 0.900 | 0.850 |"
    assert views.zones({}) == "The table has no zones."


def test_of_very_many_zones_the_largest_are_shown():
    zones = [{"zone": f"z{i:03d}", "rows": 10 + i % 100, "positives": 5, **METRICS} for i in range(141)]
    for shown in (views.zones({"zones": zones}), views.balance(zones)):
        named = [line.split(" | ")[0].strip("| ") for line in shown.splitlines()[2:42]]
        assert named == [zone["zone"] for zone in zones if zone["rows"] >= 70]
        assert "and 101 more zones." in shown
    assert "| **all zones** | 141 |" not in views.balance(zones)
    assert f"| **all zones** | {sum(zone['rows'] for zone in zones):,} |" in views.balance(zones)
    assert "more zone" not in views.zones({"zones": zones[:40]})
    assert "and 1 more zone." in views.zones({"zones": zones[:41]})


def test_of_very_many_zones_left_out_the_weakest_are_shown():
    record = zones_left_out([f"z{i:02d}" for i in range(60)])
    shown = views.zones_left_out(record)
    assert len(shown.splitlines()) == 2 + 40 + 2 + 2
    bounds = {**record, "interval": {"areaUnderPR": [0.25, 0.5], "areaUnderROC": None}}
    assert "bootstrap over zones: PR area 0.250\xa0–\xa00.500, ROC area –." in views.zones_left_out(bounds)
    assert shown.endswith("These are the weakest zones, and 20 more.")
    listed = [line.split(" | ")[0].strip("| ") for line in shown.splitlines()[2:42]]
    assert listed == sorted(listed)
    both = [zone for zone in record["zones"] if zone["areaUnderROC"] is not None]
    assert set(listed) == {zone["zone"] for zone in sorted(both, key=lambda zone: zone["areaUnderROC"])[:40]}
    few = views.zones_left_out(zones_left_out(["a", "b", "c"]))
    assert "weakest" not in few


def test_a_zone_without_a_name_is_not_the_whole_table():
    zones = [{"zone": "", "rows": 10, "positives": 5, **METRICS}]
    assert "| (empty) | 10 |" in views.zones({"zones": zones})
    assert "| (empty) | 10 |" in views.balance(zones)


def test_each_input_is_named_with_its_files_and_rows(spark, tmp_path):
    path = write(make_table(rows=1000), tmp_path / "t.parquet")
    facts = views.facts(dataset.load(spark, [path, str(tmp_path)]))
    assert (
        f"`{path}` (1,000 rows in 1 file); `{tmp_path}` (0 rows in 0 files; 1 given more than once, read once)" in facts
    )


def test_what_is_filled_is_said(spark, tmp_path):
    holes = make_table(200)
    holes.loc[:4, "f1"] = None
    holes.loc[3:5, "f2"] = None
    loaded = dataset.load(spark, write(holes, tmp_path / "holes.parquet"), missing="median")
    assert "| rows with values to fill with medians | 6: `f1` (5) and `f2` (3) |" in views.facts(loaded)
    parts = split(loaded)
    medians = " and ".join(f"`{name}` {views.WORDS.short(parts.medians[name])}" for name in ("f1", "f2"))
    assert views.parts(parts).endswith(f"Missing values are filled with the medians of the training part: {medians}.")
    whole = dataset.load(spark, write(make_table(200), tmp_path / "whole.parquet"))
    assert "medians" not in views.facts(whole) + views.parts(split(whole))
