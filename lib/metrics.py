"""Metrics of a binary classifier, from one pass over its scores.

All of them follow from the number of rows of each class at each distinct score. Spark counts these once; the rest is
arithmetic on the driver. A row is predicted positive when its score is above the threshold
(Spark ML's own rule at 0.5).

`areaUnderPR` is Spark's: the trapezoids under precision over recall at the distinct scores, starting from
(0, precision at the highest score). Average precision, as in scikit-learn, sums precision times the step in
recall instead; it is a little lower or higher, and both are called "AUC-PR" in the literature.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pandas as pd
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lib import artifacts
from lib.support.weights import Weights, exact_sum

THRESHOLD = 0.5

# Above this many distinct scores they are rounded to 2^-20, so that the driver's memory does not grow with the rows;
# the areas then change by less than 1e-6.
MAX_DISTINCT_SCORES = 2_000_000
_SCORE_GRID = 2.0**20

Array = npt.NDArray[np.float64]


@dataclass(frozen=True)
class ScoreCounts:
    """Rows of each class by score: `scores` are distinct and descending, `positives` and `negatives` their counts.

    Where rows are weighted these are sums of weights, and `counted` has the numbers of rows at the same scores.
    """

    scores: Array
    positives: Array
    negatives: Array
    counted: "ScoreCounts | None" = None

    @classmethod
    def from_arrays(cls, labels: npt.ArrayLike, scores: npt.ArrayLike, weights: Array | None = None) -> "ScoreCounts":
        """Count from one label (0 or 1) and one score (probability of class 1) per row, and maybe a weight."""
        label_array = np.asarray(labels, dtype=np.float64)
        distinct, place = np.unique(np.asarray(scores, dtype=np.float64), return_inverse=True)
        rows = np.bincount(place, minlength=len(distinct)).astype(np.float64)
        positives = np.bincount(place, weights=label_array, minlength=len(distinct)).astype(np.float64)
        counted = cls(distinct[::-1].astype(np.float64), positives[::-1], (rows - positives)[::-1])
        if weights is None:
            return counted
        of_1, of_0 = (
            np.bincount(place, weights=weights * is_class, minlength=len(distinct)).astype(np.float64)[::-1]
            for is_class in (label_array, 1.0 - label_array)
        )
        return cls(counted.scores, of_1, of_0, counted)

    @classmethod
    def sum(cls, parts: "Iterable[ScoreCounts]") -> "ScoreCounts":
        """The counts of several sets of rows together."""
        held = list(parts)
        scores, place = np.unique(np.concatenate([p.scores for p in held]), return_inverse=True)
        positives, negatives = (
            np.bincount(place, weights=np.concatenate(counts), minlength=len(scores))
            for counts in ([p.positives for p in held], [p.negatives for p in held])
        )
        weighted = any(p.counted is not None for p in held)
        return cls(
            scores[::-1],
            positives[::-1].astype(np.float64),
            negatives[::-1].astype(np.float64),
            cls.sum([p.by_rows for p in held]) if weighted else None,
        )

    def rounded(self, grid: float = _SCORE_GRID) -> "ScoreCounts":
        """The counts with scores rounded to multiples of 1 / `grid`."""
        scores = np.round(self.scores * grid) / grid
        counted = None if self.counted is None else replace(self.counted, scores=scores)
        return ScoreCounts.sum([ScoreCounts(scores, self.positives, self.negatives, counted)])

    @property
    def by_rows(self) -> "ScoreCounts":
        """The numbers of rows, whether they are weighted or not."""
        return self if self.counted is None else self.counted

    @property
    def is_weighted(self) -> bool:
        """Whether rows are weighted."""
        return self.counted is not None

    @cached_property
    def n_positives(self) -> float:
        """Rows of class 1, or their weight."""
        return float(self.positives.sum())

    @cached_property
    def n_negatives(self) -> float:
        """Rows of class 0, or their weight."""
        return float(self.negatives.sum())

    @property
    def weight(self) -> float:
        """The weight of all rows: their number, if they are not weighted."""
        return self.n_positives + self.n_negatives

    @property
    def rows(self) -> int:
        """Rows counted."""
        return int(self.by_rows.weight)

    def roc_curve(self) -> tuple[Array, Array]:
        """False and true positive rates from (0, 0) to (1, 1), one point per distinct score."""
        fpr = np.concatenate([[0.0], np.cumsum(self.negatives) / self.n_negatives])
        tpr = np.concatenate([[0.0], np.cumsum(self.positives) / self.n_positives])
        return fpr, tpr

    def pr_curve(self) -> tuple[Array, Array]:
        """Recall and precision, one point per distinct score, from (0, precision at the highest score)."""
        true = np.cumsum(self.positives)
        precision = true / (true + np.cumsum(self.negatives))
        recall = true / self.n_positives
        return np.concatenate([[0.0], recall]), np.concatenate([precision[:1], precision])

    def area_under_roc(self) -> float:
        """Area under the ROC curve; NaN if a class is absent."""
        if not self.n_positives or not self.n_negatives:
            return float("nan")
        fpr, tpr = self.roc_curve()
        return float(np.trapezoid(tpr, fpr))

    def area_under_pr(self) -> float:
        """Area under the precision-recall curve by Spark's definition; NaN without positives."""
        if not self.n_positives:
            return float("nan")
        recall, precision = self.pr_curve()
        return float(np.trapezoid(precision, recall))

    def average_precision(self) -> float:
        """Precision summed over the steps in recall (scikit-learn's definition); NaN without positives."""
        if not self.n_positives:
            return float("nan")
        recall, precision = self.pr_curve()
        return float(np.sum(np.diff(recall) * precision[1:]))

    def confusion(self, threshold: float = THRESHOLD) -> "Confusion":
        """Counts of right and wrong predictions when scores above `threshold` are predicted positive."""
        predicted = self.scores > threshold
        if self.is_weighted:
            return Confusion(
                tn=float(self.negatives[~predicted].sum()),
                fp=float(self.negatives[predicted].sum()),
                fn=float(self.positives[~predicted].sum()),
                tp=float(self.positives[predicted].sum()),
            )
        true_positives = float(self.positives[predicted].sum())
        false_positives = float(self.negatives[predicted].sum())
        return Confusion(
            tn=int(self.n_negatives - false_positives),
            fp=int(false_positives),
            fn=int(self.n_positives - true_positives),
            tp=int(true_positives),
        )

    def overall(self, threshold: float = THRESHOLD) -> dict[str, float]:
        """All single figures of an evaluation: `lib.artifacts.OVERALL_METRICS`."""
        cells = self.confusion(threshold).as_dict()
        decided = decisions_of_draws(*(np.array([cells[name]], np.float64) for name in ("TN", "FP", "FN", "TP")))
        others = [name for name in artifacts.OVERALL_METRICS if name in decided and name not in artifacts.METRICS]
        return {
            **self.summary(threshold),
            "average_precision": self.average_precision(),
            **{name: float(np.nan_to_num(decided[name][0])) for name in others},
        }

    def summary(self, threshold: float = THRESHOLD) -> dict[str, float]:
        """The metrics of every candidate: `lib.artifacts.METRICS`."""
        confusion = self.confusion(threshold)
        return {
            "areaUnderROC": self.area_under_roc(),
            "areaUnderPR": self.area_under_pr(),
            "accuracy": confusion.accuracy,
            "f1": confusion.weighted(confusion.f1),
        }


