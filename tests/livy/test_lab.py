"""JupyterLab as a person starts it, its kernels connected to Livy."""

import json
import signal
import uuid

import pytest
import requests
import websocket

from launcher.kernels import CLUSTER
from launcher.targets.livy import records
from tests.launcher.lab import running_lab
from tests.livy.conftest import BUCKET, DRIVER_MEMORY
from tests.livy.runs import sessions

MATTER = "from lib.search.families import FAMILIES\nprint(tuple(FAMILIES), spark.range(3).count())"


@pytest.fixture
def lab(tmp_path, livy_url, s3, spark_settings):
    """A server whose kernels have their Spark at Livy."""
    (tmp_path / "lab.yaml").write_text(json.dumps({"spark": {"driver_memory": DRIVER_MEMORY, "conf": spark_settings}}))
    options = ["--params", str(tmp_path / "lab.yaml"), "--out", f"s3://{BUCKET}/lab", "-p", "seed=1"]
    with running_lab(tmp_path, "--livy-url", livy_url, *options) as lab:
        yield lab


def test_a_notebook_there_has_spark_and_lib_and_its_session_ends_with_the_server(lab, livy_url):
    url, token, process = lab.url, lab.token, lab.process
    before = sessions(livy_url)
    login = {"Authorization": f"token {token}"}
    notebook = requests.get(f"{url}/api/contents/notebooks/02_train.ipynb?content=0", headers=login, timeout=20)
    assert notebook.status_code == 200
    kernel = requests.post(f"{url}/api/kernels", json={"name": CLUSTER}, headers=login, timeout=60).json()["id"]
    printed = execute(f"{url.replace('http', 'ws')}/api/kernels/{kernel}/channels?token={token}", MATTER)
    assert "('RandomForest', 'GBT') 3" in printed
    (session,) = set(sessions(livy_url)) - set(before)
    (record,) = records.records()
    assert (record.sessions, record.purpose) == ([session], "JupyterLab")
    process.send_signal(signal.SIGTERM)
    assert process.wait(60) == 128 + signal.SIGTERM
    assert sessions(livy_url) == before
    assert records.records() == []


def execute(address: str, code: str) -> str:
    """Run a cell by Jupyter's own messages; gives what was printed."""
    content = {"code": code, "silent": False, "store_history": True, "allow_stdin": False, "user_expressions": {}}
    header = {
        "msg_id": uuid.uuid4().hex,
        "msg_type": "execute_request",
        "username": "",
        "session": "s",
        "version": "5.3",
    }
    connection = websocket.create_connection(address, timeout=120)
    asked = {"header": header, "parent_header": {}, "metadata": {}, "content": content, "channel": "shell"}
    connection.send(json.dumps(asked))
    printed = ""
    # What is printed and the reply come by two channels, in any order; after "idle" nothing more is printed.
    waiting_for = {"execute_reply", "idle"}
    while waiting_for:
        message = json.loads(connection.recv())
        if message["parent_header"].get("msg_id") != header["msg_id"]:
            continue
        printed += message["content"].get("text", "") + "".join(message["content"].get("traceback", []))
        waiting_for -= {message["header"]["msg_type"], message["content"].get("execution_state")}
    connection.close()
    return printed
