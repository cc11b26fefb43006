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
    assert kinds(nearly=TABLE.label.where(TABLE.index > 0, 2)) == {}


@pytest.mark.parametrize("name", ["x", "Y", "lon", "LATITUDE", "easting", "utm_x", "coord_y", "X_coord", "norte"])
def test_coordinates_by_their_usual_names(name):
    assert kinds(**{name: TABLE.f0}) == {name: "coordinate"}
    assert kinds(**{f"{name}_med": TABLE.f0}) == {}


@pytest.mark.parametrize("value", [-9999.0, -32768.0, 65535.0, 1e20])
def test_a_repeated_extreme_value_stands_for_none(value):
    found = suspects.find(TABLE.assign(b=TABLE.f0.where(TABLE.index > 3, value)), [*FEATURES, "b"], "label")
    assert found == [{"column": "b", "kind": "nodata", "value": value, "rows": 4}]
    assert kinds(b=TABLE.f0.where(TABLE.index > 0, value)) == {}  # once is an outlier
