"""Who may be compared with whom: ranks are among runs of the same rows, and whatever else stands there is named."""

import io
import json
import os
import shutil
import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.console import Console

from launcher.commands.runs_screens import show_board
from launcher.commands.runs_show import show_details
from launcher.leaderboard import page, rows
from launcher.leaderboard.details import details
from launcher.leaderboard.index import found_below
from launcher.leaderboard.ranking import Board, board, differing
from launcher.leaderboard.runs import Run, runs_of
from launcher.support.processes import Process
from lib import artifacts
from tests.launcher.leaderboard.folders import files_of, leave, mixed, run_id, write
from tests.launcher.leaderboard.test_filters import run
from tests.lib import records


def found(out) -> list[Run]:
    return runs_of(found_below(str(out)))


def ranked(shown: Board) -> list[list[tuple[str, int | None]]]:
    return [[(each.run.name, each.rank) for each in group.runs] for group in shown.groups]


def reasons(shown: Board) -> dict[str, str]:
    return {each.run.name: each.reason for each in shown.apart}


def test_of_twenty_mixed_runs_none_is_ranked_across_fingerprints(tmp_path):
    mixed(tmp_path)
    shown = board(found(tmp_path))
    assert ranked(shown) == [
        [
            (run_id(number), rank)
            for number, rank in ((6, 1), (18, 2), (5, 2), (4, 4), (3, 5), (2, 6), (1, 7), (0, 8), (19, 9))
        ],
        [(run_id(number), 1) for number in (10, 9, 8, 7)],
    ]
    for group in shown.groups:
        written = {fingerprint(tmp_path, each.run) for each in group.runs}
        assert written == {group.rows.fingerprint}
    said = reasons(shown)
    assert said.pop(run_id(11)) == "no other run was measured on the same rows"
    assert said.pop(run_id(12)) == "its model has seen 30 of the rows that it was measured on"
    assert "summary.json is damaged: it is not JSON" in said.pop(run_id(13))
    assert "experiment.json is missing" in said.pop(run_id(14))
    assert said.pop(run_id(15)).startswith("incomplete: the training did not finish")
    assert said.pop(run_id(16)) == "failed: the training did not finish"
    assert said.pop(run_id(17)) == "failed: it left no model"
    assert said == {"model_empty": "incomplete: its folder has no record"}
    assert [each.run.name for group in shown.groups for each in group.runs if each.run.is_resumed] == [run_id(19)]


def fingerprint(out, shown: Run) -> str:
    """The fingerprint of the rows that a run was measured on, from its files."""
    place = out / f"results/eval_{shown.run_id}/{artifacts.EVAL_METRICS}"
    if place.exists():
        return json.loads(place.read_text())["measured_on"]["fingerprint"]
    record = json.loads((out / f"models/model_{shown.run_id}/{artifacts.EXPERIMENT}").read_text())
    return record["split"]["parts"]["test"]["fingerprint"]


ROWS = st.tuples(st.sampled_from("abc"), st.sampled_from([None, "area"]), st.sampled_from([0, 0, 0, 5, None]))


@given(st.lists(st.tuples(ROWS, st.integers(1, 4)), max_size=12))
def test_groups_are_of_the_same_rows_and_in_order(each):
    from launcher.leaderboard.runs import MeasuredRows

    runs = [
        run(
            name=str(number),
            run_id=str(number),
            test=MeasuredRows(rows, 9, weight),
            seen=seen,
            metrics={"areaUnderPR": area / 4},
        )
        for number, ((rows, weight, seen), area) in enumerate(each)
    ]
    shown = board(runs)
    for group in shown.groups:
        assert len({member.run.test.key for member in group.runs}) == 1
        assert len(group.runs) > 1
        areas = [member.run.metrics["areaUnderPR"] for member in group.runs]
        assert areas == sorted(areas, reverse=True)
        assert [member.rank for member in group.runs] == [sum(other > area for other in areas) + 1 for area in areas]
        assert all(member.run.seen == 0 for member in group.runs)
    names = [member.run.name for group in shown.groups for member in group.runs] + list(reasons(shown))
    assert sorted(names) == sorted(each.name for each in runs)
    assert len({group.rows.key for group in shown.groups}) == len(shown.groups)
    assert all(reasons(shown).values())


