"""What the nodes of a new cluster run first: the bootstrap files, and the packages of a wheelhouse."""

import hashlib
from pathlib import Path

from launcher.emr.design import design
from launcher.support.project import PROJECT
from lib.errors import InputError

REQUIREMENTS = PROJECT / "infrastructure" / "requirements-master.txt"  # those of the other nodes are a part of it
WHEELHOUSE = PROJECT / "infrastructure" / "build" / "wheelhouse"  # as Terraform expects it (storage.tf)


def bootstrap_files(wheelhouse: bool) -> list[Path]:
    """The files to upload; with `wheelhouse` also the archives of wheels.

    Raises:
        InputError: there is no wheelhouse, or one of other requirements.
    """
    files = [PROJECT / "infrastructure" / name for name in design()["bootstrap"]["files"]]
    return [*files, *wheels()] if wheelhouse else files


def bootstrap_place(bucket: str) -> str:
    """The folder of this version's bootstrap files, by their content: Terraform's own may be of another version.

    The wheels need no part in it, for the requirements have their hashes.
    """
    content = b"".join(file.read_bytes() for file in bootstrap_files(wheelhouse=False))
    return f"s3://{bucket}/bootstrap/{hashlib.sha256(content).hexdigest()[:16]}/"


def wheels() -> list[Path]:
    """The archives of the wheelhouse, one for each kind of machine.

    Raises:
        InputError: there is no wheelhouse, or one of other requirements.
    """
    made_of = WHEELHOUSE / REQUIREMENTS.name  # written last
    if not made_of.exists() or made_of.read_bytes() != REQUIREMENTS.read_bytes():
        raise InputError(
            "infrastructure/build/wheelhouse does not exist yet, or is of other requirements: run `make wheelhouse` in "
            "the project's folder first"
        )
    return sorted(WHEELHOUSE.glob("wheels-*.tar"))
