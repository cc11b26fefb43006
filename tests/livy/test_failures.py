"""Every way a run through Livy fails: one message with a next step, the notebook kept, and no session left."""

import io
import socket
import time
import zipfile

import pytest

from launcher.support import packaging
from launcher.targets.cell_failure import NotebookFailed, NotebookRefused
from launcher.targets.livy import records
from launcher.targets.livy.client import LivyClient, LivyUnreachable
from launcher.targets.livy.failures import OutOfMemory, SessionFailed
from launcher.targets.livy.sessions import end_sessions, survey
from lib.errors import InputError
from tests.livy.conftest import BUCKET
from tests.livy.runs import RUN_ID, run, sessions, small_plan

HUGE = "sc._gateway.new_array(sc._jvm.long, 10**9)"


@pytest.fixture
def failing(tmp_path, livy, livy_url, s3, spark_settings):
    """Run a cell that fails; gives the error. Afterwards nothing is left of it but what a test says."""
    before = sessions(livy_url)

    def fail(kind, cell="1 + 1", **sections):
        sections.setdefault("settings", spark_settings)
        settings = sections.pop("settings")
        plan = small_plan(tmp_path, livy.url, f"s3://{BUCKET}/{tmp_path.name}", settings, cell, **sections)
        with pytest.raises(kind) as error:
            run(plan)
        return error.value

    yield fail
    assert sessions(livy_url) == before
    assert records.records() == []


def kept(s3, error, folder) -> str:
    """The notebook of a failed run, as the error says it is kept."""
    place = f"{folder.name}/failed/{RUN_ID}/01_explore.ipynb"
    assert f"s3://{BUCKET}/{folder.name}/failed/{RUN_ID}" in error.__notes__[0]
    return s3.get_object(Bucket=BUCKET, Key=place)["Body"].read().decode()


def test_a_python_error_is_told_with_its_cell_and_its_remote_traceback(failing, s3, tmp_path):
    error = failing(NotebookFailed, "def search():\n    return scores['GBT']\nscores = {}\nsearch()")
    assert str(error) == "01_explore.ipynb failed in cell In [3] (def search():): KeyError: 'GBT'"
    assert error.failure.traceback.splitlines()[0] == "Traceback (most recent call last):"
    assert 'File "<stdin>", line 2, in search' in error.failure.traceback
    notebook = kept(s3, error, tmp_path)
    assert "KeyError" in notebook
    for text in (error.failure.traceback, notebook):
        assert "sparkmagic" not in text
        assert "SparkStatementException" not in text


def test_s3_that_refuses_is_the_users_to_mend(failing, s3):
    s3.create_bucket(Bucket="closed")
    s3.put_bucket_policy(
        Bucket="closed",
        Policy='{"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Principal": "*", "Action": "s3:*", '
        '"Resource": ["arn:aws:s3:::closed", "arn:aws:s3:::closed/*"]}]}',
    )
    error = failing(NotebookRefused, "from lib.storage import Storage\nStorage(spark).read_text('s3://closed/x')")
    assert error.exit_code == 2
    assert "s3://closed/x" in str(error)
    assert "check the permissions" in str(error)


def test_a_lib_that_does_not_import_says_what_its_python_needs(failing, monkeypatch, tmp_path):
    broken = io.BytesIO()
    with zipfile.ZipFile(broken, "w") as archive:
        archive.writestr("lib/__init__.py", "import a_package_of_the_bootstrap_script")
    monkeypatch.setattr(packaging, "lib_zip", broken.getvalue)
    error = failing(SessionFailed, "import lib")
    assert "lib does not import on the cluster (ModuleNotFoundError: No module named 'a_package" in str(error)
    assert "bootstrap" in str(error)


def test_out_of_memory_names_the_setting_and_to_what(failing, spark_settings):
    # As EMR's own settings do, the driver ends when its memory runs out.
    settings = {**spark_settings, "spark.driver.extraJavaOptions": "-XX:+ExitOnOutOfMemoryError"}
    error = failing(OutOfMemory, HUGE, settings=settings, spark={"driver_memory": "512m"})
    assert "the driver's Java heap was full: raise spark.driver_memory (params file, or -p) from 512m to 768m" in str(
        error
    )
    assert "java.lang.OutOfMemoryError" in str(error)


