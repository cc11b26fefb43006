import gc
import sys
import zipimport

from lib.support.workers import quick_to_reuse


def _of_worker(items):
    """What a worker would look through between tasks: objects, and archives on its path."""
    archives = [path for path, finder in sys.path_importer_cache.items() if isinstance(finder, zipimport.zipimporter)]
    yield len(gc.get_objects()), len(archives), list(items)


def test_between_tasks_a_worker_looks_neither_at_its_libraries_nor_at_archives(spark):
    rdd = spark.sparkContext.parallelize(range(4), 4)

    before = rdd.mapPartitions(quick_to_reuse(_of_worker)).collect()
    after = rdd.mapPartitions(_of_worker).collect()

    assert [items for *_, items in before] == [[0], [1], [2], [3]]
    assert all(objects < 20_000 and archives == 0 for objects, archives, _ in after)
