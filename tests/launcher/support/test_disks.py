"""A disk that is full is named, with what helps: on a real one, of a megabyte."""

import subprocess
from pathlib import Path

import pytest
import typer

from launcher.support.disks import disk_full
from launcher.support.outcomes import command_body

REMEDY = "free some space"


@pytest.fixture
def small(tmp_path):
    """A disk of one megabyte."""
    folder = tmp_path / "small"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=1m", "none", str(folder)]
    if subprocess.run(mount, capture_output=True, check=False).returncode != 0:
        pytest.skip("only root may mount a disk that is small enough to be filled")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


def fill(folder: Path) -> OSError:
    with pytest.raises(OSError, match="No space left") as full, (folder / "file").open("wb") as file:
        file.write(b"x" * 2**21)
    return full.value


def test_the_full_disk_is_the_one_that_is_named(small, tmp_path):
    error = disk_full(fill(small), {str(tmp_path): "no", str(small / "not" / "yet"): REMEDY, "s3://bucket/x": "no"})
    assert str(error) == f"no space left on the disk of {small}/not/yet (0 MB free of 1 MB): {REMEDY}"
    assert error.exit_code == 1
    error = disk_full(fill(small), {str(small): REMEDY}, {str(small): 21 * 2**20, str(tmp_path): 5})
    assert f"the disk of {small} (0 MB free of 1 MB; this takes about 21 MB): {REMEDY}" in str(error)


def test_an_error_behind_another_tells(small):
    error = RuntimeError("Job aborted")
    error.__cause__ = fill(small)
    assert disk_full(error, {str(small): REMEDY})


def test_other_errors_are_told_as_they_are(tmp_path):
    assert disk_full(OSError(13, "Permission denied"), {str(tmp_path): REMEDY}) is None
    assert disk_full(OSError(28, "No space left on device"), {"s3://bucket/x": REMEDY}) is None


def test_a_command_ends_with_one_sentence(small, capsys):
    with pytest.raises(typer.Exit) as end, command_body(debug=False):
        (small / "file").write_bytes(b"x" * 2**21)
    assert end.value.exit_code == 1
    said = " ".join(capsys.readouterr().err.split())
    assert said.startswith("Error: no space left on the disk of ")
    assert "free some space" in said
