"""`cluster logs` and `cluster diagnose` as a user types them, on steps that really ran and failed."""

import gzip
import json
import textwrap
from datetime import timedelta

import pytest
from moto.backends import get_backend
from typer.testing import CliRunner

from launcher.cli import app
from launcher.emr.steps import PROBE_NAME
from launcher.experiment.submitted import Status
from tests.aws.steps import PYTHON
from tests.launcher.runs import put as put_object
from tests.launcher.runs import submitted

RAISES = """
    import sys
    print("reading", flush=True)
    def chosen(scores):
        return scores["AUC"]
    chosen({})
"""
MISSING = """
    import boto3, sys
    print("reading s3://bucket/data/pixls.csv", file=sys.stderr)
    boto3.client("s3").get_object(Bucket="bucket", Key="data/pixls.csv")
"""
REFUSES = "import sys; print('Error: label column \\'mineral\\' is not in the table', file=sys.stderr); sys.exit(2)"
APPLICATION = "application_1764042000000_0003"


def typed(*words):
    """Run the command; return what it printed and its exit code."""
    result = CliRunner().invoke(app, ["cluster", *words])
    assert result.exception is None or isinstance(result.exception, SystemExit)
    return result


def failed(cluster, code, **more):
    step = cluster.submit(PYTHON, "-c", textwrap.dedent(code).strip(), **more)
    assert cluster.wait(step) == "FAILED"
    return step


def put(cluster, name, text):
    """A log that a node would have left."""
    key = f"logs/emr/{cluster.id}/{name}"
    cluster.s3.put_object(Bucket=cluster.bucket, Key=key, Body=gzip.compress(text.encode()))


def test_a_step_that_raised_is_diagnosed(emr_cluster):
    failed(emr_cluster, MISSING)
    step = failed(emr_cluster, RAISES, name="training")
    result = typed("diagnose")
    assert result.exit_code == 0
    assert f"Step {step} (training) of cluster {emr_cluster.id} is FAILED." in result.stdout
    assert "Cause: Python raised KeyError: 'AUC' in <string>, line 4  [python-error]" in result.stdout
    assert f"s3://bucket/logs/emr/{emr_cluster.id}/steps/{step}/stderr.gz:" in result.stdout
    assert "KeyError: 'AUC'" in result.stdout.split("Evidence")[1]
    assert f"python run_experiment.py cluster logs {step} --cluster-id {emr_cluster.id}" in result.stdout


def test_a_check_that_failed_after_it_is_passed_over(emr_cluster):
    step = failed(emr_cluster, RAISES, name="training")
    failed(emr_cluster, MISSING, name=PROBE_NAME)
    assert f"Step {step} (training)" in typed("diagnose").stdout


def test_an_earlier_step_is_diagnosed_for_a_program(emr_cluster):
    step = failed(emr_cluster, MISSING)
    failed(emr_cluster, RAISES)
    result = typed("diagnose", step, "--cluster-id", emr_cluster.id, "--json")
    found = json.loads(result.stdout)
    assert (result.exit_code, found["cause"], found["step_id"]) == (0, "missing-input", step)
    assert found["sentence"] == "s3://bucket/data/pixls.csv does not exist"
    assert found["proof"][0]["text"].startswith("botocore.errorfactory.NoSuchKey: An error occurred (NoSuchKey)")
    assert found["proof"][0]["file"].endswith(f"/steps/{step}/stderr.gz")


def test_a_run_of_ours_is_diagnosed_by_what_it_left(emr_cluster):
    """The run's last words, the Spark it asked for, and its driver's log."""
    made, run = submitted(emr_cluster.id, spark={"executor_memory": "8g", "driver_memory": "4g"})
    ended = "Livy session 0 ended in the middle"
    run.write_status(Status(error=ended, cause="livy-session-died", kept_at=made.failed_dir, exit_code=1))
    emr_cluster.wait(emr_cluster.submit("false", f"{run.folder}/"))
    driver = f"containers/{APPLICATION}/container_1764042000000_0003_01_000001/stderr.gz"
    put(
        emr_cluster,
        driver,
        'Exception in thread "dag-scheduler-event-loop" java.lang.OutOfMemoryError: Java heap space\n',
    )
    result = typed("diagnose")
    assert result.exit_code == 0
    assert "Cause: the driver's Java heap was full  [driver-heap]" in result.stdout
    assert "raise spark.driver_memory (params file, or -p) from 4g to 6g" in result.stdout
    assert "m5.2xlarge" in result.stdout
    assert f"Notebooks and logs are kept in {made.failed_dir}" in result.stdout


