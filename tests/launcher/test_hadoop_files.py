"""Files through Hadoop, as HDFS's are. A viewfs is a file system of Hadoop's like HDFS, but needs no servers."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from launcher import hadoop_files
from launcher.support.files import files_at
from lib.errors import ExperimentError

CORE_SITE = """<configuration>
  <property><name>fs.viewfs.mounttable.cluster.link./data</name><value>file://{folder}</value></property>
</configuration>"""
OUT = "viewfs://cluster/data"


def write_core_site(folder: Path, data: Path) -> Path:
    """Hadoop's configuration of a viewfs whose /data is a folder of this machine."""
    folder.mkdir()
    (folder / "core-site.xml").write_text(CORE_SITE.format(folder=data))
    return folder


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    data = tmp_path_factory.mktemp("data")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HADOOP_CONF_DIR", str(write_core_site(data.with_name("conf"), data)))
        hadoop_files._storage.cache_clear()
        files_at(OUT)
        yield data
    hadoop_files._storage.cache_clear()


def test_files_are_written_read_listed_and_removed(data, tmp_path):
    files, place = files_at(OUT), f"{OUT}/a b/ñ.txt"
    assert (files.exists(place), files.read_text(place), files.names(f"{OUT}/a b")) == (False, None, [])
    for text in ("one", "two: ñ"):  # the second replaces the first
        (tmp_path / "file").write_text(text)
        files.put(tmp_path / "file", place)
        assert files.read_text(place) == text
    assert (data / "a b" / "ñ.txt").read_text() == "two: ñ"
    assert files.names(f"{OUT}/a b") == ["ñ.txt"]
    assert files.exists(f"{OUT}/a b")
    files.remove(f"{OUT}/a b")
    files.remove(f"{OUT}/a b")
    assert list(data.iterdir()) == []


def test_of_several_who_claim_a_place_one_gets_it(data):
    with ThreadPoolExecutor(8) as pool:
        claims = list(pool.map(files_at(OUT).claim, [f"{OUT}/claims/one"] * 8, [bytes([65 + n]) for n in range(8)]))
    assert sorted(claims) == [False] * 7 + [True]
    assert files_at(OUT).read_text(f"{OUT}/claims/one") == chr(65 + claims.index(True))


def test_a_cluster_that_nobody_knows_is_named(data):
    with pytest.raises(ExperimentError, match="viewfs://nowhere/x"):
        files_at("viewfs://nowhere/x").exists("viewfs://nowhere/x")