@dataclass(frozen=True)
class Confusion:
    """A confusion matrix and its metrics; 0 divided by 0 is 0, as in Spark ML and scikit-learn.

    The cells are whole numbers of rows, or sums of weights.
    """

    tn: float
    fp: float
    fn: float
    tp: float

    @property
    def rows(self) -> float:
        """Rows counted, or their weight."""
        return self.tn + self.fp + self.fn + self.tp

    @property
    def accuracy(self) -> float:
        """Fraction of rows predicted correctly."""
        return _share(self.tn + self.tp, self.rows)

    @property
    def precision(self) -> dict[str, float]:
        """By class: the fraction of the rows predicted as this class that belong to it."""
        return {"0": _share(self.tn, self.tn + self.fn), "1": _share(self.tp, self.tp + self.fp)}

    @property
    def recall(self) -> dict[str, float]:
        """By class: the fraction of the rows of this class that are predicted as it."""
        return {"0": _share(self.tn, self.tn + self.fp), "1": _share(self.tp, self.tp + self.fn)}

    @property
    def f1(self) -> dict[str, float]:
        """By class: harmonic mean of precision and recall."""
        precision, recall = self.precision, self.recall
        return {c: _share(2 * precision[c] * recall[c], precision[c] + recall[c]) for c in ("0", "1")}

    def weighted(self, by_class: Mapping[str, float]) -> float:
        """Mean of a per-class figure, weighted by the classes' rows (as in MulticlassClassificationEvaluator)."""
        return _share(by_class["0"] * (self.tn + self.fp) + by_class["1"] * (self.fn + self.tp), self.rows)

    def as_dict(self) -> dict[str, float]:
        """The four counts under their usual names."""
        return {"TN": self.tn, "FP": self.fp, "FN": self.fn, "TP": self.tp}


