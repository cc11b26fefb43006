"""`make wheelhouse`: real pip, with a folder of wheels for an index."""

import hashlib
import os
import tarfile
import zipfile

import pytest

from tools import wheelhouse

# The last needs a newer glibc than the nodes have: it is never taken.
_TAGS = {machine: f"cp311-cp311-manylinux_2_17_{machine}" for machine in wheelhouse.MACHINES}
_TAGS["too_new"] = "cp311-cp311-manylinux_2_39_x86_64"


@pytest.fixture
def index(tmp_path, monkeypatch):
    """A folder with wheels of one package for some kinds of machines, instead of the package index."""
    for name in [name for name in os.environ if name.startswith("PIP_")]:
        monkeypatch.delenv(name)
    folder = tmp_path / "index"
    folder.mkdir()
    for tag in _TAGS.values():
        with zipfile.ZipFile(folder / f"tiny-1.0-{tag}.whl", "w") as wheel:
            wheel.writestr("tiny.py", f"TAG = '{tag}'\n")
            wheel.writestr("tiny-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: tiny\nVersion: 1.0\n")
            wheel.writestr("tiny-1.0.dist-info/WHEEL", f"Wheel-Version: 1.0\nRoot-Is-Purelib: false\nTag: {tag}\n")
            wheel.writestr("tiny-1.0.dist-info/RECORD", "")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    return folder


@pytest.fixture
def requirements(index, tmp_path):
    digests = [hashlib.sha256(wheel.read_bytes()).hexdigest() for wheel in index.iterdir()]
    file = tmp_path / "requirements-master.txt"
    file.write_text("tiny==1.0 " + " ".join(f"--hash=sha256:{digest}" for digest in digests) + "\n")
    return file


def _packed(archive):
    with tarfile.open(archive) as tar:
        return tar.getnames()


def test_each_kind_of_machine_gets_its_wheels(requirements, tmp_path):
    made = tmp_path / "build" / "wheelhouse"
    assert wheelhouse.main(requirements, made) == 0
    for machine in wheelhouse.MACHINES:
        assert _packed(made / f"wheels-{machine}.tar") == [f"tiny-1.0-{_TAGS[machine]}.whl"]
    assert (made / requirements.name).read_text() == requirements.read_text()


def test_the_same_wheels_make_the_same_archives(requirements, tmp_path):
    contents = []
    for name in ("one", "two"):
        assert wheelhouse.main(requirements, tmp_path / name) == 0
        contents.append([(tmp_path / name / f"wheels-{each}.tar").read_bytes() for each in wheelhouse.MACHINES])
    assert contents[0] == contents[1]


def test_a_wheel_with_another_hash_leaves_no_whole_wheelhouse(requirements, index, tmp_path, capfd):
    made = tmp_path / "wheelhouse"
    assert wheelhouse.main(requirements, made) == 0
    with (index / f"tiny-1.0-{_TAGS['x86_64']}.whl").open("ab") as wheel:
        wheel.write(b"\0")
    assert wheelhouse.main(requirements, made) != 0
    assert "pip could not download the wheels for x86_64" in capfd.readouterr().err
    assert not (made / requirements.name).exists()
