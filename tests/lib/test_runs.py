"""Finding what earlier runs left."""

import pytest

from lib.errors import InputError
from lib.runs import pick_evaluation, pick_model


def leave(folder, name, proof):
    path = folder / name / proof
    path.parent.mkdir(parents=True)
    path.write_text("{}")


def test_the_newest_complete_model_is_picked_unless_one_is_named(spark, tmp_path):
    with pytest.raises(InputError, match="02_train"):
        pick_model(spark, str(tmp_path))
    for run_id in ("20260101_000000", "20251231_235959"):
        leave(tmp_path / "models", f"model_{run_id}", "metrics/summary.json")
    leave(tmp_path / "models", "model_20260202_000000", "experiment.json")  # died before its end
    leave(tmp_path / "models", "of_someone_else", "metrics/summary.json")
    assert pick_model(spark, str(tmp_path)) == f"{tmp_path}/models/model_20260101_000000"
    assert pick_model(spark, str(tmp_path), "s3://bucket/model") == "s3://bucket/model"


def test_the_newest_complete_evaluation_is_picked_unless_one_is_named(spark, tmp_path):
    with pytest.raises(InputError, match="03_evaluate"):
        pick_evaluation(spark, str(tmp_path))
    leave(tmp_path / "results", "eval_20260101_000000", "metrics.json")
    assert pick_evaluation(spark, str(tmp_path)) == f"{tmp_path}/results/eval_20260101_000000"
    assert pick_evaluation(spark, str(tmp_path), "here") == "here"
