import pytest

from lib.artifacts import GATE_METRICS, OVERALL_METRICS
from lib.errors import InputError
from lib.evaluation import evaluate
from lib.measures.gate import check

HERE = {name: 0.5 + place / 100 for place, name in enumerate(OVERALL_METRICS)}
ZONES = {
    "zones": [
        {"zone": "a", "rows": 200, "positives": 20, "areaUnderPR": 0.91, "areaUnderROC": 0.71},
        {"zone": "b", "rows": 200, "positives": 180, "areaUnderPR": 0.31, "areaUnderROC": 0.91},
        {"zone": "c", "rows": 200, "positives": 0, "areaUnderPR": None, "areaUnderROC": None},
    ],
    "mean": {"areaUnderPR": 0.61, "areaUnderROC": 0.81},
    "worst": {"areaUnderPR": 0.31, "areaUnderROC": 0.71},
}
# Its one row of class 1 happens to have a low score.
TINY = {"zone": "tiny", "rows": 200, "positives": 1, "areaUnderPR": 0.01, "areaUnderROC": 0.05}
MOVED = [{"feature": "b", "marked": True}, {"feature": "a", "marked": True}, {"feature": "c", "marked": False}]
VALUES = {
    **HERE,
    **{f"{of}_zone_{name}": value for of in ("mean", "worst") for name, value in ZONES[of].items()},
}


def metrics(verified=True, **more):
    return {**HERE, "leave_one_zone_out": ZONES, "measured_on": {"verified": verified}, **more}


def test_the_figures_are_those_named():
    assert set(VALUES) == set(GATE_METRICS)


@pytest.mark.parametrize("name", GATE_METRICS)
def test_each_figure_is_held_against_its_least_value(name):
    value = VALUES[name]
    for least in (0.0, value - 1e-9, value):
        asked = {name: least}
        assert check(metrics(), asked, False) == {"fail_below": asked, "fail_on_drift": False, "failed": []}
    failed = check(metrics(), {name: value + 1e-9}, False)["failed"]
    assert failed == [{"metric": name, "value": value, "below": value + 1e-9}]


def test_all_that_failed_is_told_in_the_order_asked():
    asked = {"worst_zone_areaUnderROC": 0.9, "accuracy": 0.0, "f1": 0.99}
    assert [each["metric"] for each in check(metrics(), asked, False)["failed"]] == ["worst_zone_areaUnderROC", "f1"]


def test_zones_that_were_not_measured_do_not_pass():
    bare = metrics()
    del bare["leave_one_zone_out"]
    none = {"zones": ZONES["zones"][2:], "mean": dict.fromkeys(ZONES["mean"]), "worst": {}}
    one_class = metrics(leave_one_zone_out=none)
    for found in (bare, one_class):
        for name in ("mean_zone_areaUnderPR", "worst_zone_areaUnderROC"):
            failed = check(found, {name: 0.0}, False)["failed"]
            assert failed == [{"metric": name, "value": None, "below": 0.0}]


def test_the_worst_zone_is_one_whose_area_says_something():
    found = metrics(leave_one_zone_out={**ZONES, "zones": [TINY, *ZONES["zones"]]})
    for name in ("worst_zone_areaUnderPR", "worst_zone_areaUnderROC"):
        assert check(found, {name: VALUES[name]}, False)["failed"] == []
        failed = check(found, {name: 0.95}, False)["failed"]
        assert failed == [{"metric": name, "value": VALUES[name], "below": 0.95}]


def test_where_all_zones_are_small_nothing_passes_and_the_reason_is_told():
    found = metrics(leave_one_zone_out={**ZONES, "zones": [TINY, {**TINY, "positives": 181}, ZONES["zones"][2]]})
    failed = check(found, {"worst_zone_areaUnderROC": 0.0, "mean_zone_areaUnderROC": 0.0}, False)["failed"]
    assert failed == [{"metric": "worst_zone_areaUnderROC", "value": None, "below": 0.0, "all_small": True}]


@pytest.mark.parametrize("name", ["auc", "areaUnderRoc", "worst_zone_f1", "best_zone_areaUnderROC", ""])
def test_an_unknown_figure_is_refused(name):
    with pytest.raises(InputError, match=f"fail_below: '{name}' is no figure of an evaluation:.* choose from areaUnd"):
        check(metrics(), {"f1": 0.9, name: 0.5}, False)


def test_an_unknown_figure_is_refused_before_anything_is_measured():
    with pytest.raises(InputError, match="did you mean areaUnderROC"):
        evaluate(None, "/no/model", "/no/out", fail_below={"areaUnderRoc": 0.5})


def test_drift_fails_only_if_asked_for():
    drifted = metrics(False, drift={"drifted": True, "features": MOVED})
    assert check(drifted, {}, False)["failed"] == []
    assert check(drifted, {}, True)["failed"] == [{"drift": ["b", "a"]}]
    assert check(metrics(False, drift={"drifted": False, "features": MOVED}), {}, True)["failed"] == []


def test_drift_that_is_not_known_does_not_pass_and_held_out_rows_cannot_have_drifted():
    assert check(metrics(False), {}, True)["failed"] == [{"drift": None}]
    assert check(metrics(True), {}, True)["failed"] == []
