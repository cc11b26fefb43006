"""The bootstrap script on one machine: real Python 3.11, real pip; EMR's and the system's commands are stubs."""

import atexit
import hashlib
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import zipfile
from functools import cache
from pathlib import Path

import pytest

from tools.wheelhouse import pack

ROOT = Path(__file__).resolve().parents[2]
SCRIPT = ROOT / "infrastructure" / "bootstrap.sh"

# What the script calls on a node. Each call is a line in `calls`; a file `broken-<name>` makes the command fail.
_STUBS = {
    "sudo": 'exec "$@"',
    "dnf": "",
    "systemctl": "",
    "aws": 'exec cp "$STUBS/bucket/${4#s3://bucket/}" "$5"',  # aws s3 cp --no-progress FROM TO
    "uname": 'cat "$STUBS/machine"',
    "python3.11": 'exec cp -a "$STUBS/new-venv/." "$3"',  # python3.11 -m venv FOLDER, whose making takes seconds
}


class Node:
    """One node of a cluster: its home, its log, and what was called on it."""

    def __init__(self, folder: Path, *, is_master: bool):
        self.folder = folder
        (folder / "new-venv").symlink_to(_new_venv())
        self.venv = folder / "home" / "venv"
        self.bucket = folder / "bucket" / "bootstrap"
        self.bucket.mkdir(parents=True)
        self.info = folder / "instance.json"
        self.info.write_text(f'{{"isMaster": {str(is_master).lower()}, "isSlave": {str(not is_master).lower()}}}')
        (folder / "bin").mkdir()
        (folder / "calls").touch()
        (folder / "machine").write_text(platform.machine())
        for name, action in _STUBS.items():
            stub = folder / "bin" / name
            stub.write_text(
                f'#!/bin/bash\necho "{name} $*" >>"$STUBS/calls"\n[ ! -e "$STUBS/broken-{name}" ] || exit 1\n{action}\n'
            )
            stub.chmod(0o755)
        for number in (1, 2):
            _write_wheel(folder / "wheels", f"{number}.0")
        self.require("cluster", "1.0")
        self.require("master", "2.0")

    def require(self, role: str, version: str) -> None:
        wheel = self.folder / "wheels" / wheel_name(version)
        digest = hashlib.sha256(wheel.read_bytes() if wheel.exists() else b"").hexdigest()
        (self.bucket / f"requirements-{role}.txt").write_text(f"tiny=={version} --hash=sha256:{digest}\n")

    def upload_wheels(self, machine: str = platform.machine()) -> None:
        """The wheelhouse goes to the bucket; from then on there is no index."""
        pack(self.folder / "wheels", self.bucket / f"wheels-{machine}.tar")
        shutil.rmtree(self.folder / "wheels")

    def bootstrap(self, *further: str, expect: int = 0) -> str:
        settings = {
            "PATH": f"{self.folder / 'bin'}:/usr/bin:/bin",
            "STUBS": str(self.folder),
            "MINERIA_HOME": str(self.folder / "home"),
            "MINERIA_LOG": str(self.folder / "bootstrap.log"),
            "MINERIA_INSTANCE_INFO": str(self.info),
            "MINERIA_RETRY_SECONDS": "0",
            "PIP_NO_INDEX": "1",
            "PIP_FIND_LINKS": str(self.folder / "wheels"),
        }
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("PIP_", "PYTHON", "VIRTUAL"))}
        done = subprocess.run(
            [SCRIPT, "s3://bucket/bootstrap/", *further],
            env={**kept, **settings},
            capture_output=True,
            text=True,
            timeout=120,
        )
        assert done.returncode == expect, done.stdout + done.stderr
        return (self.folder / "bootstrap.log").read_text()

    @property
    def installed(self) -> bool:
        return (self.venv / ".installed").exists()

    def tiny_version(self) -> str:
        command = [self.venv / "bin" / "python", "-c", "import sys, tiny; print(sys.version_info[:2], tiny.VERSION)"]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()

    def calls(self, name: str) -> list[str]:
        return [line for line in (self.folder / "calls").read_text().splitlines() if line.split()[0] == name]

    def break_command(self, name: str) -> None:
        (self.folder / f"broken-{name}").touch()


@cache
def _new_venv() -> Path:
    """A virtual environment with pip in it."""
    place = Path(tempfile.mkdtemp(prefix="bootstrap-venv-"))
    atexit.register(shutil.rmtree, place)
    subprocess.run([Path(sys.base_prefix, "bin", "python3.11"), "-m", "venv", place], check=True)
    return place


def wheel_name(version: str) -> str:
    return f"tiny-{version}-py3-none-any.whl"


def _write_wheel(folder: Path, version: str, code: str = "") -> None:
    folder.mkdir(exist_ok=True)
    info = f"tiny-{version}.dist-info"
    with zipfile.ZipFile(folder / wheel_name(version), "w") as wheel:
        wheel.writestr("tiny.py", code or f"VERSION = '{version}'\n")
        wheel.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: tiny\nVersion: {version}\n")
        wheel.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        wheel.writestr(f"{info}/RECORD", "")


@pytest.fixture
def node(tmp_path):
    return Node(tmp_path, is_master=False)


