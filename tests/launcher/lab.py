"""JupyterLab as `run_experiment.py lab` starts it."""

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Lab:
    """A server that answers."""

    url: str
    token: str
    process: subprocess.Popen[bytes]


@contextmanager
def running_lab(folder: Path, *options: str, environment: Mapping[str, str] | None = None) -> Iterator[Lab]:
    """Run the command, with its own configuration and log in a folder."""
    config = {"ServerApp": {"allow_root": True}, "LabApp": {"expose_app_in_browser": True}}
    (folder / "jupyter_server_config.json").write_text(json.dumps(config))
    command = [sys.executable, str(ROOT / "run_experiment.py"), "lab", "--no-browser", *options]
    own = {"JUPYTER_RUNTIME_DIR": str(folder / "runtime"), "JUPYTER_CONFIG_DIR": str(folder)}
    log = folder / "lab.log"
    with log.open("w") as sink:
        process = subprocess.Popen(command, env={**os.environ, **own, **(environment or {})}, stdout=sink, stderr=sink)
    try:
        found = None
        deadline = time.monotonic() + 120
        while not (found := re.search(r"(http://\S+?)/\S*\?token=(\w+)", log.read_text())):
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < deadline, log.read_text()
            time.sleep(0.1)
        yield Lab(found[1], found[2], process)
    finally:
        if process.poll() is None:
            family = psutil.Process(process.pid).children(recursive=True)
            process.terminate()
            _, alive = psutil.wait_procs([psutil.Process(process.pid), *family], timeout=60)
            for each in alive:
                each.kill()
            process.wait()
