from dataclasses import replace
from types import SimpleNamespace

import pytest

from lib import dataset
from lib.engines.choice import choose_by_memory, choose_engine
from lib.engines.task.memory import GB, TaskMemory, available_bytes, deaths_explained, needed_bytes
from lib.errors import ExperimentError, InputError
from lib.search.candidates import expand
from lib.split import split
from tests.lib.tables import make_table, write

SCARCE = TaskMemory(3.2 * GB, 1.1 * GB)


@pytest.fixture(scope="module")
def parts(spark, tmp_path_factory):
    return split(dataset.load(spark, write(make_table(), tmp_path_factory.mktemp("table") / "table.parquet")))


def test_small_data_go_to_the_task_engine(parts):
    engine, reason = choose_engine("auto", parts, expand())
    assert engine.name == "task"
    assert reason.startswith("the data fit: for 510 rows × 4 features of training data a task needs about 0.")
    assert choose_engine("task", parts, expand())[1].startswith("requested, and the data fit")


def test_spark_mls_own_engine_when_asked_for(parts):
    assert choose_engine("spark", parts, expand())[0].name == "spark"


def test_an_unknown_engine_is_refused(parts):
    with pytest.raises(InputError, match="engine='fast': choose auto, task, spark"):
        choose_engine("fast", parts, expand())


def test_data_that_outgrow_a_task_go_to_spark_ml(parts):
    engine, reason = choose_by_memory("auto", SCARCE, parts)
    assert engine.name == "spark"
    assert "do not fit in a task" in reason
    assert "a task needs about 3.2 GB of memory and has 1.1 GB" in reason


def test_the_task_engine_is_refused_for_data_that_outgrow_it(parts):
    with pytest.raises(InputError, match=r"needs about 3.2 GB .* has 1.1 GB; raise .*memoryOverhead.*engine: spark"):
        choose_by_memory("task", SCARCE, parts)


def test_more_rows_deeper_trees_and_wider_bins_need_more(parts):
    def needed(parts=parts, **params):
        return needed_bytes(parts, expand(candidates=[{"model": "RandomForest", **params}]))

    assert needed(maxBins=257) > needed(maxBins=256)
    assert needed(maxDepth=8) > needed(maxDepth=5)
    many = replace(parts, parts={part: {"rows": 10_000_000} for part in parts.parts})
    assert needed(many) > needed() + 20_000_000 * 10


def test_a_machines_memory_is_shared_by_its_slots(spark):
    assert 0 < available_bytes(spark) * 2 < 10_000 * GB


@pytest.mark.parametrize(
    ("settings", "megabytes"),
    [
        ({"spark.executor.memory": "8g", "spark.executor.memoryOverhead": "3g"}, (3 * 1024 - 450) / 4),
        ({"spark.executor.memory": "20g"}, (2048 - 450) / 4),  # a tenth of the heap, where nothing is said
        ({"spark.executor.memory": "8g", "spark.executor.memoryOverheadFactor": "0.25"}, (2048 - 450) / 4),
        ({"spark.executor.memoryOverhead": "3g", "spark.task.cpus": "2"}, (3 * 1024 - 450) / 2),
        ({"spark.executor.pyspark.memory": "2g"}, 2048 / 4),
        ({"spark.executor.memory": "1g"}, 0),
    ],
)
def test_on_a_cluster_tasks_share_what_an_executor_has_beside_its_heap(spark, settings, megabytes):
    settings = {"spark.executor.cores": "4", **settings}
    context = SimpleNamespace(master="yarn", getConf=lambda: settings, _jvm=spark.sparkContext._jvm)
    assert available_bytes(SimpleNamespace(sparkContext=context)) == pytest.approx(megabytes * 2**20)


def test_tasks_that_die_for_want_of_memory_are_explained(spark):
    greedy = spark.sparkContext.parallelize([1], 1).map(lambda _: len(bytearray(2**60)))
    with pytest.raises(ExperimentError, match=r"tasks died.*MemoryError.*engine: spark"), deaths_explained(SCARCE):
        greedy.collect()


def test_other_failures_are_left_as_they_are(spark):
    broken = spark.sparkContext.parallelize([1], 1).map(lambda _: 1 / 0)
    with pytest.raises(Exception, match="division by zero"), deaths_explained(SCARCE):
        broken.collect()
