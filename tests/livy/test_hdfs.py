"""Results in a file system that only Hadoop reads: the launcher and the session on the cluster meet there."""

import pytest

from launcher import hadoop_files
from launcher.targets.cell_failure import NotebookFailed
from tests.launcher.test_hadoop_files import OUT, write_core_site
from tests.livy.runs import RUN_ID, run, small_plan


def test_lib_goes_there_and_what_a_failed_run_leaves(tmp_path, livy_url, spark_settings, monkeypatch):
    data = tmp_path / "data"
    data.mkdir()
    monkeypatch.setenv("HADOOP_CONF_DIR", str(write_core_site(tmp_path / "conf", data)))
    hadoop_files._storage.cache_clear()
    there = {"spark.hadoop.fs.viewfs.mounttable.cluster.link./data": f"file://{data}"}
    plan = small_plan(
        tmp_path, livy_url, OUT, {**spark_settings, **there}, "import lib\nraise ValueError(lib.__file__)"
    )
    with pytest.raises(NotebookFailed, match=r"ValueError: .*lib\.zip/lib/__init__\.py") as failed:
        run(plan)
    assert failed.value.__notes__ == [f"Notebooks and logs are kept in {OUT}/failed/{RUN_ID}"]
    assert (data / "failed" / RUN_ID / "01_explore.ipynb").exists()
    assert len(list(data.glob("source/*/lib.zip"))) == 1
    hadoop_files._storage.cache_clear()
