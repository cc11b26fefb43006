"""Tags: each is at one model at most, whatever was done and wherever it was stopped."""

import json
import shutil
from concurrent.futures import ThreadPoolExecutor

import boto3
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from launcher.leaderboard import tags
from launcher.leaderboard.index import found_below
from launcher.leaderboard.runs import runs_of
from launcher.support.files import LocalFiles
from lib import artifacts
from lib.errors import InputError
from tests.launcher.leaderboard.folders import leave, run_id

NAMES = st.sampled_from(["champion", "next", "old.1"])
STEPS = st.lists(st.tuples(st.sampled_from(["add", "remove", "delete"]), NAMES, st.integers(0, 3)), max_size=12)


def model(out, number: int) -> str:
    return f"{out}/models/model_{run_id(number)}"


def shown(out) -> dict[str, str]:
    """The tags as the list of runs has them."""
    return {tag: run.model_dir for run in runs_of(found_below(str(out))) for tag in run.tags}


@settings(max_examples=60, deadline=None)
@given(STEPS)
def test_a_tag_is_where_it_was_put_last(tmp_path_factory, steps):
    out = str(tmp_path_factory.mktemp("out"))
    expected: dict[str, str] = {}
    for what, tag, number in steps:
        place = model(out, number)
        if what == "add":
            moved = tags.add(out, place, tag)
            assert (moved.model, moved.before) == (place, expected.get(tag))
            expected[tag] = place
        elif what == "delete":
            shutil.rmtree(place, ignore_errors=True)
            expected = {name: at for name, at in expected.items() if at != place}
        elif tag in expected:
            assert tags.remove(out, tag).before == expected.pop(tag)
        else:
            with pytest.raises(InputError, match="there is no model"):
                tags.remove(out, tag)
        found = tags.holders(tags._histories(LocalFiles(), artifacts.models_dir(out)))
        assert found == expected
    for tag, place in expected.items():
        assert tags.model_with(out, tag) == place


def test_a_copy_of_a_model_does_not_take_its_tag(tmp_path):
    model = f"{tmp_path}/models/model_{run_id(0)}"
    leave(tmp_path, run_id(0))
    tags.add(str(tmp_path), model, "champion")
    shutil.copytree(model, f"{model}.bak")
    assert tags.model_with(str(tmp_path), "champion") == model


def test_the_history_is_kept(tmp_path):
    out = str(tmp_path)
    for number in (0, 1, 0):
        tags.add(out, model(out, number), "champion")
    tags.remove(out, "champion")
    histories = [
        [
            (each["did"], each.get("to"))
            for each in json.loads((tmp_path / f"models/model_{run_id(number)}/tags.json").read_text())["history"]
        ]
        for number in (0, 1)
    ]
    assert histories == [
        [("added", None), ("moved", f"model_{run_id(1)}"), ("added", None), ("removed", None)],
        [("added", None), ("moved", f"model_{run_id(0)}")],
    ]


def test_a_move_that_is_stopped_in_between_is_done(tmp_path, monkeypatch):
    out = str(tmp_path)
    tags.add(out, model(out, 0), "champion")
    append, done = tags._append, []

    def once(*given):
        if done:
            raise KeyboardInterrupt
        done.append(append(*given))

    monkeypatch.setattr(tags, "_append", once)
    with pytest.raises(KeyboardInterrupt):
        tags.add(out, model(out, 1), "champion")
    monkeypatch.undo()
    assert tags.model_with(out, "champion") == model(out, 1)
    tags.remove(out, "champion")
    with pytest.raises(InputError):  # and it does not return to the one before
        tags.model_with(out, "champion")


def test_a_clock_that_is_late_does_not_keep_a_tag_from_moving(tmp_path):
    out = str(tmp_path)
    tags.add(out, model(out, 0), "champion")
    place = tmp_path / f"models/model_{run_id(0)}/tags.json"
    place.write_text(place.read_text().replace("20", "21", 1))  # the next century
    tags.add(out, model(out, 1), "champion")
    assert tags.model_with(out, "champion") == model(out, 1)


def test_tags_that_are_given_at_once_are_all_kept(tmp_path):
    out = str(tmp_path)
    names = [f"tag{number}" for number in range(12)]
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda name: tags.add(out, model(out, 0), name), names))
    assert shown_names(out) == names


def shown_names(out) -> list[str]:
    has = tags.holders(tags._histories(LocalFiles(), artifacts.models_dir(out)))
    return sorted(has, key=lambda name: int(name.removeprefix("tag")))


def test_the_list_shows_tags(tmp_path):
    for number in range(2):
        leave(tmp_path, run_id(number))
    tags.add(str(tmp_path), model(tmp_path, 0), "champion")
    assert shown(tmp_path) == {"champion": model(tmp_path, 0)}
    tags.add(str(tmp_path), model(tmp_path, 1), "champion")
    assert shown(tmp_path) == {"champion": model(tmp_path, 1)}


@pytest.mark.parametrize(
    "name", ["Champion", "", "latest", "model_20260101_000000", "20260101_000000", "a/b", "-x", "é", "a" * 41]
)
def test_what_is_no_tag_is_refused(tmp_path, name):
    with pytest.raises(InputError, match="is no tag: it must be"):
        tags.add(str(tmp_path), model(tmp_path, 0), name)
    assert not (tmp_path / "models").exists()


@pytest.mark.parametrize(
    "content",
    ["", "[]", "{", '{"history": [{"tag": "champion"}]}', '{"history": [{"tag": "X", "at": "x", "did": "added"}]}'],
)
def test_a_damaged_file_is_named(tmp_path, content):
    leave(tmp_path, run_id(0))
    place = tmp_path / f"models/model_{run_id(0)}/tags.json"
    place.write_text(content)
    with pytest.raises(InputError, match=f"{place} is damaged"):
        tags.model_with(str(tmp_path), "champion")
    (run,) = runs_of(found_below(str(tmp_path)))
    assert str(place) in run.why


def test_a_tag_that_is_meant_is_suggested(tmp_path):
    tags.add(str(tmp_path), model(tmp_path, 0), "champion")
    with pytest.raises(InputError, match="did you mean champion"):
        tags.model_with(str(tmp_path), "champoin")


def test_a_tag_that_another_model_has_is_not_taken_from_it(tmp_path):
    out = str(tmp_path)
    tags.add(out, model(out, 0), "champion")
    with pytest.raises(InputError, match="has no tag champion"):
        tags.remove(out, "champion", of=model(out, 1))
    assert tags.model_with(out, "champion") == model(out, 0)


def test_tags_in_s3_move_too(endpoint):
    s3 = boto3.client("s3")
    s3.create_bucket(Bucket="tags")
    out = "s3://tags/out"
    for number in (0, 1, 0):
        tags.add(out, model(out, number), "champion")
        assert tags.model_with(out, "champion") == model(out, number)
    tags.remove(out, "champion")
    with pytest.raises(InputError, match="there is no model champion"):
        tags.model_with(out, "champion")