def test_a_node_gets_the_packages_once(node):
    assert "done: Python 3.11" in node.bootstrap()
    assert node.tiny_version() == "(3, 11) 1.0"
    assert node.calls("dnf") == ["dnf install -y -q python3.11 python3.11-pip"]
    assert node.calls("systemctl") == []

    log = node.bootstrap()
    assert log.splitlines()[-1].endswith("node: already has requirements-cluster.txt")
    assert len(node.calls("dnf")) == 1

    node.require("cluster", "2.0")
    node.bootstrap()
    assert node.tiny_version() == "(3, 11) 2.0"


def test_the_master_gets_its_own_packages_and_session_manager(tmp_path):
    master = Node(tmp_path, is_master=True)
    master.bootstrap()
    assert master.tiny_version() == "(3, 11) 2.0"
    # No compiler: all packages are wheels.
    assert master.calls("dnf") == ["dnf install -y -q python3.11 python3.11-pip amazon-ssm-agent"]
    assert "enable --now amazon-ssm-agent" in master.calls("systemctl")[0]


def test_a_package_that_is_not_there_fails_and_the_next_run_mends_it(node):
    node.require("cluster", "3.0")
    log = node.bootstrap(expect=1)
    assert log.count("attempt") == 3
    assert "FAILED: pip cannot install requirements-cluster.txt" in log.splitlines()[-1]

    node.require("cluster", "1.0")
    node.bootstrap()
    assert node.tiny_version() == "(3, 11) 1.0"


@pytest.mark.parametrize("is_master", [False, True])
def test_with_a_wheelhouse_no_index_is_needed(tmp_path, is_master):
    node = Node(tmp_path, is_master=is_master)
    node.upload_wheels()
    node.bootstrap("wheelhouse")
    assert node.tiny_version() == f"(3, 11) {2 if is_master else 1}.0"
    # What is unpacked takes room on the root volume, and goes.
    assert {each.name for each in (tmp_path / "home").iterdir() if "wheels" in each.name} == set()
    node.bootstrap("wheelhouse")
    assert len([call for call in node.calls("aws") if ".tar" in call]) == 1


def test_a_package_is_what_its_hash_says(node):
    _write_wheel(node.folder / "wheels", "1.0", "VERSION = 'another'\n")
    assert "FAILED: pip cannot install requirements-cluster.txt" in node.bootstrap(expect=1).splitlines()[-1]
    node.upload_wheels()
    log = node.bootstrap("wheelhouse", expect=1)
    assert "FAILED: pip cannot install requirements-cluster.txt from wheels-" in log.splitlines()[-1]
    assert not node.installed


def test_another_second_argument_is_refused(node):
    last = node.bootstrap("s3://bucket/wheels/", expect=1).splitlines()[-1]
    assert "FAILED: s3://bucket/wheels/ is no origin of packages" in last


def test_a_package_without_a_hash_is_refused(node):
    (node.bucket / "requirements-cluster.txt").write_text("tiny==1.0\n")
    node.bootstrap(expect=1)
    assert not node.installed


def test_a_source_package_is_not_built(node):
    source = node.folder / "wheels" / "tiny-3.0.tar.gz"
    source.write_bytes(b"")
    digest = hashlib.sha256(b"").hexdigest()
    (node.bucket / "requirements-cluster.txt").write_text(f"tiny==3.0 --hash=sha256:{digest}\n")
    assert "FAILED: pip cannot install" in node.bootstrap(expect=1).splitlines()[-1]


@pytest.mark.parametrize(("machine", "other"), [("x86_64", "aarch64"), ("aarch64", "x86_64")])
def test_a_node_takes_the_wheels_of_its_kind(node, machine, other):
    (node.bucket / f"wheels-{other}.tar").write_bytes(b"")  # is in the bucket, too
    (node.folder / "machine").write_text(machine)
    node.upload_wheels(machine)
    node.bootstrap("wheelhouse")
    assert node.installed
    assert sum(f"wheels-{machine}.tar" in call for call in node.calls("aws")) == 1


def test_a_wheelhouse_that_is_not_in_the_bucket_is_named(node):
    last = node.bootstrap("wheelhouse", expect=1).splitlines()[-1]
    assert f"FAILED: cannot read s3://bucket/bootstrap/wheels-{platform.machine()}.tar" in last


def test_a_damaged_wheelhouse_is_named(node):
    node.upload_wheels()
    archive = node.bucket / f"wheels-{platform.machine()}.tar"
    archive.write_bytes(archive.read_bytes()[:300])
    assert f"FAILED: {archive.name} is damaged" in node.bootstrap("wheelhouse", expect=1).splitlines()[-1]


@pytest.mark.parametrize(
    ("command", "message"),
    [
        ("aws", "FAILED: cannot read s3://bucket/bootstrap/requirements-cluster.txt"),
        ("dnf", "FAILED: dnf cannot install python3.11"),
        ("python3.11", "FAILED: python3.11 -m venv"),
    ],
)
def test_what_fails_is_the_last_line_of_the_log(node, command, message):
    node.break_command(command)
    assert message in node.bootstrap(expect=1).splitlines()[-1]
    assert not node.venv.exists()


def test_elsewhere_than_on_emr_it_says_so(node):
    node.info.unlink()
    assert "is this a node of an EMR cluster?" in node.bootstrap(expect=1)
