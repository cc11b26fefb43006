"""The command `runs diff`: what it prints for people and programs, what it keeps, and how it refuses."""

import json
from pathlib import Path

import boto3
import pytest
from typer.testing import CliRunner

from launcher import cli
from tests.launcher.leaderboard.evaluations import METRIC, A, B, leave, rows

ZONES = 5


@pytest.fixture
def out(tmp_path):
    for run_id, noise, grid in ((A, 2.0, [3]), (B, 0.2, [3, 9])):
        table = rows(noise=noise, zones=ZONES)
        leave(tmp_path, run_id, table, parameters={"grid": {"GBT": {"maxIter": grid}}})
    return tmp_path


@pytest.fixture
def typed(out):
    def result(*words, columns=80):
        return CliRunner().invoke(cli.app, ["runs", "diff", *words, "--out", str(out)], env={"COLUMNS": str(columns)})

    return result


def test_people_see_figures_a_verdict_and_what_differs(typed):
    done = typed(A, "latest")
    assert done.exit_code == 0, done.output
    assert f"B is better by {METRIC}, with 300 rows of 5 zones." in done.stdout
    assert "DeLong's test of areaUnderROC: +" in done.stdout
    figures = [line for line in done.stdout.splitlines() if line.startswith(("area", "brier", "differs", "grid."))]
    assert [line.split()[0] for line in figures] == ["areaUnderROC", METRIC, "brier", "differs", "grid.GBT.maxIter"]
    assert max(map(len, figures)) <= 80
    assert figures[-1].split(maxsplit=1)[1].split("  ") == ["[3]", "[3, 9]"]


def test_programs_get_the_same_as_json(typed):
    done = typed(A, B, "--json")
    found = json.loads(done.stdout)
    assert found["verdicts"] == [f"B is better by {METRIC}, with 300 rows of 5 zones."]
    assert (found["a"]["run_id"], found["b"]["run_id"], found["zones"]) == (A, B, ZONES)
    assert found["differing"] == {"grid.GBT.maxIter": [[3], [3, 9]]}
    roc = next(figure for figure in found["figures"] if figure["name"] == "areaUnderROC")
    assert roc["difference"] == pytest.approx(found["delong"]["difference"], abs=1e-12)


def test_twice_the_same(typed):
    assert typed(A, B, "--json").stdout == typed(A, B, "--json").stdout


def test_a_file_is_no_folder_to_keep_it_in(typed, tmp_path):
    (tmp_path / "file").touch()
    for given in ("file", "file/below"):
        done = typed(A, B, "--save", f"{tmp_path}/{given}")
        assert (done.exit_code, "is a file, not a folder" in " ".join(done.stderr.split())) == (2, True)


def test_it_can_be_kept(typed, tmp_path):
    done = typed(A, B, "--save", str(tmp_path / "kept"))
    assert done.exit_code == 0, done.output
    assert sorted(each.name for each in (tmp_path / "kept").iterdir()) == [
        "comparison.json",
        "comparison.md",
        "comparison.png",
    ]
    assert str(tmp_path / "kept" / "comparison.md") in done.stderr.replace("\n", "")


@pytest.mark.parametrize(
    ("words", "said"),
    [((A, A), "the same evaluation"), ((A, "20270101_000000"), "there is no run"), ((A, ""), "without a name")],
)
def test_what_cannot_be_compared_is_one_sentence(typed, words, said):
    done = typed(*words, columns=1000)
    assert (done.exit_code, done.stdout) == (2, "")
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_damaged_files_are_one_sentence(typed, out):
    place = out / "results" / f"eval_{B}" / "metrics.json"
    place.write_text(place.read_text()[:50])
    done = typed(A, B, columns=1000)
    assert done.exit_code == 2
    assert "metrics.json is damaged" in done.stderr


def test_runs_in_s3(typed, out, endpoint):
    """Read from one bucket and kept in it; A is named by its folder and B by its id."""
    s3 = boto3.client("s3")
    s3.create_bucket(Bucket="runs-diff", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    for file in (file for file in out.rglob("*") if file.is_file()):
        s3.upload_file(str(file), "runs-diff", f"exp/{file.relative_to(out)}")
    here = json.loads(typed(A, B, "--json").stdout)
    words = ["runs", "diff", f"s3://runs-diff/exp/models/model_{A}", B, "--out", "s3://runs-diff/exp", "--json"]
    done = CliRunner().invoke(cli.app, [*words, "--save", "s3://runs-diff/kept"])
    assert done.exit_code == 0, done.output
    there = json.loads(done.stdout)
    assert there["figures"] == here["figures"]
    assert there["b"]["evaluation"] == f"s3://runs-diff/exp/results/eval_{B}"
    kept = s3.list_objects_v2(Bucket="runs-diff", Prefix="kept/")["Contents"]
    assert {Path(each["Key"]).name for each in kept} == {"comparison.json", "comparison.md", "comparison.png"}
