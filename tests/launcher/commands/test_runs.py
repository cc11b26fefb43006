"""The commands `runs …` as they are typed."""

import csv
import io
import json
import shutil
import zipfile

import pytest
from rich.console import Console
from typer.testing import CliRunner

from launcher import cli
from launcher.commands.runs_screens import show_board
from launcher.experiment import plan as planning
from launcher.leaderboard.index import found_below
from launcher.leaderboard.ranking import board
from launcher.leaderboard.runs import runs_of
from launcher.running import run as running
from launcher.running.source import SourceKeeper
from lib import artifacts
from tests.conftest import ROOT
from tests.launcher import experiments
from tests.launcher.leaderboard.folders import leave, mixed, run_id, write
from tests.lib import records
from tests.lib.models import write_model
from tests.lib.tables import make_table
from tests.lib.tables import write as write_table


@pytest.fixture
def typed(tmp_path, monkeypatch):
    """Type `runs …` beside a folder of twenty runs."""
    monkeypatch.chdir(tmp_path)
    mixed(tmp_path / "out")

    def result(*words: str):
        return CliRunner().invoke(cli.app, ["runs", *words], env={"COLUMNS": "200"})

    return result


def done(result) -> str:
    assert result.exit_code == 0, result.output
    return result.stdout


@pytest.mark.parametrize("width", [60, 80, 100, 160, 300])
def test_ids_and_figures_are_never_cut(typed, tmp_path, width):
    long = {"featureSubsetStrategy": "onethird", "numTrees": "400", "aParameterWithALongName": "and a long value" * 9}
    for number in (20, 21):
        leave(tmp_path / "out", run_id(number), best_params={**long, "maxDepth": str(number)})
    stream = io.StringIO()
    shown = board(runs_of(found_below(str(tmp_path / "out"))))
    show_board(Console(file=stream, force_terminal=True, color_system=None, width=width, highlight=False), shown, "out")
    text = stream.getvalue()
    assert "…" not in text
    for group in shown.groups:
        for each in group.runs:
            assert each.run.name in text
            assert f"{each.run.metrics[group.metric]:.4f}" in text
    for each in shown.apart:
        assert each.run.name in text
    # Paths and commands are not broken, so that they can be copied.
    assert [line for line in text.splitlines() if "/" not in line and len(line.rstrip()) > width] == []


def test_json_has_ranks_and_reasons(typed):
    found = json.loads(done(typed("--out", "out", "--json")))
    assert [(len(group["runs"]), group["test_rows"]["fingerprint"]) for group in found["ranked"]] == [
        (9, "2f"),
        (4, "other"),
    ]
    best = found["ranked"][0]["runs"][0]
    assert (best["rank"], best["run"], best["winner"], best["value"]) == (1, run_id(6), "RandomForest", 0.9)
    assert best["params_that_differ"] == {"numTrees": "400", "featureSubsetStrategy": "sqrt", "maxDepth": "14"}
    assert all(each["rank"] is None and each["reason"] for each in found["not_ranked"])


def test_csv_is_a_table_of_all_runs(typed):
    rows = list(csv.DictReader(io.StringIO(done(typed("--out", "out", "--csv")))))
    assert len(rows) == 21
    by_rank = [(row["fingerprint"], int(row["rank"])) for row in rows if row["rank"]]
    assert by_rank == sorted(by_rank)
    assert {row["run"] for row in rows} >= {run_id(number) for number in range(20)}


def test_markdown_has_a_table_for_each_group(typed):
    text = done(typed("--out", "out", "--md"))
    assert text.count("| rank | run |") == 2
    lines = [line for line in text.splitlines() if line.startswith("|")]
    assert all(line.count("|") >= 7 for line in lines)
    assert "## Not ranked" in text


def test_a_filter_keeps_the_ranks_that_runs_have_among_all(typed):
    found = json.loads(done(typed("--out", "out", "--json", "--filter", "winner = GBT and metric.areaUnderPR < 0.65")))
    (group,) = found["ranked"]
    assert [(each["run"], each["rank"]) for each in group["runs"]] == [
        (run_id(2), 6),
        (run_id(1), 7),
        (run_id(0), 8),
        (run_id(19), 9),
    ]
    assert "4 of 9 runs" in done(typed("--out", "out", "--filter", "winner = GBT and metric.areaUnderPR < 0.65"))
    assert "There are no such runs" in done(typed("--out", "out", "--filter", "metric.f1 > 1"))


