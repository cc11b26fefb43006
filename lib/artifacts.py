"""The files of an experiment: names and layout, shared by both sides.

    <out>/models/model_<run_id>/      pipeline_best, metrics/, experiment.json, MLmodel, notebooks/
    <out>/results/eval_<run_id>/      metrics.json, EVALUATION_REPORT.md and .html, plots, notebooks/
    <out>/scores/score_<run_id>/      scores/ or maps/, scores.json, SCORING_REPORT.md and .html, plots, notebooks/
    <out>/failed/<run_id>/            the notebooks and logs of a run that failed
    <out>/steps/<run_id>/             inputs and progress of a detached run
    <out>/source/<hash>/              the code used by runs on a cluster
    <out>/index.html                  all runs side by side

Pure Python: the launcher reads these names without Spark.
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from lib.errors import InputError
from lib.support import s3_uri

PIPELINE = "pipeline_best"
EXPERIMENT = "experiment.json"
SUMMARY = "metrics/summary.json"
IMPORTANCES = "metrics/feature_importances.csv"
SEARCH_LOG = "metrics/search.jsonl"
CALIBRATION = "calibration.json"
REFERENCE = "reference.parquet"
SEEN_ROWS = "seen_rows.parquet"
NOTEBOOKS = "notebooks"
TAGS = "tags.json"
"""The tags of a model, and their history."""
SOURCE_ZIP = "source.zip"
"""The code of a run, where it is not that of a commit."""
MLMODEL = "MLmodel"
"""What MLflow loads a model's folder by."""
MLFLOW_CODE = "mlflow_code"
"""What `mlflow.pyfunc` loads a model with, in the model's folder."""
LEADERBOARD = "index.html"
"""The page of all runs, directly in the output folder."""

EVAL_METRICS = "metrics.json"
EVAL_CURVES = "curves.json"
EVAL_IMPORTANCES = "feature_importance.json"
EVAL_SCORES = "scores.parquet"
REPORT = "EVALUATION_REPORT.md"
REPORT_HTML = "EVALUATION_REPORT.html"

TAG_IN_WORDS = "a small letter, then small letters, digits, dots, dashes and underscores, 40 in all at most"
"""What a tag is; neither `latest` nor a run's name is one."""
LATEST = "latest"
"""The model to score with: the newest complete one below the output folder."""
SCORES = "scores"
MAPS = "maps"
BEST_AREAS = "best_areas.geojson"
WINDOWS = "windows"
"""What is finished of the maps of a scoring, until they are complete; it resumes from there."""
SCORES_RECORD = "scores.json"
SCORING_REPORT = "SCORING_REPORT.md"
SCORING_REPORT_HTML = "SCORING_REPORT.html"

METRICS = ("areaUnderROC", "areaUnderPR", "accuracy", "f1")
"""Metrics of every candidate, evaluation and zone, under these keys in search.jsonl, summary.json and metrics.json."""
SEARCH_METRICS = ("areaUnderPR", "areaUnderROC")
"""The metrics that a search may select by, the default first."""
SELECT_BY = VALIDATION, ZONES = "validation", "zones"
"""What a search compares candidates on, the default first: the validation rows, or zones left out."""
OVERALL_METRICS = (*METRICS[:2], "average_precision", *METRICS[2:], "weightedPrecision", "weightedRecall")
"""All single-number metrics of an evaluation, in the order of its tables."""
LOSSES = ("brier", "log_loss")
"""How far an evaluation's scores are from probabilities."""
GATE_METRICS = (*OVERALL_METRICS, *(f"{of}_zone_{name}" for of in ("mean", "worst") for name in SEARCH_METRICS))
"""The figures that a gate may ask for; `worst_zone_areaUnderROC` is that of the worst of the zones left out that are
not small (`lib.measures.zones.is_small`)."""
# Which rows an evaluation measured: `measured_on.rows` of its metrics.json.
HELD_OUT = "held-out"
WHOLE_TABLE = "all rows of test_data"
SHARE_OF_TABLE = "a share of test_data"

_TAG = re.compile(r"[a-z][a-z0-9._-]{0,39}")
_PATTERN = "*?[{\\,:"
_FORMAT = "%Y%m%d_%H%M%S"
_RUN_ID = re.compile(r"\d{8}_\d{6}")
_AT_THE_END = re.compile(rf"{_RUN_ID.pattern}\Z")
_MODELS, _RESULTS, _SCORES, _FAILED, _STEPS, _SOURCE = "models", "results", "scores", "failed", "steps", "source"
# A place's scheme, with its host or bucket if it has one: Hadoop writes file:/folder, too.
_SCHEME = re.compile(r"^[A-Za-z][\w+.-]*:(?://[^/]*|(?=/))")
_CLAIMS = ".claims"  # hidden, for nobody looks for results there
_STEP_DIR = re.compile(rf"(?P<out>{s3_uri.BEGINNING}\S+?)/{_STEPS}/(?P<run_id>{_RUN_ID.pattern})/")


