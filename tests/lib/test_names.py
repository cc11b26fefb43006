"""Names of columns: what cannot be used is refused by one rule, whatever the column is for; and zones, and width."""

import numpy as np
import pandas as pd
import pytest

from lib import dataset, explore
from lib.errors import InputError
from lib.evaluation import evaluate
from lib.reporting import report
from lib.support import tables
from lib.training import Settings, train
from tests.lib.tables import make_table, write

REFUSED = ["features", "Features", "PREDICTION", "rawprediction", "probability", "a.b", "a`1", "", " ", "__part"]
TAKEN = [
    "my label",
    "año",
    "温度",
    "⛏",
    'a"b',
    "a,b",
    "a{1}",
    "$x",
    "%",
    "a|b",
    "a\nb",
    "<b>",
    "feature",
    "_x",
    "1",
    "null",
]


def columns_of(name, role):
    """A table in which a column of that name has that role, and how it is asked for."""
    names = {"label": "label", "zone": "zone", "coordinate": "y", "feature": "f", "weight": "w"}
    names[role] = name
    text, number = ("string", False), ("double", True)
    listed = {names["label"]: number, names["zone"]: text, "x": number, names["coordinate"]: number}
    listed |= {names["feature"]: number, names["weight"]: number}
    columns = [tables.Column(name, *kind) for name, kind in listed.items()]
    return columns, (names["label"], names["zone"], [], "the table", ["x", names["coordinate"]], names["weight"])


@pytest.mark.parametrize("role", ["label", "zone", "coordinate", "feature", "weight"])
def test_one_rule_for_every_role(role):
    for name in REFUSED:
        columns, asked = columns_of(name, role)
        with pytest.raises(InputError, match=f"{role} column .* has a name that Spark ML uses itself or does not"):
            tables.feature_columns(columns, *asked)
    for name in TAKEN:
        columns, asked = columns_of(name, role)
        assert len(tables.feature_columns(columns, *asked)) == 1


def test_a_zone_of_text_in_other_letters_may_be_made_the_zone():
    columns = [
        tables.Column("label", "int", True),
        tables.Column("f", "int", True),
        tables.Column("Zone", "string", False),
    ]
    with pytest.raises(InputError, match=r"'Zone' is of type string.*make it the zone with zone_col: Zone, or exclude"):
        tables.feature_columns(columns, "label", "zone", [])
    assert tables.feature_columns(columns, "label", "Zone", []) == ("f",)


def test_beside_scores_only_what_spark_cannot_write_is_refused():
    tables.check_ids([*TAKEN, "features", "a.b", "Prediction"])
    for name in ("", " ", "a`1", "__part"):
        with pytest.raises(InputError, match=r"id_cols: column .* cannot be kept"):
            tables.check_ids([name])


@pytest.mark.parametrize(("name", "remedy"), [("a.b", r'exclude_cols: \["a.b"\]'), ("", r'exclude_cols: \[""\]')])
def test_the_remedy_can_be_typed(name, remedy):
    columns, asked = columns_of(name, "feature")
    with pytest.raises(InputError, match=f"rename it, or exclude it with {remedy}$"):
        tables.feature_columns(columns, *asked)


def test_an_excluded_column_with_any_name_stops_nothing(spark, tmp_path):
    table = make_table(100)
    odd = {name: table.f0 for name in REFUSED if name.lower() == name or name.lower() not in REFUSED}
    path = write(pd.concat([table, pd.DataFrame(odd)], axis=1), tmp_path / "t.parquet")
    loaded = dataset.load(spark, path, exclude_cols=list(odd))
    assert loaded.features == ("f0", "f1", "f2", "f3")
    raw = dataset.read(spark, path)
    described = explore.describe_columns(raw, "label", "zone", list(odd))
    assert {record["column"] for record in described if record["role"] == "excluded"} == set(odd)


def test_names_that_differ_in_case_only_are_refused(spark, tmp_path):
    path = write(make_table(100).assign(F0=1.0), tmp_path / "t.parquet")
    with pytest.raises(InputError, match=r"has more than one column named f0: .*case is ignored"):
        dataset.load(spark, path)


