"""Evaluations made up: the files that two runs on the same rows leave, without having run."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from launcher.leaderboard.paired_draws import Scored, figures
from lib import artifacts
from tests.lib import records

A, B = "20260101_000000", "20260102_000000"
METRIC = "areaUnderPR"


def rows(count: int = 300, seed: int = 0, noise: float = 1.0, zones: int = 0, repeats: int = 0) -> dict[str, Any]:
    """Rows with hash, label and score; the rows and labels of a seed are the same whatever the noise of the scores.

    `repeats` is how many rows repeat the first ones.
    """
    generator = np.random.default_rng(seed)
    labels = (generator.random(count) < 0.3).astype(float)
    hashes = generator.integers(-(2**63), 2**63 - 1, count)
    names = np.array([f"z{place}" for place in generator.integers(0, max(zones, 1), count)])
    common = generator.normal(size=count)
    scores = 1 / (1 + np.exp(-(labels + common + noise * generator.normal(size=count))))
    found = {"label": labels, "row_hash": hashes, "score": scores}
    if zones:
        found["zone"] = names
    places = [*range(count - repeats), *range(repeats)]
    return {name: values[places] for name, values in found.items()}


def leave(out: Path, run_id: str, table: dict[str, Any], *, parts: int = 1, **changed: Any) -> Path:
    """The files of an evaluation and its model; returns the folder of the evaluation.

    `changed` are keys of metrics.json; `parameters` are those of experiment.json, and `summary` of summary.json.
    """
    parameters, summary = changed.pop("parameters", {}), changed.pop("summary", {})
    folder = Path(artifacts.eval_dir(str(out), run_id))
    model = Path(artifacts.model_dir(str(out), run_id))
    metrics = records.metrics(run_id, model_dir=str(model)) | of_rows(table) | changed
    write(folder / artifacts.EVAL_METRICS, metrics)
    experiment = records.experiment(run_id)
    experiment["parameters"] |= parameters
    write(model / artifacts.EXPERIMENT, experiment)
    write(model / artifacts.SUMMARY, records.summary(run_id) | {"metric_used": METRIC} | summary)
    (model / artifacts.PIPELINE / "metadata").mkdir(parents=True, exist_ok=True)
    write_rows(folder, table, parts)
    return folder


def write_rows(folder: Path, table: dict[str, Any], parts: int = 1) -> None:
    """scores.parquet as Spark leaves it: a folder of parts, and beside them files that are none."""
    place = folder / artifacts.EVAL_SCORES
    place.mkdir(parents=True, exist_ok=True)
    for part in range(parts):
        content = {name: values[part::parts] for name, values in table.items()}
        pq.write_table(pa.table(content), place / f"part-{part:05}.snappy.parquet")
    (place / "_SUCCESS").touch()


def of_rows(table: dict[str, Any], threshold: float = 0.5) -> dict[str, Any]:
    """The keys of metrics.json that follow from the rows."""
    count = len(table["label"])
    fingerprint = f"{int(np.bitwise_xor.reduce(table['row_hash'])) % 2**64:016x}"
    columns = {name: name if name in table else None for name in ("row_hash", "label", "score", "zone", "weight")}
    columns |= {"class": "class", "calibrated": "calibrated" if "calibrated" in table else None}
    measured = records.metrics()["measured_on"]
    return {
        "measured_on": measured | {"count": count, "positives": int(table["label"].sum()), "fingerprint": fingerprint},
        "scored_rows": {"rows": count, "kept": count, "columns": columns},
        "areaUnderROC": figures(table["label"], Scored(table["score"], threshold), table.get("weight"))["areaUnderROC"],
        "threshold": threshold,
    }


def write(place: Path, content: Any) -> None:
    """A JSON file."""
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text(json.dumps(content))
