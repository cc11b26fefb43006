"""Rows that repeat others, under the same or the other label, from the table to the report; the counts are pandas'."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from lib import dataset
from lib.engines.choice import choose_engine
from lib.evaluation import evaluate
from lib.measures import intervals, zones
from lib.metrics import ScoreCounts
from lib.reporting import report
from lib.search.candidates import expand
from lib.split import PARTS, TEST, TRAIN, VAL, split
from lib.training import Settings, train
from tests.lib.tables import make_table, write

FEATURES = ["f0", "f1", "f2", "f3"]
GRID = {"GBT": {"maxDepth": [2], "maxIter": [3]}}


def some_rows_twice(zones=4):
    """A table of which 60 rows stand in another zone, too, and 60 of those under the other label."""
    table = make_table(800, seed=11, zones=zones)
    copies = table.sample(120, random_state=1).assign(zone=lambda rows: "zone " + ((rows.index) % zones).astype(str))
    copies.loc[copies.index[:60], "label"] = 1 - copies.label[:60]
    return pd.concat([table, copies], ignore_index=True).sample(frac=1, random_state=2)


def keys(rows):
    return pd.Series(list(map(tuple, rows[FEATURES].to_numpy())), index=rows.index)


@pytest.fixture(scope="module")
def table():
    return some_rows_twice()


@pytest.fixture(scope="module")
def path(table, tmp_path_factory):
    return write(table, tmp_path_factory.mktemp("repeats") / "table.parquet")


@pytest.mark.parametrize("engine", ["task", "spark"])
def test_a_zone_left_out_is_scored_without_the_rows_of_the_other_zones(spark, path, table, engine):
    parts = split(dataset.load(spark, path))
    (candidate,) = expand(candidates=[{"model": "GBT", "maxDepth": 2, "maxIter": 2}])
    counts = parts.count_by_zone()
    unseen = zones.score_unseen(choose_engine(engine, parts, [candidate])[0], [candidate], parts, counts)
    record = zones.describe(unseen.zones[0], unseen.groups, counts=counts)
    scored = {zone["zone"]: zone["rows"] for zone in record["zones"]}
    left_out = {each["zone"]: each["rows"] for each in record["repeated"]}
    of_row = keys(table)
    for zone in table.zone.unique():
        elsewhere = set(of_row[table.zone != zone])
        new = (table.zone == zone) & ~of_row.isin(elsewhere)
        assert scored[zone] == new.sum()
        assert left_out[zone] == (table.zone == zone).sum() - new.sum() > 0


def test_a_zone_that_only_repeats_others_is_told_and_not_measured(spark, tmp_path):
    table = make_table(600, seed=3, zones=3)
    copies = table[table.zone == "zone 2"][:40].assign(zone="copy")
    parts = split(dataset.load(spark, write(pd.concat([table, copies]), tmp_path / "t.parquet")))
    (candidate,) = expand(candidates=[{"model": "GBT", "maxDepth": 2, "maxIter": 2}])
    counts = parts.count_by_zone()
    for engine in ("task", "spark"):
        unseen = zones.score_unseen(choose_engine(engine, parts, [candidate])[0], [candidate], parts, counts)
        record = zones.describe(unseen.zones[0], unseen.groups, counts=counts)
        assert {zone["zone"] for zone in record["zones"]} == {"zone 0", "zone 1", "zone 2"}
        assert record["repeated"] == [{"zone": "copy", "rows": 40}, {"zone": "zone 2", "rows": 40}]


@pytest.fixture(scope="module")
def out(tmp_path_factory):
    return str(tmp_path_factory.mktemp("runs"))


@pytest.fixture(scope="module")
def trained(spark, path, out):
    settings = Settings(path, grid=GRID, engine="task", zone_col=None, exclude_cols=["zone"])
    return train(spark, settings, out, "20260102_030405")


@pytest.fixture(scope="module")
def evaluated(spark, trained, out):
    return evaluate(spark, trained.folder, out)


def test_an_evaluation_counts_different_rows_as_pandas_does(trained, evaluated):
    rows = trained.parts.rows(TEST).toPandas()
    found = evaluated.metrics["measured_on"]
    assert (found["count"], found["distinct"]) == (len(rows), keys(rows).nunique())
    assert found["distinct"] < found["count"]
    assert found["distinct_by_class"] == {str(c): keys(rows[rows.label == c]).nunique() for c in (0, 1)}


def test_its_intervals_rest_on_different_rows(trained, evaluated):
    rows = trained.parts.rows(TEST).toPandas()
    found = evaluated.metrics
    assert found["intervals_from"] == "rows"
    n = {c: keys(rows[rows.label == c]).nunique() for c in (0, 1)}
    expected = intervals.roc_area_interval(found["areaUnderROC"], n[1], n[0])
    assert found["intervals"]["areaUnderROC"] == pytest.approx(expected, abs=1e-12)
    cm = found["confusion_matrix"]
    share = intervals.share_interval(cm["TP"], cm["TP"] + cm["FN"], n[1])
    assert found["intervals"]["recall.1"] == pytest.approx(share, abs=1e-12)
    scored = trained.model.transform(trained.parts.rows(TEST)).toPandas()
    above = scored.probability.map(lambda p: p[1]) > found["threshold"]
    share = intervals.share_interval(cm["TP"], cm["TP"] + cm["FP"], keys(scored[above]).nunique())
    assert found["intervals"]["precision.1"] == pytest.approx(share, abs=1e-12)


def test_no_row_of_the_training_is_measured_under_whatever_label(spark, trained, table, out, tmp_path):
    seen = keys(trained.parts.rows(TRAIN, VAL).toPandas())
    fresh = make_table(300, seed=12)
    flipped = trained.parts.rows(TRAIN).toPandas()[:50].assign(label=lambda rows: 1 - rows.label)
    other = pd.concat([fresh, table, flipped[[*FEATURES, "label"]]])
    found = evaluate(
        spark, trained.folder, out, run_id="20260102_030406", test_data=write(other, tmp_path / "other.parquet")
    ).metrics["measured_on"]
    new = other[~keys(other.reset_index(drop=True)).isin(set(seen)).to_numpy()]
    assert (found["count"], found["seen"]) == (len(new), len(other) - len(new))
    assert found["distinct"] == keys(new).nunique()


def test_the_report_says_on_how_many_rows_its_figures_rest(spark, evaluated):
    report.write(spark, evaluated.folder)
    text = Path(evaluated.folder, "EVALUATION_REPORT.md").read_text()
    found = evaluated.metrics["measured_on"]
    assert f"{found['distinct']} of them are different" in text
    assert "Rows with the same features count once in them." in text


def test_zones_held_out_lose_the_rows_of_the_others_and_are_named(spark, path, table, out):
    settings = Settings(path, grid=GRID, engine="task", split_by="zone")
    trained = train(spark, settings, out, "20260102_030407")
    parts = trained.parts
    order = {zone: place for place, name in enumerate(PARTS) for zone in parts.zones[name]}
    place = table.zone.map(order)
    first = place.groupby(keys(table)).transform("min")
    left_out = table[place > first]
    record = json.loads(Path(trained.folder, "experiment.json").read_text())["split"]
    assert record["repeated"] == len(left_out) > 0
    assert {each["zone"]: each["rows"] for each in record["repeated_zones"]} == dict(left_out.zone.value_counts())
    evaluated = evaluate(spark, trained.folder, out)
    assert evaluated.metrics["measured_on"]["verified"]
    report.write(spark, evaluated.folder)
    text = Path(evaluated.folder, "EVALUATION_REPORT.md").read_text()
    assert f"**{len(left_out)} rows were left out of validation and test,**" in text
    for each in record["repeated_zones"]:
        others = table[(place == first) & keys(table).isin(set(keys(left_out[left_out.zone == each["zone"]])))]
        assert each["shared_with"] == sorted(set(others.zone))
        assert f"`{each['zone']}` with `{each['shared_with'][0]}`" in text
    kept = table[place == first]
    zones_of = kept.zone.groupby(keys(kept)).agg(set)
    shared = kept[keys(kept).map(zones_of).map(len) > 1].zone.value_counts()
    measured = evaluated.metrics["leave_one_zone_out"]
    assert {each["zone"]: each["rows"] for each in measured["repeated"]} == dict(shared)
    assert "So many rows are left out because rows with the same features stand in the other zones: " in text
    assert f"`{shared.index[0]}` ({shared.iloc[0]})" in text


@pytest.mark.parametrize("times", [2, 7])
def test_a_table_given_several_times_is_as_certain_as_once(times):
    random = np.random.default_rng(5)
    labels = random.random(300) < 0.3
    scores = np.clip(random.normal(0.35 + 0.2 * labels, 0.2), 0, 1).round(2)
    once = {"": ScoreCounts.from_arrays(labels, scores)}
    several = {"": ScoreCounts.from_arrays(np.tile(labels, times), np.tile(scores, times))}
    above = scores > 0.5
    distinct = {
        "rows": 300,
        "0": int((~labels).sum()),
        "1": int(labels.sum()),
        "predicted.0": int((~above).sum()),
        "predicted.1": int(above.sum()),
    }
    expected = intervals.describe(once, 0.5, 1)["intervals"]
    found = intervals.describe(several, 0.5, 1, distinct)["intervals"]
    assert [name for name, bounds in found.items() if bounds] == [name for name, bounds in expected.items() if bounds]
    for name, bounds in expected.items():
        assert found[name] == pytest.approx(bounds, abs=1e-12)
    assert intervals.describe(several, 0.5, 1)["intervals"]["recall.1"] != expected["recall.1"]
