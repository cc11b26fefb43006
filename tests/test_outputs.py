"""docs/outputs.md names exactly the keys that real files have."""

import itertools
import json
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from lib.evaluation import evaluate
from lib.scoring import scoring
from lib.training import Settings, train
from tests.conftest import ROOT
from tests.lib.rasters.make import raster
from tests.lib.tables import make_table, write

GRID = {
    "RandomForest": {"numTrees": [3], "maxDepth": [3]},
    "GBT": {"maxDepth": [1, 3], "maxIter": [2, 6], "stepSize": [0.1, 0.5]},
}
FILES = ("metrics.json", "curves.json", "summary.json", "experiment.json", "scores.json")
# Only where something is the case that the runs below are not asked to be.
SELDOM = {
    "summary.json": {"best_on_validation", "suspects[]"},
    "experiment.json": {"split.zones", "split.repeated", "split.repeated_zones[]", "cost.*"},
    "scores.json": {"share_spread_high", "tiles[].share_spread_high", "cost"},  # of a forest; on a cluster
}


def placed(rows, seed, moved=0.0):
    table = make_table(rows, seed=seed, zones=4).drop(columns="zone")
    random = np.random.default_rng(seed)
    table[["f0", "f1", "f2", "f3"]] += moved
    table["f1"] = table.f1.mask(random.uniform(size=rows) < 0.1)
    x, y, area = random.uniform(0, 200, rows), random.uniform(0, 200, rows), random.lognormal(size=rows)
    return table.assign(f4=table.f3 * 2, x=x, y=y, area=area)


@pytest.fixture(scope="module")
def files(spark, tmp_path_factory):
    """Each file as it is written by runs that are asked for everything."""
    place = tmp_path_factory.mktemp("outputs")
    out = str(place / "out")
    table = placed(800, 1)
    elsewhere = table[:40].assign(x=table.x[40:80].to_numpy(), y=table.y[40:80].to_numpy())
    path = write(pd.concat([table, elsewhere]), place / "table.parquet")
    blocks = {"block_cols": ["x", "y"], "block_size": 100.0, "select_by": "zones", "nested": True, "missing": "median"}
    weights = {"weight_col": "area", "metrics_weighted": True}
    trained = train(spark, Settings(path, grid=GRID, engine="task", **blocks, **weights), out, "20260102_030405")
    asked = {"fail_below": {"f1": 1.0, "accuracy": 0.0}, "fail_on_drift": True}
    other = write(placed(400, 2, moved=5.0), place / "other.parquet")
    evaluated = [
        evaluate(spark, trained.folder, out, **asked),
        evaluate(spark, trained.folder, out, run_id="20260102_030406", test_data=other, **asked),
    ]
    scored = scoring.score(spark, trained.folder, other, out, id_cols=["x"])
    scoring.finish(spark, scored)
    bands = np.random.default_rng(3).normal(size=(5, 20, 20))
    bands[1, 0, :3] = np.nan
    tile = raster(place / "tile.tif", bands, ["f0", "f1", "f2", "f3", "f4"])
    mapped = scoring.score(spark, trained.folder, tile, str(place / "maps"))
    scoring.finish(spark, mapped)
    folders = {"summary.json": [f"{trained.folder}/metrics"], "experiment.json": [trained.folder]}
    folders |= {"scores.json": [scored.folder, mapped.folder]}
    return {
        name: [
            json.loads(Path(folder, name).read_text())
            for folder in folders.get(name, [each.folder for each in evaluated])
        ]
        for name in FILES
    }


def documented(name):
    """The keys in a file's section, with what is in braces spelt out."""
    text = (ROOT / "docs/outputs.md").read_text()
    section = re.split(r"^## ", text.split(f"\n## {name}\n")[1], flags=re.M)[0]
    first = [row.split("|")[1] for row in section.splitlines() if row.startswith("| `")]
    keys = []
    for pattern in re.findall(r"`([^`]+)`", " ".join(first)):
        parts = [part.split(",") for part in re.split(r"[{}]", pattern)]
        keys += ["".join(chosen) for chosen in itertools.product(*parts)]
    return keys


def paths(value, path=""):
    """The path of each value that is neither an object nor a list of them."""
    if isinstance(value, dict) and value:
        for name, each in value.items():
            yield from paths(each, f"{path}.{name}" if path else name)
    elif isinstance(value, list):
        for each in value or [None]:
            yield from paths(each, f"{path}[]")
    else:
        yield path


def means(key, path):
    """Whether a documented key is about the value at a path; one may be about a list or object as a whole."""
    pattern = re.escape(key).replace(r"\*", ".+")
    return re.fullmatch(rf"{pattern}(\[\])?", path)


@pytest.mark.parametrize("name", FILES)
def test_every_key_of_a_file_is_documented(files, name):
    keys = documented(name)
    found = {path for content in files[name] for path in paths(content)}
    assert sorted(path for path in found if not any(means(key, path) for key in keys)) == []


@pytest.mark.parametrize("name", FILES)
def test_every_documented_key_is_in_a_file(files, name):
    found = {path for content in files[name] for path in paths(content)}
    found |= {path.rsplit(".", 1)[0] for path in found if "." in path}
    seldom = SELDOM.get(name, set())
    missing = [key for key in documented(name) if not any(means(key, path) for path in found)]
    assert [key for key in missing if not {key, key.split(".")[0]} & seldom] == []
