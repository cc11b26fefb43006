"""Finding what earlier runs left."""

import pytest

from lib.errors import InputError
from lib.runs import own_folder, pick_evaluation, pick_model
from lib.storage import Storage


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


@pytest.mark.parametrize("scheme", ["", "file:", "file://"])
def test_a_folder_of_its_own_is_new_empty_or_of_a_run_that_did_not_finish(spark, tmp_path, scheme):
    storage, folder = Storage(spark), tmp_path / "models" / "v1"
    for named in (f"{scheme}{folder}", f"{scheme}{folder}/"):
        assert own_folder(storage, named, "evaluation", "metrics.json") == f"{scheme}{folder}"
    folder.mkdir(parents=True)
    (folder / "_$folder$").touch()
    (folder / ".hidden").touch()
    assert own_folder(storage, f"{scheme}{folder}/", "evaluation", "metrics.json") == f"{scheme}{folder}"
    (folder / "curves.json").touch()
    with pytest.raises(
        InputError, match=r"has other files \(curves.json\): name a folder for this evaluation alone, such as"
    ):
        own_folder(storage, str(folder), "evaluation", "metrics.json")
    assert own_folder(storage, str(folder), "evaluation", "metrics.json", ["curves.json"]) == str(folder)
    (folder / "metrics.json").touch()
    with pytest.raises(
        InputError, match=r"has a complete evaluation already .*: name another folder, or remove this one"
    ):
        own_folder(storage, str(folder), "evaluation", "metrics.json", ["curves.json"])
    with pytest.raises(InputError, match="Spark loads no model from a path with"):
        own_folder(storage, f"{tmp_path}/v[1]", "evaluation", "metrics.json")
