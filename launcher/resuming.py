"""Taking up an experiment that died, by its model's name: `--resume model_YYYYMMDD_HHMMSS`."""

import json
from typing import Any

from launcher.files import files_at, shown
from lib import artifacts
from lib.errors import InputError


def recorded_parameters(out: str, model: str) -> dict[str, Any]:
    """The parameters that the experiment was begun with, and those that take it up.

    Whether what was begun may be taken up (same data, same code) only the training itself can tell.

    Raises:
        InputError: `model` is not the name of a model, or none of that name was begun below `out`.
    """
    run_id = artifacts.run_id_of(model)
    if not run_id:
        raise InputError(f"--resume {model}: must be the name of a model, model_YYYYMMDD_HHMMSS")
    folder = artifacts.model_dir(out, run_id)
    record = files_at(out).read_text(f"{folder}/{artifacts.EXPERIMENT}")
    if record is None:
        raise InputError(
            f"--resume {model}: no search was begun in {shown(folder)} ({artifacts.EXPERIMENT} is missing); check the "
            "name and --out, or start a new experiment"
        )
    return {**json.loads(record)["parameters"], "run_id": run_id, "resume": True}
