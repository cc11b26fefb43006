"""What the folder of a saved model holds, from the names and the small JSON files in it: no Spark is needed.

Scoring asks through Spark's file systems, the launcher through its own before it starts anything. Both refuse the same
models with the same words.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import nextafter
from typing import Any, Literal

from lib import artifacts
from lib.errors import InputError, NotCompilable

Kind = Literal["forest", "gbt"]

_PIPELINE = "org.apache.spark.ml.PipelineModel"
_ASSEMBLER = "org.apache.spark.ml.feature.VectorAssembler"
_IMPUTER = "org.apache.spark.ml.feature.ImputerModel"
_KINDS: Mapping[str, Kind] = {
    "org.apache.spark.ml.classification.RandomForestClassificationModel": "forest",
    "org.apache.spark.ml.classification.GBTClassificationModel": "gbt",
}
# One of these beside a pipeline says that this project trained it.
_OURS = (artifacts.SUMMARY, artifacts.EXPERIMENT, artifacts.CALIBRATION)


@dataclass(frozen=True)
class Folders:
    """What reads folders: `names` of what is directly below one (none without a folder), the `text` of a file."""

    names: Callable[[str], Sequence[str]]
    text: Callable[[str], str]
    exists: Callable[[str], bool]


@dataclass(frozen=True)
class Place:
    """Where a model is: its pipeline, and the folder with what is kept beside it."""

    folder: str
    pipeline: str
    is_ours: bool


@dataclass(frozen=True)
class Outline:
    """A pipeline of an assembler and trees: its input columns in order, and the `folder` of its `count` trees.

    `imputer` is the folder of the Imputer before them, None if there is none, and `filled` are the columns it fills.
    Spark's `prediction` is class 1 if the probability is above `threshold`.
    """

    features: tuple[str, ...]
    kind: Kind
    count: int
    folder: str
    imputer: str | None = None
    filled: frozenset[str] = frozenset()
    threshold: float = 0.5


def newest(folders: Folders, folder: str, proof: str) -> str | None:
    """The newest run's folder directly below `folder` that has the file `proof`, None if there is none."""
    for name in sorted(folders.names(folder), reverse=True):  # run ids sort by time
        if artifacts.run_id_of(name) and folders.exists(f"{folder}/{name}/{proof}"):
            return f"{folder}/{name}"
    return None


def locate(folders: Folders, model: str) -> Place:
    """Where the model is that a user names by its folder or by its pipeline.

    Raises:
        InputError: there is none, or it is one of this project's whose training did not finish.
    """
    folder, pipeline = parts_of(folders.exists, model)
    is_ours = pipeline != folder and any(folders.exists(f"{folder}/{name}") for name in _OURS)
    if is_ours:
        require_complete(folders.exists, folder)
    if not folders.exists(pipeline):
        raise InputError(f"there is no model at {model}: give a model's folder, its {artifacts.PIPELINE}, or latest")
    return Place(folder, pipeline, is_ours)


def parts_of(exists: Callable[[str], bool], model: str) -> tuple[str, str]:
    """The folder and the pipeline of the model that a user names by either of them, whether they are there or not."""
    given = model.rstrip("/")
    pipeline = given if exists(f"{given}/metadata") else f"{given}/{artifacts.PIPELINE}"
    folder, _, name = pipeline.rpartition("/")
    return (folder or "." if name == artifacts.PIPELINE else pipeline), pipeline


def require_complete(exists: Callable[[str], bool], folder: str) -> None:
    """Check that a model of this project is complete.

    Raises:
        InputError: there is none, or its training did not finish, or it was not copied whole.
    """
    if not exists(f"{folder}/{artifacts.SUMMARY}"):
        begun = exists(f"{folder}/{artifacts.EXPERIMENT}") or artifacts.run_id_of(folder)
        found = "its training did not finish" if begun else "it is no model of this project"
        why = found if exists(folder) else "it does not exist"
        raise InputError(f"no complete model at {folder}: {why} ({artifacts.SUMMARY} is missing)")
    if not exists(f"{folder}/{artifacts.EXPERIMENT}"):
        raise InputError(f"no complete model at {folder}: {artifacts.EXPERIMENT} is missing; copy the whole folder")


def require_decision(exists: Callable[[str], bool], folder: str, experiment: Mapping[str, Any]) -> None:
    """Check that a model of this project still has its threshold; its `experiment` says whether it ever had one.

    Raises:
        InputError: it was not copied whole. With another threshold it would say something else of the rows.
    """
    if "threshold" in experiment.get("parameters", {}) and not exists(f"{folder}/{artifacts.CALIBRATION}"):
        raise InputError(
            f"no complete model at {folder}: {artifacts.CALIBRATION}, which has its threshold, is missing; "
            "copy the whole folder"
        )


