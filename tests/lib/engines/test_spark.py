import pytest

from lib import dataset
from lib.engines.spark import SparkEngine, hash_partitioned
from lib.search.families import GBT, RANDOM_FOREST, Candidate
from lib.search.shared_fits import sharing_in_spark_ml
from lib.split import split
from tests.lib.tables import make_table, write


@pytest.fixture(scope="module")
def parts(spark, tmp_path_factory):
    path = write(make_table(400, seed=4), tmp_path_factory.mktemp("engine") / "t.parquet")
    return split(dataset.load(spark, path))


CANDIDATES = [
    Candidate(0, GBT, {"maxDepth": 2, "maxIter": 2}),
    Candidate(1, RANDOM_FOREST, {"numTrees": 3, "maxDepth": 3}),
    Candidate(2, GBT, {"maxDepth": 2, "maxIter": 5}),
    Candidate(3, RANDOM_FOREST, {"numTrees": 5, "maxDepth": 3}),
    Candidate(4, GBT, {"maxDepth": 3, "maxIter": 5}),
]


def test_only_gbts_that_differ_in_their_length_share_a_fit():
    groups = sharing_in_spark_ml(CANDIDATES, 4)
    assert [[candidate.index for candidate in group] for group in groups] == [
        [2, 0],
        [1],
        [3],
        [4],
    ]  # the longest is fitted


def test_shared_fits_give_what_each_candidate_alone_gives(parts):
    together = {score.candidate.index: score for score in SparkEngine().score(CANDIDATES, parts, "val")}
    assert sorted(together) == [0, 1, 2, 3, 4]
    for score in together.values():
        (alone,) = SparkEngine().score([score.candidate], parts, "val")
        assert alone.metrics == score.metrics
    assert together[0].metrics != together[2].metrics


def test_a_fit_that_fails_fails_the_search(parts):
    impossible = Candidate(0, RANDOM_FOREST, {"numTrees": 2, "maxBins": 1})
    with pytest.raises(Exception, match="maxBins"):
        list(SparkEngine().score([impossible, CANDIDATES[1]], parts, "val"))


def test_partitions_follow_from_the_rows_alone(parts):
    assert hash_partitioned(parts, "train").rdd.getNumPartitions() == 1
