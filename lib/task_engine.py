"""The engine that grows Spark ML's trees inside Spark tasks, with compiled code.

Each task holds all binned training rows. That is far faster than Spark ML, whose every level of every tree is a job of
its own, as long as the rows fit (`lib.engine_choice`).
"""

from collections.abc import Callable, Sequence

import numpy as np
from pyspark.ml import PipelineModel
from pyspark.sql import functions as F

from lib.binning import Floats
from lib.candidates import Candidate
from lib.engine import Score
from lib.errors import SavedModelError
from lib.model_format import save_pipeline
from lib.models import load_pipeline
from lib.shared_fits import BoostedFit, shared_fits
from lib.spark_engine import SCORE_COL, estimator, vector_assembler, with_score
from lib.split import TEST, TRAIN, VAL, Split
from lib.task_data import in_order, task_data
from lib.task_growing import grow, probabilities
from lib.task_memory import TaskMemory, deaths_explained
from lib.task_search import run_search

# How far probabilities of the saved model may be from the engine's own.
TOLERANCE = 1e-9


class TaskEngine:
    """Fits within Spark tasks; for data that fit a task's memory, which `memory` tells."""

    name = "task"

    def __init__(self, memory: TaskMemory):
        self.memory = memory

    def score(
        self,
        candidates: Sequence[Candidate],
        split: Split,
        part: str,
        on_score: Callable[[Score], None] = lambda score: None,
    ) -> list[Score]:
        """See `Engine.score`."""
        forests, boosted = shared_fits(candidates, len(split.features))
        max_bins = {fit.max_bins for fit in forests} | {fit.max_bins for fit in boosted}
        with deaths_explained(self.memory), task_data(split, [TRAIN], part, sorted(max_bins)) as data:
            scores = run_search(split.spark.sparkContext, data, forests, boosted, split.seed, on_score)
        by_index = {score.candidate.index: score for score in scores}
        return [by_index[candidate.index] for candidate in candidates]

    def retrain(self, candidate: Candidate, split: Split, path: str) -> PipelineModel:
        """See `Engine.retrain`; also compares the saved model with the engine's trees on the held-out rows.

        Raises:
            SavedModelError: they predict differently.
        """
        forests, boosted = shared_fits([candidate], len(split.features))
        fit = forests[0] if forests else boosted[0]
        with deaths_explained(self.memory), task_data(split, [TRAIN, VAL], TEST, [fit.max_bins]) as data:
            grown = grow(split.spark, fit, data, split.seed).persist()
            try:
                expected = probabilities(fit, grown)
                weights = None
                if isinstance(fit, BoostedFit):
                    weights = [1.0] + [fit.step_size] * (fit.sizes[-1] - 1)
                found = grown.where(F.col("nodes").isNotNull()).select("tree", "nodes")
                save_pipeline(
                    path,
                    vector_assembler(split),
                    estimator(candidate, split),
                    found,
                    weights,
                    fit.sizes[-1],
                    data.thresholds[fit.max_bins],
                )
            finally:
                grown.unpersist()
        model = load_pipeline(split.spark, path)
        check_saved(model, split, expected, path)
        return model


def check_saved(model: PipelineModel, split: Split, expected: Floats, path: str) -> None:
    """Raise SavedModelError unless a model gives the `expected` probabilities on the held-out rows, in order."""
    predicted = with_score(model.transform(in_order(split, TEST))).select(SCORE_COL).toPandas()[SCORE_COL]
    difference = float(np.abs(predicted.to_numpy() - expected).max())
    if not difference <= TOLERANCE:
        raise SavedModelError(path, difference, len(expected))
