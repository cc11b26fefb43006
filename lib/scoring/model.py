"""A saved model, ours or one of plain Spark ML, with all that is kept beside it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from lib import runs
from lib.engines.saved_models import (
    SCORE_COL,
    TreeScorer,
    check_scores,
    check_trained,
    load_ensemble,
    load_pipeline,
    with_score,
)
from lib.measures import comparison, reference
from lib.measures.applicability import upper_fence
from lib.measures.decision import Decision
from lib.measures.judge import Judge
from lib.metrics import Array
from lib.records import model_files
from lib.storage import Storage
from lib.support import filling

COMPARED_ROWS = 10_000


@dataclass(frozen=True)
class Model:
    """A saved model with what is kept beside it; the records are empty beside a pipeline of plain Spark ML.

    `verified` says whether it was proved to be the one that was trained; None if that is not known.
    """

    folder: str
    pipeline: str
    scorer: TreeScorer
    judge: Judge
    known: reference.Reference | None
    experiment: Mapping[str, Any]
    summary: Mapping[str, Any]
    verified: bool | None = None

    @property
    def features(self) -> tuple[str, ...]:
        """The columns or bands that it reads, in order."""
        return self.scorer.features

    @property
    def nodata(self) -> tuple[float, ...]:
        """Values of features that are missing, as they were in training."""
        return tuple(self.experiment.get("parameters", {}).get("nodata") or ())

    def check(self, spark: SparkSession, values: Array) -> None:
        """Score some rows by Spark ML, too; with NaN, if the model fills it.

        Raises:
            SavedModelError: it gives other probabilities.
        """
        rows = spark.createDataFrame(spread_over(values, COMPARED_ROWS).tolist(), list(self.features))
        theirs = with_score(load_pipeline(spark, self.pipeline).transform(rows))
        columns = [F.col(f"`{name}`") for name in (*self.features, SCORE_COL)]
        found = np.array(theirs.select(*columns).collect(), np.float64)
        check_scores(self.pipeline, self.scorer.score(found[:, :-1]), found[:, -1])

    def rule_for_missing(self, missing: str | None) -> str:
        """See `model_files.rule_for_missing`; raises the same errors."""
        return model_files.rule_for_missing(self.pipeline, filling.check_rule(missing), self.scorer.fills is not None)

    def described(self) -> dict[str, Any]:
        """What `scores.json` says about the model."""
        return {
            "model": self.folder,
            "model_verified": self.verified,
            "threshold": self.judge.decision.threshold,
            "threshold_rule": self.judge.decision.rule,
            "spread_limit": self.judge.spread_limit,
            "dissimilarity_limit": self.judge.area.threshold if self.judge.area else None,
            "columns": list(self.judge.names),
            "importances": self.summary.get("feature_importances", []),
        }

    def beside_training(self, values: Array) -> dict[str, Any]:
        """Whether the model applies to some rows, and how they differ from its training rows; empty if not known."""
        if self.known is None:
            return {}
        gains, area = comparison.gains_of(self.summary), self.judge.area
        return {
            "applicability": comparison.index_of(area, values) if area else None,
            **comparison.with_training(self.known, values, self.features, gains, self.experiment["split"]["seed"]),
        }


def spread_over(values: Array, most: int) -> Array:
    """At most so many rows, from the first to the last: those of a map are sorted, and its first would be alike."""
    count = min(most, len(values))
    return values[np.arange(count) * (len(values) - 1) // max(1, count - 1)]


def load_model(spark: SparkSession, model: str) -> Model:
    """Read a model and what is kept beside it.

    Raises:
        InputError: there is none, it is not whole, it is another than was trained, or compiled trees cannot score it.
    """
    storage = Storage(spark)
    place = model_files.locate(storage.folders, model)
    folder, pipeline = place.folder, place.pipeline
    experiment, summary = runs.read_model(storage, folder) if place.is_ours else ({}, {})
    scorer = load_ensemble(spark, pipeline)
    verified = check_trained(scorer, summary, pipeline)
    if not place.is_ours:
        decision = Decision.none(model_files.outline(storage.folders, pipeline).threshold)
        return Model(folder, pipeline, scorer, Judge(scorer.ensemble, decision, None), None, {}, {})
    known = reference.read(storage, folder, scorer.features, experiment["data"]["zone_col"])
    area = comparison.area_of(known, scorer.features, comparison.gains_of(summary)) if known else None
    judge = Judge(scorer.ensemble, Decision.read(storage, folder), area, _spread_limit(scorer, known))
    return Model(folder, pipeline, scorer, judge, known, experiment, summary, verified)


def _spread_limit(scorer: TreeScorer, known: reference.Reference | None) -> float | None:
    """The highest spread of the votes on training rows, but for outliers."""
    if known is None:
        return None
    spread = scorer.ensemble.score_and_spread(known.values[: comparison.MOST_TRAINING_ROWS])[1]
    return None if spread is None else upper_fence(spread)
