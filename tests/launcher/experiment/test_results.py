import json

import pytest

from launcher.experiment import results
from launcher.support.files import LocalFiles
from tests.lib import records

RUN_ID = "20260131_235959"
SUMMARY, METRICS = records.summary(RUN_ID), records.metrics(RUN_ID)


@pytest.fixture
def model(tmp_path):
    (tmp_path / "metrics").mkdir()
    (tmp_path / "pipeline_best" / "metadata").mkdir(parents=True)
    return tmp_path


def test_a_complete_model_passes(model):
    (model / "metrics" / "summary.json").write_text(json.dumps(SUMMARY))
    assert results.summary(LocalFiles(), str(model), RUN_ID) == SUMMARY


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (None, "is not there"),
        ('{"run_id": "2026', "is not whole: it is not JSON (Unterminated string starting at at line 1, column 12)"),
        ("[]", "is not whole: its content should be an object"),
        (json.dumps({**SUMMARY, "run_id": "20200101_000000"}), f"is of run 20200101_000000, not of {RUN_ID}"),
        (
            json.dumps({key: value for key, value in SUMMARY.items() if key != "winner"}),
            "is not whole: winner is missing",
        ),
    ],
)
def test_a_summary_is_there_whole_and_of_this_run(model, content, problem):
    if content is not None:
        (model / "metrics" / "summary.json").write_text(content)
    with pytest.raises(results.MissingResult) as missing:
        results.summary(LocalFiles(), str(model), RUN_ID)
    assert missing.value.problem == problem
    assert f"{model}/metrics/summary.json {problem}" in str(missing.value)


def test_a_summary_without_its_model_is_no_result(tmp_path):
    (tmp_path / "metrics").mkdir()
    (tmp_path / "metrics" / "summary.json").write_text(json.dumps(SUMMARY))
    with pytest.raises(results.MissingResult, match="pipeline_best is not there"):
        results.summary(LocalFiles(), str(tmp_path), RUN_ID)


def test_an_evaluation_has_metrics_and_a_report(tmp_path):
    with pytest.raises(results.MissingResult, match=r"metrics\.json is not there"):
        results.metrics(LocalFiles(), str(tmp_path), RUN_ID)
    (tmp_path / "metrics.json").write_text(json.dumps(METRICS))
    assert results.metrics(LocalFiles(), str(tmp_path), RUN_ID) == METRICS
    (tmp_path / "EVALUATION_REPORT.md").touch()
    with pytest.raises(results.MissingResult, match=r"EVALUATION_REPORT\.md is empty"):
        results.report(LocalFiles(), str(tmp_path), RUN_ID)
