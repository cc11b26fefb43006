"""The command `runs verify`: a training made again, and what differs."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from launcher import cli
from launcher.commands import runs_verify
from lib import artifacts
from lib.support.version import code_hash
from tests.launcher.leaderboard.folders import leave, run_id, write
from tests.lib import records
from tests.lib.tables import make_table
from tests.lib.tables import write as write_table


@pytest.fixture
def verify(tmp_path, monkeypatch):
    """Verify a run whose training, when it is made again, leaves what the test says; the plans that were run."""
    table = write_table(make_table(20), tmp_path / "table.parquet")
    parameters = {"input_data": [str(table)], "seed": 7, "engine": "auto", "grid": {"GBT": {"maxIter": [3]}}}
    versions = {"lib": code_hash()}
    after = {"test_data": [str(table)], "fail_on_drift": True, "fail_below": {"f1": 0.9}, "language": "es"}

    def result(now: dict | None = None, fingerprint: str = "1f", lib: str = ""):
        leave(
            tmp_path / "out",
            run_id(0),
            parameters=parameters,
            experiment={"versions": {**versions, **({"lib": lib} if lib else {})}, "after_training": after},
        )
        first = json.loads((tmp_path / f"out/models/model_{run_id(0)}/{artifacts.SUMMARY}").read_text())

        def again(plan):
            plans.append(plan)
            made = records.experiment(plan.run_id)
            write(
                Path(plan.model_dir, artifacts.EXPERIMENT),
                {**made, "data": {**made["data"], "fingerprint": fingerprint}},
            )
            write(Path(plan.model_dir, artifacts.SUMMARY), {**first, "run_id": plan.run_id, **(now or {})})

        monkeypatch.setattr(runs_verify, "run_here", again)
        return CliRunner().invoke(cli.app, ["runs", "verify", run_id(0), "--out", str(tmp_path / "out")])

    plans: list = []
    result.plans = plans
    return result


def test_a_run_that_gives_the_same_is_verified(verify, tmp_path):
    done = verify()
    assert done.exit_code == 0, done.output
    assert f"Run {run_id(0)} made again gives the same: all " in done.stdout
    (plan,) = verify.plans
    assert [step.name for step in plan.steps] == ["explore", "train"]
    assert (plan.parameters.seed, plan.parameters.engine) == (7, "task")  # the engine that was used
    assert not Path(plan.parameters.out).exists()  # and nothing stays
    assert len(list((tmp_path / "out/models").iterdir())) == 1


def test_each_key_that_differs_is_a_sentence_and_the_exit_code_1(verify):
    done = verify({"train_samples": 701, "n_features": 3})
    assert done.exit_code == 1
    assert "train_samples was 700, and is 701 (a difference of 1).\n" in done.stdout
    assert "n_features was 2, and is 3 (a difference of 1).\n" in done.stdout
    assert "2 of the " in done.stderr
    assert "differ by more than 1e-12" in done.stderr


def test_another_table_and_other_code_are_told(verify):
    done = verify({"later": 1}, fingerprint="other", lib="0123456789ab")
    assert done.exit_code == 0  # a later version of the code may add keys
    assert "The table differs from the run's" in done.stderr
    assert "The code differs from the run's" in done.stderr


def test_a_table_that_is_gone_is_refused(verify, tmp_path):
    verify()
    (tmp_path / "table.parquet").unlink()
    done = verify()
    assert done.exit_code == 2
    assert "table.parquet" in done.stderr
