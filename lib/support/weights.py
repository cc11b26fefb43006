"""Weights of rows: the column that has them, sums that no order of the rows changes, and how many rows they are worth.

A row's weight in training is the weight of its class times its own.
"""

import math
from dataclasses import dataclass

from pyspark.sql import Column
from pyspark.sql import functions as F

BALANCED, NONE = CLASS_WEIGHTS = ("balanced", "none")
"""How much the classes weigh in training, the default first: as much as each other, or as many as their rows are."""

_BITS = 62
_SMALLER = 6


@dataclass(frozen=True)
class Weights:
    """The column of a table's weights, which are positive numbers, and the least and the greatest of them."""

    column: str
    least: float
    most: float

    @property
    def of_row(self) -> Column:
        """The weight of each row."""
        return F.col(f"`{self.column}`")

    def sums(self) -> tuple[Column, Column]:
        """The aggregates `weight` (sum of the weights) and `effective` (Kish's size) of some rows.

        (Σw)² / Σw² is the number of rows of equal weight that would estimate a mean as closely (Kish 1965).
        """
        relative = self.of_row / F.lit(self.most)
        squared = exact_sum(relative * relative, 1.0)
        return (
            exact_sum(self.of_row, self.most).alias("weight"),
            (F.pow(exact_sum(relative, 1.0), F.lit(2.0)) / squared).alias("effective"),
        )


def exact_sum(values: Column, most: float) -> Column:
    """The sum of numbers from 0 to `most`, to the last bit the same in every order of the rows.

    Sums of floating-point numbers depend on their order, so whole multiples of 2^-62 of `most` are added.
    """
    unit = math.ldexp(1.0, math.frexp(most)[1] - _BITS)
    whole = (values / F.lit(unit)).cast("long").cast("decimal(20,0)")
    return F.sum(whole).cast("double") * F.lit(unit)


def scale_of(weight: float, rows: int) -> float:
    """The power of two that weights are divided by in training, so that their mean is about 1 / 64.

    Only their proportions matter, and dividing by a power of two keeps these to the last bit. But Spark ML takes a
    feature to have zeros where the weights of its values fall short of the sum of all by more than a tolerance, which
    is the same whatever the weights: of weights of 10 the rounding of that sum may be more.
    """
    return 2.0 ** (round(math.log2(weight / rows)) + _SMALLER)
