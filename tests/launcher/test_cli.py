import signal
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from launcher import cli
from launcher.commands import experiment as command
from launcher.experiment.plan import make_plan
from launcher.running import run as experiment
from launcher.support.interrupts import Interrupted
from lib.errors import ExperimentError, InputError
from tests.launcher.experiments import RUN_ID, write_notebooks

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def typed(tmp_path, monkeypatch):
    """Type a command line in `tmp_path`, where there is a table and the notebooks are fixtures."""
    notebooks = write_notebooks(tmp_path / "notebooks")
    (tmp_path / "work").mkdir()
    (tmp_path / "work" / "table.parquet").touch()
    monkeypatch.chdir(tmp_path / "work")
    monkeypatch.setattr(command, "make_plan", lambda parameters, argv: make_plan(parameters, notebooks, argv))
    monkeypatch.setattr(experiment, "run", lambda plan: pytest.fail("nothing may run here"))

    def result(*arguments: str):
        return CliRunner().invoke(cli.app, arguments, env={"COLUMNS": "80"})

    return result


def test_a_dry_run_says_what_would_run_and_touches_nothing(typed, tmp_path):
    before = sorted(tmp_path.rglob("*"))
    result = typed(
        "--dry-run", "--input-data", "table.parquet", "--out", "out", "-p", f"run_id={RUN_ID}", "--no-evaluate"
    )
    assert result.exit_code == 0, result.output
    assert "input   table.parquet" in result.output
    assert "72 candidates (36 RandomForest, 36 GBT) by areaUnderPR" in result.output
    assert "fits    at most 25" in result.output
    assert "02_train.ipynb" in result.output
    assert "03_evaluate.ipynb" not in result.output
    assert f"model   out/models/model_{RUN_ID}" in result.output
    assert sorted(tmp_path.rglob("*")) == before


def test_every_option_reaches_the_plan(typed, monkeypatch):
    plans = []
    monkeypatch.setattr(experiment, "run", plans.append)
    monkeypatch.setattr(command, "make_plan", lambda parameters, argv: make_plan(parameters, argv=argv))
    monkeypatch.setattr("launcher.experiment.plan.declared", lambda notebook: set(parameters_of_all_options))
    parameters_of_all_options = {
        "test_frac": ("0.2", 0.2),
        "val_frac": ("0.1", 0.1),
        "metric": ("areaUnderROC", "areaUnderROC"),
        "label_col": ("y", "y"),
        "seed": ("7", 7),
        "language": ("es", "es"),
        "engine": ("spark", "spark"),
        "out": ("s", str(Path("s").absolute())),
        "input_data": ("table.parquet", [str(Path("table.parquet").absolute())] * 2),
        "test_data": ("table.parquet", [str(Path("table.parquet").absolute())]),
    }
    arguments = [f"--{n.replace('_', '-')}={text}" for n, (text, _) in parameters_of_all_options.items()]
    result = typed(*arguments, "--input-data", "table.parquet", "--evaluate")
    assert result.exit_code == 0, result.output
    planned = plans[0].parameters
    assert {name: getattr(planned, name) for name in parameters_of_all_options} == {
        name: value for name, (_, value) in parameters_of_all_options.items()
    }


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--test-frac", "x"], "Error: test_frac='x': must be a number above 0 and below 1 (from --test-frac)"),
        (["-p", "sed=1"], "Error: unknown parameter 'sed' (from -p sed=1): did you mean seed? the parameters are"),
        (["--input-data", "nope.parquet"], "Error: input_data: there is no "),
        (["--input-data", "t*.csv"], "Error: input_data: there is no "),
        (["--input-data", "t*.parquet", "--test-data", "nope"], "Error: test_data: there is no "),
        (["--input-data", "table.parquet", "--out", "table.parquet/x"], "Error: out="),
        (["--input-data", "table.parquet", "--out", "gs://bucket/x"], "Error: out=gs://bucket/x"),
        (["--params", "nope.yaml"], "Error: there is no params file nope.yaml (--params)"),
        (["--no-such-option"], "No such option: --no-such-option"),
    ],
)
def test_wrong_usage_and_bad_input_end_with_2_and_one_message(typed, arguments, message):
    result = typed(*arguments)
    assert result.exit_code == 2
    assert message in result.output
    assert "Traceback" not in result.output
    if message.startswith("Error"):
        assert result.output.count("\n") == 1