def test_the_cell_that_failed_is_shown_from_the_kept_notebook(emr_cluster):
    made, run = submitted(emr_cluster.id)
    said = "02_train.ipynb failed in cell In [4] (found = search()): ValueError: none left"
    run.write_status(Status(error=said, exit_code=1))
    lines = [
        "ValueError    Traceback (most recent call last)",
        "Cell In[4], line 1",
        "\x1b[31mValueError\x1b[39m: none left",
    ]
    error = {"output_type": "error", "ename": "ValueError", "evalue": "none left", "traceback": lines}
    notebook = {"cells": [{"outputs": [error]}]}
    put_object(emr_cluster.s3, f"{made.failed_dir}/02_train.ipynb", json.dumps(notebook))
    emr_cluster.wait(emr_cluster.submit("false", f"{run.folder}/"))
    shown = typed("diagnose").stdout
    assert "Cause: Python raised ValueError: none left in 02_train.ipynb, cell In [4] (found = search())" in shown
    proof = shown.split(f"{made.failed_dir}/02_train.ipynb:\n")[1]
    assert proof.splitlines()[1:3] == ["      2  Cell In[4], line 1", "      3  ValueError: none left"]


def test_a_cluster_that_did_not_start_is_diagnosed_from_its_nodes_log(emr_cluster):
    made = get_backend("emr")["123456789012"]["us-east-1"].clusters[emr_cluster.id]
    made.state = "TERMINATED_WITH_ERRORS"
    made.last_state_change_reason = (
        "On the master instance (i-0aa11bb22), bootstrap action 1 returned a non-zero return code"
    )
    put(emr_cluster, "node/i-0aa11bb22/bootstrap-actions/1/stderr.gz", "bootstrap.sh: ERROR: pip cannot install\n")
    result = typed("diagnose", "--cluster-id", emr_cluster.id)
    assert result.exit_code == 0
    assert f"Cluster {emr_cluster.id} (mineria-ml-cluster) is TERMINATED_WITH_ERRORS." in result.stdout
    assert "bootstrap action 1 returned a non-zero return code on the master node i-0aa11bb22" in result.stdout
    assert "1  bootstrap.sh: ERROR: pip cannot install" in result.stdout


def test_a_denial_comes_with_the_statement_to_add(emr_cluster):
    said = (
        "An error occurred (AccessDenied) when calling the PutObject operation: User: "
        "arn:aws:sts::1:assumed-role/nodes/i is not authorized to perform: s3:PutObject on resource: "
        '\\"arn:aws:s3:::other/runs/x.json\\" because no identity-based policy allows it'
    )
    failed(emr_cluster, f'raise RuntimeError("{said}")')
    result = typed("diagnose")
    assert "Cause: access denied: role nodes may not s3:PutObject on arn:aws:s3:::other/runs/x.json" in result.stdout
    assert '"Resource": "arn:aws:s3:::other/runs/*"' in result.stdout


def test_what_a_run_refused_is_told_in_its_own_words(emr_cluster):
    failed(emr_cluster, REFUSES)
    result = typed("diagnose")
    assert "Cause: label column 'mineral' is not in the table  [refused]" in result.stdout


def test_an_unknown_failure_is_said_to_be_unknown(emr_cluster):
    step = failed(emr_cluster, "import sys; print('ERROR the gizmo is odd', file=sys.stderr); sys.exit(3)")
    result = typed("diagnose", step)
    assert result.exit_code == 1
    assert "Cause: not known." in result.stdout
    assert "ERROR the gizmo is odd" in result.stdout
    assert json.loads(typed("diagnose", step, "--json").stdout)["cause"] == "unknown"


def test_where_nothing_failed_it_says_so(emr_cluster):
    assert "No step of cluster" in typed("diagnose").stdout
    step = emr_cluster.submit("true")
    emr_cluster.wait(step)
    result = typed("diagnose", step)
    assert (result.exit_code, result.stdout) == (
        0,
        f"Step {step} (a step) is COMPLETED: it completed; nothing failed.\n",
    )


def test_logs_that_have_not_come_are_told_from_those_that_never_will(emr_cluster):
    emr_cluster.node.logs_after = 3600
    step = failed(emr_cluster, "import sys; sys.exit('no')")
    result = typed("logs", step)
    assert result.exit_code == 1
    assert "have not arrived yet: EMR copies them to s3://bucket/logs/emr/" in result.stderr
    diagnosed = typed("diagnose")
    assert "have not arrived yet" in diagnosed.stdout
    assert (diagnosed.exit_code, "could not be read: see the notes" in diagnosed.stdout) == (1, True)
    running = emr_cluster.submit("sleep", "60")
    emr_cluster.wait(running, "RUNNING")
    hint = typed("logs", running).stderr
    assert f" tail -F /mnt/var/log/hadoop/steps/{running}/stderr" in hint
    assert f"cluster logs {running} --follow" in typed("diagnose", running).stdout


