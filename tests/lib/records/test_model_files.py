"""What the small files of a saved model say about it, and which models are refused."""

import shutil
from pathlib import Path

import pytest

from lib import artifacts
from lib.errors import InputError, NotCompilable
from lib.records import model_files
from lib.records.model_files import Folders
from tests.lib.models import write_model, write_pipeline


def names(folder):
    return [each.name for each in Path(folder).iterdir()] if Path(folder).is_dir() else []


HERE = Folders(names, lambda file: Path(file).read_text(), lambda place: Path(place).exists())


@pytest.mark.parametrize("named", ["", "/", "/pipeline_best", "/pipeline_best/"])
def test_a_model_is_found_by_its_folder_and_by_its_pipeline(tmp_path, named):
    folder = str(write_model(tmp_path))
    found = model_files.locate(HERE, folder + named)
    assert found == model_files.Place(folder, f"{folder}/pipeline_best", is_ours=True)


def test_what_this_project_did_not_train_is_not_called_unfinished(tmp_path):
    for folder in (write_pipeline(tmp_path / "my_pipeline_best"), tmp_path):
        place, _ = model_files.parts_of(HERE.exists, f"{folder}/")
        assert place == str(folder)
        with pytest.raises(InputError, match="it is no model of this project"):
            model_files.require_complete(HERE.exists, place)


@pytest.mark.parametrize("end", ["", "/"])
def test_a_pipeline_of_spark_ml_may_have_any_name(tmp_path, end):
    for name in ("mine", "pipeline_best"):
        place = str(write_pipeline(tmp_path / name))
        found = model_files.locate(HERE, place + end)
        assert (found.pipeline, found.is_ours) == (place, False)


@pytest.mark.parametrize(
    ("lost", "says"),
    [
        (artifacts.SUMMARY, "its training did not finish"),
        (artifacts.EXPERIMENT, "experiment.json is missing; copy the whole folder"),
        (artifacts.PIPELINE, "there is no model at"),
    ],
)
def test_a_model_of_ours_that_is_not_whole_is_refused(tmp_path, lost, says):
    folder = write_model(tmp_path)
    shutil.rmtree(folder / lost) if (folder / lost).is_dir() else (folder / lost).unlink()
    with pytest.raises(InputError, match=says):
        model_files.locate(HERE, str(folder))


def test_behind_an_imputer_the_features_are_the_columns_that_it_reads(tmp_path):
    plain = model_files.outline(HERE, str(write_pipeline(tmp_path / "plain")))
    found = model_files.outline(HERE, str(write_pipeline(tmp_path / "imputing", imputed=True)))
    assert (plain.features, plain.imputer, plain.filled) == (("f0", "f1"), None, frozenset())
    assert (found.features, found.filled) == (("f0", "f1"), frozenset(["f0", "f1"]))
    assert found.imputer == f"{tmp_path}/imputing/stages/0_imputer"
    assert found.folder == f"{tmp_path}/imputing/stages/2_model"


@pytest.mark.parametrize(
    ("asked", "fills", "rule"),
    [(None, True, "median"), (None, False, "error"), ("error", True, "error"), ("drop", True, "drop")],
)
def test_a_model_that_fills_does_so_unless_something_else_is_asked(asked, fills, rule):
    assert model_files.rule_for_missing("model", asked, fills) == rule


def test_where_there_is_no_model_it_says_so(tmp_path):
    for place in (tmp_path, tmp_path / "nowhere"):
        with pytest.raises(InputError, match="there is no model at"):
            model_files.locate(HERE, str(place))


def test_the_newest_is_the_last_complete_one(tmp_path):
    assert model_files.newest(HERE, f"{tmp_path}/models", artifacts.SUMMARY) is None
    for run_id in ("20260102_000000", "20260101_000000", "20260103_000000"):
        newest = write_model(tmp_path, run_id)
    (newest / artifacts.SUMMARY).unlink()
    (newest.parent / "notes").mkdir()
    found = model_files.newest(HERE, f"{tmp_path}/models", artifacts.SUMMARY)
    assert found == f"{tmp_path}/models/model_20260102_000000"


@pytest.mark.parametrize("kind", ["forest", "gbt"])
def test_trees_are_outlined(tmp_path, kind):
    place = str(write_pipeline(tmp_path / "model", ("b", "a"), kind))
    found = model_files.outline(HERE, place)
    assert found == model_files.Outline(("b", "a"), kind, 3, f"{place}/stages/1_model")


@pytest.mark.parametrize(
    ("pipeline", "says"), [({"kind": "logistic"}, "not a VectorAssembler followed by"), ({"classes": 3}, "3 classes")]
)
def test_other_models_are_refused(tmp_path, pipeline, says):
    with pytest.raises(NotCompilable, match=says):
        model_files.outline(HERE, str(write_pipeline(tmp_path / "model", **pipeline)))


@pytest.mark.parametrize(
    ("spoilt", "content", "says"),
    [
        ("metadata/part-00000", "{", "metadata/part-00000 is not JSON"),
        ("metadata/part-00000", "[]", "does not describe a model"),
        ("metadata/part-00000", '{"class": "org.apache.spark.ml.PipelineModel"}', "its metadata lack 'paramMap'"),
        ("stages/0_assembler/metadata/part-00000", None, "no files in .*0_assembler/metadata"),
        ("stages/1_model/metadata/part-00000", "{}", "its metadata lack 'class'"),
        ("stages/1_model/treesMetadata/part-00000.parquet", None, "no files in .*1_model/treesMetadata"),
        ("stages/1_model/data/part-00000.parquet", None, "no files in .*1_model/data"),
    ],
)
def test_a_model_that_is_not_as_it_was_written_is_called_damaged(tmp_path, spoilt, content, says):
    place = write_pipeline(tmp_path / "model")
    file = place / spoilt
    file.unlink() if content is None else file.write_text(content)
    with pytest.raises(InputError, match=f"is damaged: .*{says}; save or copy it again"):
        model_files.outline(HERE, str(place))
