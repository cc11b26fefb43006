"""Download the packages of a cluster's nodes, so that these need no package index.

`python -m tools.wheelhouse` fills infrastructure/build/wheelhouse: `wheels-<machine>.tar` for each kind of machine,
with the wheels of requirements-master.txt, of which requirements-cluster.txt is a part, and that file itself. pip
compares each wheel with its hash there.
"""

import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

from launcher.emr.lifecycle.bootstrap import REQUIREMENTS, WHEELHOUSE

MACHINES = ("aarch64", "x86_64")  # as `uname -m` calls them on a node, and as in `make lock`
_PYTHON = "3.11.6"  # as in `make lock`
_GLIBC_MINOR = 34  # Amazon Linux 2023 has glibc 2.34, and takes what was built for an earlier one


def main(requirements: Path, wheelhouse: Path) -> int:
    """Make the archives; the exit code of pip where it fails."""
    shutil.rmtree(wheelhouse, ignore_errors=True)
    wheelhouse.mkdir(parents=True)
    for machine in MACHINES:
        archive = wheelhouse / f"wheels-{machine}.tar"
        with tempfile.TemporaryDirectory() as wheels:
            if code := subprocess.run(_download(requirements, machine, Path(wheels))).returncode:
                print(f"pip could not download the wheels for {machine}: {archive} is not made", file=sys.stderr)
                return code
            pack(Path(wheels), archive)
        print(f"the wheels for {machine} are packed in {archive} ({archive.stat().st_size / 1e6:.0f} MB)")
    shutil.copy(requirements, wheelhouse)  # last: the wheelhouse is whole
    return 0


def pack(wheels: Path, archive: Path) -> None:
    """Pack the wheels; the same wheels make the same bytes, which Terraform then does not upload again."""
    with tarfile.open(archive, "w") as tar:
        for wheel in sorted(wheels.iterdir()):
            tar.add(wheel, arcname=wheel.name, filter=_without_circumstances)


def _download(requirements: Path, machine: str, wheels: Path) -> list[str]:
    """The command that downloads the wheels of a kind of machine, whatever the machine that runs it."""
    platforms = [
        *(f"manylinux_2_{minor}_{machine}" for minor in range(_GLIBC_MINOR, 4, -1)),
        f"manylinux2014_{machine}",
    ]
    tags = [*(("--platform", each) for each in platforms), *(("--abi", each) for each in ("cp311", "abi3", "none"))]
    target = ["--implementation", "cp", "--python-version", _PYTHON, *(word for each in tags for word in each)]
    how = ["--quiet", "--disable-pip-version-check", "--no-deps", "--require-hashes", "--only-binary", ":all:"]
    return [sys.executable, "-m", "pip", "download", *how, *target, "-r", str(requirements), "-d", str(wheels)]


def _without_circumstances(member: tarfile.TarInfo) -> tarfile.TarInfo:
    member.mtime, member.uid, member.gid, member.uname, member.gname, member.mode = 0, 0, 0, "", "", 0o644
    return member


if __name__ == "__main__":
    sys.exit(main(REQUIREMENTS, WHEELHOUSE))
