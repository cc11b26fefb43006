"""Finding the models and evaluations that earlier runs left below an output folder."""

from pyspark.sql import SparkSession

from lib import artifacts
from lib.errors import InputError
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


def _newest(spark: SparkSession, folder: str, proof: str, what: str, remedy: str) -> str:
    storage = Storage(spark)
    for name in reversed(storage.list(folder)):  # run ids sort by time
        if artifacts.run_id_of(name) and storage.exists(join(folder, name, proof)):
            return join(folder, name)
    raise InputError(f"there is no complete {what} in {folder}: {remedy}")