@pytest.mark.parametrize("option", ["--input-data", "--test-data"])
@pytest.mark.parametrize("second", ["b.csv", "csvs/b.csv", "s3://bucket/b.csv"])
def test_a_pattern_that_the_shell_expanded_is_answered_with_the_remedy(typed, option, second):
    Path("b.csv").touch()
    result = typed(option, "a.csv", second, "c.csv")
    assert result.exit_code == 2
    said = " ".join(result.output.split())
    assert f"No such command '{second}'. An option takes one place: quote a pattern" in said
    assert "or repeat the option (--input-data a.csv --input-data b.csv)" in said


def test_a_mistyped_command_is_no_place(typed):
    result = typed("clusters")
    assert (result.exit_code, "quote" in result.output) == (2, False)
    assert "Did you mean 'cluster'?" in result.output


def test_an_output_that_is_already_there_is_refused(typed):
    Path("out", "models", f"model_{RUN_ID}").mkdir(parents=True)
    result = typed("--input-data", "table.parquet", "--out", "out", "-p", f"run_id={RUN_ID}")
    assert result.exit_code == 2
    assert f"model_{RUN_ID} is already there" in result.output


def test_an_unforeseen_error_is_one_line_and_its_traceback_is_for_debug(typed, monkeypatch):
    def fail(plan):
        raise RuntimeError("the disk\nis on fire")

    monkeypatch.setattr(experiment, "run", fail)
    result = typed("--input-data", "table.parquet")
    assert (result.exit_code, result.output) == (
        1,
        "Unexpected error: RuntimeError: the disk (--debug shows the traceback)\n",
    )
    assert "Traceback" in typed("--input-data", "table.parquet", "--debug").output


def test_the_help_names_the_exit_codes(typed):
    text = " ".join(typed("--help").output.split())
    assert "Exit codes: 0 done; 1 the experiment failed" in text
    assert "130 stopped by Ctrl-C; 143 stopped by SIGTERM" in text


def test_without_its_packages_the_script_says_how_to_get_them():
    typed = [sys.executable, "-S", "-E", "run_experiment.py", "--help"]  # -S: nothing that was installed is found
    done = subprocess.run(typed, cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert done.returncode == 2
    assert "run `make setup`" in done.stderr
    assert ".venv/bin/activate" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("failures", "exit_code", "ran"),
    [
        ({}, 0, [1, 2, 3]),
        ({1: ExperimentError("no memory"), 2: InputError("no label")}, 2, [1, 2, 3]),
        ({2: Interrupted(signal.SIGINT)}, 130, [1, 2]),
    ],
)
def test_several_params_files_run_one_after_the_other(typed, monkeypatch, failures, exit_code, ran):
    plans = []

    def rounds(plan):
        return plan.parameters.grid["GBT"]["maxIter"][0]

    def run(plan):
        plans.append(plan)
        if rounds(plan) in failures:
            raise failures[rounds(plan)]

    monkeypatch.setattr(experiment, "run", run)
    for number in (1, 2, 3):
        Path(f"{number}.yaml").write_text(f"grid: {{GBT: {{maxIter: [{number}]}}}}")
    files = [argument for number in (1, 2, 3) for argument in ("--params", f"{number}.yaml")]
    result = typed("--input-data", "table.parquet", *files)
    assert result.exit_code == exit_code
    assert [rounds(plan) for plan in plans] == ran
    assert len({plan.run_id for plan in plans}) == len(plans)
    assert all(str(failure) in result.output for failure in failures.values() if isinstance(failure, ExperimentError))


def test_one_experiment_at_a_time_is_taken_up(typed, monkeypatch):
    recorded = {"run_id": RUN_ID, "resume": True}
    monkeypatch.setattr(command, "recorded_parameters", lambda out, model: recorded)
    Path("a.yaml").write_text("grid: {GBT: {maxIter: [1]}}")
    result = typed("--params", "a.yaml", "--params", "a.yaml", "--resume", f"model_{RUN_ID}")
    assert (result.exit_code, "--resume continues one experiment" in result.output) == (2, True)
