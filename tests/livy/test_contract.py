"""What all other tests here rely on of Livy's answers: of the stand-in, and with LIVY_URL of a real server."""

import time
import uuid
from http.client import HTTPConnection
from urllib.parse import urlsplit

import pytest
import requests

from launcher.parameters.cluster import Spark
from launcher.targets.livy.client import HEADERS
from tests.livy.conftest import DRIVER_MEMORY
from tests.livy.faults import KILL_DRIVER

PATIENCE = 120
JSON = {"Content-Type": "application/json"}
ACTIVE = ("not_started", "starting", "idle", "busy")
WAITING = ("waiting", "running")


@pytest.fixture(scope="module")
def ask(livy_url):
    """Send a request, on a connection that is kept."""
    with requests.Session() as http:
        http.headers.update(HEADERS)
        yield lambda method, path, **more: http.request(method, livy_url + path, timeout=30, **more)


@pytest.fixture(scope="module")
def wanted(spark_settings):
    """A session as the launcher asks for it."""
    name = f"contract-{uuid.uuid4().hex[:8]}"
    return {"kind": "pyspark", "name": name, **Spark(driver_memory=DRIVER_MEMORY, conf=spark_settings).session()}


@pytest.fixture(scope="module")
def session(ask, wanted):
    """The path of a session that is idle, and the states in which it was seen before."""
    made = ask("POST", "/sessions", json=wanted)
    assert made.status_code == 201, made.text
    path = f"/sessions/{made.json()['id']}"
    states = [made.json()["state"], *seen(lambda: ask("GET", path).json()["state"], "idle")]
    yield path, states
    ask("DELETE", path)


def seen(state, last):
    """The states that are seen until the last one is, each once in a row."""
    found, deadline = [], time.monotonic() + PATIENCE
    while not found or found[-1] != last:
        assert time.monotonic() < deadline, found
        now = state()
        found += [now] if now not in found[-1:] else []
        time.sleep(0.05)
    return found


def run(ask, path, code):
    """Give a statement, wait for its answer, and return that and the states it had."""
    given = ask("POST", f"{path}/statements", json={"code": code})
    assert given.status_code == 201, given.text
    place = f"{path}/statements/{given.json()['id']}"
    states = [given.json()["state"], *seen(lambda: ask("GET", place).json()["state"], "available")]
    return ask("GET", place).json(), states


def test_it_speaks_http_1_1_and_keeps_connections(livy_url):
    """Also over answers of 404, and after what was not read of a request."""
    address = urlsplit(livy_url)
    connection = HTTPConnection(address.hostname, address.port, timeout=30)
    connection.connect()
    first = connection.sock
    for method, path in (("GET", "/sessions"), ("POST", "/sessions/999999/statements"), ("GET", "/sessions/999999")):
        connection.request(method, path, b'{"code": "1"}' if method == "POST" else None, {**HEADERS, **JSON})
        answer = connection.getresponse()
        answer.read()
        assert (answer.version, answer.status) == (11, 200 if path == "/sessions" else 404)
        assert connection.sock is first, path  # http.client opens another where the server closed it
    connection.close()


def test_a_session_starts_and_is_then_idle(session):
    _, states = session
    assert states[-1] == "idle"
    before, idle = states[: states.index("idle")], states[states.index("idle") :]
    assert set(before) <= {"not_started", "starting"}
    assert set(idle) == {"idle"}


def test_a_name_is_given_once(ask, wanted, session):
    again = ask("POST", "/sessions", json=wanted)
    assert again.status_code == 400
    assert "Duplicate session name" in again.json()["msg"]


def test_sessions_are_listed_in_pages_in_their_order(ask, session):
    everything = ask("GET", "/sessions").json()
    ids = [each["id"] for each in everything["sessions"]]
    assert (everything["from"], everything["total"]) == (0, len(ids))
    assert ids == sorted(ids)
    page = ask("GET", "/sessions", params={"from": len(ids) - 1, "size": 1}).json()
    assert [each["id"] for each in page["sessions"]] == ids[-1:]
    assert ask("GET", "/sessions", params={"from": len(ids), "size": 5}).json()["sessions"] == []