def outline(folders: Folders, path: str) -> Outline:
    """Look at a saved PipelineModel: an assembler and a binary forest or GBT, with or without an Imputer before them.

    Raises:
        NotCompilable: it is another.
        InputError: there is none at `path`, or its files are not all there.
    """
    pipeline = _metadata(folders, path, path)
    try:
        uids = param(pipeline, "stageUids") if pipeline["class"] == _PIPELINE else []
        stages = [f"{path.rstrip('/')}/stages/{place}_{uid}" for place, uid in enumerate(uids)]
        if len(stages) not in (2, 3):
            raise _of_other_stages(path)
        *before, assembler, model = (_metadata(folders, path, stage) for stage in stages)
        if any(stage["class"] != _IMPUTER for stage in before):
            raise _of_other_stages(path)
        if assembler["class"] != _ASSEMBLER or model["class"] not in _KINDS:
            raise _of_other_stages(path)
        columns = tuple(param(assembler, "inputCols"))
        sources = _imputed(path, before[0]) if before else {}
        features = tuple(sources.get(name, name) for name in columns)
        if model.get("numClasses", 2) != 2:
            raise refused(path, f"its model has {model['numClasses']} classes, not 2")
        if len(features) != model["numFeatures"] or param(assembler, "outputCol") != param(model, "featuresCol"):
            raise refused(path, "its model does not read its features from one column of numbers each")
        filled = frozenset(sources[name] for name in columns if name in sources)
        imputer = stages[0] if before else None
        kind, threshold = _KINDS[model["class"]], _threshold(model)
        found = Outline(features, kind, model["numTrees"], stages[-1], imputer, filled, threshold)
    except (KeyError, TypeError) as error:
        raise damaged(path, f"its metadata lack {error}") from error
    for name in ("data", "treesMetadata"):
        if not any(file.startswith("part-") for file in folders.names(f"{found.folder}/{name}")):
            raise damaged(path, f"there are no files in {found.folder}/{name}")
    return found


def rule_for_missing(path: str, missing: str | None, fills: bool) -> str:
    """What a scoring does with rows that have missing values: what was asked for, or else what the model does.

    Raises:
        InputError: they are to be filled, and the model has nothing to fill them with.
    """
    if missing == "median" and not fills:
        raise InputError(
            f"missing: median: the model at {path} has no medians, because it was not trained with missing: median; "
            "score with missing: drop, or train it so"
        )
    return missing or ("median" if fills else "error")


def _threshold(model: Mapping[str, Any]) -> float:
    """The probability above which Spark predicts class 1: it takes the class with the largest probability / threshold.

    Where the threshold of class 0 is 0, that is class 0 unless class 1 is certain.
    """
    of_0, of_1 = model["paramMap"].get("thresholds") or (0.5, 0.5)
    return min(float(of_1 / (of_0 + of_1)), nextafter(1.0, 0.0))


def _imputed(path: str, imputer: Mapping[str, Any]) -> dict[str, str]:
    """The column that each output of an Imputer is made from."""
    if param(imputer, "missingValue") != "NaN":
        raise refused(path, f"its Imputer fills the value {param(imputer, 'missingValue')}, and not only null and NaN")
    single = "inputCol" in imputer["paramMap"]
    names = [param(imputer, name) for name in (("inputCol", "outputCol") if single else ("inputCols", "outputCols"))]
    inputs, outputs = ([each] if single else each for each in names)
    if {name.lower() for name in inputs} & {name.lower() for name in outputs}:
        raise refused(path, "its Imputer writes over columns that it reads")
    return dict(zip(outputs, inputs, strict=True))


def param(metadata: Mapping[str, Any], name: str) -> Any:
    """A parameter of a saved stage."""
    return {**metadata.get("defaultParamMap", {}), **metadata["paramMap"]}[name]


def refused(path: str, why: str) -> NotCompilable:
    """Compiled trees cannot score a model."""
    return NotCompilable(
        f"the model at {path} cannot be scored with compiled trees: {why}; "
        "score with the transform of its PipelineModel, or train a random forest or a GBT with this project"
    )


def damaged(path: str, why: str) -> InputError:
    """Files of a model are not there, or not as they were written."""
    return InputError(f"the model at {path} is damaged: {why}; save or copy it again")


def _of_other_stages(path: str) -> NotCompilable:
    return refused(path, "it is not a VectorAssembler followed by a random forest or a GBT")


def _metadata(folders: Folders, path: str, folder: str) -> dict[str, Any]:
    """What Spark ML saved about a pipeline, or about a stage of it in `folder`, beside its data."""
    place = f"{folder.rstrip('/')}/metadata"
    files = [name for name in folders.names(place) if name.startswith("part-")]
    if not files and folder == path:
        raise InputError(f"there is no saved model at {folder}: give the folder that a PipelineModel was saved to")
    if not files:
        raise damaged(path, f"there are no files in {place}")
    try:
        content = json.loads(folders.text(f"{place}/{files[0]}"))
    except ValueError as error:
        raise damaged(path, f"{place}/{files[0]} is not JSON") from error
    if not isinstance(content, dict):
        raise damaged(path, f"{place}/{files[0]} does not describe a model")
    return content
