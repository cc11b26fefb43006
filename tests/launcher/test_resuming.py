import json
from pathlib import Path

import pytest

from launcher.plan import recorded_parameters
from launcher.sources import gather
from lib.errors import InputError


def begun(out: Path) -> None:
    folder = out / "models" / "model_20260101_000000"
    folder.mkdir(parents=True)
    parameters = {"input_data": ["/data/t.parquet"], "seed": 7, "metric": "areaUnderROC", "out": "elsewhere"}
    (folder / "experiment.json").write_text(json.dumps({"parameters": parameters}))


@pytest.mark.parametrize("model", ["model_20260101_000000", "20260101_000000", "out/models/model_20260101_000000/"])
def test_it_goes_on_with_the_parameters_it_was_begun_with(tmp_path, model):
    begun(tmp_path)
    recorded = recorded_parameters(str(tmp_path), model)
    parameters = gather(None, [], {"out": str(tmp_path)}, cwd=tmp_path, recorded=recorded)
    assert (parameters.run_id, parameters.resume) == ("20260101_000000", True)
    assert (parameters.seed, parameters.metric, parameters.input_data) == (7, "areaUnderROC", ["/data/t.parquet"])
    assert parameters.out == str(tmp_path)


def test_what_is_typed_goes_over_the_record(tmp_path):
    begun(tmp_path)
    recorded = recorded_parameters(str(tmp_path), "model_20260101_000000")
    assert gather(None, ["language=es"], {"seed": "8"}, cwd=tmp_path, recorded=recorded).seed == 8


def test_what_cannot_be_taken_up_is_said(tmp_path):
    with pytest.raises(InputError, match=r"--resume best: must be the name of a model, model_YYYYMMDD_HHMMSS"):
        recorded_parameters(str(tmp_path), "best")
    with pytest.raises(
        InputError, match=r"no search was begun in .*model_20260101_000000 \(experiment.json is missing"
    ):
        recorded_parameters(str(tmp_path), "model_20260101_000000")
