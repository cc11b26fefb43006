"""A stand-in for Livy in tests: its documented REST interface over real PySpark processes.

Not Livy: only what an interactive PySpark client uses, as the documentation of 0.8 and a real server's answers have
it. `python -m tests.livy.stand_in FOLDER REQUEST` serves on a free loopback port, prints its URL and keeps the drivers'
logs in FOLDER; it ends, with its sessions, when its standard input does. One driver is always started ahead, for the
next session that asks for the memory and properties of REQUEST (JSON, as in `POST /sessions`).
"""

import asyncio
import itertools
import json
import logging
import os
import queue
import shlex
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from flask import Flask, Response, jsonify, request
from tornado.httpserver import HTTPServer
from tornado.netutil import bind_sockets
from tornado.wsgi import WSGIContainer

from launcher.local_spark import find_java

MASTER = "local[2]"
DRIVER = Path(__file__).with_name("driver.py")
# The session request's own names for Spark properties.
_ENVIRONMENT = "spark.yarn.appMasterEnv."
_PROPERTIES = {
    "driverMemory": "spark.driver.memory",
    "driverCores": "spark.driver.cores",
    "executorMemory": "spark.executor.memory",
    "executorCores": "spark.executor.cores",
    "numExecutors": "spark.executor.instances",
}


LINES_KEPT = 200  # livy.cache-log.size
THREADS = 16


class NotActive(Exception):
    """A statement of a session that has ended is asked for."""


class Ended(Exception):
    """A statement is given to a session that has ended; carries its state."""


class Driver:
    """A PySpark process, and what it prints."""

    def __init__(self, prefix: Path, environment: dict[str, str]):
        self._logs = [prefix.with_suffix(f".{stream}") for stream in ("stdout", "stderr")]
        self._logs[0].touch()
        with self._logs[1].open("wb") as sink:
            self.process = subprocess.Popen(
                # -P: nothing of the project is on its path, so that `lib` comes by pyFiles or not at all.
                [sys.executable, "-P", DRIVER, self._logs[0]],
                cwd=prefix.parent,
                env=environment,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=sink,
                text=True,
                start_new_session=True,
            )

    def ask(self, question: Any) -> str:
        """Send a line and wait for the answer's; empty where the process ended instead."""
        assert self.process.stdin
        assert self.process.stdout
        try:
            self.process.stdin.write(json.dumps(question) + "\n")
            self.process.stdin.flush()
        except BrokenPipeError:
            return ""
        return self.process.stdout.readline()

    def printed(self) -> list[list[str]]:
        """The last lines of stdout and of stderr, as many as Livy keeps."""
        return [log.read_text(errors="replace").splitlines()[-LINES_KEPT:] for log in self._logs]

    def end(self) -> None:
        """End the process and its JVM."""
        if self.process.poll() is None:
            os.killpg(self.process.pid, 9)
        self.process.wait()


class Drivers:
    """Starts drivers, and keeps one ahead for the settings that most sessions have."""

    def __init__(self, folder: Path, usual: dict[str, Any]):
        self._folder, self._usual = folder, _environment(usual)
        self._numbers, self._lock = itertools.count(), threading.Lock()
        self._ahead = self._start(self._usual)

    def take(self, asked: dict[str, Any]) -> Driver:
        """A driver for a session."""
        environment = _environment(asked)
        if environment != self._usual:
            return self._start(environment)
        with self._lock:
            taken, self._ahead = self._ahead, self._start(environment)
        return taken

    def close(self) -> None:
        """End the one ahead."""
        self._ahead.end()

    def _start(self, environment: dict[str, str]) -> Driver:
        return Driver(self._folder / f"driver_{next(self._numbers)}", environment)


class Session:
    """One driver and the statements it was given."""

    def __init__(self, number: int, asked: dict[str, Any], driver: Driver):
        self.id, self.name, self.kind = number, asked.get("name"), asked.get("kind", "pyspark")
        self.heartbeat_timeout, self.seen = asked.get("heartbeatTimeoutInSecond", 0), 0.0
        self.state = "starting"
        self.statements: list[dict[str, Any]] = []
        self._waiting: queue.Queue[dict[str, Any]] = queue.Queue()
        self._driver = driver
        threading.Thread(target=self._serve, args=[asked.get("pyFiles", [])], daemon=True).start()

    def view(self) -> dict[str, Any]:
        """What `GET /sessions/{id}` answers."""
        info = {"driverLogUrl": None, "sparkUiUrl": None}
        who = {"id": self.id, "name": self.name, "appId": None, "owner": None, "proxyUser": None}
        return {**who, "state": self.state, "kind": self.kind, "appInfo": info, "log": self.log()[-10:]}

    def log(self) -> list[str]:
        """All of stdout, then all of stderr, each below its heading."""
        stdout, stderr = self._driver.printed()
        return ["stdout: ", *stdout, "\nstderr: ", *stderr, "\nYARN Diagnostics: "]

    def submit(self, code: str) -> dict[str, Any]:
        """Queue a statement."""
        if not self.is_active:
            raise Ended(self.state)
        statement = {"id": len(self.statements), "code": code, "state": "waiting", "output": None, "progress": 0.0}
        self.statements.append(statement)
        self._waiting.put(statement)
        return statement

    @property
    def is_active(self) -> bool:
        """Whether statements can be given and asked for."""
        return self.state in ("starting", "idle", "busy")

    def end(self) -> None:
        """End the driver."""
        self.state = "shutting_down"
        self._driver.end()

    def _serve(self, py_files: list[str]) -> None:
        is_there = self._driver.ask(py_files)
        while is_there:
            self.state = "idle"
            statement = self._waiting.get()
            self.state, statement["state"] = "busy", "running"
            is_there = self._driver.ask(statement["code"])
            if is_there:
                statement.update(state="available", output=json.loads(is_there), progress=1.0)
        if self.state != "shutting_down":
            self.state = "dead"