@pytest.mark.parametrize(
    ("name", "first"),
    [
        ("when", run_id(19)),
        ("metric.areaUnderROC", run_id(19)),
        ("zones.mean.areaUnderPR", run_id(5)),
        ("winner", run_id(18)),
    ],
)
def test_an_order_is_within_groups_and_ranks_stay(typed, name, first):
    found = json.loads(done(typed("--out", "out", "--json", "--sort", name)))
    assert found["ranked"][0]["runs"][0]["run"] == first
    assert [len(group["runs"]) for group in found["ranked"]] == [9, 4]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--filter", "metric.f1 >> 1"], "cannot be read"),
        (["--sort", "metric.f2"], "did you mean metric.f1?"),
        (["--filter", "when > yesterday"], "when is a time such as 2026-01-31"),
        (["--filter", "when > 2026-1-2"], "when is a time such as 2026-01-31"),
        (["--filter", "state = complet"], "did you mean complete?"),
        (["--json", "--csv"], "use one of --json, --csv and --md"),
        (["--out", "gs://x/y"], "results go to a folder of this machine"),
        (["show", "20260101_00050"], f"did you mean {run_id(5)}?"),
        (["show", ""], "a run without a name"),
        (["show", run_id(17), "--command"], "it is not known how run"),
        (["tag", run_id(15), "champion"], "has no complete model here: its state is incomplete"),
        (["tag", run_id(11), "Champion!"], "is no tag"),
        (["tag", run_id(11)], "give a run and a tag"),
        (["tag", "--remove", "champion"], "no model below out has a tag"),
        (["verify", run_id(15)], "has no results to compare with"),
    ],
)
def test_what_is_wrong_is_one_sentence(typed, words, said):
    words = words if "--out" in words else [*words, "--out", "out"]
    result = typed(*words)
    assert (result.exit_code, said in result.stderr) == (2, True), result.stderr
    assert "Traceback" not in result.output


def test_a_place_without_runs_says_so(typed, tmp_path):
    assert done(typed("--out", "nowhere")) == "There are no runs in nowhere.\n"
    (tmp_path / "file").write_text("")
    result = typed("--out", "file")
    assert (result.exit_code, "is a file, not a folder of runs" in result.stderr) == (2, True)


@pytest.mark.parametrize("number", range(20))
def test_every_run_can_be_shown(typed, number):
    assert done(typed("show", run_id(number), "--out", "out")).startswith("run ")
    assert json.loads(done(typed("show", run_id(number), "--out", "out", "--json")))["run"] == run_id(number)


def test_a_run_is_named_in_several_ways(typed, tmp_path):
    done(typed("tag", run_id(3), "champion", "--out", "out"))
    names = [f"model_{run_id(3)}", f"eval_{run_id(3)}/", f"out/models/model_{run_id(3)}", "champion"]
    for name in names:
        assert json.loads(done(typed("show", name, "--out", "out", "--json")))["run"] == run_id(3)


def test_two_runs_of_one_id_are_not_taken_for_each_other(typed, tmp_path):
    shutil.copytree(tmp_path / f"out/models/model_{run_id(0)}", tmp_path / f"out/models/old_{run_id(0)}")
    shutil.copytree(tmp_path / f"out/results/eval_{run_id(0)}", tmp_path / f"out/results/old_{run_id(0)}")
    assert json.loads(done(typed("show", run_id(0), "--out", "out", "--json")))["report"].endswith(
        f"eval_{run_id(0)}/EVALUATION_REPORT.md"
    )
    listed = done(typed("--out", "out"))
    result = typed("show", f"old_{run_id(0)}", "--out", "out")
    assert result.exit_code == 2
    for name in (f"results/old_{run_id(0)}", f"models/old_{run_id(0)}"):
        assert name in listed
        assert name in result.stderr
        assert done(typed("show", name, "--out", "out"))


def test_a_tag_moves_and_is_removed(typed, tmp_path):
    assert "has the tag champion." in done(typed("tag", run_id(3), "champion", "--out", "out"))
    assert "has the tag champion already" in done(typed("tag", run_id(3), "champion", "--out", "out"))
    moved = done(typed("tag", run_id(4), "champion", "--out", "out"))
    assert f"out/models/model_{run_id(3)} had it before" in moved
    assert "champion" in (tmp_path / "out/index.html").read_text()
    assert "no longer has the tag champion" in done(typed("tag", "--remove", "champion", "--out", "out"))
    assert '"tag">champion' not in (tmp_path / "out/index.html").read_text()