def test_the_metric_of_a_group_is_that_of_its_searches(tmp_path):
    for number in range(2):
        leave(tmp_path, run_id(number), summary={"metric_used": "areaUnderROC"})
    assert board(found(tmp_path)).groups[0].metric == "areaUnderROC"
    leave(tmp_path, run_id(2))
    assert board(found(tmp_path)).groups[0].metric == "areaUnderPR"
    assert board(found(tmp_path), "f1").groups[0].metric == "f1"


def test_what_differs_is_told_within_a_family_and_of_the_training():
    def one(name, winner, params, **parameters):
        return run(name=name, winner=winner, params=params, parameters=parameters)

    runs = [
        one("a", "GBT", {"maxIter": "10", "maxDepth": "3"}, seed=1, missing=None, threshold=0.5),
        one("b", "GBT", {"maxIter": "10", "maxDepth": "4"}, seed=2, missing=None),
        one("c", "RandomForest", {"numTrees": "5"}, seed=1, missing=None, threshold=0.5),
        one("d", "GBT", {"maxIter": "10", "maxDepth": "4"}),  # of an earlier version, which does not say
    ]
    assert differing(runs) == {
        "a": {"maxDepth": "3", "seed": "1"},
        "b": {"maxDepth": "4", "seed": "2"},
        "c": {"numTrees": "5", "seed": "1"},
        "d": {"maxDepth": "4"},
    }


def test_a_model_and_its_evaluation_are_one_run_and_other_evaluations_are_runs_of_their_own(tmp_path):
    leave(tmp_path, run_id(0))
    later = {**files_of(str(tmp_path), run_id(1))}
    metrics = later[f"results/eval_{run_id(1)}/{artifacts.EVAL_METRICS}"]
    metrics |= {"model_dir": f"/elsewhere/models/model_{run_id(0)}/"}
    metrics["measured_on"] |= {"rows": artifacts.WHOLE_TABLE, "fingerprint": "other", "seen": 0, "seen_rows": "drop"}
    write(tmp_path / f"results/eval_{run_id(1)}/{artifacts.EVAL_METRICS}", metrics)
    first, second = found(tmp_path)
    assert [first.name, second.name] == [run_id(1), run_id(0)]
    assert first.model_dir == second.model_dir == str(tmp_path / f"models/model_{run_id(0)}")
    assert first.test.key != second.test.key


def test_a_model_without_an_evaluation_has_only_figures_that_no_threshold_changes(tmp_path):
    leave(tmp_path, run_id(0))
    shutil.rmtree(tmp_path / "results")
    (only,) = found(tmp_path)
    assert only.state == "not evaluated"
    assert set(only.metrics) == set(artifacts.SEARCH_METRICS)


def test_two_runs_of_one_id_are_told_apart_by_their_folders(tmp_path):
    leave(tmp_path, run_id(0))
    shutil.copytree(tmp_path / f"models/model_{run_id(0)}", tmp_path / f"models/model_{run_id(0)}_copy")
    shutil.copytree(tmp_path / f"results/eval_{run_id(0)}", tmp_path / f"results/eval_{run_id(0)} (1)")
    names = [each.name for each in found(tmp_path)]
    assert len(set(names)) == len(names) == 3
    assert {f"model_{run_id(0)}_copy", f"eval_{run_id(0)} (1)"} < set(names)


def test_folders_of_other_names_are_runs_too(tmp_path):
    for path, content in files_of(str(tmp_path), run_id(0)).items():
        name = path.replace(f"model_{run_id(0)}", "v1").replace(f"eval_{run_id(0)}", "v1_test")
        if name.endswith(artifacts.EVAL_METRICS):
            content["model_dir"] = str(tmp_path / "models/v1")
        write(tmp_path / name, content)
    (only,) = found(tmp_path)
    assert (only.name, only.run_id, only.model_dir) == ("v1_test", run_id(0), str(tmp_path / "models/v1"))


def test_runs_of_the_first_version_are_ranked(tmp_path):
    """Files without any key that a later version added."""
    for number in range(2):
        name = run_id(number)
        experiment = records.experiment(name)
        for key in ("command", "commit", "finished_at"):
            del experiment[key]
        experiment["parameters"] = {}
        write(tmp_path / f"models/model_{name}/{artifacts.EXPERIMENT}", experiment)
        write(tmp_path / f"models/model_{name}/{artifacts.SUMMARY}", records.summary(name))
        write(tmp_path / f"results/eval_{name}/{artifacts.EVAL_METRICS}", records.metrics(name))
    assert ranked(board(found(tmp_path))) == [[(run_id(1), 1), (run_id(0), 1)]]


