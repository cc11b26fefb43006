"""Random forests: Spark ML's RandomForestClassifier."""

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from lib.search.families.family import Candidate, Columns, Family, Parameter, whole_number
from lib.search.families.trees import IMPORTANCE_WORDS, MAX_BINS, MAX_DEPTH, importances

if TYPE_CHECKING:
    from pyspark.ml.base import Estimator

RANDOM_FOREST = "RandomForest"
_SUBSETS = ("auto", "all", "sqrt", "log2", "onethird")


@dataclass(frozen=True)
class ForestFit:
    """One forest with the largest numTrees and maxDepth of its candidates.

    The first n trees of a forest are the forest with n trees, and a tree cut at a depth and pruned is the tree with
    that maxDepth.
    """

    max_bins: int
    features_per_node: int
    candidates: tuple[Candidate, ...]
    in_tasks: ClassVar[bool] = True

    @property
    def depths(self) -> list[int]:
        """The maxDepth values of its candidates, ascending."""
        return sorted({FAMILY.params(c)["maxDepth"] for c in self.candidates})

    @property
    def sizes(self) -> list[int]:
        """The numTrees values of its candidates, ascending."""
        return sorted({FAMILY.params(c)["numTrees"] for c in self.candidates})

    def at(self, depth: int, size: int) -> list[Candidate]:
        """Its candidates with that maxDepth and numTrees; they are the same model."""
        return [c for c in self.candidates if _depth_and_size(c) == (depth, size)]

    def same_models(self) -> list[list[Candidate]]:
        """See `Fit.same_models`."""
        groups = [self.at(depth, size) for depth in self.depths for size in self.sizes]
        return [group for group in groups if group]

    def in_spark_ml(self) -> list[list[Candidate]]:
        """See `Fit.in_spark_ml`.

        In Spark ML the sampled rows and features depend on the number of trees, so a smaller forest is not the
        beginning of a larger one.
        """
        return [[candidate] for candidate in self.candidates]


def _depth_and_size(candidate: Candidate) -> tuple[int, int]:
    params = FAMILY.params(candidate)
    return params["maxDepth"], params["numTrees"]


def _fits(candidates: Sequence[Candidate], n_features: int) -> list[ForestFit]:
    groups: dict[tuple[int, int], list[Candidate]] = {}
    for candidate in candidates:
        params = FAMILY.params(candidate)
        drawn = features_per_node(params["featureSubsetStrategy"], n_features, params["numTrees"])
        groups.setdefault((params["maxBins"], drawn), []).append(candidate)
    return [ForestFit(bins, drawn, tuple(group)) for (bins, drawn), group in groups.items()]


def features_per_node(strategy: Any, n_features: int, n_trees: int) -> int:
    """How many features Spark ML draws for each node under a featureSubsetStrategy.

    `sqrt` and `log2` round up, so that both are 4 at 15 features and such candidates are the same model twice.
    Source: Spark ML 3.5, `DecisionTreeMetadata.buildMetadata`.
    """
    if strategy == "auto":
        strategy = "all" if n_trees == 1 else "sqrt"
    if strategy == "all":
        return n_features
    if strategy == "sqrt":
        return math.ceil(math.sqrt(n_features))
    if strategy == "log2":
        return max(1, math.ceil(math.log2(n_features)))
    if strategy == "onethird":
        return math.ceil(n_features / 3.0)
    text = str(strategy)
    if "." in text or float(text) < 1:
        return min(n_features, math.ceil(float(text) * n_features))
    return min(n_features, int(text))


_WHOLE = re.compile(r"0*[1-9][0-9]{0,8}")
_FRACTION = re.compile(r"([0-9]+\.?[0-9]*|\.[0-9]+)(e-[0-9]+)?")


def _subset_problem(value: Any) -> str | None:
    """Spark ML accepts a name, "n", or a fraction in (0, 1]."""
    if isinstance(value, str) and value in _SUBSETS:
        return None
    if isinstance(value, int) and not isinstance(value, bool) and value > 0:
        return None
    text = str(value) if isinstance(value, str | float) else ""
    if _WHOLE.fullmatch(text) or (_FRACTION.fullmatch(text) and 0 < float(text) <= 1):
        return None
    return f"is not one of {', '.join(_SUBSETS)}, a number of features, or a fraction between 0 and 1"


def _estimator(params: Mapping[str, Any], columns: Columns, seed: int) -> "Estimator[Any]":
    from pyspark.ml.classification import RandomForestClassifier

    given = dict(params)
    if "featureSubsetStrategy" in given:
        given["featureSubsetStrategy"] = str(given["featureSubsetStrategy"])
    return RandomForestClassifier(
        labelCol=columns.label, featuresCol=columns.features, weightCol=columns.weight, seed=seed, **given
    )


FAMILY = Family(
    name=RANDOM_FOREST,
    parameters={
        "numTrees": whole_number(20, 1, 10_000, ("number of trees", "número de árboles")),
        "maxDepth": MAX_DEPTH,
        "maxBins": MAX_BINS,
        "featureSubsetStrategy": Parameter(
            "auto", _subset_problem, ("features considered at each node", "variables consideradas en cada nodo")
        ),
    },
    full_grid={
        "numTrees": [200, 400, 600],
        "maxDepth": [10, 14, 18],
        "maxBins": [64, 128],
        "featureSubsetStrategy": ["sqrt", "log2"],
    },
    fits=_fits,
    estimator=_estimator,
    importances=importances,
    words=("Random forest", "Bosque aleatorio"),
    words_in_text=("random forest", "bosque aleatorio"),
    importance_words=IMPORTANCE_WORDS,
    colour="blue",
    marker="o",
)
