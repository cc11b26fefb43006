"""Folders of saved models without what only Spark reads: names, metadata, and files of trees that hold nothing."""

import json
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from lib import artifacts
from tests.lib import records

_CLASSES = {
    "forest": "org.apache.spark.ml.classification.RandomForestClassificationModel",
    "gbt": "org.apache.spark.ml.classification.GBTClassificationModel",
    "logistic": "org.apache.spark.ml.classification.LogisticRegressionModel",
}


def write_pipeline(
    folder: Path,
    features: Sequence[str] = ("f0", "f1"),
    kind: str = "forest",
    classes: int = 2,
    imputed: bool = False,
) -> Path:
    """A PipelineModel as Spark ML saves it, with an Imputer before the assembler or without."""
    filled = [f"{name}_filled" for name in features] if imputed else list(features)
    imputer = {"class": "org.apache.spark.ml.feature.ImputerModel", "defaultParamMap": {"missingValue": "NaN"}}
    assembler = {"class": "org.apache.spark.ml.feature.VectorAssembler"}
    model = {"class": _CLASSES[kind], "paramMap": {"featuresCol": "features"}}
    model |= {"numFeatures": len(features), "numTrees": 3, "numClasses": classes}
    stages: dict[str, dict[str, Any]] = {
        **(
            {"imputer": {**imputer, "paramMap": {"inputCols": list(features), "outputCols": filled}}} if imputed else {}
        ),
        "assembler": {**assembler, "paramMap": {"inputCols": filled, "outputCol": "features"}},
        "model": model,
    }
    pipeline = {"class": "org.apache.spark.ml.PipelineModel", "paramMap": {"stageUids": list(stages)}}
    _write(folder / "metadata" / "part-00000", pipeline)
    for place, (name, content) in enumerate(stages.items()):
        _write(folder / "stages" / f"{place}_{name}" / "metadata" / "part-00000", content)
    for name in ("data", "treesMetadata"):
        _write(folder / "stages" / f"{len(stages) - 1}_model" / name / "part-00000.parquet", None)
    return folder


def write_model(out: Path, run_id: str = "20260101_000000", **pipeline: Any) -> Path:
    """A complete model of this project below an output folder."""
    folder = Path(artifacts.model_dir(str(out), run_id))
    write_pipeline(folder / artifacts.PIPELINE, **pipeline)
    _write(folder / artifacts.EXPERIMENT, records.experiment(run_id))
    _write(folder / artifacts.SUMMARY, records.summary(run_id))
    return folder


def upload_model(s3: Any, bucket: str, out: str, run_id: str = "20260101_000000", **pipeline: Any) -> str:
    """A complete model of this project in S3, below the prefix `out`; its URI."""
    with tempfile.TemporaryDirectory() as here:
        folder = write_model(Path(here), run_id, **pipeline)
        for file in (each for each in folder.rglob("*") if each.is_file()):
            key = f"{out}/{file.relative_to(here)}"
            s3.put_object(Bucket=bucket, Key=key, Body=file.read_bytes())
    return artifacts.model_dir(f"s3://{bucket}/{out}", run_id)


def _write(file: Path, content: Any) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(content))
