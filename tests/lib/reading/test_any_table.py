"""A table that is written in any of the ways people write them is the same table, or is refused by name."""

import datetime as dt

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from pyarrow import orc

from lib import dataset
from lib.errors import InputError
from lib.measures import suspects
from tests.lib.tables import make_table

ROWS = 60
TABLE = make_table(ROWS).rename(columns={"f0": "band one", "f1": "B2"})
FEATURES = ["band one", "B2", "f2", "f3"]
IS_ONE = TABLE.label.to_numpy() == 1

# How the label may be written, and what `positive` then is.
LABELS = {
    "0 and 1": (TABLE.label.to_numpy(), None),
    "boolean": (IS_ONE, None),
    "codes": (np.where(IS_ONE, 4 + np.arange(ROWS) % 2, 7 + np.arange(ROWS) % 3), [4, 5]),
    "words": (np.where(IS_ONE, "sí", "no"), "sí"),
    "texts of numbers": (np.where(IS_ONE, "2", "1"), 2),
}
NUMBERS = ["int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "float32", "float64"]
# What is no number, and may be in a table whose parameters exclude it.
OTHERS = {
    "text": pa.array(["x"] * ROWS),
    "date": pa.array([dt.date(2024, 1, 1)] * ROWS),
    "nanoseconds": pa.array([1] * ROWS, pa.timestamp("ns")),
    "time": pa.array([dt.time(1)] * ROWS),
    "list": pa.array([[1.0]] * ROWS),
    "list of nanoseconds": pa.array([[1]] * ROWS, pa.list_(pa.timestamp("ns"))),
    "wide decimal": pa.array([1] * ROWS).cast(pa.decimal256(50, 2)),
    "half float": pa.array(np.ones(ROWS, np.float16)),
}
# What is suspicious: the columns are used all the same, and named.
ODD = {
    "row_number": ("Unnamed: 0", np.arange(ROWS)),
    "label": ("kind", np.where(IS_ONE, 3, 1 + np.arange(ROWS) % 2)),
    "coordinate": ("lon", TABLE.f2.to_numpy()),
    "zone": ("Zone", np.arange(ROWS) % 4),
    "nodata": ("band", np.where(np.arange(ROWS) % 10 == 0, -9999, np.arange(ROWS) % 7)),
}
WAYS = st.fixed_dictionaries(
    {
        "ending": st.sampled_from(["parquet", "csv", "orc"]),
        "label": st.sampled_from(list(LABELS)),
        "place": st.sampled_from(["folder", "pattern", "files", "twice"]),
        "partitions": st.booleans(),
        "missing": st.sampled_from(["error", "drop", "median"]),
        "weights": st.booleans(),
        "repeat": st.booleans(),
        "odd": st.none() | st.sampled_from(list(ODD)),
        "other": st.none() | st.sampled_from(list(OTHERS)),
        "lacking": st.booleans(),
        "files": st.lists(
            st.tuples(st.sampled_from(NUMBERS), st.integers(0, 5), st.sampled_from(["", "a/", "b/c d/"])),
            min_size=1,
            max_size=3,
        ),
    }
)


def _whole(way):
    """The table that is written, and what a reader should make of it: label and features as double."""
    label, positive = LABELS[way["label"]]
    whole = TABLE.assign(label=label, B2=np.arange(ROWS) % 100, w=np.arange(ROWS) + 0.5)
    features = list(FEATURES)
    if way["odd"]:
        name, values = ODD[way["odd"]]
        if way["odd"] == "zone":
            whole = whole.rename(columns={"zone": "site"})
        whole[name] = values
        features.append(name)
    if way["missing"] != "error":
        whole.loc[::7, "f3"] = np.nan
    if way["repeat"]:
        whole = whole.iloc[np.arange(ROWS) % (ROWS // 2)].reset_index(drop=True)
    return whole, features, positive


def _write(rows, other, path, ending):
    path.parent.mkdir(parents=True, exist_ok=True)
    table = pa.Table.from_pandas(rows, preserve_index=False)
    if other is not None:
        table = table.append_column("other", other)
    if ending == "csv":
        table.to_pandas().to_csv(path, index=False)
    elif ending == "orc":
        orc.write_table(table, path)
    else:
        pq.write_table(table, path, version="2.6")


@pytest.mark.timeout(3600)  # two hundred in the nightly profile
@settings(
    max_examples=max(10, settings.default.max_examples // 50),
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],  # to shrink an example takes minutes
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(way=WAYS)
def test_a_table_written_in_any_way_is_the_same_table_or_is_refused_by_name(spark, tmp_path_factory, way):
    folder = tmp_path_factory.mktemp("any")
    whole, features, positive = _whole(way)
    zone_col = "site" if "site" in whole else "zone"
    other = OTHERS[way["other"]] if way["other"] and way["ending"] == "parquet" else None
    cuts = np.array_split(np.arange(ROWS), len(way["files"]))
    lacks = way["lacking"] and len(cuts) > 1
    written = []
    for number, (rows, (kind, turn, place)) in enumerate(zip(cuts, way["files"], strict=True)):
        if way["ending"] == "orc" and kind.startswith("u"):
            kind = kind[1:]
        part = whole.iloc[rows].astype({"B2": kind})
        part = part.drop(columns="f2") if lacks and number == 1 else part
        part = part[list(np.roll(part.columns, turn))]
        groups = part.groupby(zone_col) if way["partitions"] else [(None, part)]
        for zone, some in groups:
            of_zone = f"{zone_col}={zone}/" if zone else ""
            path = folder / of_zone / place / f"{number}.{way['ending']}"
            its_other = None if other is None else other.take(pa.array(some.index))
            _write(some.drop(columns=zone_col) if zone else some, its_other, path, way["ending"])
            written.append(str(path))
    # A file that is named itself is in no folder that names a zone.
    files = [str(folder)] if way["partitions"] else written
    inputs = {"folder": str(folder), "pattern": f"{folder}/*", "files": files, "twice": [str(folder), written[0]]}

    def load():
        return dataset.load(
            spark,
            inputs[way["place"]],
            positive=positive,
            zone_col=zone_col,
            exclude_cols=["other"] * (other is not None) + ["w"] * (not way["weights"]),
            weight_col="w" if way["weights"] else None,
            missing=way["missing"],
        )

    if lacks:
        with pytest.raises(InputError, match="do not have the same columns; only one of them has: f2"):
            load()
        return
    loaded = load()
    _check(loaded, whole, features, zone_col, way)


def _check(loaded, whole, features, zone_col, way):
    assert sum(each.rows for each in loaded.sources) == ROWS
    assert sorted(loaded.features) == sorted(features)
    columns = [*loaded.features, zone_col]
    expected = whole.assign(label=_as_class(whole.label, way))
    if way["missing"] == "drop":
        expected = expected.dropna(subset=features)
    found = loaded.frame.toPandas()
    assert _sorted(found[[*columns, "label"]]) == _sorted(expected[[*columns, "label"]])
    assert loaded.class_counts == {str(label): int((expected.label == label).sum()) for label in (0, 1)}
    if way["missing"] == "median":
        lacking = whole[features].isna().sum()
        assert loaded.lacking == lacking[lacking > 0].to_dict()
    if way["weights"]:
        assert (loaded.weights.least, loaded.weights.most) == (expected.w.min(), expected.w.max())
    if way["odd"]:
        named = {each["column"]: each["kind"] for each in suspects.find(found, loaded.features, "label")}
        assert named.get(features[-1]) == way["odd"]


def _as_class(labels, way):
    positive = LABELS[way["label"]][1]
    return labels.astype(float) if positive is None else labels.astype(str).isin(np.atleast_1d(positive).astype(str))


def _sorted(rows):
    numbers = rows.astype({name: float for name in rows if name not in ("zone", "site")})
    return sorted(map(str, numbers.fillna(-1).itertuples(index=False, name=None)))
