"""Compiled code is found again by later processes, wherever `lib` came from and whoever's home may be written."""

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
PROGRAM = """
import numpy as np
from lib.trees import compiled
bins = np.empty((1, 1), np.uint8)
compiled.applying.bin_column(np.array([0.5]), np.array([0.1]), bins, 0)
print(compiled.applying.__file__, bins[0, 0], sum(compiled.applying.bin_column.stats.cache_hits.values()))
"""


@pytest.fixture
def lib_zip(tmp_path):
    path = tmp_path / "lib.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for source in (ROOT / "lib").rglob("*.py"):
            archive.write(source, source.relative_to(ROOT))
    return path


def run(lib, **variables):
    keep = {name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ}
    environment = {**keep, "PYTHONPATH": str(lib), **{name: str(value) for name, value in variables.items()}}
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], env=environment, capture_output=True, text=True, check=True, cwd="/"
    )
    file, value, hits = done.stdout.split()
    assert value == "1"
    return Path(file), int(hits)


def test_a_second_process_need_not_compile_even_from_another_zip(lib_zip, tmp_path):
    home = tmp_path / "home"
    first, hits = run(lib_zip, HOME=home)
    assert first.parent == home / ".cache" / "mineria-ml-emr"
    assert hits == 0
    elsewhere = lib_zip.rename(tmp_path / "another.zip")
    assert run(elsewhere, HOME=home) == (first, 1)
    assert run(ROOT, HOME=home) == (first, 1)


def test_a_home_that_cannot_be_written_is_no_matter(lib_zip, tmp_path):
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    file, _ = run(lib_zip, HOME="/proc/nobody", TMPDIR=scratch)
    assert file.is_relative_to(scratch)
    assert run(lib_zip, HOME="/proc/nobody", TMPDIR=scratch) == (file, 1)


def test_a_folder_that_others_may_have_filled_is_not_trusted(lib_zip, tmp_path):
    if os.getuid() != 0:
        pytest.skip("only root can give a folder to someone else")
    folder = tmp_path / "home" / ".cache" / "mineria-ml-emr"
    folder.mkdir(parents=True)
    os.chown(folder, 12345, 12345)
    file, _ = run(lib_zip, HOME=tmp_path / "home", TMPDIR=tmp_path)
    assert file.parent == tmp_path / f"mineria-ml-emr-{os.getuid()}"
