"""A run that is complete and not good enough: what is said, and how it ends."""

import io
import json

import pytest
import typer
from rich.console import Console

from launcher.running import run as running
from launcher.running.gate import GateFailed, check_gate
from launcher.running.run import run
from launcher.support.files import files_at
from launcher.support.outcomes import command_body
from launcher.targets.target import LocalTarget
from lib import artifacts
from tests.launcher.experiments import EVALUATE, KERNEL, plan, write_notebooks

LOW = {"metric": "worst_zone_areaUnderROC", "value": 0.61234, "below": 0.7}


def results(*failed):
    return {"train": {}, "evaluate": {"gate": {"fail_below": {}, "fail_on_drift": True, "failed": list(failed)}}}


def test_without_a_gate_or_with_one_that_is_passed_nothing_is_said():
    for found in ({}, {"train": {}}, {"evaluate": {}}, {"evaluate": {"gate": None}}, results()):
        check_gate(found)


@pytest.mark.parametrize(
    ("failed", "says"),
    [
        (LOW, "worst_zone_areaUnderROC is 0.6123, below 0.7"),
        ({"metric": "f1", "value": 0.89996, "below": 0.9}, "f1 is 0.89996, below 0.9"),
        ({"metric": "f1", "value": 0.1234561, "below": 0.1234562}, "f1 is 0.1234561, below 0.1234562"),
        ({"metric": "f1", "value": 0.0, "below": 1}, "f1 is 0.0000, below 1"),
        ({"metric": "f1", "value": None, "below": 0.9}, "f1 is not known, and must be at least 0.9"),
        (
            {"metric": "worst_zone_areaUnderPR", "value": None, "below": 0.3, "all_small": True},
            "worst_zone_areaUnderPR is not known, for no zone has enough rows of both classes to tell",
        ),
        ({"drift": ["a", "b"]}, "test_data has drifted, first of all in a, b"),
        ({"drift": ["a", "b", "c", "d", "e"]}, "test_data has drifted, first of all in a, b, c and 2 more"),
        ({"drift": None}, "whether test_data has drifted is not known, for the model keeps no sample of its rows"),
    ],
)
def test_each_failure_is_one_sentence(failed, says):
    with pytest.raises(GateFailed) as stop:
        check_gate(results(failed))
    assert str(stop.value) == f"the gate is not passed: {says}"
    assert (stop.value.exit_code, stop.value.cause) == (1, "gate")


def test_all_failures_are_told_in_one_line():
    with pytest.raises(GateFailed) as stop:
        check_gate(results(LOW, {"drift": ["a"]}))
    assert str(stop.value) == (
        "the gate is not passed: worst_zone_areaUnderROC is 0.6123, below 0.7; test_data has drifted, first of all in a"
    )


def test_a_run_shows_its_results_before_it_ends_with_1(tmp_path, monkeypatch, capsys):
    console = Console(file=io.StringIO(), width=300)
    monkeypatch.setattr(running, "out", lambda: console)
    gate = {"fail_below": {LOW["metric"]: 0.7}, "fail_on_drift": False, "failed": [LOW]}
    evaluate = EVALUATE.replace('"run_id": run_id', f'"run_id": run_id, "gate": {gate!r}')
    planned = plan(tmp_path, write_notebooks(tmp_path / "notebooks", evaluate=evaluate))
    with pytest.raises(typer.Exit) as end, command_body(debug=False):
        run(planned, LocalTarget(KERNEL))
    assert end.value.exit_code == 1
    assert "Winner  GBT maxIter=3" in console.file.getvalue()
    # It is no failure of a notebook: nothing is kept apart, and there is nothing to resume.
    assert capsys.readouterr().err.split() == f"Error: the gate is not passed: {sentence(LOW)}".split()
    files = files_at(planned.parameters.out)
    assert not files.exists(artifacts.failed_dir(planned.parameters.out, planned.run_id))
    assert json.loads(files.read_text(f"{planned.eval_dir}/{artifacts.EVAL_METRICS}"))["gate"] == gate


def sentence(failed):
    return f"{failed['metric']} is {failed['value']:.4f}, below {failed['below']}"