def test_a_session_says_who_it_is(ask, wanted, session):
    path, _ = session
    described = ask("GET", path).json()
    assert f"/sessions/{described['id']}" == path
    assert (described["name"], described["kind"]) == (wanted["name"], "pyspark")
    assert {"appId", "owner", "proxyUser", "state", "appInfo", "log"} <= set(described)


def test_a_statement_waits_runs_and_is_available(ask, session):
    path, _ = session
    statement, states = run(ask, path, "import time; time.sleep(1); 6 * 7")
    assert set(states[:-1]) <= set(WAITING)
    assert states == sorted(states, key=("waiting", "running", "available").index)
    assert (statement["progress"], statement["output"]["status"]) == (1.0, "ok")
    assert statement["output"]["data"] == {"text/plain": "42"}


def test_an_error_is_an_answer(ask, session):
    path, _ = session
    statement, _ = run(ask, path, "1 / 0")
    output = statement["output"]
    assert (output["status"], output["ename"]) == ("error", "ZeroDivisionError")
    assert "division by zero" in output["evalue"]
    assert isinstance(output["traceback"], list)


def test_a_session_that_computes_is_busy_and_idle_again(ask, session):
    path, _ = session
    ask("POST", f"{path}/statements", json={"code": "import time; time.sleep(2)"})
    assert seen(lambda: ask("GET", path).json()["state"], "busy")[-1] == "busy"
    assert seen(lambda: ask("GET", path).json()["state"], "idle") == ["busy", "idle"]


def test_the_log_is_both_streams_and_is_read_in_parts(ask, session):
    path, _ = session
    everything = ask("GET", f"{path}/log", params={"size": -1}).json()
    lines = everything["log"]
    assert (everything["from"], everything["total"]) == (0, len(lines))
    headings = [lines.index(each) for each in ("stdout: ", "\nstderr: ")]
    assert headings == sorted(headings)
    assert ask("GET", f"{path}/log", params={"from": 0, "size": 1}).json()["log"] == lines[:1]
    last = ask("GET", f"{path}/log", params={"size": 2}).json()
    assert (last["from"], len(last["log"])) == (last["total"] - 2, 2)


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", ""), ("DELETE", ""), ("GET", "/log"), ("GET", "/statements/0"), ("POST", "/statements")],
)
def test_a_session_that_is_not_there_is_404(ask, method, path):
    answer = ask(method, f"/sessions/999999{path}", json={"code": "1"} if method == "POST" else None)
    assert answer.status_code == 404
    assert "999999" in answer.json()["msg"]


def test_a_statement_that_is_not_there_is_404(ask, session):
    path, _ = session
    assert ask("GET", f"{path}/statements/999999").status_code == 404


def test_a_session_whose_driver_died_takes_nothing_and_can_be_deleted(ask, wanted):
    path = f"/sessions/{ask('POST', '/sessions', json={**wanted, 'name': wanted['name'] + '-dies'}).json()['id']}"
    seen(lambda: ask("GET", path).json()["state"], "idle")
    ask("POST", f"{path}/statements", json={"code": KILL_DRIVER})
    deadline = time.monotonic() + PATIENCE
    while (state := ask("GET", path).json()["state"]) in (*ACTIVE, "shutting_down"):
        assert time.monotonic() < deadline
        time.sleep(0.2)
    assert state in ("dead", "error", "killed")
    asked = ask("GET", f"{path}/statements/0")
    assert (asked.status_code, "isn't active" in asked.json()["msg"]) == (400, True)
    given = ask("POST", f"{path}/statements", json={"code": "1"})
    assert (given.status_code, f"Session is in state {state}" in given.text) == (500, True)
    assert ask("DELETE", path).status_code == 200
    assert ask("GET", path).status_code == 404
