import numpy as np
import pytest

from lib.measures import suspects
from tests.lib.tables import make_table

TABLE = make_table(200)
FEATURES = ["f0", "f1", "f2", "f3"]


def kinds(**columns):
    found = suspects.find(TABLE.assign(**columns), [*FEATURES, *columns], "label")
    return {each["column"]: each["kind"] for each in found}


def test_a_table_of_features_is_not_suspicious():
    rng = np.random.default_rng(1)
    usual = {"flag": TABLE.f0 > 0, "count": rng.integers(0, 50, 200), "constant": 1.0, "code": rng.integers(1, 4, 200)}
    assert kinds(**usual, elevation=rng.normal(3000, 300, 200).round(), skewed=rng.lognormal(size=200)) == {}


@pytest.mark.parametrize("name", ["Unnamed: 0", "_c0", "index", "level_0", "row_id", "rowid"])
def test_a_row_number_is_told_by_its_name(name):
    assert kinds(**{name: np.arange(200.0)}) == {name: "row_number"}


def test_an_identifier_is_whole_and_never_repeats():
    assert kinds(pixel=np.arange(200) * 7 + 12) == {"pixel": "identifier"}
    assert kinds(pixel=np.arange(200) // 2) == {}
    assert kinds(pixel=np.arange(200) + 0.5) == {}


def test_a_copy_of_the_label():
    assert kinds(copy=TABLE.label, other=5 - 3 * TABLE.label) == {"copy": "label", "other": "label"}
    assert kinds(nearly=TABLE.label.where(TABLE.index > 0, 1 - TABLE.label)) == {}


def test_a_column_of_few_values_that_decide_the_label():
    classes = np.where(TABLE.label == 1, 4 + TABLE.index % 2, (TABLE.index % 7 + 6) % 9 + 3 * (TABLE.index % 7 == 5))
    labels = np.isin(classes, [4, 5]).astype(int)
    found = suspects.find(TABLE.assign(class_id=classes, label=labels), [*FEATURES, "class_id"], "label")
    assert found == [{"column": "class_id", "kind": "label"}]
    wrong = classes.copy()
    wrong[np.flatnonzero(labels == 0)[0]] = 4
    assert suspects.find(TABLE.assign(class_id=wrong, label=labels), [*FEATURES, "class_id"], "label") == []
    apart = np.where(labels == 1, 10, 0) + TABLE.f0  # a good feature, whose values do not repeat
    assert suspects.find(TABLE.assign(good=apart, label=labels), ["good"], "label") == []


def test_a_zone_in_other_letters_is_no_feature():
    assert kinds(Zone=np.arange(200) % 5) == {"Zone": "zone"}
    assert kinds(zones=np.arange(200) % 5) == {}


_RANDOM = np.random.default_rng(4)
WITH_NODATA = {
    "0 to 16000": _RANDOM.uniform(0, 16_000, 600),
    "whole numbers to 16000": _RANDOM.integers(0, 16_001, 600).astype(float),
    "Sentinel-2": _RANDOM.integers(100, 10_501, 600).astype(float),
    "normal": _RANDOM.normal(0, 5_000, 600),
    "eight codes": _RANDOM.integers(1, 9, 600).astype(float),
    "one other value": np.ones(600),
}


@pytest.mark.parametrize("name", WITH_NODATA)
@pytest.mark.parametrize("value", [-9999.0, -99999.0, -32768.0, 65535.0, float(np.float32(-3.4028235e38))])
def test_a_usual_sign_of_no_value_is_named_whatever_the_others_are(name, value):
    values = WITH_NODATA[name].copy()
    table = make_table(600)
    assert suspects.find(table.assign(b=values), ["b"], "label") == []
    values[::20] = value
    found = suspects.find(table.assign(b=values), ["b"], "label")
    assert found == [{"column": "b", "kind": "nodata", "value": value, "rows": 30}]


def test_whole_numbers_that_run_to_such_a_value_without_a_gap_are_numbers():
    table = make_table(3000)
    for least, most in ((-999, 1000), (-9999, -9000), (65000, 65535), (-2000, 500)):
        values = np.random.default_rng(abs(least)).integers(least, most + 1, 3000).astype(float)
        values[:3] = least if least != 65000 else most
        assert suspects.find(table.assign(b=values), ["b"], "label") == [], (least, most)


@pytest.mark.parametrize("name", ["x", "Y", "lon", "LATITUDE", "easting", "utm_x", "coord_y", "X_coord", "norte"])
def test_coordinates_by_their_usual_names(name):
    assert kinds(**{name: TABLE.f0}) == {name: "coordinate"}
    assert kinds(**{f"{name}_med": TABLE.f0}) == {}


@pytest.mark.parametrize("value", [-9999.0, -32768.0, 65535.0, 1e20])
def test_a_repeated_extreme_value_stands_for_none(value):
    found = suspects.find(TABLE.assign(b=TABLE.f0.where(TABLE.index > 3, value)), [*FEATURES, "b"], "label")
    assert found == [{"column": "b", "kind": "nodata", "value": value, "rows": 4}]
    assert kinds(b=TABLE.f0.where(TABLE.index > 0, value)) == {}  # once is an outlier
