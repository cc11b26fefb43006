"""Gradient-boosted trees: Spark ML's GBTClassifier."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from lib.search.families.family import Candidate, Columns, Family, number, whole_number
from lib.search.families.trees import IMPORTANCE_WORDS, MAX_BINS, MAX_DEPTH, importances

if TYPE_CHECKING:
    from pyspark.ml.base import Estimator

GBT = "GBT"


@dataclass(frozen=True)
class BoostedFit:
    """One GBT with the largest maxIter of its candidates: its first m trees are the GBT with maxIter = m."""

    max_bins: int
    max_depth: int
    step_size: float
    candidates: tuple[Candidate, ...]
    in_tasks: ClassVar[bool] = True

    @property
    def sizes(self) -> list[int]:
        """The maxIter values of its candidates, ascending."""
        return sorted({_rounds(c) for c in self.candidates})

    def at(self, size: int) -> list[Candidate]:
        """Its candidates with that maxIter; they are the same model."""
        return [c for c in self.candidates if _rounds(c) == size]

    def same_models(self) -> list[list[Candidate]]:
        """See `Fit.same_models`."""
        return [self.at(size) for size in self.sizes]

    def in_spark_ml(self) -> list[list[Candidate]]:
        """See `Fit.in_spark_ml`: one fit, with the largest maxIter, yields all models exactly."""
        return [sorted(self.candidates, key=lambda candidate: -_rounds(candidate))]


def _rounds(candidate: Candidate) -> int:
    return int(FAMILY.params(candidate)["maxIter"])


def _fits(candidates: Sequence[Candidate], n_features: int) -> list[BoostedFit]:
    groups: dict[tuple[int, int, float], list[Candidate]] = {}
    for candidate in candidates:
        params = FAMILY.params(candidate)
        key = (params["maxBins"], params["maxDepth"], float(params["stepSize"]))
        groups.setdefault(key, []).append(candidate)
    return [BoostedFit(bins, depth, step, tuple(group)) for (bins, depth, step), group in groups.items()]


def _estimator(params: Mapping[str, Any], columns: Columns, seed: int) -> "Estimator[Any]":
    from pyspark.ml.classification import GBTClassifier

    return GBTClassifier(
        labelCol=columns.label, featuresCol=columns.features, weightCol=columns.weight, seed=seed, **params
    )


def _first_rounds(model: Any, candidate: Candidate) -> Any:
    """The GBT of the first boosting rounds of a longer one: the same as a fit with the candidate's maxIter."""
    from pyspark import SparkContext
    from pyspark.ml.classification import GBTClassificationModel

    rounds = _rounds(candidate)
    gateway: Any = SparkContext._gateway
    jvm = gateway.jvm
    java: Any = model._java_obj
    trees = gateway.new_array(jvm.org.apache.spark.ml.regression.DecisionTreeRegressionModel, rounds)
    weights = gateway.new_array(jvm.double, rounds)
    all_trees, all_weights = java.trees(), java.treeWeights()
    for i in range(rounds):
        trees[i], weights[i] = all_trees[i], all_weights[i]
    kind = jvm.org.apache.spark.ml.classification.GBTClassificationModel
    shorter = kind(java.uid(), trees, weights, java.numFeatures())
    return GBTClassificationModel(java.copyValues(shorter, jvm.org.apache.spark.ml.param.ParamMap.empty()))


FAMILY = Family(
    name=GBT,
    parameters={
        "maxDepth": MAX_DEPTH,
        "maxBins": MAX_BINS,
        "maxIter": whole_number(
            20, 1, 10_000, ("boosting rounds, one tree each", "rondas de boosting, un árbol cada una")
        ),
        "stepSize": number(
            0.1, lambda value: 0 < value <= 1, "above 0 and up to 1", ("learning rate", "tasa de aprendizaje")
        ),
    },
    full_grid={
        "maxDepth": [6, 8, 10],
        "maxBins": [64, 128],
        "maxIter": [100, 200],
        "stepSize": [0.05, 0.1, 0.2],
    },
    fits=_fits,
    estimator=_estimator,
    importances=importances,
    words=("Gradient-boosted trees", "Árboles con gradient boosting"),
    words_in_text=("gradient-boosted trees", "árboles con gradient boosting"),
    importance_words=IMPORTANCE_WORDS,
    colour="orange",
    marker="^",
    first_of=_first_rounds,
)