def check_place(place: str) -> None:
    """Whether Spark can save a model below a folder of this name, and load it.

    Spark takes what it loads for a pattern, or for several paths, and Hadoop takes a name with a colon for a URI.

    Raises:
        InputError: it cannot; names the character.
    """
    path = _SCHEME.sub("", place)
    if wrong := [character for character in _PATTERN if character in path]:
        raise InputError(
            f"Spark loads no model from a path with {' '.join(wrong)} in it: {place}; choose another folder"
        )


def new_run_id() -> str:
    """A new run id: the UTC time as YYYYMMDD_HHMMSS."""
    return datetime.now(UTC).strftime(_FORMAT)


def next_run_id(run_id: str) -> str:
    """The run id of one second later.

    Raises:
        InputError: `run_id` is not a run id.
    """
    return (datetime.strptime(_checked(run_id), _FORMAT) + timedelta(seconds=1)).strftime(_FORMAT)


def models_dir(out: str) -> str:
    """Folder or prefix of all models."""
    return f"{out.rstrip('/')}/{_MODELS}"


def scores_dir(out: str) -> str:
    """Folder or prefix of all scorings."""
    return f"{out.rstrip('/')}/{_SCORES}"


def results_dir(out: str) -> str:
    """Folder or prefix of all evaluations."""
    return f"{out.rstrip('/')}/{_RESULTS}"


def model_name(run_id: str) -> str:
    """The name of a run's model, which is also used to resume it.

    Raises:
        InputError: `run_id` is not a run id.
    """
    return f"model_{_checked(run_id)}"


def model_dir(out: str, run_id: str) -> str:
    """Folder or prefix of a run's model.

    Raises:
        InputError: no model can be saved there.
    """
    check_place(out)
    return f"{models_dir(out)}/{model_name(run_id)}"


def eval_dir(out: str, run_id: str) -> str:
    """Folder or prefix of a run's evaluation."""
    return f"{results_dir(out)}/eval_{_checked(run_id)}"


def score_dir(out: str, run_id: str) -> str:
    """Folder or prefix of a run's scores.

    Raises:
        InputError: Spark cannot read what it writes there.
    """
    check_place(out)
    return f"{scores_dir(out)}/score_{_checked(run_id)}"


def failed_dir(out: str, run_id: str) -> str:
    """Folder or prefix of what a failed run leaves, kept apart from models and results."""
    return f"{out.rstrip('/')}/{_FAILED}/{_checked(run_id)}"


def step_dir(out: str, run_id: str) -> str:
    """Folder or prefix through which a detached run and its followers exchange messages."""
    return f"{out.rstrip('/')}/{_STEPS}/{_checked(run_id)}"


def step_dir_in(text: str) -> tuple[str, str] | None:
    """The `out` and the run id of the first URI in a text that is, or is below, a `step_dir` in S3."""
    found = _STEP_DIR.search(text)
    return (found["out"], found["run_id"]) if found else None


def claim(out: str, run_id: str) -> str:
    """The file that a run makes to have its id to itself, and removes when it ends."""
    return f"{out.rstrip('/')}/{_CLAIMS}/{_checked(run_id)}"


def claims_dir(out: str) -> str:
    """Folder or prefix of the claims of runs that are under way."""
    return f"{out.rstrip('/')}/{_CLAIMS}"


def failures_dir(out: str) -> str:
    """Folder or prefix of what all failed runs leave."""
    return f"{out.rstrip('/')}/{_FAILED}"


def steps_dir(out: str) -> str:
    """Folder or prefix of the messages of all detached runs."""
    return f"{out.rstrip('/')}/{_STEPS}"


def source_dir(out: str, digest: str) -> str:
    """Folder or prefix of one version of the code, named by its content hash."""
    return f"{out.rstrip('/')}/{_SOURCE}/{digest}"


def run_id_of(folder: str) -> str:
    """The run id at the end of a model's or evaluation's folder name, or "" if there is none."""
    found = _AT_THE_END.search(folder.rstrip("/").rsplit("/", 1)[-1])
    return found.group() if found else ""


def is_tag(name: str) -> bool:
    """Whether a name may be a model's tag."""
    return _TAG.fullmatch(name) is not None and name != LATEST and not run_id_of(name)


def unit_scored(record: Mapping[str, Any]) -> str:
    """What the `rows` of a scores.json are: "pixels" of maps, or "rows" of a table."""
    return "pixels" if "tiles" in record else "rows"


def selecting(record: Mapping[str, Any], metric: str) -> float:
    """The figure by which a search selects, from a line of search.jsonl: of zones left out, if it has them."""
    value: float = (record.get(ZONES) or record["val_metrics"])[metric]
    return value


def _checked(run_id: str) -> str:
    if not _RUN_ID.fullmatch(run_id):
        raise InputError(f"run_id={run_id!r} does not have the form YYYYMMDD_HHMMSS")
    return run_id
