"""The files that make the environment say the same, and the environment is what they say."""

import importlib.metadata
import os
import re
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from launcher.local_spark import JAVA_VERSION

ROOT = Path(__file__).resolve().parents[1]
SCRIPT = ROOT / "tools" / "system_packages.sh"
MAKEFILE = (ROOT / "Makefile").read_text()
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
CONDA = yaml.safe_load((ROOT / "environment.yml").read_text())
# What a virtual environment is made with, and what the Makefile installs the rest with.
INSTALLERS = {"pip", "setuptools", "wheel", "uv"}


def locked():
    """Name -> version of what the lock file pins for this machine."""
    lines = (ROOT / "requirements.lock").read_text().splitlines()
    requirements = [Requirement(line) for line in lines if line and not line.startswith("#")]
    used = [r for r in requirements if r.marker is None or r.marker.evaluate()]
    return {canonicalize_name(r.name): str(r.specifier).removeprefix("==") for r in used}


def test_the_lock_holds_every_dependency_in_the_range_it_is_asked_for():
    pins = locked()
    asked = [*PROJECT["project"]["dependencies"], *PROJECT["dependency-groups"]["dev"]]
    asked += PROJECT["tool"]["uv"]["constraint-dependencies"]
    for requirement in map(Requirement, asked):
        name = canonicalize_name(requirement.name)
        assert name in pins, f"{requirement} is not in requirements.lock: run make lock"
        assert pins[name] in requirement.specifier, f"{name} {pins[name]} is pinned, {requirement} is asked for"


def test_the_packages_installed_are_those_of_the_lock():
    installed = {canonicalize_name(d.metadata["Name"]): d.version for d in importlib.metadata.distributions()}
    differing = {
        name: (installed.get(name), version) for name, version in locked().items() if installed.get(name) != version
    }
    assert differing == {}, "installed and pinned versions; run make setup"
    compared_with = {Requirement(each).name for each in PROJECT["dependency-groups"]["bench"]}
    assert set(installed) - set(locked()) <= INSTALLERS | compared_with


def test_conda_users_get_the_same_pins():
    *packages, pip = CONDA["dependencies"]
    assert pip == {"pip": ["-r requirements.lock"]}
    assert {"python=3.11", f"openjdk={JAVA_VERSION}", "krb5", "c-compiler", "pip"} == set(packages)
    assert CONDA["name"] == PROJECT["project"]["name"]
    assert CONDA["channels"] == ["conda-forge"]


def test_one_version_of_python_and_of_java_everywhere():
    assert PROJECT["project"]["requires-python"] == ">=3.11,<3.12"
    assert PROJECT["tool"]["uv"]["environments"] == ["python_version == '3.11'"]
    assert PROJECT["tool"]["ruff"]["target-version"] == "py311"
    assert PROJECT["tool"]["mypy"]["python_version"] == "3.11"
    assert re.search(r"^PYTHON \?= python3\.11$", MAKEFILE, re.MULTILINE)
    assert "--python-version 3.11" in MAKEFILE
    script = SCRIPT.read_text()
    assert set(re.findall(r"python3\.\d+", script)) == {"python3.11"}
    assert set(re.findall(r"(?:openjdk|java)-(\d+)", script)) == {JAVA_VERSION}