def test_a_session_that_dies_in_the_middle(failing, livy, s3, tmp_path):
    livy.faults.dies_at = 3
    error = failing(SessionFailed, "sc.parallelize([1]).count()")
    assert "ended during 01_explore.ipynb, cell In [3]" in str(error)
    assert "From its log:" in str(error)
    assert " INFO " not in str(error)
    kept(s3, error, tmp_path)


def test_a_session_that_does_not_start_in_time(failing, livy):
    livy.faults.stays_starting = True
    error = failing(SessionFailed, cluster={"start_timeout": 3})
    assert "did not start in 3 s: raise cluster.start_timeout" in str(error)


def test_a_session_that_ends_while_it_starts_quotes_its_log(failing, spark_settings):
    options = {"spark.driver.extraJavaOptions": "-javaagent:/no/such.jar"}
    error = failing(SessionFailed, settings={**spark_settings, **options})
    assert "the driver's Java did not start" in str(error)
    assert "agent library failed to init" in str(error)


def test_a_server_that_lost_its_sessions(tmp_path, livy, livy_url, s3, spark_settings):
    before = sessions(livy_url)
    livy.faults.loses_at = 3
    plan = small_plan(tmp_path, livy.url, f"s3://{BUCKET}/{tmp_path.name}", spark_settings, "1 + 1")
    with pytest.raises(SessionFailed, match=r"has lost Livy session \d+ \(01_explore.ipynb, cell In \[3\]") as error:
        run(plan)
    (number,) = set(sessions(livy_url)) - set(before)  # it was the proxy that forgot
    assert (
        f"no longer knows session {number} (run {RUN_ID}, explore); its driver may still be"
        in error.value.__notes__[-1]
    )
    (record,) = records.records()
    assert record.sessions == [number]
    assert end_sessions(LivyClient(livy_url), record) == []
    assert records.records() == []


def test_a_server_that_stops_answering_leaves_a_record_to_clean_up_from(tmp_path, livy, livy_url, s3, spark_settings):
    before = sessions(livy_url)
    livy.faults.refuses_at = 3
    plan = small_plan(tmp_path, livy.url, f"s3://{BUCKET}/{tmp_path.name}", spark_settings, "1 + 1")
    with pytest.raises(SessionFailed, match="stopped answering") as error:
        run(plan)
    (number,) = set(sessions(livy_url)) - set(before)
    assert f"Livy session {number} at {livy.url} could not be ended" in error.value.__notes__[-1]
    assert "sessions --clean" in error.value.__notes__[-1]
    livy.faults.refuses_at = None
    (found,) = survey()
    assert (found.number, found.state, found.record.is_active) == (number, "idle", True)
    assert end_sessions(LivyClient(livy.url), found.record) == []
    assert sessions(livy_url) == before
    assert records.records() == []


def test_a_cell_that_takes_too_long(failing):
    started = time.monotonic()
    error = failing(NotebookFailed, "import time\ntime.sleep(300)", cluster={"cell_timeout": 3})
    assert "cell In [3] (import time): the kernel stopped answering" in str(error)
    assert time.monotonic() - started < 120


def test_a_kernel_that_dies(failing):
    error = failing(NotebookFailed, "%%local\nimport os, signal\nos.kill(os.getpid(), signal.SIGKILL)")
    assert "the kernel died" in str(error)


def test_no_livy_at_the_url(tmp_path, s3, spark_settings):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
        plan = small_plan(tmp_path, url, f"s3://{BUCKET}/x", spark_settings, "1")
        with pytest.raises(LivyUnreachable, match=f"Livy at {url} cannot be reached: no connection; .*--reach ssm"):
            run(plan)


def test_a_bucket_that_is_not_there(tmp_path, livy, s3, spark_settings):
    plan = small_plan(tmp_path, livy.url, "s3://nowhere/x", spark_settings, "1")
    with pytest.raises(InputError, match="there is no bucket nowhere"):
        run(plan)
    assert livy.faults.requests("POST", "/sessions") == []
