"""Download the packages of a cluster's nodes for Terraform to upload, so that nodes need no package index.

`python tools/wheelhouse.py infrastructure x86_64 aarch64` writes `infrastructure/build/wheels-<machine>.tar` for each
kind of machine, with the wheels of requirements-master.txt, of which requirements-cluster.txt is a part. pip compares
each with its hash there.
"""

import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

PYTHON = "3.11.6"  # as in `make lock`
_GLIBC_MINOR = 34  # Amazon Linux 2023 has glibc 2.34, and takes what was built for an earlier one


def main(folder: Path, machines: list[str]) -> int:
    """Make the archives; the exit code of pip where it fails."""
    for machine in machines:
        archive = folder / "build" / f"wheels-{machine}.tar"
        with tempfile.TemporaryDirectory() as wheels:
            command = download(folder / "requirements-master.txt", machine, Path(wheels))
            if code := subprocess.run(command).returncode:
                print(f"pip could not download the wheels for {machine}: {archive} is not made", file=sys.stderr)
                return code
            pack(Path(wheels), archive)
        print(f"the wheels for {machine} are packed in {archive} ({archive.stat().st_size / 1e6:.0f} MB)")
    return 0


def download(requirements: Path, machine: str, wheels: Path) -> list[str]:
    """The command that downloads the wheels of a kind of machine, whatever the machine that runs it."""
    platforms = [
        *(f"manylinux_2_{minor}_{machine}" for minor in range(_GLIBC_MINOR, 4, -1)),
        f"manylinux2014_{machine}",
    ]
    tags = [*(("--platform", each) for each in platforms), *(("--abi", each) for each in ("cp311", "abi3", "none"))]
    target = ["--implementation", "cp", "--python-version", PYTHON, *(word for each in tags for word in each)]
    how = ["--quiet", "--disable-pip-version-check", "--no-deps", "--require-hashes", "--only-binary", ":all:"]
    return [sys.executable, "-m", "pip", "download", *how, *target, "-r", str(requirements), "-d", str(wheels)]


def pack(wheels: Path, archive: Path) -> None:
    """Pack the wheels; the same wheels make the same bytes, which Terraform then does not upload again."""
    archive.parent.mkdir(parents=True, exist_ok=True)
    unfinished = archive.with_name(f"{archive.name}.part")
    with tarfile.open(unfinished, "w") as tar:
        for wheel in sorted(wheels.iterdir()):
            tar.add(wheel, arcname=wheel.name, filter=_without_circumstances)
    unfinished.replace(archive)


def _without_circumstances(member: tarfile.TarInfo) -> tarfile.TarInfo:
    member.mtime, member.uid, member.gid, member.uname, member.gname, member.mode = 0, 0, 0, "", "", 0o644
    return member


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), sys.argv[2:]))
