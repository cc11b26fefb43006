"""Finding and reading the models and evaluations that earlier runs left, and folders for new ones."""

from collections.abc import Collection
from typing import Any

from pyspark.sql import SparkSession

from lib import artifacts
from lib.errors import InputError, some
from lib.records import model_files
from lib.records.model import EXPERIMENT, SUMMARY
from lib.storage import Storage, join


def pick_model(spark: SparkSession, out: str, model_dir: str = "") -> str:
    """The given model, or the newest complete one below `out`.

    Raises:
        InputError: no model is given and `out` has none.
    """
    remedy = "train one (notebook 02_train) or name one with model_dir"
    return model_dir or _newest(spark, artifacts.models_dir(out), artifacts.SUMMARY, "model", remedy)


def pick_evaluation(spark: SparkSession, out: str, eval_dir: str = "") -> str:
    """The given evaluation, or the newest complete one below `out`.

    Raises:
        InputError: no evaluation is given and `out` has none.
    """
    remedy = "evaluate a model (notebook 03_evaluate) or name one with eval_dir"
    return eval_dir or _newest(spark, artifacts.results_dir(out), artifacts.EVAL_METRICS, "evaluation", remedy)


def read_model(storage: Storage, model_dir: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """The contents of a model's experiment.json and summary.json.

    Raises:
        InputError: there is no model, its training did not finish, or one of the files is damaged.
    """
    folder = model_dir.rstrip("/")
    model_files.require_complete(storage.exists, folder)
    experiment = storage.read_record(join(model_dir, artifacts.EXPERIMENT), EXPERIMENT)
    model_files.require_decision(storage.exists, folder, experiment)
    return experiment, storage.read_record(join(model_dir, artifacts.SUMMARY), SUMMARY)


def own_folder(storage: Storage, named: str, what: str, proof: str, parts: Collection[str] = ()) -> str:
    """The folder that a user names for one model or evaluation (`what`) alone, as it is written in places below it.

    It may have what a run left that did not finish (`parts`), but not the `proof` that one did.

    Raises:
        InputError: it has a complete one, or something else; or Spark can save nothing there.
    """
    folder = named.rstrip("/") or named
    artifacts.check_place(folder)
    if storage.exists(join(folder, proof)):
        raise InputError(f"{folder} has a complete {what} already ({proof}): name another folder, or remove this one")
    others = [name for name in storage.list(folder) if name not in parts and not name.startswith((".", "_"))]
    if others:
        raise InputError(
            f"{folder} has other files ({some(others, 3)}): name a folder for this {what} alone, such as {folder}/v1"
        )
    return folder


def _newest(spark: SparkSession, folder: str, proof: str, what: str, remedy: str) -> str:
    found = model_files.newest(Storage(spark).folders, folder, proof)
    if found is None:
        raise InputError(f"there is no complete {what} in {folder}: {remedy}")
    return found
