"""Making a run again: the command has all of its parameters, and what differs is told key by key."""

import copy
import json
import shlex
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from launcher.leaderboard import again
from launcher.parameters.schema import Parameters
from launcher.parameters.sources import gather
from lib import artifacts
from lib.errors import InputError
from lib.records.model import EXPERIMENT, SUMMARY
from tests.lib import records

TEXT = st.text(
    st.characters(min_codepoint=32, max_codepoint=0x24F, exclude_characters="\x7f"), min_size=1, max_size=12
).filter(
    lambda text: (
        text.strip() == text
        and not "\x80" <= min(text) <= "\x9f"
        and not any("\x7f" <= each <= "\xa0" for each in text)
    )
)
SOME = {
    "label_col": TEXT,
    "zone_col": st.none() | TEXT,
    "exclude_cols": st.lists(TEXT, max_size=3),
    "missing": st.sampled_from([None, "drop", "median", "error"]),
    "nodata": st.lists(st.floats(-1e9, 1e9) | st.sampled_from([1e-5, 1e22]), max_size=3),
    "positive": st.none() | st.sampled_from(["yes", "1", "null", "2026-01-01", 2, ["a", "on"]]),
    "test_frac": st.floats(0.01, 0.4),
    "seed": st.integers(0, 2**31 - 1),
    "metric": st.sampled_from(artifacts.SEARCH_METRICS),
    "threshold": st.sampled_from([0.5, 0.25, "f1", {"recall": 0.9}, {"costs": {"fn": 10, "fp": 1}}]),
    "max_candidates": st.integers(100, 200),
    "grid": st.sampled_from(
        [{"GBT": {"maxIter": [3], "stepSize": [0.1, 1e-05]}}, {"RandomForest": {"numTrees": [5, 10]}}]
    ),
    "card": st.fixed_dictionaries({}, optional={"owner": TEXT, "purpose": TEXT}),
}


@settings(max_examples=80, deadline=None)
@given(
    st.fixed_dictionaries({}, optional=SOME),
    st.sampled_from([{}, {"language": "es"}, {"test_data": ["/data/b.csv"], "seen": "keep"}]),
)
def test_the_command_has_all_parameters_of_the_run(changed, after):
    record = records.experiment(after_training=after)
    record["parameters"] = {**Parameters().model_dump(include=set(SOME)), "input_data": ["/data/a b.csv"], **changed}
    wanted = again.parameters_of(record)
    assert wanted.engine == "task"
    for name, value in changed.items():
        assert getattr(wanted, name) == value or name == "card"
    program, script, *words = shlex.split(again.command_of(record, "/some/out"))
    assert [program, script] == ["python", "run_experiment.py"]
    given_words = list(zip(words[::2], words[1::2], strict=True))
    assignments = [value for option, value in given_words if option == "-p"]
    options = {
        "input_data": [value for option, value in given_words if option == "--input-data"],
        "out": dict(given_words)["--out"],
    }
    typed = gather(None, assignments, options, cwd=Path("/"))
    assert typed == wanted.model_copy(update={"out": "/some/out"})


def test_parameters_of_another_version_are_named():
    record = records.experiment()
    record["parameters"]["pace"] = 3
    with pytest.raises(
        InputError, match="cannot be made again by this version of the project: unknown parameter 'pace'"
    ):
        again.parameters_of(record)


def test_a_record_of_the_scripts_has_no_grid_and_means_the_default():
    record = records.experiment()
    record["parameters"]["grid"] = None
    assert again.parameters_of(record).grid == Parameters().grid


@pytest.mark.parametrize(
    ("commit", "has_source", "said"),
    [
        (None, False, ["# code: not of a git checkout; its lib has the hash 0123456789ab"]),
        (
            {"sha": "abc", "dirty": False},
            False,
            ["git worktree add ../run_20260131_235959 abc", "cd ../run_20260131_235959"],
        ),
        ({"sha": "abc", "dirty": True}, False, ["git worktree", "cd ../run_", "which were not kept"]),
        ({"sha": "abc", "dirty": True}, True, ["git worktree", "cd ../run_", "/m/source.zip has: unpack it over"]),
        (None, True, ["/m/source.zip has"]),
    ],
)
def test_how_to_get_the_code(commit, has_source, said):
    lines = again.code_of(records.experiment(commit=commit), "/m", has_source)
    assert len(lines) == len(said)
    assert all(part in line for part, line in zip(said, lines, strict=True))


SUMMARY_NOW = json.loads(json.dumps(records.summary()))  # nothing in it is the same object


def leaves(value, path=()):
    if isinstance(value, dict | list) and value:
        for key in value if isinstance(value, dict) else range(len(value)):
            yield from leaves(value[key], (*path, key))
    else:
        yield path, value


@given(st.sampled_from(list(leaves(SUMMARY_NOW))), st.sampled_from([0, 5e-13, 2e-12, 0.1, "other", None]))
def test_each_key_that_differs_has_a_sentence(leaf, by):
    path, value = leaf
    now = copy.deepcopy(SUMMARY_NOW)
    place = now
    for key in path[:-1]:
        place = place[key]
    is_number = isinstance(value, int | float)
    place[path[-1]] = value + by if is_number and isinstance(by, int | float) else by
    found = list(again.differences(SUMMARY_NOW, now))
    same = path == ("run_id",) or (is_number and isinstance(by, int | float) and by <= 1e-12)
    assert len(found) == (0 if same else 1)
    for sentence in found:
        assert str(path[0]) in sentence.split(" was ")[0]
        assert sentence.endswith(".")


def test_keys_that_come_or_go_are_told():
    before, now = {"a": 1, "b": {"c": []}}, {"a": 1, "d": True}
    assert list(again.differences(before, now)) == [
        "b.c was [], and is not there any more.",
        "d was not there, and is True.",
    ]
    assert list(again.differences(before, now, same_code=False)) == ["b.c was [], and is not there any more."]
    assert list(again.differences({"a": True}, {"a": 1})) == ["a was True, and is 1."]


def test_the_records_here_are_real():
    EXPERIMENT.parse(json.dumps(records.experiment()), "experiment.json")
    SUMMARY.parse(json.dumps(SUMMARY_NOW), "summary.json")
    assert again.count_values(SUMMARY_NOW) == len(list(leaves(SUMMARY_NOW)))
