"""What earlier runs say of the next one's time."""

import json

import pytest

from launcher.emr.cost.earlier_runs import EarlierRun, earlier_runs, earlier_scorings, expected, ran_through_livy
from launcher.support.files import files_at


def record(run_id: str, **changes) -> dict:
    return {
        "run_id": run_id,
        "timings": {"load": 10.0, "split": 5.0, "search": 100.0, "retrain": 20.0, "test": 5.0},
        "candidates": 20,
        "reused_candidates": 0,
        "data": {"rows": 8_000},
        "engine": {"name": "task"},
        "finished_at": "2026-11-25T12:30:00+00:00",
        **changes,
    }


def leave(out, *records: dict) -> str:
    for each in records:
        folder = out / "models" / f"model_{each['run_id']}"
        folder.mkdir(parents=True)
        (folder / "experiment.json").write_text(json.dumps(each))
    return str(out)


def run(**changes) -> EarlierRun:
    return EarlierRun(
        **{
            "run_id": "20261125_120000",
            "seconds": 600,
            "search_seconds": 400,
            "candidates": 20,
            "rows": 8_000,
            "engine": "task",
            **changes,
        }
    )


def test_complete_runs_are_read_the_newest_first(tmp_path):
    begun = record("20261125_130000")
    del begun["finished_at"]
    out = leave(tmp_path, record("20261125_110000"), record("20261125_120000"), begun)
    (tmp_path / "models" / "notes").mkdir()
    for run_id, text in (("20261125_140000", "{"), ("20261125_150000", '{"finished_at": "by another program"}')):
        (tmp_path / "models" / f"model_{run_id}").mkdir()
        (tmp_path / "models" / f"model_{run_id}" / "experiment.json").write_text(text)
    found = earlier_runs(files_at(out), out)
    assert [each.run_id for each in found] == ["20261125_120000", "20261125_110000"]
    # 140 s of training, and a session for each of four notebooks.
    assert (found[0].seconds, found[0].search_seconds, found[0].cluster) == (380, 100, "")


def test_what_a_run_on_a_cluster_took_is_known_whole(tmp_path):
    actual = {"from": "2026-11-25T12:00:00+00:00", "to": "2026-11-25T12:10:00+00:00"}
    livy = {"cluster": "j-A", "step": None, "actual": actual}
    out = leave(
        tmp_path,
        record("20261125_120000", cost=livy),
        record("20261125_120001", cost={**livy, "step": "s-1"}),
        record("20261125_120002", cost={"cluster": "j-A", "unknown": "no permission"}),
        record("20261125_120003", cost={**livy, "cluster": "j-B"}),
    )
    found = earlier_runs(files_at(out), out)
    assert found[-1].seconds == 600
    assert [each.name for each in ran_through_livy(found, "j-A")] == ["20261125_120000"]


def scored(out, run_id: str, text: str | None = None, **changes) -> str:
    """Leave a scoring below an output folder."""
    folder = out / "scores" / f"score_{run_id}"
    folder.mkdir(parents=True)
    (folder / "scores.json").write_text(json.dumps({"run_id": run_id, "rows": 8, **changes}) if text is None else text)
    return str(out)


def test_scorings_through_livy_are_known_by_their_records(tmp_path):
    actual = {"from": "2026-11-25T12:00:00+00:00", "to": "2026-11-25T12:10:00+00:00"}
    livy = {"cluster": "j-A", "step": None, "actual": actual}
    scored(tmp_path, "20261125_120000", cost=livy)
    scored(tmp_path, "20261125_120001", cost={**livy, "step": "s-1"})
    scored(tmp_path, "20261125_120002", cost={"cluster": "j-A", "unknown": "no permission"})
    scored(tmp_path, "20261125_120003", cost={**livy, "cluster": "j-B"})
    scored(tmp_path, "20261125_120004")
    scored(tmp_path, "20261125_120005", text="{")
    out = scored(tmp_path, "20261125_120006", text="[]")
    found = earlier_scorings(files_at(out), out)
    assert [each.run_id[-1] for each in found] == ["4", "3", "2", "1", "0"]
    [activity] = ran_through_livy(found, "j-A")
    assert (activity.name, activity.span.end.minute) == ("20261125_120000", 10)
    assert earlier_runs(files_at(out), out) == []


def test_no_folder_is_no_run(tmp_path):
    assert earlier_runs(files_at(str(tmp_path / "none")), str(tmp_path / "none")) == []


def test_time_grows_with_candidates_and_rows():
    assert expected([run()], 20, "auto", None).seconds == 600
    assert expected([run()], 40, "auto", None).seconds == 200 + 800
    twice = expected([run()], 20, "auto", 16_000)
    assert (twice.seconds, twice.runs, twice.basis) == (200 + 800, 1, "from 1 earlier run")
    assert "as if on as many rows" in expected([run()], 20, "auto", None).basis


def test_the_middle_of_the_newest_runs_counts():
    several = [run(seconds=seconds) for seconds in (500, 900, 600, 550, 650, 9_000)]
    middle = expected(several, 20, "task", 8_000)
    assert (middle.seconds, middle.runs) == (600, 5)


def test_runs_of_another_engine_say_nothing():
    guess = expected([run()], 10, "spark", None)
    assert (guess.seconds, guess.runs) == (240 + 600, 0)
    assert guess.basis.startswith("a rough guess, because there is no earlier run to estimate from")


@pytest.mark.parametrize(("rows", "seconds"), [(None, 240 + 21.6), (80_000, 240 + 216)])
def test_without_earlier_runs_it_is_a_guess(rows, seconds):
    assert expected([], 72, "auto", rows).seconds == pytest.approx(seconds)
