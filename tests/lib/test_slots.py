"""The same figures on 1, 2 and 16 task slots, in any row order and file layout, by both engines; values are missing."""

import json
import os
import subprocess
import sys

import numpy as np
import pytest

from tests.conftest import ROOT
from tests.lib.tables import make_table, write

pytestmark = pytest.mark.timeout(1200)  # three Spark contexts, one after another

SLOTS = (1, 2, 16)
# Spark ML takes its time: of it only what is most easily disturbed, the bagging of a forest.
WEIGHTED = {"weight_col": "area", "metrics_weighted": True, "exclude_cols": []}
ASKED = {
    "task": {
        "grid": {"RandomForest": {"numTrees": [3], "maxDepth": [4]}, "GBT": {"maxDepth": [2], "maxIter": [3]}},
        "select_by": "zones",
        "nested": True,
    },
    "spark": {"grid": {"RandomForest": {"numTrees": [2], "maxDepth": [3]}}},
    "task, weighted": {"grid": {"RandomForest": {"numTrees": [3], "maxDepth": [3]}}, **WEIGHTED},
}

# Several Spark contexts in one process: all but the first find Java warm.
RUN = """
import json, sys
from pathlib import Path
from launcher.local_spark import SHORT_SESSION, build_session
from lib.support import filling
from lib.evaluation import evaluate
from lib.measures import reference
from lib.training import Settings, train

asked, places = json.loads(sys.argv[1])
reference.MOST_ROWS = 150  # so that sampling and the pass over all rows are part of it
filling.MOST_VALUES = 200
all_found = {}
for slots, (table, other, out) in places.items():
    spark = build_session(master=f"local[{slots}]", settings=SHORT_SESSION)
    assert spark.sparkContext.defaultParallelism == int(slots)
    all_found[slots] = found = {}
    for number, name in enumerate(asked):
        blocks = {"block_cols": ["x", "y"], "block_size": 100.0, "exclude_cols": ["area"], "missing": "median"}
        engine = name.split(",")[0]
        settings = Settings(table, engine=engine, seed=3, threshold="f1", **{**blocks, **asked[name]})
        trained = train(spark, settings, out, f"20260102_03040{number}")
        held_out = evaluate(spark, trained.folder, out, fail_below={"worst_zone_areaUnderROC": 1.0})
        evaluated = [held_out]
        if "weight_col" not in asked[name]:
            evaluated.append(evaluate(spark, trained.folder, out, test_data=other, run_id=f"20260102_03050{number}"))
        summary = json.loads(Path(trained.folder, "metrics/summary.json").read_text())
        calibration = json.loads(Path(trained.folder, "calibration.json").read_text())
        found[name] = [summary, calibration, *(each for done in evaluated for each in (done.metrics, done.curves))]
    spark.stop()
print(json.dumps(all_found))
"""


def placed(rows, seed):
    random = np.random.default_rng(seed)
    table = make_table(rows, seed=seed).drop(columns="zone")
    for name, share in (("f1", 0.3), ("f3", 0.05)):
        table[name] = table[name].mask(random.uniform(size=rows) < share)
    x, y = random.uniform(0, 200, rows), random.uniform(0, 200, rows)
    return table.assign(x=x, y=y, area=random.lognormal(size=rows))


def layout(table, folder, slots):
    """The same rows in one file or several, in the table's order or another."""
    folder.mkdir()
    if slots > 1:
        table = table.sample(frac=1, random_state=slots)
    for number in range(slots):
        write(table[number::slots], folder / f"{number}.parquet")
    return str(folder)


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    """What is written on each number of slots, by engine, without what differs by intention."""
    place = tmp_path_factory.mktemp("slots")
    places = {
        slots: [
            *(layout(placed(rows, rows), place / f"{rows} of {slots}", slots) for rows in (500, 400)),
            str(place / f"out {slots}"),
        ]
        for slots in SLOTS
    }
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", RUN, json.dumps([ASKED, places])]
    run = subprocess.run(command, env=environment, cwd=ROOT, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr[-2000:]
    runs = {int(slots): found for slots, found in json.loads(run.stdout.splitlines()[-1]).items()}
    for of_slots in runs.values():
        for records in of_slots.values():
            for metrics in records[2::2]:
                del metrics["model_dir"], metrics["measured_on"]["inputs"]
    return runs


@pytest.mark.parametrize("engine", ASKED)
@pytest.mark.parametrize("slots", SLOTS[1:])
def test_every_figure_is_the_same(found, slots, engine):
    for here, alone in zip(found[slots][engine], found[1][engine], strict=True):
        for name in alone:
            assert here[name] == alone[name], name
        assert here.keys() == alone.keys()


def test_both_engines_measure_the_same(found):
    for ours, theirs in zip(found[1]["task"], found[1]["spark"], strict=True):
        assert ours.keys() - {"best_on_validation"} == theirs.keys() - {"best_on_validation"}  # if another was
    held_out, another = (found[1]["spark"][place] for place in (2, 4))
    for section in (
        "leave_one_zone_out",
        "permutation_importances",
        "capture",
        "applicability",
        "nearest_training_row",
    ):
        assert held_out[section]
    assert found[1]["task"][2]["leave_one_zone_out"]["nested"]
    assert found[1]["task"][0]["filling"] == found[1]["spark"][0]["filling"]
    assert set(held_out["measured_on"]["filled"]["values"]) == {"f1", "f3"}
    assert another["drift"]["rows"]["new"] == 400 > another["applicability"]["rows"]
