"""What the tree families share: parameters and the meaning of importances."""

from typing import Any

from lib.search.families.family import Parameter, Words, whole_number

IMPORTANCE_WORDS: Words = (
    "An importance is the feature's share of the total gain of all splits.",
    "Una importancia es la proporción de la ganancia total de todas las divisiones que corresponde a la variable.",
)

# Spark ML's own limits and defaults.
MAX_DEPTH: Parameter = whole_number(5, 0, 30, ("maximum depth of a tree", "profundidad máxima de un árbol"))
MAX_BINS: Parameter = whole_number(
    32, 2, 65_536, ("maximum number of bins per feature", "número máximo de intervalos (bins) por variable")
)


def importances(model: Any) -> list[float]:
    """Each feature's share of the gain of all splits."""
    return [float(value) for value in model.featureImportances.toArray()]
