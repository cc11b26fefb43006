"""What an experiment leaves behind, and where: names and layout, shared by both sides.

    <out>/models/model_<run_id>/      pipeline_best, metrics/, experiment.json, notebooks/
    <out>/results/eval_<run_id>/      metrics.json, EVALUATION_REPORT.md, plots, notebooks/
    <out>/failed/<run_id>/            the notebooks and logs of a run that failed
    <out>/steps/<run_id>/             what a detached run was given, and how far it has come

Pure Python: the launcher reads these names without Spark.
"""

import re
from datetime import UTC, datetime, timedelta

from lib.errors import InputError

PIPELINE = "pipeline_best"
EXPERIMENT = "experiment.json"
SUMMARY = "metrics/summary.json"
IMPORTANCES = "metrics/feature_importances.csv"
SEARCH_LOG = "metrics/search.jsonl"
NOTEBOOKS = "notebooks"

EVAL_METRICS = "metrics.json"
EVAL_CURVES = "curves.json"
EVAL_IMPORTANCES = "feature_importance.json"
REPORT = "EVALUATION_REPORT.md"

METRICS = ("areaUnderROC", "areaUnderPR", "accuracy", "f1")
"""Metrics of every candidate, evaluation and zone, under these keys in search.jsonl, summary.json and metrics.json."""
SEARCH_METRICS = ("areaUnderPR", "areaUnderROC")
"""Those that a search may choose by, the default first."""
OVERALL_METRICS = (*METRICS[:2], "average_precision", *METRICS[2:], "weightedPrecision", "weightedRecall")
"""All single figures of an evaluation, in the order in which its tables show them."""

_FORMAT = "%Y%m%d_%H%M%S"
_RUN_ID = re.compile(r"\d{8}_\d{6}")


def new_run_id() -> str:
    """The UTC time as YYYYMMDD_HHMMSS: what names a run."""
    return datetime.now(UTC).strftime(_FORMAT)


def next_run_id(run_id: str) -> str:
    """The id of a run a second later."""
    return (datetime.strptime(_checked(run_id), _FORMAT) + timedelta(seconds=1)).strftime(_FORMAT)


def model_dir(out: str, run_id: str) -> str:
    """Folder or prefix of a run's model."""
    return f"{out.rstrip('/')}/models/model_{_checked(run_id)}"


def eval_dir(out: str, run_id: str) -> str:
    """Folder or prefix of a run's evaluation."""
    return f"{out.rstrip('/')}/results/eval_{_checked(run_id)}"


def failed_dir(out: str, run_id: str) -> str:
    """Folder or prefix of what a failed run ran: apart from models and results, for it is neither."""
    return f"{out.rstrip('/')}/failed/{_checked(run_id)}"


def step_dir(out: str, run_id: str) -> str:
    """Folder or prefix of what a detached run and those who follow it tell each other."""
    return f"{out.rstrip('/')}/steps/{_checked(run_id)}"


def run_id_of(folder: str) -> str:
    """The run id at the end of a model's or evaluation's folder name, or "" where there is none."""
    found = _RUN_ID.search(folder.rstrip("/").rsplit("/", 1)[-1])
    return found.group() if found else ""


def _checked(run_id: str) -> str:
    if not _RUN_ID.fullmatch(run_id):
        raise InputError(f"run_id={run_id!r} is not of the form YYYYMMDD_HHMMSS")
    return run_id
