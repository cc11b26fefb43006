"""Columns that are no features and values that stand for none, from the table to the report."""

import json
from pathlib import Path

import numpy as np
import pytest

from lib import dataset
from lib.errors import InputError
from lib.evaluation import evaluate
from lib.reporting import report, views
from lib.scoring import scoring
from lib.training import Settings, train
from tests.lib.tables import make_table, write

GRID = {"RandomForest": {"numTrees": [5], "maxDepth": [4]}}
TABLE = make_table(600)
HOLES = TABLE.assign(f1=TABLE.f1.where(TABLE.index > 9, -9999.0))


def test_nodata_is_missing(spark, tmp_path):
    path = write(HOLES, tmp_path / "t.parquet")
    assert dataset.load(spark, path).rows == 600
    with pytest.raises(InputError, match=r"10 of 600 rows .* f1 \(10\)"):
        dataset.load(spark, path, nodata=[-9999])
    loaded = dataset.load(spark, path, nodata=[-9999], missing="drop")
    clean = write(TABLE[10:], tmp_path / "clean.parquet")
    assert (loaded.dropped, loaded.fingerprint) == (10, dataset.load(spark, clean).fingerprint)
    least = TABLE.assign(f1=TABLE.f1.where(TABLE.index > 9, -3.4028235e38).astype(np.float32))
    path = write(least, tmp_path / "least.parquet")
    assert dataset.load(spark, path, nodata=[-3.4028235e38], missing="drop").dropped == 10


def test_nodata_is_missing_wherever_rows_are_read_again(spark, tmp_path):
    path = write(HOLES, tmp_path / "t.parquet")
    settings = Settings(path, nodata=[-9999], missing="drop", grid=GRID)
    trained = train(spark, settings, str(tmp_path / "out"))
    assert trained.suspects == []
    assert evaluate(spark, trained.folder, trained.out).metrics["measured_on"]["verified"]
    with pytest.raises(InputError, match=r"10 of 600 rows .* f1 \(10\)"):
        scoring.score(spark, trained.folder, path, str(tmp_path / "scores"))
    assert scoring.score(spark, trained.folder, path, str(tmp_path / "s"), missing="drop").record["dropped"] == 10


def test_what_is_suspicious_stands_in_the_records_and_in_the_report(spark, tmp_path):
    odd = HOLES.assign(**{"Unnamed: 0": HOLES.index, "copy": HOLES.label, "lon": HOLES.f0, "Zone": HOLES.index % 7})
    odd = odd.drop(columns="zone")
    trained = train(spark, Settings(write(odd, tmp_path / "t.parquet"), grid=GRID), str(tmp_path / "out"))
    kinds = {"Unnamed: 0": "row_number", "copy": "label", "lon": "coordinate", "f1": "nodata", "Zone": "zone"}
    for name, record in (("metrics/summary.json", []), ("experiment.json", ["data"])):
        content = json.loads(Path(trained.folder, name).read_text())
        for key in record:
            content = content[key]
        assert {each["column"]: each["kind"] for each in content["suspects"]} == kinds
    said = views.suspicious(trained.suspects)
    evaluation = evaluate(spark, trained.folder, trained.out)
    report.write(spark, evaluation.folder)
    text = Path(evaluation.folder, "EVALUATION_REPORT.md").read_text()
    for shown in (said, text):
        assert "**These columns give the label away: `copy`.**" in shown
        assert 'exclude_cols: ["Unnamed: 0", lon]' in shown
        assert "`f1` (-9999)" in shown
        assert "`zone_col: Zone`" in shown
        assert "nodata: [-9999]" in shown
    assert views.suspicious([]) == "Nothing was found."
