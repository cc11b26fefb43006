"""Files that earlier runs left: what fits is read; of all else one sentence says which file, where and what to do."""

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lib import artifacts
from lib.errors import InputError
from lib.records import search_log
from lib.records.evaluation import CURVES, IMPORTANCES, METRICS
from lib.records.model import CALIBRATION, EXPERIMENT, SUMMARY
from lib.records.scores import SCORES
from lib.search.candidates import expand
from lib.support.texts import decoded
from tests.lib import records

CURVE = [0.0, 0.5, 1.0]
AT = {"threshold": 0.5, "precision": 0.5, "recall": 0.5, "f1": 0.5, "predicted_positive": 9}
FILES = {
    "experiment.json": (EXPERIMENT, records.experiment()),
    "summary.json": (SUMMARY, records.summary()),
    "metrics.json": (METRICS, records.metrics()),
    "scores.json": (SCORES, records.scores()),
    "calibration.json": (
        CALIBRATION,
        {
            "isotonic": {"scores": [0.1, 0.5], "probabilities": [0.0, 1.0]},
            "threshold": 0.5,
            "rule": {"recall": 0.9},
            "validation": {"rows": 9, "precision": 0.5, "recall": 0.5, "f1": 0.5, "FN": 1, "FP": 1},
        },
    ),
    "curves.json": (
        CURVES,
        {
            "roc": {"fpr": CURVE, "tpr": CURVE},
            "pr": {"recall": CURVE, "precision": CURVE},
            "scores": {"edges": CURVE, "0": [3, 1], "1": [1, 3]},
            "thresholds": [{**AT, **records.CONFUSION}],
        },
    ),
    "feature_importance.json": (IMPORTANCES, records.summary()["feature_importances"]),
}
CANDIDATES = expand({"RandomForest": {"numTrees": [5, 10]}, "GBT": {"maxIter": [3], "stepSize": [0.1]}})


def line(number, **changed):
    candidate = CANDIDATES[number]
    return {
        "index": number,
        "model": candidate.model,
        "params": dict(candidate.params),
        "val_metrics": records.NUMBERS,
        "seconds": 1.5,
        "scored_at": "2026-01-31T12:00:00.000+00:00",
        **changed,
    }


@pytest.mark.parametrize("name", FILES)
def test_what_was_written_is_read_with_or_without_a_version(name):
    kind, content = FILES[name]
    assert kind.parse(json.dumps(content), name) == content
    if isinstance(content, dict):
        assert kind.parse(json.dumps(kind.stamped(content)), name) == {"format": 1, **content}
        assert kind.parse(json.dumps({**content, "new": {"of": "a later version"}}), name)["new"]


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "it is empty"),
        ("{", r"it is not JSON \(.+ at line 1, column 2\)"),
        ("[" * 100_000, "it is not JSON that can be read"),
        (f'{{"run_id": {"9" * 5000}}}', "it is not JSON that can be read"),
        (r'{"run_id": "\ud800"}', "it is not JSON that can be read"),
        ("17", "its content should be (an object|a valid list)"),
        ('{"type": "FeatureCollection"}', r"is missing|should be a valid list"),
    ],
)
def test_what_is_no_such_file_is_refused_in_one_sentence(name, text, says):
    with pytest.raises(InputError, match=rf"^here/{name} is damaged: .*({says}).*; .*(copy|again)") as refused:
        FILES[name][0].parse(text, f"here/{name}")
    assert "\n" not in str(refused.value)


def test_the_place_of_what_does_not_fit_is_named():
    content = json.loads(json.dumps(records.summary()))
    content["models"]["GBT"]["test_metrics"]["f1"] = "high"
    with pytest.raises(InputError, match=r"damaged: models\.GBT\.test_metrics\.f1 should be a valid number; restore"):
        SUMMARY.parse(json.dumps(content), "summary.json")
    content["models"]["GBT"]["test_metrics"]["f1"] = math.nan
    with pytest.raises(InputError, match=r"models\.GBT\.test_metrics\.f1 should be a finite number"):
        SUMMARY.parse(json.dumps(content), "summary.json")
    del content["feature_importances"][1]["importance"]
    content["models"] = {}
    with pytest.raises(InputError, match=r"damaged: feature_importances\[1\]\.importance is missing"):
        SUMMARY.parse(json.dumps(content), "summary.json")


def test_a_figure_of_later_versions_may_be_absent_and_must_be_a_number(monkeypatch):
    monkeypatch.setattr(artifacts, "OVERALL_METRICS", (*artifacts.OVERALL_METRICS, "mcc"))
    METRICS.parse(json.dumps(records.metrics()), "metrics.json")
    METRICS.parse(json.dumps({**records.metrics(), "mcc": -1}), "metrics.json")
    for wrong in ("high", None, True, math.nan, 10**400):
        with pytest.raises(InputError, match=r"damaged: .*mcc should be a finite number"):
            METRICS.parse(json.dumps({**records.metrics(), "mcc": wrong}), "metrics.json")


