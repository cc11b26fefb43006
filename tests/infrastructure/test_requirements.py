import ast
import re
import subprocess
import sys

import pytest

from tests.infrastructure.terraform import ROOT


def _pins(path) -> dict[str, set[str]]:
    """Package => versions that the file names (requirements.lock may name one for each platform)."""
    pins: dict[str, set[str]] = {}
    for name, version in re.findall(r"^([A-Za-z0-9._-]+)==([^\s;]+)", path.read_text(), re.M):
        pins.setdefault(name.lower(), set()).add(version)
    return pins


@pytest.mark.parametrize("role", ["cluster", "master"])
def test_a_cluster_runs_the_versions_of_the_lock(role):
    lock = _pins(ROOT / "requirements.lock")
    wanted = _pins(ROOT / "infrastructure" / f"requirements-{role}.txt")
    assert wanted
    assert {name: versions for name, versions in wanted.items() if not versions <= lock.get(name, set())} == {}


def test_the_master_has_what_every_node_has():
    node = _pins(ROOT / "infrastructure" / "requirements-cluster.txt")
    master = _pins(ROOT / "infrastructure" / "requirements-master.txt")
    assert node.items() <= master.items()
    assert {"papermill", "sparkmagic", "boto3"} <= set(master)


def test_every_node_has_what_lib_imports():
    node = _pins(ROOT / "infrastructure" / "requirements-cluster.txt")
    imported = set()
    for path in (ROOT / "lib").rglob("*.py"):
        for statement in ast.walk(ast.parse(path.read_text())):
            if isinstance(statement, ast.Import):
                imported |= {alias.name.split(".")[0] for alias in statement.names}
            elif isinstance(statement, ast.ImportFrom) and statement.module:
                imported.add(statement.module.split(".")[0])
    foreign = imported - sys.stdlib_module_names - {"lib", "pyspark", "py4j"}
    assert foreign
    assert foreign <= set(node)


def test_no_package_needs_a_compiler():
    """Those of not-on-nodes.txt exist only as source, and what needs them works without."""
    left_out = _names(ROOT / "infrastructure" / "not-on-nodes.txt")
    assert left_out
    assert left_out & set(_pins(ROOT / "infrastructure" / "requirements-master.txt")) == set()
    without = f"import sys; sys.modules.update(dict.fromkeys({sorted(left_out)}))"
    needed = "import sparkmagic.kernels.pysparkkernel.pysparkkernel, sparkmagic.livyclientlib.livyreliablehttpclient"
    done = subprocess.run([sys.executable, "-c", f"{without}; {needed}"], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr


def _names(path) -> set[str]:
    lines = path.read_text().splitlines()
    return {line for line in lines if line and not line.startswith("#")}


@pytest.mark.parametrize("role", ["cluster", "master"])
def test_every_pin_has_hashes(role):
    text = (ROOT / "infrastructure" / f"requirements-{role}.txt").read_text()
    pinned = [each for each in text.replace("\\\n", " ").splitlines() if each and not each.strip().startswith("#")]
    assert [each for each in pinned if " --hash=sha256:" not in each] == []
