"""The index: every file is read once, and again when it has changed; the cache is believed in nothing else."""

import json
from pathlib import Path

import boto3
import pytest

from launcher.leaderboard.index import found_below
from launcher.leaderboard.runs import runs_of
from launcher.support.files import LocalFiles, files_at
from launcher.support.s3_files import S3Files
from lib import artifacts
from tests.launcher.leaderboard.folders import files_of, leave, run_id, write
from tests.launcher.runs import put


def areas(out) -> dict[str, float]:
    return {run.name: run.metrics["areaUnderPR"] for run in runs_of(found_below(str(out)))}


@pytest.fixture
def read(monkeypatch):
    """The files that are read."""
    found = []
    for kind in (LocalFiles, S3Files):
        before = kind.read_text
        monkeypatch.setattr(
            kind, "read_text", lambda self, place, before=before: found.append(place) or before(self, place)
        )
    return found


def test_a_file_is_read_once(tmp_path, read):
    for number in range(3):
        leave(tmp_path / "out", run_id(number), area=0.6 + number / 10)
    first = areas(tmp_path / "out")
    assert len(read) == 3 * 4
    read.clear()
    assert areas(tmp_path / "out") == first == {run_id(number): 0.6 + number / 10 for number in range(3)}
    assert read == []


def test_a_file_that_has_changed_is_read_again_though_it_is_as_long(tmp_path, read):
    leave(tmp_path, run_id(0), area=0.7)
    leave(tmp_path, run_id(1), area=0.7)
    areas(tmp_path)
    read.clear()
    place = tmp_path / f"results/eval_{run_id(1)}/{artifacts.EVAL_METRICS}"
    changed = place.read_text().replace('"areaUnderPR": 0.7', '"areaUnderPR": 0.8')
    assert len(changed) == len(place.read_text())
    LocalFiles().put(_file(tmp_path / "changed", changed), str(place))
    assert areas(tmp_path) == {run_id(0): 0.7, run_id(1): 0.8}
    assert read == [str(place)]


def test_a_run_that_is_gone_is_not_shown(tmp_path):
    leave(tmp_path, run_id(0))
    leave(tmp_path, run_id(1))
    areas(tmp_path)
    LocalFiles().remove(str(tmp_path / f"results/eval_{run_id(1)}"))
    LocalFiles().remove(str(tmp_path / f"models/model_{run_id(1)}"))
    assert list(areas(tmp_path)) == [run_id(0)]


@pytest.mark.parametrize("damage", [b"", b"{", b"\xff\n\xff\n{}", b"a\nb\nnull", b"[]"])
def test_a_damaged_cache_is_as_none(tmp_path, prices_cache, damage):
    leave(tmp_path, run_id(0))
    before = areas(tmp_path)
    (cache,) = (prices_cache / "leaderboard").iterdir()
    cache.write_bytes(damage)
    assert areas(tmp_path) == before


def test_what_somebody_writes_into_the_cache_is_not_believed(tmp_path, prices_cache):
    leave(tmp_path, run_id(0), area=0.7)
    before = areas(tmp_path)
    (cache,) = (prices_cache / "leaderboard").iterdir()
    cache.write_bytes(cache.read_bytes().replace(b'"areaUnderPR": 0.7', b'"areaUnderPR": 0.9'))
    assert areas(tmp_path) == before


def test_a_cache_of_other_code_is_not_used(tmp_path, prices_cache, read):
    leave(tmp_path, run_id(0))
    areas(tmp_path)
    (cache,) = (prices_cache / "leaderboard").iterdir()
    cache.write_bytes(b"0" + cache.read_bytes()[1:])
    read.clear()
    areas(tmp_path)
    assert len(read) == 4


def test_without_a_cache_everything_is_read(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    leave(tmp_path / "out", run_id(0))
    assert areas(tmp_path / "out") == areas(tmp_path / "out") == {run_id(0): 0.7}


def test_two_places_have_two_caches(tmp_path):
    leave(tmp_path / "a", run_id(0), area=0.7)
    leave(tmp_path / "b", run_id(0), area=0.8)
    for _ in range(2):
        assert (areas(tmp_path / "a"), areas(tmp_path / "b")) == ({run_id(0): 0.7}, {run_id(0): 0.8})


# ---- S3


@pytest.fixture
def bucket(endpoint):
    s3 = boto3.client("s3")
    s3.create_bucket(Bucket="runs")
    yield s3
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket="runs"):
        for each in page.get("Contents", []):
            s3.delete_object(Bucket="runs", Key=each["Key"])
    s3.delete_bucket(Bucket="runs")


def put_run(s3, out: str, name: str, **values) -> None:
    for path, content in files_of(out, name, **values).items():
        put(s3, f"{out}/{path}", json.dumps(content))


def test_runs_in_s3_are_read_once_and_again_when_they_have_changed(bucket, read):
    out = "s3://runs/some/place"
    for number in range(25):  # more folders than a request is for
        put_run(bucket, out, run_id(number), area=0.5 + number / 1000)
    put_run(bucket, "s3://runs/some/placebo", run_id(50))
    first = areas(out)
    assert first == {run_id(number): 0.5 + number / 1000 for number in range(25)}
    read.clear()
    assert areas(out) == first
    assert read == []
    put_run(bucket, out, run_id(7), area=0.9)
    assert areas(out) == first | {run_id(7): 0.9}
    assert len(read) == 2  # the area is in summary.json and metrics.json; the others are as they were


def test_versions_in_s3_are_those_of_the_named_files_whatever_stands_around(bucket):
    names = ["a", "a!", "a-b", "ab", "b", "ä", "z" * 50, "a b"]
    for name in names:
        put(bucket, f"s3://runs/models/{name}/metrics/summary.json", name)
        put(bucket, f"s3://runs/models/{name}/other", "")
        put(bucket, f"s3://runs/models/{name}/deeper/metrics/summary.json", "")
    put(bucket, "s3://runs/models/metrics/summary.json/x", "")
    put(bucket, "s3://runs/models/summary.json", "")
    files = files_at("s3://runs")
    found = files.versions("s3://runs/models", files.names("s3://runs/models"), ["metrics/summary.json", "other"])
    assert set(found) == {f"{name}/{file}" for name in names for file in ("metrics/summary.json", "other")}
    assert len({found[f"{name}/metrics/summary.json"] for name in names}) == len(names)


def test_a_page_in_s3_is_shown_by_a_browser_and_not_downloaded(bucket, tmp_path):
    S3Files().put(_file(tmp_path / "x", "<p>"), "s3://runs/index.html")
    assert bucket.head_object(Bucket="runs", Key="index.html")["ContentType"] == "text/html"


def test_versions_on_this_machine_are_those_of_s3(bucket, tmp_path):
    write(tmp_path / "a/metrics/summary.json", {})
    write(tmp_path / "b/other", {})
    (tmp_path / "c").write_text("a file")
    names = ["metrics/summary.json", "other"]
    found = LocalFiles().versions(str(tmp_path), ["a", "b", "c", "d"], names)
    assert set(found) == {"a/metrics/summary.json", "b/other"}
    assert LocalFiles().versions(str(tmp_path / "nothing"), [], names) == {}


def _file(path: Path, content: str) -> Path:
    path.write_text(content)
    return path