@pytest.mark.parametrize("lost", ["versions", "data", "split", "engine"])
def test_an_experiment_without_what_a_resumed_run_needs_is_refused(lost):
    content = records.experiment()
    del content[lost]
    with pytest.raises(InputError, match=rf"damaged: {lost} is missing; restore it from a copy, or start a new exper"):
        EXPERIMENT.parse(json.dumps(content), "experiment.json")


@pytest.mark.parametrize("name", [name for name in FILES if name != "feature_importance.json"])
def test_a_file_of_a_later_version_is_not_called_damaged(name):
    kind, content = FILES[name]
    with pytest.raises(
        InputError, match=rf"^{name} has format 2, and this version of the project reads 1 at most: use"
    ):
        kind.parse(json.dumps({**content, "format": 2}), name)


def test_a_calibration_that_falls_is_refused():
    kind, content = FILES["calibration.json"]
    for knots in ({"scores": [0.5, 0.1]}, {"probabilities": [1.0, 0.0]}, {"scores": [0.5]}):
        with pytest.raises(InputError, match="is damaged: isotonic: it"):
            kind.parse(json.dumps({**content, "isotonic": {**content["isotonic"], **knots}}), "calibration.json")


def read(text):
    lines = search_log.read(text, "search.jsonl")
    search_log.check_candidates(lines, CANDIDATES, "search.jsonl", by_zones=False)
    return [record["index"] for record in lines.records], lines.is_cut


def test_a_last_line_that_was_cut_off_is_dropped_and_said():
    text = "".join(json.dumps(line(index)) + "\n" for index in (0, 1))
    first = text.index("\n") + 1
    for length in range(len(text) + 1):
        indices, is_cut = read(text[:length])
        whole = [0, 1][: text[:length].count("\n")]
        if length in (first - 1, len(text) - 1):  # only the end of the line is missing
            assert (indices, is_cut) == ([*whole, len(whole)], False)
        else:
            assert (indices, is_cut) == (whole, length not in (0, first, len(text)))


def test_empty_lines_say_nothing_and_of_a_candidate_that_stands_twice_the_last_counts():
    again = line(0, val_metrics={**records.NUMBERS, "f1": 0.5})
    lines = search_log.read("\n".join(map(json.dumps, (line(0), line(1), again))).replace("\n", "\n\n") + "\n", "x")
    assert [(record["index"], record["val_metrics"]["f1"]) for record in lines.records] == [(0, 0.5), (1, 0.89)]


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ("garbage", "line 2 of search.jsonl is damaged: it is not JSON"),
        ("[]", "line 2 of search.jsonl is damaged: its content should be an object"),
        ("{}", "line 2 of search.jsonl is damaged: index is missing"),
        (line(1, index=99), "candidate 99 in search.jsonl is damaged: the search has no candidate 99"),
        (line(1, index=0), "candidate 0 of the search is RandomForest numTrees=5"),
        (line(1, model="GBT"), "candidate 1 of the search is RandomForest numTrees=10"),
        (line(1, zones={"areaUnderROC": 0.5, "areaUnderPR": 0.5}), "it has figures of zones left out"),
        (line(1, val_metrics={}), "line 2 of search.jsonl is damaged: val_metrics.areaUnderROC is missing"),
        (line(1, val_metrics={**records.NUMBERS, "f1": math.nan}), "val_metrics.f1 should be a finite number"),
        (line(1, val_metrics={**records.NUMBERS, "f1": "0.7"}), "val_metrics.f1 should be a valid number"),
        (line(1, val_metrics={**records.NUMBERS, "areaUnderPR": 1.2}), "areaUnderPR should be less than or equal to 1"),
        (line(1, format=2), "line 2 of search.jsonl has format 2"),
    ],
)
def test_a_line_that_does_not_fit_its_candidate_is_refused(wrong, says):
    text = wrong if isinstance(wrong, str) else json.dumps(wrong)
    with pytest.raises(InputError, match=says):
        read(f"{json.dumps(line(2))}\n{text}\n")
    if isinstance(wrong, dict):  # at the end of a file, too, if it is whole
        with pytest.raises(InputError, match=says):
            read(f"{json.dumps(line(2))}\n{text}")


def damaged(data, content):
    """A file that was cut somewhere, or of which one byte is another."""
    place = data.draw(st.integers(0, len(content) - 1))
    if data.draw(st.booleans()):
        return content[:place]
    return content[:place] + bytes([data.draw(st.integers(0, 255))]) + content[place + 1 :]


def refusal(read_it, content, name):
    """What is said of a file that is not read, "" of one that is."""
    try:
        read_it(decoded(content, name))
    except InputError as error:
        return str(error)
    return ""


@given(st.data())
def test_a_damaged_file_is_read_or_refused_in_one_sentence(data):
    name = data.draw(st.sampled_from(sorted(FILES)))
    kind, content = FILES[name]
    said = refusal(lambda text: kind.parse(text, name), damaged(data, json.dumps(content, indent=2).encode()), name)
    assert not said or (said.startswith(name) and "\n" not in said)


@given(st.data())
def test_a_damaged_search_log_is_read_or_refused_in_one_sentence(data):
    whole = "".join(json.dumps(line(index)) + "\n" for index in range(3)).encode()
    said = refusal(read, damaged(data, whole), "search.jsonl")
    assert not said or ("search.jsonl" in said and "\n" not in said)