def test_make_help_lists_every_target():
    targets = set(re.findall(r"^\.PHONY: (\S+)$", MAKEFILE, re.MULTILINE))
    shown = subprocess.run(["make", "help"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert {line.split()[1] for line in shown.splitlines() if line.startswith("  make ")} == targets
    assert {"experiment", "test", "lab", "setup"} <= targets


@pytest.mark.parametrize("target", ["experiment", "test", "check", "lab"])
def test_what_uses_the_environment_sets_it_up_first(target):
    assert re.search(rf"^{target}: setup\b", MAKEFILE, re.MULTILINE)


class Machine:
    """A PATH of its own for system_packages.sh: the stand-ins put there, and the few tools it needs."""

    def __init__(self, folder: Path):
        self.bin = folder / "bin"
        self.bin.mkdir()
        self.log = folder / "log"
        for tool in ("sh", "env", "grep"):
            (self.bin / tool).symlink_to(shutil.which(tool))
        self.add("python3.11", "exit 0")
        self.add("java", "echo 'openjdk version \"17.0.1\"' >&2")
        self.add("id", "echo 0")
        self.add("krb5-config", "exit 0")
        self.add("cc", "exit 0")

    def add(self, name: str, script: str) -> None:
        path = self.bin / name
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)

    def add_apt_get(self) -> None:
        """An apt-get that writes down how it was called, and installs what is asked for."""
        cc, krb5 = self.bin / "cc", self.bin / "krb5-config"
        self.add(
            "apt-get",
            f'echo "$*" >>{self.log}\n'
            f'for package in "$@"; do case "$package" in gcc) ln -s {self.bin}/sh {cc} ;; '
            f"libkrb5-dev) ln -s {self.bin}/sh {krb5} ;; esac; done",
        )
        (self.bin / "ln").symlink_to(shutil.which("ln"))

    def remove(self, *names: str) -> None:
        for name in names:
            (self.bin / name).unlink()

    def run(self) -> subprocess.CompletedProcess:
        environment = {"PATH": str(self.bin)}
        return subprocess.run([self.bin / "sh", SCRIPT], env=environment, capture_output=True, text=True, check=False)

    @property
    def calls(self) -> list[str]:
        return self.log.read_text().splitlines() if self.log.exists() else []


@pytest.fixture
def machine(tmp_path):
    return Machine(tmp_path)


def test_nothing_is_installed_where_all_is_there(machine):
    machine.add_apt_get()
    done = machine.run()
    assert (done.returncode, done.stdout, done.stderr, machine.calls) == (0, "", "", [])


def test_what_is_missing_is_installed_and_nothing_else(machine):
    machine.add_apt_get()
    machine.remove("cc", "krb5-config")
    done = machine.run()
    assert done.returncode == 0, done.stderr
    assert machine.calls == ["update -qq", "install -y -qq --no-install-recommends libkrb5-dev gcc libc6-dev"]


def test_an_ordinary_user_installs_with_sudo(machine):
    machine.add_apt_get()
    machine.remove("krb5-config")
    machine.add("id", "echo 1000")
    machine.add("sudo", f'echo "sudo $*" >>{machine.log}\nexec "$@"')
    assert machine.run().returncode == 0
    assert [call for call in machine.calls if call.startswith("sudo")] == [
        "sudo apt-get update -qq",
        "sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends libkrb5-dev",
    ]


def test_an_ordinary_user_without_sudo_is_told_what_to_ask_for(machine):
    machine.add_apt_get()
    machine.remove("krb5-config")
    machine.add("id", "echo 1000")
    done = machine.run()
    assert done.returncode == 2
    assert "only root" in done.stderr
    assert "apt-get install --no-install-recommends libkrb5-dev\n" in done.stderr
    assert machine.calls == []


def test_without_apt_get_it_says_what_to_install(machine):
    machine.remove("krb5-config", "cc")
    done = machine.run()
    assert done.returncode == 2
    for part in ("libkrb5-dev gcc", "dnf install", "brew install", "conda env create -f environment.yml"):
        assert part in done.stderr


@pytest.mark.parametrize("script", [None, "exit 1"], ids=["none", "another version"])
def test_without_python_3_11_it_says_so(machine, script):
    machine.remove("python3.11")
    if script:
        machine.add("python3.11", script)
    done = machine.run()
    assert done.returncode == 2
    assert "Python 3.11 is needed" in done.stderr
    assert "make PYTHON=" in done.stderr


def test_what_still_cannot_be_found_is_an_error(machine):
    machine.remove("krb5-config")
    machine.add("apt-get", "exit 0")
    done = machine.run()
    assert done.returncode == 2
    assert "still cannot find" in done.stderr


def test_apt_get_failing_says_what_it_was_for(machine):
    machine.remove("krb5-config")
    machine.add("apt-get", '[ "$1" = update ] || { echo "E: no such package" >&2; exit 100; }')
    done = machine.run()
    assert done.returncode == 2
    assert "E: no such package" in done.stderr
    assert "could not install libkrb5-dev" in done.stderr


def test_the_guard_runs_the_checks_and_then_the_tests():
    guard = ROOT / ".ci" / "run"
    assert os.access(guard, os.X_OK)
    lines = guard.read_text().splitlines()
    assert "set -euo pipefail" in lines
    assert lines[-3:] == ["make check", "make check-infrastructure", "make test"]
