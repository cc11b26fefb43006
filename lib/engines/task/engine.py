"""The engine that grows Spark ML's trees inside Spark tasks, with compiled code.

Each task holds all binned training rows. As long as they fit (`lib.engines.choice`), this is far faster than Spark ML,
which runs a job for every level of every tree.
"""

from collections.abc import Callable, Generator, Sequence
from contextlib import closing
from typing import TypeVar

from pyspark.ml import PipelineModel
from pyspark.sql import functions as F

from lib.engines.saved_models import SCORE_COL, check_scores, load_pipeline, preparation, with_score
from lib.engines.spark import estimator
from lib.engines.task.binned_rows import parts_in_order, task_data
from lib.engines.task.fold_rows import fold_rows
from lib.engines.task.kinds import kind_of, tree_fits
from lib.engines.task.memory import TaskMemory, deaths_explained
from lib.engines.task.retraining import grow, probabilities
from lib.engines.task.search_job import run_search
from lib.engines.task.spark_format import save_pipeline
from lib.metrics import ScoreCounts
from lib.search.engine import FoldScore, Score
from lib.search.families import Candidate
from lib.search.folds import Fold
from lib.split import TEST, TRAIN, VAL, Split
from lib.trees.binning import Floats

T = TypeVar("T")


class TaskEngine:
    """Fits within Spark tasks, for data that fit in a task's memory; `memory` is what a task needs and has."""

    name = "task"

    def __init__(self, memory: TaskMemory):
        self.memory = memory

    def score(self, candidates: Sequence[Candidate], split: Split, part: str) -> Generator[Score, None, None]:
        """See `Engine.score`."""
        fits = tree_fits(candidates, len(split.features))
        max_bins = sorted({fit.max_bins for fit in fits})
        with (
            deaths_explained(self.memory),
            task_data(split, [TRAIN], part, max_bins) as data,
            closing(run_search(split.spark.sparkContext, [data], fits, split.seed)) as scores,
        ):
            for found in scores:
                yield Score(found.candidate, found.by_zone[""], found.seconds)

    def score_folds(
        self,
        candidates: Sequence[Candidate],
        split: Split,
        folds: Sequence[Fold],
        measure: Callable[[ScoreCounts], T],
    ) -> Generator[FoldScore[T], None, None]:
        """See `Engine.score_folds`."""
        fits = tree_fits(candidates, len(split.features))
        with deaths_explained(self.memory), fold_rows(split, folds, measure) as data:
            yield from run_search(split.spark.sparkContext, data, fits, split.seed)

    def retrain(self, candidate: Candidate, split: Split, path: str) -> PipelineModel:
        """See `Engine.retrain`; also compares the saved model with the engine's trees on the held-out rows.

        Raises:
            SavedModelError: their predictions differ.
        """
        (fit,) = tree_fits([candidate], len(split.features))
        kind = kind_of(fit)
        with deaths_explained(self.memory), task_data(split, [TRAIN, VAL], TEST, [fit.max_bins]) as data:
            grown = grow(split.spark, fit, data, split.seed).persist()
            try:
                expected = probabilities(fit, grown)
                found = grown.where(F.col("nodes").isNotNull()).select("tree", "nodes")
                save_pipeline(
                    path,
                    preparation(split.spark, split.features, split.medians),
                    estimator(candidate, split),
                    found,
                    kind.tree_weights(fit),
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
    rows = parts_in_order(split, TEST, as_given=True)
    predicted = with_score(model.transform(rows)).select(SCORE_COL).toPandas()[SCORE_COL]
    check_scores(path, expected, predicted.to_numpy(), just_trained=True)