def test_a_zone_that_was_asked_for_must_be_there(spark, tmp_path):
    path = write(make_table(100), tmp_path / "t.parquet")
    with pytest.raises(InputError, match=r"zone_col: the table has no column 'zonne': did you mean zone\?"):
        dataset.load(spark, path, zone_col="zonne", exclude_cols=["zone"])
    plain = write(make_table(100).drop(columns="zone"), tmp_path / "plain.parquet")
    assert dataset.load(spark, plain).zone_col is None


@pytest.mark.parametrize("nothing", [np.nan, "", " "])
def test_a_zone_without_a_name_is_missing(spark, tmp_path, nothing):
    table = make_table(100)
    zone = np.arange(100) % 4 + 0.5 if isinstance(nothing, float) else table.zone
    table["zone"] = pd.Series(zone).where(table.index > 2, nothing)
    path = tmp_path / "t.parquet"
    table.to_parquet(path, index=False)
    with pytest.raises(InputError, match=r"3 of 100 rows .*zone \(3\)"):
        dataset.load(spark, str(path))


@pytest.mark.timeout(600)
def test_hundreds_of_features_are_read(spark, tmp_path):
    """More than Spark compiles into one stage (spark.sql.codegen.maxFields, 100)."""
    rng = np.random.default_rng(0)
    wide = pd.DataFrame(rng.normal(size=(60, 300)), columns=[f"band_{i:04}" for i in range(300)])
    wide["label"] = np.arange(60) % 2
    loaded = dataset.load(spark, write(wide, tmp_path / "wide.parquet"))
    assert (len(loaded.features), loaded.rows) == (300, 60)
    wide.loc[3, "band_0005"], wide.loc[[3, 4], "band_0299"] = np.nan, -np.inf
    path = write(wide, tmp_path / "holes.parquet")
    with pytest.raises(InputError, match=r"2 of 60 rows .* in: band_0299 \(2\), band_0005 \(1\)"):
        dataset.load(spark, path)
    described = explore.describe_columns(dataset.read(spark, path), "label")
    assert [record["missing"] for record in described] == [int(i == 5) + 2 * int(i == 299) for i in range(301)]
    assert described[7]["max"] == wide.band_0007.max()


INNER = [
    "cell",
    "block",
    "rows",
    "score",
    "value",
    "weight",
    "count",
    "hash",
    "partition",
    "tree",
    "calibrated",
    "class",
]
ROLES = [
    {"label_col": "block", "weight_col": "score", "zone_col": "score_", "block_cols": ["my label", "año"]},
    {"label_col": "a\nb", "weight_col": "a,b", "zone_col": 'a"b', "block_cols": ["<b>", "%"], "block_size": None},
    {"label_col": "Class", "weight_col": "label", "zone_col": "rows", "block_cols": ["cell", "features_"]},
]


@pytest.mark.timeout(900)
@pytest.mark.parametrize(("roles", "engine"), list(zip(ROLES, ["task", "spark", "task"], strict=True)))
def test_a_whole_run_takes_names_that_are_hard_in_every_role(spark, tmp_path, roles, engine):
    roles = {"block_size": 20.0, **roles}
    table, rng = make_table(400, zones=3), np.random.default_rng(1)
    x, y = roles["block_cols"]
    named = {roles["label_col"]: table.label, roles["weight_col"]: rng.uniform(1, 2, 400)}
    named |= {roles["zone_col"]: table.zone, x: rng.uniform(0, 40, 400), y: rng.uniform(0, 40, 400)}
    taken = {name.lower() for name in named}
    features = [name for name in [*TAKEN, *INNER] if name.lower() not in taken]
    named |= {name: table[f"f{place % 4}"] + rng.normal(size=400) for place, name in enumerate(features)}
    rows = pd.DataFrame(named)
    rows.loc[::9, features] = np.nan
    path = write(rows, tmp_path / "t.parquet")
    grid = {"RandomForest": {"numTrees": [3], "maxDepth": [3]}}
    settings = Settings(path, **roles, missing="median", metrics_weighted=True, grid=grid, engine=engine)
    trained = train(spark, settings, str(tmp_path / "out"))
    assert trained.table.features == tuple(features)
    evaluation = evaluate(spark, trained.folder, trained.out)
    report.write(spark, evaluation.folder)
    kept = pd.read_parquet(f"{evaluation.folder}/scores.parquet").columns
    assert len({name.lower() for name in kept}) == len(kept) == 9  # x, y, zone, label, weight, and four of ours