def _environment(asked: dict[str, Any]) -> dict[str, str]:
    properties = {_PROPERTIES[name]: value for name, value in asked.items() if name in _PROPERTIES and value}
    properties |= asked.get("conf", {})
    # A session on loopback alone, whatever this machine's name resolves to.
    properties |= {"spark.ui.enabled": "false", "spark.driver.host": "127.0.0.1"}
    # In YARN's cluster mode, in which Livy runs on EMR, these are the driver's environment.
    names = [name for name in properties if name.startswith(_ENVIRONMENT)]
    environment = {name.removeprefix(_ENVIRONMENT): str(properties.pop(name)) for name in names}
    options = [f"--conf {shlex.quote(f'{name}={value}')}" for name, value in properties.items()]
    return {
        **{name: value for name, value in os.environ.items() if not name.startswith(("SPARK_", "AWS_", "PYTHONPATH"))},
        "JAVA_HOME": str(find_java()),
        "PYSPARK_PYTHON": sys.executable,
        "SPARK_LOCAL_IP": "127.0.0.1",
        "PYSPARK_SUBMIT_ARGS": f"--master {MASTER} {' '.join(options)} pyspark-shell",
        **environment,
    }


def make_app(drivers: Drivers) -> Flask:
    """The REST interface."""
    app = Flask("stand-in")
    sessions: dict[int, Session] = {}
    numbers = itertools.count()

    def message(text: str, status: int) -> tuple[Response, int]:
        return jsonify(msg=text), status

    @app.get("/sessions")
    def all_sessions() -> Any:
        start, size = request.args.get("from", 0, int), request.args.get("size", 100, int)
        found = [session.view() for session in list(sessions.values())]
        return {"from": start, "total": len(found), "sessions": found[start : start + size]}

    @app.post("/sessions")
    def create() -> Any:
        asked = request.get_json(force=True)
        name = asked.get("name")
        if name and any(session.name == name for session in sessions.values()):
            return message(f"requirement failed: Duplicate session name: Some({name}) for session", 400)
        number = next(numbers)
        sessions[number] = Session(number, asked, drivers.take(asked))
        return sessions[number].view(), 201

    @app.get("/sessions/<number>")
    def one(number: str) -> Any:
        sessions[int(number)].seen = time.monotonic()
        return sessions[int(number)].view()

    @app.get("/sessions/<number>/log")
    def log(number: str) -> Any:
        lines = sessions[int(number)].log()
        size, start = request.args.get("size", 100, int), request.args.get("from", -1, int)
        size = len(lines) if size < 0 else size
        start = max(0, len(lines) - size) if start < 0 else start
        return {"id": int(number), "from": start, "total": len(lines), "log": lines[start : start + size]}

    @app.delete("/sessions/<number>")
    def delete(number: str) -> Any:
        sessions[int(number)].end()
        del sessions[int(number)]
        return message("deleted", 200)

    @app.post("/sessions/<number>/statements")
    def submit(number: str) -> Any:
        return sessions[int(number)].submit(request.get_json(force=True)["code"]), 201

    @app.get("/sessions/<number>/statements/<int:statement>")
    def statement(number: str, statement: int) -> Any:
        if not sessions[int(number)].is_active:
            raise NotActive
        given = sessions[int(number)].statements
        return given[statement] if statement < len(given) else (jsonify("Statement not found"), 404)

    @app.errorhandler(KeyError)
    def unknown(error: KeyError) -> Any:
        return message(f"Session '{error.args[0]}' not found.", 404)

    @app.errorhandler(NotActive)
    def ended(error: NotActive) -> Any:
        return message("requirement failed: Session isn't active.", 400)

    @app.errorhandler(Ended)
    def too_late(error: Ended) -> Any:
        return message(f"java.lang.IllegalStateException: Session is in state {error}", 500)

    def watch() -> None:
        while True:
            time.sleep(1)
            for session in list(sessions.values()):
                silent = time.monotonic() - session.seen
                if session.heartbeat_timeout and session.seen and silent > session.heartbeat_timeout:
                    session.end()
                    sessions.pop(session.id, None)

    threading.Thread(target=watch, daemon=True).start()
    app.extensions["sessions"] = sessions
    return app


def main() -> None:
    """Serve until standard input ends."""
    logging.getLogger("tornado.access").setLevel(logging.CRITICAL)
    drivers = Drivers(Path(sys.argv[1]), json.loads(sys.argv[2]))
    app = make_app(drivers)
    asyncio.run(_serve(app))
    for session in list(app.extensions["sessions"].values()):
        session.end()
    drivers.close()


async def _serve(app: Flask) -> None:
    """By Tornado, for werkzeug's server ends a connection after each answer, which Livy's does not."""
    server, (here,) = HTTPServer(WSGIContainer(app, ThreadPoolExecutor(THREADS))), bind_sockets(0, "127.0.0.1")
    server.add_socket(here)
    print(f"http://127.0.0.1:{here.getsockname()[1]}", flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    server.stop()


if __name__ == "__main__":
    main()