def test_a_steps_logs_are_printed_by_kind_and_to_the_last_lines(emr_cluster):
    step = failed(emr_cluster, RAISES)
    both = typed("logs", step)
    assert both.exit_code == 0
    assert f"==> steps/{step}/stdout.gz <==\nreading\n" in both.stdout
    assert "KeyError: 'AUC'" in both.stdout
    last = typed("logs", step, "--kind", "stderr", "--tail", "1")
    assert last.stdout == "KeyError: 'AUC'\n"
    assert "Step failed with exitCode 1" in typed("logs", step, "--kind", "controller").stdout
    nothing = typed("logs", step, "--kind", "syslog")
    assert (nothing.exit_code, "has no syslog log: it has controller, stderr, stdout" in nothing.stderr) == (1, True)
    listed = json.loads(typed("logs", step, "--json").stdout)
    assert [each["kind"] for each in listed] == ["stderr", "stdout"]


def test_what_there_is_is_listed_and_can_be_asked_for(emr_cluster):
    put(emr_cluster, "node/i-0aa/bootstrap-actions/1/stderr.gz", "bootstrap.sh: ERROR: no packages\n")
    put(emr_cluster, "node/i-0aa/applications/livy/livy-livy-server.out.gz", "Livy listens\n")
    put(emr_cluster, f"containers/{APPLICATION}/container_1764042000000_0003_01_000002/stdout.gz", "task\n")
    listed = typed("logs").stdout
    assert "node/i-0aa/applications/livy/livy-livy-server.out.gz" in listed
    assert typed("logs", "node/i-0aa/applications/livy/livy-livy-server.out.gz").stdout == "Livy listens\n"
    assert typed("logs", APPLICATION).stdout == "task\n"
    assert typed("logs", "--bootstrap").stdout == "bootstrap.sh: ERROR: no packages\n"
    assert typed("logs", "i-0aa", "--bootstrap", "--kind", "stderr").stdout == "bootstrap.sh: ERROR: no packages\n"
    assert "bootstrap-actions/1/stderr.gz" in typed("logs", "i-0aa").stdout
    nothing = typed("logs", "i-0bb")
    assert (nothing.exit_code, "there is no log of i-0bb in s3://bucket/logs/emr/" in nothing.stderr) == (1, True)


def test_following_ends_with_the_step(emr_cluster):
    step = emr_cluster.submit(PYTHON, "-c", "import time; time.sleep(0.3); print('done')")
    emr_cluster.wait(step)
    result = typed("logs", step, "--follow", "--kind", "stdout")
    assert (result.exit_code, result.stdout) == (0, "done\n")
    assert f"Step {step} is COMPLETED." in result.stderr
    assert typed("logs", "--follow").exit_code == 2


@pytest.mark.parametrize("command", ["logs", "diagnose"])
def test_no_such_step(emr_cluster, command):
    result = typed(command, "s-NOTHERE")
    assert result.exit_code == 2
    assert "s-NOTHERE" in result.stderr


def test_logs_are_saved_as_text_and_without_secrets(emr_cluster, tmp_path):
    step = failed(emr_cluster, "print('one'); print('--password TOPSECRET'); raise SystemExit(3)")
    put(emr_cluster, f"containers/{APPLICATION}/container_1/stderr.gz", "first\nlast\n")
    result = typed("logs", "--save", str(tmp_path / "all"))
    assert result.exit_code == 0, result.output
    saved = {str(each.relative_to(tmp_path / "all")) for each in (tmp_path / "all").rglob("*") if each.is_file()}
    names = {each["uri"].split(f"{emr_cluster.id}/")[1] for each in json.loads(typed("logs", "--json").stdout)}
    assert saved == {name.removesuffix(".gz") for name in names}
    assert f"{len(names)} logs are below {tmp_path / 'all'}" in result.stdout
    assert (tmp_path / "all" / "steps" / step / "stdout").read_text() == "one\n--password ***\n"
    typed("logs", APPLICATION, "--tail", "1", "--save", str(tmp_path / "one"))
    (last,) = (each for each in (tmp_path / "one").rglob("*") if each.is_file())
    assert last.read_text() == "last\n"
    assert typed("logs", step, "--follow", "--save", str(tmp_path)).exit_code == 2
    (tmp_path / "file").touch()
    refused = typed("logs", "--save", str(tmp_path / "file"))
    assert (refused.exit_code, "give another folder" in refused.stderr) == (2, True)


def arrived_earlier(cluster, step, **earlier):
    """Make the logs of a step older than they are."""
    for key, file in get_backend("s3")["123456789012"]["aws"].buckets[cluster.bucket].keys.items():
        if f"/{step}/" in key:
            file.last_modified -= timedelta(**earlier)


def test_logs_are_listed_the_newest_first_and_checks_not_at_all(emr_cluster):
    first, check, last = (failed(emr_cluster, "raise SystemExit(3)", name=name) for name in ("a", PROBE_NAME, "b"))
    arrived_earlier(emr_cluster, first, minutes=1)
    steps = [each["uri"].split("/steps/")[1].split("/")[0] for each in json.loads(typed("logs", "--json").stdout)]
    assert check not in steps
    assert check in typed("logs", "--all").stdout
    shown = [line for line in typed("logs").stdout.splitlines() if line.startswith("steps/")]
    assert first in shown[-1]
    assert last in shown[0]