@pytest.mark.parametrize("command", [[], ["show"], ["tag"], ["page"], ["verify"], ["export"]])
def test_every_command_takes_an_account_and_fits_80_columns(command):
    result = CliRunner().invoke(cli.app, ["runs", *command, "--help"], env={"COLUMNS": "80"})
    assert "--profile NAME" in result.stdout
    assert "--region REGION" in result.stdout
    assert max(map(len, result.stdout.splitlines())) <= 80


def test_the_page_is_written(typed, tmp_path):
    assert done(typed("page", "--out", "out")) == "out/index.html\n"
    assert run_id(19) in (tmp_path / "out/index.html").read_text()


# ---- Scoring with a tag


@pytest.fixture
def scored(tmp_path, monkeypatch):
    """Score with a model by its name; the plans that would run."""
    monkeypatch.chdir(tmp_path)
    plans = []
    monkeypatch.setattr(running, "run", plans.append)
    write_table(make_table(20).drop(columns="label"), tmp_path / "table.parquet")
    for name in ("20260101_000000", "20260102_000000"):
        write_model(tmp_path / "out", name, features=("f0", "f1", "f2", "f3"))

    def score(model: str):
        words = ["score", model, "--input-data", "table.parquet", "--out", "out"]
        result = CliRunner().invoke(cli.app, words, env={"COLUMNS": "200"})
        return result, plans[-1].parameters.model if plans else None

    return score


def test_a_tag_names_the_model_to_score_with(scored, tmp_path):
    for name in ("20260102_000000", "20260101_000000"):
        done(CliRunner().invoke(cli.app, ["runs", "tag", f"model_{name}", "champion", "--out", "out"]))
        result, model = scored("champion")
        assert (result.exit_code, model) == (0, str(tmp_path / f"out/models/model_{name}")), result.output


def test_a_tag_that_no_model_has_is_refused(scored):
    result, model = scored("champion")
    assert (result.exit_code, model) == (2, None)
    assert "there is no model champion here, and no model below out has a tag" in result.stderr


def test_a_folder_of_a_tags_name_is_that_folder(scored, tmp_path):
    done(CliRunner().invoke(cli.app, ["runs", "tag", "model_20260102_000000", "champion", "--out", "out"]))
    shutil.copytree(tmp_path / "out/models/model_20260101_000000", tmp_path / "champion")
    assert scored("champion")[1] == str(tmp_path / "champion")


# ---- What a run leaves for these commands


def a_plan(tmp_path, commit):
    parameters = experiments.Parameters(input_data=["x.parquet"], out=str(tmp_path), run_id=run_id(0))
    return planning.replace(
        planning.make_plan(parameters), provenance={"command": "", "commit": commit, "after_training": {}}
    )


@pytest.mark.parametrize(
    ("commit", "is_kept"), [({"sha": "a", "dirty": True}, True), (None, True), ({"sha": "a", "dirty": False}, False)]
)
def test_the_code_is_kept_where_no_commit_has_it(tmp_path, commit, is_kept):
    plan = a_plan(tmp_path, commit)
    keeper = SourceKeeper(plan)
    keeper.cell_started(1)
    assert list(tmp_path.iterdir()) == []  # the training refuses a folder that is there
    write(tmp_path / f"models/model_{run_id(0)}/{artifacts.EXPERIMENT}", records.experiment(run_id(0)))
    keeper.keep()
    place = tmp_path / f"models/model_{run_id(0)}/{artifacts.SOURCE_ZIP}"
    assert place.exists() == is_kept
    if is_kept:
        with zipfile.ZipFile(place) as archive:
            assert archive.read("lib/artifacts.py") == (ROOT / "lib/artifacts.py").read_bytes()
            assert "launcher/leaderboard/templates/leaderboard.css" in archive.namelist()


def test_the_code_of_the_beginning_stays_where_a_run_is_taken_up(tmp_path):
    write(tmp_path / f"models/model_{run_id(0)}/{artifacts.EXPERIMENT}", records.experiment(run_id(0)))
    place = tmp_path / f"models/model_{run_id(0)}/{artifacts.SOURCE_ZIP}"
    place.write_text("of the beginning")
    SourceKeeper(a_plan(tmp_path, None)).keep()
    assert place.read_text() == "of the beginning"