def decisions_of_draws(tn: Array, fp: Array, fn: Array, tp: Array) -> dict[str, Array]:
    """The figures that follow from the confusion matrix of each draw; NaN where one is undefined."""
    right = {"0": tn, "1": tp}
    predicted = {"0": tn + fn, "1": tp + fp}
    rows = {"0": tn + fp, "1": tp + fn}
    everything = rows["0"] + rows["1"]

    def weighted(by_class: dict[str, Array]) -> Array:
        """As `Confusion.weighted`, where 0 divided by 0 is 0."""
        return ratio(sum((rows[c] * np.nan_to_num(by_class[c]) for c in rows), np.zeros(len(tn))), everything)

    precision = {c: ratio(right[c], predicted[c]) for c in right}
    recall = {c: ratio(right[c], rows[c]) for c in right}
    # With rows of the class but none found, F1 is 0, also where nothing was predicted as the class.
    f1 = {c: np.where(rows[c] > 0, ratio(2 * right[c], rows[c] + predicted[c]), np.nan) for c in right}
    return {
        "accuracy": ratio(tn + tp, everything),
        "f1": weighted(f1),
        "weightedPrecision": weighted(precision),
        "weightedRecall": weighted(recall),
        **{f"precision.{c}": values for c, values in precision.items()},
        **{f"recall.{c}": values for c, values in recall.items()},
        **{f"f1.{c}": values for c, values in f1.items()},
    }


def ratio(part: Array, whole: Array) -> Array:
    """`part / whole`, NaN where `whole` is 0."""
    return np.divide(part, whole, out=np.full_like(whole, np.nan), where=whole > 0)


def of_no_skill(base_rate: float) -> dict[str, float]:
    """What a model that learned nothing gets: a random score, or always the more frequent class."""
    by_chance = {"areaUnderROC": 0.5, "areaUnderPR": base_rate, "average_precision": base_rate}
    return {**by_chance, "accuracy": max(base_rate, 1 - base_rate)}


def count_scores(
    frame: DataFrame, label_col: str, score_col: str, group_col: str | None = None, weights: Weights | None = None
) -> dict[str, ScoreCounts]:
    """Count a table's scores in one pass, for each value of `group_col` (under "" without one).

    `label_col` holds 0.0 or 1.0, `score_col` the probability of class 1. With `weights` rows count by their weight.
    Add the groups with `ScoreCounts.sum`.
    """
    weight = [weights.of_row.alias("weight")] if weights else []
    most = weights.most if weights else None
    group = F.col(f"`{group_col}`").cast("string") if group_col else F.lit("")
    rows = frame.select(
        group.alias("group"), F.col(f"`{label_col}`").alias("label"), F.col(f"`{score_col}`").alias("score"), *weight
    )
    counted = _count(rows, most).limit(MAX_DISTINCT_SCORES + 1).toPandas()
    if len(counted) > MAX_DISTINCT_SCORES:
        rounded = rows.withColumn("score", F.round(F.col("score") * _SCORE_GRID) / _SCORE_GRID)
        counted = _count(rounded, most).toPandas()
    return {str(name): _from_pandas(part) for name, part in counted.groupby("group", sort=True)}


def _count(rows: DataFrame, most: float | None) -> DataFrame:
    """Rows and positives of each group and score, and the weights of each class if the greatest weight is given."""
    weights = []
    if most is not None:
        for name, label in (("weight_1", 1.0), ("weight_0", 0.0)):
            of_class = F.when(F.col("label") == label, F.col("weight")).otherwise(0.0)
            weights.append(exact_sum(of_class, most).alias(name))
    return rows.groupBy("group", "score").agg(
        F.sum("label").alias("positives"), F.count(F.lit(1)).cast("double").alias("rows"), *weights
    )


def _from_pandas(counted: pd.DataFrame) -> ScoreCounts:
    counted = counted.sort_values("score", ascending=False)
    scores, positives = (counted[name].to_numpy(np.float64) for name in ("score", "positives"))
    rows = ScoreCounts(scores, positives, counted["rows"].to_numpy(np.float64) - positives)
    if "weight_1" not in counted:
        return rows
    of_1, of_0 = (counted[name].to_numpy(np.float64) for name in ("weight_1", "weight_0"))
    return ScoreCounts(scores, of_1, of_0, rows)


def _share(part: float, whole: float) -> float:
    return part / whole if whole else 0.0
