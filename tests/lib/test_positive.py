"""Labels that are not 0 and 1: said by `positive`, and read in the same way wherever the label is read again."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

from lib import dataset
from lib.errors import InputError
from lib.evaluation import evaluate
from lib.reporting import views
from lib.scoring import scoring
from lib.support import positive
from lib.support.tables import Column
from lib.training import Settings, train
from tests.lib.tables import make_table, write

TABLE = make_table(200)
IS_ONE = TABLE.label == 1
NINE = np.arange(200) % 9


@pytest.mark.parametrize(
    ("label", "given", "ones"),
    [
        (NINE, 3, NINE == 3),
        (NINE, [4, 5], (NINE == 4) | (NINE == 5)),
        (NINE.astype(float), 4, NINE == 4),
        (NINE, ["4", "5"], (NINE == 4) | (NINE == 5)),  # as typed on a command line
        (TABLE.label + 1, 2, IS_ONE),
        (TABLE.label * 2 - 1, 1, IS_ONE),
        (TABLE.label, 0, ~IS_ONE),
        (np.where(IS_ONE, "yes", "no"), "yes", IS_ONE),
        (np.where(IS_ONE, "Yes", "No"), True, IS_ONE),  # what YAML makes of a plain yes
        (np.where(IS_ONE, "ore ", "rock"), "ore", IS_ONE),
        (np.where(IS_ONE, "1", "0"), 1, IS_ONE),
        (np.where(IS_ONE, "1.0", "0.0"), 1, IS_ONE),
        (np.where(IS_ONE, "1", "0"), "1", IS_ONE),
        (IS_ONE, True, IS_ONE),
        (IS_ONE, False, ~IS_ONE),
        (IS_ONE, "true", IS_ONE),
        (IS_ONE, None, IS_ONE),
    ],
)
def test_the_values_of_class_1_are_named(spark, tmp_path, label, given, ones):
    path = write(TABLE.assign(label=label), tmp_path / "t.parquet")
    loaded = dataset.load(spark, path, positive=given)
    expected = dataset.load(spark, write(TABLE.assign(label=ones.astype(int)), tmp_path / "e.parquet"))
    assert loaded.class_counts == expected.class_counts
    assert loaded.fingerprint == expected.fingerprint
    assert loaded.dropped == 0


@pytest.mark.parametrize("label", [NINE.astype(float), np.where(IS_ONE, "yes", "no").astype(object)])
def test_a_row_without_a_label_is_of_no_class(spark, tmp_path, label):
    label = label.copy()
    label[:3] = None
    label[3:5] = np.nan if label.dtype == float else ""
    path = write(TABLE.assign(label=label), tmp_path / "t.parquet")
    given = 4 if label.dtype == float else "yes"
    with pytest.raises(InputError, match=r"5 of 200 rows have a null, .*label \(5\)"):
        dataset.load(spark, path, positive=given)
    assert dataset.load(spark, path, positive=given, missing="drop").rows == 195


@pytest.mark.parametrize(
    ("label", "given", "says"),
    [
        (TABLE.label + 1, None, r"2 values: 1 \(150 rows\), 2 \(50 rows\); .*such as positive: 2$"),
        (TABLE.label * 2 - 1, None, r"2 values: -1 \(150 rows\), 1 \(50 rows\); .*such as positive: 1$"),
        (NINE, None, r"9 values: 0 \(23 rows\), .* unless positive says which values are class 1, such as positive: "),
        (
            np.where(IS_ONE, "yes", "no"),
            None,
            r"of type string \(its values are: no \(150 rows\), yes \(50 rows\)\): .*such as positive: \"yes\"$",
        ),
        (np.where(IS_ONE, "1", "0"), None, r"its values are: 0 \(150 rows\), 1 \(50 rows\).*such as positive: 1$"),
        (NINE, 11, r"only one class with positive: 11, .*values are: 0 \(23 rows\), 1 \(23 rows\).*check positive"),
        (np.where(IS_ONE, "yes", "no"), ["yes", "no"], r"only one class with positive: \['yes', 'no'\]"),
        (NINE, "ore", r"positive='ore': the table has no text but numbers in label column 'label'"),
        (
            pd.Timestamp("2024-01-01"),
            "ore",
            r"label column 'label' is of type timestamp.*: a label is a number or text",
        ),
    ],
)
def test_what_is_refused_names_the_values_and_the_way_out(spark, tmp_path, label, given, says):
    path = tmp_path / "t.parquet"
    TABLE.assign(label=label).to_parquet(path, index=False, coerce_timestamps="us")
    with pytest.raises(InputError, match=says) as refused:
        dataset.load(spark, str(path), positive=given)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("given", [[], "", {}, {"a": 1}, [[1]], [None], float("nan"), [float("inf")], [""]])
def test_what_is_no_value_is_refused(given):
    with pytest.raises(InputError, match="give a value or a list of values"):
        positive.check(given)


def test_the_type_alone_tells_what_can_be_told_before_a_run():
    number, text, unknown = Column("c", "int64", True), Column("c", "string", False), Column("c", "", None)
    for column, given in ((number, None), (unknown, None), (number, 3), (text, "a"), (text, 3), (unknown, "a")):
        positive.check_label(column, given)
    with pytest.raises(InputError, match=r'such as positive: "yes"$'):
        positive.check_label(text, None)
    with pytest.raises(InputError, match="no text but numbers"):
        positive.check_label(number, "a")


def test_class_1_in_words():
    assert positive.shown("ore", None) == "ore = 1"
    assert positive.shown("cc", [4, "b", True]) == "cc = 4 or b or true"


@pytest.fixture(scope="module")
def classes():
    """A table whose label has three values, of which one is wanted."""
    table = make_table(800, seed=3)
    return table.assign(kind=np.where(table.label == 1, "ore", np.where(table.f0 > 0, "rock", "soil")))


def test_the_label_is_read_in_the_same_way_again(spark, tmp_path, classes):
    table = classes.drop(columns="label")
    grid = {"RandomForest": {"numTrees": [5], "maxDepth": [4]}}
    settings = Settings(write(table, tmp_path / "t.parquet"), label_col="kind", positive=["ore"], grid=grid)
    trained = train(spark, settings, str(tmp_path / "out"))
    record = json.loads(Path(trained.folder, "experiment.json").read_text())
    assert record["parameters"]["positive"] == ["ore"]

    held_out = evaluate(spark, trained.folder, trained.out, run_id="20260101_000000")
    assert held_out.metrics["measured_on"]["verified"]
    fresh = make_table(400, seed=8)
    kind = np.where(fresh.label == 1, "ore", "rock")
    path = write(fresh.drop(columns="label").assign(kind=kind), tmp_path / "fresh.parquet")
    other = evaluate(spark, trained.folder, trained.out, run_id="20260101_000001", test_data=path)
    assert other.metrics["measured_on"]["positives"] == fresh.label.sum()

    scored = scoring.score(spark, trained.folder, path, str(tmp_path / "scored"))
    kept = pd.read_parquet(f"{scored.folder}/scores")
    assert set(kept.kind) == {"ore", "rock"}
    area = roc_auc_score(kept.kind == "ore", kept.score)
    assert scored.record["measured"]["areaUnderROC"] == pytest.approx(area)
    assert other.metrics["areaUnderROC"] == pytest.approx(area)


def test_a_value_of_class_1_that_no_row_has_is_said(spark, tmp_path):
    path = write(TABLE.assign(label=NINE), tmp_path / "t.parquet")
    loaded = dataset.load(spark, path, positive=[4, 55])
    assert loaded.positive_absent == (55,)
    assert "values of class 1 that no row has | `55`" in views.facts(loaded)
    assert dataset.load(spark, path, positive=[4, 5]).positive_absent == ()
    words = write(TABLE.assign(label=np.where(IS_ONE, "ore", "rock")), tmp_path / "words.parquet")
    assert dataset.load(spark, words, positive=["ore", "oro", True]).positive_absent == ("oro", True)
