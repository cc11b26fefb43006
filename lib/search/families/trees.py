"""What the tree families share: parameters and the meaning of importances."""

from typing import Any

from lib.search.families.family import Parameter, Words, whole_number

IMPORTANCE_WORDS: Words = (
    "An importance is the share of all splits' gain that fell to the feature.",
    "Una importancia es la parte de la ganancia de todos los cortes que tocó a la variable.",
)

# Spark ML's own limits and defaults.
MAX_DEPTH: Parameter = whole_number(
    5, 0, 30, ("levels below a tree's root, at most", "niveles bajo la raíz de un árbol, como máximo")
)
MAX_BINS: Parameter = whole_number(32, 2, 65_536, ("bins a feature is cut into", "tramos en que se corta una variable"))


def importances(model: Any) -> list[float]:
    """Each feature's share of the gain of all splits."""
    return [float(value) for value in model.featureImportances.toArray()]
