"""A model that is not the one that was trained, or not whole, is used by nothing; one sentence says why."""

import json
import shutil
from pathlib import Path

import pytest

from lib import runs
from lib.engines.saved_models import check_trained, load_scorer
from lib.errors import InputError
from lib.evaluation import evaluate
from lib.scoring.model import load_model
from lib.storage import Storage
from lib.training import Settings, train
from tests.lib import records
from tests.lib.tables import make_table, write


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    return tmp_path_factory.mktemp("models")


def trained_with(spark, place, name, **grid):
    path = write(make_table(400, seed=3), place / "table.parquet")
    return Path(train(spark, Settings(path, grid=grid, engine="task"), str(place / name)).folder)


@pytest.fixture(scope="module")
def forest(spark, place):
    return trained_with(spark, place, "forest", RandomForest={"numTrees": [3], "maxDepth": [3]})


@pytest.fixture(scope="module")
def gbt(spark, place):
    return trained_with(spark, place, "gbt", GBT={"maxIter": [3], "maxDepth": [2]})


@pytest.fixture
def copied(forest, tmp_path):
    """The forest, without the checksums that Hadoop keeps beside its files."""
    return without_checksums(shutil.copytree(forest, tmp_path / "models" / forest.name))


def without_checksums(folder):
    for file in Path(folder).rglob(".*.crc"):
        file.unlink()
    return Path(folder)


def part(model, below):
    (found,) = (model / "pipeline_best").glob(f"{below}/part-*")
    return found


def refused(spark, model, says):
    """Evaluation and scoring both refuse a model, and leave nothing."""
    for use in (lambda: evaluate(spark, str(model), str(model.parents[1])), lambda: load_model(spark, str(model))):
        with pytest.raises(InputError, match=says) as said:
            use()
        assert "\n" not in str(said.value)
    assert not (model.parents[1] / "results").exists()


def test_a_model_is_known_however_its_files_are_divided(spark, forest, copied):
    recorded = json.loads((copied / "metrics/summary.json").read_text())["pipeline"]
    assert (recorded["kind"], recorded["trees"], recorded["features"]) == ("forest", 3, ["f0", "f1", "f2", "f3"])
    data = part(copied, "stages/*/data").parent
    rows = spark.read.parquet(str(data)).repartition(3).collect()
    schema = spark.read.parquet(str(data)).schema
    shutil.rmtree(data)
    spark.createDataFrame(rows[::-1], schema).repartition(2).write.parquet(str(data))
    assert len(list(data.glob("part-*"))) == 2
    assert load_model(spark, str(copied)).verified is True
    assert (
        load_scorer(spark, f"{copied}/pipeline_best").content == load_scorer(spark, f"{forest}/pipeline_best").content
    )


def test_the_pipeline_of_another_model_is_refused(spark, copied, gbt, place):
    other = trained_with(spark, place, "other", RandomForest={"numTrees": [3], "maxDepth": [3], "maxBins": [8]})
    for source, why in ((gbt, "it is a gbt, and a forest was trained"), (other, "it has .* nodes|have other values")):
        shutil.rmtree(copied / "pipeline_best")
        shutil.copytree(source / "pipeline_best", copied / "pipeline_best")
        refused(
            spark, copied, rf"pipeline_best is not the one that was trained: .*{why}; restore it from a copy, or tr"
        )


def test_a_changed_byte_in_the_trees_is_noticed(spark, copied):
    file = part(copied, "stages/*/data")
    whole = file.read_bytes()
    noticed = 0
    for byte in range(50, len(whole) // 2, len(whole) // 12):  # where the columns are
        file.write_bytes(whole[:byte] + bytes([whole[byte] ^ 255]) + whole[byte + 1 :])
        try:
            assert load_model(spark, str(copied)).verified is True  # a byte that no reader looks at
        except InputError:
            noticed += 1
    assert noticed >= 2


def test_a_model_of_which_nothing_was_recorded_is_used_and_that_is_said(spark, copied):
    file = copied / "metrics/summary.json"
    summary = json.loads(file.read_text())
    del summary["pipeline"]
    file.write_text(json.dumps(summary))
    assert load_model(spark, str(copied)).described()["model_verified"] is None
    assert evaluate(spark, str(copied), str(copied.parents[1])).metrics["model_verified"] is None


def test_a_model_that_spark_alone_can_score_is_not_the_forest_that_was_trained(spark, forest):
    summary = json.loads((forest / "metrics/summary.json").read_text())
    with pytest.raises(InputError, match="it is no forest or GBT that can be read"):
        check_trained(object(), summary, "here")


def cut(file):
    file.write_bytes(file.read_bytes()[:-40])


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (lambda m: part(m, "stages/*/data").unlink(), r"is damaged: there are no files in .*/data; "),
        (lambda m: cut(part(m, "stages/*/data")), r"is damaged: a file of it was cut short or changed \(.*\); "),
        (lambda m: shutil.rmtree(part(m, "stages/*/treesMetadata").parent), "no files in .*/treesMetadata; "),
        (lambda m: part(m, "metadata").write_text(""), "metadata/part-00000 is not JSON; "),
        (lambda m: part(m, "stages/1_*/metadata").write_text(""), "metadata/part-00000 is not JSON; "),
        (lambda m: shutil.rmtree(part(m, "stages/1_*/metadata").parents[1]), "no files in .*/metadata; "),
        (lambda m: shutil.rmtree(m / "pipeline_best"), "there is no "),
    ],
)
def test_a_model_that_is_not_whole_is_called_damaged(spark, copied, spoil, says):
    spoil(copied)
    refused(spark, copied, says)


def spoilt_with(content):
    return lambda file: file.write_bytes(content)


def as_folder(file):
    file.unlink()
    file.mkdir()


@pytest.mark.parametrize("name", ["experiment.json", "metrics/summary.json"])
@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (spoilt_with(b""), "is damaged: it is empty"),
        (spoilt_with(b"{}"), "is damaged: run_id is missing"),
        (spoilt_with(b'{"run_id": "2026'), "is damaged: it is not JSON"),
        (spoilt_with(b"\x00\x01\x02\xff"), "is damaged: it is not UTF-8 text"),
        (spoilt_with('{"zona": "Peñón"}'.encode("latin-1")), r"is damaged: it is not UTF-8 text \(byte 13\)"),
        (as_folder, "cannot read"),
    ],
)
def test_records_that_are_not_whole_are_called_damaged(spark, tmp_path, name, spoil, says):
    for file, content in (("experiment.json", records.experiment()), ("metrics/summary.json", records.summary())):
        (tmp_path / file).parent.mkdir(exist_ok=True)
        (tmp_path / file).write_text(json.dumps(content))
    spoil(tmp_path / name)
    with pytest.raises(InputError, match=says) as refused:
        runs.read_model(Storage(spark), str(tmp_path))
    assert f"{tmp_path}/{name}" in str(refused.value)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "it is not a parquet file that can be read"),
        (b"PAR1", "it is not a parquet file that can be read"),
        (None, "it has no column"),
    ],
)
def test_a_damaged_sample_of_the_training_rows_is_refused(spark, copied, place, content, says):
    file = copied / "reference.parquet"
    file.write_bytes(content) if content is not None else write(make_table(9)[["f0", "label"]], file)
    with pytest.raises(InputError, match=rf"reference.parquet is damaged: {says}.*; restore the model's folder"):
        load_model(spark, str(copied))
