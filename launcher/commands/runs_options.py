"""What the commands `runs …` share: where the runs are."""

from typing import Annotated

import typer

from launcher.parameters.sources import gather
from launcher.support.files import local_path
from launcher.support.surroundings import working_folder
from lib.errors import InputError

Out = Annotated[str | None, typer.Option("--out", metavar="PLACE", help="folder or URI of the runs")]
Params = Annotated[str | None, typer.Option("--params", metavar="FILE", help="YAML file of parameters, for its out")]


def place_of(out: str | None, params: str | None = None) -> str:
    """The output folder that is meant: given, that of a params file, or the default.

    Raises:
        InputError: the parameters do not fit, or it is a file.
    """
    place = gather(params, [], {"out": out}, cwd=working_folder()).out
    here = local_path(place)
    if here and here.is_file():
        raise InputError(f"out={place} is a file, not a folder of runs; give the --out of the experiments")
    return place