FILES = [
    f"models/model_{run_id(0)}/{artifacts.EXPERIMENT}",
    f"models/model_{run_id(0)}/{artifacts.SUMMARY}",
    f"results/eval_{run_id(0)}/{artifacts.EVAL_METRICS}",
    f"results/eval_{run_id(0)}/{artifacts.EVAL_CURVES}",
]
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda each: st.lists(each) | st.dictionaries(st.text(), each),
)


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(FILES), st.data())
def test_a_damaged_file_is_named_and_unranks_its_run_alone(tmp_path_factory, name, data):
    """Any value of any file in the place of any other."""
    out = tmp_path_factory.mktemp("out")
    for number in range(3):
        leave(out, run_id(number))
    content = json.loads((out / name).read_text())
    place = content
    while isinstance(place, dict | list) and place:
        keys = list(place) if isinstance(place, dict) else list(range(len(place)))
        key, above = data.draw(st.sampled_from(keys)), place
        place = place[key]
        if data.draw(st.booleans()):
            break
    above[key] = data.draw(JSON)
    text = data.draw(st.sampled_from([json.dumps(content), json.dumps(content)[:-9], "", "[]"]))
    (out / name).write_text(text)
    shown = board(found(out))
    names = [each.run.name for group in shown.groups for each in group.runs]
    assert {run_id(1), run_id(2)} <= set(names)
    assert {*names, *reasons(shown)} >= {run_id(1), run_id(2)}
    assert len(names) + len(shown.apart) >= 3
    # And whatever it is, it can be shown.
    assert json.loads(json.dumps(rows.as_json(shown)))
    assert rows.as_csv(shown)
    assert rows.as_markdown(shown)
    assert page.html(shown, str(out))
    for width in (40, 80, 1000):
        show_board(Console(file=io.StringIO(), force_terminal=True, width=width), shown, str(out))
    for each in found(out):
        show_details(Console(file=io.StringIO()), details(each))


@pytest.mark.parametrize("content", [b"\xff\xfe", b"", b"null", b'{"run_id": 1}', b'{"format": 99}'])
@pytest.mark.parametrize("name", FILES[:3])
def test_why_a_file_cannot_be_read_is_the_reason(tmp_path, name, content):
    leave(tmp_path, run_id(0))
    (tmp_path / name).write_bytes(content)
    (reason,) = reasons(board(found(tmp_path))).values()
    assert reason.startswith(str(tmp_path / name))


@pytest.mark.parametrize("name", [b"model_\xff", b"a\nb", b"a\x1b[31mb", "a\u202eb".encode()])
def test_a_folder_whose_name_cannot_be_shown_is_named_all_the_same(tmp_path, name):
    leave(tmp_path, run_id(0))
    os.mkdir(os.fsencode(tmp_path / "models") + b"/" + name)  # noqa: PTH102 - it has no text
    shown = board(found(tmp_path))
    assert len(shown.apart) == 2
    assert sum("has characters in its name that cannot be shown" in reason for reason in reasons(shown).values()) == 1
    assert page.html(shown, "out").encode()
    assert all(each.run.name.isprintable() for each in shown.apart)


def test_a_run_that_was_killed_is_not_under_way(tmp_path):
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    gone = Process.this()
    claim = {"host": gone.host, "pid": dead.pid, "process_started": 1.0, "since": "2026-01-01T00:00:00+00:00"}
    write(tmp_path / f"models/model_{run_id(0)}/{artifacts.EXPERIMENT}", records.experiment(run_id(0)))
    write(tmp_path / f".claims/{run_id(0)}", claim)
    (reason,) = reasons(board(found(tmp_path))).values()
    assert reason.startswith("incomplete: the training did not finish")


def test_a_run_under_way_is_shown_as_that(tmp_path):
    write(tmp_path / f"models/model_{run_id(0)}/{artifacts.EXPERIMENT}", records.experiment(run_id(0)))
    write(tmp_path / f".claims/{run_id(0)}", {})
    assert reasons(board(found(tmp_path))) == {run_id(0): "under way: a process has its id"}
